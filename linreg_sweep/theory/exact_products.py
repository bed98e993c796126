"""Inner products of the columns of a data set, exactly, by the matrix products of float64.

Columns are written in base 2^width, in digits so small that the products of a block of rows add up to 2^53
at most. A matrix product of digits then rounds nowhere, in whatever order it adds up: the inner products
have the same bits on any BLAS, and for any blocks. Digits go on until nothing is left of any number.

Source: Ozaki, Ogita, Oishi and Rump, Error-free transformations of matrix multiplication by using fast
routines of matrix multiplication and its applications, Numer. Algorithms 59, 2012.
"""

from collections.abc import Iterable
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Floats, Integers
from linreg_sweep.blocks import MAX_ROWS

WIDTH = (56 - MAX_ROWS.bit_length()) // 2
"""Bits of a digit at most: the products of a block, 2^(2 WIDTH - 2) each, add up to 2^53 at most."""


Digits = list[Integers]
"""Sums of products of digits [few, m], those of the largest first: exact, so that no order changes them."""


def width_for(n_rows: int) -> int:
    """Returns the bits of a digit by which the sums over so many rows and 128 digits stay below 2^63."""
    return min(WIDTH, (58 - n_rows.bit_length()) // 2)


def digits_of(blocks: Iterable[Floats], few: int, width: int) -> Digits:
    """Returns the inner products of the first few columns with all, as sums of products of their digits.

    Args:
        blocks: [m, rows] each, at most MAX_ROWS; no number exceeds 1.
        few: below m.
        width: bits of a digit; see width_for.
    """
    parts = slice(few), slice(few, None)  # apart: a product with itself takes half the time
    sums: Digits = []
    for block in blocks:
        rest = block * 2.0 ** (width - 1)
        digits: list[Floats] = []
        while rest.any() or not digits:
            digits.append(np.rint(rest))
            rest = (rest - digits[-1]) * 2.0**width
        many = len(digits)
        of_few, others = (np.concatenate([digit[part] for digit in digits]) for part in parts)
        of_digits = np.concatenate(
            [(of_few @ all_of.T).reshape(many, few, many, -1) for all_of in (of_few, others)], axis=-1
        )
        levels = [np.zeros((few, len(block)), np.int64) for _ in range(2 * many - 1)]
        for one, other in product(range(many), repeat=2):
            levels[one + other] += of_digits[one, :, other].astype(np.int64)
        sums = added(sums, levels)
    return sums


def added(one: Digits, other: Digits) -> Digits:
    """Returns the inner products over the rows of both."""
    longer, shorter = sorted((one, other), key=len, reverse=True)
    return [*map(np.add, longer, shorter), *longer[len(shorter) :]]


def whole(sums: Digits, width: int) -> tuple[NDArray[Any], int]:
    """Returns inner products [few, m] as whole numbers of Python in units of 2^exponent, and the exponent."""
    total: Any = 0
    for level in sums:
        total = total * 2**width + level.astype(object)
    return total, 2 - width * (len(sums) + 1)
