"""How a trial fits: its line through the data, or what it predicts against what is; and what was held out."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from linreg_sweep.analysis.shown import COLORS
from linreg_sweep.array_types import Floats, Integers
from linreg_sweep.blocks import evenly
from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.folds import Fold
from linreg_sweep.model import Model
from linreg_sweep.plots.canvas import TITLE, Canvas, legend, title, width_of_row
from linreg_sweep.plots.descents import looked_at
from linreg_sweep.plots.look import Look
from linreg_sweep.plots.scales import along_epochs, name_axes, upwards
from linreg_sweep.plots.style import INK, LINES
from linreg_sweep.runs.modelling import model_of
from linreg_sweep.runs.reopening import fold_of
from linreg_sweep.runs.results import Run
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.groups import Group

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D


MAX_POINTS = 2_000
"""Rows that are drawn at most, evenly spaced."""

MANY = 200
"""Rows above which each is drawn smaller."""

PANEL, ALONE = (5.0, 4.4), (8.0, 5.6)
"""Inches of a panel: of several, or a single one."""

NARROWEST = 2.2
"""Inches of a panel at least, with letters of a screen."""

TRAINED, HELD_OUT = COLORS["converged"], COLORS["diverged"]
"""The colours of rows that a trial was trained on, and of those held out."""


@dataclass(frozen=True)
class Fitted:
    """A trial, its data and its course.

    Attributes:
        trial: its number.
        model: what it came to.
        fold: its rows.
        least_squares: the weight and the bias of least squares on them, of one feature and one target.
        epoch: at which its state was looked at [s].
        costs: on the training and, where there are any, on the held-out rows [1 or 2, s].
        best_epoch: with the least cost on the held-out rows; None: there are none.
    """

    trial: int
    model: Model
    fold: Fold
    least_squares: tuple[float, float]
    epoch: Integers
    costs: list[Floats]
    best_epoch: int | None


def draw(canvas: Canvas, runs: Sequence[Run], *, trials: Sequence[int] = ()) -> None:
    """Draws how the best trial of each run, or one that is named by its number, fits.

    Of one feature the data with its line; else what it predicts against what is, and what is left. Where rows
    are held out, the cost on both kinds of rows along its epochs as well.

    Raises:
        ConfigError: there is no such trial, several are named, or it diverged.
        ResultsError, DataError: a run's data have moved or changed.
    """
    if len(trials) > 1:
        raise ConfigError(Complaint("--trial", f"must be one trial with --kind fit, got {len(trials)}"))
    each = [_fitted(run, trials[0] if trials else None) for run in runs]
    counts = [_count(fitted) for fitted in each]
    panels = iter(canvas.panels(counts, PANEL if max(counts) > 1 else ALONE, narrowest=NARROWEST))
    for run, fitted in zip(runs, each, strict=True):
        of_it = list(islice(panels, _count(fitted)))
        if _is_line(fitted):
            _line(of_it[0], fitted, canvas.look)
        else:
            _predictions(of_it[:2], fitted, canvas.look)
        if fitted.best_epoch is not None:
            _costs(of_it[-1], fitted, canvas.look)
        text = f"{canvas.look.heading(run)}; trial {fitted.trial}"
        where = "left" if len(of_it) > 1 else "center"
        title(of_it[0], canvas.look, text, TITLE * width_of_row(of_it), loc=where)


def _is_line(fitted: Fitted) -> bool:
    return len(fitted.model.features) == len(fitted.model.targets) == 1


def _count(fitted: Fitted) -> int:
    """Returns how many panels a trial has."""
    return (1 if _is_line(fitted) else 2) + (fitted.best_epoch is not None)


def _fitted(run: Run, trial: int | None) -> Fitted:
    """Returns a trial, trained once more to be watched."""
    number = int(run.best(1)["trial"].iloc[0]) if trial is None else trial
    model, (experiment, group, fold) = model_of(run, number), fold_of(run, number)
    results = experiment.train_groups([group], states_at=looked_at(int(group.trials.epochs[0])))
    epoch = np.append(results.history.epoch, results.epochs)
    theta = np.concatenate([results.history.theta, results.theta])
    costs = [group.problem.cost(theta)]
    if experiment.holds_out:
        costs.append(group.problem.held_out_cost(theta))
    best = None if results.least is None else int(results.least.epoch[0])
    return Fitted(number, model, fold, line_of_least_squares(experiment, group), epoch, costs, best)


def line_of_least_squares(experiment: Experiment, group: Group) -> tuple[float, float]:
    """Returns weight and bias of least squares, or of ridge, on a trial's rows, in their own units."""
    optimum = list(experiment.named(group.problem.optimum, group.kind).values())
    return optimum[0], optimum[1] if len(optimum) > 1 else 0.0


def _rows(fitted: Fitted) -> list[tuple[str, str, Floats, Floats]]:
    """Returns the rows that are drawn, by what they are called and their colour: x and y."""
    kinds = [("training rows", TRAINED, fitted.fold.train.x, fitted.fold.train.y)]
    if fitted.fold.n_held_out:
        kinds.append(("held-out rows", HELD_OUT, fitted.fold.held_out.x, fitted.fold.held_out.y))
    some = [evenly(len(x), MAX_POINTS) for _, _, x, _ in kinds]
    return [(name, color, x[rows], y[rows]) for (name, color, x, y), rows in zip(kinds, some, strict=True)]


def _dots(axes: "Axes", x: Floats, y: Floats, color: str, name: str, look: Look) -> "list[Line2D]":
    """Draws rows, the smaller the more there are."""
    size = (7.0 if x.size <= MANY else 5.0) * look.width
    return axes.plot(x, y, ".", color=color, label=name, alpha=0.7, markersize=size, markeredgewidth=0)


def _line(axes: "Axes", fitted: Fitted, look: Look) -> None:
    """Draws the data of one feature with the fitted line, and that of least squares."""
    handles = []
    rows = _rows(fitted)
    for name, color, x, y in rows:
        handles += _dots(axes, x[:, 0], y[:, 0], color, name, look)
    both = np.concatenate([x[:, 0] for _, _, x, _ in rows])
    ends = np.array([both.min(), both.max()])
    weight, bias = fitted.least_squares
    squares, line = weight * ends + bias, fitted.model.of_rows(ends[:, None])[:, 0]
    width = 1.5 * look.width  # where both lie in one place the dashes are on the line
    handles += axes.plot(
        ends, squares, "--", color=LINES[1], label="least squares", linewidth=width, zorder=3
    )
    handles += axes.plot(ends, line, color=INK, label="fitted line", linewidth=width)
    name_axes(axes, look, fitted.model.features[0], fitted.model.targets[0])
    legend(axes, look, handles)


def _predictions(panels: "Sequence[Axes]", fitted: Fitted, look: Look) -> None:
    """Draws what is predicted against what is, of all targets, and beside it what is left."""
    against, residuals = panels
    handles, left = [], []
    low, high = np.inf, -np.inf
    for name, color, x, y in _rows(fitted):
        predicted = fitted.model.of_rows(x)
        handles += _dots(against, predicted.ravel(), y.ravel(), color, name, look)
        left += _dots(residuals, predicted.ravel(), (y - predicted).ravel(), color, name, look)
        low, high = min(low, predicted.min(), y.min()), max(high, predicted.max(), y.max())
    exact: dict[str, Any] = {"color": INK, "linewidth": look.width, "label": "predicted exactly"}
    handles += against.plot([low, high], [low, high], **exact)
    residuals.axhline(0, color=INK, linewidth=look.width)
    targets = ", ".join(fitted.model.targets)
    name_axes(against, look, f"predicted {targets}", targets)
    name_axes(residuals, look, f"predicted {targets}", f"residual of {targets}")
    legend(against, look, handles)
    legend(residuals, look, left)


def _costs(axes: "Axes", fitted: Fitted, look: Look) -> None:
    """Draws the cost on both kinds of rows along the epochs, and the epoch that is best on held-out ones."""
    handles: list[Any] = []
    names = ("training rows", "held-out rows")
    shown = [np.where(np.isfinite(cost) & (cost > 0), cost, np.nan) for cost in fitted.costs]
    for name, color, cost in zip(names, (TRAINED, HELD_OUT), shown, strict=False):
        good = ~np.isnan(cost)
        curve: dict[str, Any] = {"color": color, "label": f"cost on {name}", "linewidth": 1.5 * look.width}
        handles += axes.plot(fitted.epoch[good], cost[good], **curve)
    best = fitted.best_epoch or 0
    mark: dict[str, Any] = {"color": INK, "linestyle": ":", "linewidth": 1.5 * look.width}
    handles.append(axes.axvline(best, label=f"best epoch {best:,}", **mark))
    low, high = (float(end(np.concatenate(shown))) for end in (np.nanmin, np.nanmax))
    free = max(high / low, 1.1) ** 0.06
    upwards(axes, low / free, high * free, look, log=True)
    along_epochs(axes, int(fitted.epoch[-1]), look)
    targets = ", ".join(fitted.model.targets)
    name_axes(axes, look, up=f"mean squared error (squared units of {targets})")
    legend(axes, look, handles)
