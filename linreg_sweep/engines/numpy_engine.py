"""Gradient descent on H and C in NumPy, K trials side by side: an epoch does not grow with the rows.

Trials lie along the last axis and every operation on them is an elementwise ufunc, so a trial's
bits do not depend on its neighbours.
"""

import numpy as np

from linreg_sweep.engines.batches import batch_slices, epoch_order
from linreg_sweep.engines.interface import Floats, Results, Schedule, Trials
from linreg_sweep.engines.stretches import Array, Curvature, Indices, State, descend
from linreg_sweep.theory.problem import Problem


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

    def stretch(self, state: State, epochs: list[list[Curvature]]) -> tuple[Array, Array]:
        """Trains one epoch after the other, in place; see stretches.Arithmetic."""
        costs = np.empty((max(1, len(epochs)), state.theta.shape[-1]), self.dtype)
        self.advance(state, epochs, costs)
        return costs.min(axis=0), costs.max(axis=0)

    def retrace(self, state: State, epochs: list[list[Curvature]]) -> Array:
        """Returns the states [P, O, m, k] that `advance` measured from this one, which moves along."""
        reached = [state.theta.copy()]
        for batches in epochs[:-1]:
            self.advance(state, [batches])
            reached.append(state.theta.copy())
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
    return descend(Descent(problem, schedule), trials)
