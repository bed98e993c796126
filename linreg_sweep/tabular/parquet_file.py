"""Parquet: columns that are numbers already, each taken to the nearest float64."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from linreg_sweep.errors import Complaint, DataError
from linreg_sweep.tabular.cells import Column, File, Flaw, as_array, as_mask, flaw_of


def open_parquet(path: Path, start: bytes) -> File:
    """Opens a Parquet file: reads its header.

    Args:
        path: the file.
        start: its first bytes.

    Raises:
        DataError: it is damaged, or has no rows.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(path, page_checksum_verification=True)
    except (pa.ArrowException, OSError) as error:
        raise DataError(_damaged(path, error)) from error
    if not file.metadata.num_rows:
        raise DataError(Complaint(str(path), "data must have rows, the file has none"))
    schema = file.schema_arrow
    indexes = (schema.pandas_metadata or {}).get("index_columns", [])
    labels = (i for i, name in enumerate(schema.names) if name in indexes and name.startswith("__index"))

    def read(numbers: list[int]) -> Iterator[Column]:
        for i in numbers:
            kind = schema.field(i).type
            if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
                flaw = Flaw(0, f"must be numeric, its type is {kind}")
                yield Column(np.empty(0), (flaw,), "not numeric", f"is of type {kind}")
                continue
            try:
                cells = file.read(columns=[schema.names[i]]).column(0)
            except (pa.ArrowException, OSError) as error:
                raise DataError(_damaged(path, error)) from error
            yield _from_numbers(cells)

    return File(str(path), schema.names, tuple(labels), read, lambda rows: {})


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
    sign = "-" if numbers[infinite.argmax()] < 0 else ""
    flaws = (
        *flaw_of(missing, "must be a number, the cell is empty or NaN", "fill the cell in or remove the row"),
        *flaw_of(infinite, f"must be finite, got '{sign}inf'"),
    )
    return Column(numbers, flaws, "empty" if missing.all() else "")
