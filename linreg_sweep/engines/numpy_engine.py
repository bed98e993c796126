"""Gradient descent in NumPy, K trials side by side, on H and C or on the rows of each step; see forms.py.

Trials lie along the last axis. Every operation on them is an elementwise ufunc, a sum of whole rows of trials
or a product that keeps its columns' bits (gemm.py), so a trial's bits do not depend on its neighbours.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cached_property
from itertools import count

import numpy as np

from linreg_sweep.array_types import Floats, Indices
from linreg_sweep.averages import update
from linreg_sweep.engines.batches import batch_slices, curvatures, rows_of_epoch
from linreg_sweep.engines.chunks import Array, Chunk, Curvature, State, descend
from linreg_sweep.engines.forms import HELD, Form, form_of
from linreg_sweep.engines.interface import Results, TrainOptions, Trials
from linreg_sweep.engines.pace import BLOCK
from linreg_sweep.engines.rows import Rows, scaled_rows
from linreg_sweep.gemm import Blocks, Factor, Multiplier
from linreg_sweep.theory.problem import Problem

KEPT = 4096
"""Batches in file order that are held at most, cut as products take them."""

AT_ONCE = 8192
"""Numbers of theta up to which all terms of elementwise products are made in one call."""

LONG = 1536
"""Bytes of a row of trials that NumPy is told is long: beside shorter ones it copies what it repeats."""

PAGE = 4096
"""Bytes by whose multiples rows of trials should not lie apart: a cache has few places for all of those."""


class Descent:
    """The arithmetic of an epoch on H and C, elementwise: the excess of states, and steps from them."""

    lanes = 1

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
        self.slices = batch_slices(problem.n_rows, method.batch_size)
        self.is_full_batch = method.sees_all(problem.n_rows)
        self.full = self._whole()
        self.in_file_order = [self.full] if self.is_full_batch else self._batches(None)

    @property
    def width(self) -> int:
        """Trials that are worked on together; see chunks.Arithmetic."""
        n_parameters, n_targets = self.problem.shape
        return max(1, BLOCK // (n_parameters * n_targets))

    def _whole(self) -> Curvature:
        """Returns what the gradient of all rows is made of."""
        return self._settled(self.problem.hessian, self.problem.constant)

    def _settled(self, hessian: Floats, constant: Floats) -> Curvature:
        columns = np.ascontiguousarray(hessian.T).astype(self.dtype)[..., None, None]
        return columns, constant.astype(self.dtype)[..., None]

    def _batches(self, order: Indices | None) -> Iterable[Curvature]:
        """Returns what the steps of an epoch are made of that sees rows in an order; None: as they stand."""
        return [self._settled(*each) for each in curvatures(self.problem, self.slices[0].stop, order)]

    def batches(self, epoch: int) -> Iterable[Curvature]:
        """Returns what each step of an epoch is made of; the first epoch is 0."""
        method = self.options.method
        if self.is_full_batch or not method.is_drawn:
            return self.in_file_order
        n_rows = self.problem.n_rows
        return self._batches(rows_of_epoch(method.order, n_rows, method.batch_size, method.seed, epoch))

    def gradient(
        self, theta: Array, decay: Array | None, curvature: Curvature, out: Array, spare: Array
    ) -> None:
        """Writes a batch's gradient, and what the penalty adds, to out [P, O, k]; spare is overwritten."""
        self.slope(theta, curvature, out, spare)
        if self.is_coupled and decay is not None:
            rows = slice(self.n_decayed)
            np.multiply(theta[rows], decay, out=spare[rows])
            np.add(out[rows], spare[rows], out=out[rows])

    def slope(self, theta: Array, curvature: Curvature, out: Array, spare: Array) -> None:
        """Writes H theta - C to out [P, O, k]; spare is overwritten."""
        columns, constant = curvature
        if theta.size <= AT_ONCE:
            terms = np.empty((len(theta), *theta.shape), self.dtype)
            self.add_up(np.multiply(columns, theta[:, None], out=terms), out)
        else:
            np.multiply(columns[0], theta[0], out=out)
            for column, row in zip(columns[1:], theta[1:], strict=True):
                np.multiply(column, row, out=spare)
                np.add(out, spare, out=out)
        np.subtract(out, constant, out=out)

    def measure(self, state: State, theta: Array, gradient: Array, out: Array, spare: Array) -> None:
        """Writes (theta - theta*) . gradient [k] to out: k n O times the excess."""
        np.subtract(theta, state.optimum, out=spare)
        if state.slope is not None:
            gradient = gradient - state.slope
        np.multiply(spare, gradient, out=spare)
        self.add_up(spare.reshape(-1, spare.shape[-1]), out)

    def add_up(self, terms: Array, out: Array) -> None:
        """Writes the sum of terms [m, ..., k] to out [..., k], one after the other, in one call."""
        if out.size > 1:
            np.add.reduce(terms, axis=0, out=out)
        else:  # a single column would be added up in pairs
            out[...] = np.add.accumulate(terms.ravel())[-1]

    @np.errstate()
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
        if state.theta.shape[-1] * self.dtype.itemsize >= LONG:
            np.setbufsize(LONG // self.dtype.itemsize)  # until the end, by errstate
        theta, slots, clock, average = state.theta, state.slots, state.clock, state.average
        h = tuple(_as_one(numbers.astype(self.dtype, copy=False)) for numbers in state.h)
        decay = None if state.decay is None else _as_one(state.decay)
        tick, step, ticks = self.rule.tick, self.rule.step, self.rule.n_clocks > 0
        is_first, needs_gradient = epochs.first == 0, measures is None or not self.is_full_batch
        gradient, spare = np.empty_like(theta), np.empty_like(theta)
        rates, rate, now = epochs.rates, _as_one(epochs.rates[0]), clock
        is_lone = measures is not None and theta.shape[-1] == 1
        seen = np.empty((2, len(epochs.batches or [[]]), *theta.shape), self.dtype) if is_lone else None
        for number, batches in enumerate(epochs.batches or [[]]):
            if len(rates) > 1:
                rate = _as_one(rates[number])
            if look is not None:
                look(theta, average)
            if measures is not None:
                self.gradient(theta, decay, self.full, gradient, spare)
                if seen is None:
                    self.measure(state, theta, gradient, measures[number], spare)
                else:
                    seen[0, number], seen[1, number] = theta, gradient
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
        if seen is not None and measures is not None:  # a lone trial's epochs, side by side as trials are
            thetas, gradients = np.moveaxis(seen[..., 0], 1, -1)
            self.measure(state, thetas, gradients, measures[:, 0], np.empty(thetas.shape, self.dtype))
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

    @cached_property
    def sizes(self) -> tuple[float, float, float, int]:
        """How large the terms of the gradient of all rows can be, and how many are added; see chunks."""
        n_parameters, largest = len(self.problem.hessian), float(np.abs(self.problem.hessian).max())
        return n_parameters * largest, 0.0, float(np.abs(self.problem.constant).max()), n_parameters


class BlasDescent(Descent):
    """The arithmetic of an epoch by BLAS, of as many trials at once as whole blocks of columns hold."""

    def __init__(self, problem: Problem, options: TrainOptions, form: Form, blocks: Blocks) -> None:
        """Settles what all epochs share, in the descent's precision, and in which form."""
        self.form, self.blocks, self.product = form, blocks, Multiplier(blocks)
        self.residuals = np.empty((0, 0, 0))
        super().__init__(problem, options)

    @property
    def width(self) -> int:
        """Trials that are worked on together, in whole blocks."""
        n_parameters, n_targets = self.problem.shape
        held = max(n_parameters, self.slices[0].stop if self.form.steps_by_rows else 0)
        count = max(1, BLOCK // (held * n_targets * self.blocks.width))
        far = count * self.blocks.width * self.dtype.itemsize
        return (count - (far % PAGE == 0 and count > 1)) * self.blocks.width

    def _whole(self) -> Curvature:
        if not self.form.costs_by_rows:
            return super()._whole()
        lines, targets = scaled_rows(self.problem, self.problem.n_rows, self.dtype)
        return Factor(np.ascontiguousarray(lines[:, : self.problem.shape[0]])), targets

    def _settled(self, hessian: Floats, constant: Floats) -> Curvature:
        return Factor(np.ascontiguousarray(hessian, self.dtype)), constant.astype(self.dtype)[..., None]

    @cached_property
    def rows(self) -> Rows:
        """The rows of the steps of an epoch in file order."""
        are_drawn = self.options.method.is_drawn
        return Rows.of(self.problem, self.slices[0].stop, self.dtype, are_drawn=are_drawn)

    def _batches(self, order: Indices | None) -> Iterable[Curvature]:
        if not self.form.steps_by_rows:
            return super()._batches(order)
        held, is_few = self.rows.held, order is None and len(self.slices) <= KEPT
        lasts = is_few and held is not None and held[0].nbytes <= HELD
        rows = replace(self.rows, order=order, lasts=lasts)
        return [*rows] if lasts else rows

    def slope(self, theta: Array, curvature: Curvature, out: Array, spare: Array) -> None:
        """Writes a batch's gradient to out [P, O, k]; spare is overwritten."""
        by_rows = self.form.costs_by_rows if curvature is self.full else self.form.steps_by_rows
        left, right = curvature
        if not by_rows:
            self.product.multiply(left, theta, out)
            np.subtract(out, right, out=out)
            return
        n_rows = len(left.matrix)
        shape = theta.shape[1], theta.shape[2]
        if n_rows > 1 and 2 * shape[0] * shape[1] <= self.blocks.width:
            there, back = self.product.room(left, shape), self.product.room(left.transposed, shape)
            there.given[...] = theta
            there.multiply(left)
            np.subtract(there.found, right, out=back.given)
            back.multiply(left.transposed)
            out[...] = back.found
            return
        if self.residuals.shape[1:] != theta.shape[1:] or len(self.residuals) < n_rows:
            self.residuals = np.empty((n_rows, *theta.shape[1:]), self.dtype)
        residual = self.residuals[:n_rows]
        if n_rows == 1:
            column = left.matrix.reshape(-1, 1, 1)
            np.multiply(column, theta, out=spare)
            self.add_up(spare, residual[0])
            np.subtract(residual, right, out=residual)
            np.multiply(column, residual, out=out)
            return
        self.product.multiply(left, theta, residual)
        np.subtract(residual, right, out=residual)
        self.product.multiply(left.transposed, residual, out)

    @cached_property
    def sizes(self) -> tuple[float, float, float, int]:
        """How large the terms of the gradient of all rows can be, and how many are added; see chunks."""
        if not self.form.costs_by_rows:
            return super().sizes
        design, targets = np.abs(self.full[0].matrix), np.abs(self.full[1])
        steepest = (design * design.sum(axis=1, keepdims=True)).sum(axis=0).max()
        constant = (design * targets.max(axis=1)).sum(axis=0).max()
        return float(steepest), 0.0, float(constant), sum(design.shape) + 2


def _as_one(numbers: Array) -> Array:
    """Returns one number [1] of all trials as no row: NumPy multiplies by it sooner, to the same bits."""
    return numbers.reshape(()) if numbers.size == 1 else numbers


def train(problem: Problem, trials: Trials, options: TrainOptions) -> Results:
    """Descends K trials at once, each epoch looked at.

    Args:
        problem: H [P, P] and C [P, O] of the chosen loss; its rows where there are mini-batches.
        trials: their starts, epochs and numbers.
        options: how they descend and when one has ended; precision, history.

    Returns:
        The results of all K trials. A trial that diverges is a result; nothing is raised for it.

    Source: Nocedal and Wright, Numerical Optimization, sec. 3.3; the rules as torch.optim has them.
    """
    form = form_of(problem.n_rows, problem.shape, options.method, options.dtype)
    blocks = form.blocks
    descent = Descent(problem, options) if blocks is None else BlasDescent(problem, options, form, blocks)
    return descend(descent, trials)
