"""The spectrum and the optimum of least squares, rounded once: of A^T A without any rounding.

In float64 alone the flattest curvature of A^T A is lost to rounding by the condition number, and with it
the place of the optimum; a closed form can be no better than these. So columns are shifted to where they
vary, which is exact, the products of what is left are exact as well, and the small matrix of their sums
is shifted back and diagonalised with as many digits as that takes (mpmath).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial, reduce
from itertools import chain
from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Floats
from linreg_sweep.blocks import InOrder, Rows, Stretch, blocks, ends, one_by_one, pieces
from linreg_sweep.theory.dependence import Dependence, middle
from linreg_sweep.theory.double_double import total_of, two_product
from linreg_sweep.theory.exact_products import Digits, added, digits_of, whole, width_for

Matrix = Any
"""Of mpmath, which has no types."""

DIGITS = 50
"""Decimal digits of the diagonalisation to begin with; they double until the spectrum leaves enough."""

KEPT_DIGITS = 36
"""Digits that the flattest curvature must keep of them: more than the 32 of pairs of floats."""

UNSURE = 100.0
"""How much larger the square of what is left of a column may be than float64 says."""

NOTHING = 1e-30
"""Share of what the largest parameter adds to y below which one adds but the rounding of pairs of floats."""

MAX_PARAMETERS = 24
"""Parameters up to which fifty digits take well under a second."""


@dataclass(frozen=True)
class Spectrum:
    """What A and Y imply, each number the nearest float64 to its exact value.

    Attributes:
        eigenvalues: of H = k A^T A, ascending [P]; exact zeros where A has less than full rank.
        lows: what rounding left off the eigenvalues [P], so that value + low has 32 digits.
        eigenvectors: [P, P], one a column.
        optimum: the least-squares solution of least norm [P, O].
        optimum_low: what rounding left off it [P, O].
        hessian: H [P, P].
        hessian_low: what rounding left off it [P, P].
        constant: C = k A^T Y [P, O].
        constant_low: what rounding left off it [P, O].
        cost_min: the mean of the squared residuals.
    """

    eigenvalues: Floats
    lows: Floats
    eigenvectors: Floats
    optimum: Floats
    optimum_low: Floats
    hessian: Floats
    hessian_low: Floats
    constant: Floats
    constant_low: Floats
    cost_min: float


@dataclass(frozen=True)
class Shifted:
    """Data in units of powers of two, shifted exactly to where they vary: X = (D + shift) unit.

    Attributes:
        x: X [n, F].
        y: Y [n, O].
        shift: what was taken off each [F + 1 + O], 0 off the ones.
        exponent: the power of two that each is counted in [F + 1 + O], 0 of the ones.
    """

    x: Rows
    y: Rows
    shift: Floats
    exponent: NDArray[np.intc]

    @property
    def n_features(self) -> int:
        """F, the columns of x."""
        return int(self.x.shape[1])

    def blocks(self) -> Iterator[tuple[slice, Floats]]:
        """Yields rows, and D of x, ones, D of y in them [F + 1 + O, rows], none larger than 1."""
        for rows in blocks(len(self.x), len(self.shift)):
            x, y = self.x[rows].T, self.y[rows].T
            columns = np.concatenate([x, np.ones((1, x.shape[1])), y]) - self.shift[:, None]
            yield rows, np.ldexp(columns, -self.exponent[:, None])

    def pieces(self) -> Iterator["Shifted"]:
        """Yields the same of some rows each, in whole blocks; see blocks.pieces."""
        for rows in pieces(len(self.x), len(self.shift)):
            yield replace(self, x=Stretch(self.x, rows), y=Stretch(self.y, rows))

    def digits(self, width: int) -> Digits:
        """Returns the products of the columns of x and ones with all, in digits of so many bits."""
        return digits_of((columns for _, columns in self.blocks()), self.n_features + 1, width)


def shift(x: Rows, y: Rows) -> Shifted:
    """Returns data shifted to where they vary, so that their squares neither overflow nor vanish."""
    low, high = (np.hstack([of_x, 0.0, of_y]) for of_x, of_y in zip(ends(x), ends(y), strict=True))
    at = middle(low, high)
    return Shifted(x, y, at, np.frexp(np.maximum(high - at, at - low))[1])


def precise_spectrum(
    data: Shifted, found: Dependence, factor: Fraction, *, fit_bias: bool, in_order: InOrder = one_by_one
) -> Spectrum:
    """Returns the spectrum and the optimum of a least-squares problem of few parameters.

    Args:
        data: X and Y.
        found: which columns of X bring something new; the others are taken for exact combinations.
        factor: k, which multiplies A^T A and A^T Y.
        fit_bias: whether A has a column of ones.
        in_order: what works on pieces of the rows.
    """
    width = width_for(len(data.x))
    parts = in_order(partial(Shifted.digits, width=width), data.pieces())
    exact = whole(reduce(added, parts), width)
    digits = DIGITS
    while True:
        with mpmath.workdps(digits):
            gram, moment = (
                part * mpmath.mpf(factor.numerator) / factor.denominator
                for part in _normal(data, *exact, fit_bias=fit_bias)
            )
            kept = [*np.flatnonzero(found.kept).tolist(), *([data.n_features] if fit_bias else [])]
            try:
                gram, moment = _with_combinations(gram, moment, kept)
                if found.kept.all() and _is_flatter(gram, found, factor, digits):
                    digits *= 2
                    continue
                values, vectors = mpmath.eigsy(gram)
            except ZeroDivisionError:  # so few digits cannot tell the kept columns apart
                digits *= 2
                continue
            null = gram.rows - len(kept)
            if len(kept) == 0 or values[null] > abs(values[gram.rows - 1]) * mpmath.mpf(10) ** (
                KEPT_DIGITS - digits
            ):
                return _rounded_once(
                    data, gram, moment, values, vectors, null, fit_bias=fit_bias, in_order=in_order
                )
        digits *= 2


def _is_flatter(gram: Matrix, found: Dependence, factor: Fraction, digits: int) -> bool:
    """Returns whether so many digits leave the flattest curvature too few, before a slow diagonalisation.

    It is at most the least pivot of an elimination, which is what the columns before one leave of it,
    squared; the steepest is at least the largest entry.
    """
    pivot = UNSURE * float(factor) * mpmath.mpf(float(found.rest.min(initial=np.inf))) ** 2
    largest = max(gram[row, row] for row in range(gram.rows))
    return bool(pivot < largest * mpmath.mpf(10) ** (KEPT_DIGITS - digits))


def _normal(data: Shifted, whole: NDArray[Any], power: int, *, fit_bias: bool) -> tuple[Matrix, Matrix]:
    """Returns A^T A [P, P] and A^T Y [P, O] from the products of shifted columns, in units of 2^power.

    With S the matrix of shifts, X = D + 1 s^T, so that A = [D, 1] S.
    """
    n_parameters = data.n_features + fit_bias
    one, total = data.n_features, len(data.shift)

    def product(row: int, column: int) -> Any:
        unit = power + int(data.exponent[row]) + int(data.exponent[column])
        return mpmath.ldexp(mpmath.mpf(whole[row, column]), unit)

    exact = [[product(row, column) for column in range(total)] for row in range(one + 1)]
    shifts = [mpmath.mpf(value) for value in data.shift.tolist()]

    def entry(row: int, column: int) -> Any:
        return (
            exact[row][column]
            + shifts[row] * exact[one][column]
            + exact[row][one] * shifts[column]
            + shifts[row] * shifts[column] * exact[one][one]
        )

    def block(columns: range) -> Matrix:
        return mpmath.matrix([[entry(row, column) for column in columns] for row in range(n_parameters)])

    return block(range(n_parameters)), block(range(one + 1, total))


def _with_combinations(gram: Matrix, moment: Matrix, kept: list[int]) -> tuple[Matrix, Matrix]:
    """Returns the products of columns of which some are exact combinations of those kept."""
    if len(kept) == gram.rows:
        return gram, moment
    if not kept:
        return 0 * gram, 0 * moment
    among = mpmath.matrix([[gram[row, column] for column in kept] for row in kept])
    weights = mpmath.zeros(len(kept), gram.rows)
    for column in range(gram.rows):
        if column in kept:
            weights[kept.index(column), column] = mpmath.mpf(1)
        else:
            weights[:, column] = mpmath.lu_solve(among, mpmath.matrix([gram[row, column] for row in kept]))
    moments = mpmath.matrix([[moment[row, column] for column in range(moment.cols)] for row in kept])
    return weights.T * among * weights, weights.T * moments


def _rounded_once(
    data: Shifted,
    gram: Matrix,
    moment: Matrix,
    values: Matrix,
    vectors: Matrix,
    null: int,
    *,
    fit_bias: bool,
    in_order: InOrder,
) -> Spectrum:
    """Returns the spectrum in floats; the null lowest eigenvalues are 0."""
    for index in range(null):
        values[index] = mpmath.mpf(0)
    optimum = mpmath.zeros(moment.rows, moment.cols)
    for index in range(null, len(values)):
        vector = vectors[:, index]
        optimum += vector * ((vector.T * moment) / values[index])
    highs = [float(value) for value in values]
    optimum = without_noise(data, optimum)
    nearest, low = in_two(optimum)
    (hessian, hessian_low), (constant, constant_low) = in_two(gram), in_two(moment)
    return Spectrum(
        eigenvalues=np.array(highs),
        lows=np.array([float(value - high) for value, high in zip(values, highs, strict=True)]),
        eigenvectors=rounded(vectors),
        optimum=nearest,
        optimum_low=low,
        hessian=hessian,
        hessian_low=hessian_low,
        constant=constant,
        constant_low=constant_low,
        cost_min=least_cost(data, optimum, fit_bias=fit_bias, in_order=in_order),
    )


def rounded(matrix: Matrix) -> Floats:
    """Returns the nearest floats."""
    return np.array([[float(entry) for entry in row] for row in matrix.tolist()])


def without_noise(data: Shifted, optimum: Matrix) -> Matrix:
    """Returns an optimum [P, O] with the nearest float, or 0, where the rest adds nothing to y but noise."""
    sizes = [
        abs(mpmath.mpf(shift)) + mpmath.ldexp(1, power)
        for shift, power in zip(data.shift.tolist(), data.exponent.tolist(), strict=True)
    ]
    cleaned = optimum.copy()
    for target in range(optimum.cols):
        largest = max(abs(optimum[row, target]) * sizes[row] for row in range(optimum.rows))
        for row in range(optimum.rows):
            noise = NOTHING * largest / sizes[row]
            for plain in (mpmath.mpf(float(optimum[row, target])), mpmath.mpf(0)):
                if abs(optimum[row, target] - plain) < noise:
                    cleaned[row, target] = plain
    return cleaned


def in_two(matrix: Matrix) -> tuple[Floats, Floats]:
    """Returns a matrix rounded, and what rounding left off."""
    nearest = rounded(matrix)
    return nearest, rounded(matrix - mpmath.matrix(nearest.tolist()))


def least_cost(data: Shifted, optimum: Matrix, *, fit_bias: bool, in_order: InOrder = one_by_one) -> float:
    """Returns the mean squared residual at an optimum [P, O], be it 1e-20 of the variance."""
    weights = of_shifted(data, optimum, fit_bias=fit_bias)
    parts = in_order(partial(_squares, weights=weights), data.pieces())
    squares = sum(chain.from_iterable(parts), np.zeros(optimum.cols))
    return float(np.mean(np.ldexp(squares / len(data.x), 2 * data.exponent[data.n_features + 1 :])))


def _squares(data: Shifted, weights: tuple[Floats, Floats]) -> list[Floats]:
    """Returns the sum of squared residuals of each target [O], a block after the other."""
    return [(left**2).sum(axis=1) for *_, left in residuals(data, weights)]


def residuals(data: Shifted, weights: tuple[Floats, Floats]) -> Iterator[tuple[slice, Floats, Floats]]:
    """Yields rows, their shifted columns, and Y - A theta in units of these [O, rows], to float precision.

    Args:
        data: X and Y.
        weights: theta; see of_shifted.
    """
    known = data.n_features + 1
    n_targets = weights[0].shape[1]
    highs, lows = (
        np.vstack([part, np.full(n_targets, last)]) for part, last in zip(weights, (-1, 0), strict=True)
    )
    for rows, columns in data.blocks():
        left = np.empty((n_targets, columns.shape[1]))
        for target in range(n_targets):
            of_target = np.concatenate([columns[:known], columns[known + target, None]])
            product, error = two_product(of_target, highs[:, target, None])
            high, low = total_of(product, error + of_target * lows[:, target, None])
            left[target] = -(high + low)
        yield rows, columns, left


def of_shifted(data: Shifted, optimum: Matrix, *, fit_bias: bool) -> tuple[Floats, Floats]:
    """Returns the weights of the shifted columns and of the ones [F + 1, O], high and low parts.

    Args:
        data: X and Y.
        optimum: theta [P, O], of more digits than a float has.
        fit_bias: whether its last row is a bias.
    """
    one = data.n_features
    weights = mpmath.zeros(one + 1, optimum.cols)
    for target in range(optimum.cols):
        at = one + 1 + target
        level = (optimum[one, target] if fit_bias else mpmath.mpf(0)) - mpmath.mpf(float(data.shift[at]))
        for row in range(one):
            level += optimum[row, target] * mpmath.mpf(float(data.shift[row]))
            of_row = int(data.exponent[row]) - int(data.exponent[at])
            weights[row, target] = mpmath.ldexp(optimum[row, target], of_row)
        weights[one, target] = mpmath.ldexp(level, -int(data.exponent[at]))
    highs = rounded(weights)
    return highs, rounded(weights - mpmath.matrix(highs.tolist()))
