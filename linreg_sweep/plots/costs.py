"""The cost above the optimum against the epoch, on log axes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.plots.canvas import FRAME, Canvas, height_of, legend, title, wrapped
from linreg_sweep.plots.descents import Descent, shared_by, trials_of_all, watch
from linreg_sweep.plots.look import PLAIN, Look
from linreg_sweep.plots.scales import along_epochs, upwards
from linreg_sweep.plots.style import INK, look_of_line, title_of
from linreg_sweep.runs.results import Run
from linreg_sweep.trials.experiment import Experiment

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

Floats = NDArray[np.float64]

HIGHEST = 1e290
"""A cost above which no axis can go on."""

ROUGH = 0.15
"""Share of epochs in which a cost rises, above which its curve is thin, lest it hide others."""

WINDOW = 1.5
"""How many times sooner and later a running mean reaches."""

TITLE = "trial: hyperparameters: outcome"


def draw(canvas: Canvas, runs: Sequence[Run], *, trials: Sequence[int] = ()) -> None:
    """Draws the costs of some trials of each run; see cost_curves."""
    panels, chosen = canvas.panels([len(runs)]), trials_of_all(runs, trials)
    for run, axes in zip(runs, panels, strict=True):
        cost_curves(run, axes, trials=chosen or (), look=canvas.look)


def cost_curves(run: Run, axes: "Axes", *, trials: Sequence[int] = (), look: Look = PLAIN) -> "Axes":
    """Draws the cost above the optimum against the epoch, on log axes, for some trials.

    Args:
        run: which run.
        axes: where.
        trials: their numbers; none: some that show the run.
        look: of the picture.

    Returns:
        The axes.

    Raises:
        ConfigError: there is no such trial, or there are too many.
        ResultsError, DataError: the run's data have moved or changed.
    """
    experiment, _, descents = watch(run, trials)
    shared = shared_by(descents)
    lines = [
        curve(axes, descent, descent.label(look, shared), look_of_line(number), look)
        for number, descent in enumerate(descents)
    ]
    frame(axes, [run], [experiment], descents, look)
    title(axes, look, title_of(run))
    legend(axes, look, lines, title=titled(descents, TITLE), columns=1)
    return axes


def titled(descents: Sequence[Descent], title: str) -> str:
    """Returns the title of a legend, with what is faint in the picture."""
    has_means = any(descent.in_batches for descent in descents)
    return f"{title}\n(faint: the cost; bold: its running mean)" if has_means else title


def curve(axes: "Axes", descent: Descent, label: str, line: dict[str, Any], look: Look) -> "Line2D":
    """Draws one trial; what goes on longest lies lowest, so that no curve ends under another.

    Where the cost scatters with the rows of each step it is faint, and its running mean stands out.
    """
    good = np.isfinite(descent.excess) & (descent.excess > 0)
    epoch, excess = descent.epoch[good], descent.excess[good]
    below = 1e3 / (len(epoch) + 1e3)
    how: dict[str, Any] = {"linewidth": 1.8 * look.width, "zorder": 2 + below, "label": label} | line
    if not descent.in_batches:
        is_rough = len(excess) > 20 and (np.diff(excess) > 0).mean() > ROUGH
        how["linewidth"] *= 0.6 if is_rough else 1.0
        (drawn,) = axes.plot(epoch, excess, **how)
        return drawn
    faint: dict[str, Any] = {"linewidth": 0.6 * look.width, "alpha": 0.35, "zorder": 1 + below}
    axes.plot(epoch, excess, color=line["color"], **faint)
    (drawn,) = axes.plot(epoch, running_mean(epoch, excess), **how)
    return drawn


def running_mean(epoch: NDArray[np.int64], excess: Floats) -> Floats:
    """Returns the geometric mean [s] of costs [s] over as many epochs before and after, by ratio.

    It is over those from epoch / WINDOW to epoch * WINDOW, fewer where the first or the last is nearer.
    """
    place = np.log1p(epoch)
    reach = np.minimum(np.log(WINDOW), np.minimum(place - place[:1], place[-1:] - place))
    first = np.searchsorted(place, place - reach - 1e-9)
    stop = np.searchsorted(place, place + reach + 1e-9, side="right")
    sums = np.append(0.0, np.cumsum(np.log(excess)))
    return np.asarray(np.exp((sums[stop] - sums[first]) / (stop - first)), np.float64)


def frame(
    axes: "Axes",
    runs: Sequence[Run],
    experiments: Sequence[Experiment],
    descents: Sequence[Descent],
    look: Look,
) -> None:
    """Gives curves of the cost their axes, and the cost below which a trial has converged a line."""
    levels = sorted({min(experiment.converged_excess, HIGHEST) for experiment in experiments})
    firsts = [descent.excess[np.isfinite(descent.excess) & (descent.excess > 0)][:1] for descent in descents]
    highest = max([levels[-1], *(min(float(first[0]), HIGHEST) for first in firsts if len(first))])
    for level in levels if len(levels) == 1 else []:
        axes.axhline(level, color=INK, linestyle=":", linewidth=1.2 * look.width, zorder=1)
        axes.annotate(
            "converged below",
            (0, level),
            (4, 3),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            fontsize="small",
            color=INK,
        )
    upwards(axes, levels[0] / 30, highest * 1e3, look, log=True)
    along_epochs(axes, max(int(descent.epoch[-1]) for descent in descents), look)
    is_penalised = any(experiment.is_penalised for experiment in experiments)
    what = "cost and penalty above their optimum" if is_penalised else "cost above the optimum"
    targets = ", ".join(dict.fromkeys(name for run in runs for name in run.metadata["data"]["targets"]))
    words = look.labels.get("cost", f"{what} (squared units of {targets})")
    axes.set_ylabel(wrapped(words, FRAME * height_of(axes), look.points))
