"""All the mathematics, as functions of arrays: what data imply, what trials descend, what becomes of them.

- `problem`: data and a loss, settled. `spectrum` (few parameters, in 50 digits, of `exact_products`) or
  `factored` (many) finds its curvature and optimum, once `dependence` knows which columns count;
  `double_double` arithmetic carries them on.
- `quadratic`: what trials descend, along its eigenvectors; with a penalty: `penalty`, or `box` if decoupled.
  `rotation` and `sums`: products and sums over parameters in which a trial's bits are its own.
- `modes`: how errors move at a constant rate, in closed form; `first_events`: the epochs at which something
  first happens; `averaging`: what averages of states come to. `course`: all that under any schedule,
  each epoch of it looked at by `watching`.
- `file_order`: batches in file order (`epoch_steps`, `epoch_map` of them, `epoch_events`, `epoch_limits`);
  under a schedule `scheduled_order`, by a map for each rate (`changing_maps`).
  `drawn`: batches that are drawn, in the mean over all draws, by a matrix (`in_the_mean`) or by passes over
  the rows (`scatter`, `mean_square`, `mean_course`, `mean_long`, `krylov`); `permuted`: permuted ones.
- `rounding`: how far the rounding of its steps may carry a trial from all that.
- `applies`: which theory holds for a method, if any, with its `limits` and regimes: everybody asks this.
- `outcome`: what converged, diverged and the regimes mean.
"""
