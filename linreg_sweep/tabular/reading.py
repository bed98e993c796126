"""The columns of an opened file in one pass over it: their numbers, and what is wrong with their cells."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from linreg_sweep.tabular.cells import Column, File
from linreg_sweep.tabular.gathered import Gathered
from linreg_sweep.tabular.recipes import of_commas
from linreg_sweep.tabular.spelling import COMMAS

Columns = dict[int, Column]
"""What the cells of columns are, by their numbers."""


@dataclass(frozen=True, eq=False)
class Reading:
    """The columns of a file.

    Attributes:
        columns: what the cells of each are.
        y: the columns y [n, O].
        x: those of the others in which there are numbers.
        held: the numbers of these.
    """

    columns: Columns
    y: Gathered
    x: Gathered
    held: list[int]


def read_columns(file: File, y: list[int], x: list[int] | None, offered: list[int], most: int) -> Reading:
    """Reads columns, and holds those that are asked for or in which there is a number.

    One without any among the first rows is not held; where one comes later, all are read once more.

    Args:
        file: opened.
        y: numbers of columns.
        x: numbers of columns that are asked for; None: those of the offered in which there is a number.
        offered: numbers of columns that none asked for, where x is None.
        most: bytes that all of them may take in memory; more is held in a file.

    Raises:
        DataError: the file cannot be read, or there is no space for its rows.
    """
    others = offered if x is None else x
    for held in (x, others):
        found = _read(file, y, others, most, held)
        if found is not None:
            return found
    raise AssertionError("all columns are held")


def judged(file: File, numbers: list[int]) -> Columns:
    """Returns what the cells of columns are, and holds none of them.

    Raises:
        DataError: the file cannot be read.
    """
    columns: Columns = {}
    for _, found in file.read(numbers):
        columns = _with(columns, numbers, found)
    return _with_hint(file, columns)


def _read(file: File, y: list[int], others: list[int], most: int, held: list[int] | None) -> Reading | None:
    """Reads columns and holds some; None where one that is not held has a number.

    Held are those of these numbers; None: those with a number among the first rows.
    """
    numbers, columns = [*y, *others], Columns()
    of_y = of_x = Gathered(0, None, most)
    for rows, found in file.read(numbers):
        is_first, columns = not columns, _with(columns, numbers, found)
        if held is None:
            held = [i for i in others if columns[i].n_numbers]
        if is_first:
            share = most // max(len(y) + len(held), 1)
            of_y, of_x = (Gathered(n, file.n_rows, share * n) for n in (len(y), len(held)))
            places = [numbers.index(i) for i in held]
            asleep = [i for i in others if i not in held]
        if any(columns[i].n_numbers for i in asleep):
            return None
        of_y.add(rows[:, : len(y)])
        of_x.add(rows[:, places])
    columns = columns or {i: Column(0, 0) for i in numbers}
    return Reading(_with_hint(file, columns), of_y, of_x, held or [])


def _with(columns: Columns, numbers: Sequence[int], more: Sequence[Column]) -> Columns:
    """Returns columns with those of the rows below them."""
    below = dict(zip(numbers, more, strict=True))
    return {i: columns[i].then(column) for i, column in below.items()} if columns else below


def _with_hint(file: File, columns: Columns) -> Columns:
    """Returns columns whose cells with commas have the one hint of their file."""
    odd = [column for column in columns.values() if column.almost == COMMAS and column.commas]
    if file.form is None or not any(column.almost == COMMAS for column in columns.values()):
        return columns
    found = frozenset[str]().union(*(column.commas for column in odd))
    hint = of_commas(file.path, file.form, found, odd[0].other or "" if odd else "")

    def hinted(column: Column) -> Column:
        flaws = (replace(flaw, hint=hint) if flaw.hint == COMMAS else flaw for flaw in column.flaws)
        return replace(column, flaws=tuple(flaws))

    return {i: hinted(column) for i, column in columns.items()}
