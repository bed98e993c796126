"""Maps over two parameters: what became of the trials, and how many epochs they took.

A cell is a trial or, where there are many, all trials of a range; theory's edge is drawn over them.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.analysis.shown import COLORS
from linreg_sweep.plots.best import mark_best
from linreg_sweep.plots.canvas import FRAME, Canvas, frame_of, height_of, legend, title, width_of, wrapped
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
from linreg_sweep.plots.look import PLAIN, Look
from linreg_sweep.plots.products import ProductOfRun, products_of
from linreg_sweep.plots.regimes import has_regimes, name_regimes
from linreg_sweep.plots.scales import scale
from linreg_sweep.plots.style import BY_RATIO, RAMP, is_standardized, title_of
from linreg_sweep.runs.results import Run
from linreg_sweep.theory.outcome import OUTCOMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

Floats = NDArray[np.float64]

MOST_RANGES = 4_000
"""Of a side of a map, whatever is asked for."""

MAX_PANELS = 8
"""Products of a union that have a panel each."""


def _draw(
    canvas: Canvas,
    runs: Sequence[Run],
    *,
    by_epochs: bool,
    x: str | None = None,
    y: str | None = None,
    bins: int | None = None,
) -> None:
    views = views_of(canvas, runs, x, y, bins)
    panels = canvas.panels([len(views)])
    maps = [
        drawn_cells(view, axes, x, y, bins, canvas.look) for view, axes in zip(views, panels, strict=True)
    ]
    norm = norm_of(maps) if by_epochs else None
    known = [place for place, found in enumerate(maps) if np.isfinite(found.converged_at).any()]
    for place, (view, axes, found) in enumerate(zip(views, panels, maps, strict=True)):
        if by_epochs:
            has_bar = place == known[-1] if known else False  # one for all
            _color_epochs(axes, found, norm, canvas.look, view, has_bar=has_bar)
        else:
            _color_outcomes(axes, found, canvas.look, view)


draw_outcomes = partial(_draw, by_epochs=False)
"""Draws a map of each run, or of each product of a union where one map would have holes."""

draw_epochs = partial(_draw, by_epochs=True)
"""Draws maps of epochs, likewise, all in one scale of colours; see epochs_map."""


def outcome_map(
    run: Run,
    axes: "Axes",
    *,
    x: str | None = None,
    y: str | None = None,
    bins: int | None = None,
    look: Look = PLAIN,
) -> "Axes":
    """Draws what became of the trials of a run; a cell with several outcomes has a mixed colour.

    Args:
        run: which run.
        axes: where.
        x: the parameter to the right; None: the learning rate.
        y: the one upwards; None: the next that varies.
        bins: ranges of a parameter that has more values than these; 0: none are gathered; None: as many as
            trials fill, and a screen can show.
        look: of the picture.

    Returns:
        The axes.

    Raises:
        ConfigError: such a parameter does not vary.
        ResultsError: no part is finished, or one is damaged.
    """
    return _color_outcomes(axes, drawn_cells(run, axes, x, y, bins, look), look, run)


def _color_outcomes(axes: "Axes", found: Cells, look: Look, run: Run) -> "Axes":
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Patch

    colors = np.array([to_rgb(COLORS[name]) for name in OUTCOMES])
    mixed = np.einsum("oyx,oc->yxc", np.nan_to_num(found.shares), colors)
    shown = np.concatenate([mixed, (found.trials > 0)[..., None]], axis=2)
    mesh(axes, found, shown)
    there = [name for name, counts in zip(OUTCOMES, found.outcomes, strict=True) if counts.any()]
    patches = [Patch(facecolor=COLORS[name], label=look.name(name)) for name in there]
    several = bool((np.count_nonzero(found.outcomes, axis=0) > 1).any())
    frame(
        axes,
        run,
        found,
        look,
        patches,
        "a cell with several outcomes has a mixed colour" if several else "",
    )
    return axes


def epochs_map(
    run: Run,
    axes: "Axes",
    *,
    x: str | None = None,
    y: str | None = None,
    bins: int | None = None,
    look: Look = PLAIN,
) -> "Axes":
    """Draws how many epochs the trials of a run took to converge, the median of each cell.

    Cells in which none converged have the colour of their most frequent outcome. For arguments, result
    and errors see outcome_map.
    """
    found = drawn_cells(run, axes, x, y, bins, look)
    return _color_epochs(axes, found, norm_of([found]), look, run)


def norm_of(maps: Sequence[Cells]) -> "Normalize | None":
    """Returns the one scale of the colours of maps of epochs, which is the page's; None: none converged.

    It begins at 0, or at the fewest epochs where the most are more than BY_RATIO times as many.
    """
    from matplotlib.colors import LogNorm, Normalize

    known = np.concatenate([found.converged_at.ravel() for found in maps])
    known = known[np.isfinite(known)]
    if not len(known):
        return None
    low, high = max(1.0, float(known.min())), max(2.0, float(known.max()))
    return LogNorm(low, high, clip=True) if high > BY_RATIO * low else Normalize(0.0, high)


def _color_epochs(
    axes: "Axes", found: Cells, norm: "Normalize | None", look: Look, run: Run, *, has_bar: bool = True
) -> "Axes":
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, ListedColormap
    from matplotlib.patches import Patch

    most = np.argmax(found.outcomes, axis=0)
    patches: list[Any] = []
    for code, name in enumerate(OUTCOMES[1:], start=1):
        here = (most == code) & (found.trials > 0) & np.isnan(found.converged_at)
        if here.any():
            mesh(axes, found, np.where(here, 1.0, np.nan), cmap=ListedColormap([COLORS[name]]))
            patches.append(Patch(facecolor=COLORS[name], label=look.name(name)))
    if norm is not None and np.isfinite(found.converged_at).any():
        colors = LinearSegmentedColormap.from_list("epochs", RAMP, N=1021)
        mesh(axes, found, found.converged_at, norm=norm, cmap=colors)
        if has_bar:
            _explain(axes, ScalarMappable(norm, colors), look)
    frame(axes, run, found, look, patches, "", has_bar=has_bar)
    return axes


def _explain(axes: "Axes", colors: "ScalarMappable", look: Look) -> None:
    """Draws the bar beside a map that says how many epochs its colours stand for."""
    from matplotlib.colors import LogNorm
    from matplotlib.ticker import LogLocator

    assert axes.figure is not None
    bar = axes.figure.colorbar(colors, ax=axes, pad=0.02, aspect=25)
    if isinstance(colors.norm, LogNorm):
        bar.set_ticks(LogLocator(subs=(1, 2, 5)))
    bar.ax.yaxis.set_major_formatter("{x:,.0f}")
    bar.minorticks_off()
    bar.ax.tick_params(labelsize=axes.xaxis.get_tick_params().get("labelsize", look.points))
    words = look.labels.get("converged_at", "epochs to convergence (median of the cell)")
    bar.set_label(wrapped(words, 0.6 * height_of(axes), look.points))


def views_of(
    canvas: Canvas, runs: Sequence[Run], x: str | None, y: str | None, bins: int | None
) -> "list[Run]":
    """Returns what has a panel: each run, or each product of one whose map would have holes."""
    return [view for run in runs for view in ([run] if canvas.is_given else _views(run, x, y, bins))]


def _views(run: Run, x: str | None, y: str | None, bins: int | None) -> "list[Run]":
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


def drawn_cells(run: Run, axes: "Axes", x: str | None, y: str | None, bins: int | None, look: Look) -> Cells:
    """Returns the map of a run; see cells.

    Raises:
        ConfigError: also where it has values that no axis can show.
    """
    dots = int(FRAME * width_of(axes) * (look.dpi or look.style.dpi))
    most = min(bins, MOST_RANGES) if bins else MOST_RANGES
    found = cells(run, x, y, finest(run, map_axes(run, x, y), dots) if bins is None else most)
    for side in (found.x, *([found.y] if found.y is not None else [])):
        if not side.is_words:
            check_sizes(run, side.name, side.centres)
    return found


def _blocks(found: Cells) -> Iterator[tuple[slice, NDArray[np.bool_]]]:
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
    own_rows = found.y is not None and found.y.is_words and found.x.ranges is None and not found.x.is_equal
    everywhere = np.ones(len(found.x.labels), np.bool_)
    for rows, columns in _blocks(found) if own_rows else [(slice(0, len(values)), everywhere)]:
        if not columns.any():
            continue
        own = found.x.drawn_edges if columns.all() else edges_of(found.x.centres[columns], log=found.x.log)
        shown = np.ascontiguousarray(values[rows][:, columns])
        axes.pcolormesh(own, up[rows.start : rows.stop + 1], shown, rasterized=True, **how)


def frame(
    axes: "Axes", run: Run, found: Cells, look: Look, handles: list[Any], note: str, *, has_bar: bool = False
) -> None:
    """Names the axes, the run, the regimes along the top, the edge, the best trial and the colours."""
    standardized = is_standardized(run)
    share = frame_of(axes, look, has_bar=has_bar)
    explained = scale(axes, "x", found.x, look.axis(found.x.name, standardized=standardized), look, share)
    if found.y is None:
        axes.set_yticks([])
    else:
        explained += scale(axes, "y", found.y, look.axis(found.y.name, standardized=standardized), look)
    above = name_regimes(axes, found, look, share) if has_regimes(found) else 0.0
    left_out = f"\n{found.left_out:,} trials have no value on one of the axes" if found.left_out else ""
    title(axes, look, _title(run) + left_out, pad=8 + above)
    handles = [*handles, *_edge(axes, run, found, look), *mark_best(axes, run, found, look)]
    legend(axes, look, handles, title="\n".join(filter(None, [note, "; ".join(explained)])) or None)


def _title(run: Run) -> str:
    """Returns what a map is of: a run, or the product of a union with what it holds fixed."""
    if not isinstance(run, ProductOfRun):
        return title_of(run)
    some = varying(run)
    fixed = {name: run.distinct(name, 1) for name in run.varied if name not in some}
    told = [f"{name} {run.types[name].cell(values[0])}" for name, values in fixed.items() if len(values)]
    return f"{run.name}, product {run.number}: {', '.join([f'{run.n_trials_done:,} trials', *told])}"


def _edge(axes: "Axes", run: Run, found: Cells, look: Look) -> list[Any]:
    """Draws theory's edge of stability over the learning rate; returns what the legend shows of it."""
    edge = drawn_edge(run, found.x, found.y)
    if edge is None:
        return []
    how: dict[str, Any] = {"color": "black", "linestyle": "--", "linewidth": 1.6 * look.width}
    return list(axes.plot(edge.across, edge.up, label=edge.words, **how))
