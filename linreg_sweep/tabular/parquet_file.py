"""Parquet: columns that are numbers already, each taken to the nearest float64, some rows at a time.

A small file can unpack to any number of cells, and a damaged one can say anything of itself. So what
its footer says is checked before a column is read, and Arrow's reader stands behind one door.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from linreg_sweep.array_types import Floats
from linreg_sweep.errors import Complaint, DataError
from linreg_sweep.places import is_local
from linreg_sweep.tabular.bounds import check_columns
from linreg_sweep.tabular.cells import (
    GAP,
    MISSING_CELL,
    SHIFTED,
    UNEVEN,
    Block,
    Column,
    File,
    Flaw,
    as_mask,
    flaw_of,
    rounded_integers,
)
from linreg_sweep.tabular.sources import open_source

_LONGEST_TEXT = 2**24
_MAX_ITEMS = 1_000_000
"""Of the footer: bytes of a text, items of a list."""

_ROWS_AT_ONCE = 2**16

_BYTES_AT_ONCE = 2**18
"""Of a column of a file on this machine, where Arrow would else read all that a group of rows has of it."""


def open_parquet(path: Path) -> File:
    """Opens a Parquet file: reads its header.

    Raises:
        DataError: it is damaged, has too many columns, or no rows.
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

    def read(numbers: list[int]) -> Iterator[Block]:
        asked = [i for i in dict.fromkeys(numbers) if _is_numeric(kinds[i])]
        with _opened(path) as file:
            for length, cells in _batches(file, [names[i] for i in asked], n_rows):
                of_numbers = dict(zip(asked, map(_from_numbers, cells), strict=True))
                block = [of_numbers[i] if i in of_numbers else _of_type(kinds[i], length) for i in numbers]
                yield np.stack([found for found, _ in block], axis=1), [column for _, column in block]

    def text(number: int) -> list[str]:
        with _opened(path) as file:
            parts = [cells for _, [cells] in _batches(file, [names[number]], n_rows)]
            cells = [cell for part in parts for cell in part.to_pylist()]
        return ["" if cell is None else str(cell) for cell in cells]

    labels = tuple(i for i, name in enumerate(names) if name in kept and name.startswith("__index"))
    return File(path, str(path), names, labels, read, text, lambda rows: {}, n_rows)


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
        with open_source(path) as stream:  # itself, since Arrow opens no name that is not UTF-8
            yield parquet.ParquetFile(
                stream,
                buffer_size=_BYTES_AT_ONCE,
                pre_buffer=not is_local(path),
                page_checksum_verification=True,
                thrift_string_size_limit=_LONGEST_TEXT,
                thrift_container_size_limit=_MAX_ITEMS,
            )
    except (pa.ArrowException, OSError, LookupError, ValueError, OverflowError) as error:
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        text = f"must be a Parquet file that can be read ({reason})"
        raise DataError(Complaint(str(path), text, "the file is damaged, or of another format")) from error
    finally:
        pa.default_memory_pool().release_unused()  # else Arrow keeps what a row group took


def _batches(file: Any, names: list[str], n_rows: int) -> Iterator[tuple[int, list[Any]]]:
    """Yields how many rows come next, and the cells of each column in them; no more than the file has rows.

    What the file says of a column's length is not asked: pyarrow ends the process over some of it. So each
    column is read by itself, all of them side by side.

    Raises:
        ValueError: a column has more or fewer cells than there are rows.
    """
    done, each = 0, [file.iter_batches(columns=[name], batch_size=_ROWS_AT_ONCE) for name in names]
    if not names:
        yield 1, []
        return
    for batches in zip_longest(*each):
        lengths = {-1 if batch is None else batch.num_rows for batch in batches}
        done += max(lengths)
        if len(lengths) > 1 or done > n_rows:
            break
        # by its name: it may come beside parts of others, by such a path
        yield (
            max(lengths),
            [
                batch.column(batch.schema.names.index(name))
                for name, batch in zip(names, batches, strict=True)
            ],
        )
    else:
        if done == n_rows:
            return
    raise ValueError(f"a column must have {n_rows:,} cells, as there are rows")


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


def _of_type(kind: Any, length: int) -> tuple[Floats, Column]:
    """Returns cells of a type that holds no numbers."""
    flaw = Flaw(0, f"must be numeric, its type is {kind}", kind="type")
    return np.full(length, np.nan), Column(length, 0, (flaw,), type_=str(kind))


def _from_numbers(cells: Any) -> tuple[Floats, Column]:
    """Turns integers, floats and decimals into float64, each to the nearest; a null becomes NaN."""
    import pyarrow as pa
    from pyarrow import compute

    if pa.types.is_decimal(cells.type):
        cells = compute.cast(cells, pa.string())  # the way straight to float64 rounds twice
    if cells.null_count:
        given = as_mask(pa.chunked_array([compute.is_valid(cells)]))
        kept = cells.drop_null()
    else:
        given, kept = np.ones(len(cells), np.bool_), cells
    numbers = np.full(len(given), np.nan)
    numbers[given] = np.from_dlpack(compute.cast(kept, pa.float64(), safe=False))
    missing, infinite = np.isnan(numbers), np.isinf(numbers)
    uneven = np.zeros(len(given), np.bool_)
    if pa.types.is_integer(cells.type):
        integers: Any = np.from_dlpack(kept)
        uneven[given] = rounded_integers(integers, numbers[given])
    if not (missing.any() or infinite.any() or uneven.any()):
        return numbers, Column(len(numbers), len(numbers))
    sign = "-" if numbers[infinite.argmax()] < 0 else ""
    flaws = (
        *flaw_of(GAP, missing, "must be a number, the cell is empty or NaN", MISSING_CELL),
        *flaw_of("infinite", infinite, f"must be finite, got '{sign}inf'"),
        *flaw_of("uneven", uneven, f"{UNEVEN} {cells[int(uneven.argmax())]}", SHIFTED),
    )
    return numbers, Column(len(numbers), int((~missing).sum()), flaws)
