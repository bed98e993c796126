"""A column's median along a parameter, its band over seeds or folds, and theory beside the experiment."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from linreg_sweep.analysis.formats import shown
from linreg_sweep.array_types import Floats
from linreg_sweep.plots.bands import FARTHEST, MAX_LINES, Bands, Line, bands
from linreg_sweep.plots.canvas import Canvas, legend, title
from linreg_sweep.plots.cells import MapSide, edges_of
from linreg_sweep.plots.look import Look
from linreg_sweep.plots.scales import name_axes, scale, upwards
from linreg_sweep.plots.style import INK, LINES, column_words, look_of_line
from linreg_sweep.runs.results import Run
from linreg_sweep.words import joined

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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

    Runs that share both axes are drawn in one panel, others in a panel each, all in one scale upwards. Where
    theory knows the column, its line is dashed. The mean of the trials is marked where theory knows it and,
    over folds, where settings are compared by it. For arguments and errors see bands.bands.
    """
    found = [bands(run, x, y, tuned, bins) for run in runs]
    limits, axis = _limits_of(found), _shared_axis(runs, found, canvas.look)
    together = [replace(each, x=axis or each.x) for each in found]
    panels = [(runs, together)] if axis else [([run], [each]) for run, each in zip(runs, found, strict=True)]
    for (some, those), axes in zip(panels, canvas.panels([len(panels)]), strict=True):
        _band(some, axes, those, limits, canvas.look)


def _shared_axis(runs: Sequence[Run], found: Sequence[Bands], look: Look) -> MapSide | None:
    """Returns the axis that all runs can be drawn along; None: theirs differ, or lines are too many."""
    first, *others = [each.x for each in found]
    says = {(*_words_of(run, each, look), each.tuned) for run, each in zip(runs, found, strict=True)}
    scales = {(side.name, side.log, side.is_words, side.labels * side.is_words) for side in (first, *others)}
    if not others:
        return first
    if len(says) > 1 or len(scales) > 1 or sum(len(each.lines) for each in found) > MAX_LINES:
        return None
    if first.is_words:
        return first
    places = np.unique(np.concatenate([side.centres for side in (first, *others)]))
    labels = tuple(f"{place:.6g}" for place in places)
    is_listed = any(side.is_listed for side in (first, *others))
    return MapSide(
        first.name, places, edges_of(places, log=first.log), labels, first.log, None, is_listed=is_listed
    )


def _words_of(run: Run, found: Bands, look: Look) -> tuple[str, str]:
    """Returns what the axes of a run's band say."""
    return look.axis(found.x.name, run), look.labels.get(found.y, column_words(run, found.y))


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


@dataclass(frozen=True)
class _Drawn:
    """A line, where its places are drawn, and how."""

    line: Line
    at: Floats
    how: dict[str, Any]


def _band(runs: Sequence[Run], axes: "Axes", found: Sequence[Bands], limits: Limits, look: Look) -> None:
    """Draws a run or, in colours of their own, several along one axis into a panel."""
    names = [look.called(run) for run in runs] if len(runs) > 1 else [""]
    across, up = _words_of(runs[0], found[0], look)
    explained = scale(axes, "x", found[0].x, across, look)
    count = sum(len(each.lines) for each in found)
    handles: list[Any] = []
    means: dict[str, Any] = {}
    theory: dict[tuple[str, ...], Any] = {}
    for run, name, each in zip(runs, names, found, strict=True):
        lines = [
            _placed(each, line, number, count, name, look)
            for number, line in enumerate(each.lines, start=len(handles))
        ]
        handles += [_line(axes, each, line, limits, look) for line in lines]
        if (run.n_folds > 1 and each.y == run.best_by) or any(EXPECTED in line.says for line in each.lines):
            means |= _means(axes, lines, look)
        theory |= _of_theory(each, look)
    low, high, log = limits
    upwards(axes, low, high, look, log=log)
    name_axes(axes, look, up=up)
    n_left_out = sum(each.left_out for each in found)
    left_out = f"\n{n_left_out:,} trials have no value on the axis" if n_left_out else ""
    title(axes, look, (", ".join(names) if len(runs) > 1 else look.heading(runs[0])) + left_out)
    overs = [_over(each, look) for each in found]
    if len(set(overs)) > 1:
        overs = [f"{name}: {over}" for name, over in zip(names, overs, strict=True)]
    notes = [*dict.fromkeys(overs), "; ".join(explained)]
    if any((line.spread.p90 >= FARTHEST).any() for each in found for line in each.lines):
        notes.append("where a line or a band leaves through the top, values are missing or infinite")
    shown_below = [*handles, *means.values(), *theory.values()]
    legend(axes, look, shown_below, title="\n".join(filter(None, notes)))


def _placed(found: Bands, line: Line, number: int, count: int, of: str, look: Look) -> _Drawn:
    """Returns how a line is drawn, of all lines of a panel the one with this number.

    Among words each place is beside those of the other lines. `of` is the name of its run; "": there is no
    other.
    """
    at = found.x.drawn(line.places)
    at = at + BESIDE * ((number + 0.5) / count - 0.5) if found.x.is_words else at
    told = [f"{look.name(name)} {shown(cell, 4)}" for name, cell in line.cells.items() if cell is not None]
    what = ", ".join(told) or (look.name(found.y) if (line.trials == 1).all() else "median")
    how: dict[str, Any] = {
        "linewidth": 1.8 * look.width,
        "markersize": 4 * look.width,
        "label": (f"{of}: {what}" if told else of) if of else what,
        **look_of_line(number),
    }
    how |= {"marker": MARKERS[number // len(LINES) % len(MARKERS)]} if len(at) <= FEW else {}
    how |= {"linestyle": ""} if found.x.is_words or len(at) == 1 else {}
    return _Drawn(line, at, how)


def _line(axes: "Axes", found: Bands, drawn: _Drawn, limits: Limits, look: Look) -> Any:
    """Draws a line, its band and theory's line beside it; returns what the legend shows of it."""
    line, at, color, (low, high, log) = drawn.line, drawn.at, drawn.how["color"], limits
    median, lower, upper = (
        np.where(values < FARTHEST, values, np.nan)
        for values in (line.spread.median, line.spread.p10, line.spread.p90)
    )
    upper = np.where(np.isnan(upper) & ~np.isnan(lower), 2 * high - low, upper)
    lower = np.maximum(lower, low / 2) if log else lower
    if found.x.is_words or len(at) == 1:
        axes.vlines(at, lower, upper, color=color, alpha=0.3, linewidth=5 * look.width)
    else:
        axes.fill_between(at, lower, upper, color=color, alpha=0.18, linewidth=0)
    nothing = {"label": f"{drawn.how['label']}: no value"} if np.isnan([median, lower]).all() else {}
    (handle,) = axes.plot(at, median, **drawn.how | nothing)
    if line.says:
        shade = INK if line.says == (PREDICTED,) else color
        axes.plot(at, line.theory, color=shade, zorder=3, **_dashes(found, line, look))
    return handle


def _means(axes: "Axes", lines: Sequence[_Drawn], look: Look) -> dict[str, Any]:
    """Marks the mean of the trials at each place; returns what the legend shows of it."""
    from matplotlib.lines import Line2D

    how: dict[str, Any] = {
        "markersize": 7 * look.width,
        "markeredgewidth": 1.4 * look.width,
        "linestyle": "",
        "marker": "+",
    }
    for drawn in lines:
        mean = np.where(drawn.line.spread.mean < FARTHEST, drawn.line.spread.mean, np.nan)
        axes.plot(drawn.at, mean, color=drawn.how["color"], **how)
    return {"mean": Line2D([], [], color=INK, label="mean", **how)}


def _dashes(found: Bands, line: Line, look: Look) -> dict[str, Any]:
    """Returns how theory's line looks: dashed or, where no two neighbours are known, a bar at each place."""
    known = np.isfinite(line.theory)
    if found.x.is_words or not (known[1:] & known[:-1]).any():
        return {"linestyle": "", "marker": "_", "markersize": 16 * look.width, "markeredgewidth": look.width}
    return {"linestyle": "--", "linewidth": 1.2 * look.width}


def _of_theory(found: Bands, look: Look) -> dict[tuple[str, ...], Any]:
    """Returns what the legend shows of theory's lines, by what these say."""
    from matplotlib.lines import Line2D

    handles: dict[tuple[str, ...], Any] = {}
    for line in found.lines:
        how = _dashes(found, line, look)
        if line.says and (how["linestyle"] or line.says not in handles):  # a bar only where all are bars
            label = " or ".join(look.labels.get(name, SAYS[name]) for name in line.says)
            handles[line.says] = Line2D([], [], color=INK, label=label, **how)
    return handles


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
