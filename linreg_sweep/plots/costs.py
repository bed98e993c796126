"""The cost above the optimum against the epoch, on log axes: a panel per run, or all runs in one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from linreg_sweep.array_types import Floats, Integers
from linreg_sweep.plots.canvas import Canvas, legend, title
from linreg_sweep.plots.descents import Descent, default_trials, shared_by, trials_of_all, watch
from linreg_sweep.plots.look import Look
from linreg_sweep.plots.scales import along_epochs, name_axes, upwards
from linreg_sweep.plots.style import DASHES, INK, look_of_line
from linreg_sweep.runs.results import Run
from linreg_sweep.trials.experiment import Experiment

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D


HIGHEST = 1e290
"""A cost above which no axis can go on."""

RISE, DEPTH = 1e3, 1e6
"""How many times its start a cost is seen to rise, and how many times it is seen to fall below what counts as
converged."""

ROUGH = 0.15
"""Share of epochs in which a cost rises, above which its curve is thin, lest it hide others."""

WINDOW = 1.5
"""How many times sooner and later the epochs reach by which a cost is smoothed."""

TITLE = "trial: hyperparameters: outcome"


def draw(canvas: Canvas, runs: Sequence[Run], *, trials: Sequence[int] = ()) -> None:
    """Draws the cost above the optimum against the epoch, on log axes, for some trials of each run.

    Raises:
        ConfigError: there is no such trial, or there are too many.
        ResultsError, DataError: a run's data have moved or changed.
    """
    panels, chosen, look = canvas.panels([len(runs)]), trials_of_all(runs, trials), canvas.look
    for run, axes in zip(runs, panels, strict=True):
        experiment, _, descents = watch(run, chosen)
        shared = shared_by(descents)
        lines = [
            curve(axes, descent, descent.label(look, shared), look_of_line(number), look)
            for number, descent in enumerate(descents)
        ]
        frame(axes, [run], [experiment], descents, look)
        title(axes, look, look.heading(run))
        legend(axes, look, lines, title=titled(descents, TITLE), columns=1)


def draw_overlay(canvas: Canvas, runs: Sequence[Run], *, trials: Sequence[int] = ()) -> None:
    """Draws the best trial of each run, or those of these numbers, in one panel; see draw."""
    (axes,) = canvas.panels([1])
    look = canvas.look
    experiments: list[Experiment] = []
    descents: list[Descent] = []
    lines = []
    names = [look.called(run) for run in runs]
    for number, (run, name) in enumerate(zip(runs, names, strict=True)):
        best = run.metadata.get("best", {}).get("trial")
        chosen = list(trials) or ([int(best)] if best is not None else default_trials(run)[:1])
        experiment, _, found = watch(run, chosen)
        experiments.append(experiment)
        descents += found
        for turn, descent in enumerate(found):
            own = look_of_line(number)
            own |= {"linestyle": DASHES[turn % len(DASHES)]} if len(found) > 1 else {}
            lines.append(curve(axes, descent, f"{name}, trial {descent.label(look)}", own, look))
    frame(axes, runs, experiments, descents, look)
    best = "the best trial of each" if len(runs) > 1 else "the best trial"
    title(axes, look, f"{', '.join(names)}: {'chosen trials' if trials else best}")
    legend(axes, look, lines, title=titled(descents, f"run, {TITLE}"), columns=1)


def titled(descents: Sequence[Descent], title: str) -> str:
    """Returns the title of a legend, with what is faint in the picture."""
    has_means = any(descent.in_batches for descent in descents)
    return f"{title}\n(faint: the cost; bold: smoothed)" if has_means else title


def curve(axes: "Axes", descent: Descent, label: str, line: dict[str, Any], look: Look) -> "Line2D":
    """Draws one trial; what goes on longest lies lowest, so that no curve ends under another.

    Where the cost scatters with the rows of each step it is faint, and stands out smoothed.
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
    (drawn,) = axes.plot(epoch, smoothed(epoch, excess), **how)
    return drawn


def smoothed(epoch: Integers, excess: Floats) -> Floats:
    """Returns the costs [s] that lines through those of nearby epochs give, on log axes.

    Near are the epochs from epoch / WINDOW to epoch * WINDOW, so that at the ends a line goes on where a mean
    would stop at a single cost.

    Source: Cleveland, Robust Locally Weighted Regression, JASA 74 (1979), with equal weights.
    """
    x, y = np.log1p(epoch), np.log(excess)
    first = np.searchsorted(x, x - np.log(WINDOW) - 1e-9)
    stop = np.searchsorted(x, x + np.log(WINDOW) + 1e-9, side="right")
    sums = np.pad(np.cumsum([x, y, x * x, x * y], axis=1), ((0, 0), (1, 0)))
    mean_x, mean_y, square, product = (sums[:, stop] - sums[:, first]) / (stop - first)
    spread = square - mean_x**2
    slope = np.where(spread > 1e-9, (product - mean_x * mean_y) / np.where(spread > 1e-9, spread, 1.0), 0.0)
    return np.asarray(np.exp(mean_y + slope * (x - mean_x)), np.float64)


def frame(
    axes: "Axes",
    runs: Sequence[Run],
    experiments: Sequence[Experiment],
    descents: Sequence[Descent],
    look: Look,
) -> None:
    """Gives curves of the cost their axes, and the cost below which a trial has converged a line."""
    levels = sorted({min(experiment.converged_excess, HIGHEST) for experiment in experiments})
    costs = [descent.excess[np.isfinite(descent.excess) & (descent.excess > 0)] for descent in descents]
    tops = [min(float(each.max()), RISE * float(each[0]), HIGHEST) for each in costs if len(each)]
    least = min([levels[0], *(float(each.min()) for each in costs if len(each))])
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
    low, high = max(least, levels[0] / DEPTH), max([levels[-1], *tops])
    upwards(axes, low / 3, 3 * high, look, log=True)
    along_epochs(axes, max(int(descent.epoch[-1]) for descent in descents), look)
    is_penalised = any(experiment.is_penalised for experiment in experiments)
    what = "cost and penalty above their optimum" if is_penalised else "cost above the optimum"
    targets = ", ".join(dict.fromkeys(name for run in runs for name in run.metadata["data"]["targets"]))
    words = look.labels.get("cost", f"{what} (squared units of {targets})")
    name_axes(axes, look, up=words)
