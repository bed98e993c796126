"""The spectrum and the optimum of many parameters, from an orthogonal factorization in float64.

Fifty digits of a hundred parameters would take minutes. An orthogonal factorization of the centred columns
does not square the condition number, and an optimum that is refined by its own residuals is as good as one
of more digits (Golub and Van Loan, Matrix Computations, sec. 5.3; Higham, Accuracy and Stability of
Numerical Algorithms, sec. 20.5).
"""

from fractions import Fraction

import mpmath
import numpy as np
from numpy.typing import NDArray

from linreg_sweep.theory.dependence import Dependence
from linreg_sweep.theory.double_double import multiplied
from linreg_sweep.theory.spectrum import (
    DIGITS,
    Shifted,
    Spectrum,
    in_two,
    least_cost,
    residuals,
    without_noise,
)

Floats = NDArray[np.float64]

TRUSTED = 1e-9
"""Smallest singular value, relative to the largest, of which float64 tells enough digits."""

STEPS = 3
"""Times that the optimum is moved by what its residuals say: the first finds it, later ones add digits."""


def factored_spectrum(
    data: Shifted, design: Floats, targets: Floats, found: Dependence, factor: Fraction, *, fit_bias: bool
) -> Spectrum | None:
    """Returns the spectrum and the optimum of a least-squares problem; None where float64 cannot tell them.

    Args:
        data: X and Y.
        design: A [n, P].
        targets: Y [n, O].
        found: which columns of X bring something new.
        factor: k, which multiplies A^T A and A^T Y.
        fit_bias: whether A has a column of ones.
    """
    one, n_parameters, root = data.n_features, design.shape[1], np.sqrt(len(design))
    exponent = data.exponent[:one]
    columns = data.columns[:, :one] if fit_bias else np.ldexp(design, -exponent)
    mean = columns.mean(axis=0) if fit_bias else np.zeros(one)
    columns = columns - mean
    basis, of_kept = np.linalg.qr(columns[:, found.kept])
    triangle = np.zeros((basis.shape[1] + fit_bias, n_parameters))  # A is [basis, ones / root] times this
    of_features = triangle[: basis.shape[1], :one]
    of_features[:, found.kept], of_features[:, ~found.kept] = of_kept, basis.T @ columns[:, ~found.kept]
    triangle[:, :one] = np.ldexp(triangle[:, :one], exponent)
    if fit_bias:
        triangle[-1] = root * np.append(np.ldexp(mean, exponent) + data.shift[:one], 1.0)
    left, singular, right = np.linalg.svd(triangle)
    rank = len(singular)
    if rank and singular[-1] < TRUSTED * singular[0]:
        return None
    with mpmath.workdps(DIGITS):
        optimum = mpmath.zeros(n_parameters, data.columns.shape[1] - one - 1)
        unit = [mpmath.ldexp(1, int(power)) for power in data.exponent[one + 1 :]]
        for _ in range(STEPS):
            rest = residuals(data, optimum, fit_bias=fit_bias)
            level = rest.mean(axis=0) * fit_bias
            along = basis.T @ (rest - level)
            along = np.vstack([along, root * level]) if fit_bias else along
            step = right[:rank].T @ ((left.T @ along)[:rank] / singular[:, None])
            optimum += mpmath.matrix(step.tolist()) * mpmath.diag(unit)
        optimum = without_noise(data, optimum)
        nearest, low = in_two(optimum)
        cost_min = least_cost(data, optimum, fit_bias=fit_bias)
    eigenvalues = np.zeros(n_parameters)
    eigenvalues[:rank] = float(factor) * singular**2
    hessian, constant = float(factor) * (design.T @ design), float(factor) * (design.T @ targets)
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
        hessian=hessian,
        hessian_low=(gram[0][..., 0] - hessian) + gram[1][..., 0],
        constant=constant,
        constant_low=(moment[0][..., 0] - constant) + moment[1][..., 0],
        cost_min=cost_min,
    )
