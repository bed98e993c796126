"""Facts about reading files; the oracles are Python's `float`, its csv module and Arrow's own tables."""

import csv
import random
import re
import struct
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from linreg_sweep.errors import DataError
from linreg_sweep.tabular import Table, read_table

MEND = "mend the cell, or choose other columns"
FILL = "fill the cell in or remove the row"
QUOTES = 'a value with a comma in it needs double quotes around it, as in "1,5"'

BAD_CSV: dict[str, tuple[str | bytes, list[str]]] = {
    "empty": ("", ["F: data must have a header and rows, the file is empty"]),
    "blank lines": ("\n\n", ["F: data must have a header and rows, the file is empty"]),
    "a byte order mark": (b"\xef\xbb\xbf", ["F: data must have a header and rows, the file is empty"]),
    "a header": ("x,y\n", ["F: data must have rows, the file ends after its header"]),
    "a header, no newline": ("x,y", ["F: data must have rows, the file ends after its header"]),
    "text": ("x,y\n1,2\nabc,3\n", [f"F:3: row 2 of column 'x' must be a number, got 'abc'. Hint: {MEND}"]),
    "long text": (
        f"x,y\n1,2\n{'z' * 100},3\n",
        [f"F:3: row 2 of column 'x' must be a number, got '{'z' * 27}...'. Hint: {MEND}"],
    ),
    "text twice": (
        "x,y\n1,2\na,3\nb,4\nc,5\n",
        [f"F:3: row 2 of column 'x' must be a number, got 'a' (and 2 more such cells). Hint: {MEND}"],
    ),
    "an empty cell": (
        "x,y\n1,2\n,3\n",
        [f"F:3: row 2 of column 'x' must be a number, the cell is empty. Hint: {FILL}"],
    ),
    "NaN": ("x,y\n1,2\n1,NaN\n", [f"F:3: row 2 of column 'y' must be a number, got 'NaN'. Hint: {FILL}"]),
    "NA": ("x,y\n1,2\nNA,3\n", [f"F:3: row 2 of column 'x' must be a number, got 'NA'. Hint: {FILL}"]),
    "infinity": ("x,y\n1,2\n-inf,3\n", ["F:3: row 2 of column 'x' must be finite, got '-inf'"]),
    "too large": ("x,y\n1,2\n1,1e999\n", ["F:3: row 2 of column 'y' must be finite, got '1e999'"]),
    "a leading zero": (
        "x,y\n007,2\n1,3\n",
        [
            "F:2: row 1 of column 'x' must be a number, got '007'. "
            "Hint: a leading zero marks a label; where it is a number, write 7 for 007"
        ],
    ),
    "thousands": (
        'x,y\n1,2\n"1,234",3\n',
        ["F:3: row 2 of column 'x' must be a number, got '1,234'"],
    ),
    "underscores": (
        "x,y\n1,2\n1_000,3\n",
        [
            "F:3: row 2 of column 'x' must be a number, got '1_000'. "
            "Hint: write numbers without a thousands separator"
        ],
    ),
    "a decimal comma": (
        'x,y\n1,2\n"1,5",3\n',
        ["F:3: row 2 of column 'x' must be a number, got '1,5'"],
    ),
    "a unit": (
        "x,y\n1,2\n5 kg,3\n",
        [
            "F:3: row 2 of column 'x' must be a number, got '5 kg'. "
            "Hint: a cell must hold the number alone, without a unit"
        ],
    ),
    "other digits": (
        "x,y\n1,2\n\u0663,3\n",
        [f"F:3: row 2 of column 'x' must be a number, got '\u0663'. Hint: {MEND}"],
    ),
    "a boolean": (
        "x,y\n1,2\n2,true\n",
        [f"F:3: row 2 of column 'y' must be a number, got 'true'. Hint: {MEND}"],
    ),
    "a date": (
        "x,y\n1,2\n2024-01-01,3\n",
        [f"F:3: row 2 of column 'x' must be a number, got '2024-01-01'. Hint: {MEND}"],
    ),
    "everything at once, in the order of the file": (
        "x,y\n1,abc\n,3\ninf,4\nq,5\n",
        [
            f"F:2: row 1 of column 'y' must be a number, got 'abc'. Hint: {MEND}",
            f"F:3: row 2 of column 'x' must be a number, the cell is empty. Hint: {FILL}",
            "F:4: row 3 of column 'x' must be finite, got 'inf'",
            f"F:5: row 4 of column 'x' must be a number, got 'q'. Hint: {MEND}",
        ],
    ),
    "two cells of a row, in the order of the columns": (
        "x,y\nq,r\n1,2\n",
        [
            f"F:2: row 1 of column 'x' must be a number, got 'q'. Hint: {MEND}",
            f"F:2: row 1 of column 'y' must be a number, got 'r'. Hint: {MEND}",
        ],
    ),
    "a line after quoted newlines and blank lines": (
        '\nx,note,y\n1,"a\nb\n\nc",2\n\n3,d,?\n',
        [f"F:8: row 2 of column 'y' must be a number, got '?'. Hint: {MEND}"],
    ),
    "a row too long": (
        "x,y\n1,2\n1,2,3\n",
        [f"F:3: every row must have 2 values as the header has, this one has 3. Hint: {QUOTES}"],
    ),
    "rows too short": (
        "x,y\n1\n1,2\n1\n",
        ["F:2: every row must have 2 values as the header has, this one has 1 (and 1 more such row)"],
    ),
    "semicolons": (
        "x;y\n1,5;2\n",
        ["F:1: columns must be separated by commas, here they look separated by semicolons"],
    ),
    "tabs": (
        "x\ty\n1\t2\n",
        ["F:1: columns must be separated by commas, here they look separated by tabs"],
    ),
    "Latin-1 in a cell": (
        b"x,y\n1,2\n\xe9,3\n",
        ["F:3: text must be UTF-8, this line has other bytes"],
    ),
    "Latin-1 in the header": (
        b"\xe9,y\n1,2\n",
        ["F:1: text must be UTF-8, this line has other bytes"],
    ),
    "UTF-16": (
        b"\xff\xfex\0,\0y\0",
        ["F: must be CSV in UTF-8, it is not. Hint: this looks like UTF-16"],
    ),
    "a spreadsheet": (
        b"PK\x03\x04...",
        ["F: must be CSV in UTF-8, it is not. Hint: this is a spreadsheet or a zip archive"],
    ),
    "Parquet": (
        b"PAR1...",
        ["F: must be CSV in UTF-8, it is not. Hint: this is a Parquet file: let its name end in .parquet"],
    ),
    "a quotation mark left open": (
        'x,y\n1,"' + "2" * 200_000,
        [
            "F:2: must be a CSV row: field larger than field limit (131072). "
            "Hint: look for a quotation mark that is never closed"
        ],
    ),
    "two columns of a name": (
        "x,x,y\n1,2,3\n",
        [
            "F:1: column names must differ, columns 1 and 2 are called 'x'. "
            "Hint: give each a name of its own in the first line"
        ],
    ),
    "a column without a name": (
        ",y\n0,2\n1,3\n",
        ["F:1: column 1 has no name. Hint: give it one in the first line"],
    ),
    "a newline in a name": (
        '"a\nb",y\n1,2\n',
        ["F:1: column names must be of printable letters, got 'a\\nb' in x"],
    ),
    "no numbers beside y": (
        "s,y\na,2\n",
        ["F:1: x must have a numeric column, none is left beside y: 's' starts with 'a' (not numeric)"],
    ),
    "nothing beside y": ("y\n2\n", ["F:1: x must have a numeric column, none is left beside y"]),
    "dates and thousands beside y": (
        'date,amount,none,y\n2024-01-01,"1,000",,1\n2024-01-02,"2,000",NA,2\n',
        [
            "F:1: x must have a numeric column, none is left beside y: 'date' starts with '2024-01-01' "
            "(not numeric), 'amount' starts with '1,000' (numbers written like '1,000' are not read), "
            "'none' is empty"
        ],
    ),
    "many texts beside y": (
        f"{','.join('abcdefghij')},y\n{','.join('abcdefghij')},1\n",
        [
            "F:1: x must have a numeric column, none is left beside y: "
            + "".join(f"'{name}' starts with '{name}' (not numeric), " for name in "abcdefgh")
            + "and 2 more"
        ],
    ),
    "no y": ("x,yy\n1,2\n", ["F:1: y must name columns of the file, got 'y'. Hint: did you mean 'yy'?"]),
    "no header": (
        "1,2\n3,4\n",
        [
            "F:1: y must name columns of the file, got 'y'. "
            "Hint: the first line must hold the column names, here it holds numbers"
        ],
    ),
}

BAD_CHOICES: dict[str, tuple[list[str] | None, list[str], list[str]]] = {
    "two columns that are not there": (
        ["siz", "floors"],
        ["price"],
        [
            "F:1: x must name columns of the file, got 'siz'. Hint: did you mean 'size'?",
            "F:1: x must name columns of the file, got 'floors'. Hint: known here: age, price, size",
        ],
    ),
    "in x and y": (
        ["size", "price"],
        ["price"],
        ["F:1: a column must be in x or in y, got 'price' in both"],
    ),
    "twice": (["size", "size"], ["price"], ["F:1: columns must be named once, got 'size' in x 2 times"]),
    "no x": ([], ["price"], ["F:1: x must name at least one column. Hint: leave x out for all"]),
    "no y": (None, [], ["F:1: y must name at least one column. Hint: known here: age, price, size"]),
    "of two of a name": (
        ["age"],
        ["price"],
        [
            "F:1: column names must differ, columns 2 and 3 are called 'age'. "
            "Hint: give each a name of its own in the first line"
        ],
    ),
}


RECIPE = re.compile(r"(?m)(\. Hint: (commas|in pandas,|save it as UTF-8:)|; in pandas,).*$")
"""What a hint says of other programs; test_recipes.py runs it."""


def complaints(path: Path, x: list[str] | None, y: list[str]) -> list[str]:
    """Returns the complaints about a file, with F for its path."""
    with pytest.raises(DataError) as caught:
        read_table(path, x, y)
    return [RECIPE.sub("", str(each).replace(str(path), "F")) for each in caught.value.complaints]


def write(path: Path, text: str | bytes) -> Path:
    """Writes a file and returns its path."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def read(folder: Path, text: str | bytes, x: list[str] | None = None) -> Table:
    """Reads a CSV text with the target y."""
    return read_table(write(folder / "a.csv", text), x, ["y"])


def test_bad_csv(tmp_path: Path) -> None:
    """Each mistake in a CSV file is one exact complaint that names its line, row and column."""
    for case, (text, expected) in BAD_CSV.items():
        assert complaints(write(tmp_path / "bad.csv", text), None, ["y"]) == expected, case


def test_bad_choices(tmp_path: Path) -> None:
    """Each mistake in the choice of columns is one exact complaint."""
    path = write(tmp_path / "bad.csv", "size,age,age,price\n1,2,3,4\n")
    for case, (x, y, expected) in BAD_CHOICES.items():
        assert complaints(path, x, y) == expected, case


def test_paths_that_are_no_file(tmp_path: Path) -> None:
    """A missing file, a folder, and a file of another kind are told apart, with a neighbour as a hint."""
    write(tmp_path / "houses.csv", "x,y\n1,2\n")
    hint = "Hint: did you mean 'houses.csv'?"
    assert complaints(tmp_path / "house.csv", None, ["y"]) == [
        f"F: data must be a file, there is none here. {hint}"
    ]
    assert complaints(tmp_path, None, ["y"]) == ["F: data must be one file, this is a folder"]
    nowhere = tmp_path / "none" / "a.csv"
    assert complaints(nowhere, None, ["y"]) == [
        f"F: data must be a file, there is none here. Hint: there is no folder '{nowhere.parent}' either"
    ]
    assert complaints(write(tmp_path / "a.xlsx", "x"), None, ["y"]) == [
        "F: data files must end in .csv, .parquet or .pq, got '.xlsx'"
    ]


def test_a_path_that_no_system_takes(tmp_path: Path) -> None:
    """A path too long to be one is a complaint in the system's words."""
    (found,) = complaints(tmp_path / f"{'a' * 300}.csv", None, ["y"])
    assert found.startswith("F: data must be a file that can be read: [Errno ")


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


@pytest.mark.parametrize("whole", [2**53 + 1, -(2**53) - 1, 2**60 + 1, 2**63 - 1])
def test_whole_numbers_that_would_be_rounded_are_refused(whole: int, tmp_path: Path) -> None:
    """Ids beyond 2**53 fall together as floats: the first is named; others are read."""
    said = f"row 2 of column 'id' must be a whole number that float64 holds exactly, got {whole}"
    hint = "Hint: subtract a constant, such as the smallest, from the column, or choose other columns"
    path = write(tmp_path / "a.csv", f"id,y\n{2**53},1\n{whole},2\n{2**60},3\n")
    assert complaints(path, None, ["y"]) == [f"F:3: {said}. {hint}"]
    file = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"id": [2**53, whole, None], "y": [1.0, 2.0, 3.0]}), file)
    assert complaints(file, None, ["y"])[0] == f"F: {said}. {hint}"
    parquet.write_table(pa.table({"id": [2**53, int(float(2**62)), 7], "y": [1.0, 2.0, 3.0]}), file)
    assert read_table(file, None, ["y"]).x.tolist() == [[2.0**53], [2.0**62], [7.0]]


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


def test_default_columns(tmp_path: Path) -> None:
    """By default x is every column with a number in it but y, in order; what is left out is noted."""
    text = (
        "id,size,y,ok,when,zip,old,none\na,1,2,true,2024-01-01,01234,3,\nb,4,5,false,2024-01-02,04321,6,NA\n"
    )
    table = read(tmp_path, text)
    assert table.x_names == ("size", "old")
    assert table.x.tolist() == [[1.0, 3.0], [4.0, 6.0]]
    assert table.y.tolist() == [[2.0], [5.0]]
    assert table.notes == (
        "left out, not numeric: id, ok, when",
        "left out, numbers written like '01234' are not read: zip",
        "left out, empty: none",
    )


def test_one_text_column_left_out(tmp_path: Path) -> None:
    """The note about one text column is in the words of the contract."""
    assert read(tmp_path, "species,x,y\nAdelie,1,2\n").notes == ("left out, not numeric: species",)


def test_empty_trailing_column(tmp_path: Path) -> None:
    """The empty column without a name that spreadsheets add is left out, not complained about."""
    table = read(tmp_path, "x,y,\n1,2,\n3,4,\n")
    assert table.x_names == ("x",)
    assert table.notes == ("left out, empty: column 3, which has no name",)


def test_a_first_row_of_numbers_is_noted(tmp_path: Path) -> None:
    """Where every column name reads as a number, the first row probably was none of names."""
    for header, shown in (
        ("-1.5,2", "-1.5, 2"),
        ("1,x", ""),
        (",".join(map(str, range(12))), "0, 1, 2, 3, 4, 5, 6, 7, ..."),
    ):
        rows = "\n".join([",".join("3" for _ in header.split(","))] * 3)
        table = read_table(write(tmp_path / "a.csv", f"{header}\n{rows}\n"), None, [header.split(",")[1]])
        assert table.notes == ((f"the first row ({shown}) was taken as column names",) if shown else ())


def test_numbers_as_names_of_parquet_are_names(tmp_path: Path) -> None:
    """A Parquet file has names apart from its rows, so that nothing is lost where they are numbers."""
    path = save(tmp_path / "a.parquet", **{"0": [1.0, 2.0], "1": [3.0, 4.0]})
    assert read_table(path, None, ["1"]).notes == ()
    assert complaints(path, None, ["2"]) == [
        "F: y must name columns of the file, got '2'. Hint: known here: 0, 1"
    ]


def test_chosen_columns_keep_their_order(tmp_path: Path) -> None:
    """Columns come in the order in which they were chosen, and others may hold anything."""
    table = read(tmp_path, b"a,b,y,note\n1,2,3,\xe9\n4,5,6,\n", ["b", "a"])
    assert table.x.tolist() == [[2.0, 1.0], [5.0, 4.0]]
    assert table.x_names == ("b", "a")
    assert table.notes == ()
    assert table.x.flags.c_contiguous


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


def save(path: Path, **columns: Any) -> Path:
    """Writes a Parquet file and returns its path."""
    parquet.write_table(pa.table(columns), path)
    return path


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


def test_csv_and_parquet_agree(tmp_path: Path) -> None:
    """The same numbers come out of either kind of file, bit for bit."""
    x = np.random.default_rng(3).normal(size=100)
    text = "x,y\n" + "".join(f"{value!r},1\n" for value in x.tolist())
    stored = read_table(save(tmp_path / "a.parquet", x=x, y=np.ones(100)), None, ["y"])
    assert read(tmp_path, text).x.tobytes() == stored.x.tobytes() == x.tobytes()


def test_pandas_stays_out(tmp_path: Path) -> None:
    """Reading a file of either kind imports no pandas, which takes half a second."""
    write(tmp_path / "a.csv", "x,s,y\n1,a,2\n,b,4\n5,c,6\n")
    save(tmp_path / "a.parquet", x=[1.0, 2.0], y=[3.0, 4.0])
    program = (
        "import sys; from pathlib import Path; from linreg_sweep.tabular import read_table\n"
        "assert 'pyarrow' not in sys.modules\n"
        "try: read_table(Path('a.csv'), None, ['y'])\n"
        "except Exception as error: assert 'the cell is empty' in str(error), error\n"
        "else: raise AssertionError\n"
        "read_table(Path('a.parquet'), None, ['y'])\n"
        "assert 'pandas' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
