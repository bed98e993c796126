"""Maps over two parameters, and what became of the trials on them; see heat for those of numbers.

A cell is a trial or, where there are many, all trials of a range; theory's edge is drawn over them.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from linreg_sweep.analysis.shown import COLORS
from linreg_sweep.array_types import Flags, Floats
from linreg_sweep.plots.best import mark_best
from linreg_sweep.plots.canvas import FRAME, Canvas, frame_of, legend, title, width_of
from linreg_sweep.plots.cells import (
    MAX_VALUES,
    Cells,
    cells,
    check_sizes,
    edges_of,
    finest,
    map_axes,
    varying,
)
from linreg_sweep.plots.edges import drawn_edge
from linreg_sweep.plots.look import Look
from linreg_sweep.plots.products import ProductOfRun, products_of
from linreg_sweep.plots.regimes import has_regimes, name_regimes
from linreg_sweep.plots.scales import scale
from linreg_sweep.runs.results import Run
from linreg_sweep.theory.outcome import OUTCOMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes


MOST_RANGES = 4_000
"""Of a side of a map, whatever is asked for."""

MAX_PANELS = 8
"""Products of a union that have a panel each."""


def maps_of(
    canvas: Canvas, runs: Sequence[Run], x: str | None, y: str | None, bins: int | None
) -> "list[tuple[Run, Axes, Cells]]":
    """Returns the map of each run with its panel, or of each product of one whose map would have holes.

    Raises:
        ConfigError: a run has no such parameter, or values that no axis can show.
        ResultsError: no part is finished, or one is damaged.
    """
    views = [view for run in runs for view in ([run] if canvas.is_given else _views(run, x, y, bins))]
    panels = canvas.panels([len(views)])
    return [
        (view, axes, _drawn_cells(view, axes, x, y, bins, canvas.look))
        for view, axes in zip(views, panels, strict=True)
    ]


def draw_outcomes(
    canvas: Canvas, runs: Sequence[Run], x: str | None, y: str | None, bins: int | None
) -> None:
    """Draws what became of the trials of each run; a cell with several outcomes has a mixed colour."""
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Patch

    colors, look = np.array([to_rgb(COLORS[name]) for name in OUTCOMES]), canvas.look
    for run, axes, found in maps_of(canvas, runs, x, y, bins):
        mixed = np.einsum("oyx,oc->yxc", np.nan_to_num(found.shares), colors)
        mesh(axes, found, np.concatenate([mixed, (found.trials > 0)[..., None]], axis=2))
        there = [name for name, counts in zip(OUTCOMES, found.outcomes, strict=True) if counts.any()]
        patches = [Patch(facecolor=COLORS[name], label=look.name(name)) for name in there]
        several = bool((np.count_nonzero(found.outcomes, axis=0) > 1).any())
        note = "a cell with several outcomes has a mixed colour" * several
        frame(axes, run, found, look, patches, note)


def _views(run: Run, x: str | None, y: str | None, bins: int | None) -> list[Run]:
    """Returns a run or, where one map of a union would have holes between its products, each of these."""
    if x is not None or y is not None or run.is_ordered or run.metadata["method"] != "grid":
        return [run]
    names = map_axes(run)
    if len(names) < 2 or run.types[names[1]].is_words:
        return [run]
    if (cells(run, most=bins or MAX_VALUES).trials > 0).all():
        return [run]
    products: list[Run] = [*products_of(run)]
    return products if 1 < len(products) <= MAX_PANELS else [run]


def _drawn_cells(run: Run, axes: "Axes", x: str | None, y: str | None, bins: int | None, look: Look) -> Cells:
    """Returns the map of a run, with as many cells as a picture can show; see cells."""
    dots = int(FRAME * width_of(axes) * (look.dpi or look.style.dpi))
    most = min(bins, MOST_RANGES) if bins else MOST_RANGES
    found = cells(run, x, y, finest(run, map_axes(run, x, y), dots) if bins is None else most)
    for side in found.sides:
        if not side.is_words:
            check_sizes(run, side.name, side.centres)
    return found


def _blocks(found: Cells) -> Iterator[tuple[slice, Flags]]:
    """Yields rows that lie together and have trials in the same columns, and which columns these are.

    So each product of a union fills its rows, whatever values others have between its own.
    """
    there = found.trials > 0
    starts = [0, *(np.flatnonzero((there[1:] != there[:-1]).any(axis=1)) + 1).tolist()]
    for start, stop in zip(starts, [*starts[1:], len(there)], strict=True):
        yield slice(start, stop), there[start]


def mesh(axes: "Axes", found: Cells, values: Floats, **how: Any) -> None:
    """Draws cells: values are colours, [vy, vx, 4], or numbers, [vy, vx]."""
    up = np.array([0.0, 1.0]) if found.y is None else found.y.drawn_edges
    everywhere = np.ones(len(found.x.labels), np.bool_)
    for rows, columns in _blocks(found) if found.fills_rows else [(slice(0, len(values)), everywhere)]:
        if not columns.any():
            continue
        own = found.x.drawn_edges if columns.all() else edges_of(found.x.centres[columns], log=found.x.log)
        shown = np.ascontiguousarray(values[rows][:, columns])
        axes.pcolormesh(own, up[rows.start : rows.stop + 1], shown, rasterized=True, **how)


def frame(
    axes: "Axes", run: Run, found: Cells, look: Look, handles: list[Any], note: str, *, has_bar: bool = False
) -> None:
    """Names the axes, the run, the regimes along the top, the edge, the best trial and the colours."""
    share = frame_of(axes, look, has_bar=has_bar)
    explained = scale(axes, "x", found.x, look.axis(found.x.name, run), look, share)
    if found.y is None:
        axes.set_yticks([])
    else:
        explained += scale(axes, "y", found.y, look.axis(found.y.name, run), look)
    above = name_regimes(axes, found, look, share) if has_regimes(found) else 0.0
    left_out = f"\n{found.left_out:,} trials have no value on one of the axes" if found.left_out else ""
    title(axes, look, _title(run, look) + left_out, pad=8 + above)
    handles = [*handles, *_edge(axes, run, found, look), *mark_best(axes, run, found, look)]
    legend(axes, look, handles, title="\n".join(filter(None, [note, "; ".join(explained)])) or None)


def _title(run: Run, look: Look) -> str:
    """Returns what a map is of: a run, or the product of a union with what it holds fixed."""
    if not isinstance(run, ProductOfRun):
        return look.heading(run)
    some = varying(run)
    fixed = {name: run.distinct(name, 1) for name in run.varied if name not in some}
    told = [f"{name} {run.types[name].cell(values[0])}" for name, values in fixed.items() if len(values)]
    trials = ", ".join([f"{run.n_trials_done:,} trials", *told])
    return f"{look.called(run)}, product {run.number}: {trials}"


def _edge(axes: "Axes", run: Run, found: Cells, look: Look) -> list[Any]:
    """Draws theory's edge of stability over the learning rate; returns what the legend shows of it."""
    edge = drawn_edge(run, found.x, found.y)
    if edge is None:
        return []
    how: dict[str, Any] = {"color": "black", "linestyle": "--", "linewidth": 1.6 * look.width}
    return list(axes.plot(edge.across, edge.up, label=edge.words, **how))
