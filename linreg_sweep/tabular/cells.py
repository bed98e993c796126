"""What a reader of files hands over: an opened file, its columns as numbers, and the flaws of their cells."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.text_format import TextFormat

Floats = NDArray[np.float64]

MAX_EXACT = 2**53
"""Whole numbers up to this are all exact in float64; beyond it only some are."""

UNEVEN = "must be a whole number that float64 holds exactly, got"
SHIFTED = "subtract a constant, such as the smallest, from the column, or choose other columns"
"""What is said of a whole number that would be rounded, and what helps."""

MISSING_CELL = "fill the cell in or remove the row; data.missing: drop leaves out all such rows"
TEXT_CELL = "mend the cell, or choose other columns"
"""Hints that many cells share."""


@dataclass(frozen=True)
class Flaw:
    """Cells of a column that share a fault: the row of the first (0: the whole column), how many more."""

    row: int
    text: str
    hint: str = ""
    more: int = 0


@dataclass(frozen=True, eq=False)
class Column:
    """A column as read.

    Attributes:
        numbers: [n].
        flaws: of its cells.
        unusable: why not one of its cells is a number, else empty.
        content: what it holds instead, as a message says it; empty where it is all empty.
        commas: what commas within its numbers stand for; see recipes.of_commas.
        example: the first cell with such a comma.
        missing: [n] which cells are; None: none is.
    """

    numbers: Floats
    flaws: tuple[Flaw, ...] = ()
    unusable: str = ""
    content: str = ""
    commas: frozenset[str] = frozenset()
    example: str = ""
    missing: NDArray[np.bool_] | None = None


@dataclass(frozen=True, eq=False)
class File:
    """An opened file.

    Attributes:
        path: where it is.
        where: what a complaint about its header names.
        names: of its columns, in order; they need not differ.
        labels: numbers of columns that only label the rows.
        read: reads columns by number, in the order given.
        text: reads one as text, a cell a row.
        places: what a complaint about a cell names, for each of the rows given.
        is_headless: whether the names were the first row, and every one of them reads as a number.
        form: how it is written, if it is text.
    """

    path: Path
    where: str
    names: list[str]
    labels: tuple[int, ...]
    read: Callable[[list[int]], Iterator[Column]]
    text: Callable[[int], list[str]]
    places: Callable[[set[int]], dict[int, str]]
    is_headless: bool = False
    form: TextFormat | None = None

    @cached_property
    def times(self) -> Counter[str]:
        """How often each name is there."""
        return Counter(self.names)


def shortened(text: str) -> str:
    """Returns a text in quotes, at most 30 letters of it."""
    return repr(text if len(text) <= 30 else text[:27] + "...")


def as_array(cells: Any) -> NDArray[Any]:
    """Returns a column without nulls as an array; Arrow's own `to_numpy` would import pandas."""
    return np.concatenate([np.empty(0), *map(np.from_dlpack, cells.chunks)])


def as_mask(cells: Any) -> NDArray[np.bool_]:
    """Returns a column of booleans without nulls as an array."""
    import pyarrow as pa
    from pyarrow import compute

    return as_array(compute.cast(cells, pa.uint8())).astype(bool)


def flaw_of(cells: NDArray[np.bool_], text: str, hint: str = "") -> Iterator[Flaw]:
    """Yields the flaw that these cells [n] of a column share; nothing where there are none."""
    if cells.any():
        yield Flaw(int(cells.argmax()) + 1, text, hint, int(cells.sum()) - 1)


def rounded_integers(integers: NDArray[np.integer[Any]], numbers: Floats) -> NDArray[np.bool_]:
    """Returns which of some integers [n] are others as float64 [n]."""
    if np.abs(numbers).max(initial=0.0) < MAX_EXACT:
        return np.zeros(len(numbers), np.bool_)
    with np.errstate(invalid="ignore"):  # the largest of all are rounded to where no integer is
        changed: NDArray[np.bool_] = integers != numbers.astype(integers.dtype)
    return changed
