"""Maps over two parameters whose colours are those of any column: a plateau, a held-out cost."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.analysis.aggregate import check_column
from linreg_sweep.analysis.shown import COLORS
from linreg_sweep.analysis.spread import Spreads
from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.plots.canvas import FRAME, Canvas, height_of, wrapped
from linreg_sweep.plots.cells import Cells, places_on
from linreg_sweep.plots.look import Look
from linreg_sweep.plots.maps import draw_outcomes, drawn_cells, frame, mesh, views_of
from linreg_sweep.plots.scales import plainly, ticks_by_ratio
from linreg_sweep.plots.style import BY_RATIO, RAMP, column_words
from linreg_sweep.runs.results import Run
from linreg_sweep.theory.outcome import DIVERGED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

Floats = NDArray[np.float64]

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

    Args:
        canvas: where.
        runs: one or more.
        x: the parameter to the right; None: the learning rate.
        y: the one upwards; None: the next that varies.
        color: a column of numbers; None: what became of the trials.
        bins: see plot.plot.

    Raises:
        ConfigError: a run has no such column, it holds words, or no cell has a median.
        ResultsError: no part is finished, or one is damaged.
    """
    if color is None:
        draw_outcomes(canvas, runs, x=x, y=y, bins=bins)
        return
    for run in runs:
        check_column(color, run.columns)
        if run.types[color].is_words:
            text = f"must be a column of numbers, {color} holds words"
            raise ConfigError(Complaint("--color", text, "leave it out to see outcomes"))
    views = views_of(canvas, runs, x, y, bins)
    panels = canvas.panels([len(views)])
    maps = [drawn_cells(run, axes, x, y, bins, canvas.look) for run, axes in zip(views, panels, strict=True)]
    each = [medians(run, found, color) for run, found in zip(views, maps, strict=True)]
    norm = _norm(color, each)
    known = [place for place, values in enumerate(each) if np.isfinite(values).any()]
    for place, (run, axes, found, values) in enumerate(zip(views, panels, maps, each, strict=True)):
        _color(axes, run, found, values, norm, color, canvas.look, has_bar=place == known[-1])


def medians(run: Run, found: Cells, column: str) -> Floats:
    """Returns the median of a column in each cell of a map [vy, vx].

    NaN where half of the trials or more miss it or are infinite, and where most diverged.
    """
    sides = [found.x, *([] if found.y is None else [found.y])]
    ranges = {side.name: side.ranges for side in sides if side.ranges is not None}
    spreads = Spreads([side.name for side in sides], [column], run.types, ranges)
    for columns in run.parts(spreads.reads):
        spreads.add(columns)
    keys, _, spread = spreads.found()
    inside = ~np.isnan(keys).any(axis=1)
    places = [places_on(run, side, keys[inside, number]) for number, side in enumerate(sides)]
    values = np.full(found.trials.shape, np.nan)
    values[places[1] if len(places) > 1 else 0, places[0]] = spread[column].median[inside]
    return np.where(np.isfinite(values) & ~_diverged(found), values, np.nan)


def _diverged(found: Cells) -> NDArray[np.bool_]:
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


def _color(
    axes: "Axes",
    run: Run,
    found: Cells,
    values: Floats,
    norm: "Normalize",
    column: str,
    look: Look,
    *,
    has_bar: bool,
) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, ListedColormap
    from matplotlib.patches import Patch

    handles: list[Any] = []
    none, diverged = (found.trials > 0) & np.isnan(values), _diverged(found)
    for here, color, label in (
        (none & ~diverged, COLORS["unfinished"], f"no {look.name(column)}"),
        (diverged, COLORS["diverged"], look.name("diverged")),
    ):
        if here.any():
            mesh(axes, found, np.where(here, 1.0, np.nan), cmap=ListedColormap([color]))
            handles.append(Patch(facecolor=color, label=label))
    colors = LinearSegmentedColormap.from_list("column", RAMP, N=1021)
    mesh(axes, found, values, norm=norm, cmap=colors)
    if has_bar:
        words = look.labels.get(column, column_words(run, column))
        several = bool((found.trials > 1).any())
        _explain(axes, ScalarMappable(norm, colors), words + ", median of the cell" * several, look)
    frame(axes, run, found, look, handles, "", has_bar=has_bar)


def _explain(axes: "Axes", colors: "ScalarMappable", words: str, look: Look) -> None:
    """Draws the bar beside a map that says what its colours stand for."""
    from matplotlib.colors import LogNorm

    assert axes.figure is not None
    bar = axes.figure.colorbar(colors, ax=axes, pad=0.02, aspect=25)
    low, high = colors.get_clim()
    if isinstance(colors.norm, LogNorm) and low is not None and high is not None:
        most = max(2, int(FRAME * height_of(axes) * 72 / (look.points * TICK)))
        bar.set_ticks(ticks_by_ratio(low, high, most))
    bar.ax.yaxis.set_major_formatter(lambda value, place: plainly(value))
    bar.minorticks_off()
    bar.ax.tick_params(labelsize=axes.xaxis.get_tick_params().get("labelsize", look.points))
    bar.set_label(wrapped(words, 0.6 * height_of(axes), look.points))
