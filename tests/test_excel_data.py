"""Facts about data in .xlsx; the oracle is what openpyxl was given to write, and how CSV is read."""

import datetime
import random
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

import linreg_sweep as ls
from linreg_sweep.errors import DataError
from linreg_sweep.scaffold.files import write_scaffold
from linreg_sweep.tabular import excel_file, read_table
from tests.data_files import MEND, complaints, write


def book(path: Path, *rows: Sequence[Any]) -> Path:
    """Writes an .xlsx file with these rows in its first sheet, and others in a second."""
    made = Workbook()
    assert made.active is not None
    for row in rows:
        made.active.append(list(row))
    made.create_sheet("others").append(["no", "data"])
    made.save(path)
    return path


def patched(path: Path, old: bytes, new: bytes) -> Path:
    """Changes something in the first sheet of an .xlsx file."""
    sheet = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old in parts[sheet]
    parts[sheet] = parts[sheet].replace(old, new)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def test_numbers_are_those_that_were_saved(tmp_path: Path) -> None:
    """To the bit, of the first sheet; empty rows are none, columns of text and empty ones are left out."""
    rows = [(0.1, 2, "q", None, 5), (), (-1e-300, 2**53, "r", None, 6.5), (1e300, -3, None, None, 7)]
    path = book(tmp_path / "a.XLSX", (), ("a", "b", "s", "e", "y"), *rows)
    table = read_table(path, None, ["y"])
    assert table.x_names == ("a", "b")
    assert table.x.tolist() == [[0.1, 2], [-1e-300, 2.0**53], [1e300, -3]]
    assert table.y[:, 0].tolist() == [5, 6.5, 7]
    assert table.notes == ("left out, not numeric: s", "left out, empty: e")


def test_what_is_no_number(tmp_path: Path) -> None:
    """A number stored as text, dates, booleans, errors, formulas without a value: each by its place."""
    as_text, empty = (
        "convert text to numbers in the spreadsheet",
        "the cell is empty or says that it is missing",
    )
    day = datetime.datetime(2024, 2, 3)
    cells = {
        "a": ("1.5", f"must be a number, got the text '1.5'. Hint: {as_text}"),
        "b": (True, f"must be a number, got the boolean TRUE. Hint: {MEND}"),
        "c": (day, f"must be a number, got the date or time 2024-02-03 00:00:00. Hint: {MEND}"),
        "d": ("#DIV/0!", f"must be a number, got the text '#DIV/0!'. Hint: {MEND}"),
        "e": ("=1+1", f"must be a number, {empty}. Hint: fill"),
        "f": (None, f"must be a number, {empty}"),
        "g": ("NA", f"must be a number, {empty}"),
        "h": (2**53, "must be a whole number that float64 holds exactly, got 9007199254740993"),
    }
    row = [cell for cell, _ in cells.values()]
    path = book(tmp_path / "a.xlsx", (*cells, "y"), (*[1.0] * len(cells), 1), (), (*row, 2))
    patched(path, b">9007199254740992<", b">9007199254740993<")
    found = complaints(path, None, ["y"])
    assert len(found) == len(cells)
    for name, (_, said) in cells.items():
        assert any(each.startswith(f"F:4: row 2 of column '{name}' {said}") for each in found), name
    table = read_table(path, ["e", "f", "g"], ["y"], drop=True)
    assert table.notes == ("left out, a cell missing: 1 of 2 rows (e 1, f 1, g 1)",)


@pytest.mark.parametrize("seed", range(3))
def test_cells_are_taken_or_refused_as_in_csv(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of numbers and of what is none, in blocks of any size: the same numbers, or both refused."""
    rng = random.Random(seed)
    monkeypatch.setattr(excel_file, "ROWS_AT_ONCE", rng.randrange(1, 9))
    read = 0
    for _ in range(30):
        rows: list[list[Any]] = [
            [rng.choice((rng.randrange(99), round(rng.gauss(0, 1), 6))) for _ in "aby"] for _ in range(12)
        ]
        for _ in range(rng.randrange(3)):
            odd = rng.choice((None, "q", "NA", "", 2**53, "1,5", "nan", "-inf", 1e308))
            rows[rng.randrange(12)][rng.randrange(3)] = odd
        lines = (",".join("" if cell is None else f'"{cell}"' for cell in row) for row in rows)
        text = write(tmp_path / "a.csv", "\n".join(["a,b,y", *lines, ""]))
        found: list[Any] = []
        for path in (text, book(tmp_path / "a.xlsx", ("a", "b", "y"), *rows)):
            try:
                table = read_table(path, None, ["y"], drop=seed == 2)
                found.append((table.x.tobytes(), table.y.tobytes(), table.x_names, table.notes))
            except DataError as error:
                found.append(len(error.complaints))
        assert found[0] == found[1], rows
        read += not isinstance(found[0], int)
    assert read > 5


def test_rows_that_are_longer_than_the_header(tmp_path: Path) -> None:
    """Are named; a cell without a name has no column."""
    path = book(tmp_path / "a.xlsx", ("a", "y"), (1, 2), (1, 2, None, 3))
    assert complaints(path, None, ["y"]) == [
        "F:3: every row must have 2 values as the header has, this one has 4"
    ]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((), "F: data must have a header and rows, the first sheet is empty"),
        ((("a", "y"),), "F: data must have rows, the first sheet ends after its header"),
        (
            ((1, 2), (3, 4)),
            "F:1: y must name columns of the file, got 'y'. Hint: the first line must hold the column",
        ),
    ],
)
def test_sheets_without_data(rows: Sequence[Any], said: str, tmp_path: Path) -> None:
    """One complaint."""
    (found,) = complaints(book(tmp_path / "a.xlsx", *rows), None, ["y"])
    assert found.startswith(said)


def test_each_damage_is_one_complaint(tmp_path: Path) -> None:
    """Whichever byte is changed, the file is refused or read; a zip archive of other things is refused."""
    path, rng = book(tmp_path / "a.xlsx", ("a", "y"), *((i, i * i) for i in range(9))), random.Random(1)
    content, refused = path.read_bytes(), 0
    for _ in range(150):
        at = rng.randrange(len(content))
        path.write_bytes(content[:at] + bytes([content[at] ^ 1 << rng.randrange(8)]) + content[at + 1 :])
        try:
            read_table(path, None, ["y"])
        except DataError as error:
            refused += len(error.complaints) == 1
    assert refused > 20
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", "b")
    assert complaints(path, None, ["y"])[0].startswith("F: must be an .xlsx file that can be read (")


def test_a_sheet_of_endless_rows(tmp_path: Path) -> None:
    """What a file says of a row's number does not make it longer than Excel's own."""
    path = book(tmp_path / "a.xlsx", ("a", "y"), (1, 2))
    patched(path, b'<row r="2"', b'<row r="99999999999"')
    (found,) = complaints(path, None, ["y"])
    assert found.startswith("F: must be an .xlsx file that can be read (a sheet has at most 1,048,576 rows)")


def test_init_and_run(tmp_path: Path) -> None:
    """A spreadsheet has its config, and its run."""
    path = book(tmp_path / "a.xlsx", ("size", "price"), *((i, 3 * i + i % 5) for i in range(1, 20)))
    _, sweep, _ = write_scaffold(tmp_path, data=str(path), x=[], y=["price"], name=None)
    assert ls.run(sweep, out=tmp_path / "r", overrides=["training.epochs=1"]).finished
