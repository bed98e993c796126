"""The paths of chosen trials over contours of the cost."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from linreg_sweep.array_types import Floats
from linreg_sweep.plots.canvas import LINE, SMALL, Canvas, height_of, legend, title, width_of
from linreg_sweep.plots.costs import TITLE
from linreg_sweep.plots.descents import Descent, shared_by, trials_of_all, watch
from linreg_sweep.plots.look import Look
from linreg_sweep.plots.scales import name_axes
from linreg_sweep.plots.style import look_of_line
from linreg_sweep.runs.results import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes


FAR = 1000.0
"""How far from the optimum, in times the picture's reach, a line of equal cost is drawn at most."""

DOTS = 60
"""First states of a path that have a dot each."""

LONG = 5.0
"""Sides of the picture that a path goes back and forth over, above which it is drawn as a hair."""

HAIR, THIN, THICK = 0.7, 1.0, 2.8
"""How wide paths are drawn: those that lie on top are thin, so that those below them show on either side."""


def draw(canvas: Canvas, runs: Sequence[Run], *, trials: Sequence[int] = ()) -> None:
    """Draws the paths of some trials of each run over the contours of its cost; see costs.draw.

    With a weight and a bias these are the axes; with more parameters it is the plane of the flattest and
    the steepest direction through the optimum, of the first target. Where both axes have one unit they have
    one scale.
    """
    panels, chosen = canvas.panels([len(runs)]), trials_of_all(runs, trials)
    for run, axes in zip(runs, panels, strict=True):
        _paths(run, axes, chosen, canvas.look)


def _paths(run: Run, axes: "Axes", trials: Sequence[int], look: Look) -> None:
    experiment, problem, descents = watch(run, trials)
    plain = problem.shape[0] == 2
    basis = np.eye(2) if plain else problem.eigenvectors[:, [0, -1]].T
    origin = np.zeros(problem.shape[0]) if plain else problem.optimum[:, 0]
    optimum = basis @ (problem.optimum[:, 0] - origin)
    tracks = [(descent.theta[:, :, 0] - origin) @ basis.T for descent in descents]
    corners = np.array([optimum, *(track[0] for track in tracks)])
    reach = 1.25 * np.maximum(np.abs(corners - optimum).max(axis=0), 1e-9)
    reach = np.maximum(reach, reach.max() * 0.15)
    is_one_unit = not plain or {kind.standardize for kind in experiment.problems} == {True}
    if is_one_unit:  # as wide as its frame is, about, so that little is lost where both have one scale
        below = (len(tracks) + 6) * SMALL * look.points * LINE / 72  # the legend and the axis
        shape = 0.8 * width_of(axes) / max(height_of(axes) - below, 0.3 * height_of(axes))
        reach = np.maximum(reach, [reach[1] * shape, reach[0] / shape])
        axes.set_aspect("equal", adjustable="box")
    low, high = optimum - reach, optimum + reach
    along = basis @ problem.eigenvectors
    _contours(axes, (along * problem.eigenvalues) @ along.T, optimum, reach, look)
    lines, shared = [], shared_by(descents)
    looks = _layers(descents, tracks, low, high)
    for number, (descent, track, (above, width)) in enumerate(zip(descents, tracks, looks, strict=True)):
        near = np.isfinite(track).all(axis=1) & (np.abs(track - optimum) < 50 * reach).all(axis=1)
        how: dict[str, Any] = {"linewidth": width * look.width, "zorder": 2 + above, "marker": "."}
        how |= {"markevery": slice(DOTS), "markersize": (width + 2.6) * look.width} | look_of_line(number)
        lines += axes.plot(*track[near].T, label=descent.label(look, shared), **how)
        start: dict[str, Any] = {"color": how["color"], "markersize": (5 + 1.2 * width) * look.width}
        axes.plot(*track[0], "o", markeredgecolor="white", zorder=3 + above, **start)
    where = "optimum without a penalty" if experiment.is_penalised else "optimum"
    star = f"{where}; contours of the cost, each four times the one inside it"
    mark: dict[str, Any] = {"color": "black", "markeredgecolor": "white", "linestyle": "", "zorder": 5}
    lines += axes.plot(*optimum, marker="*", markersize=13 * look.width, label=star, **mark)
    names = experiment.parameter_names
    if plain:
        both = len({kind.standardize for kind in experiment.problems}) > 1
        scale = "in the data's units" if both else "as trained"
        words = [
            look.labels.get(name) or f"{look.name(name)} ({scale})"
            for name in (names[0], names[problem.shape[1]])
        ]
    else:
        words = [
            "distance from the optimum along the flattest direction",
            "distance along the steepest direction",
        ]
    axes.set_xlim(low[0], high[0])
    axes.set_ylim(low[1], high[1])
    axes.locator_params(axis="x", nbins=max(3, min(9, int(width_of(axes) * 100 / look.points / 6))))
    name_axes(axes, look, *words)
    title(axes, look, look.heading(run))
    legend(axes, look, lines, title=TITLE, columns=1)


def _layers(
    descents: Sequence[Descent], tracks: Sequence[Floats], low: Floats, high: Floats
) -> list[tuple[float, float]]:
    """Returns for each path how far up it lies, from 0 to below 1, and how wide it is drawn.

    Those that leave the picture lie lowest, then the longest; what lies above is thinner, so that of paths
    in one place all are seen. Those that go back and forth are hairs, lest they fill the picture.
    """
    inked = [_ink(track, low, high) for track in tracks]
    order = sorted(range(len(tracks)), key=lambda n: (not descents[n].has_diverged, -inked[n]))
    step = min(0.5, (THICK - THIN) / max(1, len(tracks) - 1))
    widths = [THIN + step * (len(tracks) - 1 - order.index(number)) for number in range(len(tracks))]
    return [
        (order.index(number) / len(tracks), HAIR if inked[number] > LONG else width)
        for number, width in enumerate(widths)
    ]


def _ink(track: Floats, low: Floats, high: Floats) -> float:
    """Returns how long a path is within the picture, in times its sides."""
    with np.errstate(invalid="ignore", over="ignore"):
        inside = np.clip((track - low) / (high - low), 0, 1)
        return float(np.nansum(np.linalg.norm(np.diff(inside, axis=0), axis=1)))


def _contours(axes: "Axes", form: Floats, optimum: Floats, reach: Floats, look: Look) -> None:
    """Draws lines of equal cost in a plane, each four times as high above the optimum as the one inside.

    The excess cost is a quadratic form [2, 2], so these are ellipses round the optimum [2], however long.
    """
    from matplotlib.patches import Ellipse

    curvatures, directions = np.linalg.eigh(form)
    top = max(float(corner @ form @ corner) for corner in reach * np.array([[1, 1], [1, -1]]))
    centre = float(optimum[0]), float(optimum[1])
    angle = float(np.degrees(np.arctan2(directions[1, 0], directions[0, 0])))
    how: dict[str, Any] = {"fill": False, "edgecolor": "#9A9A9A", "linewidth": 0.8 * look.width}
    for level in top * 4.0 ** np.arange(-9, 0):
        with np.errstate(divide="ignore", invalid="ignore"):
            widths = 2 * np.minimum(np.sqrt(level / np.maximum(curvatures, 0)), FAR * reach.max())
        axes.add_patch(Ellipse(centre, *widths, angle=angle, **how))
