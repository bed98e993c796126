# mypy: ignore-errors
"""The least that a million trials can cost: NumPy and pyarrow, the closed form on arrays, one Parquet file.

A script of its own, run as `python benchmarks/bare.py DATA.csv OUT.parquet RATES WEIGHTS`. It knows
plain descent on one feature alone, checks nothing, keeps everything in memory and cannot go on where
it was stopped; its columns are those of the trials table.
"""

import sys
from importlib.abc import MetaPathFinder

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


class WithoutPandas(MetaPathFinder):
    """Keeps pyarrow from loading pandas, which it would do only to look at arrays."""

    def find_spec(self, name, path, target=None):
        """Refuses pandas."""
        if name == "pandas":
            raise ImportError(name)


sys.meta_path.insert(0, WithoutPandas())

EPOCHS, TOLERANCE, DIVERGENCE, SETTLING = 10_000, 1e-6, 1e6, 0.01**0.1


def first(true, last, among):
    """Returns the first epoch at which something is true that is true at last, by halving."""
    low, high = np.zeros(len(among)), np.full(len(among), float(last))
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        found = true(middle)
        high, low = np.where(found, middle, high), np.where(found, low, middle)
    return high.astype(np.int64)


def main() -> None:
    """Writes the trials table of a grid of learning rates and initial weights."""
    data, out, n_rates, n_weights = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    x, y = np.loadtxt(data, delimiter=",", skiprows=1).T
    design = np.column_stack([x, np.ones(len(x))])
    values, vectors = np.linalg.eigh(design.T @ design / len(x))
    best = np.linalg.lstsq(design, y, rcond=None)[0]
    least, scale = np.mean((y - design @ best) ** 2), y.var()
    rate = np.repeat(np.geomspace(1e-4, 1e-2, n_rates), n_weights)
    weight = np.tile(np.linspace(-10, 10, n_weights), n_rates)
    count = len(rate)
    with np.errstate(all="ignore"):
        along = [vectors[0, i] * (weight - best[0]) - vectors[1, i] * best[1] for i in (0, 1)]
        energy = [values[i] * along[i] ** 2 for i in (0, 1)]
        factor = [1 - rate * values[i] for i in (0, 1)]
        log = [2 * np.log(np.abs(factor[i])) for i in (0, 1)]
        start = energy[0] + energy[1]
        low, high = TOLERANCE * scale, DIVERGENCE * np.maximum(least + start, scale) - least

        def excess(epoch, rows):
            return energy[0][rows] * np.exp(log[0][rows] * epoch) + energy[1][rows] * np.exp(
                log[1][rows] * epoch
            )

        everyone = slice(None)
        last = excess(EPOCHS, everyone)
        grows = log[1] > 0
        down = np.flatnonzero(~grows & (last <= low) & (start > low))
        up = np.flatnonzero(grows & ~(last <= high))
        converged, diverged = np.where(start <= low, 0, -1), np.full(count, -1)
        converged[down] = first(lambda t: excess(t, down) <= low, EPOCHS, down)
        diverged[up] = first(lambda t: ~(excess(t, up) <= high[up]), EPOCHS, up)
        end = np.where(converged >= 0, converged, np.where(diverged >= 0, diverged, EPOCHS))
        moved = [along[i] * np.sign(factor[i]) ** (end & 1) * np.exp(log[i] / 2 * end) for i in (0, 1)]
        final = [best[p] + vectors[p, 0] * moved[0] + vectors[p, 1] * moved[1] for p in (0, 1)]
        above = values[0] * moved[0] ** 2 + values[1] * moved[1] ** 2
        square = [(along[i] * rate * values[i]) ** 2 for i in (0, 1)]
        contraction = (square[0] * factor[0] + square[1] * factor[1]) / (square[0] + square[1])
        contraction[end < 2] = np.nan
        outcome = np.where(converged >= 0, 0, np.where(diverged >= 0, 2, 1)).astype(np.int8)
        conditions = [factor[1] > SETTLING, factor[1] >= -SETTLING, factor[1] >= -1]
        regime = np.select(conditions, [0, 1, 2], 3).astype(np.int8)

    def words(codes, *names):
        return pa.DictionaryArray.from_arrays(pa.array(codes), list(names))

    def epochs(at):
        return pa.array(at, mask=at < 0)

    outcomes, nothing = ("converged", "unfinished", "diverged"), np.zeros(count, np.int8)
    table = pa.table(
        {
            "trial": np.arange(count),
            "learning_rate": rate,
            "initial_weight": weight,
            "initial_bias": np.zeros(count),
            "outcome": words(outcome, *outcomes),
            "epochs": end,
            "converged_at": epochs(converged),
            "diverged_at": epochs(diverged),
            "weight": final[0],
            "bias": final[1],
            "cost": least + above,
            "excess_cost": above,
            "contraction": contraction,
            "regime": words(regime, "low", "good", "high", "too_high"),
            "regime_source": words(nothing, "spectrum"),
            "stability_ratio": rate * values[1] / 2,
            "predicted_outcome": words(outcome, *outcomes),
            "predicted_at": epochs(np.where(outcome == 1, -1, end)),
            "theory": words(nothing, "closed_form"),
        }
    )
    pq.write_table(table, out, compression="zstd")


main()
