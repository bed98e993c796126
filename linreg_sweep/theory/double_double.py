"""Arithmetic on pairs of float64, a high and a low part, which together hold about 32 digits.

Source: Dekker, A floating-point technique for extending the available precision, Numer. Math. 18,
1971; Ogita, Rump and Oishi, Accurate sum and dot product, SIAM J. Sci. Comput. 26, 2005.
"""

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Floats

Exponents = NDArray[np.intc]
Pair = tuple[Floats, Floats]
"""The high and the low part."""

SPLITTER = 2.0**27 + 1
"""Cuts a float64 into two of 26 bits, whose products are exact."""

WIDE = 24
"""Rows and columns up to which matrices are multiplied term by term."""

BITS = 126
"""Of the largest number in a row or column, that products of wide matrices see."""

LARGE, UNIT = 2.0**990, 2.0**30
"""A size from which on numbers are cut in a smaller unit, and that unit."""


def two_sum(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Returns a + b rounded, and what rounding left off, both exact together."""
    total = a + b
    shadow = total - a
    return total, (a - (total - shadow)) + (b - shadow)


def two_product(a: Floats, b: Floats | float) -> tuple[Floats, Floats]:
    """Returns a * b rounded, and what rounding left off, both exact together unless they underflow."""
    product = a * b
    (a_high, a_low), (b_high, b_low) = split(a), split(b)
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def split(a: Floats | float) -> tuple[Floats, Floats]:
    """Returns two floats of 26 bits that are a together."""
    unit = np.where(np.abs(a) < LARGE, 1.0, UNIT)  # lest it overflow
    spread = SPLITTER * (a / unit)
    high = (spread - (spread - a / unit)) * unit
    return high, a - high


def total_of(high: Floats, low: Floats) -> tuple[Floats, Floats]:
    """Returns the sums along the first axis [...] of pairs [n, ...], added two by two."""
    while len(high) > 1:
        if len(high) % 2:
            high, low = (np.concatenate([part, np.zeros_like(part[:1])]) for part in (high, low))
        total, error = two_sum(high[::2], high[1::2])
        high, low = two_sum(total, error + (low[::2] + low[1::2]))
    return high[0], low[0]


def multiplied(left: Pair, right: Pair) -> Pair:
    """Returns matrix products [I, J, k] of [I, M, k] and [M, J, k], where k may be 1; M in a fixed order."""
    if min(right[0].shape[:2]) > WIDE:
        return _sliced(left, right)
    columns = [[part[:, m, None] for part in left] for m in range(left[0].shape[1])]
    high = low = np.zeros(1)
    for (a, a_low), b, b_low in zip(columns, *right, strict=True):
        product, error = two_product(a, b)
        high, carry = two_sum(high, product)
        low = low + (carry + (error + (a * b_low + a_low * b)))
    return two_sum(high, low)


def added(left: Pair, right: Pair) -> Pair:
    """Returns sums."""
    high, error = two_sum(left[0], right[0])
    return two_sum(high, error + (left[1] + right[1]))


def _sliced(left: Pair, right: Pair) -> Pair:
    """Returns the same through BLAS, from digits whose products add up without any rounding, in any order.

    Source: Ozaki, Ogita, Oishi and Rump, Numer. Algorithms 59, 2012.
    """
    bits = (53 - (left[0].shape[1] * BITS).bit_length()) // 2
    n_digits = -(-BITS // bits)
    of_left, e_left = _digits(left, 1, bits, n_digits)
    of_right, e_right = _digits(right, 0, bits, n_digits)
    high = low = np.zeros(1)
    for level in reversed(range(n_digits)):
        rows = np.concatenate(of_left[: level + 1], axis=2)
        columns = np.concatenate(of_right[level::-1], axis=1)
        high, error = two_sum(np.ldexp(np.matmul(rows, columns), -bits * level), high)
        low = low + error
    exponent = np.moveaxis(e_left + e_right, -1, 0)
    scaled = (np.moveaxis(np.ldexp(part, exponent), 0, -1) for part in two_sum(high, low))
    return next(scaled), next(scaled)


def _digits(pair: Pair, axis: int, bits: int, n_digits: int) -> tuple[list[Floats], Exponents]:
    """Returns whole numbers [k, I, J] of so many bits, the largest first, and the power of 2 of their unit.

    That is one for each row or column: along `axis` of the pair [I, J, k] it is the same.
    """
    exponent = np.frexp(np.abs(pair[0]).max(axis=axis, keepdims=True))[1]
    high, low = (np.moveaxis(np.ldexp(part, bits - 1 - exponent), -1, 0) for part in pair)
    digits = []
    for _ in range(n_digits):
        digits.append(np.rint(high))
        high, low = (part * 2.0**bits for part in two_sum(high - digits[-1], low))
    return digits, exponent - (bits - 1)
