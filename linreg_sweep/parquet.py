"""Tables as Parquet: what a column's type is there, and how it comes back in pandas.

pyarrow is imported when a table is written or read, pandas only when one is read.
"""

import json
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.errors import Complaint, ResultsError
from linreg_sweep.outcome import CATEGORIES, EVENTS, MISSING

if TYPE_CHECKING:
    import pandas as pd

Column = NDArray[np.generic]

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
    # few numbers repeat, so a dictionary of them only costs; byte by byte floats compress well and fast
    pq.write_table(
        table,
        sink,
        compression="lz4",
        use_dictionary=[name for name in columns if name in CATEGORIES],
        use_byte_stream_split=[name for name, values in columns.items() if values.dtype.kind == "f"],
        write_statistics=False,
        write_page_checksum=True,
    )
    return bytes(sink.getvalue())


def _checksums(columns: dict[str, Column]) -> dict[str, int]:
    """Returns a number that any one changed cell of a column changes."""
    return {name: zlib.crc32(np.ascontiguousarray(values).data) for name, values in columns.items()}


def _arrow(name: str, values: Column) -> Any:
    """Returns a column as an Arrow array over the same memory; pa.array would import pandas to look at it."""
    import pyarrow as pa

    known = values != MISSING if name in CATEGORIES or name in EVENTS else None
    validity = None
    if known is not None and not known.all():
        validity = pa.py_buffer(np.packbits(known, bitorder="little"))
    values = np.ascontiguousarray(values)
    kind = pa.type_for_alias(str(values.dtype))
    array = pa.Array.from_buffers(kind, len(values), [validity, pa.py_buffer(values)])
    if name not in CATEGORIES:
        return array
    return pa.DictionaryArray.from_arrays(array, _strings(CATEGORIES[name]))


def _strings(words: Sequence[str]) -> Any:
    import pyarrow as pa

    encoded = [word.encode() for word in words]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    return pa.StringArray.from_buffers(len(words), pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded)))


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


def write_frames(frames: "Iterable[pd.DataFrame]", file: Path) -> None:
    """Writes DataFrames of the same columns, at least one, as one Parquet file, one after the other."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer: Any = None
    try:
        for frame in frames:
            table = pa.Table.from_pandas(frame, preserve_index=False)
            writer = writer or pq.ParquetWriter(file, table.schema, compression="zstd")
            writer.write_table(table.cast(writer.schema))
    finally:
        if writer is not None:
            writer.close()


def read_arrays(part: Path, columns: Sequence[str] | None = None) -> dict[str, Column]:
    """Returns a part's columns, or some, as they were given to `encode`.

    Raises:
        ResultsError: the part cannot be read.
    """
    return _read_arrays(part, columns)[0]


def read_and_check(part: Path) -> tuple[dict[str, Column], list[str]]:
    """Returns a part as it was given to `encode`, and the columns that are no longer what was written.

    Raises:
        ResultsError: the part cannot be read.
    """
    columns, written = _read_arrays(part, None)
    found = _checksums(columns)
    return columns, [name for name in columns if written.get(name) != found[name]]


def _read_arrays(part: Path, columns: Sequence[str] | None) -> tuple[dict[str, Column], dict[str, int]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(part, page_checksum_verification=True)
        table = file.read(columns=None if columns is None else list(columns))
        table.validate()
        written = json.loads((file.schema_arrow.metadata or {}).get(CHECKSUMS.encode(), b"{}"))
        return {name: _codes(name, table.column(name)) for name in columns or table.column_names}, written
    except (*DAMAGE, pa.ArrowException) as error:
        raise _damaged(part) from error


def _codes(name: str, values: Any) -> Column:
    """Returns a column as the numbers that `encode` was given."""
    import pyarrow as pa

    array = values.combine_chunks() if values.num_chunks != 1 else values.chunk(0)
    if name in CATEGORIES:
        words = array if isinstance(array, pa.DictionaryArray) else array.dictionary_encode()
        code_of = np.array([CATEGORIES[name].index(word) for word in words.dictionary.to_pylist()], np.int8)
        return _filled(words.indices, np.append(code_of, np.int8(MISSING)))
    return _filled(array) if name in EVENTS else _numbers(array)


def _filled(array: Any, code_of: Column | None = None) -> Column:
    """Returns whole numbers, or what they stand for, with MISSING where there is none."""
    numbers, (validity, _) = _numbers(array), array.buffers()
    known: Column = np.ones(len(array), np.bool_)
    if validity is not None and array.null_count:
        bits = np.unpackbits(np.frombuffer(validity, np.uint8), bitorder="little")
        known = bits[array.offset : array.offset + len(array)].astype(np.bool_)
    if code_of is None:
        return np.where(known, numbers, MISSING)
    return np.take(code_of, np.where(known, numbers, -1))


def _numbers(array: Any) -> Column:
    """Returns the numbers of an Arrow array without missing ones; to_numpy would import pandas."""
    dtype = np.dtype(array.type.to_pandas_dtype())
    return np.frombuffer(array.buffers()[1], dtype)[array.offset : array.offset + len(array)]


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
