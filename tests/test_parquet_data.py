"""Facts about reading data from Parquet; the oracles are Arrow's own tables and Python's `float`."""

import random
import struct
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from linreg_sweep.errors import DataError
from linreg_sweep.tabular import read_table
from tests.data_files import FILL, complaints, save, write


@pytest.mark.parametrize("how", [{"use_dictionary": False}, {"data_page_version": "2.0"}])
def test_each_byte_of_a_parquet_file(how: dict[str, Any], tmp_path: Path) -> None:
    """Whichever byte is changed, the file is refused or gives two columns of its length."""
    path = tmp_path / "a.parquet"
    table = pa.table({"x": [float(number) for number in range(10)], "y": list(range(10))})
    parquet.write_table(table, path, store_schema=False, write_statistics=False, compression="none", **how)
    content = path.read_bytes()
    refused = 0
    for at, byte in enumerate(content):
        path.write_bytes(content[:at] + bytes([(byte - 2) % 256]) + content[at + 1 :])
        try:
            read = read_table(path, None, ["y"])
        except DataError:
            refused += 1
        else:
            assert read.x.shape == read.y.shape
    assert refused > len(content) / 5


def test_a_part_of_a_column_is_no_column(tmp_path: Path) -> None:
    """A column is not taken for the part of another that goes by the same path."""
    path = tmp_path / "a.parquet"
    nested = pa.array([{"x": "text"}, {"x": "more"}])
    parquet.write_table(pa.table({"s": nested, "s.x": [1.5, 2.5], "y": [1.0, 2.0]}), path)
    read = read_table(path, None, ["y"])
    assert (read.x_names, read.x.tolist()) == (("s.x",), [[1.5], [2.5]])


def test_what_pandas_never_said(tmp_path: Path) -> None:
    """Nonsense where pandas keeps what labels the rows is passed over."""
    path = tmp_path / "a.parquet"
    for said in ("5", "[]", "{", '{"index_columns": 5}', '{"index_columns": [[1], {}]}', "[" * 9999):
        table = pa.table({"x": [1.0, 2.0], "y": [1.0, 2.0]}).replace_schema_metadata({"pandas": said})
        parquet.write_table(table, path)
        assert read_table(path, None, ["y"]).x_names == ("x",), said


def test_numbers_as_names_of_parquet_are_names(tmp_path: Path) -> None:
    """A Parquet file has names apart from its rows, so that nothing is lost where they are numbers."""
    path = save(tmp_path / "a.parquet", **{"0": [1.0, 2.0], "1": [3.0, 4.0]})
    assert read_table(path, None, ["1"]).notes == ()
    assert complaints(path, None, ["2"]) == [
        "F: y must name columns of the file, got '2'. Hint: known here: 0, 1"
    ]


@pytest.mark.parametrize("suffix", [".pq", ".PARQUET"])
def test_parquet(suffix: str, tmp_path: Path) -> None:
    """Integers, floats and decimals of a Parquet file become float64; other columns are left out."""
    path = save(
        tmp_path / f"a{suffix}",
        whole=pa.array([2**53 + 2, 2], pa.int64()),
        half=pa.array([1.5, 2.5], pa.float16()),
        exact=pa.array([Decimal("0.1"), Decimal("1e20")], pa.decimal128(38, 10)),
        s=["a", "b"],
        ok=[True, False],
        nested=[{"q": 1}, {"q": 2}],
        none=pa.nulls(2, pa.float64()),
        y=[1, 2],
    )
    table = read_table(path, None, ["y"])
    assert table.x_names == ("whole", "half", "exact")
    assert table.x.tolist() == [[float(2**53 + 2), 1.5, 0.1], [2.0, 2.5, 1e20]]
    assert table.notes == ("left out, not numeric: s, ok, nested", "left out, empty: none")


def test_bad_parquet_cells(tmp_path: Path) -> None:
    """Nulls, NaN, infinities and columns of another type are named, all at once."""
    path = save(
        tmp_path / "a.parquet",
        a=[1.0, None, float("nan")],
        b=[1.0, 2.0, -np.inf],
        s=["1", "2", "3"],
        n=[[1], [2], [3]],
        y=[1, 2, 3],
    )
    assert complaints(path, ["a", "b", "s", "n"], ["y"]) == [
        "F: column 's' must be numeric, its type is string",
        "F: column 'n' must be numeric, its type is list<element: int64>",
        "F: row 2 of column 'a' must be a number, the cell is empty or NaN (and 1 more such cell)."
        f" Hint: {FILL}",
        "F: row 3 of column 'b' must be finite, got '-inf'",
    ]


def test_no_numbers_in_parquet(tmp_path: Path) -> None:
    """Columns that are no numbers are named with their types."""
    path = save(tmp_path / "a.parquet", s=["a"], none=pa.nulls(1, pa.float64()), y=[1])
    assert complaints(path, None, ["y"]) == [
        "F: x must have a numeric column, none is left beside y: 's' is of type string (not numeric), "
        "'none' is empty"
    ]


def test_damaged_parquet(tmp_path: Path) -> None:
    """A Parquet file cut short, emptied or without rows is one complaint, never a crash."""
    path = save(tmp_path / "a.parquet", x=np.arange(1000.0), y=np.arange(1000.0))
    whole = path.read_bytes()
    (found,) = complaints(write(path, whole[: len(whole) // 2]), None, ["y"])
    assert found.startswith("F: must be a Parquet file that can be read (")
    assert found.endswith("Hint: the file is damaged, or of another format")
    assert complaints(write(path, b""), None, ["y"]) == [
        "F: data must have a header and rows, the file is empty"
    ]
    (found,) = complaints(write(path, b"\0" * 64 + whole[64:]), None, ["y"])
    assert found.startswith("F: must be a Parquet file that can be read (")
    empty = save(tmp_path / "b.parquet", x=pa.array([], pa.float64()), y=pa.array([], pa.float64()))
    assert complaints(empty, None, ["y"]) == ["F: data must have rows, the file has none"]


def test_a_flipped_bit_is_found(tmp_path: Path) -> None:
    """Where a Parquet file carries checksums of its pages, one wrong bit in a number is a complaint."""
    path = tmp_path / "a.parquet"
    columns = {"x": np.arange(1000.0), "y": np.arange(1000.0)}
    options: dict[str, Any] = {"write_page_checksum": True, "compression": "none", "use_dictionary": False}
    parquet.write_table(pa.table(columns), path, **options)
    content = bytearray(path.read_bytes())
    content[content.index(struct.pack("<d", 500.0))] ^= 1
    (found,) = complaints(write(path, bytes(content)), None, ["y"])
    assert found.startswith("F: must be a Parquet file that can be read (")


def test_decimals_are_those_of_float(tmp_path: Path) -> None:
    """Decimals of a Parquet file become the nearest float64, as Python's `float` has it."""
    rng = random.Random(8)
    numbers = [Decimal(f"{rng.randrange(10)}.{rng.randrange(10**37):037d}") for _ in range(500)]
    path = save(tmp_path / "a.parquet", x=pa.array(numbers, pa.decimal128(38, 37)), y=np.ones(500))
    assert read_table(path, None, ["y"]).x[:, 0].tolist() == [float(number) for number in numbers]


def test_a_parquet_index_is_no_feature(tmp_path: Path) -> None:
    """The index that pandas stores beside the columns is left out of the default x."""
    import pandas as pd

    path = tmp_path / "a.parquet"
    pd.DataFrame({"x": [1.0, 2.0], "y": [3.0, 4.0]}, index=[7, 9]).to_parquet(path)
    table = read_table(path, None, ["y"])
    assert table.x_names == ("x",)
    assert table.notes == ("left out, labels of rows: __index_level_0__",)
