"""The rows of the data as the steps of an epoch take them: the gradient of a step is A^T (A theta - Y)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from linreg_sweep.array_types import Indices
from linreg_sweep.engines.batches import taken_together
from linreg_sweep.engines.chunks import Array, Curvature
from linreg_sweep.gemm import Factor, in_lines
from linreg_sweep.theory.problem import Problem, loss_factor

AT_HAND = 4096
"""Steps whose rows are put in order together up to which their factors are made once for all."""


def scaled_rows(
    problem: Problem, size: int, dtype: np.dtype[np.floating], chosen: Indices | slice = slice(None)
) -> tuple[Array, Array]:
    """Returns rows of A [k, P or more], in whole lines, and Y [k, O, 1] times the root of k of a step.

    By these the gradient has no factor on its way. The step sees `size` rows.
    """
    root = float(loss_factor(problem.loss, size, problem.shape[1])) ** 0.5
    design, targets = problem.rows(chosen)
    lines = in_lines(design.shape, dtype)
    np.multiply(root, design, out=lines[:, : design.shape[1]], casting="same_kind")
    return lines, (root * targets[..., None]).astype(dtype, copy=False)


@dataclass(frozen=True)
class Rows:
    """The rows of an epoch's steps, those of some steps at a time: as they are held, or read from their file.

    Attributes:
        problem: whose rows they are.
        dtype: of the descent.
        size: how many each step sees; the last may see fewer.
        held: A [n, P or more] and Y [n, O, 1] as scaled_rows has them; None: they are read when asked for.
        taken: room for those of the steps that are put in order together; None: there is none. It is kept,
            since what is allocated anew is written to slowly.
        steps: what is yielded of that room, if there are not too many: only its numbers change.
        order: in which they are seen; None: as they stand.
        lasts: whether what is yielded is kept from epoch to epoch.
    """

    problem: Problem
    dtype: np.dtype[np.floating]
    size: int
    held: tuple[Array, ...] | None
    taken: tuple[Array, ...] | None
    steps: tuple[Curvature, ...] = ()
    order: Indices | None = None
    lasts: bool = False

    @classmethod
    def of(cls, problem: Problem, size: int, dtype: np.dtype[np.floating], *, are_drawn: bool) -> "Rows":
        """Returns all rows of a problem as they stand, for steps of so many, and room for orders if drawn."""
        held = None if problem.is_on_disk else scaled_rows(problem, size, dtype)
        if held is None or not are_drawn:
            return cls(problem, dtype, size, held, None)
        n_drawn = -(-problem.n_rows // size) * size
        most = next(taken_together(n_drawn, size, problem.shape[0]))[0].stop
        taken = tuple(np.empty((most, *numbers.shape[1:]), dtype) for numbers in held)
        rows = cls(problem, dtype, size, held, taken)
        return replace(rows, steps=tuple(rows._of_each(taken, size))) if most <= AT_HAND * size else rows

    def __iter__(self) -> Iterator[Curvature]:
        """Yields A [b, P], as a factor, and Y [b, O, 1] of each step, until the next is asked for."""
        whole = self.size
        n_rows = self.problem.n_rows if self.order is None else len(self.order)
        for part, size in taken_together(n_rows, whole, self.problem.shape[0]):
            given = self._taken(part)
            if size < whole and self.problem.loss != "sse":  # k is one over the rows of a step
                given = tuple(self.dtype.type((whole / size) ** 0.5) * each for each in given)
            at_hand = self.steps if self.order is not None and size == whole else ()
            yield from at_hand[: len(given[0]) // size] or self._of_each(given, size)

    def _of_each(self, given: tuple[Array, ...], size: int) -> Iterator[Curvature]:
        """Returns what each step takes of rows as scaled_rows has them."""
        lines, targets = (each.reshape(-1, size, *each.shape[1:]) for each in given)
        return zip(Factor.of_lines(lines, self.problem.shape[0], lasts=self.lasts), targets, strict=True)

    def _taken(self, rows: slice) -> tuple[Array, ...]:
        """Returns the rows of steps that follow one another."""
        chosen = rows if self.order is None else self.order[rows]
        if self.held is None:
            return scaled_rows(self.problem, self.size, self.dtype, chosen)
        if isinstance(chosen, slice) or self.taken is None:
            return self.held[0][chosen], self.held[1][chosen]
        return tuple(
            held.take(chosen, axis=0, out=taken[: len(chosen)], mode="clip")  # others put it off in a buffer
            for held, taken in zip(self.held, self.taken, strict=True)
        )
