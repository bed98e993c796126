"""Reads the chosen columns of a file of text or Parquet as numbers, and names every cell that is none."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.errors import Complaint, DataError
from linreg_sweep.guards.escapes import OBEYED
from linreg_sweep.guards.regular_files import open_regular_file
from linreg_sweep.tabular.cells import MISSING_CELL, TEXT_CELL, Column, File, Floats, shortened
from linreg_sweep.tabular.csv_file import open_csv
from linreg_sweep.tabular.parquet_file import open_parquet
from linreg_sweep.tabular.recipes import READERS, converted
from linreg_sweep.tabular.sniffing import written_as
from linreg_sweep.text_format import TextFormat, text_kind
from linreg_sweep.words import MAX_NAMED, did_you_mean, joined, listed, shorten

_PARQUET = (".parquet", ".pq")
MAX_COMPLAINTS = 20

GAPS = "left out, a cell missing"
"""How the note on rows that are left out begins."""

FEW_MISSING = 0.1
"""Share of a column's cells that may be missing where a choice is made of which columns to use."""


HEADLESS = "the first line must hold the column names, here it holds numbers"


@dataclass(frozen=True, eq=False)
class Table:
    """The columns of a file, or of arrays, that a fit uses.

    Attributes:
        x: [n, F], C-contiguous; every entry is finite.
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
    path: Path,
    x: Sequence[str] | None,
    y: Sequence[str],
    *,
    whole_only: bool = False,
    form: TextFormat | None = None,
    drop: bool = False,
    apart: str | None = None,
    needs_y: bool = True,
) -> Table:
    """Reads the columns x and y of a file of text (.csv, .tsv, .txt, or .gz of these) or Parquet.

    Args:
        path: the file.
        x: names of columns; None: every column that is not in y and has at least one number in it.
        y: names of columns.
        whole_only: of the columns that are not named, those with a cell that is no number are left out.
        form: how a file of text is written; None: as is the default.
        drop: whether rows that miss a cell of these columns are left out, rather than refused.
        apart: a column that is neither x nor y, and is read as text; None: there is none.
        needs_y: whether it is a complaint that there is no y.

    Returns:
        The table. Every number is the one that Python's `float` makes of the same text.

    Raises:
        DataError: with every complaint found: no such file, no such column, a cell that is not a finite
            number (its column, its row counted from 1 and, for CSV, its line), rows of unequal length.
    """
    file = _open(path, form)
    complaints = [
        *_header_complaints(file, x, y, needs_y=needs_y),
        *_complaints_apart(file, apart, (*(x or ()), *y)),
    ]
    if complaints:
        raise _refusal([*complaints, *_further_complaints(file, {*y, *(x or ())})])

    at = {name: i for i, name in enumerate(file.names)}
    asked = [at[name] for name in [*y, *(x or ())]]
    offered = [i for i, name in enumerate(file.names) if x is None and name not in (*y, apart)]
    numbers = [*asked, *(i for i in offered if i not in file.labels)]
    columns = dict(zip(numbers, file.read(numbers), strict=True))
    if whole_only:
        columns |= {i: _whole(columns[i], drop=drop) for i in offered if i in columns}
        columns |= {i: _nameless(file, i, columns[i]) for i in columns if not _is_known(file, i)}
    taken = [i for i in offered if i in columns and not columns[i].unusable]
    used = [*asked, *taken]
    y_at, x_at = used[: len(y)], used[len(y) :]

    x_names = tuple(file.names[i] for i in x_at)
    if not x_at:
        complaints.append(_without_x(file, columns, offered))
    if x is None:
        complaints += [_unnamed(file, i, x_names) for i in x_at if not file.names[i].strip()]
        complaints += name_complaints(file.where, tuple(filter(str.strip, dict.fromkeys(x_names))), ())
        complaints += [_twice(file, name) for name, n in Counter(x_names).items() if n > 1]
    kept, dropped = _without_gaps(file, columns, used) if drop else (None, ())
    complaints += _cell_complaints(file, {i: columns[i] for i in sorted(used)})
    if kept is not None and not kept.any() and not complaints:
        text, hint = "every row misses a cell of a chosen column", "choose other columns, or mend the data"
        complaints.append(Complaint(file.where, text, f"{hint}: {dropped[0]}"))
    if complaints:
        raise _refusal(complaints)
    return Table(
        x=_stacked(columns, x_at, kept),
        y=_stacked(columns, y_at, kept),
        x_names=x_names,
        y_names=tuple(y),
        notes=(
            *_first_row(file),
            *_left_out(file, columns, [i for i in offered if i not in taken]),
            *dropped,
        ),
        apart=None if apart is None else _text_of(file, at[apart], kept),
    )


def column_names_of(path: Path, form: TextFormat | None = None) -> list[str]:
    """Returns the names of a file's columns.

    Raises:
        DataError: it cannot be read.
    """
    return list(_open(path, form).names)


def cells_of_rows(path: Path, form: TextFormat | None = None) -> Iterator[tuple[str, ...]]:
    """Yields the cells of each row of a file as text.

    Raises:
        DataError: it cannot be read.
    """
    file = _open(path, form)
    yield from zip(*map(file.text, range(len(file.names))), strict=True)


def _text_of(file: File, i: int, kept: NDArray[np.bool_] | None) -> tuple[str, ...]:
    """Returns the cells of a column as text, of the rows kept [n]; None: of all."""
    cells = file.text(i)
    return tuple(cells) if kept is None else tuple(cells[row] for row in np.flatnonzero(kept))


def _stacked(columns: dict[int, Column], places: list[int], kept: NDArray[np.bool_] | None) -> Floats:
    """Returns columns side by side [n, columns], of the rows kept [n]; None: of all."""
    if not places:
        return np.empty((len(next(iter(columns.values())).numbers), 0))
    return np.column_stack([columns[i].numbers if kept is None else columns[i].numbers[kept] for i in places])


def _without_gaps(
    file: File, columns: dict[int, Column], used: list[int]
) -> tuple[NDArray[np.bool_] | None, tuple[str, ...]]:
    """Takes what is missing for no flaw of these columns.

    Returns:
        Which rows miss none of their cells [n], None: all do not; and a note that counts those that do.
    """
    gaps = {i: mask for i in used if (mask := columns[i].missing) is not None}
    if not gaps:
        return None, ()
    for i in gaps:
        flaws = tuple(flaw for flaw in columns[i].flaws if flaw.hint != MISSING_CELL)
        columns[i] = replace(columns[i], flaws=flaws)
    gone = np.logical_or.reduce([*gaps.values()])
    where = [f"{shorten(_called(file, i))} {mask.sum():,}" for i, mask in gaps.items()]
    counted = f"{gone.sum():,} of {len(gone):,} rows"
    return ~gone, (f"{GAPS}: {counted} ({listed(where)})",)


def _whole(column: Column, *, drop: bool) -> Column:
    """Returns a column that cannot be used where a cell of it is no number.

    Of columns whose other cells are all numbers those stay, if rows are dropped, that miss few.
    """
    missing = np.count_nonzero(np.isnan(column.numbers)) if column.flaws and not column.unusable else 0
    gaps = drop and all(flaw.hint == MISSING_CELL for flaw in column.flaws)
    if gaps and missing <= FEW_MISSING * len(column.numbers):
        return column
    return (
        replace(column, unusable=f"{missing:,} of {len(column.numbers):,} cells no numbers")
        if missing
        else column
    )


def _nameless(file: File, i: int, column: Column) -> Column:
    """Returns a column that cannot be used since no config can name it."""
    if column.unusable:
        return column
    counts = np.arange(len(column.numbers)) + (column.numbers[:1] == 1)
    is_index = not file.names[i].strip() and np.array_equal(column.numbers, counts)
    return replace(column, unusable="the table's index" if is_index else "without a name of its own")


def name_complaints(where: str, x_names: Sequence[str], y_names: Sequence[str]) -> list[Complaint]:
    """Returns what is wrong with the names themselves: empty, twice, unprintable, in both x and y.

    Args:
        where: what the complaints name.
        x_names: names of the x columns.
        y_names: names of the y columns.
    """
    complaints = []
    for role, names in (("x", x_names), ("y", y_names)):
        for name, times in Counter(names).items():
            shown = f"{shortened(name)} in {role}"
            if not name.strip():
                place = list(names).index(name) + 1
                text = f"every column of {role} must have a name, column {place} of {role} has none"
                complaints.append(Complaint(where, text, "give it a name, or choose other columns"))
            elif OBEYED.search(name):
                complaints.append(Complaint(where, f"column names must be of printable letters, got {shown}"))
            if name.strip() and times > 1:
                text = f"columns must be named once, got {shown} {times} times"
                complaints.append(Complaint(where, text))
    both = set(x_names)
    for name in dict.fromkeys(y_names):
        if name in both and name.strip():
            complaints.append(
                Complaint(where, f"a column must be in x or in y, got {shortened(name)} in both")
            )
    return complaints


def _header_complaints(
    file: File, x: Sequence[str] | None, y: Sequence[str], *, needs_y: bool
) -> list[Complaint]:
    complaints = name_complaints(file.where, x or (), y)
    if not y and needs_y:
        hint = did_you_mean("", file.names)
        complaints.append(Complaint(file.where, "y must name at least one column", hint))
    if x is not None and not x:
        complaints.append(Complaint(file.where, "x must name at least one column", "leave x out for all"))
    there = Counter(file.names)
    for role, names in (("x", x or ()), ("y", y)):
        for name in dict.fromkeys(names):
            if len(complaints) > MAX_COMPLAINTS + 1:
                break
            if name not in there:
                hint = did_you_mean(name, filter(str.strip, file.names))
                if file.is_headless:
                    hint = f"{HEADLESS}; data.format.header: false calls the columns column_1, column_2, ..."
                if file.form is not None and not file.form.header:
                    hint = f"the file has no header; {did_you_mean('', file.names)}"
                text = f"{role} must name columns of the file, got {shortened(name)}"
                complaints.append(Complaint(file.where, text, hint))
            elif there[name] > 1:
                complaints.append(_twice(file, name))
    return complaints


def _complaints_apart(file: File, apart: str | None, used: Sequence[str]) -> list[Complaint]:
    """Returns what is wrong with the column that is read as text."""
    if apart is None:
        return []
    if apart not in file.names:
        hint = did_you_mean(apart, filter(str.strip, file.names))
        text = f"data.holdout.column must name a column of the file, got {shortened(apart)}"
        return [Complaint(file.where, text, hint)]
    if apart in used:
        text = f"data.holdout.column must be neither x nor y, got {shortened(apart)}"
        return [Complaint(file.where, text, "name another column, or leave it out of x")]
    return [_twice(file, apart)] if file.times[apart] > 1 else []


def _refusal(complaints: list[Complaint]) -> DataError:
    """Returns the error with the first complaints of all."""
    rest = complaints[MAX_COMPLAINTS + 1 :]
    return DataError(*complaints[: MAX_COMPLAINTS + 1], *([Complaint("", "and more")] if rest else []))


def _twice(file: File, name: str) -> Complaint:
    places = [str(i + 1) for i, other in enumerate(file.names) if other == name]
    text = f"column names must differ, columns {joined(places)} are called {shortened(name)}"
    return Complaint(file.where, text, "give each a name of its own in the first line")


def _further_complaints(file: File, names: set[str]) -> Sequence[Complaint]:
    """Returns what is wrong with the cells of columns, of those whose names can be meant."""
    there = Counter(file.names)
    numbers = [i for i, name in enumerate(file.names) if name in names and there[name] == 1]
    if not numbers:
        return []
    try:
        return _cell_complaints(file, dict(zip(numbers, file.read(numbers), strict=True)))
    except DataError as error:
        return error.complaints


def _unnamed(file: File, i: int, x_names: Sequence[str]) -> Complaint:
    """Returns the complaint about a column that only its place can be told by."""
    others = list(filter(str.strip, dict.fromkeys(x_names)))
    hint = f"leave it out by naming the others, x: [{listed(others)}], or " if others else ""
    return Complaint(file.where, f"column {i + 1} has no name", f"{hint}give it one in the first line")


def _cell_complaints(file: File, columns: dict[int, Column]) -> list[Complaint]:
    """Returns what is wrong with cells, in the order of the rows; what helps all alike is said once."""
    every = ((i, flaw) for i, column in columns.items() for flaw in column.flaws)
    flaws = sorted(every, key=lambda item: item[1].row)
    said: set[str] = set()
    shown, rest = flaws[:MAX_COMPLAINTS], flaws[MAX_COMPLAINTS:]
    places = file.places({flaw.row for _, flaw in shown if flaw.row})
    complaints = []
    for i, flaw in shown:
        name = shortened(file.names[i])
        if not _is_known(file, i):
            name = f"{i + 1} ({name if file.names[i].strip() else 'without a name'})"
        cell = f"row {flaw.row} of column {name}" if flaw.row else f"column {name}"
        more = f" (and {flaw.more} more such cell{'s' * (flaw.more > 1)})" if flaw.more else ""
        where = places.get(flaw.row, file.where)
        hint = "" if flaw.hint in said else flaw.hint
        said |= {hint} if hint != TEXT_CELL else set()
        complaints.append(Complaint(where, f"{cell} {flaw.text}{more}", hint))
    if rest:
        complaints.append(Complaint(file.where, f"and {len(rest)} more complaints about cells"))
    return complaints


def _without_x(file: File, columns: dict[int, Column], offered: list[int]) -> Complaint:
    """Returns the complaint that no column is left for x; it says what those beside y hold."""
    told = []
    for i in offered[:MAX_NAMED]:
        why = _why_left_out(columns, i)
        content = columns[i].content if i in columns else ""
        told.append(f"{shortened(_called(file, i))} {f'{content} ({why})' if content else f'is {why}'}")
    if len(offered) > MAX_NAMED:
        told.append(f"and {len(offered) - MAX_NAMED} more")
    hints = (flaw.hint for i in offered if i in columns for flaw in columns[i].flaws)
    hint = next((hint for hint in hints if hint.startswith(("commas", "write numbers"))), "")
    text = "x must have a numeric column, none is left beside y"
    return Complaint(file.where, f"{text}: {', '.join(told)}" if told else text, hint)


def _first_row(file: File) -> tuple[str, ...]:
    if not file.is_headless:
        return ()
    return (f"the first row ({listed(file.names)}) was taken as column names",)


def _is_known(file: File, i: int) -> bool:
    """Returns whether a column's name tells it from others."""
    return bool(file.names[i].strip()) and file.times[file.names[i]] == 1


def _called(file: File, i: int) -> str:
    """Returns a column's name, or its place where the name tells too little."""
    if not file.names[i].strip():
        return f"column {i + 1}, which has no name"
    return file.names[i] if _is_known(file, i) else f"column {i + 1} ({shortened(file.names[i])})"


def _why_left_out(columns: dict[int, Column], i: int) -> str:
    return columns[i].unusable if i in columns else "labels of rows"


def _left_out(file: File, columns: dict[int, Column], numbers: list[int]) -> tuple[str, ...]:
    reasons: dict[str, list[str]] = {}
    for i in numbers:
        reasons.setdefault(_why_left_out(columns, i), []).append(_called(file, i))
    return tuple(f"left out, {why}: {listed(names)}" for why, names in reasons.items())


def _open(path: Path, form: TextFormat | None) -> File:
    where, is_parquet = str(path), path.suffix.lower() in _PARQUET
    try:
        if path.is_dir():
            raise DataError(Complaint(where, "data must be one file, this is a folder"))
        if not path.is_file():
            raise DataError(Complaint(where, "data must be a file, there is none here", _neighbours(path)))
        if not _is_known_kind(path):
            known = "data files must end in .csv, .tsv, .txt (or .gz of these), .parquet or .pq"
            raise DataError(Complaint(where, f"{known}, got {shortened(path.suffix)}", _as_csv(path)))
        with open_regular_file(path) as stream:
            is_empty = not stream.read(1)
    except (OSError, ValueError) as error:
        raise DataError(Complaint(where, f"data must be a file that can be read: {error}")) from error
    if is_empty:
        raise DataError(Complaint(where, "data must have a header and rows, the file is empty"))
    if is_parquet and form is not None and form != TextFormat():
        text = "data.format goes with files of text, a Parquet file has none"
        raise DataError(Complaint(where, text, "leave it out"))
    return open_parquet(path) if is_parquet else open_csv(path, form or TextFormat())


def _as_csv(path: Path) -> str:
    """Returns how a file of another kind becomes one that is read, or that it has to be saved as CSV."""
    suffix = path.suffix.lower()
    if suffix in READERS:
        return converted(path)
    if suffix in (".gz", ".bz2", ".xz", ".zst", ".zip"):
        return converted(path, "read_csv")
    if suffix in (".tab", ".dat", ".data", ".csv2"):
        hint = written_as(path)
        return f"let its name end in .txt{f', and {hint}' if hint else ''}"
    return "save it as CSV"


def _is_known_kind(path: Path) -> bool:
    return path.suffix.lower() in _PARQUET or bool(text_kind(path))


def _neighbours(path: Path) -> str:
    if path.exists():
        return "a pipe or a device may never end: save what it gives into a file"
    if not path.parent.is_dir():
        return f"there is no folder {str(path.parent)!r} either"
    return did_you_mean(path.name, (p.name for p in path.parent.iterdir() if _is_known_kind(p)))
