"""Maps over two parameters whose colours are numbers: epochs to convergence, or the median of any column."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from linreg_sweep.analysis.shown import COLORS
from linreg_sweep.analysis.spread import Spreads
from linreg_sweep.array_types import Flags, Floats
from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.plots.canvas import FRAME, Canvas, height_of, wrapped
from linreg_sweep.plots.cells import Cells, check_numbers, places_on
from linreg_sweep.plots.look import Look
from linreg_sweep.plots.maps import draw_outcomes, frame, maps_of, mesh
from linreg_sweep.plots.scales import plain_formatter, ticks_by_ratio
from linreg_sweep.plots.style import BY_RATIO, RAMP, column_words
from linreg_sweep.runs.results import Run
from linreg_sweep.theory.outcome import DIVERGED, OUTCOMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize


TICK = 2.7
"""Heights of letters between two ticks of a bar of colours at least."""


def draw(
    canvas: Canvas,
    runs: Sequence[Run],
    *,
    x: str | None = None,
    y: str | None = None,
    color: str | None = None,
    bins: int | None = None,
) -> None:
    """Draws a map of each run, of what became of the trials or of a column's median, all in one scale.

    Raises:
        ConfigError: a run has no such column, it holds words, or no cell has a median.
        ResultsError: no part is finished, or one is damaged.
    """
    if color is None:
        draw_outcomes(canvas, runs, x, y, bins)
        return
    for run in runs:
        check_numbers(run, color, "--color", "leave it out to see outcomes")
    maps = maps_of(canvas, runs, x, y, bins)
    each = [medians(run, found, color) for run, _, found in maps]
    _draw(maps, each, _norm(color, each), color, canvas.look)


def draw_epochs(
    canvas: Canvas,
    runs: Sequence[Run],
    *,
    x: str | None = None,
    y: str | None = None,
    bins: int | None = None,
) -> None:
    """Draws maps of the median epochs to convergence, likewise.

    Cells in which no trial converged have the colour of their most frequent outcome.
    """
    maps = maps_of(canvas, runs, x, y, bins)
    each = [found.converged_at for _, _, found in maps]
    _draw(maps, each, _norm_of_epochs(each), None, canvas.look)


def medians(run: Run, found: Cells, column: str) -> Floats:
    """Returns the median of a column in each cell of a map [vy, vx].

    NaN where half of the trials or more miss it or are infinite, and where most diverged.
    """
    ranges = {side.name: side.ranges for side in found.sides if side.ranges is not None}
    spreads = Spreads([side.name for side in found.sides], [column], run.types, ranges)
    keys, _, spread = spreads.gathered(run.parts)
    inside = ~np.isnan(keys).any(axis=1)
    places = [places_on(run, side, keys[inside, number]) for number, side in enumerate(found.sides)]
    values = np.full(found.trials.shape, np.nan)
    values[places[1] if len(places) > 1 else 0, places[0]] = spread[column].median[inside]
    return np.where(np.isfinite(values) & ~_diverged(found), values, np.nan)


def _diverged(found: Cells) -> Flags:
    """Returns in which cells of a map most trials diverged."""
    return np.asarray(2 * found.outcomes[DIVERGED] > found.trials)


def _norm(column: str, maps: Sequence[Floats]) -> "Normalize":
    """Returns the scale of the colours: by ratio where the largest is many times the smallest."""
    from matplotlib.colors import LogNorm, Normalize

    values = np.concatenate([each[np.isfinite(each)] for each in maps])
    if not len(values):
        text = f"is missing or infinite in half of the trials or more of every cell: {column}"
        raise ConfigError(Complaint("--color", text, "leave it out to see outcomes"))
    low, high = float(values.min()), float(values.max())
    if low > 0 and high > BY_RATIO * low:
        return LogNorm(low, high)
    return Normalize(low, high if high > low else low + (abs(low) or 1.0))


def _norm_of_epochs(maps: Sequence[Floats]) -> "Normalize | None":
    """Returns the scale of maps of epochs, which is the page's; None: no trial converged.

    It begins at 0, or at the fewest epochs where the most are more than BY_RATIO times as many.
    """
    from matplotlib.colors import LogNorm, Normalize

    known = np.concatenate([each[np.isfinite(each)] for each in maps])
    if not len(known):
        return None
    low, high = max(1.0, float(known.min())), max(2.0, float(known.max()))
    return LogNorm(low, high, clip=True) if high > BY_RATIO * low else Normalize(0.0, high)


def _draw(
    maps: "Sequence[tuple[Run, Axes, Cells]]",
    each: Sequence[Floats],
    norm: "Normalize | None",
    column: str | None,
    look: Look,
) -> None:
    """Draws numbers in the cells of maps, and one bar for all beside the last.

    They are of a column; None: epochs to convergence. Without a scale of their colours there are none.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, ListedColormap
    from matplotlib.patches import Patch

    colors = LinearSegmentedColormap.from_list("numbers", RAMP, N=1021)
    for (run, axes, found), values in zip(maps, each, strict=True):
        handles: list[Any] = []
        for here, color, label in _without(found, values, column, look):
            if here.any():
                mesh(axes, found, np.where(here, 1.0, np.nan), cmap=ListedColormap([color]))
                handles.append(Patch(facecolor=color, label=label))
        if np.isfinite(values).any():
            mesh(axes, found, values, norm=norm, cmap=colors)
        has_bar = norm is not None and axes is maps[-1][1]
        if has_bar:
            is_median = any((cells.trials > 1).any() for _, _, cells in maps)
            _explain(axes, ScalarMappable(norm, colors), run, column, look, is_median=is_median)
        frame(axes, run, found, look, handles, "", has_bar=has_bar)


def _without(
    found: Cells, values: Floats, column: str | None, look: Look
) -> Iterator[tuple[Flags, str, str]]:
    """Yields the cells that have trials and no number, their colour, and what a legend says of them."""
    none = (found.trials > 0) & np.isnan(values)
    if column is None:
        most = np.argmax(found.outcomes, axis=0)
        for code, name in enumerate(OUTCOMES[1:], start=1):
            yield none & (most == code), COLORS[name], look.name(name)
        return
    diverged = _diverged(found)
    yield none & ~diverged, COLORS["unfinished"], f"no {look.name(column)}"
    yield diverged, COLORS["diverged"], look.name("diverged")


def _explain(
    axes: "Axes", colors: "ScalarMappable", run: Run, column: str | None, look: Look, *, is_median: bool
) -> None:
    """Draws the bar beside a map that says what its colours stand for."""
    from matplotlib.colors import LogNorm
    from matplotlib.ticker import LogLocator

    assert axes.figure is not None
    bar = axes.figure.colorbar(colors, ax=axes, pad=0.02, aspect=25)
    low, high = colors.get_clim()
    if isinstance(colors.norm, LogNorm) and low is not None and high is not None:
        most = max(2, int(FRAME * height_of(axes) * 72 / (look.points * TICK)))
        bar.set_ticks(LogLocator(subs=(1, 2, 5)) if column is None else ticks_by_ratio(low, high, most))
    if column is None:
        bar.ax.yaxis.set_major_formatter("{x:,.0f}")
        words = look.labels.get("converged_at", "epochs to convergence (median of the cell)")
    else:
        bar.ax.yaxis.set_major_formatter(plain_formatter())
        words = look.labels.get(column, column_words(run, column))
        words += ", median of the cell" * is_median
    bar.minorticks_off()
    bar.ax.tick_params(labelsize=axes.xaxis.get_tick_params().get("labelsize", look.points))
    bar.set_label(wrapped(words, 0.6 * height_of(axes), look.points))
