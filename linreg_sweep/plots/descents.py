"""Chosen trials, trained once more to be watched: cost against epoch, and their paths."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.analysis.formats import shown
from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.plots.style import DASHES, INK, LINES, spaced, title_of
from linreg_sweep.runs.reopening import reopen
from linreg_sweep.runs.results import Run
from linreg_sweep.theory.problem import Problem
from linreg_sweep.trials.columns import parameter_column, trial_types
from linreg_sweep.trials.experiment import Experiment

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

EVERY = 200
"""Epochs that are all looked at; later ones are looked at as many times, evenly by ratio."""

DEFAULT_TRIALS = 5
"""Trials that are drawn beside the best one where none is asked for."""

MAX_TRIALS = 16

HIGHEST = 1e290
"""A cost above which no axis can go on."""

FAR = 1000.0
"""How far from the optimum, in times the picture's reach, a line of equal cost is drawn at most."""


@dataclass(frozen=True)
class Descent:
    """A trial, watched.

    Attributes:
        trial: its number.
        words: what it is called in a legend: its hyperparameters and what became of it.
        color: of its line: where a hyperparameter is words, of its word, else its own.
        dashes: of its line, which tell lines of one colour apart.
        epoch: [s].
        theta: [s, P, O], in the scale of the problem that all are drawn on.
        excess: above its own optimum [s], with its penalty, in units of y squared.
    """

    trial: int
    words: str
    color: str
    dashes: str
    epoch: NDArray[np.int64]
    theta: Floats
    excess: Floats


def default_trials(run: Run) -> list[int]:
    """Returns trials that show a run, none that failed.

    Where words vary, the best of each; else some that are evenly spaced by their number, and the best.
    """
    by = run.default_by()
    if run.types[by[0]].is_words:
        return sorted(run.best_of_each(by)["trial"].tolist()[:MAX_TRIALS])
    spaced = np.linspace(0, run.n_trials - 1, min(DEFAULT_TRIALS, run.n_trials)).astype(int).tolist()
    best = run.metadata.get("best", {}).get("trial")
    return sorted({*spaced, *([] if best is None else [best])} - run.failures.keys())


def watch(run: Run, trials: Sequence[int] = ()) -> tuple[Experiment, Problem, list[Descent]]:
    """Trains trials of a run once more, by its own engine, keeping states.

    The problem is one whose scale all are drawn in: that of the first trials or, where only some see
    standardized x, the data's own.

    Args:
        run: which run.
        trials: their numbers; none: some that show the run.

    Raises:
        ConfigError: there is no such trial, or there are too many.
        ResultsError, DataError: the run's data have moved or changed.
    """
    wanted = list(dict.fromkeys(trials)) or default_trials(run)
    wrong = [number for number in wanted if not 0 <= number < run.n_trials]
    if wrong:
        text = f"must be a trial of the run, 0 to {run.n_trials - 1:,}, got {wrong[0]}"
        raise ConfigError(Complaint("--trial", text))
    if len(wanted) > MAX_TRIALS:
        raise ConfigError(Complaint("--trial", f"must be at most {MAX_TRIALS} trials, got {len(wanted)}"))
    experiment = reopen(run)
    each = [experiment.values(number, number + 1) for number in wanted]
    values = {name: np.concatenate([one[name] for one in each]) for name in each[0]}
    groups = experiment.groups(values)
    epochs = max(int(group.trials.epochs.max()) for group in groups)
    later = np.geomspace(EVERY, max(EVERY, epochs), EVERY).astype(np.int64)
    looked = np.unique(np.concatenate([np.arange(min(EVERY, epochs) + 1), later[later <= epochs]]))
    results = experiment.train_groups(groups, states_at=looked)
    history, group_of = results.history, {int(place): group for group in groups for place in group.chosen}
    scales = {group.kind[1] for group in groups}
    problem = next(group.problem for group in groups if len(scales) == 1 or not group.kind[1])
    types = trial_types(experiment)
    varied = {parameter_column(name): values[name] for name in experiment.space.parameters}
    looks = _looks({name: value for name, value in varied.items() if types[name].is_words}, len(wanted))
    descents = []
    for place, number in enumerate(wanted):
        rows = history.trial == place
        end = int(results.epochs[place])
        cells = {
            name: types[parameter_column(name)].cell(values[name][place]) for name in experiment.space.names
        }
        told = [f"{spaced(name)} {shown(cell, 4)}" for name, cell in cells.items() if cell is not None]
        became = _became(int(results.converged_at[place]), int(results.diverged_at[place]), end)
        epoch = np.append(history.epoch[rows], end)
        theta = np.concatenate([history.theta[rows], results.theta[[place]]])
        new = np.append(True, np.diff(epoch) > 0)
        color, dashes = looks[place]
        words = f"{', '.join(told)}: {became}"
        group = group_of[place]
        own = group.trials.quadratic.take(np.full(len(theta), np.searchsorted(group.chosen, place)))
        drawn = experiment.unscaled(theta, group.kind) if len(scales) > 1 else theta
        excess = own.excess(theta)
        descents.append(Descent(number, words, color, dashes, epoch[new], drawn[new], excess[new]))
    return experiment, problem, descents


def _looks(words: Mapping[str, Floats], count: int) -> list[tuple[str, str]]:
    """Returns the colour and the dashes of so many trials, by their codes in the first parameter of words."""
    groups = next(iter(words.values()), np.arange(count, dtype=np.float64))
    looks: list[tuple[str, str]] = []
    seen: dict[float, int] = {}
    for code in np.nan_to_num(groups, nan=-1.0).astype(int).tolist():
        turn = seen[code] = seen.get(code, -1) + 1
        dashes = turn if words else code // len(LINES)
        looks.append((LINES[code % len(LINES)], DASHES[dashes % len(DASHES)]))
    return looks


def _became(converged_at: int, diverged_at: int, epochs: int) -> str:
    if diverged_at >= 0:
        return f"diverged at {diverged_at:,}"
    return f"converged at {converged_at:,}" if converged_at >= 0 else f"unfinished after {epochs:,}"


def cost_curves(run: Run, axes: "Axes", *, trials: Sequence[int] = ()) -> "Axes":
    """Draws the cost above the optimum against the epoch, on log axes, for some trials.

    Args:
        run: which run.
        axes: where.
        trials: their numbers; none: some that show the run.

    Returns:
        The axes.

    Raises:
        ConfigError: there is no such trial, or there are too many.
        ResultsError, DataError: the run's data have moved or changed.
    """
    experiment, _, descents = watch(run, trials)
    level = highest = min(experiment.converged_excess, HIGHEST)
    for descent in descents:
        excess = descent.excess
        good = np.isfinite(excess) & (excess > 0)
        if good.any():
            highest = max(highest, min(float(excess[good][0]), HIGHEST))
        axes.plot(
            descent.epoch[good],
            excess[good],
            color=descent.color,
            linestyle=descent.dashes,
            linewidth=1.8,
            label=f"{descent.trial}: {descent.words}",
        )
    axes.axhline(level, color=INK, linestyle=":", linewidth=1.2)
    axes.annotate(
        "converged below",
        (0, level),
        (4, 3),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        fontsize=8,
        color=INK,
    )
    axes.set_xscale("symlog", linthresh=1)
    axes.set_yscale("log")
    axes.set_xlim(left=0)
    axes.set_ylim(level / 30, highest * 1e3)
    axes.set_xlabel("epoch (0, then log scale)")
    what = "cost and penalty above their optimum\n" if experiment.is_penalised else "cost above the optimum "
    axes.set_ylabel(f"{what}(unit of {_targets(run)} squared)")
    axes.set_title(title_of(run), fontsize=11)
    _legend(axes, -0.13)
    return axes


def paths(run: Run, axes: "Axes", *, trials: Sequence[int] = ()) -> "Axes":
    """Draws the paths of some trials over the contours of the cost.

    With a weight and a bias these are the axes; with more parameters it is the plane of the flattest and
    the steepest direction through the optimum, of the first target. For arguments, result and errors see
    cost_curves.
    """
    experiment, problem, descents = watch(run, trials)
    plain = problem.shape[0] == 2
    basis = np.eye(2) if plain else problem.eigenvectors[:, [0, -1]].T
    origin = np.zeros(problem.shape[0]) if plain else problem.optimum[:, 0]
    optimum = basis @ (problem.optimum[:, 0] - origin)
    tracks = [(descent.theta[:, :, 0] - origin) @ basis.T for descent in descents]
    corners = np.array([optimum, *(track[0] for track in tracks)])
    reach = 1.25 * np.maximum(np.abs(corners - optimum).max(axis=0), 1e-9)
    reach = np.maximum(reach, reach.max() * 0.15)
    low, high = optimum - reach, optimum + reach
    along = basis @ problem.eigenvectors
    _contours(axes, (along * problem.eigenvalues) @ along.T, optimum, reach)
    for descent, track in zip(descents, tracks, strict=True):
        near = np.isfinite(track).all(axis=1) & (np.abs(track - optimum) < 50 * reach).all(axis=1)
        label = f"{descent.trial}: {descent.words}"
        over = 2 if "diverged" in descent.words else 3  # a path that leaves the picture hides no other
        look: dict[str, Any] = {"color": descent.color, "linewidth": 1.2, "markersize": 3.5, "zorder": over}
        axes.plot(*track[near].T, f".{descent.dashes}", label=label, **look)
        axes.plot(*track[0], "o", color=descent.color, markersize=7, markeredgecolor="white", zorder=4)
    where = "optimum without a penalty" if experiment.is_penalised else "optimum"
    star = f"{where}; lines of equal cost, each four times as high as the one inside"
    axes.plot(*optimum, "*", color="black", markersize=13, markeredgecolor="white", label=star, zorder=5)
    axes.set_xlim(low[0], high[0])
    axes.set_ylim(low[1], high[1])
    names = experiment.parameter_names
    if plain:
        both = len({is_scaled for _, is_scaled, _ in experiment.problems}) > 1
        scale = "in the data's units" if both else "as trained"
        axes.set_xlabel(f"{spaced(names[0])} ({scale})")
        axes.set_ylabel(f"{spaced(names[problem.shape[1]])} ({scale})")
    else:
        axes.set_xlabel("distance from the optimum along the flattest direction")
        axes.set_ylabel("distance along the steepest direction")
    axes.set_title(title_of(run), fontsize=11)
    _legend(axes, -0.13)
    return axes


def _contours(axes: "Axes", form: Floats, optimum: Floats, reach: Floats) -> None:
    """Draws lines of equal cost in a plane, each four times as high above the optimum as the one inside.

    The excess cost is a quadratic form, so these are ellipses round the optimum, however long.

    Args:
        axes: where.
        form: [2, 2], of errors in the plane.
        optimum: its place in the plane [2].
        reach: from there to the ends of the picture [2].
    """
    from matplotlib.patches import Ellipse

    curvatures, directions = np.linalg.eigh(form)
    top = max(float(corner @ form @ corner) for corner in reach * np.array([[1, 1], [1, -1]]))
    centre = float(optimum[0]), float(optimum[1])
    angle = float(np.degrees(np.arctan2(directions[1, 0], directions[0, 0])))
    for level in top * 4.0 ** np.arange(-9, 0):
        with np.errstate(divide="ignore", invalid="ignore"):
            widths = 2 * np.minimum(np.sqrt(level / np.maximum(curvatures, 0)), FAR * reach.max())
        axes.add_patch(Ellipse(centre, *widths, angle=angle, fill=False, edgecolor="#9A9A9A", linewidth=0.8))


def _targets(run: Run) -> str:
    return ", ".join(run.metadata["data"]["targets"])


def _legend(axes: "Axes", below: float) -> None:
    axes.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, below),
        ncols=1,
        fontsize=8,
        frameon=False,
        title="trial: hyperparameters: what became of it",
        title_fontsize=8,
    )
