"""What a reader of files hands over: an opened file, its columns as numbers, and the flaws of their cells."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Flags, Floats
from linreg_sweep.text_format import TextFormat

MAX_EXACT = 2**53
"""Whole numbers up to this are all exact in float64; beyond it only some are."""

UNEVEN = "must be a whole number that float64 holds exactly, got"
SHIFTED = "subtract a constant, such as the smallest, from the column, or choose other columns"
"""What is said of a whole number that would be rounded, and what helps."""

GAP = "missing"
"""The kind of flaw that a missing cell is."""

MISSING_CELL = "fill the cell in or remove the row; data.missing: drop trains without such rows"
TEXT_CELL = "correct the cell, or choose other columns"
"""Hints that many cells share."""


@dataclass(frozen=True)
class Flaw:
    """Cells of a column that share a fault: the row of the first (0: the whole column), how many more."""

    row: int
    text: str
    hint: str = ""
    more: int = 0
    kind: str = ""


@dataclass(frozen=True)
class Column:
    """What the cells of a column are, of some rows one after the other or of all.

    Attributes:
        n_cells: how many there are.
        n_numbers: how many of them hold a number.
        flaws: of the cells, at most one of a kind.
        other: the first cell that holds text and is not missing or infinite; None: there is none.
        almost: the hint for it, where a person would take it for a number.
        commas: what commas within cells stand for; see recipes.of_commas.
        type_: what all cells are that are no numbers.
        reason: why it is not used though it has numbers.
    """

    n_cells: int
    n_numbers: int
    flaws: tuple[Flaw, ...] = ()
    other: str | None = None
    almost: str = ""
    commas: frozenset[str] = frozenset()
    type_: str = ""
    reason: str = ""

    def then(self, more: "Column") -> "Column":
        """Returns what these cells are with those of the rows below them."""
        flaws = {flaw.kind: flaw for flaw in self.flaws}
        for flaw in more.flaws:
            first = flaws.get(flaw.kind)
            if first is None:
                flaws[flaw.kind] = replace(flaw, row=flaw.row + self.n_cells) if flaw.row else flaw
            elif flaw.row:
                flaws[flaw.kind] = replace(first, more=first.more + 1 + flaw.more)
        says = more if self.other is None else self
        return Column(
            self.n_cells + more.n_cells,
            self.n_numbers + more.n_numbers,
            tuple(flaws.values()),
            says.other,
            says.almost,
            self.commas | more.commas,
            self.type_ or more.type_,
        )

    def count(self, kind: str) -> int:
        """Returns how many cells have a flaw of this kind."""
        return sum(1 + flaw.more for flaw in self.flaws if flaw.kind == kind)

    @property
    def unusable(self) -> str:
        """Why it cannot be used, as where not one of its cells is a number; else empty."""
        if self.n_numbers or self.reason:
            return self.reason
        if self.count(GAP) == self.n_cells:
            return "empty"
        if self.almost and self.other is not None:
            return f"numbers written like {shortened(self.other)} are not understood"
        return "not numeric"

    @property
    def content(self) -> str:
        """What it holds that is no number, as a message says it; else empty."""
        if self.type_:
            return f"is of type {self.type_}"
        return "" if self.other is None else f"starts with {shortened(self.other)}"


Block = tuple[Floats, list[Column]]
"""Some rows as numbers [k, columns], NaN where a cell holds none, and what the cells of each column are."""


@dataclass(frozen=True, eq=False)
class File:
    """An opened file, or several that are one table.

    Attributes:
        path: where it is; of several, the first.
        where: what a complaint about its header names.
        names: of its columns, in order; they need not differ.
        labels: numbers of columns that only label the rows.
        read: reads columns by their numbers, in the order given: all rows, some at a time.
        text: reads one as text, a cell per row.
        places: what a complaint about a cell names and the row within that, for each of the rows given.
        n_rows: how many there are, where that is known before they are read.
        is_headless: whether the names were the first row, and every one of them reads as a number.
        form: how it is written, if it is text.
    """

    path: Path
    where: str
    names: list[str]
    labels: tuple[int, ...]
    read: Callable[[list[int]], Iterator[Block]]
    text: Callable[[int], list[str]]
    places: Callable[[set[int]], dict[int, tuple[str, int]]]
    n_rows: int | None = None
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


def as_mask(cells: Any) -> Flags:
    """Returns a column of booleans without nulls as an array."""
    import pyarrow as pa
    from pyarrow import compute

    return as_array(compute.cast(cells, pa.uint8())).astype(bool)


def flaw_of(kind: str, cells: Flags, text: str, hint: str = "") -> Iterator[Flaw]:
    """Yields the flaw that these cells [n] of a column share; nothing where there are none."""
    if cells.any():
        yield Flaw(int(cells.argmax()) + 1, text, hint, int(cells.sum()) - 1, kind)


def rounded_integers(integers: NDArray[np.integer[Any]], numbers: Floats) -> Flags:
    """Returns which of some integers [n] are others as float64 [n]."""
    if np.abs(numbers).max(initial=0.0) < MAX_EXACT:
        return np.zeros(len(numbers), np.bool_)
    with np.errstate(invalid="ignore"):  # the largest of all are rounded to where no integer is
        changed: Flags = integers != numbers.astype(integers.dtype)
    return changed
