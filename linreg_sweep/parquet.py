"""Tables as Parquet: what a column's type is there, and how it comes back in pandas.

pyarrow is imported when a table is written or read, pandas only when one is read.
"""

import json
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.errors import Complaint, ResultsError
from linreg_sweep.outcome import EVENTS, MISSING, OUTCOMES, REGIME_SOURCES, REGIMES, THEORY

if TYPE_CHECKING:
    import pandas as pd

Column = NDArray[np.generic]

CATEGORIES = {
    "outcome": OUTCOMES,
    "regime": REGIMES,
    "regime_source": REGIME_SOURCES,
    "predicted_outcome": OUTCOMES,
    "theory": THEORY,
}
"""The columns of codes, and the words the codes stand for."""

CHECKSUMS = "crc32"
"""The key under which a file keeps the checksum of each column's numbers."""

DAMAGE = (OSError, LookupError, TypeError, ValueError)
"""What a reader raises over a file with wrong bytes, beside Arrow's own exceptions."""


def encode(columns: dict[str, Column]) -> bytes:
    """Returns a table as the bytes of a Parquet file: the same columns give the same bytes.

    Args:
        columns: [K] each; MISSING stands for a missing category or epoch of an event.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = {name: _arrow(name, values) for name, values in columns.items()}
    told = {"pandas": json.dumps(_pandas_types(columns)), CHECKSUMS: json.dumps(_checksums(columns))}
    table = pa.table(arrays).replace_schema_metadata(told)
    sink = pa.BufferOutputStream()
    coded = [
        name for name in columns if name in CATEGORIES
    ]  # few numbers repeat: a dictionary of them only costs
    pq.write_table(table, sink, compression="zstd", use_dictionary=coded, write_page_checksum=True)
    return bytes(sink.getvalue())


def _checksums(columns: dict[str, Column]) -> dict[str, int]:
    """Returns a number that any one changed cell of a column changes."""
    return {name: zlib.crc32(np.ascontiguousarray(values).data) for name, values in columns.items()}


def _arrow(name: str, values: Column) -> Any:
    import pyarrow as pa

    if name in CATEGORIES:
        codes = pa.array(values, mask=values == MISSING)
        return pa.DictionaryArray.from_arrays(codes, list(CATEGORIES[name]))
    if name in EVENTS:
        return pa.array(values, mask=values == MISSING)
    return pa.array(values)


def _pandas_types(columns: dict[str, Column]) -> dict[str, Any]:
    """Returns what pandas.read_parquet needs to give whole-number columns with gaps as Int64."""
    described = [
        {
            "name": name,
            "field_name": name,
            "pandas_type": "categorical" if name in CATEGORIES else str(values.dtype),
            "numpy_type": "Int64" if name in EVENTS else str(values.dtype),
            "metadata": {"num_categories": len(CATEGORIES[name]), "ordered": False}
            if name in CATEGORIES
            else None,
        }
        for name, values in columns.items()
    ]
    return {"index_columns": [], "column_indexes": [], "columns": described, "pandas_version": "2.0.0"}


def read(parts: list[Path], columns: list[str] | None = None) -> "pd.DataFrame":
    """Returns parts as one DataFrame, in their order.

    Args:
        parts: at least one file.
        columns: the columns to read; None: all.

    Raises:
        ResultsError: a part cannot be read; it is named.
    """
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = []
    for part in parts:
        try:
            table = pq.ParquetFile(part, page_checksum_verification=True).read(columns=columns)
            table.validate(full=True)
            table.slice(0, 1).to_pandas()  # reads what the file says of pandas's types
            tables.append(table)
        except (*DAMAGE, pa.ArrowException) as error:
            raise _damaged(part) from error
    frame: pd.DataFrame = pa.concat_tables(tables, promote_options="permissive").to_pandas()
    for name in frame.columns.intersection(list(CATEGORIES)):
        frame[name] = frame[name].astype(pd.CategoricalDtype(list(CATEGORIES[name])))
    return frame


def read_arrays(part: Path) -> tuple[dict[str, Column], list[str]]:
    """Returns a part as it was given to `encode`, and the columns that are no longer what was written.

    Raises:
        ResultsError: the part cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(part, page_checksum_verification=True).read()
        table.validate(full=True)
        written = json.loads((table.schema.metadata or {}).get(CHECKSUMS.encode(), b"{}"))
        columns = {name: _codes(name, table.column(name).combine_chunks()) for name in table.column_names}
    except (*DAMAGE, pa.ArrowException) as error:
        raise _damaged(part) from error
    found = _checksums(columns)
    return columns, [name for name in columns if written.get(name) != found[name]]


def _codes(name: str, values: Any) -> Column:
    """Returns a column as the numbers that `encode` was given."""
    import pyarrow as pa

    if name in CATEGORIES:
        words = values.cast(pa.string()).to_pylist()
        codes = {word: code for code, word in enumerate(CATEGORIES[name])} | {None: MISSING}
        return np.array([codes[word] for word in words], np.int8)
    if name in EVENTS:
        return np.asarray(values.fill_null(MISSING).to_numpy(zero_copy_only=False), np.int64)
    return np.asarray(values.to_numpy(zero_copy_only=False))


def column_names(part: Path) -> list[str]:
    """Returns the names of a part's columns.

    Raises:
        ResultsError: the part cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return list(pq.read_schema(part).names)
    except (*DAMAGE, pa.ArrowException) as error:
        raise _damaged(part) from error


def _damaged(part: Path) -> ResultsError:
    hint = "delete this part and run the sweep again: it is made anew"
    return ResultsError(Complaint(str(part), "the part is damaged or gone", hint))
