"""Rows of the data some at a time, so that what is computed of them takes the memory of a few rows only."""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

CACHE = 2**15
"""Numbers that are worked on together: few enough for the cache."""

MAX_ROWS = 2**13
"""Rows that are worked on together at most."""


class Rows(Protocol):
    """A matrix [n, columns] of float64 that gives some of its rows at a time.

    It is an array, in memory or in a file, or makes the rows when they are asked for: the same each time.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, columns)."""

    def __len__(self) -> int:
        """Returns n."""

    def __getitem__(self, rows: Any, /) -> Any:
        """Returns some rows [k, columns], by a slice or by their indices."""


def blocks(n_rows: int, width: int) -> Iterator[slice]:
    """Yields all rows in their order, of so many numbers each: more rows at a time than numbers in one."""
    rows = min(MAX_ROWS, max(CACHE // max(width, 1), 8 * width))
    for first in range(0, n_rows, rows):
        yield slice(first, first + rows)


def each_block(matrix: Rows) -> Iterator[Floats]:
    """Yields the rows of a matrix [n, columns] in their order, some at a time."""
    for rows in blocks(len(matrix), matrix.shape[1]):
        yield matrix[rows]


def ends(matrix: Rows) -> tuple[Floats, Floats]:
    """Returns the least and the largest entry of each column [columns] of at least one row."""
    low = high = matrix[:1][0]
    for block in each_block(matrix):
        low, high = np.minimum(low, block.min(axis=0)), np.maximum(high, block.max(axis=0))
    return low, high
