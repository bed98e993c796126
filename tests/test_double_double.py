"""Facts about products in pairs of floats: exact fractions, and bits that are each matrix's own."""

from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from linreg_sweep.theory.double_double import WIDE, multiplied

Floats = NDArray[np.float64]


def pair(generator: np.random.Generator, shape: tuple[int, ...], spread: float) -> tuple[Floats, Floats]:
    """Returns numbers of all sizes, in two parts."""
    high = generator.lognormal(0, spread, shape) * generator.choice([-1.0, 1.0], shape)
    return high, high * generator.uniform(-1, 1, shape) * 2.0**-54


@pytest.mark.parametrize("unit", [0, 400, -400])
@pytest.mark.parametrize("spread", [1.0, 5.0])
@pytest.mark.parametrize("inner", [WIDE, WIDE + 1, 201])
def test_products_have_thirty_digits(inner: int, spread: float, unit: int) -> None:
    """By exact fractions, relative to the sum of all terms' sizes, in narrow and in wide products."""
    generator = np.random.default_rng(inner)
    left, right = pair(generator, (30, inner, 2), spread), pair(generator, (inner, 26, 2), spread)
    left = (np.ldexp(left[0], unit), np.ldexp(left[1], unit))
    left[0][3], left[1][3], right[0][:, 4], right[1][:, 4] = 0.0, 0.0, 0.0, 0.0
    high, low = multiplied(left, right)
    assert not high[3].any()
    assert not high[:, 4].any()
    for row, column, trial in ((0, 0, 0), (29, 25, 1), (3, 5, 0), (7, 4, 1)):
        rows = zip(*(part[row, :, trial].tolist() for part in left), strict=True)
        columns = zip(*(part[:, column, trial].tolist() for part in right), strict=True)
        terms = [
            (Fraction(a) + Fraction(b)) * (Fraction(c) + Fraction(d))
            for (a, b), (c, d) in zip(rows, columns, strict=True)
        ]
        gap = (
            sum(terms) - Fraction(float(high[row, column, trial])) - Fraction(float(low[row, column, trial]))
        )
        assert abs(gap) <= Fraction(1, 10**30) * sum(map(abs, terms))


def test_a_matrix_is_multiplied_alike_wherever_it_stands() -> None:
    """The same bits alone, beside others, beside NaN, and beside one right factor for all."""
    generator = np.random.default_rng(0)
    left, right = pair(generator, (51, 51, 3), 2.0), pair(generator, (51, 51, 1), 2.0)
    whole = multiplied(left, right)
    beside = np.full_like(left[0], np.nan), np.full_like(left[1], np.nan)
    for place in range(3):
        some = slice(place, place + 1)
        alone = multiplied((left[0][..., some], left[1][..., some]), right)
        for part, each in zip(beside, left, strict=True):
            part[..., 1] = each[..., place]
        with np.errstate(invalid="ignore"):
            among = multiplied(beside, right)
        for every, one, other in zip(whole, alone, among, strict=True):
            np.testing.assert_array_equal(every[..., place], one[..., 0])
            np.testing.assert_array_equal(every[..., place], other[..., 1])
