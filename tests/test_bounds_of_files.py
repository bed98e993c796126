"""Facts about how much a data file may hold, how long it takes, and how much is said of it."""

import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from linreg_sweep.tabular import read_table
from tests.data_files import MEND, complaints, write


def test_a_row_of_megabytes(tmp_path: Path) -> None:
    """A row too long to be meant is one complaint, with its line."""
    wide = ",".join(["z" * 100_000] * 130)
    path = write(tmp_path / "a.csv", f"x,y,{','.join(f's{i}' for i in range(130))}\n1,2,{wide}\n")
    (found,) = complaints(path, ["x"], ["y"])
    assert found.startswith("F:2: must be a CSV row: longer than 4,194,304 letters")


HUGE: dict[str, tuple[str, str]] = {
    "a line without an end": (
        "x,y\n" + "1" * 5_000_000,
        "F:2: must be a CSV row: longer than 4,194,304 letters",
    ),
    "a header without an end": ("x," * 5_000_000, "F:1: must be a CSV row: longer than 4,194,304 letters"),
    "a quotation without an end": ('x,y\n"' + "1\n" * 5_000_000, "F:2: must be a CSV row: field larger than"),
    "a row of many lines": ("x,y\n" + '"\n",' * 2_000_000, "F:2: must be a CSV row: longer than 4,194,304"),
    "columns": ("x," * 10_000 + "y\n", "F:1: a file may have at most 10,000 columns, this one has 10,001"),
    "rows": ("x,y\n1,2" + "\n" * 25_000_001, "F: at most 50,000,000 cells are read, 2 columns of 25,000,002"),
}
"""What is more than a file may hold, and what is said of it."""


@pytest.mark.parametrize("case", HUGE)
def test_too_much_is_refused_before_it_is_read(case: str, tmp_path: Path) -> None:
    """Lines, quotations, columns and rows have bounds, so that time and memory have."""
    text, said = HUGE[case]
    (found,) = complaints(write(tmp_path / "a.csv", text), None, ["y"])
    assert found.startswith(said)


def test_a_file_of_more_than_two_gibibytes(tmp_path: Path) -> None:
    """It is refused by its size alone."""
    path = write(tmp_path / "a.csv", "x,y\n1,2\n")
    with path.open("r+b") as file:
        file.truncate(2**31 + 1)
    assert complaints(path, None, ["y"]) == [
        "F: a CSV file may hold 2 GiB at most. Hint: a Parquet file may be larger"
    ]


def test_a_small_file_that_unpacks_to_much(tmp_path: Path) -> None:
    """A Parquet file's cells are counted before any are unpacked, and only those of columns that are read."""
    zeros = pa.array(np.zeros(26_000_000, np.int8))
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"x": zeros, "y": zeros}), path, compression="zstd")
    assert path.stat().st_size < 1_000_000
    assert complaints(path, None, ["y"]) == [
        "F: at most 50,000,000 cells are read, 2 columns of 26,000,000 rows are more. "
        "Hint: name fewer columns in x, or sample rows"
    ]


def test_ten_thousand_columns(tmp_path: Path) -> None:
    """Names are looked up, not searched for: many that are not there cost little."""
    path = write(tmp_path / "a.csv", f"{','.join(f'x{i}' for i in range(9_999))},y\n{'1,' * 9_999}1\n")
    start = time.process_time()
    found = complaints(path, [f"z{i}" for i in range(9_000)], ["y"])
    assert time.process_time() - start < 6
    assert len(found) == 22
    assert found[-1] == "and more"
    assert len(read_table(path, [f"x{i}" for i in range(500)], ["y"]).x_names) == 500


def test_names_that_are_left_out_are_told_in_short(tmp_path: Path) -> None:
    """Of many long names that are no numbers the first few are told, and their first letters."""
    names = [f"{'n' * 1000}{i}" for i in range(100)]
    read = read_table(write(tmp_path / "a.csv", f"x,{','.join(names)},y\n1,{'a,' * 100}2\n"), None, ["y"])
    assert read.notes == (f"left out, not numeric: {', '.join(['n' * 57 + '...'] * 8)}, ...",)


def test_at_most_twenty_cells_are_named(tmp_path: Path) -> None:
    """Where a hundred columns are bad, twenty are named and the rest are counted."""
    header = ",".join(f"c{i}" for i in range(100))
    path = write(tmp_path / "a.csv", f"{header},y\n{'1,' * 100}1\n{'q,' * 100}1\n")
    found = complaints(path, None, ["y"])
    assert len(found) == 21
    assert found[0] == f"F:3: row 2 of column 'c0' must be a number, got 'q'. Hint: {MEND}"
    assert found[-1] == "F:1: and 80 more complaints about cells"
