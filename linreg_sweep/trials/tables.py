"""The tables of a part: its trials and the states that are kept, column by column (see columns)."""

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Floats
from linreg_sweep.column_types import Array
from linreg_sweep.engines.interface import Results
from linreg_sweep.theory.outcome import FAILED
from linreg_sweep.trials.columns import (
    TRIALS,
    Family,
    as_stored,
    history_types,
    parameter_column,
    states,
    trial_types,
)
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.groups import Group
from linreg_sweep.trials.trained import Trained


def trial_columns(
    experiment: Experiment, first: int, values: dict[str, Floats], groups: list[Group], results: Results
) -> dict[str, Array]:
    """Returns the trials table of a part from its first trial on, column by column, [K] each.

    Words are codes; see column_types. For the arguments see Trained.
    """
    trials = Trained(experiment, first, values, groups, results)
    columns: dict[str, Array] = {}
    for entry in TRIALS:
        if isinstance(entry, Family):
            columns |= entry.compute(trials)
        elif entry.applies(experiment):
            columns[entry.name] = np.asarray(entry.compute(trials), entry.type.dtype)
    return columns


def failed_columns(experiment: Experiment, trials: NDArray[np.int64]) -> dict[str, Array]:
    """Returns the rows of trials [K], ascending, that could not be trained: nothing but hyperparameters."""
    each = [experiment.values(trial, trial + 1) for trial in trials.tolist()]
    given = {
        parameter_column(name): np.concatenate([np.empty(0), *(value[name] for value in each)])
        for name in experiment.fixed()
    }
    columns: dict[str, Array] = {}
    for name, type_ in trial_types(experiment).items():
        values = given[name] if type_.role == "hyperparameter" else np.full(len(trials), np.nan)
        columns[name] = as_stored(type_, values)
    outcome = np.full(len(trials), FAILED, columns["outcome"].dtype)
    return columns | {"trial": trials, "outcome": outcome}


def history_columns(
    experiment: Experiment, first: int, groups: list[Group], results: Results
) -> dict[str, Array]:
    """Returns the history of a part, one row a kept state, ordered by trial and epoch, [R] each."""
    history = results.history
    columns: dict[str, Array] = {"trial": history.trial + first, "epoch": history.epoch}
    of_rows = [
        np.flatnonzero(np.isin(history.trial, group.chosen))
        if len(groups) > 1
        else np.arange(len(history.trial))
        for group in groups
    ]
    columns |= states(experiment, zip(of_rows, (group.kind for group in groups), strict=True), history.theta)
    cost = np.empty(len(history.trial))
    for rows, group in zip(of_rows, groups, strict=True):
        cost[rows] = group.problem.cost(history.theta[rows])
    return columns | {"cost": cost}


def no_history(experiment: Experiment) -> dict[str, Array]:
    """Returns the history without a row."""
    return {name: np.empty(0, type_.dtype) for name, type_ in history_types(experiment).items()}
