"""What theory says of a trial beside what the experiment shows: the closed form, where one holds.

A descent in floating point is the closed form but for its rounding. Where rounding may decide the
outcome, and for mini-batches, nothing is predicted rather than guessed.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.engines.closed_form import train
from linreg_sweep.engines.interface import Results, Schedule, Trials
from linreg_sweep.theory.outcome import (
    CLOSED_FORM,
    CONVERGED,
    DIVERGED,
    LOST_IN_ROUNDING,
    MINI_BATCHES,
    MISSING,
    Codes,
    Epochs,
    judge,
)
from linreg_sweep.theory.problem import Problem
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.rounding import bound_rounding

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Prediction:
    """What theory says of K trials.

    Attributes:
        outcome: [K], as an index into OUTCOMES, or MISSING: nothing is predicted.
        at: [K], the epoch of the event that decides it, or MISSING.
        theory: [K], as an index into THEORY: the closed form, or why it does not tell.
    """

    outcome: Codes
    at: Epochs
    theory: Codes


def predict(
    experiment: Experiment,
    values: dict[str, Floats],
    results: Results | None = None,
    outcomes: Codes | None = None,
) -> Prediction:
    """Returns what theory says of some trials.

    Args:
        experiment: what is trained.
        values: the hyperparameters of the trials, [K] each.
        results: what became of them, if that is known; those of the closed form are the prediction.
        outcomes: likewise their outcomes [K].
    """
    training, problem = experiment.config.training, experiment.problem
    count = len(values["learning_rate"])
    if training.engine == "closed_form":
        results = results or experiment.train(values)
        outcome = outcomes
        if outcome is None:
            outcome = _outcome(problem, results, experiment.converged_excess, early_stop=training.early_stop)
        return Prediction(outcome, _decided_at(outcome, results), np.full(count, CLOSED_FORM, np.int8))
    full = np.flatnonzero(experiment.batch_sizes(values) == problem.n_rows)
    known = _predict_full_batch(experiment, {name: value[full] for name, value in values.items()})
    outcome, at = np.full(count, MISSING, np.int8), np.full(count, MISSING)
    theory = np.full(count, MINI_BATCHES, np.int8)
    outcome[full], at[full], theory[full] = known.outcome, known.at, known.theory
    return Prediction(outcome, at, theory)


def _predict_full_batch(experiment: Experiment, values: dict[str, Floats]) -> Prediction:
    """Returns what theory says of trials that see all rows in a step."""
    training, problem = experiment.config.training, experiment.problem
    trials, schedule = exactly(experiment, values)
    results = train(problem, trials, schedule)
    outcome = _outcome(problem, results, experiment.converged_excess, early_stop=training.early_stop)
    epochs = results.epochs.astype(np.float64)
    bounds = bound_rounding(problem, trials, epochs, training.dtype, nesterov=training.nesterov)
    certain = np.full(len(outcome), True)
    for way in (1, -1):
        low = bounds.moved(schedule.converged_excess, way)
        high = np.minimum(bounds.moved(schedule.diverged_excess, way), bounds.overflow)
        nearly = train(problem, trials, replace(schedule, converged_excess=low, diverged_excess=high))
        certain &= outcome == _outcome(problem, nearly, low, early_stop=training.early_stop)
        # what grows from errors that are roundings, or overflows, may end at quite another epoch, or never
        certain &= (outcome != DIVERGED) | (2 * nearly.diverged_at >= results.diverged_at)
    return Prediction(
        np.where(certain, outcome, MISSING).astype(np.int8),
        np.where(certain, _decided_at(outcome, results), MISSING),
        np.where(certain, CLOSED_FORM, LOST_IN_ROUNDING).astype(np.int8),
    )


def exactly(experiment: Experiment, values: dict[str, Floats]) -> tuple[Trials, Schedule]:
    """Returns trials with these hyperparameters as their descent sees them, and when one has ended.

    Their learning rates and momentum are rounded to the precision of the descent; no history is kept.
    """
    trials = experiment.trials(values)
    schedule = experiment.schedule(trials.start, experiment.problem.n_rows)

    dtype = experiment.config.training.dtype
    rates, momentum = trials.learning_rate, trials.momentum
    with np.errstate(over="ignore"):
        seen = replace(
            trials,
            learning_rate=rates.astype(dtype).astype(np.float64),
            momentum=np.asarray(momentum).astype(dtype).astype(np.float64),
        )
    if isinstance(momentum, float):
        seen = replace(seen, momentum=float(seen.momentum))
    return seen, replace(schedule, history_epochs=np.empty(0, np.int64))


def _outcome(problem: Problem, results: Results, low: float | Floats, *, early_stop: bool) -> Codes:
    excess = problem.excess_cost(results.theta)
    return judge(results.converged_at, results.diverged_at, excess, low, early_stop=early_stop)


def _decided_at(outcome: Codes, results: Results) -> Epochs:
    """Returns the epoch [K] of the event that each outcome names, MISSING where it names none."""
    at = np.where(outcome == CONVERGED, results.converged_at, MISSING)
    return np.where(outcome == DIVERGED, results.diverged_at, at)
