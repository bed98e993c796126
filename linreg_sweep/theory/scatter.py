"""How the gradients of drawn batches scatter about their mean, along the eigenvectors of the mean curvature.

Everything there is of drawn batches follows from one pass over the rows: a row's gradient is its a times what
an error e changes in its residual r, `a (a^T e - r)^T`, and a batch keeps a share of how these scatter. What
passes hold is a block of rows, or all where these are few.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from math import log2, sqrt

import numpy as np

from linreg_sweep.array_types import Floats
from linreg_sweep.blocks import blocks
from linreg_sweep.theory.epoch_steps import SHALLOW
from linreg_sweep.theory.problem import Problem, loss_factor
from linreg_sweep.theory.quadratic import Quadratic

HELD = 2**21
"""Numbers of rows that are held along the eigenvectors; more are rotated again in each pass."""


@dataclass(frozen=True)
class Scatter:
    """What the batches of one penalty are drawn from, of q directions that are not flat.

    Attributes:
        problem: the rows.
        unit: of curvatures, by which coordinates are measured, lest their squares overflow or vanish.
        into: from errors in theta to coordinates [q, P].
        values: the eigenvalues of the mean curvature, with the penalty [q].
        mean: the mean curvature without it [q, q].
        factor: what makes the curvature of one row of its square.
        shrunk: how much less a batch scatters than a row.
        optimum: that of the mean of all batches, in theta [P, O].
        pulled: what the penalty adds to every gradient there [q, O].
        offset: how far it lies off the optimum of the whole [q, O].
        excess: what makes an excess of second moments [q, q].
        held: all rows and residuals in the coordinates, where they are few.
    """

    problem: Problem
    unit: float
    into: Floats
    values: Floats
    mean: Floats
    factor: float
    shrunk: float
    optimum: Floats
    pulled: Floats
    offset: Floats
    excess: Floats
    held: tuple[Floats, Floats] | None

    def __call__(self, second: Floats, mean: Floats | None = None) -> Floats:
        """Returns the second moment [q, q] of how a batch's gradient scatters.

        Args:
            second: that of the error [q, q].
            mean: the error's mean [q, O]; None: only what `second` adds.
        """
        total, bent = np.zeros_like(second), self.mean @ second @ self.mean
        for along, residual in self._rows():
            share = ((along @ second) * along).sum(axis=1)
            if mean is not None:
                share += (residual * (residual - 2 * (along @ mean))).sum(axis=1)
            total += along.T @ (share[:, None] * along)
        if mean is not None:
            turned = self.mean @ mean @ self.pulled.T
            bent = bent - turned - turned.T + self.pulled @ self.pulled.T
        found = self.shrunk * (self.factor**2 / self.problem.n_rows * total - bent)
        return np.asarray((found + found.T) / 2)

    @cached_property
    def curved(self) -> "Scatter":
        """The same along directions of which growth shows."""
        is_it = self.values > SHALLOW * self.values.max(initial=0.0)
        if is_it.all():
            return self
        both, names = np.ix_(is_it, is_it), ("into", "values", "pulled", "offset")
        held = None if self.held is None else (self.held[0][:, is_it], self.held[1])
        parts = {name: getattr(self, name)[is_it] for name in names}
        return replace(self, mean=self.mean[both], excess=self.excess[both], held=held, **parts)

    def _rows(self) -> Iterator[tuple[Floats, Floats]]:
        if self.held is not None:
            yield self.held
        else:
            yield from _rotated(self.problem, self.into / self.unit, self.optimum)


def unit_of(quadratic: Quadratic) -> float:
    """Returns the power of four that is nearest to a quadratic's steepest curvature; 1 where it has none."""
    steepest = float(quadratic.steepest[0])
    return 4.0 ** round(log2(steepest) / 2) if steepest > 0 else 1.0


def _rotated(problem: Problem, along: Floats, optimum: Floats) -> Iterator[tuple[Floats, Floats]]:
    """Yields rows [k, q] along the coordinates and what the optimum leaves of their targets [k, O]."""
    for some in blocks(problem.n_rows, problem.shape[0]):
        design, targets = problem.rows(some)
        yield design @ along.T, targets - design @ optimum


def scatter_of(
    problem: Problem, batch_size: int, quadratic: Quadratic, penalty: Floats, *, replacement: bool
) -> Scatter:
    """Returns what batches are drawn from.

    Args:
        problem: the rows, and the loss that a step descends.
        batch_size: rows a step.
        quadratic: what one trial descends on the whole.
        penalty: of each parameter [P].
        replacement: whether a row may be drawn twice in a batch.
    """
    factor, shrunk = shares_of(problem, batch_size, replacement=replacement)
    curved, unit = quadratic.eigenvalues[:, 0] > 0, unit_of(quadratic)
    weights, vectors = quadratic.eigenvalues[curved, 0] / unit, quadratic.eigenvectors[:, curved, 0]
    penalty = penalty / unit
    optimum = quadratic.optimum[..., 0] + quadratic.optimum_low[..., 0]
    ridge, share = (vectors.T * penalty) @ vectors, factor / (problem.n_rows * problem.factor)
    mean = share * (np.diag(weights) - ridge)
    values, own = np.linalg.eigh(mean + ridge)
    into = sqrt(unit) * (vectors @ own).T
    offset = np.zeros((len(values), problem.shape[1]))
    if problem.loss == "sse" and penalty.any():  # each batch bears the whole penalty
        offset = (share - 1) * (into @ (penalty[:, None] * optimum)) / values[:, None]
        optimum = optimum + into.T / unit @ offset
    held = None
    if problem.n_rows * problem.shape[0] <= HELD:
        rows, residuals = zip(*_rotated(problem, into / unit, optimum), strict=True)
        held = np.concatenate(rows), np.concatenate(residuals)
    return Scatter(
        problem,
        unit,
        into,
        values,
        own.T @ mean @ own,
        factor,
        shrunk,
        optimum,
        into @ (penalty[:, None] * optimum),
        offset,
        quadratic.cost_per_loss * (own.T * weights) @ own,
        held,
    )


def shares_of(problem: Problem, batch_size: int, *, replacement: bool) -> tuple[float, float]:
    """Returns what makes the curvature of a row of its square, and how much less a batch scatters."""
    n = problem.n_rows
    factor = batch_size * float(loss_factor(problem.loss, batch_size, problem.shape[1]))
    return factor, 1 / batch_size if replacement else (n - batch_size) / (batch_size * (n - 1))
