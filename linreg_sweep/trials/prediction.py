"""What theory says of a trial beside what the experiment shows: the closed form, where one holds.

A descent in floating point is the closed form but for its rounding. Where rounding may decide the
outcome, and where no theory holds, nothing is predicted rather than guessed.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from linreg_sweep.engines.closed_form import train
from linreg_sweep.engines.interface import Results, TrainOptions, Trials
from linreg_sweep.theory.applies import LinearTheory, NoTheory
from linreg_sweep.theory.outcome import (
    CLOSED_FORM,
    CONVERGED,
    DIVERGED,
    LOST_IN_ROUNDING,
    MISSING,
    THEORY,
    Codes,
    Epochs,
    judge,
)
from linreg_sweep.theory.problem import Problem
from linreg_sweep.theory.rounding import bound_rounding
from linreg_sweep.trials.experiment import Group

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
    problem: Problem,
    trials: Trials,
    options: TrainOptions,
    theory: LinearTheory | NoTheory,
    *,
    results: Results | None = None,
) -> Prediction:
    """Returns what theory says of trials that share a method.

    Args:
        problem: what they are trained on.
        trials: their numbers.
        options: how they are trained, and when one has ended.
        theory: what holds for them.
        results: those of the engine `closed_form`, which are the prediction themselves.
    """
    count = len(trials)
    if isinstance(theory, NoTheory):
        nothing = np.full(count, MISSING)
        word = np.full(count, THEORY.index(theory.word), np.int8)
        return Prediction(nothing.astype(np.int8), nothing, word)
    if results is not None:
        outcome = _outcome(trials, results, options)
        return Prediction(outcome, _decided_at(outcome, results), np.full(count, CLOSED_FORM, np.int8))
    trials = as_seen(trials, options.dtype)
    options = replace(options, history_epochs=np.empty(0, np.int64))
    results = train(problem, trials, options)
    outcome = _outcome(trials, results, options)
    bounds = bound_rounding(
        problem,
        trials.quadratic,
        trials.start,
        trials.values,
        results.epochs.astype(np.float64),
        options.dtype,
        nesterov="nesterov" in options.method.flags,
    )
    certain = np.full(count, True)
    for way in (1, -1):
        low = bounds.moved(options.converged_excess, way)
        high = np.minimum(bounds.moved(options.diverged_excess, way), bounds.overflow)
        moved = replace(options, converged_excess=low, diverged_excess=high)
        nearly = train(problem, trials, moved)
        certain &= outcome == _outcome(trials, nearly, moved)
        # what grows from errors that are roundings, or overflows, may end at quite another epoch, or never
        certain &= (outcome != DIVERGED) | (2 * nearly.diverged_at >= results.diverged_at)
    return Prediction(
        np.where(certain, outcome, MISSING).astype(np.int8),
        np.where(certain, _decided_at(outcome, results), MISSING),
        np.where(certain, CLOSED_FORM, LOST_IN_ROUNDING).astype(np.int8),
    )


def predict_groups(groups: list[Group], results: Results | None = None) -> Prediction:
    """Returns what theory says of all trials of some groups.

    Args:
        groups: of the trials.
        results: those of the engine `closed_form` of all trials; None: of another, or not known.
    """
    count = sum(len(group.trials) for group in groups)
    outcome, at = np.full(count, MISSING, np.int8), np.full(count, MISSING, np.int64)
    theory = np.empty(count, np.int8)
    with threadpool_limits(limits=1):
        for group in groups:
            chosen = group.chosen
            of_these = None if results is None else results.take(chosen)
            known = predict(group.problem, group.trials, group.options, group.theory, results=of_these)
            outcome[chosen], at[chosen], theory[chosen] = known.outcome, known.at, known.theory
    return Prediction(outcome, at, theory)


def as_seen(trials: Trials, dtype: str) -> Trials:
    """Returns trials with their numbers as their descent sees them, rounded to its precision."""
    with np.errstate(over="ignore"):
        values = {
            name: numbers if name.startswith("schedule.") else numbers.astype(dtype).astype(np.float64)
            for name, numbers in trials.values.items()
        }
    return replace(trials, values=values)


def _outcome(trials: Trials, results: Results, options: TrainOptions) -> Codes:
    excess = trials.quadratic.excess(results.theta)
    low, early_stop = options.converged_excess, options.early_stop
    return judge(results.converged_at, results.diverged_at, excess, low, early_stop=early_stop)


def _decided_at(outcome: Codes, results: Results) -> Epochs:
    """Returns the epoch [K] of the event that each outcome names, MISSING where it names none."""
    at = np.where(outcome == CONVERGED, results.converged_at, MISSING)
    return np.where(outcome == DIVERGED, results.diverged_at, at)
