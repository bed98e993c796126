"""Excel's .xlsx: the first sheet, a block of rows at a time, its cells as they were saved.

What Excel shows is not asked, but what a cell holds: a number stored as text, a date or a boolean is none.
Of a formula it is the value that the program which saved the file has found.
"""

import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np

from linreg_sweep.array_types import Floats
from linreg_sweep.errors import Complaint, DataError, not_installed
from linreg_sweep.tabular.bounds import check_columns
from linreg_sweep.tabular.cells import (
    GAP,
    MISSING_CELL,
    SHIFTED,
    TEXT_CELL,
    UNEVEN,
    Block,
    Column,
    File,
    flaw_of,
    shortened,
)
from linreg_sweep.tabular.sources import open_source
from linreg_sweep.tabular.spelling import is_infinite, is_missing

ROWS_AT_ONCE = 2**13

MAX_ROWS = 2**20
"""Rows of a sheet, as Excel has it."""

MAX_BYTES = 2**31
"""That a file unpacks to."""

EMPTY = "must be a number, the cell is empty or says that it is missing"

AS_TEXT = "convert text to numbers in the spreadsheet"
"""The hint for a number that is stored as text."""

Values = tuple[Any, ...]


def open_excel(path: Path) -> File:
    """Opens an .xlsx file: reads the header of its first sheet.

    Raises:
        ConfigError: openpyxl is not installed.
        DataError: it is damaged, too large, or has no rows.
    """
    rows = _rows(path)
    try:
        line, header = next(rows, (1, ()))
        has_rows = next(rows, None) is not None
    finally:
        rows.close()
    if not header:
        raise DataError(Complaint(str(path), "data must have a header and rows, the first sheet is empty"))
    width, where = len(header), f"{path}:{line}"
    check_columns(where, width)
    if not has_rows:
        raise DataError(Complaint(str(path), "data must have rows, the first sheet ends after its header"))

    def read(numbers: list[int]) -> Iterator[Block]:
        rows = islice(_rows(path), 1, None)
        while block := list(islice(rows, ROWS_AT_ONCE)):
            for line, values in block:
                if len(values) > width:
                    text = f"every row must have {width} values as the header has, this one has {len(values)}"
                    raise DataError(Complaint(f"{path}:{line}", text))
            found = [_column([row[i] if i < len(row) else None for _, row in block]) for i in numbers]
            yield np.stack([cells for cells, _ in found], axis=1), [column for _, column in found]

    def text(number: int) -> list[str]:
        cells = [row[number] if number < len(row) else None for _, row in islice(_rows(path), 1, None)]
        return ["" if cell is None else str(cell) for cell in cells]

    def places(numbers: set[int]) -> dict[int, tuple[str, int]]:
        rows = enumerate(_rows(path)) if numbers else ()
        return {row: (f"{path}:{line}", row) for row, (line, _) in rows if row in numbers}

    names = ["" if name is None else str(name).strip() for name in header]
    is_headless = all(map(_is_number, header))
    return File(path, where, names, (), read, text, places, is_headless=is_headless)


def _rows(path: Path) -> Generator[tuple[int, Values], None, None]:
    """Yields the number of each row that holds anything, and its cells up to the last that does."""
    with _sheet(path) as sheet:
        for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
            if number > MAX_ROWS:
                raise ValueError(f"a sheet has at most {MAX_ROWS:,} rows")
            values = list(row)
            while values and values[-1] is None:
                values.pop()
            if values:
                yield number, tuple(values)


@contextmanager
def _sheet(path: Path) -> Iterator[Any]:
    """Gives the first sheet of a file.

    Raises:
        ConfigError: openpyxl is not installed.
        DataError: the file is damaged or too large; of what cannot be, openpyxl complains by whatever
            exception comes first.
    """
    try:
        from openpyxl import load_workbook
    except ModuleNotFoundError as error:
        raise not_installed("openpyxl") from error
    try:
        with open_source(path) as file, warnings.catch_warnings(action="ignore"):
            with ZipFile(file) as archive:
                size = sum(member.file_size for member in archive.infolist())
            if size > MAX_BYTES:
                raise ValueError(f"it unpacks to more than {MAX_BYTES // 2**30} GiB")
            book = load_workbook(file, read_only=True, data_only=True)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # they may be wrong, and rows be lost
            yield sheet
    except Exception as error:
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        text = f"must be an .xlsx file that can be read ({reason})"
        hint = "the file is damaged, or of another format"
        raise DataError(Complaint(str(path), text, hint)) from error


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _column(values: Sequence[Any]) -> tuple[Floats, Column]:
    """Returns cells [n] as numbers, and what they are."""
    is_number = np.array([_is_number(value) for value in values], np.bool_)
    numbers = np.array([_as_float(value) if _is_number(value) else np.nan for value in values])
    if np.isfinite(numbers).all() and np.abs(numbers).max() < 2**53:
        return numbers, Column(len(numbers), len(numbers))
    missing = np.array([value is None or is_missing(value) for value in values])
    both = zip(values, numbers.tolist(), strict=True)
    uneven = np.array([isinstance(value, int) and found != value for value, found in both])
    uneven &= is_number & np.isfinite(numbers)
    infinite = np.array([*map(is_infinite, values)]) | (is_number & ~np.isfinite(numbers))
    other = ~(is_number | missing | infinite)
    first = values[int(other.argmax())]
    flaws = (
        *flaw_of(GAP, missing, EMPTY, MISSING_CELL),
        *flaw_of(
            "infinite", infinite, f"must be finite, got {shortened(str(values[int(infinite.argmax())]))}"
        ),
        *flaw_of("uneven", uneven, f"{UNEVEN} {values[int(uneven.argmax())]}", SHIFTED),
        *flaw_of("other", other, f"must be a number, got {_told(first)}", _hint(first)),
    )
    said = str(first) if other.any() else None
    return numbers, Column(len(numbers), int(is_number.sum()), flaws, said)


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number of hundreds of digits
        return np.inf


def _told(value: object) -> str:
    """Returns what a cell holds that is no number."""
    if isinstance(value, bool):
        return "the boolean " + str(value).upper()
    return f"the text {shortened(value)}" if isinstance(value, str) else f"the date or time {value}"


def _hint(value: object) -> str:
    try:
        float(str(value))
    except ValueError:
        return TEXT_CELL
    return AS_TEXT
