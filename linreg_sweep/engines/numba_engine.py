"""Gradient descent on H and C compiled by Numba: trials side by side in the lanes of SIMD registers.

The same operations in the same order as the NumPy engine, none contracted or reordered, so the bits
are the same too; what is saved is every trip to memory between two of them. A kernel is compiled
for the shape of theta, in each process, in about a second: a small gradient stays in registers,
a large one goes through the first cache.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numba
import numpy as np
from numba.cpython.unsafe.tuple import tuple_setitem

from linreg_sweep.engines.interface import Results, Schedule, Trials
from linreg_sweep.engines.numpy_engine import Descent
from linreg_sweep.engines.stretches import Array, Curvature, State, descend
from linreg_sweep.theory.problem import Problem

LANES = 128
"""Trials that a kernel carries through a stretch together: their numbers stay in the first cache."""

STRETCH = 512
"""Epochs between two looks at what was measured."""

MOST_UNROLLED = 6
"""Entries of theta up to which loops over them are unrolled; more do not fit into registers."""

Kernel = Callable[..., None]


class CompiledDescent(Descent):
    """The arithmetic of an epoch, compiled."""

    def stretch(self, state: State, epochs: list[list[Curvature]]) -> tuple[Array, Array]:
        """Trains one epoch after the other, in place; see stretches.Arithmetic."""
        n_parameters, n_targets, k = state.theta.shape
        lowest, highest = np.empty(k, self.dtype), np.empty(k, self.dtype)
        hessians, constants = self._stacked(epochs)
        full, constant = self.full
        velocity = np.empty((n_parameters, n_targets, 0), self.dtype)
        momentum = np.asarray(state.momentum, self.dtype)
        has_velocity, nesterov = state.velocity is not None, self.schedule.nesterov
        run = kernel(n_parameters, n_targets, self.dtype.name, has_velocity, nesterov, self.is_full_batch)
        run(
            state.theta,
            velocity if state.velocity is None else state.velocity,
            state.learning_rate,
            np.broadcast_to(momentum, k) if state.velocity is not None else state.learning_rate,
            np.ascontiguousarray(full[:, :, 0, 0].T),
            np.ascontiguousarray(constant[:, :, 0]),
            self.optimum[:, :, 0],
            hessians,
            constants,
            len(epochs),
            lowest,
            highest,
        )
        return lowest, highest

    def _stacked(self, epochs: list[list[Curvature]]) -> tuple[Array, Array]:
        """Returns H [E, B, P, P] and C [E, B, P, O] of the batches of epochs, once if all are alike."""
        n_parameters, n_targets = self.problem.shape
        if self.is_full_batch or not epochs:
            empty = np.empty((0, 1, n_parameters, n_parameters), self.dtype)
            return empty, np.empty((0, 1, n_parameters, n_targets), self.dtype)
        told = epochs if self.schedule.shuffle else epochs[:1]
        hessians = np.array([[columns[:, :, 0, 0].T for columns, _ in batches] for batches in told])
        constants = np.array([[constant[:, :, 0] for _, constant in batches] for batches in told])
        return np.ascontiguousarray(hessians), np.ascontiguousarray(constants)


@cache
def kernel(
    n_parameters: int, n_targets: int, dtype: str, has_velocity: bool, nesterov: bool, is_full_batch: bool
) -> Kernel:
    """Returns the loop over lanes and epochs for one shape of theta, compiled when first called."""
    size = n_parameters * n_targets
    make = _unrolled if size <= MOST_UNROLLED else _looped
    visit = numba.njit(inline="always")(make(n_parameters, n_targets, dtype, has_velocity, nesterov))

    def run(
        theta: Any,
        velocity: Any,
        rate: Any,
        momentum: Any,
        hessian: Any,
        constant: Any,
        optimum: Any,
        hessians: Any,
        constants: Any,
        n_epochs: int,
        lowest: Any,
        highest: Any,
    ) -> None:
        k, kind = theta.shape[2], theta.dtype
        here, speed = np.zeros((size, LANES), kind), np.zeros((size, LANES), kind)
        rates, pushes = np.zeros(LANES, kind), np.zeros(LANES, kind)
        low, high = np.empty(LANES, kind), np.empty(LANES, kind)
        slope = np.empty((size, LANES), kind)
        for first in range(0, k, LANES):
            count = min(LANES, k - first)  # lanes beyond it carry what no one reads
            for lane in range(count):
                rates[lane] = rate[first + lane]
                if has_velocity:
                    pushes[lane] = momentum[first + lane]
                for entry in range(size):
                    p, o = entry // n_targets, entry % n_targets
                    here[entry, lane] = theta[p, o, first + lane]
                    if has_velocity:
                        speed[entry, lane] = velocity[p, o, first + lane]
            low[:], high[:] = np.inf, -np.inf
            for epoch in range(max(1, n_epochs)):
                moves = is_full_batch and n_epochs > 0
                visit(here, speed, rates, pushes, hessian, constant, optimum, low, high, slope, True, moves)
                if not is_full_batch and n_epochs > 0:
                    which = epoch % hessians.shape[0]
                    for batch in range(hessians.shape[1]):
                        of, at = hessians[which, batch], constants[which, batch]
                        visit(here, speed, rates, pushes, of, at, optimum, low, high, slope, False, True)
            for lane in range(count):
                lowest[first + lane], highest[first + lane] = low[lane], high[lane]
                for entry in range(size):
                    p, o = entry // n_targets, entry % n_targets
                    theta[p, o, first + lane] = here[entry, lane]
                    if has_velocity:
                        velocity[p, o, first + lane] = speed[entry, lane]

    compiled: Kernel = numba.njit(error_model="numpy")(run)
    return compiled


def _unrolled(
    n_parameters: int, n_targets: int, dtype: str, has_velocity: bool, nesterov: bool
) -> Callable[..., None]:
    """Returns what measures and moves the trials of all lanes, a lane after the other.

    The shape is a constant to the compiler, which unrolls the loops over parameters, keeps a
    trial's gradient in registers, and so finds one loop over lanes to vectorise.
    """
    size = n_parameters * n_targets
    zeros = (np.dtype(dtype).type(0),) * size

    def visit(
        theta: Any,
        velocity: Any,
        rate: Any,
        momentum: Any,
        hessian: Any,
        constant: Any,
        optimum: Any,
        low: Any,
        high: Any,
        spare: Any,
        measures: bool,
        moves: bool,
    ) -> None:
        for lane in range(LANES):
            slope = zeros
            for p in range(n_parameters):
                for o in range(n_targets):
                    total = hessian[p, 0] * theta[o, lane]
                    for q in range(1, n_parameters):
                        total += hessian[p, q] * theta[q * n_targets + o, lane]
                    slope = tuple_setitem(slope, p * n_targets + o, total - constant[p, o])  # type: ignore[call-arg]
            if measures:
                cost = (theta[0, lane] - optimum[0, 0]) * slope[0]
                for entry in range(1, size):
                    error = theta[entry, lane] - optimum[entry // n_targets, entry % n_targets]
                    cost += error * slope[entry]
                low[lane] = cost if cost < low[lane] else low[lane]
                high[lane] = high[lane] if cost <= high[lane] else cost
            if moves:
                for entry in range(size):
                    move = slope[entry]
                    if has_velocity:
                        velocity[entry, lane] = velocity[entry, lane] * momentum[lane] + move
                        if nesterov:
                            move += velocity[entry, lane] * momentum[lane]
                        else:
                            move = velocity[entry, lane]
                    theta[entry, lane] -= move * rate[lane]

    return visit


def _looped(
    n_parameters: int, n_targets: int, dtype: str, has_velocity: bool, nesterov: bool
) -> Callable[..., None]:
    """Returns the same, an entry of theta after the other: the code does not grow with their number."""

    def visit(
        theta: Any,
        velocity: Any,
        rate: Any,
        momentum: Any,
        hessian: Any,
        constant: Any,
        optimum: Any,
        low: Any,
        high: Any,
        slope: Any,
        measures: bool,
        moves: bool,
    ) -> None:
        cost = np.empty(LANES, theta.dtype)
        for p in range(n_parameters):
            for o in range(n_targets):
                entry = p * n_targets + o
                for lane in range(LANES):
                    slope[entry, lane] = hessian[p, 0] * theta[o, lane]
                for q in range(1, n_parameters):
                    for lane in range(LANES):
                        slope[entry, lane] += hessian[p, q] * theta[q * n_targets + o, lane]
                for lane in range(LANES):
                    slope[entry, lane] -= constant[p, o]
                    error = (theta[entry, lane] - optimum[p, o]) * slope[entry, lane]
                    cost[lane] = error if entry == 0 else cost[lane] + error
        if measures:
            for lane in range(LANES):
                low[lane] = cost[lane] if cost[lane] < low[lane] else low[lane]
                high[lane] = high[lane] if cost[lane] <= high[lane] else cost[lane]
        if moves:
            for entry in range(n_parameters * n_targets):
                for lane in range(LANES):
                    move = slope[entry, lane]
                    if has_velocity:
                        velocity[entry, lane] = velocity[entry, lane] * momentum[lane] + move
                        if nesterov:
                            move += velocity[entry, lane] * momentum[lane]
                        else:
                            move = velocity[entry, lane]
                    theta[entry, lane] -= move * rate[lane]

    return visit


def train(problem: Problem, trials: Trials, schedule: Schedule) -> Results:
    """Descends K trials at once on H and C, each epoch looked at, with the bits of the NumPy engine.

    Args:
        problem: H [P, P] and C [P, O] of the chosen loss; its rows where there are mini-batches.
        trials: learning_rate [K], theta_0 [K, P, O], epochs [K], momentum.
        schedule: when a trial has ended; batches, precision, history.

    Returns:
        The results of all K trials. A trial that diverges is a result; nothing is raised for it.

    Source: Nocedal and Wright, Numerical Optimization, sec. 3.3; momentum as torch.optim.SGD.
    """
    return descend(CompiledDescent(problem, schedule), trials, STRETCH)
