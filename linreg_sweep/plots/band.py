"""A column's median along a parameter, its band over seeds or folds, and theory beside the experiment."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.analysis.formats import shown
from linreg_sweep.plots.bands import FARTHEST, Bands, Line, bands
from linreg_sweep.plots.canvas import Canvas, legend, title
from linreg_sweep.plots.look import Look
from linreg_sweep.plots.scales import name_axes, scale, upwards
from linreg_sweep.plots.style import INK, LINES, column_words, look_of_line, title_of
from linreg_sweep.runs.results import Run
from linreg_sweep.words import joined

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

Limits = tuple[float, float, bool]
"""Where the axis upwards begins and ends, and whether it goes by ratio."""

FEW = 40
"""Places up to which each is marked."""

BY_RATIO = 8
"""How many times the least median the largest is, above which the axis upwards goes by ratio."""

DEEPEST = 1e-16
"""Of the largest value, what the smallest may be on an axis by ratio: the rest is rounding."""

BESIDE = 0.7
"""Of the room that a word has, what is taken by its lines side by side."""

MARKERS = ("o", "s", "^", "D")
"""Of lines: the next as often as their colours begin again."""

PAD = 0.06
"""Of the height, what is free above and below."""

AGAIN = {"seed": "seeds", "fold": "folds"}
"""What a band is over, where it is that alone."""

EXPECTED, PREDICTED = "expected_excess_cost", "predicted_at"

SAYS = {
    EXPECTED: "theory's mean over all draws",
    "plateau": "theory's plateau",
    PREDICTED: "theory's prediction",
}
"""What a legend calls the columns of theory."""


def draw(
    canvas: Canvas,
    runs: Sequence[Run],
    *,
    x: str | None = None,
    y: str | None = None,
    tuned: str | None = None,
    bins: int | None = None,
) -> None:
    """Draws the median of a column along a parameter, and its band from the 10th to the 90th percentile.

    A panel per run, all in one scale upwards. Where theory knows the column, its line is dashed. The mean of
    the trials is marked where theory knows it and, over folds, where settings are compared by it.
    For arguments and errors see bands.bands.
    """
    found = [bands(run, x, y, tuned, bins) for run in runs]
    limits = _limits_of(found)
    for run, axes, each in zip(runs, canvas.panels([len(runs)]), found, strict=True):
        _band(run, axes, each, limits, canvas.look)


def _limits_of(found: Sequence[Bands]) -> Limits:
    """Returns where the axis upwards begins and ends for all of these, and whether it goes by ratio."""
    lines = [line for each in found for line in each.lines]
    medians = _finite([line.spread.median for line in lines])
    ends = [values for line in lines for values in (line.spread.p10, line.spread.p90, line.theory)]
    every = _finite([medians, *ends])
    least, most = float(every[0]), float(every[-1])
    if medians[0] > 0 and most > BY_RATIO * medians[0]:
        least = max(float(every[every > 0][0]), DEEPEST * most)
        free = (most / least) ** PAD
        return least / free, most * free, True
    free = PAD * (most - least) or 0.1 * abs(most) or 1.0
    return (0.0 if least >= 0 > least - free else least - free), most + free, False


def _finite(values: Sequence[Floats]) -> Floats:
    """Returns all values that an axis can show, ascending."""
    together = np.concatenate(values)
    return np.sort(together[np.abs(together) < FARTHEST])


def _band(run: Run, axes: "Axes", found: Bands, limits: Limits, look: Look) -> None:
    explained = scale(axes, "x", found.x, look.axis(found.x.name, run), look)
    has_mean = run.n_folds > 1 and found.y == run.best_by
    has_mean = has_mean or any(EXPECTED in line.says for line in found.lines)
    handles = [_line(axes, found, number, limits, look) for number in range(len(found.lines))]
    handles += _means(axes, found, look) if has_mean else []
    low, high, log = limits
    upwards(axes, low, high, look, log=log)
    name_axes(axes, look, up=look.labels.get(found.y, column_words(run, found.y)))
    left_out = f"\n{found.left_out:,} trials have no value on the axis" if found.left_out else ""
    title(axes, look, title_of(run) + left_out)
    notes = [_over(found, look), "; ".join(explained)]
    if any((line.spread.p90 >= FARTHEST).any() for line in found.lines):
        notes.append("what leaves through the top never came, or grew without bound")
    legend(axes, look, [*handles, *_of_theory(found, look)], title="\n".join(filter(None, notes)))


def _line(axes: "Axes", found: Bands, number: int, limits: Limits, look: Look) -> Any:
    """Draws a line, its band and theory's line beside it; returns what the legend shows of it."""
    line, (low, high, log) = found.lines[number], limits
    at, style = _places(found, number), look_of_line(number)
    color = style["color"]
    median, lower, upper = (
        np.where(values < FARTHEST, values, np.nan)
        for values in (line.spread.median, line.spread.p10, line.spread.p90)
    )
    upper = np.where(np.isnan(upper) & ~np.isnan(lower), 2 * high - low, upper)
    lower = np.maximum(lower, low / 2) if log else lower
    told = [f"{look.name(name)} {shown(cell, 4)}" for name, cell in line.cells.items() if cell is not None]
    label = ", ".join(told) or (look.name(found.y) if (line.trials == 1).all() else "median")
    how: dict[str, Any] = {
        "linewidth": 1.8 * look.width,
        "markersize": 4 * look.width,
        "label": label,
        **style,
    }
    how |= {"marker": MARKERS[number // len(LINES) % len(MARKERS)]} if len(at) <= FEW else {}
    if found.x.is_words or len(at) == 1:
        how |= {"linestyle": ""}
        axes.vlines(at, lower, upper, color=color, alpha=0.3, linewidth=5 * look.width)
    else:
        axes.fill_between(at, lower, upper, color=color, alpha=0.18, linewidth=0)
    (drawn,) = axes.plot(at, median, **how)
    if line.says:
        shade = INK if line.says == (PREDICTED,) else color
        axes.plot(at, line.theory, color=shade, zorder=3, **_dashes(found, line, look))
    return drawn


def _places(found: Bands, number: int) -> Floats:
    """Returns where the places of a line are drawn: among words, beside those of the other lines."""
    at, aside = found.x.drawn(found.lines[number].places), (number + 0.5) / len(found.lines) - 0.5
    return at + BESIDE * aside if found.x.is_words else at


def _means(axes: "Axes", found: Bands, look: Look) -> list[Any]:
    """Marks the mean of the trials at each place; returns what the legend shows of it."""
    from matplotlib.lines import Line2D

    how: dict[str, Any] = {
        "markersize": 7 * look.width,
        "markeredgewidth": 1.4 * look.width,
        "linestyle": "",
        "marker": "+",
    }
    for number, line in enumerate(found.lines):
        mean = np.where(line.spread.mean < FARTHEST, line.spread.mean, np.nan)
        axes.plot(_places(found, number), mean, color=look_of_line(number)["color"], **how)
    return [Line2D([], [], color=INK, label="mean", **how)]


def _dashes(found: Bands, line: Line, look: Look) -> dict[str, Any]:
    """Returns how theory's line looks: dashed or, where no two neighbours are known, a bar at each place."""
    known = np.isfinite(line.theory)
    if found.x.is_words or not (known[1:] & known[:-1]).any():
        return {"linestyle": "", "marker": "_", "markersize": 16 * look.width, "markeredgewidth": look.width}
    return {"linestyle": "--", "linewidth": 1.2 * look.width}


def _of_theory(found: Bands, look: Look) -> list[Any]:
    """Returns what the legend shows of theory's lines."""
    from matplotlib.lines import Line2D

    handles = {}
    for line in found.lines:
        if line.says:
            label = " or ".join(look.labels.get(name, SAYS[name]) for name in line.says)
            handles[line.says] = Line2D([], [], color=INK, label=label, **_dashes(found, line, look))
    return list(handles.values())


def _over(found: Bands, look: Look) -> str:
    """Returns what line and band are, over how many trials of what."""
    counts = np.concatenate([line.trials for line in found.lines])
    if (counts == 1).all():
        told = "one trial at each point"
    else:
        several = (
            f"{counts.min():,}" if counts.min() == counts.max() else f"{counts.min():,} to {counts.max():,}"
        )
        what = AGAIN[found.over[0]] if len(found.over) == 1 and found.over[0] in AGAIN else "trials"
        names = [look.name(name) for name in found.over if what == "trials"]
        told = f"median and 10th to 90th percentile over {several} {what}"
        told += f" that differ in {joined(names)}" if names else ""
    return told if found.tuned is None else f"{told}, each with the best {look.name(found.tuned)}"
