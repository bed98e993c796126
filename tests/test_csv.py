"""Facts about reading CSV; the oracles are Python's `float` and its csv module."""

import csv
import random
import struct
from pathlib import Path

import numpy as np
import pytest

from tests.data_files import MEND, complaints, read, write


def test_numbers_are_those_of_float(tmp_path: Path) -> None:
    """Any way of writing a number gives the very bits that Python's `float` gives."""
    rng = random.Random(5)
    texts = [
        "0",
        "-0",
        ".5",
        "5.",
        "+3",
        "1e5",
        "1E-5",
        "9007199254740994",
        "9007199254740993.0",
        "0.1",
        "4.9e-324",
        "1e-400",
        "-.5e+3",
    ]
    texts += ["1.7976931348623157e308", "2.2250738585072011e-308", "123456789012345678901234567890.5", " 7 "]
    for _ in range(3000):
        (value,) = struct.unpack("<d", rng.randbytes(8))
        texts += [repr(value)] if np.isfinite(value) else []
        digits = str(rng.randrange(1, 10**25))
        texts.append(
            f"{rng.choice(['', '-', '+'])}{digits}.{rng.randrange(10**20)}e{rng.randrange(-300, 280)}"
        )
    table = read(tmp_path, "x,y\n" + "".join(f"{text},1\n" for text in texts))
    assert table.x.tobytes() == np.array([[float(text)] for text in texts]).tobytes()


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_are_those_of_the_csv_module(newline: str, tmp_path: Path) -> None:
    """With quoted newlines, blank lines and any line ending, the line named is where the row starts."""
    rng = random.Random(11)
    rows = [["1", rng.choice(["a", f"b{newline}c", f"{newline}", 'say "hi"']), str(i)] for i in range(200)]
    rows[150][0] = "bad"
    path = tmp_path / "a.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator=newline)
        writer.writerow(["x", "note", "y"])
        for row in rows:
            writer.writerow(row)
            stream.write(newline * rng.randrange(2))
    before = path.read_bytes().decode().split("bad")[0]
    line = before.count(newline) + 1
    expected = [f"F:{line}: row 151 of column 'x' must be a number, got 'bad'. Hint: {MEND}"]
    assert complaints(path, None, ["y"]) == expected


def test_marks_and_spaces(tmp_path: Path) -> None:
    """A byte order mark, quoted numbers and spaces around names and numbers are accepted."""
    table = read(tmp_path, b'\xef\xbb\xbf"x", y\r\n 1 ,"2"\r\n\t3, 4\r\n')
    assert (table.x_names, table.x.tolist(), table.y.tolist()) == (("x",), [[1.0], [3.0]], [[2.0], [4.0]])


def test_many_blocks(tmp_path: Path) -> None:
    """A file of many blocks is read whole and in order, and its last line is found."""
    rows = [f"{i},{-i}" for i in range(700_000)]
    table = read(tmp_path, "x,y\n" + "\n".join(rows))
    assert np.array_equal(table.x[:, 0], np.arange(700_000.0))
    assert np.array_equal(table.y[:, 0], -np.arange(700_000.0))
    path = write(tmp_path / "b.csv", "x,y\n" + "\n".join(rows) + "\nq,1\n")
    assert complaints(path, None, ["y"]) == [
        f"F:700002: row 700001 of column 'x' must be a number, got 'q'. Hint: {MEND}"
    ]


def test_quoted_newlines_in_many_blocks(tmp_path: Path) -> None:
    """Quoted newlines that fall on the borders of blocks break no row."""
    note = '"' + "a,b\n" * 300 + '"'
    table = read(tmp_path, "x,note,y\n" + "".join(f"{i},{note},{i}\n" for i in range(12_000)))
    assert np.array_equal(table.x[:, 0], np.arange(12_000.0))
