"""Gradient descent compiled by Numba: trials side by side in the lanes of SIMD registers.

Few parameters go by elementwise products, operation by operation as `Descent` in numpy_engine.py has them, so
that the bits are the same wherever the NumPy engine takes no BLAS. Many of them, and small batches, go by
chains of fma, in tiles of rows and of trials. Which it is, is a function of the shape alone (`numba_forms`).
"""

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.engines.batches import batch_slices, curvatures, rows_of_epoch
from linreg_sweep.engines.chunks import Array, Chunk, State, descend
from linreg_sweep.engines.interface import Results, TrainOptions, Trials
from linreg_sweep.engines.numba_forms import AHEAD, CHUNK, CHUNK_NUMBERS, MOST_ROWS, Form, form_of
from linreg_sweep.engines.numba_kernels import Data, Room, kernel, room_of
from linreg_sweep.engines.numba_layout import MOST_LANES, Rows
from linreg_sweep.engines.numba_made import ahead_maker, made_pitch, maker
from linreg_sweep.engines.numba_tiles import WIDE, pack
from linreg_sweep.engines.numba_vectors import REGISTER, lanes
from linreg_sweep.engines.pace import BLOCK
from linreg_sweep.method import Method
from linreg_sweep.theory.problem import Problem, loss_factor

MANY = 15
"""Vectors of trials that elementwise steps carry through a chunk together: the first cache holds them.

They are odd, so that no two of these lie a multiple of a page apart: one would wait for the other.
"""

BLOCKS = 8
"""Blocks of lanes that a call goes through at least, where there are so many trials."""


class CompiledDescent:
    """The arithmetic of an epoch on one problem, compiled; see chunks.Arithmetic."""

    def __init__(self, problem: Problem, options: TrainOptions, form: Form, n_trials: int) -> None:
        """Settles what all epochs share, in the descent's precision."""
        method = options.method
        self.problem, self.options, self.form = problem, options, form
        self.dtype = np.dtype(options.dtype)
        self.rule = method.rule(np)
        self.formula = Method(method.optimizer, method.flags, method.active)
        length = lanes(self.dtype)  # how many trials go together changes no bits
        together = MANY if form.is_elementwise else WIDE
        self.vectors = 0 if n_trials == 1 else together
        self.lanes = min(self.vectors, -(-n_trials // length)) * length or 1
        self.slices = batch_slices(problem.n_rows, method.batch_size)
        self.batch_size = self.slices[0].stop
        needs_rows = form.steps_by_rows or form.measures_by_rows
        some = slice(None) if needs_rows else slice(0)
        by_curvature = not (form.is_full_batch or form.steps_by_rows or form.shuffles)
        found = [*curvatures(problem, self.batch_size, None)] if by_curvature else []
        hessians, constants = (np.array([each[i] for each in found]) for i in range(2))
        sizes = (self.batch_size, problem.n_rows - self.slices[-1].start, problem.n_rows)
        factors = [float(loss_factor(problem.loss, size, problem.shape[1])) for size in sizes]
        whole, of_batches = problem.hessian, hessians
        if not form.is_elementwise:
            whole, of_batches = (pack(_symmetric(each), self.vectors, length) for each in (whole, of_batches))
        given = map(self._aligned, (whole, -problem.constant, of_batches, -constants))
        if needs_rows and problem.filed is not None:
            design, targets = problem.filed
        else:
            design, targets = problem.rows(some)
            targets = -targets
        flat = map(self._flat, (design, targets, np.array(factors), np.empty(0), np.zeros(1)))
        self.data = Data(self.batch_size, *given, *flat)
        if form.looks_ahead:
            self.data = self.data._replace(hessians=self._ahead())

    def _flat(self, numbers: Array) -> Array:
        return np.ascontiguousarray(numbers, self.dtype).ravel()

    def _aligned(self, numbers: Array) -> Array:
        flat = _room_for(numbers.size, self.dtype)
        flat[...] = numbers.ravel()
        return flat

    @property
    def width(self) -> int:
        """Trials that are worked on together, in whole registers."""
        size = self.problem.shape[0] * self.problem.shape[1]
        return self.lanes * max(BLOCKS, BLOCK // (size * self.lanes))

    def batches(self, epoch: int) -> Any:
        """Returns the rows that the steps of an epoch see, or H and C of each; none of the file's order."""
        if not self.form.shuffles:
            return None
        method = self.options.method
        order = rows_of_epoch(method.order, self.problem.n_rows, method.batch_size, method.seed, epoch)
        if self.form.steps_by_rows:
            return order
        return [*curvatures(self.problem, self.batch_size, order)]

    def chunk(self, state: State, epochs: Chunk) -> tuple[State, Array, Array]:
        """Trains one epoch after the other; see chunks.Arithmetic."""
        state, measures, _, _ = self._train(state, epochs, keeps=False)
        return state, measures[0], measures[1]

    def retrace(self, state: State, epochs: Chunk) -> tuple[Array, Array | None]:
        """Returns the states [P, O, m, k] that `chunk` measured from this one, and their averages."""
        _, _, reached, averages = self._train(state, epochs, keeps=True)
        return reached, averages if state.average is not None else None

    def _train(self, state: State, epochs: Chunk, *, keeps: bool) -> tuple[State, Array, Array, Array]:
        """Trains one epoch after the other.

        Returns:
            The state reached, the lowest and the highest measure [2, k] and, if they are to be kept, the
            states [P, O, m, k] before each epoch and their averages; these are empty if not.
        """
        rows, shape, k = self.rows, state.theta.shape[:2], state.theta.shape[-1]
        average = () if state.average is None else (state.average,)
        own = not state.quadratic.is_shared or state.slope is not None
        run = kernel(self.formula, rows, self.dtype.name, self.form, self.vectors, self.problem.fit_bias, own)
        kept: Array = np.empty((rows.clock + 1 + 2 * rows.size * own, k), self.dtype)
        kept[: rows.clock] = np.concatenate((state.theta, *state.slots, *average)).reshape(-1, k)
        kept[rows.clock] = 0 if state.decay is None else state.decay
        if own:
            slope = np.zeros_like(state.optimum) if state.slope is None else state.slope
            kept[rows.clock + 1 :] = np.concatenate((state.optimum, slope)).reshape(2 * rows.size, -1)
        clocks: Array = np.empty((rows.n_clocks + rows.n_h, k))
        for place, numbers in enumerate((*state.clock, *state.h)):
            clocks[place] = numbers
        n_states = max(1, len(epochs.batches))
        measures = np.empty((2, k), self.dtype)
        reached, averages = (np.empty((*shape, n_states, k) if keeps else 0, self.dtype) for _ in range(2))
        weights = np.empty((0, 1), self.dtype) if epochs.weights is None else epochs.weights
        data, orders, n_seen = self._seen(epochs)
        run(
            self.room,
            data._replace(optimum=np.ascontiguousarray(state.optimum[:, :, 0]).ravel()),
            kept.reshape(-1),
            clocks.reshape(-1),
            self._of_each(epochs.rates, k),
            self._of_each(weights, k),
            orders,
            self.problem.n_rows,
            n_seen,
            len(epochs.batches),
            len(epochs.rates),
            epochs.first == 0,
            measures.reshape(-1),
            reached.reshape(-1),
            averages.reshape(-1),
        )
        moved = kept[: rows.clock].reshape(-1, *shape, k)
        found = replace(
            state,
            theta=moved[0],
            slots=tuple(moved[1 : 1 + rows.n_slots]),
            clock=tuple(clocks[: rows.n_clocks]),
            average=moved[-1] if rows.has_average else None,
        )
        return found, measures, reached, averages

    def _seen(self, epochs: Chunk) -> tuple[Data, NDArray[np.intp], int]:
        """Returns the data, the rows of each epoch [epochs * m] and m, where these are in no file order."""
        n_seen, in_file_order = len(self.slices) * self.batch_size, np.empty(0, np.intp)
        if not self.form.shuffles or not epochs.batches:
            return self.data, in_file_order, self.problem.n_rows
        if self.form.steps_by_rows:
            orders = np.array(epochs.batches)
            if self.form.makes_curvature:
                made = self._made(orders)
                return self.data._replace(hessians=made, constants=made), in_file_order, orders.shape[1]
            return self.data, orders.reshape(-1), orders.shape[1]
        pairs = [pair for batches in epochs.batches for pair in batches]
        hessians, constants = (self._flat(np.array([pair[i] for pair in pairs])) for i in range(2))
        return self.data._replace(hessians=hessians, constants=-constants), in_file_order, n_seen

    def _ahead(self) -> Array:
        """Returns the products of rows that are taken together; see numba_made."""
        made = _room_for(self.problem.n_rows * AHEAD + MOST_LANES, self.dtype)
        ahead_maker(self.problem.shape[0])(made, self.data.matrix, self.problem.n_rows)
        return made

    def _made(self, orders: NDArray[np.intp]) -> Array:
        """Returns H and -C of each batch of rows [epochs, m]; see numba_made."""
        pitch = made_pitch(self.rows, self.dtype.name)
        made = _room_for(len(orders) * self.numbers_made + (MOST_ROWS + 1) * pitch, self.dtype)
        maker(self.rows, self.dtype.name)(made, self.data, orders.reshape(-1), orders.shape[1])
        return made

    @property
    def numbers_made(self) -> int:
        """Numbers of H and C that are made for an epoch."""
        n_batches = len(self.slices) * self.form.makes_curvature
        return n_batches * self.rows.n_parameters * made_pitch(self.rows, self.dtype.name)

    @cached_property
    def rows(self) -> Rows:
        """Where a block keeps its numbers."""
        rule = self.rule
        has_average = self.options.method.average is not None
        return Rows(*self.problem.shape, rule.n_slots, rule.n_clocks, len(rule.names), has_average)

    @cached_property
    def room(self) -> Room:
        """Room for a block of trials, which begins where a register's bytes do."""
        rows = self.rows
        of_numbers, of_exact, of_rows, of_targets = room_of(
            rows, self.batch_size, self.vectors * lanes(self.dtype) or 1
        )
        numbers, held, aims = (_room_for(size, self.dtype) for size in (of_numbers, of_rows, of_targets))
        return Room(numbers, np.zeros(of_exact), held, aims)

    def _of_each(self, numbers: Array, k: int) -> Array:
        """Returns numbers [n, k or 1] as [n, k], flat, and behind them as many zeros as lanes."""
        flat = np.zeros(len(numbers) * k + self.lanes, self.dtype)
        flat[: len(numbers) * k].reshape(-1, k)[...] = numbers
        return flat

    @cached_property
    def sizes(self) -> tuple[float, float, float, int]:
        """How large the terms of the gradient of all rows can be, and how many are added; see chunks.

        By way of the rows the sums are over their products, whose absolute values add up to no more than the
        largest entry of H, and of C than its root times that of the squares of y (Cauchy and Schwarz). Where
        the error goes through the rows instead there is no C, and what is added is squared.
        """
        problem = self.problem
        largest, constant = float(np.abs(problem.hessian).max()), float(np.abs(problem.constant).max())
        terms = len(problem.hessian)
        if self.form.measures_by_difference:
            return terms * largest, terms * largest, 0.0, 2 * terms + problem.n_rows
        if self.form.measures_by_rows:
            terms += problem.n_rows
            of_targets = largest * problem.factor * float((problem.targets**2).sum(axis=0).max())
            constant = max(constant, of_targets**0.5)
        return len(problem.hessian) * largest, 0.0, constant, terms


def _room_for(size: int, dtype: Any) -> Array:
    """Returns so many zeros, the first where a register's bytes begin; others follow, at least a register."""
    numbers: Array = np.zeros(size + REGISTER, dtype)
    first = -numbers.ctypes.data % REGISTER // numbers.itemsize
    return numbers[first : first + size]


def _symmetric(hessian: Array) -> Array:
    """Returns H [.., P, P] the same to the bit either way, whichever of a row and a column is read."""
    return hessian / 2 + hessian.swapaxes(-2, -1) / 2 if hessian.size else hessian


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
    method = options.method
    form = form_of(problem.n_rows, problem.shape, method)
    descent = CompiledDescent(problem, options, form, len(trials))
    size = problem.shape[0] * problem.shape[1]
    numbers = max(size * descent.lanes, descent.numbers_made)
    longest = min(_longest(form, len(trials)), max(1, CHUNK_NUMBERS // numbers))
    holds_curvature = method.is_drawn and (form.is_elementwise or form.makes_curvature)
    return descend(descent, trials, longest, grows=not holds_curvature)


def _longest(form: Form, n_trials: int) -> int:
    """Returns how many epochs go between two looks: more where a look takes longer than all of them."""
    return CHUNK * max(1, min(8, 64 // max(1, n_trials))) if form.is_full_batch else CHUNK
