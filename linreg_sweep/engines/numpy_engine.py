"""Gradient descent on H and C in NumPy, K trials side by side: an epoch does not grow with the rows.

Trials lie along the last axis and every operation on them is an elementwise ufunc, so a trial's
bits do not depend on its neighbours.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import count

import numpy as np

from linreg_sweep.averages import update
from linreg_sweep.engines.batches import batch_slices, rows_of_epoch
from linreg_sweep.engines.chunks import Array, Chunk, Curvature, Indices, State, descend
from linreg_sweep.engines.interface import Floats, Results, TrainOptions, Trials
from linreg_sweep.theory.problem import Problem


class Descent:
    """The arithmetic of an epoch on one problem: the excess of states, and steps from them."""

    def __init__(self, problem: Problem, options: TrainOptions) -> None:
        """Settles what all epochs share, in the descent's precision."""
        self.problem = problem
        self.options = options
        self.dtype = np.dtype(options.dtype)
        self.is_double = self.dtype == np.float64
        method = options.method
        self.rule = method.rule(np)
        self.is_coupled = method.is_penalised and not method.is_decoupled
        self.is_decoupled = method.is_decoupled
        self.n_decayed = problem.shape[0] - (problem.fit_bias and not method.decays_bias)
        self.full = self._settled(problem.hessian, problem.constant)
        self.slices = batch_slices(problem.n_rows, method.batch_size)
        self.is_full_batch = method.sees_all(problem.n_rows)
        self.in_file_order = [self.full] if self.is_full_batch else self._batches(np.arange(problem.n_rows))

    def _settled(self, hessian: Floats, constant: Floats) -> Curvature:
        columns = np.ascontiguousarray(hessian.T).astype(self.dtype)[..., None, None]
        return columns, constant.astype(self.dtype)[..., None]

    def _batches(self, order: Indices) -> list[Curvature]:
        return [self._settled(*self.problem.batch(order[part])) for part in self.slices]

    def batches(self, epoch: int) -> list[Curvature]:
        """Returns H and C of each batch of an epoch; the first epoch is 0."""
        method = self.options.method
        if self.is_full_batch or not method.is_drawn:
            return self.in_file_order
        n_rows = self.problem.n_rows
        return self._batches(rows_of_epoch(method.order, n_rows, method.batch_size, method.seed, epoch))

    def gradient(
        self, theta: Array, decay: Array | None, curvature: Curvature, out: Array, spare: Array
    ) -> None:
        """Writes H theta - C, and what the penalty adds, to out [P, O, k]; spare is overwritten."""
        columns, constant = curvature
        np.multiply(columns[0], theta[0], out=out)
        for column, row in zip(columns[1:], theta[1:], strict=True):
            np.multiply(column, row, out=spare)
            np.add(out, spare, out=out)
        np.subtract(out, constant, out=out)
        if self.is_coupled and decay is not None:
            rows = slice(self.n_decayed)
            np.multiply(theta[rows], decay, out=spare[rows])
            np.add(out[rows], spare[rows], out=out[rows])

    def measure(self, state: State, theta: Array, gradient: Array, out: Array, spare: Array) -> None:
        """Writes (theta - theta*) . gradient [k] to out: k n O times the excess."""
        np.subtract(theta, state.optimum, out=spare)
        if state.slope is not None:
            gradient = gradient - state.slope
        np.multiply(spare, gradient, out=spare)
        terms = spare.reshape(-1, spare.shape[-1])
        if len(terms) == 1:
            out[...] = terms[0]
            return
        np.add(terms[0], terms[1], out=out)
        for term in terms[2:]:
            np.add(out, term, out=out)

    def advance(
        self,
        state: State,
        epochs: Chunk,
        measures: Array | None = None,
        look: Callable[[Array, Array | None], None] | None = None,
    ) -> State:
        """Trains one epoch after the other; the state's arrays are overwritten.

        Args:
            state: the trials.
            epochs: what they do.
            measures: [max(1, epochs), k], filled with the measure of each state before its epoch; of
                the state as it is where no epoch is given.
            look: given theta and the average before each epoch, which are overwritten later.
        """
        theta, slots, clock, average = state.theta, state.slots, state.clock, state.average
        h, decay = tuple(numbers.astype(self.dtype, copy=False) for numbers in state.h), state.decay
        tick, step, ticks = self.rule.tick, self.rule.step, self.rule.n_clocks > 0
        is_first, needs_gradient = epochs.first == 0, measures is None or not self.is_full_batch
        gradient, spare = np.empty_like(theta), np.empty_like(theta)
        rates, rate, now = epochs.rates, epochs.rates[0], clock
        for number, batches in enumerate(epochs.batches or [[]]):
            if len(rates) > 1:
                rate = rates[number]
            if look is not None:
                look(theta, average)
            if measures is not None:
                self.gradient(theta, decay, self.full, gradient, spare)
                self.measure(state, theta, gradient, measures[number], spare)
            for place, batch in enumerate(batches):
                if needs_gradient:
                    self.gradient(theta, decay, batch, gradient, spare)
                if self.is_decoupled and decay is not None:
                    theta[: self.n_decayed] *= 1 - rate * decay
                if ticks:
                    clock = tick(clock, state.h)
                    now = clock if self.is_double else tuple(each.astype(self.dtype) for each in clock)
                theta, slots = step(theta, slots, gradient, rate, h, now, is_first)
                is_first = False
                if average is not None and epochs.weights is not None:
                    average = update(average, theta, epochs.weights[number * len(self.slices) + place])
        return replace(state, theta=theta, slots=slots, clock=clock, average=average)

    def chunk(self, state: State, epochs: Chunk) -> tuple[State, Array, Array]:
        """Trains one epoch after the other; see chunks.Arithmetic."""
        measures = np.empty((max(1, len(epochs.batches)), state.theta.shape[-1]), self.dtype)
        state = self.advance(state.copy(), epochs, measures)
        return state, measures.min(axis=0), measures.max(axis=0)

    def retrace(self, state: State, epochs: Chunk) -> tuple[Array, Array | None]:
        """Returns the states [P, O, m, k] that `advance` measured from this one, and their averages."""
        shape = (*state.theta.shape[:2], max(1, len(epochs.batches)), state.theta.shape[2])
        reached = np.empty(shape, self.dtype)
        averages = None if state.average is None else np.empty(shape, self.dtype)
        places = count()

        def look(theta: Array, average: Array | None) -> None:
            place = next(places)
            reached[:, :, place] = theta
            if averages is not None and average is not None:
                averages[:, :, place] = average

        self.advance(state, epochs, look=look)
        return reached, averages

    def slack(self, state: State, error: Array | float, theta: Array | float) -> Array:
        """Returns how far rounding may have moved the measure of states near one.

        The gradient is a difference of numbers of the size of |H| |theta| and C, so it is wrong by
        their rounding, and the measure by that times the error (Higham, Accuracy and Stability of
        Numerical Algorithms, sec. 3.1). Four times the bound allows for how far a chunk moves.

        Args:
            state: the trials.
            error: the largest |theta - theta*|, of each trial or of all.
            theta: the largest |theta|, likewise.
        """
        columns, constant = self.full
        n_parameters, n_targets = self.problem.shape
        steepest = n_parameters * np.abs(columns).max()
        if state.decay is not None:
            steepest = steepest + state.decay.max()
        size = steepest * theta + np.abs(constant).max()
        roundings = 4 * (n_parameters + 3) * n_parameters * n_targets * np.finfo(self.dtype).eps
        return np.asarray(roundings * error * size)


def train(problem: Problem, trials: Trials, options: TrainOptions) -> Results:
    """Descends K trials at once on H and C, each epoch looked at.

    Args:
        problem: H [P, P] and C [P, O] of the chosen loss; its rows where there are mini-batches.
        trials: their starts, epochs and numbers.
        options: how they descend and when one has ended; precision, history.

    Returns:
        The results of all K trials. A trial that diverges is a result; nothing is raised for it.

    Source: Nocedal and Wright, Numerical Optimization, sec. 3.3; the rules as torch.optim has them.
    """
    return descend(Descent(problem, options), trials)
