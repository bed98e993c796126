"""Descent on H and C compiled by Numba, operation by operation as `Descent` in numpy_engine.py has it.

The same operations in the same order, none contracted or reordered, so the bits are the same, too, wherever
the NumPy engine takes no BLAS; what is saved is every trip to memory between two of them. A kernel is
compiled for a method and the shape of theta, in each process, in about a second: a small gradient stays
in registers, a large one goes through the first cache.

Kernels are compiled of closures that see each other, all in one place: hence the length.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numba
import numpy as np
from numba.cpython.unsafe.tuple import tuple_setitem

from linreg_sweep.averages import update
from linreg_sweep.engines.chunks import Array, Chunk, State
from linreg_sweep.engines.interface import TrainOptions
from linreg_sweep.engines.numba_layout import Rows
from linreg_sweep.engines.numpy_engine import Descent
from linreg_sweep.method import Method
from linreg_sweep.theory.problem import Problem

LANES = 128
"""Trials that a kernel carries through a chunk together: their numbers stay in the first cache."""

FEW_LANES = 16
"""The same where there are no more: lanes that no one reads take their time, too."""

MAX_UNROLLED = 6
"""Entries of theta up to which loops over them are unrolled; more do not fit into registers."""

Kernel = Callable[..., None]


class CompiledDescent(Descent):
    """The arithmetic of an epoch, compiled."""

    def __init__(self, problem: Problem, options: TrainOptions, n_trials: int = LANES) -> None:
        """Settles what all epochs share; of the method, what a kernel is compiled for."""
        super().__init__(problem, options)
        self.n_lanes = FEW_LANES if n_trials <= FEW_LANES else LANES  # which changes no bits
        method = options.method
        self.formula = Method(method.optimizer, method.flags, method.active)

    def chunk(self, state: State, epochs: Chunk) -> tuple[State, Array, Array]:
        """Trains one epoch after the other; see chunks.Arithmetic."""
        n_parameters, n_targets, k = state.theta.shape
        rows = Rows(
            n_parameters,
            n_targets,
            self.rule.n_slots,
            self.rule.n_clocks,
            len(self.rule.names),
            state.average is not None,
        )
        shape, own = state.theta.shape, not state.quadratic.is_shared or state.slope is not None
        fit_bias = self.problem.fit_bias
        run = kernel(self.formula, rows, self.dtype.name, self.is_full_batch, fit_bias, own, self.n_lanes)
        is_penalised = own or state.decay is not None
        given = np.empty((rows.clock + is_penalised + 2 * rows.size * own, k), self.dtype)
        moving, still = given[: rows.clock].reshape(-1, *shape), given[rows.clock :]
        kept = () if state.average is None else (state.average,)
        for place, numbers in enumerate((state.theta, *state.slots, *kept)):
            moving[place] = numbers
        clocks = np.empty((rows.n_clocks + rows.n_h, k))
        for place, numbers in enumerate((*state.clock, *state.h)):
            clocks[place] = numbers
        if is_penalised:
            still[0] = 0 if state.decay is None else state.decay
        if own:
            still[1 : 1 + rows.size] = state.optimum.reshape(rows.size, -1)
            still[1 + rows.size :] = 0 if state.slope is None else state.slope.reshape(rows.size, -1)
        lowest, highest = np.empty(k, self.dtype), np.empty(k, self.dtype)
        hessians, constants = self._stacked(epochs)
        full, constant = self.full
        run(
            given,
            clocks,
            _of_each(epochs.rates, k),
            np.empty((0, 0), self.dtype) if epochs.weights is None else _of_each(epochs.weights, k),
            np.ascontiguousarray(full[:, :, 0, 0].T),
            np.ascontiguousarray(constant[:, :, 0]),
            state.optimum[:, :, 0],
            hessians,
            constants,
            len(epochs.batches),
            epochs.first == 0,
            lowest,
            highest,
        )
        clock = tuple(clocks[: rows.n_clocks])
        slots = tuple(moving[1 : 1 + rows.n_slots])
        average = moving[-1] if rows.has_average else None
        moved = replace(state, theta=moving[0], slots=slots, clock=clock, average=average)
        return moved, lowest, highest

    def _stacked(self, epochs: Chunk) -> tuple[Array, Array]:
        """Returns H [E, B, P, P] and C [E, B, P, O] of the batches of epochs, once if all are alike."""
        n_parameters, n_targets = self.problem.shape
        if self.is_full_batch or not epochs.batches:
            empty = np.empty((0, 1, n_parameters, n_parameters), self.dtype)
            return empty, np.empty((0, 1, n_parameters, n_targets), self.dtype)
        different = epochs.batches if self.options.method.is_drawn else epochs.batches[:1]
        hessians = np.array([[columns[:, :, 0, 0].T for columns, _ in batches] for batches in different])
        constants = np.array([[constant[:, :, 0] for _, constant in batches] for batches in different])
        return np.ascontiguousarray(hessians), np.ascontiguousarray(constants)


def _of_each(numbers: Array, count: int) -> Array:
    """Returns numbers [n, k or 1] as [n, k], whole in memory."""
    return np.ascontiguousarray(np.broadcast_to(numbers, (len(numbers), count)))


@cache
def kernel(
    method: Method,
    rows: Rows,
    dtype: str,
    is_full_batch: bool,
    fit_bias: bool,
    has_own_optimum: bool,
    width: int = LANES,
) -> Kernel:
    """Returns the loop over lanes and epochs for a method and a shape of theta."""
    visit = _visit(rows, dtype, width, _moves(method, rows, dtype, fit_bias), has_own_optimum)
    at_low, n_moving, rate = rows.optimum + 2 * rows.size, rows.clock, rows.rate
    n_rows, at_h, n_exact = at_low + 3 + rows.size, rows.h, rows.n_clocks + rows.n_h
    n_clocks, has_average = rows.n_clocks, rows.has_average

    def run(
        numbers: Any,
        clocks: Any,
        rates: Any,
        weights: Any,
        hessian: Any,
        constant: Any,
        optimum: Any,
        hessians: Any,
        constants: Any,
        n_epochs: int,
        is_begin: bool,
        lowest: Any,
        highest: Any,
    ) -> None:
        n_given, k = numbers.shape
        lanes, exact = np.zeros((n_rows, width), numbers.dtype), np.zeros((n_exact, width))
        for first in range(0, k, width):
            count = min(width, k - first)  # lanes beyond it carry what no one reads
            for row in range(n_given):
                place = row if row < n_moving else row - n_moving + rate + 2
                for lane in range(count):
                    lanes[place, lane] = numbers[row, first + lane]
            for row in range(n_exact):
                for lane in range(count):
                    exact[row, lane] = clocks[row, first + lane]
                    if row >= n_clocks:
                        lanes[at_h + row - n_clocks, lane] = exact[row, lane]
            lanes[at_low, :], lanes[at_low + 1, :] = np.inf, -np.inf
            for epoch in range(max(1, n_epochs)):
                if epoch == 0 or rates.shape[0] > 1:
                    for lane in range(count):
                        lanes[rate, lane] = rates[min(epoch, rates.shape[0] - 1), first + lane]
                moves, is_first = is_full_batch and n_epochs > 0, is_begin and epoch == 0
                if has_average and moves:
                    for lane in range(count):
                        lanes[rate + 1, lane] = weights[epoch, first + lane]
                visit(lanes, exact, hessian, constant, optimum, True, moves, is_first)
                if not is_full_batch and n_epochs > 0:
                    which = epoch % hessians.shape[0]
                    for batch in range(hessians.shape[1]):
                        of, at = hessians[which, batch], constants[which, batch]
                        if has_average:
                            place = epoch * hessians.shape[1] + batch
                            for lane in range(count):
                                lanes[rate + 1, lane] = weights[place, first + lane]
                        visit(lanes, exact, of, at, optimum, False, True, is_first and batch == 0)
            for lane in range(count):
                lowest[first + lane], highest[first + lane] = lanes[at_low, lane], lanes[at_low + 1, lane]
            for row in range(n_moving):
                for lane in range(count):
                    numbers[row, first + lane] = lanes[row, lane]
            for row in range(n_clocks):
                for lane in range(count):
                    clocks[row, first + lane] = exact[row, lane]

    compiled: Kernel = numba.njit(error_model="numpy")(run)
    return compiled


@dataclass(frozen=True)
class Moves:
    """What a step does in one lane, as functions to be inlined.

    Attributes:
        penalise: `(lanes, entry, lane, gradient) -> gradient` with what the penalty adds to it.
        tick: `(lanes, exact, lane)`, once a step; exact are clocks and hyperparameters in float64.
        move: `(lanes, entry, lane, gradient, is_first)` moves one entry of theta along its gradient.
    """

    penalise: Callable[..., Any]
    tick: Callable[..., None]
    move: Callable[..., None]


def _moves(method: Method, rows: Rows, dtype: str, fit_bias: bool) -> Moves:
    """Returns what a method's step does in one lane."""
    rule, compiled = method.rule(np), numba.njit(inline="always", error_model="numpy")
    step, tick_clocks, renew = compiled(rule.step), compiled(rule.tick), compiled(update)
    has_average, at_average, at_weight = rows.has_average, rows.average, rows.rate + 1
    size, n_slots, n_h, n_clocks = rows.size, rows.n_slots, rows.n_h, rows.n_clocks
    at_clock, at_h, at_rate, at_decay = rows.clock, rows.h, rows.rate, rows.rate + 2
    kind = np.dtype(dtype).type
    no_slots, no_h, no_clocks = ((kind(0),) * count for count in (n_slots, n_h, n_clocks))
    exact_clocks, exact_h = (0.0,) * n_clocks, (0.0,) * n_h
    one, has_slots, has_h, has_clocks = kind(1), n_slots > 0, n_h > 0, n_clocks > 0
    n_decayed = (rows.n_parameters - (fit_bias and not method.decays_bias)) * rows.n_targets
    is_decoupled, is_coupled = method.is_decoupled, method.is_penalised and not method.is_decoupled

    def hyperparameters(lanes: Any, lane: int) -> Any:
        h = no_h
        if has_h:
            for place in range(n_h):
                h = tuple_setitem(h, place, lanes[at_h + place, lane])  # type: ignore[call-arg]
        return h

    def clocks_of(lanes: Any, lane: int) -> Any:
        clocks = no_clocks
        if has_clocks:
            for place in range(n_clocks):
                clocks = tuple_setitem(clocks, place, lanes[at_clock + place, lane])  # type: ignore[call-arg]
        return clocks

    read_h, read_clocks = compiled(hyperparameters), compiled(clocks_of)

    def penalise(lanes: Any, entry: int, lane: int, gradient: Any) -> Any:
        if is_coupled and entry < n_decayed:
            gradient += lanes[entry, lane] * lanes[at_decay, lane]
        return gradient

    def tick(lanes: Any, exact: Any, lane: int) -> None:
        if has_clocks:
            clocks, h = exact_clocks, exact_h
            for place in range(n_clocks):
                clocks = tuple_setitem(clocks, place, exact[place, lane])  # type: ignore[call-arg]
            if has_h:
                for place in range(n_h):
                    h = tuple_setitem(h, place, exact[n_clocks + place, lane])  # type: ignore[call-arg]
            clocks = tick_clocks(clocks, h)
            for place in range(n_clocks):
                exact[place, lane] = clocks[place]
                lanes[at_clock + place, lane] = clocks[place]

    def move(lanes: Any, entry: int, lane: int, gradient: Any, is_first: bool) -> None:
        theta, rate, slots = lanes[entry, lane], lanes[at_rate, lane], no_slots
        if has_slots:
            for place in range(n_slots):
                slots = tuple_setitem(slots, place, lanes[size * (1 + place) + entry, lane])  # type: ignore[call-arg]
        if is_decoupled and entry < n_decayed:
            theta *= one - rate * lanes[at_decay, lane]
        h, clocks = read_h(lanes, lane), read_clocks(lanes, lane)
        theta, slots = step(theta, slots, gradient, rate, h, clocks, is_first)
        lanes[entry, lane] = theta
        if has_slots:
            for place in range(n_slots):
                lanes[size * (1 + place) + entry, lane] = slots[place]
        if has_average:
            kept = at_average + entry
            lanes[kept, lane] = renew(lanes[kept, lane], theta, lanes[at_weight, lane])

    return Moves(compiled(penalise), compiled(tick), compiled(move))


def _distance(rows: Rows, has_own_optimum: bool) -> Callable[..., Any]:
    """Returns an entry's distance from theta* times its gradient, less what that is there."""
    n_targets, at_optimum, at_slope = rows.n_targets, rows.optimum, rows.optimum + rows.size

    def shared(lanes: Any, optimum: Any, entry: int, lane: int, gradient: Any) -> Any:
        return (lanes[entry, lane] - optimum[entry // n_targets, entry % n_targets]) * gradient

    def own(lanes: Any, optimum: Any, entry: int, lane: int, gradient: Any) -> Any:
        error = lanes[entry, lane] - lanes[at_optimum + entry, lane]
        return error * (gradient - lanes[at_slope + entry, lane])

    return numba.njit(inline="always")(own if has_own_optimum else shared)


def _visit(rows: Rows, dtype: str, width: int, moves: Moves, has_own_optimum: bool) -> Callable[..., None]:
    """Returns what measures and moves the trials of all lanes.

    Of few entries of theta a lane comes after the other. The shape is a constant to the compiler, which
    unrolls the loops over parameters, keeps a trial's gradient in registers, and so finds one loop over lanes
    to vectorise. Of more an entry comes after the other, so that the code does not grow with their number.
    """
    n_parameters, n_targets, size = rows.n_parameters, rows.n_targets, rows.size
    at_low, at_high, at_cost, at_gradient = (rows.optimum + 2 * size + place for place in range(4))
    distance = _distance(rows, has_own_optimum)
    zeros = (np.dtype(dtype).type(0),) * size
    penalise, tick, move = moves.penalise, moves.tick, moves.move

    @numba.njit(inline="always")
    def keep(lanes: Any, lane: int, cost: Any) -> None:
        """Keeps what was measured where it is the lowest or the highest so far."""
        lanes[at_low, lane] = cost if cost < lanes[at_low, lane] else lanes[at_low, lane]
        lanes[at_high, lane] = lanes[at_high, lane] if cost <= lanes[at_high, lane] else cost

    def lane_by_lane(
        lanes: Any, exact: Any, hessian: Any, constant: Any, optimum: Any,
        measures: bool, moves: bool, is_first: bool,
    ) -> None:  # fmt: skip
        for lane in range(width):
            slope = zeros
            for p in range(n_parameters):
                for o in range(n_targets):
                    entry = p * n_targets + o
                    total = hessian[p, 0] * lanes[o, lane]
                    for q in range(1, n_parameters):
                        total += hessian[p, q] * lanes[q * n_targets + o, lane]
                    gradient = penalise(lanes, entry, lane, total - constant[p, o])
                    slope = tuple_setitem(slope, entry, gradient)  # type: ignore[call-arg]
            if measures:
                cost = distance(lanes, optimum, 0, lane, slope[0])
                for entry in range(1, size):
                    cost += distance(lanes, optimum, entry, lane, slope[entry])
                keep(lanes, lane, cost)
            if moves:
                tick(lanes, exact, lane)
                for entry in range(size):
                    move(lanes, entry, lane, slope[entry], is_first)

    def entry_by_entry(
        lanes: Any, exact: Any, hessian: Any, constant: Any, optimum: Any,
        measures: bool, moves: bool, is_first: bool,
    ) -> None:  # fmt: skip
        for p in range(n_parameters):
            for o in range(n_targets):
                entry = p * n_targets + o
                row = at_gradient + entry
                for lane in range(width):
                    lanes[row, lane] = hessian[p, 0] * lanes[o, lane]
                for q in range(1, n_parameters):
                    for lane in range(width):
                        lanes[row, lane] += hessian[p, q] * lanes[q * n_targets + o, lane]
                for lane in range(width):
                    lanes[row, lane] = penalise(lanes, entry, lane, lanes[row, lane] - constant[p, o])
                    error = distance(lanes, optimum, entry, lane, lanes[row, lane])
                    lanes[at_cost, lane] = error if entry == 0 else lanes[at_cost, lane] + error
        if measures:
            for lane in range(width):
                keep(lanes, lane, lanes[at_cost, lane])
        if moves:
            for lane in range(width):
                tick(lanes, exact, lane)
            for entry in range(size):
                for lane in range(width):
                    move(lanes, entry, lane, lanes[at_gradient + entry, lane], is_first)

    return numba.njit(inline="always")(lane_by_lane if size <= MAX_UNROLLED else entry_by_entry)
