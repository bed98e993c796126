"""Gradient descent on H and C in NumPy, K trials side by side: an epoch does not grow with the rows.

Trials lie along the last axis and every operation on them is an elementwise ufunc, so a trial's
bits do not depend on its neighbours. Epochs run in stretches: a cheap measure of the cost is
written down for every state and then looked back at; the few trials whose measure comes near an
event are traced again, and judged by the cost itself.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.engines.batches import batch_slices, epoch_order
from linreg_sweep.engines.interface import Floats, Integers, Results, Schedule, Trials
from linreg_sweep.engines.ledger import Ledger, excess_costs, look_back
from linreg_sweep.problem import Problem

STRETCH = 32
"""Epochs between two looks at the costs."""

BLOCK = 32768
"""Numbers of theta that are worked on together: few enough for the cache, enough to hide the calls."""

Array = NDArray[np.floating]
Indices = NDArray[np.intp]
Curvature = tuple[Array, Array]
"""H as its P columns [P, P, 1, 1], and C [P, O, 1]."""


@dataclass
class State:
    """Live trials: theta and velocity [P, O, k], learning_rate [k], momentum [k] or one number.

    There is no velocity where that number is 0.
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


class Descent:
    """The arithmetic of an epoch on one problem: the cost of states, and steps from them."""

    def __init__(self, problem: Problem, schedule: Schedule) -> None:
        """Settles what all epochs share, in the descent's precision."""
        self.problem = problem
        self.schedule = schedule
        self.dtype = np.dtype(schedule.dtype)
        self.full = self._settled(problem.hessian, problem.constant)
        self.optimum = problem.optimum.astype(self.dtype)[..., None]
        self.slices = batch_slices(problem.n_rows, schedule.batch_size)
        self.is_full_batch = len(self.slices) == 1
        self.in_file_order = [self.full] if self.is_full_batch else self._batches(np.arange(problem.n_rows))

    def _settled(self, hessian: Floats, constant: Floats) -> Curvature:
        columns = np.ascontiguousarray(hessian.T).astype(self.dtype)[..., None, None]
        return columns, constant.astype(self.dtype)[..., None]

    def _batches(self, order: Indices) -> list[Curvature]:
        return [self._settled(*self.problem.batch(order[part])) for part in self.slices]

    def batches(self, epoch: int) -> list[Curvature]:
        """Returns H and C of each batch of an epoch; the first epoch is 0."""
        if self.is_full_batch or not self.schedule.shuffle:
            return self.in_file_order
        return self._batches(epoch_order(self.problem.n_rows, self.schedule.seed, epoch))

    def gradient(self, theta: Array, curvature: Curvature, out: Array, spare: Array) -> None:
        """Writes H theta - C to out [P, O, k]; spare is overwritten."""
        columns, constant = curvature
        np.multiply(columns[0], theta[0], out=out)
        for column, row in zip(columns[1:], theta[1:], strict=True):
            np.multiply(column, row, out=spare)
            np.add(out, spare, out=out)
        np.subtract(out, constant, out=out)

    def measure(self, theta: Array, gradient: Array, out: Array, spare: Array) -> None:
        """Writes (theta - theta*) . gradient [k] to out: k n O times the excess cost."""
        np.subtract(theta, self.optimum, out=spare)
        np.multiply(spare, gradient, out=spare)
        terms = spare.reshape(-1, spare.shape[-1])
        if len(terms) == 1:
            out[...] = terms[0]
            return
        np.add(terms[0], terms[1], out=out)
        for term in terms[2:]:
            np.add(out, term, out=out)

    def step(self, state: State, gradient: Array, spare: Array) -> None:
        """Moves the trials along their gradients, which are overwritten."""
        if state.velocity is not None:
            np.multiply(state.velocity, state.momentum, out=state.velocity)
            np.add(state.velocity, gradient, out=state.velocity)
            if self.schedule.nesterov:
                np.multiply(state.velocity, state.momentum, out=spare)
                np.add(gradient, spare, out=gradient)
            else:
                gradient[...] = state.velocity
        np.multiply(gradient, state.learning_rate, out=gradient)
        np.subtract(state.theta, gradient, out=state.theta)

    def advance(self, state: State, epochs: list[list[Curvature]], costs: Array | None = None) -> None:
        """Trains one epoch after the other, in place.

        Args:
            state: the trials.
            epochs: the batches of each epoch.
            costs: [max(1, epochs), k], filled with the measure of each state before its epoch; of
                the state as it is where no epoch is given.
        """
        gradient, spare = np.empty_like(state.theta), np.empty_like(state.theta)
        for number, batches in enumerate(epochs or [[]]):
            if costs is not None:
                self.gradient(state.theta, self.full, gradient, spare)
                self.measure(state.theta, gradient, costs[number], spare)
            for batch in batches:
                if costs is None or not self.is_full_batch:
                    self.gradient(state.theta, batch, gradient, spare)
                self.step(state, gradient, spare)

    def retrace(self, begin: State, epochs: list[list[Curvature]]) -> Array:
        """Returns the states [P, O, m, k] that `advance` measured from `begin`, which moves along."""
        reached = [begin.theta.copy()]
        for batches in epochs[:-1]:
            self.advance(begin, [batches])
            reached.append(begin.theta.copy())
        return np.stack(reached, axis=2)

    def slack(self, error: Array | float, theta: Array | float) -> Array:
        """Returns how far rounding may have moved the measure of states near one.

        The gradient is a difference of numbers of the size of |H| |theta| and C, so it is wrong by
        their rounding, and the measure by that times the error (Higham, Accuracy and Stability of
        Numerical Algorithms, sec. 3.1). Four times the bound allows for how far a stretch moves.

        Args:
            error: the largest |theta - theta*|, of each trial or of all.
            theta: the largest |theta|, likewise.
        """
        columns, constant = self.full
        n_parameters, n_targets = self.problem.shape
        size = n_parameters * np.abs(columns).max() * theta + np.abs(constant).max()
        roundings = 4 * (n_parameters + 3) * n_parameters * n_targets * np.finfo(self.dtype).eps
        return np.asarray(roundings * error * size)


def train(problem: Problem, trials: Trials, schedule: Schedule) -> Results:
    """Descends K trials at once on H and C, each epoch looked at.

    Args:
        problem: H [P, P] and C [P, O] of the chosen loss; its rows where there are mini-batches.
        trials: learning_rate [K], theta_0 [K, P, O], epochs [K], momentum.
        schedule: when a trial has ended; batches, precision, history.

    Returns:
        The results of all K trials. A trial that diverges is a result; nothing is raised for it.

    Source: Nocedal and Wright, Numerical Optimization, sec. 3.3; momentum as torch.optim.SGD.
    """
    descent = Descent(problem, schedule)
    with np.errstate(all="ignore"):
        state = _begin(trials, descent.dtype)
        ledger = Ledger(trials, schedule)
        width = max(1, BLOCK // (problem.shape[0] * problem.shape[1]))
        most = STRETCH if not schedule.shuffle else max(1, STRETCH // len(descent.slices))
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


def _begin(trials: Trials, dtype: np.dtype[np.floating]) -> State:
    theta = np.ascontiguousarray(np.moveaxis(trials.start, 0, -1)).astype(dtype)
    learning_rate, momentum = trials.learning_rate.astype(dtype), trials.momentum
    if isinstance(momentum, float):  # the sweep's, so whether there is a velocity is no matter of neighbours
        return State(theta, np.zeros_like(theta) if momentum else None, learning_rate, momentum)
    return State(theta, np.zeros_like(theta), learning_rate, momentum.astype(dtype))


def _train_block(
    descent: Descent, ledger: Ledger, whole: State, epoch: int, epochs: list[list[Curvature]], columns: slice
) -> Indices:
    """Trains some live trials through a stretch of epochs and books their events.

    Returns:
        The columns of the live trials that ended.
    """
    begin = whole.block(columns)
    state = begin.copy()
    costs = np.empty((max(1, len(epochs)), state.theta.shape[-1]), descent.dtype)
    descent.advance(state, epochs, costs)
    low, high, left = ledger.low[columns], ledger.high[columns], ledger.last[columns] - epoch
    chosen = _near_an_event(descent, begin.theta, costs, low, high, left)
    before = begin.take(chosen)
    begin.theta[...] = state.theta
    if begin.velocity is not None:
        begin.velocity[...] = state.velocity
    if not len(chosen):
        return chosen
    reached = descent.retrace(before, epochs)
    events = look_back(
        excess_costs(descent.problem, reached),
        low[chosen],
        high[chosen],
        left[chosen],
        early_stop=descent.schedule.early_stop,
    )
    return ledger.book(epoch, events, columns.start + chosen, reached)


def _near_an_event(
    descent: Descent, theta: Array, costs: Array, low: Floats, high: Floats, left: Integers
) -> Indices:
    """Returns the columns whose measure may, but for its rounding, have told of an event.

    Args:
        descent: what was measured.
        theta: [P, O, k], the stretch's first states.
        costs: [m, k], what was measured.
        low: [k], see look_back.
        high: [k], see look_back.
        left: [k], see look_back.
    """
    lowest, highest = costs.min(axis=0), costs.max(axis=0)
    per_cost = 1 / descent.problem.cost_per_loss

    def near(columns: slice | Indices, slack: Array | float) -> NDArray[np.bool_]:
        below = lowest[columns] <= low[columns] * per_cost + slack
        within = highest[columns] < np.minimum(high[columns] * per_cost, np.finfo(descent.dtype).max) - slack
        return np.asarray(below | ~within | (left[columns] < len(costs)))

    # all at once first: the largest numbers of the block give one slack for all
    largest = max(float(theta.max()), -float(theta.min()))
    slack = descent.slack(largest + float(np.abs(descent.optimum).max()), largest)
    some = np.flatnonzero(near(slice(None), slack if np.isfinite(slack) else np.inf))
    if not len(some):
        return some
    theta = theta.take(some, axis=-1)
    errors = np.abs(theta - descent.optimum).max(axis=(0, 1))
    return some[near(some, descent.slack(errors, np.abs(theta).max(axis=(0, 1))))]
