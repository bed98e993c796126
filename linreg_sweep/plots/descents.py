"""Chosen trials, trained once more to be watched: what curves of the cost and paths are drawn from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from linreg_sweep.analysis.formats import shown
from linreg_sweep.array_types import Floats, Integers
from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.plots.look import Look
from linreg_sweep.runs.reopening import reopen
from linreg_sweep.runs.results import Run
from linreg_sweep.theory.problem import Problem
from linreg_sweep.trials.columns import parameter_column, trial_types
from linreg_sweep.trials.experiment import Experiment

EVERY = 200
"""Epochs that are all looked at; later ones are looked at as many times, evenly by ratio."""

DEFAULT_TRIALS = 5
"""Trials that are drawn beside the best one where none is asked for."""

MAX_TRIALS = 16


@dataclass(frozen=True)
class Descent:
    """A trial, watched.

    Attributes:
        trial: its number.
        cells: its hyperparameters by their names, as a table has them.
        became: what became of it, in words.
        has_diverged: whether it did.
        in_batches: whether its steps see some rows each, so that its cost scatters.
        epoch: [s].
        theta: [s, P, O], in the scale of the problem that all are drawn on.
        excess: above its own optimum [s], with its penalty, in units of y squared.
    """

    trial: int
    cells: Mapping[str, Any]
    became: str
    has_diverged: bool
    in_batches: bool
    epoch: Integers
    theta: Floats
    excess: Floats

    def label(self, look: Look, shared: Collection[str] = ()) -> str:
        """Returns what a legend says of it, but for hyperparameters that all in the picture share."""
        told = [
            f"{look.name(name)} {shown(cell, 4)}" for name, cell in self.cells.items() if name not in shared
        ]
        return ": ".join(filter(None, [str(self.trial), ", ".join(told), self.became]))


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
    standardized x, the data's own. Where no trials are named they are default_trials.

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
    results = experiment.train_groups(groups, states_at=looked_at(epochs))
    history, group_of = results.history, {int(place): group for group in groups for place in group.chosen}
    scales = {group.kind[1] for group in groups}
    problem = next(group.problem for group in groups if len(scales) == 1 or not group.kind[1])
    types = trial_types(experiment)
    descents = []
    for place, number in enumerate(wanted):
        rows = history.trial == place
        end = int(results.epochs[place])
        columns = {parameter_column(name): values[name][place] for name in experiment.space.names}
        cells = {name: types[name].cell(value) for name, value in columns.items()}
        cells = {name: cell for name, cell in cells.items() if cell is not None}
        became = _became(int(results.converged_at[place]), int(results.diverged_at[place]), end)
        epoch = np.append(history.epoch[rows], end)
        theta = np.concatenate([history.theta[rows], results.theta[[place]]])
        new = np.append(True, np.diff(epoch) > 0)
        group = group_of[place]
        own = group.trials.quadratic.take(np.full(len(theta), np.searchsorted(group.chosen, place)))
        drawn = experiment.unscaled(theta, group.kind) if len(scales) > 1 else theta
        excess = own.excess(theta)
        facts = int(results.diverged_at[place]) >= 0, group.options.method.batch_size is not None
        descents.append(Descent(number, cells, became, *facts, epoch[new], drawn[new], excess[new]))
    return experiment, problem, descents


def looked_at(epochs: int) -> Integers:
    """Returns the ascending epochs at which trials of so many epochs are looked at."""
    later = np.geomspace(EVERY, max(EVERY, epochs), EVERY).astype(np.int64)
    return np.unique(np.concatenate([np.arange(min(EVERY, epochs) + 1), later[later <= epochs]]))


def _became(converged_at: int, diverged_at: int, epochs: int) -> str:
    if diverged_at >= 0:
        return f"diverged at {diverged_at:,}"
    return f"converged at {converged_at:,}" if converged_at >= 0 else f"unfinished after {epochs:,}"


def trials_of_all(runs: Sequence[Run], trials: Sequence[int]) -> Sequence[int]:
    """Returns the trials that several runs show side by side, so that a trial has one colour in all.

    None: each shows its own, since they have not the same trials.
    """
    if trials or len({run.n_trials for run in runs}) > 1:
        return trials
    return sorted({trial for run in runs for trial in default_trials(run)})[:MAX_TRIALS]


def shared_by(descents: Sequence[Descent]) -> set[str]:
    """Returns the hyperparameters that have one value in several trials, so that no legend need say it."""
    first = descents[0].cells
    return {
        name
        for name in first
        if len(descents) > 1 and all(each.cells.get(name) == first[name] for each in descents)
    }
