"""Facts about tables as Parquet; the oracles are pyarrow's and pandas's own readers."""

import io
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from linreg_sweep.column_types import Array
from linreg_sweep.errors import ResultsError
from linreg_sweep.storage.layout import Layout
from linreg_sweep.storage.parquet import read, read_arrays
from linreg_sweep.storage.store import MADE_AGAIN
from linreg_sweep.theory.outcome import OUTCOMES, REGIMES
from tests.small_run import facts_of
from tests.words import encoded, types_of

COLUMNS: dict[str, Array] = {
    "trial": np.arange(4, dtype=np.int64),
    "learning_rate": np.array([0.1, 1e-300, math.pi, 5e-324]),
    "outcome": np.array([2, 1, 0, 1], dtype=np.int8),
    "converged_at": np.array([-1, -1, 0, 2**53 + 1], dtype=np.int64),
    "diverged_at": np.array([7, -1, -1, -1], dtype=np.int64),
    "cost": np.array([np.inf, -0.0, 1.5, np.nan]),
    "regime": np.array([3, -1, 1, 0], dtype=np.int8),
}

TYPES = {
    "trial": "int64",
    "learning_rate": "float64",
    "outcome": "category",
    "converged_at": "Int64",
    "diverged_at": "Int64",
    "cost": "float64",
    "regime": "category",
}


@pytest.fixture
def part(tmp_path: Path) -> Path:
    """The file of COLUMNS."""
    path = tmp_path / "part-00000.parquet"
    path.write_bytes(encoded(COLUMNS))
    return path


def test_columns_have_the_promised_types(part: Path) -> None:
    """int64, float64, category and Int64, both through our reader and through pandas alone."""
    for frame in (read([part]), pd.read_parquet(part)):
        assert frame.dtypes.astype(str).to_dict() == TYPES
        assert isinstance(frame.index, pd.RangeIndex)


def test_words_and_gaps_come_back(part: Path) -> None:
    """Codes are words, all words are known, and what is missing is missing."""
    for frame in (read([part]), pd.read_parquet(part)):
        assert frame["outcome"].tolist() == ["diverged", "unfinished", "converged", "unfinished"]
        assert tuple(frame["outcome"].cat.categories) == OUTCOMES
        assert tuple(frame["regime"].cat.categories) == REGIMES
        assert [None if pd.isna(word) else word for word in frame["regime"]] == [
            *("too_high", None, "good", "low"),
        ]
        # beyond 2**53 a float would have rounded
        assert frame["converged_at"].isna().tolist() == [True, True, False, False]
        assert frame["converged_at"].iloc[2:].tolist() == [0, 2**53 + 1]


def test_numbers_come_back_to_the_bit(part: Path) -> None:
    """Tiny, infinite, negative zero and NaN are what they were."""
    for name in ("learning_rate", "cost"):
        assert read([part])[name].to_numpy().tobytes() == COLUMNS[name].tobytes()


def test_missing_is_null_to_other_readers(part: Path) -> None:
    """Readers that know nothing of pandas see null for what is missing, NaN for what was computed so."""
    table = pq.ParquetFile(part).read()
    assert table.column("converged_at").null_count == 2
    assert table.column("regime").null_count == 1
    assert table.column("cost").null_count == 0


def test_the_same_columns_are_the_same_bytes() -> None:
    """A part is a pure function of what is in it."""
    assert encoded(COLUMNS) == encoded({name: values.copy() for name, values in COLUMNS.items()})


def test_parts_are_read_in_the_order_given(tmp_path: Path) -> None:
    """One table, with one index, whatever parts hold; chosen columns come alone."""
    paths = []
    for number in range(3):
        first = {name: values[:number] for name, values in COLUMNS.items()}
        path = tmp_path / f"part-{number:05d}.parquet"
        path.write_bytes(encoded(first))
        paths.append(path)
    frame = read(paths, ["trial", "outcome"])
    assert list(frame) == ["trial", "outcome"]
    assert frame["trial"].tolist() == [0, 0, 1]
    assert frame["outcome"].tolist() == ["diverged", "diverged", "unfinished"]
    assert frame.index.tolist() == [0, 1, 2]
    assert frame["outcome"].dtype == pd.CategoricalDtype(list(OUTCOMES))


def test_a_table_without_rows(tmp_path: Path) -> None:
    """It keeps its columns and their types."""
    path = tmp_path / "part-00000.parquet"
    path.write_bytes(encoded({name: values[:0] for name, values in COLUMNS.items()}))
    assert read([path], layout=Layout(types_of(COLUMNS))).dtypes.astype(str).to_dict() == TYPES


@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "text", "folder", "other start"])
def test_a_damaged_part_is_named(part: Path, tmp_path: Path, damage: str) -> None:
    """The file and the way out are named, whether its rows or its columns are asked for."""
    content, whole = part.read_bytes(), tmp_path / "part-00001.parquet"
    whole.write_bytes(content)
    part.unlink()
    if damage == "folder":
        part.mkdir()
    elif damage != "gone":
        damaged = {
            "empty": b"",
            "cut": content[: len(content) // 2],
            "text": b"not a table",
            "other start": content[:-20] + bytes(20),
        }
        part.write_bytes(damaged[damage])
    for reader in (lambda: read([whole, part]), lambda: read_arrays(part)):
        with pytest.raises(ResultsError) as caught:
            reader()
        what = {"gone": "is gone", "folder": "cannot read it: Is a directory"}.get(damage, "is damaged")
        hint = "" if damage == "folder" else f". Hint: {MADE_AGAIN}"
        assert str(caught.value) == f"{part}: {what}{hint}"


@pytest.mark.system
def test_a_flipped_bit_anywhere_is_named(part: Path) -> None:
    """Whichever bit of whichever byte flips, of numbers, of names or of the checksum itself."""
    content = part.read_bytes()
    for place in range(len(content)):
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        part.write_bytes(flipped)
        for reader in (lambda: read([part]), lambda: read_arrays(part)):
            with pytest.raises(ResultsError, match="is damaged"):
                reader()
        assert facts_of(part) is None


def test_what_a_file_was_told_comes_back(part: Path) -> None:
    """Facts lie beside the numbers, under the same seal."""
    part.write_bytes(encoded(COLUMNS, {"part_size": 3, "failures": {"7": "linreg-sweep crc32 00000000"}}))
    assert facts_of(part) == {"part_size": 3, "failures": {"7": "linreg-sweep crc32 00000000"}}
    assert read_arrays(part)["trial"].tolist() == COLUMNS["trial"].tolist()


def test_a_part_of_the_format_before_seals_is_read(part: Path) -> None:
    """It has a checksum per column instead, which other writers keep."""
    table = pq.read_table(part).replace_schema_metadata({"crc32": "{}"})
    pq.write_table(table, part)
    assert read_arrays(part)["trial"].tolist() == COLUMNS["trial"].tolist()


def test_columns_come_in_the_order_of_the_file(part: Path) -> None:
    """And with the codes and the missing values that were written."""
    found = read_arrays(part)
    assert list(found) == list(COLUMNS)
    assert all(found[name].tobytes() == values.tobytes() for name, values in COLUMNS.items())


def test_the_bytes_are_a_parquet_file() -> None:
    """Arrow reads them, and finds them compressed."""
    file = pq.ParquetFile(io.BytesIO(encoded(COLUMNS)))
    assert file.read().num_rows == 4
    assert file.metadata.row_group(0).column(0).compression == "LZ4"
    assert file.schema_arrow.field("outcome").type == pa.dictionary(pa.int8(), pa.string())
