"""Rows of the data some at a time, so that what is computed of them takes the memory of a few rows only."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np

from linreg_sweep.array_types import Floats, Indices

Item = TypeVar("Item")
Result = TypeVar("Result")

CACHE = 2**15
"""Numbers that are worked on together: few enough for the cache."""

MAX_ROWS = 2**13
"""Rows that are worked on together at most."""

PIECE = 2**19
"""Numbers of about as many blocks as are worked on elsewhere together, 4 MB."""


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


class InOrder(Protocol):
    """What works on items, here or elsewhere, and gives what it makes of them in the order of the items."""

    def __call__(self, work: Callable[[Item], Result], items: Iterable[Item], /) -> Iterable[Result]:
        """Yields what work makes of each item."""


def one_by_one(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yields what work makes of each item, here and when it is asked for; see InOrder."""
    return map(work, items)


def blocks(n_rows: int, width: int) -> Iterator[slice]:
    """Yields all rows in their order, of so many numbers each: more rows at a time than numbers in one."""
    height = _height(width)
    for first in range(0, n_rows, height):
        yield slice(first, first + height)


def pieces(n_rows: int, width: int) -> Iterator[range]:
    """Yields the same rows, those of many blocks at a time: the blocks of a piece are those of the whole."""
    height = _height(width)
    height *= max(1, PIECE // (height * max(width, 1)))
    for first in range(0, n_rows, height):
        yield range(first, min(n_rows, first + height))


def _height(width: int) -> int:
    return min(MAX_ROWS, max(CACHE // max(width, 1), 8 * width))


def evenly(n_rows: int, most: int) -> Indices:
    """Returns as many of the rows, evenly spaced, the first and the last among them."""
    return np.unique(np.linspace(0, n_rows - 1, min(n_rows, most)).astype(np.intp))


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


def is_on_disk(matrix: Rows) -> bool:
    """Returns whether rows, or those that they are made of, lie in a file."""
    if not isinstance(matrix, np.ndarray):
        return any(map(is_on_disk, getattr(matrix, "parts", ())))
    return isinstance(matrix, np.memmap) or (isinstance(matrix.base, np.ndarray) and is_on_disk(matrix.base))


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

    @property
    def parts(self) -> tuple[Rows]:
        """What they are taken of."""
        return (self.matrix,)

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, rows: Any, /) -> Any:
        return self.matrix[self.places[rows]]


@dataclass(frozen=True, eq=False)
class Stretch:
    """Rows of a matrix that follow one another, taken of it when they are asked for or pickled.

    Attributes:
        matrix: [n, columns].
        rows: which, within it.
    """

    matrix: Rows
    rows: range

    @property
    def shape(self) -> tuple[int, ...]:
        """(k, columns)."""
        return len(self.rows), self.matrix.shape[1]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: slice, /) -> Any:
        taken = self.rows[rows]
        return self.matrix[taken.start : taken.stop]

    def __reduce__(self) -> tuple[Callable[[Floats], Floats], tuple[Floats]]:
        return np.ascontiguousarray, (self[:],)


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

    @property
    def parts(self) -> tuple[Rows, Rows]:
        """What they are taken of."""
        return self.above, self.below

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
