"""Maps over two parameters: what became of the trials, and how many epochs they took.

A cell is a trial or, where there are many, all trials of a range; theory's edge is drawn over them.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.errors import SweepError
from linreg_sweep.plots.cells import Cells, MapSide, cells, check_sizes, moves_limit, regime_along
from linreg_sweep.plots.style import (
    COLORS,
    INK,
    REGIME_WORDS,
    is_standardized,
    parameter_words,
    spaced,
    title_of,
)
from linreg_sweep.runs.reopening import reopen
from linreg_sweep.runs.results import Run
from linreg_sweep.theory.outcome import OUTCOMES
from linreg_sweep.trials.columns import parameter_column, parameter_name
from linreg_sweep.trials.experiment import Experiment

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

RATES = ("learning_rate", "stability_ratio")
"""The columns that say how long steps are: along these there are regimes and an edge."""

LETTER = 0.0145
"""Of the width of a panel, what a letter of a regime's name takes, with its share of the gap between two."""

WIDEST_ROW = 68
"""Letters of a legend that stand in one row."""

GAP = 0.003
"""Likewise, what is left out at either end of a regime's bar."""

HEIGHTS = 200
"""Places along a map's other axis at which its edge is worked out."""

SAMPLED = 64
"""Trials whose stability limits are held against each other."""


def outcome_map(run: Run, axes: "Axes", *, x: str | None = None, y: str | None = None) -> "Axes":
    """Draws what became of the trials of a run; a cell of several outcomes has their mixed colour.

    Args:
        run: which run.
        axes: where.
        x: the parameter to the right; None: the learning rate.
        y: the one upwards; None: the next that varies.

    Returns:
        The axes.

    Raises:
        ConfigError: such a parameter does not vary.
        ResultsError: no part is finished, or one is damaged.
    """
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Patch

    found = _cells(run, x, y)
    colors = np.array([to_rgb(COLORS[name]) for name in OUTCOMES])
    mixed = np.einsum("oyx,oc->yxc", np.nan_to_num(found.shares), colors)
    shown = np.concatenate([mixed, (found.trials > 0)[..., None]], axis=2)
    _mesh(axes, found, shown)
    _frame(axes, run, found)
    there = [name for name, counts in zip(OUTCOMES, found.outcomes, strict=True) if counts.any()]
    handles: list[Any] = [Patch(facecolor=COLORS[name], label=name) for name in there]
    handles += _edge(axes, run, found)
    mixed_somewhere = bool((np.count_nonzero(found.outcomes, axis=0) > 1).any())
    _legend(axes, handles, "a cell of several outcomes has their mixed colour" if mixed_somewhere else None)
    return axes


def epochs_map(run: Run, axes: "Axes", *, x: str | None = None, y: str | None = None) -> "Axes":
    """Draws how many epochs the trials of a run took to converge, the median of each cell.

    Cells in which none converged have the colour of their most frequent outcome. For arguments, result
    and errors see outcome_map.
    """
    from matplotlib.colors import ListedColormap, LogNorm
    from matplotlib.patches import Patch
    from matplotlib.ticker import LogLocator

    found = _cells(run, x, y)
    most = np.argmax(found.outcomes, axis=0)
    handles: list[Any] = []
    for code, name in enumerate(OUTCOMES[1:], start=1):
        here = (most == code) & (found.trials > 0)
        if here.any():
            _mesh(axes, found, np.where(here, 1.0, np.nan), cmap=ListedColormap([COLORS[name]]))
            handles.append(Patch(facecolor=COLORS[name], label=name))
    epochs = found.converged_at
    if np.isfinite(epochs).any():
        low = max(1.0, float(np.nanmin(epochs)))
        norm = LogNorm(low, max(2 * low, float(np.nanmax(epochs))))
        mesh = _mesh(axes, found, np.where(epochs > 0, epochs, np.where(epochs == 0, low, np.nan)), norm=norm)
        assert axes.figure is not None
        ticks = LogLocator(subs=(1, 2, 5))
        bar = axes.figure.colorbar(mesh, ax=axes, pad=0.02, ticks=ticks, format="{x:,.0f}")
        bar.minorticks_off()
        bar.set_label("epochs to convergence (median of the cell)")
    _frame(axes, run, found)
    handles += _edge(axes, run, found)
    if handles:
        _legend(axes, handles)
    return axes


def _legend(axes: "Axes", handles: list[Any], title: str | None = None) -> None:
    """Names colours and lines below a map."""
    axes.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.16),
        ncols=columns_for(handles),
        frameon=False,
        title=title,
        title_fontsize=9,
    )


def share_colours(panels: "Sequence[Axes]") -> None:
    """Gives the maps of epochs on several panels one scale of colours: the same colour, as many epochs."""
    meshes = [mesh for axes in panels for mesh in axes.collections if mesh.colorbar is not None]
    limits = np.array([mesh.get_clim() for mesh in meshes], np.float64)
    for mesh in meshes:
        mesh.set_clim(float(limits.min()), float(limits.max()))


def columns_for(handles: Sequence[Any]) -> int:
    """Returns in how many columns a legend stands, so that it is no wider than its panel."""
    return 2 if sum(len(handle.get_label()) for handle in handles) > WIDEST_ROW else 4


def _cells(run: Run, x: str | None, y: str | None) -> Cells:
    """Returns the map of a run; see cells.

    Raises:
        ConfigError: also where it has values that no axis can show.
    """
    found = cells(run, x, y)
    for axis in (found.x, *([found.y] if found.y is not None else [])):
        if not axis.is_words:
            check_sizes(run, axis.name, axis.centres)
    return found


def _mesh(axes: "Axes", found: Cells, values: Floats, **how: Any) -> Any:
    up = np.array([0.0, 1.0]) if found.y is None else found.y.edges
    if values.ndim == 2:
        how = {"cmap": "viridis_r"} | how
    return axes.pcolormesh(found.x.edges, up, values, rasterized=True, **how)


def _frame(axes: "Axes", run: Run, found: Cells) -> None:
    """Names the axes, their scales, the run and, along the top, the regimes."""
    left_out = f"\n{found.left_out:,} trials have no value on an axis" if found.left_out else ""
    axes.set_title(title_of(run) + left_out, fontsize=11, pad=28 if _has_regimes(found) else 8)
    standardized = is_standardized(run)
    _scale(axes, "x", found.x, parameter_words(found.x.name, standardized=standardized))
    if found.y is None:
        axes.set_yticks([])
    else:
        _scale(axes, "y", found.y, parameter_words(found.y.name, standardized=standardized))
    if _has_regimes(found):
        _name_regimes(axes, found)


def _has_regimes(found: Cells) -> bool:
    """Returns whether the regime goes by the axis to the right: not where each word has its own."""
    return found.x.name in RATES and not (found.y is not None and found.y.is_words)


def _scale(axes: "Axes", which: str, side: MapSide, words: str) -> None:
    low, high = float(side.edges[0]), float(side.edges[-1])
    if which == "x":
        axes.set_xscale("log" if side.log else "linear")
        axes.set_xlim(low, high)
        axes.set_xlabel(words)
    else:
        axes.set_yscale("log" if side.log else "linear")
        axes.set_ylim(low, high)
        axes.set_ylabel(words)
    if side.is_words:
        axis = axes.xaxis if which == "x" else axes.yaxis
        axis.set_ticks(side.centres.tolist(), list(side.labels))
        axis.set_tick_params(length=0)


def _name_regimes(axes: "Axes", found: Cells) -> None:
    """Draws a bar along the top over the columns of each regime, and their names side by side above.

    A line leads from each bar to its name, which stands aside where bars are narrow. Where regimes
    alternate so often that the names have no room there is nothing.
    """
    along = regime_along(found)
    edges = np.log(found.x.edges) if found.x.log else found.x.edges
    shares = (edges - edges[0]) / (edges[-1] - edges[0])
    starts = [place for place, name in enumerate(along) if not place or name != along[place - 1]]
    bars = [
        (str(along[start]), float(shares[start]), float(shares[stop]))
        for start, stop in zip(starts, [*starts[1:], len(along)], strict=True)
        if along[start] is not None
    ]
    names = [REGIME_WORDS[name] for name, _, _ in bars]
    widths = [LETTER * len(name) for name in names]
    if sum(widths) > 1:
        return
    for _, left, right in bars:
        ends = [left + GAP, right - GAP]
        axes.plot(ends, [1.025, 1.025], color=INK, linewidth=2, transform=axes.transAxes, clip_on=False)
    middles = [(left + right) / 2 for _, left, right in bars]
    for name, middle, place in zip(names, middles, apart(middles, widths), strict=True):
        leader = [middle, place], [1.025, 1.05]
        axes.plot(*leader, color=INK, linewidth=0.8, transform=axes.transAxes, clip_on=False)
        axes.text(place, 1.05, name, fontsize=9, ha="center", va="bottom", transform=axes.transAxes)


def apart(middles: Sequence[float], widths: Sequence[float]) -> list[float]:
    """Returns where texts stand that are to be at these places, from left to right, so that none overlap."""
    places = list(middles)
    for at in range(len(places) - 2, -1, -1):
        places[at] = min(places[at], places[at + 1] - (widths[at] + widths[at + 1]) / 2)
    for at in range(1, len(places)):
        places[at] = max(places[at], places[at - 1] + (widths[at] + widths[at - 1]) / 2)
    return places


def _edge(axes: "Axes", run: Run, found: Cells) -> list[Any]:
    """Draws theory's edge of stability over the learning rate; returns what the legend shows of it."""
    limits = stability_limits(run, found.x, found.y)
    if limits is None:
        return []
    rates, heights = limits
    inside = (rates >= found.x.edges[0]) & (rates <= found.x.edges[-1])
    if not inside.any():
        return []
    look: dict[str, Any] = {"color": "black", "linestyle": "--", "linewidth": 1.6}
    return list(axes.plot(rates, heights, label=edge_words(rates, heights, found.y), **look))


def edge_words(rates: Floats, heights: Floats, y: MapSide | None, digits: int = 4) -> str:
    """Returns what a legend says of theory's edge; see stability_limits."""
    rates = rates[~np.isnan(heights)]
    known = rates[~np.isnan(rates)]
    if y is None or (known == known[0]).all():
        words = f"stability limit {known[0]:.{digits}g}"
    else:
        words = f"stability limit, by {spaced(y.name)}"
    return words if len(known) == len(rates) else f"{words}, where one is known"


def stability_limits(run: Run, x: MapSide, y: MapSide | None) -> tuple[Floats, Floats] | None:
    """Returns theory's edge as places [k] on one axis and heights [k] on the other; None: there is none.

    At each height it is the limit of all trials there; NaN where they have no one limit, or none is known.
    Between two that are steps, the height is NaN.

    Args:
        run: which run.
        x: the axis to the right; there is an edge where it is that of the learning rate.
        y: the other axis, along which what it varies may move the edge.
    """
    if x.name not in RATES:
        return None
    whole = np.array([0.0, 1.0]) if y is None else y.edges[[0, -1]]
    if x.name == "stability_ratio":
        return np.ones(2), whole
    limit = run.metadata.get("edge", {}).get("stability_limit")
    if limit is not None:
        return np.full(2, limit), whole
    try:
        experiment = reopen(run)
    except SweepError:  # the data have moved: the map stands without its line
        return None
    places = np.zeros(1) if y is None else y.centres
    if y is None or not moves_limit(run, y.name):
        heights, values = whole, np.zeros(2)
    elif y.is_words or run.types[y.name].is_whole:  # a step for each
        heights = np.column_stack([y.edges[:-1], y.edges[1:], np.full(len(places), np.nan)]).ravel()
        words = run.types[y.name].words
        values = np.repeat([words.index(each) for each in y.labels] if y.is_words else np.rint(places), 3)
    else:
        spread, there = np.geomspace if y.log else np.linspace, y.edges if y.ranges else places
        heights = np.asarray(spread(y.edges[0], y.edges[-1], HEIGHTS), np.float64)
        values = np.clip(heights, there[0], there[-1])  # no trial lies beyond
    limits = _limits(run, experiment, None if y is None else y.name, values.astype(np.float64))
    return None if np.isnan(limits).all() else (limits, heights)


def _limits(run: Run, experiment: Experiment, name: str | None, values: Floats) -> Floats:
    """Returns the stability limit that trials have wherever a hyperparameter has these values [k], or NaN.

    Others than those that may move it are not looked at; of the rest, some trials taken at random.
    """
    sampled = {parameter_column(each): value for each, value in experiment.sample(SAMPLED).items()}
    moving = [each for each in sampled if each != name and moves_limit(run, each)]
    chosen = np.zeros(1, np.intp)
    if moving:
        _, chosen = np.unique(np.column_stack([sampled[each] for each in moving]), axis=0, return_index=True)
    count = len(chosen)
    trials = {each: np.tile(value[chosen], len(values)) for each, value in sampled.items()}
    if name is not None and name in trials:
        trials[name] = np.repeat(values, count)
    found = np.empty(len(values) * count)
    for group in experiment.groups({parameter_name(each): value for each, value in trials.items()}):
        found[group.chosen] = group.stability_limit()
    limits = found.reshape(len(values), count)
    low, high = limits.min(axis=1), limits.max(axis=1)
    return np.where(np.isclose(low, high, rtol=1e-12, atol=0), high, np.nan)
