"""The rows of the data as the steps of an epoch take them: the gradient of a step is A^T (A theta - Y)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from linreg_sweep.engines.chunks import Array, Curvature, Indices
from linreg_sweep.gemm import Factor
from linreg_sweep.theory.problem import Problem, loss_factor

TAKEN = 2**18
"""Numbers of the rows of some steps that are put in order together, 2 MB."""


def scaled_rows(
    problem: Problem, size: int, dtype: np.dtype[np.floating], chosen: Indices | slice = slice(None)
) -> tuple[Array, Array]:
    """Returns rows of A [k, P] and Y [k, O, 1] times the root of k of a step of so many rows.

    By these the gradient has no factor on its way.
    """
    root = float(loss_factor(problem.loss, size, problem.shape[1])) ** 0.5
    design, targets = problem.rows(chosen)
    design, targets = root * design, root * targets[..., None]
    return design.astype(dtype, copy=False), targets.astype(dtype, copy=False)


@dataclass(frozen=True)
class Rows:
    """The rows of an epoch's steps, those of some steps at a time: as they are held, or read from their file.

    Attributes:
        problem: whose rows they are.
        dtype: of the descent.
        slices: of each step.
        held: A [n, P] and Y [n, O, 1] as scaled_rows has them; None: they are read when they are asked for.
        order: in which they are seen; None: as they stand.
        lasts: whether what is yielded is kept from epoch to epoch.
    """

    problem: Problem
    dtype: np.dtype[np.floating]
    slices: list[slice]
    held: tuple[Array, Array] | None
    order: Indices | None = None
    lasts: bool = False

    @classmethod
    def of(cls, problem: Problem, slices: list[slice], dtype: np.dtype[np.floating]) -> "Rows":
        """Returns all rows of a problem as they stand, for steps of these sizes."""
        held = None if problem.is_on_disk else scaled_rows(problem, slices[0].stop, dtype)
        return cls(problem, dtype, slices, held)

    def __iter__(self) -> Iterator[Curvature]:
        """Yields A [b, P], as a factor, and Y [b, O, 1] of each step."""
        size, is_mean = self.slices[0].stop, self.problem.loss != "sse"
        together = max(1, TAKEN // (size * self.problem.shape[0]))
        for step in range(0, len(self.slices), together):
            steps = self.slices[step : step + together]
            first = steps[0].start
            design, targets = self._taken(slice(first, steps[-1].stop))
            for each in steps:
                part = slice(each.start - first, each.stop - first)
                a, y = design[part], targets[part]
                if is_mean and len(a) < size:  # k is one over the rows of a step
                    root = self.dtype.type((size / len(a)) ** 0.5)
                    a, y = root * a, root * y
                yield Factor(a, lasts=self.lasts), y

    def _taken(self, rows: slice) -> tuple[Array, Array]:
        """Returns the rows of steps that follow one another."""
        chosen = rows if self.order is None else self.order[rows]
        if self.held is None:
            return scaled_rows(self.problem, self.slices[0].stop, self.dtype, chosen)
        design, targets = self.held
        return design[chosen], targets[chosen]
