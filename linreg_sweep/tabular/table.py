"""Reads the chosen columns of a file of text or Parquet as numbers, and names every cell that is none."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Floats
from linreg_sweep.errors import Complaint, DataError, SweepError
from linreg_sweep.places import AnyPath, is_local, reason
from linreg_sweep.tabular.bounds import bytes_of
from linreg_sweep.tabular.cells import GAP, Column, File, shortened
from linreg_sweep.tabular.complaints import (
    called,
    cell_complaints,
    complaints_apart,
    first_row,
    header_complaints,
    is_known,
    left_out,
    name_complaints,
    refusal,
    twice,
    unnamed,
    without_x,
)
from linreg_sweep.tabular.opening import open_data
from linreg_sweep.tabular.reading import Reading, judged, read_columns
from linreg_sweep.text_format import TextFormat
from linreg_sweep.words import listed, shorten

GAPS = "left out, a cell missing"
"""How the note on rows that are left out begins."""

FEW_MISSING = 0.1
"""Share of a column's cells that may be missing where a choice is made of which columns to use."""


@dataclass(frozen=True, eq=False)
class Table:
    """The columns of a file, or of arrays, that a fit uses.

    Attributes:
        x: [n, F], C-contiguous, in memory or in a file; every entry is finite.
        y: [n, O], likewise.
        x_names: F names.
        y_names: O names.
        notes: that a row of numbers was taken as names; which columns and rows were left out, and why.
        apart: a further column as text [n]; None: none is asked for.
    """

    x: Floats
    y: Floats
    x_names: tuple[str, ...]
    y_names: tuple[str, ...]
    notes: tuple[str, ...]
    apart: tuple[str, ...] | None = None


def as_names(given: str | Sequence[str]) -> tuple[str, ...]:
    """Returns names of columns, where one may stand by itself."""
    return (given,) if isinstance(given, str) else tuple(map(str, given))


def read_table(
    path: AnyPath,
    x: Sequence[str] | None,
    y: Sequence[str],
    *,
    whole_only: bool = False,
    form: TextFormat | None = None,
    drop: bool = False,
    max_memory: str | int | None = None,
    apart: str | None = None,
    needs_y: bool = True,
) -> Table:
    """Reads the columns x and y of files of text (.csv, .tsv, .txt, or .gz of these) or Parquet.

    For the arguments see data.from_file. `apart` is a column that is neither x nor y, and is read as text;
    that there is no y is a complaint where it `needs_y`, and so is a missing cell of it; else that is NaN.

    Returns:
        The table. Every number is the one that Python's `float` makes of the same text.

    Raises:
        ConfigError: max_memory is no size.
        DataError: with every complaint found: no such file, no such column, a cell that is not a finite
            number (its column, its row counted from 1 and, for CSV, its line), rows of unequal length.
    """
    most = bytes_of(max_memory)
    try:
        chosen = open_data(path, form), x, y, apart
        return _read(*chosen, most, whole_only=whole_only, drop=drop, needs_y=needs_y)
    except SweepError:
        raise
    except Exception as error:
        if is_local(path):
            raise
        text = f"data must be a file that can be read: {reason(error)}"
        raise DataError(Complaint(str(path), text)) from error  # each store has exceptions of its own


def _read(
    file: File,
    x: Sequence[str] | None,
    y: Sequence[str],
    apart: str | None,
    most: int,
    *,
    whole_only: bool,
    drop: bool,
    needs_y: bool,
) -> Table:
    complaints = [
        *header_complaints(file, x, y, needs_y=needs_y),
        *complaints_apart(file, apart, (*(x or ()), *y)),
    ]
    if complaints:
        raise refusal([*complaints, *_further_complaints(file, {*y, *(x or ())})])

    at = {name: i for i, name in enumerate(file.names)}
    asked = [at[name] for name in [*y, *(x or ())]]
    offered = [i for i, name in enumerate(file.names) if x is None and name not in (*y, apart)]
    unlabelled = [i for i in offered if i not in file.labels]
    read = read_columns(file, asked[: len(y)], None if x is None else asked[len(y) :], unlabelled, most)
    columns = read.columns
    if whole_only:
        columns |= {i: _whole(columns[i], drop=drop) for i in offered if i in columns}
        columns |= {i: _nameless(file, i, read) for i in columns if not is_known(file, i)}
    taken = [i for i in offered if i in columns and not columns[i].unusable]
    used = [*asked, *taken]
    x_at = used[len(y) :]

    x_names = tuple(file.names[i] for i in x_at)
    if not x_at:
        complaints.append(without_x(file, columns, offered))
    if x is None:
        complaints += [unnamed(file, i, x_names) for i in x_at if not file.names[i].strip()]
        complaints += name_complaints(file.where, tuple(filter(str.strip, dict.fromkeys(x_names))), ())
        complaints += [twice(file, name) for name, n in Counter(x_names).items() if n > 1]
    gaps = {i: n for i in used if (n := columns[i].count(GAP))} if drop else {}
    columns |= {i: _filled(columns[i]) for i in (*gaps, *(() if needs_y else asked[: len(y)]))}
    complaints += cell_complaints(file, {i: columns[i] for i in sorted(used)})
    if complaints:
        raise refusal(complaints)
    kept, dropped = _without_gaps(file, read, x_at, gaps)
    rest = [i for i in offered if i not in taken]
    return Table(
        x=read.x.kept([read.held.index(i) for i in x_at], kept),
        y=read.y.kept(range(len(y)), kept),
        x_names=x_names,
        y_names=tuple(y),
        notes=(*first_row(file), *left_out(file, columns, rest), *dropped),
        apart=None if apart is None else _text_of(file, at[apart], kept),
    )


def column_names_of(path: AnyPath, form: TextFormat | None = None) -> list[str]:
    """Returns the names of a file's columns.

    Raises:
        DataError: it cannot be read.
    """
    return list(open_data(path, form).names)


def cells_of_rows(path: AnyPath, form: TextFormat | None = None) -> Iterator[tuple[str, ...]]:
    """Yields the cells of each row of a file as text.

    Raises:
        DataError: it cannot be read.
    """
    file = open_data(path, form)
    yield from zip(*map(file.text, range(len(file.names))), strict=True)


def _text_of(file: File, i: int, kept: NDArray[np.bool_] | None) -> tuple[str, ...]:
    """Returns the cells of a column as text, of the rows kept [n]; None: of all."""
    cells = file.text(i)
    return tuple(cells) if kept is None else tuple(cells[row] for row in np.flatnonzero(kept))


def _without_gaps(
    file: File, read: Reading, x: Sequence[int], gaps: Mapping[int, int]
) -> tuple[NDArray[np.bool_] | None, tuple[str, ...]]:
    """Returns which rows [n] miss no cell of y and of x, None: all; and a note on those that do.

    Gaps are how many cells are missing, by column.

    Raises:
        DataError: there is no such row.
    """
    if not gaps:
        return None, ()
    kept = read.y.has_numbers() & read.x.has_numbers([read.held.index(i) for i in x])
    where = listed([f"{shorten(called(file, i))} {n:,}" for i, n in gaps.items()])
    note = f"{GAPS}: {len(kept) - kept.sum():,} of {len(kept):,} rows ({where})"
    if not kept.any():
        hint = f"choose other columns, or correct the data: {note}"
        raise DataError(Complaint(file.where, "every row misses a cell of a chosen column", hint))
    return kept, (note,)


def _filled(column: Column) -> Column:
    """Returns a column of which a missing cell is no flaw."""
    return replace(column, flaws=tuple(flaw for flaw in column.flaws if flaw.kind != GAP))


def _whole(column: Column, *, drop: bool) -> Column:
    """Returns a column that cannot be used where a cell of it is no number.

    Of columns whose other cells are all numbers those stay, if rows are dropped, that miss few.
    """
    missing = column.n_cells - column.n_numbers if column.flaws and not column.unusable else 0
    gaps = drop and all(flaw.kind == GAP for flaw in column.flaws)
    if not missing or (gaps and missing <= FEW_MISSING * column.n_cells):
        return column
    such = "" if column.other is None else f", such as {shortened(column.other)}"
    return replace(column, reason=f"{missing:,} of {column.n_cells:,} cells are not numbers{such}")


def _nameless(file: File, i: int, read: Reading) -> Column:
    """Returns a column that cannot be used since no config can name it."""
    column = read.columns[i]
    if column.unusable:
        return column
    is_index = not file.names[i].strip() and i in read.held and read.x.counts_rows(read.held.index(i))
    return replace(column, reason="the table's index" if is_index else "without a name of its own")


def _further_complaints(file: File, names: set[str]) -> Sequence[Complaint]:
    """Returns what is wrong with the cells of columns, of those whose names can be meant."""
    numbers = [i for i, name in enumerate(file.names) if name in names and file.times[name] == 1]
    if not numbers:
        return []
    try:
        return cell_complaints(file, judged(file, numbers))
    except DataError as error:
        return error.complaints
