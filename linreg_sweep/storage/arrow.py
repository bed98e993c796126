"""Columns of a table as Arrow has them, and back: words stand there for codes, gaps for what is missing.

pandas is not imported here, nor by what is called here: `pa.array` and `to_numpy` would.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.column_types import Array, ColumnType, Types
from linreg_sweep.storage.layout import MisfitError
from linreg_sweep.theory.outcome import MISSING, OUTCOME_WORDS, OUTCOMES

if TYPE_CHECKING:
    import pandas as pd


def plain_types(columns: Mapping[str, Array]) -> dict[str, ColumnType]:
    """Returns what columns hold of which nothing is known but their numbers."""
    return {
        name: ColumnType("number" if values.dtype.kind == "f" else "count")
        for name, values in columns.items()
    }


def _has_gaps(type_: ColumnType) -> bool:
    """Returns whether cells of a column may be missing, rather than NaN."""
    return type_.is_coded or type_.role == "hyperparameter"


def to_arrow(type_: ColumnType, name: str, values: Array) -> Any:
    """Returns a column as an Arrow array over the same memory; pa.array would import pandas to look at it."""
    import pyarrow as pa

    known = type_.known(values) if _has_gaps(type_) else None
    validity = None
    if known is not None and not known.all():
        validity = pa.py_buffer(np.packbits(known, bitorder="little"))
    values = np.ascontiguousarray(values)
    kind = pa.type_for_alias(str(values.dtype))
    array = pa.Array.from_buffers(kind, len(values), [validity, pa.py_buffer(values)])
    if not type_.is_words:
        return array
    return pa.DictionaryArray.from_arrays(array, _strings(_words(type_, name, values)))


def _words(type_: ColumnType, name: str, codes: Array) -> Sequence[str]:
    """Returns the words that codes stand for: no word for failed trials where none failed."""
    if name == "outcome" and type_.words == OUTCOME_WORDS and codes.max(initial=0) < len(OUTCOMES):
        return OUTCOMES
    return type_.words


def _strings(words: Sequence[str]) -> Any:
    import pyarrow as pa

    encoded = [word.encode() for word in words]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    return pa.StringArray.from_buffers(len(words), pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded)))


def pandas_types(types: Types, columns: Mapping[str, Array]) -> dict[str, Any]:
    """Returns what pandas.read_parquet needs to give columns of whole numbers as Int64."""
    described = []
    for name, values in columns.items():
        type_ = types[name]
        is_count = type_.kind == "count" and type_.role == "hyperparameter" and _are_whole(type_, values)
        words = (
            {"num_categories": len(_words(type_, name, values)), "ordered": False} if type_.is_words else None
        )
        described.append(
            {
                "name": name,
                "field_name": name,
                "pandas_type": "categorical" if type_.is_words else str(values.dtype),
                "numpy_type": "Int64" if is_count or type_.kind == "epoch" else str(values.dtype),
                "metadata": words,
            }
        )
    return {"index_columns": [], "column_indexes": [], "columns": described, "pandas_version": "2.0.0"}


def _are_whole(type_: ColumnType, values: Array) -> bool:
    numbers: NDArray[Any] = values[type_.known(values)]
    return bool((numbers % 1 == 0).all())


def types_in(table: Any) -> dict[str, ColumnType]:
    """Returns what the columns of an Arrow table hold, as far as it shows."""
    import pyarrow as pa

    types: dict[str, ColumnType] = {}
    for name in table.column_names:
        column = table.column(name)
        if pa.types.is_dictionary(column.type):
            words = column.unify_dictionaries().chunk(0).dictionary if column.num_chunks else pa.array([])
            types[name] = ColumnType("words", tuple(words.to_pylist()))
        elif pa.types.is_floating(column.type):
            types[name] = ColumnType("number", role="hyperparameter")
        else:
            types[name] = ColumnType("epoch" if column.null_count else "count")
    return types


def from_arrow(table: Any, types: Types) -> dict[str, Array]:
    """Returns the columns of an Arrow table as the numbers that `encode` was given."""
    return {name: _codes(name, types[name], table.column(name)) for name in table.column_names}


def _codes(name: str, type_: ColumnType, values: Any) -> Array:
    import pyarrow as pa

    array = values.combine_chunks() if values.num_chunks != 1 else values.chunk(0)
    if type_.is_words:
        words = array if isinstance(array, pa.DictionaryArray) else array.dictionary_encode()
        code_of = np.array([type_.words.index(word) for word in words.dictionary.to_pylist()], type_.dtype)
        places = _filled(words.indices, -1)
        return np.take(np.append(code_of, code_of.dtype.type(MISSING)), np.asarray(places, np.intp))
    if array.null_count and not _has_gaps(type_):
        raise MisfitError(f"its column {name} has gaps")
    return _filled(array, type_.missing)


def _filled(array: Any, missing: float) -> Array:
    """Returns the numbers of an Arrow array, with one that stands for what is missing."""
    numbers = _numbers(array)
    if not array.null_count:
        return numbers
    bits = np.unpackbits(np.frombuffer(array.buffers()[0], np.uint8), bitorder="little")
    known = bits[array.offset : array.offset + len(array)].astype(np.bool_)
    return np.where(known, numbers, numbers.dtype.type(missing))


def _numbers(array: Any) -> Array:
    """Returns the numbers of an Arrow array without missing ones; to_numpy would import pandas."""
    dtype = np.dtype(array.type.to_pandas_dtype())
    return np.frombuffer(array.buffers()[1], dtype)[array.offset : array.offset + len(array)]


def with_categories(frame: "pd.DataFrame", types: Types) -> "pd.DataFrame":
    """Gives the columns of words in a table their categories, however they were put together; returns it."""
    for name in frame.columns:
        if types[name].is_words:
            found = frame[name].astype("category")
            words = list(types[name].words)
            if name == "outcome" and not (found == OUTCOME_WORDS[-1]).any():
                words = words[: len(OUTCOMES)]  # the word for failed trials only where there are any
            frame[name] = found.cat.set_categories(words)  # astype would keep another order
    return frame
