"""Rows of the data some at a time, so that what is computed of them takes the memory of a few rows only."""

from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True, eq=False)
class Chosen:
    """Some rows of a matrix, taken of it when they are asked for.

    Attributes:
        matrix: [n, columns].
        places: which of its rows [k].
    """

    matrix: Rows
    places: Indices

    @property
    def shape(self) -> tuple[int, ...]:
        """(k, columns)."""
        return len(self.places), self.matrix.shape[1]

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, rows: Any, /) -> Any:
        return self.matrix[self.places[rows]]


@dataclass(frozen=True, eq=False)
class Stacked:
    """A matrix of the rows of one above those of another, likewise.

    Attributes:
        above: [n, columns].
        below: [m, columns].
    """

    above: Rows
    below: Rows

    @property
    def shape(self) -> tuple[int, ...]:
        """(n + m, columns)."""
        return len(self), self.above.shape[1]

    def __len__(self) -> int:
        return len(self.above) + len(self.below)

    def __getitem__(self, rows: Any, /) -> Floats:
        border = len(self.above)
        places = np.arange(*rows.indices(len(self))) if isinstance(rows, slice) else rows
        found = np.empty((len(places), self.shape[1]))
        is_above = places < border
        found[is_above], found[~is_above] = (
            self.above[places[is_above]],
            self.below[places[~is_above] - border],
        )
        return found
