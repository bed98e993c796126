"""The spectrum and the optimum of least squares, rounded once: A^T A in twice the working precision.

In float64 alone the flattest curvature of A^T A is lost to rounding by the condition number, and
with it the place of the optimum; a closed form can be no better than these. So the products of
the columns are summed as pairs of floats, and the small matrix of their sums is diagonalised in
fifty digits (mpmath).
"""

from dataclasses import dataclass
from fractions import Fraction

import mpmath
import numpy as np
from numpy.typing import NDArray

from linreg_sweep.theory.twofold import dot

Floats = NDArray[np.float64]

DIGITS = 50
"""Decimal digits of the diagonalisation; pairs of floats hold 32, and their squares' spread needs more."""

NOTHING = 1e-30
"""Share of the largest parameter below which what is left of one is the rounding of pairs of floats."""

MOST_PARAMETERS = 24
"""Parameters up to which fifty digits take well under a second."""


@dataclass(frozen=True)
class Spectrum:
    """What A and Y imply, each number the nearest float64 to its exact value.

    Attributes:
        eigenvalues: of H = k A^T A, ascending [P]; exact zeros where A has less than full rank.
        tails: what rounding left off the eigenvalues [P], so that value + tail has 32 digits.
        eigenvectors: [P, P], one a column.
        optimum: the least-squares solution of least norm [P, O].
        optimum_tail: what rounding left off it [P, O].
        hessian: H [P, P].
        constant: C = k A^T Y [P, O].
    """

    eigenvalues: Floats
    tails: Floats
    eigenvectors: Floats
    optimum: Floats
    optimum_tail: Floats
    hessian: Floats
    constant: Floats


def precise_spectrum(design: Floats, targets: Floats, rank: int, factor: Fraction) -> Spectrum:
    """Returns the spectrum and the optimum of a least-squares problem of at most MOST_PARAMETERS.

    Args:
        design: A [n, P]; its squares neither overflow nor vanish.
        targets: Y [n, O].
        rank: of A: so many eigenvalues are taken for more than 0.
        factor: k, which multiplies A^T A and A^T Y.
    """
    with mpmath.workdps(DIGITS):
        exact_factor = mpmath.mpf(factor.numerator) / factor.denominator
        gram = exact_factor * _products(design, design)
        moment = exact_factor * _products(design, targets)
        values, vectors = mpmath.eigsy(gram)
        null = len(values) - rank
        for index in range(null):
            values[index] = mpmath.mpf(0)
        optimum = mpmath.zeros(moment.rows, moment.cols)
        for index in range(null, len(values)):
            vector = vectors[:, index]
            optimum += vector * ((vector.T * moment) / values[index])
        heads = [float(value) for value in values]
        nearest = optimum.apply(float)
        tails = [float(value - head) for value, head in zip(values, heads, strict=True)]
        rest = optimum - nearest
    tail = _rounded(rest)
    tail[np.abs(tail) < NOTHING * np.abs(_rounded(nearest)).max(initial=0.0)] = 0.0
    return Spectrum(
        eigenvalues=np.array(heads),
        tails=np.array(tails),
        eigenvectors=_rounded(vectors),
        optimum=_rounded(nearest),
        optimum_tail=tail,
        hessian=_rounded(gram),
        constant=_rounded(moment),
    )


def _products(left: Floats, right: Floats) -> "mpmath.matrix":
    """Returns left^T right [P, Q], each entry of about 32 digits."""
    entries = [[dot(a, b) for b in right.T] for a in left.T]
    return mpmath.matrix([[mpmath.mpf(head) + mpmath.mpf(tail) for head, tail in row] for row in entries])


def _rounded(matrix: "mpmath.matrix") -> Floats:
    return np.array([[float(entry) for entry in row] for row in matrix.tolist()])
