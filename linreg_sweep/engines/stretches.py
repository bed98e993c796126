"""The course of a descent that iterates: K trials side by side, looked at in stretches of epochs.

A cheap measure of the cost is taken of every state, and of each trial's measures in a stretch the
lowest and the highest are looked at; the few trials that come near an event are traced again, and
judged by the cost itself. Trials that have ended leave. Who computes the epochs is an engine's
affair: see `Descent` in numpy_engine.py and `CompiledDescent` in numba_engine.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.engines.interface import Floats, Results, Schedule, Trials
from linreg_sweep.engines.ledger import Ledger, excess_costs, look_back
from linreg_sweep.theory.problem import Problem

STRETCH = 32
"""Epochs between two looks at the costs."""

BLOCK = 32768
"""Numbers of theta that are worked on together: few enough for the cache, enough to hide the calls."""

RETRACED = 2**20
"""Numbers of theta that are held at once where trials are traced again."""

Array = NDArray[np.floating]
Indices = NDArray[np.intp]
Flags = NDArray[np.bool_]
Curvature = tuple[Array, Array]
"""H as its P columns [P, P, 1, 1], and C [P, O, 1]."""


@dataclass(frozen=True)
class State:
    """Live trials, the arrays open to change: theta and velocity [P, O, k], learning_rate [k].

    Momentum is [k] or one number; there is no velocity where that number is 0.
    """

    theta: Array
    velocity: Array | None
    learning_rate: Array
    momentum: Array | float

    def block(self, columns: slice) -> "State":
        """Returns views of some trials: what changes here changes there."""
        return self._map(lambda numbers: numbers[..., columns])

    def take(self, columns: Indices) -> "State":
        """Returns copies of some trials."""
        return self._map(lambda numbers: numbers.take(columns, axis=-1))  # keeps trials last in memory

    def _map(self, choose: Callable[[Array], Array]) -> "State":
        return State(
            choose(self.theta),
            None if self.velocity is None else choose(self.velocity),
            choose(self.learning_rate),
            self.momentum if isinstance(self.momentum, float) else choose(self.momentum),
        )

    def copy(self) -> "State":
        """Returns trials whose theta and velocity may be changed without changing these."""
        velocity = None if self.velocity is None else self.velocity.copy()
        return State(self.theta.copy(), velocity, self.learning_rate, self.momentum)


class Arithmetic(Protocol):
    """What an engine knows to do: the epochs of one problem."""

    problem: Problem
    schedule: Schedule
    dtype: np.dtype[np.floating]
    optimum: Array
    slices: list[slice]

    def batches(self, epoch: int) -> list[Curvature]:
        """Returns H and C of each batch of an epoch; the first epoch is 0."""

    def stretch(self, state: State, epochs: list[list[Curvature]]) -> tuple[Array, Array]:
        """Trains one epoch after the other, in place.

        Returns:
            The lowest and the highest measure [k] of the states before each epoch; of the state as
            it is where no epoch is given.
        """

    def retrace(self, state: State, epochs: list[list[Curvature]]) -> Array:
        """Returns the states [P, O, m, k] that `stretch` measured from this one, which moves along."""

    def slack(self, error: Array | float, theta: Array | float) -> Array:
        """Returns how far rounding may have moved the measure of states near one."""


def descend(descent: Arithmetic, trials: Trials, longest: int = STRETCH) -> Results:
    """Descends K trials at once, each epoch looked at.

    Args:
        descent: computes the epochs.
        trials: learning_rate [K], theta_0 [K, P, O], epochs [K], momentum.
        longest: epochs between two looks.

    Returns:
        The results of all K trials. A trial that diverges is a result; nothing is raised for it.
    """
    problem, schedule = descent.problem, descent.schedule
    with np.errstate(all="ignore"):
        state = begin(trials, descent.dtype)
        ledger = Ledger(trials, schedule)
        width = max(1, BLOCK // (problem.shape[0] * problem.shape[1]))
        most = longest if not schedule.shuffle else max(1, longest // len(descent.slices))
        epoch = 0
        while len(ledger.live):
            ledger.visit(epoch, state.theta)
            steps = ledger.steps_from(epoch, most)
            epochs = [descent.batches(epoch + number) for number in range(steps)]
            ended = [
                _train_block(descent, ledger, state, epoch, epochs, slice(first, first + width))
                for first in range(0, len(ledger.live), width)
            ]
            epoch += steps
            if any(map(len, ended)):
                state = state.take(ledger.close(np.concatenate(ended)))
        return ledger.results()


def begin(trials: Trials, dtype: np.dtype[np.floating]) -> State:
    """Returns trials at their starts, in the precision of their descent."""
    theta = np.ascontiguousarray(np.moveaxis(trials.start, 0, -1)).astype(dtype)
    learning_rate, momentum = trials.learning_rate.astype(dtype), trials.momentum
    if isinstance(momentum, float):  # the sweep's, so whether there is a velocity is no matter of neighbours
        return State(theta, np.zeros_like(theta) if momentum else None, learning_rate, momentum)
    return State(theta, np.zeros_like(theta), learning_rate, momentum.astype(dtype))


def _train_block(
    descent: Arithmetic,
    ledger: Ledger,
    whole: State,
    epoch: int,
    epochs: list[list[Curvature]],
    columns: slice,
) -> Indices:
    """Trains some live trials through a stretch of epochs and books their events.

    Returns:
        The columns of the live trials that ended.
    """
    block = whole.block(columns)
    state = block.copy()
    measures = descent.stretch(state, epochs)
    low, high, left = ledger.low[columns], ledger.high[columns], ledger.last[columns] - epoch
    cut_short = left < max(1, len(epochs))
    chosen = _near_an_event(descent, block.theta, measures, low, high, cut_short)
    before = block.take(chosen)
    block.theta[...] = state.theta
    if block.velocity is not None:
        block.velocity[...] = state.velocity
    few = max(1, RETRACED // (state.theta[..., 0].size * max(1, len(epochs))))
    ended = []
    for first in range(0, len(chosen), few):
        these = chosen[first : first + few]
        reached = descent.retrace(before.block(slice(first, first + few)), epochs)
        events = look_back(
            excess_costs(descent.problem, reached),
            low[these],
            high[these],
            left[these],
            early_stop=descent.schedule.early_stop,
        )
        ended.append(ledger.book(epoch, events, columns.start + these, reached))
    return np.concatenate(ended) if ended else chosen


def _near_an_event(
    descent: Arithmetic,
    theta: Array,
    measures: tuple[Array, Array],
    low: Floats,
    high: Floats,
    cut_short: Flags,
) -> Indices:
    """Returns the columns whose measure may, but for its rounding, have told of an event.

    Args:
        descent: what was measured.
        theta: [P, O, k], the stretch's first states.
        measures: the lowest and the highest [k] that were measured.
        low: [k], see look_back.
        high: [k], see look_back.
        cut_short: [k], whether a trial's last epoch lies within the stretch.
    """
    lowest, highest = measures
    per_cost = 1 / descent.problem.cost_per_loss

    def near(columns: slice | Indices, slack: Array | float) -> NDArray[np.bool_]:
        below = lowest[columns] <= low[columns] * per_cost + slack
        within = highest[columns] < np.minimum(high[columns] * per_cost, np.finfo(descent.dtype).max) - slack
        return np.asarray(below | ~within | cut_short[columns])

    # all at once first: the largest numbers of the block give one slack for all
    largest = max(float(theta.max()), -float(theta.min()))
    slack = descent.slack(largest + float(np.abs(descent.optimum).max()), largest)
    some = np.flatnonzero(near(slice(None), slack if np.isfinite(slack) else np.inf))
    if not len(some):
        return some
    theta = theta.take(some, axis=-1)
    errors = np.abs(theta - descent.optimum).max(axis=(0, 1))
    return some[near(some, descent.slack(errors, np.abs(theta).max(axis=(0, 1))))]
