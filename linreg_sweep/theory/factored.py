"""The spectrum and the optimum of many parameters, from an orthogonal factorization in float64.

Fifty digits of a hundred parameters would take minutes. An orthogonal factorization of the centred columns
does not square the condition number, and an optimum that is refined by its own residuals is as good as one
of more digits (Golub and Van Loan, Matrix Computations, sec. 5.3; Higham, Accuracy and Stability of
Numerical Algorithms, sec. 20.5).
"""

from collections.abc import Iterator
from fractions import Fraction

import mpmath
import numpy as np

from linreg_sweep.array_types import Floats
from linreg_sweep.blocks import InOrder, one_by_one
from linreg_sweep.theory.dependence import Dependence, triangle_of
from linreg_sweep.theory.double_double import multiplied
from linreg_sweep.theory.spectrum import (
    DIGITS,
    Matrix,
    Shifted,
    Spectrum,
    in_two,
    least_cost,
    of_shifted,
    residuals,
    without_noise,
)

TRUSTED = 1e-9
"""Smallest singular value, relative to the largest, of which float64 tells enough digits."""

STEPS = 3
"""Times that the optimum is moved by what its residuals say: the first finds it, later ones add digits."""


def factored_spectrum(
    data: Shifted, found: Dependence, factor: Fraction, *, fit_bias: bool, in_order: InOrder = one_by_one
) -> Spectrum | None:
    """Returns the spectrum and the optimum of a least-squares problem; None where float64 cannot tell them.

    Args:
        data: X and Y.
        found: which columns of X bring something new.
        factor: k, which multiplies A^T A and A^T Y.
        fit_bias: whether A has a column of ones.
        in_order: what works on pieces of the rows, where they need not come one after the other.
    """
    one, n_rows, n_targets = data.n_features, len(data.x), data.y.shape[1]
    n_parameters, root = one + fit_bias, np.sqrt(n_rows)
    exponent, mean, kept = data.exponent[:one], np.zeros(one), int(found.kept.sum()) + fit_bias
    if fit_bias:
        mean = sum((columns[:one].sum(axis=1) for _, columns in data.blocks()), mean) / n_rows
    order = np.argsort(np.hstack([~found.kept, [False] * fit_bias, [True] * n_targets]), kind="stable")

    def factored(theta: Matrix) -> Floats:
        """Returns centred columns, ones and residuals [kept, P + O] in the basis of what is kept and ones."""

        def blocks() -> Iterator[Floats]:
            weights = of_shifted(data, theta, fit_bias=fit_bias)
            for rows, columns, rest in residuals(data, weights):
                of_x = columns[:one].T if fit_bias else np.ldexp(data.x[rows], -exponent)
                yield np.hstack([of_x - mean, np.ones((len(of_x), int(fit_bias))), rest.T])[:, order]

        upper = triangle_of(blocks(), len(order))[:kept]
        upper[:, order] = upper * np.where(np.diagonal(upper) < 0, -1.0, 1.0)[:, None]
        return upper

    optimum = mpmath.zeros(n_parameters, n_targets)
    both = factored(optimum)
    triangle = both[:, :n_parameters].copy()  # A is [basis, ones / root] times this
    triangle[:, :one] = np.ldexp(triangle[:, :one], exponent)
    if fit_bias:
        triangle[:, one] = 0.0
        triangle[-1] = root * np.append(np.ldexp(mean, exponent) + data.shift[:one], 1.0)
    left, singular, right = np.linalg.svd(triangle)
    rank = len(singular)
    if rank and singular[-1] < TRUSTED * singular[0]:
        return None
    with mpmath.workdps(DIGITS):
        unit = [mpmath.ldexp(1, int(power)) for power in data.exponent[one + 1 :]]
        for number in range(STEPS):
            along = (factored(optimum) if number else both)[:, n_parameters:]
            step = right[:rank].T @ ((left.T @ along)[:rank] / singular[:, None])
            optimum += mpmath.matrix(step.tolist()) * mpmath.diag(unit)
        optimum = without_noise(data, optimum)
        nearest, low = in_two(optimum)
        cost_min = least_cost(data, optimum, fit_bias=fit_bias, in_order=in_order)
    eigenvalues = np.zeros(n_parameters)
    eigenvalues[:rank] = float(factor) * singular**2
    # H and C as the factorization has them, to more digits than their sums over rows
    rows = np.sqrt(float(factor)) * triangle[..., None], np.zeros((*triangle.shape, 1))
    gram = multiplied((rows[0].swapaxes(0, 1), rows[1].swapaxes(0, 1)), rows)
    moment = multiplied(gram, (nearest[..., None], low[..., None]))
    return Spectrum(
        eigenvalues=eigenvalues[::-1].copy(),
        lows=np.zeros(n_parameters),
        eigenvectors=right.T[:, ::-1].copy(),
        optimum=nearest,
        optimum_low=low,
        hessian=gram[0][..., 0],
        hessian_low=gram[1][..., 0],
        constant=moment[0][..., 0],
        constant_low=moment[1][..., 0],
        cost_min=cost_min,
    )
