"""What theory says of a trial beside what the experiment shows: the closed form, where one holds.

A descent in floating point is the closed form but for its rounding. Where rounding may decide the outcome,
and where no theory holds, nothing is predicted rather than guessed; nor is an epoch that rounding may move.
"""

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from linreg_sweep.array_types import Integers
from linreg_sweep.engines.closed_form import foresee
from linreg_sweep.engines.interface import Results, TrainOptions, Trials
from linreg_sweep.theory.applies import NoTheory, Theory
from linreg_sweep.theory.drawn import Drawn
from linreg_sweep.theory.outcome import (
    CONVERGED,
    DIVERGED,
    LOST_IN_ROUNDING,
    MINI_BATCHES,
    MISSING,
    THEORY,
    UNFINISHED,
    Codes,
    judge,
)
from linreg_sweep.theory.problem import Problem
from linreg_sweep.theory.rounding import steps_of
from linreg_sweep.theory.scheduled_order import ScheduledOrder
from linreg_sweep.trials.groups import Group


@dataclass(frozen=True)
class Prediction:
    """What theory says of K trials.

    Attributes:
        outcome: [K], as an index into OUTCOMES, or MISSING: nothing is predicted.
        at: [K], the epoch of the event that decides it, or MISSING.
        about: [K], the same, also where rounding may move it.
        theory: [K], as an index into THEORY: the closed form, or why it is silent.
    """

    outcome: Codes
    at: Integers
    about: Integers
    theory: Codes


def predict(
    problem: Problem,
    trials: Trials,
    options: TrainOptions,
    theory: Theory | ScheduledOrder | Drawn | NoTheory,
    *,
    results: Results | None = None,
) -> Prediction:
    """Returns what theory says of trials that share a method.

    Results are those of the engine `closed_form`, which are the prediction themselves; None: of another.
    """
    if isinstance(theory, Drawn | NoTheory):
        nothing = np.full(len(trials), MISSING)
        word = np.full(len(trials), THEORY.index(theory.word), np.int8)
        return Prediction(nothing.astype(np.int8), nothing, nothing, word)
    if results is not None:
        low, excess = options.converged_excess, trials.quadratic.excess(results.theta)
        events = results.converged_at, results.diverged_at
        outcome = judge(*events, excess, low, early_stop=options.early_stop)
        about = at = _decided_at(outcome, *events)
        certain = followed = np.ones(len(trials), np.bool_)
    else:
        ends = foresee(problem, trials, options)
        settled = ends.converged != MISSING if options.early_stop else ends.settled
        outcomes = np.select([ends.diverged != MISSING, settled], [DIVERGED, CONVERGED], UNFINISHED)
        epochs = _decided_at(outcomes.astype(np.int8), ends.converged, ends.diverged)
        outcome, about = outcomes[0], epochs[0]
        followed = (ends.epochs != MISSING).all(axis=0)
        certain = (outcomes == outcome).all(axis=0) & followed
        # what grows from errors that are roundings, or overflows, may end at quite another epoch, or never
        certain &= (outcome != DIVERGED) | (2 * ends.diverged >= about).all(axis=0)
        # and what starts at its optimum may have no error at all, nor any rounding
        with np.errstate(all="ignore"):  # starts at the end of numbers overflow
            steps = steps_of(problem, trials.quadratic, trials.start, trials.values, options.dtype)
        certain &= (outcome != DIVERGED) | (steps.error > steps.unit * steps.optimum)
        at = np.where((epochs == about).all(axis=0), about, MISSING)
    silent = np.where(followed, LOST_IN_ROUNDING, MINI_BATCHES)
    return Prediction(
        np.where(certain, outcome, MISSING).astype(np.int8),
        np.where(certain, at, MISSING),
        np.where(certain, about, MISSING),
        np.where(certain, THEORY.index(theory.word), silent).astype(np.int8),
    )


def predict_groups(groups: list[Group], count: int, results: Results | None = None) -> Prediction:
    """Returns what theory says of so many trials; MISSING of those that are in no group; see predict."""
    outcome, theory = np.full((2, count), MISSING, np.int8)
    at, about = np.full((2, count), MISSING, np.int64)
    with threadpool_limits(limits=1):
        for group in groups:
            chosen = group.chosen
            of_these = None if results is None else results.take(chosen)
            known = predict(group.problem, group.trials, group.options, group.theory, results=of_these)
            outcome[chosen], theory[chosen] = known.outcome, known.theory
            at[chosen], about[chosen] = known.at, known.about
    return Prediction(outcome, at, about, theory)


def _decided_at(outcome: Codes, converged_at: Integers, diverged_at: Integers) -> Integers:
    """Returns the epoch [..., K] of the event that each outcome names, MISSING where it names none."""
    at = np.where(outcome == CONVERGED, converged_at, MISSING)
    return np.where(outcome == DIVERGED, diverged_at, at)
