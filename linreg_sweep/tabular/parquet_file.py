"""Parquet: columns that are numbers already, each taken to the nearest float64.

A small file can unpack to any number of cells, and a damaged one can say anything of itself. So what
its footer says is checked before a column is read, and Arrow's reader stands behind one door.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from linreg_sweep.errors import Complaint, DataError
from linreg_sweep.guards.regular_files import open_regular_file
from linreg_sweep.tabular.bounds import check_cells, check_columns
from linreg_sweep.tabular.cells import (
    MISSING_CELL,
    SHIFTED,
    UNEVEN,
    Column,
    File,
    Flaw,
    as_array,
    as_mask,
    flaw_of,
    rounded_integers,
)

_LONGEST_TEXT = 2**24
_MAX_ITEMS = 1_000_000
"""Of the footer: bytes of a text, items of a list."""

_ROWS_AT_ONCE = 2**16


def open_parquet(path: Path) -> File:
    """Opens a Parquet file: reads its header.

    Args:
        path: the file.

    Raises:
        DataError: it is damaged, too large, or has no rows.
    """
    with _opened(path) as file:
        check_columns(str(path), file.metadata.num_columns)
        n_rows, schema = file.metadata.num_rows, file.schema_arrow
        names = list(schema.names)
        kinds = [schema.field(i).type for i in range(len(names))]
        kept = _labels(schema)
    if n_rows <= 0:
        raise DataError(Complaint(str(path), "data must have rows, the file has none"))
    check_columns(str(path), len(names))

    def read(numbers: list[int]) -> Iterator[Column]:
        check_cells(str(path), n_rows, sum(map(_is_numeric, (kinds[i] for i in numbers))))
        with _opened(path) as file:
            for i in numbers:
                if _is_numeric(kinds[i]):
                    yield _from_numbers(_cells(file, names[i], n_rows))
                else:
                    flaw = Flaw(0, f"must be numeric, its type is {kinds[i]}")
                    yield Column(np.empty(0), (flaw,), "not numeric", f"is of type {kinds[i]}")

    def text(number: int) -> list[str]:
        with _opened(path) as file:
            cells = _cells(file, names[number], n_rows).to_pylist()
        return ["" if cell is None else str(cell) for cell in cells]

    labels = tuple(i for i, name in enumerate(names) if name in kept and name.startswith("__index"))
    return File(path, str(path), names, labels, read, text, lambda rows: {})


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Gives Arrow's reader of a file.

    Raises:
        DataError: the file is damaged. Of a footer or page that says what cannot be, Arrow's reader
            complains by whatever exception comes first.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with open_regular_file(path) as stream:  # itself, since Arrow opens no name that is not UTF-8
            yield parquet.ParquetFile(
                stream,
                page_checksum_verification=True,
                thrift_string_size_limit=_LONGEST_TEXT,
                thrift_container_size_limit=_MAX_ITEMS,
            )
    except (pa.ArrowException, OSError, LookupError, ValueError, OverflowError) as error:
        raise DataError(_damaged(path, error)) from error


def _cells(file: Any, name: str, n_rows: int) -> Any:
    """Returns the cells of a column; no more of it is unpacked than the file has rows.

    What the file says of a column's length is not asked: pyarrow ends the process over some of it.

    Raises:
        ValueError: it has more or fewer cells than rows.
    """
    import pyarrow as pa

    chunks, length = [], 0
    for batch in file.iter_batches(columns=[name], batch_size=_ROWS_AT_ONCE):
        chunks.append(batch.column(batch.schema.names.index(name)))  # beside parts of others, by such a path
        length += batch.num_rows
        if length > n_rows:
            break
    if length != n_rows:
        raise ValueError(f"a column must have {n_rows:,} cells, as there are rows")
    return pa.chunked_array(chunks)


def _is_numeric(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _labels(schema: Any) -> list[str]:
    """Returns the names of the columns that pandas kept as the labels of rows."""
    try:
        said = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
    except (ValueError, RecursionError):
        return []
    labels = said.get("index_columns") if isinstance(said, dict) else None
    return [label for label in labels if isinstance(label, str)] if isinstance(labels, list) else []


def _damaged(path: Path, error: Exception) -> Complaint:
    reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
    text = f"must be a Parquet file that can be read ({reason})"
    return Complaint(str(path), text, "the file is damaged, or of another format")


def _from_numbers(cells: Any) -> Column:
    """Turns integers, floats and decimals into float64, each to the nearest; a null becomes NaN."""
    import pyarrow as pa
    from pyarrow import compute

    if pa.types.is_decimal(cells.type):
        cells = compute.cast(cells, pa.string())  # the way straight to float64 rounds twice
    given = as_mask(compute.is_valid(cells))
    numbers = np.full(len(given), np.nan)
    numbers[given] = as_array(compute.cast(cells.drop_null(), pa.float64(), safe=False))
    missing, infinite = np.isnan(numbers), np.isinf(numbers)
    uneven = np.zeros(len(given), np.bool_)
    if pa.types.is_integer(cells.type):
        chunks = [np.from_dlpack(chunk) for chunk in cells.drop_null().chunks if len(chunk)]
        uneven[given] = rounded_integers(np.concatenate(chunks), numbers[given]) if chunks else False
    sign = "-" if numbers[infinite.argmax()] < 0 else ""
    flaws = (
        *flaw_of(missing, "must be a number, the cell is empty or NaN", MISSING_CELL),
        *flaw_of(infinite, f"must be finite, got '{sign}inf'"),
        *flaw_of(uneven, f"{UNEVEN} {cells[int(uneven.argmax())]}", SHIFTED),
    )
    gone = missing if missing.any() else None
    return Column(numbers, flaws, "empty" if missing.all() else "", missing=gone)
