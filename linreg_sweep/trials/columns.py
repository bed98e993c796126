"""The columns of the trials table: their names, and the values that a part's results give them."""

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.engines.interface import Results, history_of
from linreg_sweep.theory.outcome import (
    CATEGORIES,
    EVENTS,
    FAILED,
    MEASURED,
    MISSING,
    SPECTRUM,
    Codes,
    judge,
    judge_measured_regime,
    judge_regime,
    stability_limit,
    steepest_contraction,
)
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.prediction import predict

Column = NDArray[np.generic]
Floats = NDArray[np.float64]


def parameter_column(name: str) -> str:
    """Returns the column of a hyperparameter; `epochs` itself is the column of epochs done."""
    return "max_epochs" if name == "epochs" else name


def trial_columns(
    experiment: Experiment, first: int, values: dict[str, Floats], results: Results
) -> dict[str, Column]:
    """Returns the trials table of a part, column by column, [K] each.

    Args:
        experiment: what was trained.
        first: the number of the part's first trial.
        values: the hyperparameters of its trials.
        results: what became of them.

    Returns:
        Categories are codes (see outcome.py); MISSING stands for what is not known.
    """
    problem, criteria, training = experiment.problem, experiment.criteria, experiment.config.training
    excess = problem.excess_cost(results.theta)
    full_batch = experiment.batch_sizes(values) == problem.n_rows
    momentum = values.get("momentum", training.momentum)
    steepest = float(problem.eigenvalues[-1])
    rate, nesterov = values["learning_rate"], training.nesterov
    limit = stability_limit(steepest, momentum, nesterov=nesterov)
    columns: dict[str, Column] = {"trial": np.arange(first, first + len(rate), dtype=np.int64)}
    columns |= {parameter_column(name): value for name, value in values.items()}
    columns["outcome"] = judge(
        results.converged_at,
        results.diverged_at,
        excess,
        experiment.converged_excess,
        early_stop=training.early_stop,
    )
    columns["epochs"] = results.epochs
    columns["converged_at"] = results.converged_at
    columns["diverged_at"] = results.diverged_at
    columns |= states(experiment, results.theta)
    columns["cost"] = problem.cost_min + excess
    columns["excess_cost"] = excess
    columns["contraction"] = results.contraction
    columns["regime"] = judge_regime(
        steepest_contraction(rate, steepest, momentum, nesterov=nesterov), criteria
    )
    if not full_batch.all():
        measured = _measured_regime(experiment, values, results, columns)
        columns["regime"] = np.where(full_batch, columns["regime"], measured)
    columns["regime_source"] = np.where(full_batch, SPECTRUM, MEASURED).astype(np.int8)
    with np.errstate(over="ignore"):  # the absurdest rates
        columns["stability_ratio"] = np.where(full_batch, rate / limit, np.nan)
    prediction = predict(experiment, values, results, np.asarray(columns["outcome"], np.int8))
    columns["predicted_outcome"] = prediction.outcome
    columns["predicted_at"] = prediction.at
    columns["theory"] = prediction.theory
    return columns


def _measured_regime(
    experiment: Experiment, values: dict[str, Floats], results: Results, columns: dict[str, Column]
) -> Codes:
    """Returns the regime [K] that trials show by what they did."""
    return judge_measured_regime(
        results.contraction,
        np.asarray(columns["outcome"], np.int8),
        np.asarray(columns["cost"], np.float64),
        experiment.problem.cost(experiment.trials(values).start),
        experiment.problem.scale,
        experiment.criteria,
    )


def no_trials(experiment: Experiment) -> dict[str, Column]:
    """Returns the trials table without a row, for the names and the kinds of its columns."""
    return trial_columns(experiment, 0, experiment.values(0, 0), _no_results(experiment))


def no_history(experiment: Experiment) -> dict[str, Column]:
    """Returns the history without a row, likewise."""
    return history_columns(experiment, 0, _no_results(experiment))


def _no_results(experiment: Experiment) -> Results:
    shape, none = experiment.problem.shape, np.empty(0, np.int64)
    return Results(np.empty((0, *shape)), none, none, none, np.empty(0), history_of([], shape))


def failed_columns(experiment: Experiment, trials: NDArray[np.int64]) -> dict[str, Column]:
    """Returns the rows [K] of trials that could not be trained: hyperparameters, and nothing else known.

    Args:
        experiment: what was to be trained.
        trials: their numbers [K], ascending.
    """
    each = [experiment.values(trial, trial + 1) for trial in trials.tolist()]
    given = {
        parameter_column(name): np.concatenate([np.empty(0), *(value[name] for value in each)])
        for name in experiment.fixed()
    }
    columns: dict[str, Column] = {}
    for name, kind in no_trials(experiment).items():
        unknown = MISSING if name in CATEGORIES or name in EVENTS else 0
        empty = np.full(len(trials), np.nan if kind.dtype.kind == "f" else unknown, kind.dtype)
        columns[name] = given.get(name, empty)
    outcome = np.full(len(trials), FAILED, columns["outcome"].dtype)
    return columns | {"trial": trials, "outcome": outcome}


def history_columns(experiment: Experiment, first: int, results: Results) -> dict[str, Column]:
    """Returns the history of a part, one row a kept state, ordered by trial and epoch, [R] each."""
    history = results.history
    columns: dict[str, Column] = {"trial": history.trial + first, "epoch": history.epoch}
    columns |= states(experiment, history.theta)
    columns["cost"] = experiment.problem.cost(history.theta)
    return columns


def states(experiment: Experiment, theta: Floats) -> dict[str, Column]:
    """Returns theta's columns, in the scale of the descent and, where it is another, of the file."""
    names = experiment.parameter_names
    columns: dict[str, Column] = dict(zip(names, theta.reshape(len(theta), len(names)).T, strict=True))
    if experiment.data.standardize:
        unscaled = experiment.data.unscaled(theta, experiment.problem.fit_bias)
        names = tuple(f"{name}_unscaled" for name in names)
        columns |= dict(zip(names, unscaled.reshape(len(theta), len(names)).T, strict=True))
    return columns
