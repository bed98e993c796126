"""Rows of the data some at a time, so that what is computed of them takes the memory of a few rows only."""

from collections.abc import Iterator

CACHE = 2**15
"""Numbers that are worked on together: few enough for the cache."""

MAX_ROWS = 2**13
"""Rows that are worked on together at most."""


def blocks(n_rows: int, width: int) -> Iterator[slice]:
    """Yields all rows in their order, of so many numbers each: more rows at a time than numbers in one."""
    rows = min(MAX_ROWS, max(CACHE // max(width, 1), 8 * width))
    for first in range(0, n_rows, rows):
        yield slice(first, first + rows)
