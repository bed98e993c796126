"""The rate from which on second moments grow, of so many parameters that no matrix of theirs is held.

A step of drawn batches takes the second moment S of errors to `S - 2 rate C(S) + rate**2 D(S)`, in the mean
over all draws (`in_the_mean.py`). Along the eigenvectors of the mean curvature C multiplies each entry by a
number of its own, and D is a pass over the rows. D takes no semidefinite S to another kind, so the limit is 2
over the largest eigenvalue of C**-1 D, whose eigenvector is semidefinite (Krein and Rutman, Uspekhi Mat.
Nauk 3, 1948): the unit matrix has a part along it. From there Lanczos' method, with every vector made
orthogonal to all before (Golub and Van Loan, Matrix Computations, sec. 10.1), mostly takes no more than a
dozen passes.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.blocks import blocks
from linreg_sweep.theory.problem import Problem, loss_factor

Floats = NDArray[np.float64]

MOST_PASSES = 200
"""Passes over the rows after which no limit is known."""

EXACT = 1e-13
"""Share of the eigenvalue up to which its error is one of rounding."""


@dataclass(frozen=True)
class Scatter:
    """How the rows of batches scatter about what they have in the mean, along its eigenvectors.

    Attributes:
        rows: of the design [n, P].
        values: the eigenvalues of the mean curvature, with the penalty [P], none 0.
        mean: the mean curvature without the penalty [P, P].
        factor: what makes the curvature of one row of the square of it.
        shrunk: how much less a batch scatters than a row.
    """

    rows: Floats
    values: Floats
    mean: Floats
    factor: float
    shrunk: float

    def __call__(self, second: Floats) -> Floats:
        """Returns D of a symmetric S [P, P]."""
        total: Floats = np.zeros_like(second)
        for some in blocks(len(self.rows), len(second)):
            rows = self.rows[some]
            total += rows.T @ (((rows @ second) * rows).sum(axis=1)[:, None] * rows)
        about_mean = self.factor**2 / len(self.rows) * total - self.mean @ second @ self.mean
        found = self.values[:, None] * second * self.values + self.shrunk * about_mean
        return (found + found.T) / 2


def limit_of(
    problem: Problem, batch_size: int, vectors: Floats, penalty: Floats, *, replacement: bool
) -> float:
    """Returns the rate from which on second moments grow without bound; NaN: it was not found.

    Args:
        problem: the rows, and the loss that a step descends.
        batch_size: rows a step.
        vectors: of the directions that are not flat [P, q].
        penalty: of each parameter [P].
        replacement: whether a row may be drawn twice in a batch.
    """
    factor, shrunk = scatter_of(problem, batch_size, replacement=replacement)
    design = problem.rows(slice(None))[0] @ vectors
    mean = factor / len(design) * (design.T @ design)
    values, own = np.linalg.eigh(mean + (vectors.T * penalty) @ vectors)
    if not len(values):
        return np.inf
    scatter = Scatter(design @ own, values, own.T @ mean @ own, factor, shrunk)
    size = np.sqrt((values[:, None] + values) / 2)
    largest = largest_eigenvalue(lambda second: scatter(second / size) / size, np.eye(len(values)) * size)
    return 2 / largest


def scatter_of(problem: Problem, batch_size: int, *, replacement: bool) -> tuple[float, float]:
    """Returns what makes the curvature of a row of its square, and how much less a batch scatters."""
    n = problem.n_rows
    factor = batch_size * float(loss_factor(problem.loss, batch_size, problem.shape[1]))
    return factor, 1 / batch_size if replacement else (n - batch_size) / (batch_size * (n - 1))


def largest_eigenvalue(map_: Callable[[Floats], Floats], start: Floats) -> float:
    """Returns the largest eigenvalue of a symmetric map on matrices; NaN: it was not found.

    Args:
        map_: the map.
        start: a matrix that has a part along the eigenvector.
    """
    kept, diagonal, beside = [start / np.linalg.norm(start)], list[float](), list[float]()
    for _ in range(min(MOST_PASSES, start.size)):
        moved = map_(kept[-1])
        diagonal.append(float((moved * kept[-1]).sum()))
        for _ in range(2):  # once more takes off what rounding left
            for each in kept:
                moved = moved - (moved * each).sum() * each
        values, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1))
        left = float(np.linalg.norm(moved))
        if _is_exact(left, values, vectors):
            return float(values[-1])
        beside.append(left)
        kept.append(moved / left)
    return np.nan


def _is_exact(left: float, values: Floats, vectors: Floats) -> bool:
    """Returns whether what is left of a step can move the largest eigenvalue by rounding alone."""
    away = left * abs(float(vectors[-1, -1]))
    gap = values[-1] - values[-2] if len(values) > 1 else values[-1]
    return bool(away <= EXACT * values[-1] or away**2 <= EXACT * values[-1] * gap)
