"""Descent compiled by Numba whose products are chains of fma: any number of parameters, any batches."""

from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.engines.batches import batch_slices, rows_of_epoch
from linreg_sweep.engines.chunks import Array, Chunk, State
from linreg_sweep.engines.interface import TrainOptions
from linreg_sweep.engines.numba_forms import Form
from linreg_sweep.engines.numba_kernels import Data, Room, kernel, n_kept, room_of
from linreg_sweep.engines.numba_layout import Rows, at_low
from linreg_sweep.engines.numba_tiles import WIDE, pack
from linreg_sweep.engines.numba_vectors import lanes
from linreg_sweep.engines.pace import BLOCK
from linreg_sweep.method import Method
from linreg_sweep.theory.problem import Problem, loss_factor


class TiledDescent:
    """The arithmetic of an epoch on one problem, in tiles of rows and of trials; see chunks.Arithmetic."""

    def __init__(self, problem: Problem, options: TrainOptions, form: Form, n_trials: int) -> None:
        """Settles what all epochs share, in the descent's precision."""
        method = options.method
        self.problem, self.options, self.form = problem, options, form
        self.dtype = np.dtype(options.dtype)
        self.rule = method.rule(np)
        self.formula = Method(method.optimizer, method.flags, method.active)
        few = min(1, n_trials - 1)
        self.vectors = few if n_trials <= lanes(self.dtype) else WIDE  # which changes no bits
        self.lanes = max(1, self.vectors) * lanes(self.dtype)
        self.slices = batch_slices(problem.n_rows, method.batch_size)
        self.batch_size = self.slices[0].stop
        needs_rows = form.steps_by_rows or form.measures_by_rows
        some = slice(None) if needs_rows else slice(0)
        by_curvature = not form.is_full_batch and not form.steps_by_rows
        found = [problem.batch(part) for part in self.slices] if by_curvature else []
        hessians, constants = (np.array([each[i] for each in found]) for i in range(2))
        sizes = (self.batch_size, problem.n_rows - self.slices[-1].start, problem.n_rows)
        factors = [float(loss_factor(problem.loss, size, problem.shape[1])) for size in sizes]
        whole, of_batches = (pack(_symmetric(each), self.vectors) for each in (problem.hessian, hessians))
        given = (whole, -problem.constant, of_batches, -constants)
        if needs_rows and problem.filed is not None:
            design, targets = problem.filed
        else:
            design, targets = problem.rows(some)
            targets = -targets
        flat = map(self._flat, (*given, design, targets, np.array(factors), np.empty(0), np.zeros(1)))
        self.data = Data(self.batch_size, *flat)

    def _flat(self, numbers: Array) -> Array:
        return np.ascontiguousarray(numbers, self.dtype).ravel()

    @property
    def width(self) -> int:
        """Trials that are worked on together, in whole registers."""
        size = self.problem.shape[0] * self.problem.shape[1]
        return self.lanes * max(1, BLOCK // (size * self.lanes))

    def batches(self, epoch: int) -> NDArray[np.intp]:
        """Returns the rows that the steps of an epoch see, none where it is the file's order."""
        if not self.form.shuffles:
            return np.empty(0, np.intp)
        method = self.options.method
        return rows_of_epoch(method.order, self.problem.n_rows, method.batch_size, method.seed, epoch)

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
        rule, shape, k = self.rule, state.theta.shape[:2], state.theta.shape[-1]
        averages_too = state.average is not None
        rows = Rows(shape[0], shape[1], rule.n_slots, rule.n_clocks, len(rule.names), averages_too)
        own = not state.quadratic.is_shared or state.slope is not None
        run = kernel(self.formula, rows, self.dtype.name, self.form, self.vectors, self.problem.fit_bias, own)
        kept: Array = np.zeros((n_kept(rows), k), self.dtype)
        moving = (state.theta, *state.slots, *(() if state.average is None else (state.average,)))
        kept[: rows.clock] = np.concatenate(moving).reshape(-1, k)
        clocks: Array = np.empty((rows.n_clocks + rows.n_h, k))
        for place, numbers in enumerate((*state.clock, *state.h)):
            clocks[place] = numbers
        kept[rows.h : rows.rate] = clocks[rows.n_clocks :]
        if state.decay is not None:
            kept[rows.rate + 2] = state.decay
        if own:
            slope = np.zeros_like(state.optimum) if state.slope is None else state.slope
            kept[rows.optimum : at_low(rows)] = np.concatenate((state.optimum, slope)).reshape(
                2 * rows.size, -1
            )
        kept[at_low(rows) :] = [[np.inf], [-np.inf]]
        kept, clocks = self._blocks(kept), self._blocks(clocks)
        n_blocks, n_states = len(kept), max(1, len(epochs.batches))
        wanted = (n_blocks, n_states, *shape, self.lanes) if keeps else (0,)
        reached, averages = (np.empty(wanted, self.dtype) for _ in range(2))
        orders = np.array(epochs.batches if self.form.shuffles else [], np.intp)
        weights = np.empty((0, 1), self.dtype) if epochs.weights is None else epochs.weights
        run(
            self._room(rows),
            self.data._replace(optimum=np.ascontiguousarray(state.optimum[:, :, 0]).ravel()),
            kept.reshape(-1),
            clocks.reshape(-1),
            self._filled(epochs.rates, k),
            self._filled(weights, k),
            orders.reshape(-1),
            self.problem.n_rows,
            orders.shape[-1] or self.problem.n_rows,
            len(epochs.batches),
            n_blocks,
            epochs.first == 0,
            reached.reshape(-1),
            averages.reshape(-1),
        )
        kept, clocks = (
            np.moveaxis(each, 1, 0).reshape(each.shape[1], n_blocks * self.lanes)[:, :k]
            for each in (kept, clocks)
        )
        moved = kept[: rows.clock].reshape(-1, *shape, k)
        found = replace(
            state,
            theta=moved[0],
            slots=tuple(moved[1 : 1 + rows.n_slots]),
            clock=tuple(clocks[: rows.n_clocks]),
            average=moved[-1] if rows.has_average else None,
        )
        if keeps:
            reached, averages = (
                np.moveaxis(each, (2, 3, 1, 0), (0, 1, 2, 3)).reshape(
                    *shape, n_states, n_blocks * self.lanes
                )[..., :k]
                for each in (reached, averages)
            )
        return found, kept[at_low(rows) :], reached, averages

    def _room(self, rows: Rows) -> Room:
        """Returns room for a block of trials."""
        of_numbers, of_exact, of_rows, of_targets = room_of(rows, self.batch_size, self.lanes)
        numbers, held, aims = (np.zeros(size, self.dtype) for size in (of_numbers, of_rows, of_targets))
        return Room(numbers, np.zeros(of_exact), held, aims)

    def _blocks(self, numbers: Array) -> Array:
        """Returns numbers [n, k] as blocks [.., n, lanes], those of no trial 0."""
        n_blocks = -(-numbers.shape[1] // self.lanes)
        padded = np.zeros((len(numbers), n_blocks * self.lanes), numbers.dtype)
        padded[:, : numbers.shape[1]] = numbers
        return np.ascontiguousarray(np.moveaxis(padded.reshape(len(numbers), n_blocks, self.lanes), 1, 0))

    def _filled(self, numbers: Array, k: int) -> Array:
        """Returns numbers [n, k or 1] as [n, lanes of all blocks], flat."""
        filled = np.zeros((len(numbers), -(-k // self.lanes) * self.lanes), self.dtype)
        filled[:, :k] = numbers
        return filled.reshape(-1)

    def slack(self, state: State, error: Array | float, theta: Array | float) -> Array:
        """Returns how far rounding may have moved the measure of states near one.

        As `Descent.slack` in numpy_engine.py. By way of the rows the sums are over their products, whose
        absolute values add up to no more than the largest entry of H, and of C than its root times that of
        the squares of y (Cauchy and Schwarz); and they are longer by the rows.

        Args:
            state: the trials.
            error: the largest |theta - theta*|, of each trial or of all.
            theta: the largest |theta|, likewise.
        """
        n_parameters, n_targets = self.problem.shape
        steepest, constant, terms = self.sizes
        if state.decay is not None:
            steepest = steepest + state.decay.max()
        roundings = 4 * terms * n_parameters * n_targets * np.finfo(self.dtype).eps
        return np.asarray(roundings * error * (steepest * theta + constant))

    @cached_property
    def sizes(self) -> tuple[float, float, int]:
        """How large the terms of the gradient of all rows can be, and how many are added up; see slack."""
        problem = self.problem
        largest, constant = float(np.abs(problem.hessian).max()), float(np.abs(problem.constant).max())
        terms = len(problem.hessian) + 3
        if self.form.measures_by_rows:
            terms += problem.n_rows
            of_targets = largest * problem.factor * float((problem.targets**2).sum(axis=0).max())
            constant = max(constant, of_targets**0.5)
        return len(problem.hessian) * largest, constant, terms


def _symmetric(hessian: Array) -> Array:
    """Returns H [.., P, P] the same to the bit either way, whichever of a row and a column is read."""
    return hessian / 2 + hessian.swapaxes(-2, -1) / 2 if hessian.size else hessian
