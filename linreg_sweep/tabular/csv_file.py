"""CSV: read block by block, as text first and only then as numbers.

Python's csv module knows on which line a row starts; it is asked only for that.
"""

import csv
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from linreg_sweep.array_types import Floats
from linreg_sweep.errors import Complaint, DataError
from linreg_sweep.tabular.bounds import LONGEST_ROW, check_columns
from linreg_sweep.tabular.cells import Block, Column, File
from linreg_sweep.tabular.quotes import QuoteWatch
from linreg_sweep.tabular.recipes import SEPARATORS
from linreg_sweep.tabular.sniffing import find_format, written_as
from linreg_sweep.tabular.spelling import column_of, number_form, numbers_of
from linreg_sweep.tabular.streams import Watched, open_text, unpacked
from linreg_sweep.text_format import TextFormat, column_names

_FOREIGN: dict[bytes, tuple[str, Callable[[Path], str] | None]] = {
    b"PK\x03\x04": ("this is a zip archive, or a spreadsheet: let its name end in .xlsx", None),
    b"PAR1": ("this is a Parquet file: let its name end in .parquet", None),
    b"\x1f\x8b": ("this is a gzip archive: let its name end in .gz", None),
    b"\xff\xfe": ("this looks like UTF-16", written_as),
    b"\xfe\xff": ("this looks like UTF-16", written_as),
}
"""How a file of another format begins: what it is, and what helps."""


def records(path: Path, form: TextFormat) -> Iterator[tuple[int, int, list[str]]]:
    """Yields (first line, last line, values) of every row, the header first; blank lines are no rows.

    Raises:
        DataError: a row is none, or longer than `LONGEST_ROW`.
    """
    length = 0

    def lines(stream: TextIO) -> Iterator[str]:
        nonlocal length
        while line := stream.readline(LONGEST_ROW + 1):
            length += len(line)
            if length > LONGEST_ROW:
                raise csv.Error(f"longer than {LONGEST_ROW:,} letters")
            yield line

    with TextIOWrapper(open_text(path, form), "utf-8-sig", "surrogateescape", "") as stream:
        reader, last = csv.reader(lines(stream), delimiter=form.separator_in(path)), 0
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


def open_csv(path: Path, form: TextFormat) -> File:
    """Opens a file of text, which is written so: reads its header.

    Raises:
        DataError: it is written otherwise, or has no rows.
    """
    if clash := form.clash(path):
        raise DataError(Complaint(str(path), *clash))
    with unpacked(path) as stream:
        start = stream.read(4)
    for mark, (what, cure) in _FOREIGN.items():
        if start.startswith(mark) and form.encoding != "utf-16":
            hint = f"{what}; {cure(path)}" if cure else what
            raise DataError(Complaint(str(path), "must be CSV in UTF-8, but it is not", hint))
    rows, separator = records(path, form), form.separator_in(path)
    first, last, names = next(rows, (1, 1, []))
    where = f"{path}:{first}"
    if not names:
        raise DataError(Complaint(str(path), "data must have a header and rows, the file is empty"))
    check_columns(where, len(names))
    names = [name.strip() for name in names]
    if len(names) == 1 and (looks := _divided(path, names[0], separator)):
        text = f"columns must be separated by {SEPARATORS[separator]}, here they look separated by {looks}"
        raise DataError(Complaint(where, text, written_as(path)))
    if any("\udc80" <= letter <= "\udcff" for name in names for letter in name):
        raise DataError(_not_text(path, form, where))
    if form.header and next(rows, None) is None:
        raise DataError(Complaint(str(path), "data must have rows, the file ends after its header"))
    skip = last if form.header else 0

    def places(numbers: set[int]) -> dict[int, tuple[str, int]]:
        found: dict[int, tuple[str, int]] = {}
        counted = enumerate(records(path, form) if numbers else (), 0 if form.header else 1)
        for row, (line, _, _) in counted:
            if row in numbers:
                found[row] = f"{path}:{line}", row
            if len(found) == len(numbers):
                break
        return found

    def read(numbers: list[int]) -> Iterator[Block]:
        return _blocks(path, form, skip, len(names), numbers)

    def cells(number: int) -> list[str]:
        return [values[number] for _, _, values in islice(records(path, form), int(form.header), None)]

    is_headless = form.header and all(re.match(number_form(form), name) for name in names)
    names = names if form.header else column_names(len(names))
    return File(path, where, names, (), read, cells, places, None, is_headless, form)


def _divided(path: Path, head: str, separator: str) -> str:
    """Returns what else than a separator seems to divide the first row; nothing if nothing does."""
    for letter in [each for each in SEPARATORS if each in head and each != separator]:
        if letter not in " :" or find_format(path).separator == letter:
            return SEPARATORS[letter]
    return ""


def _blocks(path: Path, form: TextFormat, skip: int, width: int, numbers: list[int]) -> Iterator[Block]:
    """Yields the rows of some columns in one pass; at its end it is known whether all quotes are closed."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    keys, watch = [str(i) for i in range(width)], QuoteWatch(form.separator_in(path))
    how: dict[str, Any] = {
        "read_options": arrow_csv.ReadOptions(column_names=keys, skip_rows=skip, block_size=LONGEST_ROW),
        "parse_options": arrow_csv.ParseOptions(delimiter=form.separator_in(path), newlines_in_values=True),
        "convert_options": arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(keys, pa.string()),
            include_columns=[keys[i] for i in dict.fromkeys(numbers)],
            strings_can_be_null=False,
        ),
    }
    try:
        with (
            Watched(open_text(path, form), watch.look) as file,  # itself: Arrow opens no name but of UTF-8
            arrow_csv.open_csv(file, **how) as batches,
            ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool,  # Arrow releases the lock
        ):
            for batch in batches:
                cells = (batch.column(keys[i]) for i in numbers)
                columns = list(pool.map(partial(_judged, form=form), cells))
                yield np.stack([found for found, _ in columns], axis=1), [column for _, column in columns]
    except pa.ArrowException as error:
        raise DataError(_misread(path, form, width, set(numbers), str(error))) from error
    except OSError as error:
        raise DataError(Complaint(str(path), f"data must be a file that can be read: {error}")) from error
    if (stray := watch.stray()) is not None:
        with open_text(path, form) as stream:
            line = 1 + len(re.findall(rb"\r\n|\r|\n", stream.read(stray[0])))
        hint = 'leave it out or, within quotes, write it twice, as in "5"" wide"'
        raise DataError(Complaint(f"{path}:{line}", stray[1], hint))


def _judged(cells: Any, form: TextFormat) -> tuple[Floats, Column]:
    """Returns cells of text as numbers, and what they are."""
    import pyarrow as pa

    numbers = numbers_of(cells, form)
    if numbers is None:
        return column_of(pa.chunked_array([cells]), form)
    return numbers, Column(len(numbers), len(numbers))


def _misread(path: Path, form: TextFormat, width: int, numbers: set[int], message: str) -> Complaint:
    ragged: tuple[int, int] | None = None
    more = -1
    for line, _, values in records(path, form):
        if len(values) != width:
            ragged, more = ragged or (line, len(values)), more + 1
        elif any("\udc80" <= letter <= "\udcff" for i in numbers for letter in values[i]):
            return _not_text(path, form, f"{path}:{line}")
    if not ragged:
        return Complaint(str(path), f"must be a CSV file that can be read: {message.splitlines()[0]}")
    line, length = ragged
    model = "header" if form.header else "first"
    text = f"every row must have {width} values as the {model} has, this one has {length}"
    text += f" (and {more} more such row{'s' * (more > 1)})" if more else ""
    between = SEPARATORS[form.separator_in(path)].removesuffix("s")
    hint = f'a value with a {between} in it needs double quotes around it, as in "1,5"'
    return Complaint(f"{path}:{line}", text, hint if length > width else "")


def _not_text(path: Path, form: TextFormat, where: str) -> Complaint:
    written = form.encoding.upper() if form.encoding == "utf-8" else form.encoding
    return Complaint(where, f"text must be {written}, but this line has other bytes", written_as(path))
