"""CSV: read as text first and only then as numbers.

Columns of numbers alone are read block by block; only those with another cell are held as text whole, to
say what is wrong. Python's csv module knows on which line a row starts; it is asked only for that.
"""

import csv
import os
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from linreg_sweep.errors import Complaint, DataError
from linreg_sweep.guards.regular_files import open_regular_file
from linreg_sweep.tabular.bounds import LONGEST_ROW, MAX_BYTES, check_cells, check_columns
from linreg_sweep.tabular.cells import Column, File, Floats
from linreg_sweep.tabular.recipes import SEPARATORS, converted, looked_at, of_commas
from linreg_sweep.tabular.spelling import COMMAS, NUMBER, column_of, numbers_of

_FOREIGN: dict[bytes, tuple[str, str, dict[str, str]]] = {
    b"PK\x03\x04": ("this is a spreadsheet or a zip archive", "read_excel", {}),
    b"PAR1": ("this is a Parquet file: let its name end in .parquet", "", {}),
    b"\x1f\x8b": ("this is a gzip archive", "read_csv", {"compression": "gzip"}),
    b"\xff\xfe": ("this looks like UTF-16", "read_csv", {"encoding": "utf-16"}),
    b"\xfe\xff": ("this looks like UTF-16", "read_csv", {"encoding": "utf-16"}),
}
"""How a file of another format begins: what it is, and how pandas reads it."""


def _records(path: Path) -> Iterator[tuple[int, int, list[str]]]:
    """Yields (first line, last line, values) of every row, the header first; blank lines are no rows."""
    length = 0

    def lines(stream: TextIO) -> Iterator[str]:
        nonlocal length
        while line := stream.readline(LONGEST_ROW + 1):
            length += len(line)
            if length > LONGEST_ROW:
                raise csv.Error(f"longer than {LONGEST_ROW:,} letters")
            yield line

    with TextIOWrapper(open_regular_file(path), "utf-8-sig", "surrogateescape", "") as stream:
        reader, last = csv.reader(lines(stream)), 0
        while True:
            length = 0
            try:
                values = next(reader, None)
            except csv.Error as error:
                where, hint = f"{path}:{last + 1}", "look for a quotation mark that is never closed"
                raise DataError(Complaint(where, f"must be a CSV row: {error}", hint)) from error
            if values is None:
                return
            if values:
                yield last + 1, reader.line_num, values
            last = reader.line_num


def open_csv(path: Path, start: bytes) -> File:
    """Opens a CSV file: reads its header.

    Args:
        path: the file.
        start: its first bytes.

    Raises:
        DataError: it is of another format, not UTF-8, too large, or has no rows.
    """
    if path.stat().st_size > MAX_BYTES:
        text = f"a CSV file may hold {MAX_BYTES // 2**30} GiB at most"
        raise DataError(Complaint(str(path), text, "a Parquet file may be larger"))
    for mark, (hint, reader, options) in _FOREIGN.items():
        if start.startswith(mark):
            if reader:
                hint = f"{hint}; {converted(path, reader, dropped=(), **options)}"
            raise DataError(Complaint(str(path), "must be CSV in UTF-8, it is not", hint))
    records = _records(path)
    first, last, names = next(records, (1, 1, []))
    where = f"{path}:{first}"
    if not names:
        raise DataError(Complaint(str(path), "data must have a header and rows, the file is empty"))
    check_columns(where, len(names))
    names = [name.strip() for name in names]
    separators = [word for letter, word in SEPARATORS.items() if letter in names[0]]
    if len(names) == 1 and separators:
        text = f"columns must be separated by commas, here they look separated by {separators[0]}"
        raise DataError(Complaint(where, text, looked_at(path)))
    if any("\udc80" <= letter <= "\udcff" for name in names for letter in name):
        raise DataError(_not_utf8(path, where))
    if next(records, None) is None:
        raise DataError(Complaint(str(path), "data must have rows, the file ends after its header"))

    def places(rows: set[int]) -> dict[int, str]:
        found: dict[int, str] = {}
        for row, (line, _, _) in enumerate(_records(path) if rows else ()):
            if row in rows:
                found[row] = f"{path}:{line}"
            if len(found) == len(rows):
                break
        return found

    def read(numbers: list[int]) -> Iterator[Column]:
        return _read_csv(path, last, len(names), numbers)

    is_headless = all(re.match(NUMBER, name) for name in names)
    return File(path, where, names, (), read, places, is_headless)


def _read_csv(path: Path, skip: int, width: int, numbers: list[int]) -> Iterator[Column]:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    check_cells(str(path), _most_rows(path), len(numbers))
    keys = [str(i) for i in range(width)]

    def how(columns: Iterable[int]) -> dict[str, Any]:
        return {
            "read_options": arrow_csv.ReadOptions(column_names=keys, skip_rows=skip, block_size=LONGEST_ROW),
            "parse_options": arrow_csv.ParseOptions(newlines_in_values=True),
            "convert_options": arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(keys, pa.string()),
                include_columns=[keys[i] for i in columns],
                strings_can_be_null=False,
            ),
        }

    columns: dict[int, Column] = {}
    try:  # each opened here, since Arrow opens no name that is not UTF-8
        with (
            suppress(pa.ArrowException),
            open_regular_file(path) as stream,
            arrow_csv.open_csv(stream, **how(dict.fromkeys(numbers))) as blocks,
        ):
            columns = _columns_of_numbers(blocks)
        others = [i for i in dict.fromkeys(numbers) if i not in columns]
        if others:
            with open_regular_file(path) as stream:
                table = arrow_csv.read_csv(stream, **how(others))
            with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:  # Arrow releases the lock
                texts = (table.column(keys[i]) for i in others)
                columns |= dict(zip(others, pool.map(column_of, texts), strict=True))
    except pa.ArrowException as error:
        raise DataError(_misread(path, width, set(numbers), str(error))) from error
    except OSError as error:
        raise DataError(Complaint(str(path), f"data must be a file that can be read: {error}")) from error
    found = frozenset().union(*(column.commas for column in columns.values()))
    example = next((columns[i].example for i in numbers if columns[i].commas), "")
    return iter([_with_hint(columns[i], of_commas(path, found, example)) for i in numbers])


def _columns_of_numbers(blocks: Any) -> dict[int, Column]:
    """Returns the columns of blocks of text of which every cell is a number, by what the blocks call them."""
    columns: dict[str, list[Floats]] = {key: [] for key in blocks.schema.names}
    for block in blocks:
        for key in list(columns):
            numbers = numbers_of(block.column(key))
            if numbers is None:
                del columns[key]
            else:
                columns[key].append(numbers)
    return {int(key): Column(np.concatenate([np.empty(0), *columns.pop(key)])) for key in list(columns)}


def _with_hint(column: Column, hint: str) -> Column:
    """Returns a column whose cells with commas have the one hint of their file."""
    flaws = (replace(flaw, hint=hint) if flaw.hint == COMMAS else flaw for flaw in column.flaws)
    return replace(column, flaws=tuple(flaws))


def _most_rows(path: Path) -> int:
    """Returns how many rows there are at most: lines, though a row may have several."""
    line_feeds = returns = 0
    with open_regular_file(path) as stream:
        while block := stream.read(2**20):
            line_feeds += block.count(b"\n")
            returns += block.count(b"\r")
    return max(line_feeds, returns)


def _misread(path: Path, width: int, numbers: set[int], message: str) -> Complaint:
    ragged: tuple[int, int] | None = None
    more = -1
    for line, _, values in _records(path):
        if len(values) != width:
            ragged, more = ragged or (line, len(values)), more + 1
        elif any("\udc80" <= letter <= "\udcff" for i in numbers for letter in values[i]):
            return _not_utf8(path, f"{path}:{line}")
    if not ragged:
        return Complaint(str(path), f"must be a CSV file that can be read: {message.splitlines()[0]}")
    line, length = ragged
    text = f"every row must have {width} values as the header has, this one has {length}"
    text += f" (and {more} more such row{'s' * (more > 1)})" if more else ""
    hint = 'a value with a comma in it needs double quotes around it, as in "1,5"'
    return Complaint(f"{path}:{line}", text, hint if length > width else "")


def _not_utf8(path: Path, where: str) -> Complaint:
    text = "text must be UTF-8, this line has other bytes"
    return Complaint(where, text, f"save it as UTF-8: {converted(path, encoding='latin-1')}")
