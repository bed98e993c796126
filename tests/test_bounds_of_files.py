"""Facts about how much a data file may hold, how long it takes, and how much is said of it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from linreg_sweep.errors import ConfigError, DataError
from linreg_sweep.tabular import read_table
from linreg_sweep.tabular.bounds import bytes_of
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
}
"""What is more than a file may hold, and what is said of it."""


@pytest.mark.parametrize("case", HUGE)
def test_too_much_is_refused_before_it_is_read(case: str, tmp_path: Path) -> None:
    """Lines, quotations and columns have bounds, so that memory has."""
    text, said = HUGE[case]
    (found,) = complaints(write(tmp_path / "a.csv", text), None, ["y"])
    assert found.startswith(said)


def test_a_file_that_disk_and_memory_do_not_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Parquet file says how many rows it has, and is refused before any are unpacked."""
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"x": np.zeros(30_000), "y": np.zeros(30_000)}), path)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(total=10**9, free=5 * 10**7))
    with pytest.raises(DataError) as caught:
        read_table(path, None, ["y"], max_memory=100_000)
    assert "memory does not hold: 0.1 GB are free. Hint: name a folder with more space" in str(caught.value)
    assert read_table(path, None, ["y"], max_memory="1MB").x.shape == (30_000, 1)


@pytest.mark.parametrize("drop", [False, True])
@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_rows_in_a_file_are_those_in_memory(
    name: str, drop: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the bit and with the same notes; the file goes with the arrays."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "rows"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    (tmp_path / "rows").mkdir()
    generator = np.random.default_rng(5)
    n_rows, n_late = (90_000, 70_000) if name.endswith("csv") else (70_000, 66_000)
    columns = {each: generator.normal(size=n_rows) for each in ("a", "b", "y")}
    if drop:
        columns["b"][::7] = np.nan
    table = pa.table({"late": [None] * n_late + [1.5] * (n_rows - n_late), "s": ["q"] * n_rows, **columns})
    path = tmp_path / name
    if name.endswith("csv"):
        table.to_pandas().to_csv(path, index=False, float_format="%.17g")
    else:
        parquet.write_table(table, path, row_group_size=60_000)
    x = None if drop else ["b", "a"]
    one, other = (read_table(path, x, ["y"], drop=drop, max_memory=size) for size in ("1GB", "1MB"))
    assert (one.x_names, one.notes) == (other.x_names, other.notes)
    assert one.x_names == (("late", "a", "b") if drop else ("b", "a"))
    assert len(one.x) == (sum(row % 7 > 0 for row in range(n_late, n_rows)) if drop else n_rows)
    for here, there in ((one.x, other.x), (one.y, other.y)):
        assert here.flags.c_contiguous
        assert there.flags.c_contiguous
        assert here.tobytes() == there.tobytes()
    assert len(_open_in(tmp_path / "rows")) == 2
    del other, there
    assert not _open_in(tmp_path / "rows")


def _open_in(folder: Path) -> set[str]:
    """Returns the files of a folder that this process holds open, named or not."""
    links = [link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return {str(each) for each in links if each.is_relative_to(folder)}


KILLED = """
import os, pathlib, signal, sys
from linreg_sweep.tabular import read_table
table = read_table(pathlib.Path(sys.argv[1]), None, ["y"], max_memory=1000)
print(table.x.sum(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="files have names until they are closed")
def test_nothing_stays_of_rows_in_a_file(tmp_path: Path) -> None:
    """Even where the process is killed that holds them."""
    path = tmp_path / "a.csv"
    path.write_text("x,y\n" + "1,2\n" * 1_000, encoding="utf-8")
    (tmp_path / "rows").mkdir()
    command = [sys.executable, "-c", KILLED, str(path)]
    environment = os.environ | {"TMPDIR": str(tmp_path / "rows")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("1000.0\n", -signal.SIGKILL)
    assert not list((tmp_path / "rows").iterdir())


@pytest.mark.parametrize("size", ["4 bananas", "-1GB", "GB", "1e3", "", "4GBB", True])
def test_what_is_no_size(size: Any) -> None:
    """A number and a unit, or bytes; anything else is refused with an example."""
    with pytest.raises(ConfigError, match="--max-memory: must be a size such as 4GB or 500MB, got"):
        bytes_of(size)


def test_sizes() -> None:
    """In powers of ten or of two, as they are written."""
    found = [bytes_of(size) for size in ("4GB", "500 mb", "2GiB", "1.5k", 7, "12")]
    assert found == [4 * 10**9, 500 * 10**6, 2**31, 1500, 7, 12]
    assert 0 < bytes_of(None) < 2**50


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
