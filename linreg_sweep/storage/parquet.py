"""Tables as files of Parquet, sealed, and back as arrays or DataFrames; its columns are arrow.py's.

A table has a checksum: its bytes are looked through before any of them is taken for a number. Whoever
tells what a file is to hold (layout.py) gets that, or an error that it is damaged; without a layout a file is
read as it says itself.
pyarrow is imported when a table is written or read, pandas only when one is read.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from linreg_sweep.column_types import Array, ColumnType, Types
from linreg_sweep.errors import Complaint, ResultsError
from linreg_sweep.storage import files
from linreg_sweep.storage.arrow import (
    from_arrow,
    pandas_types,
    plain_types,
    to_arrow,
    types_in,
    with_categories,
)
from linreg_sweep.storage.checksum import BLANK, is_whole, with_checksum
from linreg_sweep.storage.files import AnyPath
from linreg_sweep.storage.layout import Layout, MisfitError
from linreg_sweep.storage.store import MADE_AGAIN, damaged

if TYPE_CHECKING:
    import pandas as pd

SEAL, FACTS = "linreg_sweep.seal", "linreg_sweep"
"""The keys under which a file keeps its checksum, and what else is told of it."""

OLD_CHECKSUMS = b"crc32"
"""The key of format 2 for a checksum of each column; a file that has it has no seal."""

DAMAGE = (
    OSError,  # Arrow: a footer or a page that it cannot decode; never the disk, the bytes are here
    ValueError,  # a checksum, what is no UTF-8 or JSON, a number of cells
    LookupError,  # what a file tells of itself lacks a key
    TypeError,  # or is of another shape
    NotImplementedError,  # Arrow: a type that it knows and does not convert
    OverflowError,  # a number that fits no integer of the machine
    RecursionError,  # JSON within JSON within JSON
)
"""What a file with wrong bytes raises while it is read, beside Arrow's own exceptions.

Nothing but reading stands where they are caught, and no library says which of them to expect: tests and fuzz
flip every bit and make up parts, and hold that no other comes through.
"""

ROWS_AT_ONCE = 2**16
"""Rows that are unpacked before it is seen whether a file has more of them than it says."""


def encode(
    columns: Mapping[str, Array], told: dict[str, Any] | None = None, types: Types | None = None
) -> bytes:
    """Returns a table as the bytes of a Parquet file: the same columns give the same bytes.

    Args:
        columns: [K] each.
        told: what the file says of itself, as `facts_of` gives it back.
        types: what the columns hold; None: numbers as they are.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = plain_types(columns) if types is None else types
    arrays = {name: to_arrow(types[name], name, values) for name, values in columns.items()}
    table = pa.table(arrays).replace_schema_metadata({"pandas": json.dumps(pandas_types(types, columns))})
    sink = pa.BufferOutputStream()
    # few numbers repeat, so a dictionary of them only costs; byte by byte floats compress well and fast
    with pq.ParquetWriter(
        sink,
        table.schema,
        compression="lz4",
        use_dictionary=[name for name in columns if types[name].is_words],
        use_byte_stream_split=[name for name, values in columns.items() if values.dtype.kind == "f"],
        write_statistics=False,
        write_page_checksum=True,  # for other readers: ours look at the seal
    ) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({FACTS: json.dumps(told or {}), SEAL: BLANK})
    return with_checksum(bytes(sink.getvalue()))


def read(
    parts: Sequence[AnyPath], columns: list[str] | None = None, layout: Layout | None = None
) -> "pd.DataFrame":
    """Returns these columns, or all, of parts, at least one, as one DataFrame in their order.

    Raises:
        ResultsError: a part cannot be read, or cannot be one; it is named.
    """
    import pyarrow as pa

    tables, types = [], dict[str, ColumnType]()
    for part in parts:
        try:
            table = _table(_opened(part, layout), columns)
            table.validate(full=True)
            types = dict(types_in(table) if layout is None else layout.types)
            found = from_arrow(table, types)
            if layout is not None:
                layout.check(part, found)
            told = json.dumps(pandas_types(types, {name: each[:0] for name, each in found.items()}))
            table = table.replace_schema_metadata({"pandas": told})  # its own may be any
            table.slice(0, 1).to_pandas()  # reads what the file says of pandas's types
            tables.append(table)
        except (*DAMAGE, pa.ArrowException) as error:
            raise _refused(part, error) from error
    frame = pa.concat_tables(tables, promote_options="permissive").to_pandas()
    return with_categories(frame, types)


def write_frames(frames: "Iterable[pd.DataFrame]", stream: BinaryIO) -> None:
    """Writes DataFrames of the same columns, at least one, as one Parquet file, one after the other."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer: Any = None
    try:
        for frame in frames:
            table = pa.Table.from_pandas(frame, preserve_index=False)
            writer = writer or pq.ParquetWriter(stream, table.schema, compression="zstd")
            writer.write_table(table.cast(writer.schema))
    finally:
        if writer is not None:
            writer.close()


def decode(content: bytes, types: Types | None = None) -> dict[str, Array]:
    """Returns the columns that `encode` was given; types say what they hold, if the file itself does not."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    return _arrays(pq.ParquetFile(pa.BufferReader(content)), None, types)


def read_arrays(
    part: AnyPath, columns: Sequence[str] | None = None, layout: Layout | None = None
) -> dict[str, Array]:
    """Returns a part's columns, or some, as they were given to `encode`.

    Raises:
        ResultsError: the part cannot be read, or cannot be one.
    """
    import pyarrow as pa

    try:
        arrays = _arrays(_opened(part, layout), columns, layout.types if layout else None)
        if layout is not None:
            layout.check(part, arrays)
        return arrays
    except (*DAMAGE, pa.ArrowException) as error:
        raise _refused(part, error) from error


def read_and_check(part: AnyPath, layout: Layout | None = None) -> tuple[dict[str, Array], bool]:
    """Returns a part's columns, whatever their numbers are, and whether it is what was written.

    Raises:
        ResultsError: the part cannot be read, or cannot be one.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        content = files.read(part)
        file = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True)
        if layout is not None:
            layout.check_schema(part, file.schema_arrow, file.metadata.num_rows, len(content))
        return _arrays(file, None, layout.types if layout else None), is_whole(content) or _is_unsealed(file)
    except (*DAMAGE, pa.ArrowException) as error:
        raise _refused(part, error) from error


def facts_and_columns(
    part: AnyPath, layout: Layout | None = None
) -> tuple[dict[str, Any], dict[str, Array]] | None:
    """Returns what a part was told to say of itself, and its columns; without a layout no column is read.

    Returns:
        None where it is not what was written, unreadable, or cannot be what it is to hold.

    Raises:
        FileNotFoundError: it is gone.
        ResultsError: the disk cannot read it, or memory or threads are short.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = files.read(part)
    if not is_whole(content):
        return None
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        told = dict(json.loads((file.metadata.metadata or {}).get(FACTS.encode(), b"{}")))
        if layout is None:
            return told, {}
        _check(part, file, len(content), layout)
        columns = _arrays(file, None, layout.types)
        layout.check(part, columns)
    except (*DAMAGE, pa.ArrowException) as error:  # an OSError is not the disk's: the bytes are here
        if _is_shortage(error):
            raise files.unusable(part, "read", error) from error
        return None
    return told, columns


def _opened(part: AnyPath, layout: Layout | None) -> Any:
    """Returns a part as pyarrow reads it.

    Raises:
        ValueError: it is sealed and not what was written, or cannot be what it is to be. Parts of an older
            format have no seal.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = files.read(part)
    is_right = is_whole(content)
    if not is_right and SEAL.encode() in content:
        raise ValueError("the checksum shows a change")
    file = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=not is_right)
    if not is_right and not _is_unsealed(file):
        raise ValueError("there is no checksum")
    if layout is not None:
        _check(part, file, len(content), layout)
    return file


def _check(part: AnyPath, file: Any, size: int, layout: Layout) -> None:
    """Raises a MisfitError where what a file says of itself is not what it is to hold."""
    layout.check_schema(part, file.schema_arrow, file.metadata.num_rows, size)
    layout.check_packing(file.metadata)


def _is_unsealed(file: Any) -> bool:
    """Returns whether a file is of the format before seals: it has a checksum per column instead."""
    return OLD_CHECKSUMS in (file.schema_arrow.metadata or {})


def _table(file: Any, columns: Sequence[str] | None) -> Any:
    """Returns some columns of a file as an Arrow table; no more is unpacked than it says it has rows.

    Raises:
        ValueError: it has more or fewer rows than it says.
    """
    import pyarrow as pa

    names, n_rows = None if columns is None else list(columns), file.metadata.num_rows
    batches, length = [], 0
    for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, columns=names):
        batches.append(batch)
        length += batch.num_rows
        if length > n_rows:
            break
    if length != n_rows:
        raise ValueError(f"a column must have {n_rows:,} cells, as there are rows")
    return pa.Table.from_batches(batches) if batches else file.read(columns=names)


def _arrays(file: Any, columns: Sequence[str] | None, types: Types | None) -> dict[str, Array]:
    table = _table(file, columns)
    table.validate()
    found = from_arrow(table, types or types_in(table))
    return {name: found[name] for name in columns or table.column_names}


def _is_shortage(error: Exception) -> bool:
    """Returns whether memory or threads are what Arrow lacked; over wrong bytes it raises other kinds."""
    import pyarrow as pa

    return isinstance(error, MemoryError) or type(error) is pa.ArrowException


def _refused(part: AnyPath, error: Exception) -> ResultsError:
    """Returns the error that a part is damaged or gone, with the way out, or what reading it lacked."""
    if _is_shortage(error):
        return files.unusable(part, "read", error)
    if isinstance(error, FileNotFoundError):
        return ResultsError(Complaint(str(part), "is gone", MADE_AGAIN))
    return damaged(part, str(error) if isinstance(error, MisfitError) else "")
