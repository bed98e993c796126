"""The best of a run on a map: a ring in its cell and, where others are as good, in theirs.

With folds the best is a setting in the mean over its folds, as `run` names it, and no single trial.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from linreg_sweep.array_types import Floats
from linreg_sweep.plots.cells import Cells, MapSide
from linreg_sweep.plots.look import Look
from linreg_sweep.plots.style import INK
from linreg_sweep.runs.results import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes


MAX_RINGS = 60
"""Cells that are marked; where more are as good, the legend alone says so."""


def mark_best(axes: "Axes", run: Run, found: Cells, look: Look) -> list[Any]:
    """Draws a ring in each cell that has one as good as the best; returns what the legend shows of it."""
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import Normal, Stroke

    value = run.metadata.get("best", {}).get(run.best_by)
    if not isinstance(value, int | float):
        return []
    setting = run.metadata["folds"]["best"] if "folds" in run.metadata else None
    sides, rows = found.sides, []
    for columns in run.parts(["trial", *(side.name for side in sides), run.best_by]):
        good = columns[run.best_by] == value
        if setting is not None:
            good = np.asarray(columns["trial"], np.int64) // run.n_folds == setting["first"] // run.n_folds
        if good.any():
            own = [run.types[side.name].keys(columns[side.name][good]) for side in sides]
            rows.append(np.column_stack([np.asarray(each, np.float64) for each in own]))
    if not rows:
        return []
    together = np.concatenate(rows)
    places = np.column_stack([_places(run, side, together[:, n]) for n, side in enumerate(sides)])
    places = np.unique(places[~np.isnan(places).any(axis=1)], axis=0)
    if not len(places):
        return []
    words = f"best trial: {look.name(run.best_by)} {value:.6g}"
    if run.best_by == "converged_at":
        words = f"fastest trial: epoch {value:,}"
    words += f", {len(together):,} tied" if len(together) > 1 else ""
    if setting is not None:
        mean = f"{look.name(run.best_by)} {setting['mean']:.6g}"
        words = f"best setting: {mean} in the mean over {run.n_folds} folds"
    if len(places) > MAX_RINGS:
        return [Line2D([], [], linestyle="", label=words)]
    heights = places[:, 1] if len(sides) > 1 else np.full(len(places), 0.5)
    ring: dict[str, Any] = {
        "linestyle": "",
        "marker": "o",
        "markerfacecolor": "none",
        "markeredgecolor": "white",
    }
    ring |= {"markersize": 8 * look.width, "markeredgewidth": 1.2 * look.width, "zorder": 4, "clip_on": False}
    dark = [Stroke(linewidth=3.2 * look.width, foreground=INK), Normal()]  # on either side
    return list(axes.plot(places[:, 0], heights, label=words, path_effects=dark, **ring))


def _places(run: Run, side: MapSide, values: Floats) -> Floats:
    """Returns the middles of the cells that values are in; NaN: in none."""
    if side.is_words:
        words = run.types[side.name].words
        place = {words.index(label): number for number, label in enumerate(side.labels)}
        return np.array([place.get(int(value), np.nan) if value == value else np.nan for value in values])
    if side.ranges is not None:
        which = side.ranges.place(values)
        return np.where(np.isnan(which), np.nan, side.centres[np.nan_to_num(which).astype(int)])
    return side.drawn(values)
