"""The cost of states on rows that they were not trained on.

No difference of sums of squares is taken, nor a square of a condition number: what the held-out rows say is
the triangle of their QR factorization, with what the optimum of the training rows leaves of their targets
(Golub and Van Loan, Matrix Computations, sec. 5.3). It has no more rows than columns, so that a trial costs
the same however many rows are held out.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from linreg_sweep.array_types import Floats
from linreg_sweep.blocks import Rows, blocks
from linreg_sweep.theory.dependence import triangle_of
from linreg_sweep.theory.quadratic import TOGETHER
from linreg_sweep.theory.sums import combined, total


@dataclass(frozen=True)
class HeldOut:
    """The mean squared error on held-out rows, a quadratic in theta.

    Attributes:
        triangle: of the rows' design, as trials see it [m, P], m at most P + O.
        rest: of what the optimum leaves of their targets [m, O], in the same axes.
        optimum: theta* of the training rows [P, O].
        optimum_low: what rounding left off it [P, O].
        n_rows: how many rows are held out.
        variance: of their targets, about their own means; mean(y**2) where no bias is fitted.
    """

    triangle: Floats
    rest: Floats
    optimum: Floats
    optimum_low: Floats
    n_rows: int
    variance: float

    def cost(self, theta: Floats) -> Floats:
        """Returns the mean squared error [K] of each state [K, P, O], in units of y squared."""
        found = np.empty(len(theta))
        width = max(1, TOGETHER // max(1, self.rest.size + theta[0].size if len(theta) else 1))
        for first in range(0, len(theta), width):
            block = slice(first, first + width)
            columns = np.moveaxis(theta[block], 0, -1)
            found[block] = self.cost_of_columns(np.ascontiguousarray(columns))
        return found

    def cost_of_columns(self, theta: Floats) -> Floats:
        """Returns the same of states [P, O, ..., k], as [..., k]; each state's bits are its own."""
        between = (1,) * (theta.ndim - 2)
        with np.errstate(over="ignore", invalid="ignore"):  # diverged trials hold infinities
            error = theta - self.optimum.reshape(*self.optimum.shape, *between)
            error -= self.optimum_low.reshape(error.shape[:2] + between)
            residuals = self.rest.reshape(*self.rest.shape, *between) - combined(
                self.triangle[..., None], error
            )
            residuals *= residuals
            squares = residuals.reshape(-1, *theta.shape[2:])
            return np.asarray(total(squares) / (self.n_rows * self.rest.shape[1]))


def hold_out(
    x: Rows, y: Rows, optimum: Floats, optimum_low: Floats, variance: float, *, fit_bias: bool
) -> HeldOut:
    """Returns what held-out rows say of states, in one pass over them.

    Args:
        x: [m, F] as trials see it.
        y: [m, O].
        optimum: theta* of the training rows [P, O].
        optimum_low: what rounding left off it [P, O].
        variance: of y, see HeldOut.
        fit_bias: whether the last row of theta is a bias.

    Source: Demmel, Grigori, Hoemmen and Langou, SIAM J. Sci. Comput. 34, 2012 (sequential TSQR).
    """
    n_parameters, n_targets = optimum.shape

    def rows() -> Iterator[Floats]:
        for some in blocks(len(x), n_parameters + n_targets):
            design, targets = x[some], y[some]
            if fit_bias:
                design = np.column_stack([design, np.ones(len(design))])
            left = targets - design @ optimum - design @ optimum_low
            yield np.hstack([design, left])

    triangle = triangle_of(rows(), n_parameters + n_targets)
    return HeldOut(
        triangle=triangle[:, :n_parameters].copy(),
        rest=triangle[:, n_parameters:].copy(),
        optimum=optimum,
        optimum_low=optimum_low,
        n_rows=len(x),
        variance=variance,
    )
