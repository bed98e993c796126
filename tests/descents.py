"""Trials and how they descend, from plain arguments: what the tests of engines share."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from linreg_sweep.engines.interface import Engine, Results, TrainOptions, Trials
from linreg_sweep.method import Method
from linreg_sweep.optimizers import OPTIMIZERS
from linreg_sweep.theory.outcome import Criteria
from linreg_sweep.theory.problem import Problem


def make_trials(
    problem: Problem,
    learning_rate: ArrayLike,
    start: ArrayLike,
    epochs: ArrayLike,
    optimizer: str = "sgd",
    flags: Iterable[str] = (),
    **numbers: ArrayLike,
) -> Trials:
    """Returns K trials: numbers of each [K], or one for all; what is left out has its default.

    Args:
        problem: what they descend, with the penalty that the numbers have.
        learning_rate: of each or of all.
        start: [K, P, O].
        epochs: of each or of all.
        optimizer: its name.
        flags: those of its boolean keys that are true.
        numbers: the optimizer's, the schedule's (`schedule.gamma`) and the average's.
    """
    states = np.array(start, np.float64)
    declared = OPTIMIZERS[optimizer].settings().model_dump()
    defaults = {name: value for name, value in declared.items() if not isinstance(value, bool)}
    values = {
        name: np.broadcast_to(np.asarray(given, np.float64), len(states)).copy()
        for name, given in (defaults | {"learning_rate": learning_rate} | numbers).items()
    }
    quadratic, decay = problem.quadratic, values["weight_decay"]
    if decay.any():
        settled = problem.boxed if OPTIMIZERS[optimizer].is_decoupled(frozenset(flags)) else problem.penalised
        quadratic = settled(decay, "decay_bias" in flags)
    whole = np.broadcast_to(np.asarray(epochs, np.int64), len(states)).copy()
    return Trials(states, whole, values, quadratic)


def make_method(trials: Trials, optimizer: str = "sgd", flags: Iterable[str] = (), **rest: Any) -> Method:
    """Returns how trials descend; a number key is active where any of them has it.

    Args:
        trials: with the optimizer's numbers.
        optimizer: its name.
        flags: those of its boolean keys that are true.
        rest: schedule, average, batch_size, order, seed.
    """
    keys = OPTIMIZERS[optimizer].settings.model_fields
    active = frozenset(name for name, numbers in trials.values.items() if name in keys and np.any(numbers))
    return Method(optimizer, frozenset(flags), active, **rest)


def judged(
    problem: Problem,
    trials: Trials,
    method: Method,
    tolerance: float = 1e-6,
    divergence: float = 1e6,
    **options: Any,
) -> TrainOptions:
    """Returns how trials are trained that converge and diverge as a config says, with its defaults."""
    criteria = Criteria(tolerance, divergence, settle_epochs=10, settle_fraction=0.01)
    quadratic = trials.quadratic
    start = quadratic.excess(trials.start)
    return TrainOptions(
        criteria.converged_excess(problem.scale),
        criteria.diverged_excess(start, quadratic.least, problem.scale),
        method,
        **options,
    )


def assert_same(
    found: Results, expected: Results, chosen: Any = slice(None), these: Any = slice(None)
) -> None:
    """Every number of some trials is the same to the bit, NaN where NaN is; of all, their history, too.

    Args:
        found: results.
        expected: of other trials, or of the same.
        chosen: the places there of those to be compared.
        these: their places in what was found.
    """
    for name in ("theta", "epochs", "converged_at", "diverged_at", "contraction", "average"):
        one, other = getattr(found, name), getattr(expected, name)
        assert (one is None) == (other is None)
        if one is not None:
            np.testing.assert_array_equal(one[these], other[chosen], err_msg=name)
    if len(found.epochs) == len(expected.epochs):
        np.testing.assert_array_equal(found.history.epoch, expected.history.epoch)
        np.testing.assert_array_equal(found.history.theta, expected.history.theta)


def check_bits_are_own(engine: Engine, problem: Problem, trials: Trials, options: TrainOptions) -> None:
    """Holds trials to the same bits alone, at other places, and beside those whose numbers know no bounds."""
    expected, count = engine(problem, trials, options), len(trials)

    def train(chosen: Any, start: Any) -> Results:
        of_these = replace(options, diverged_excess=options.diverged_excess[chosen])
        return engine(problem, replace(trials.take(chosen), start=start), of_these)

    for alone in (0, 4, count - 1):
        chosen = np.array([alone])
        assert_same(train(chosen, trials.start[chosen]), expected, chosen)
    places = np.append(np.full(150, 2), np.arange(count)[::-1])  # beyond one block of lanes
    start = trials.start[places]
    start[:150:3], start[1:150:3], start[2:150:3] = np.nan, np.inf, 1e300
    assert_same(train(places, start), expected, places[150:], slice(150, None))
