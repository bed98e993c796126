"""The rows of the data as the steps of an epoch take them: the gradient of a step is A^T (A theta - Y)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from linreg_sweep.engines.chunks import Array, Curvature, Indices
from linreg_sweep.gemm import Factor
from linreg_sweep.theory.problem import Problem, loss_factor


def scaled_rows(problem: Problem, size: int, dtype: np.dtype[np.floating]) -> tuple[Array, Array]:
    """Returns all rows of A [n, P] and Y [n, O, 1] times the root of k of a step of so many rows.

    By these the gradient has no factor on its way.
    """
    root = float(loss_factor(problem.loss, size, problem.shape[1])) ** 0.5
    design, targets = (root * each for each in (problem.design, problem.targets[..., None]))
    return design.astype(dtype, copy=False), targets.astype(dtype, copy=False)


@dataclass(frozen=True)
class Rows:
    """The rows of an epoch's steps, put in order when they are asked for: one epoch's are there at a time.

    Attributes:
        design: A [n, P], each row times the root of k of a step.
        targets: Y [n, O, 1], likewise.
        slices: of each step.
        is_mean: whether k is one over the rows of a step, so that a shorter step has a larger one.
        order: in which they are seen; None: as they stand.
        lasts: whether what is yielded is kept from epoch to epoch.
    """

    design: Array
    targets: Array
    slices: list[slice]
    is_mean: bool
    order: Indices | None = None
    lasts: bool = False

    @classmethod
    def of(cls, problem: Problem, slices: list[slice], dtype: np.dtype[np.floating]) -> "Rows":
        """Returns all rows of a problem as they stand, for steps of these sizes."""
        return cls(*scaled_rows(problem, slices[0].stop, dtype), slices, problem.loss != "sse")

    def __iter__(self) -> Iterator[Curvature]:
        """Yields A [b, P], as a factor, and Y [b, O, 1] of each step."""
        design, targets, size = self.design, self.targets, self.slices[0].stop
        some = self.slices if self.order is None else [self.order[part] for part in self.slices]
        for rows in some[:-1]:
            yield Factor(design[rows], lasts=self.lasts), targets[rows]
        design, targets = design[some[-1]], targets[some[-1]]
        if self.is_mean and len(design) < size:
            root = self.design.dtype.type((size / len(design)) ** 0.5)
            design, targets = root * design, root * targets
        yield Factor(design, lasts=self.lasts), targets
