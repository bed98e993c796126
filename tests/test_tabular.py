"""Facts about data files of either kind: where they are, which of their columns are read, and how."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from linreg_sweep.tabular import read_table
from tests.data_files import FILL, MEND, complaints, read, save, write

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
    "twice": (["size", "size"], ["price"], ["F:1: each column must be named once, got 'size' in x 2 times"]),
    "no x": ([], ["price"], ["F:1: x must name at least one column. Hint: leave x out to use all columns"]),
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
        f"F: data must be a file, but none has this name. {hint}"
    ]
    (tmp_path / "empty").mkdir()
    (found,) = complaints(tmp_path / "empty", None, ["y"])
    assert found.startswith(
        "F: a folder of data must have files in .csv, .tsv, .txt (or .gz of these), .parquet"
    )
    nowhere = tmp_path / "none" / "a.csv"
    assert complaints(nowhere, None, ["y"]) == [
        f"F: data must be a file, but none has this name. Hint: there is no folder '{nowhere.parent}' either"
    ]
    assert complaints(write(tmp_path / "a.ods", "x"), None, ["y"]) == [
        "F: data files must end in .csv, .tsv, .txt (or .gz of these), .parquet, .pq or .xlsx, got '.ods'"
    ]


def test_a_path_that_no_system_takes(tmp_path: Path) -> None:
    """A path too long to be one is a complaint in the system's words."""
    (found,) = complaints(tmp_path / f"{'a' * 300}.csv", None, ["y"])
    assert found.startswith("F: data must be a file that can be read: [Errno ")


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
        "left out, numbers written like '01234' are not understood: zip",
        "left out, empty: none",
    )


def test_one_text_column_left_out(tmp_path: Path) -> None:
    """The note about one text column is in the words of the contract."""
    assert read(tmp_path, "species,x,y\nAdelie,1,2\n").notes == ("left out, not numeric: species",)


def test_columns_without_a_name_of_their_own_are_told_by_their_place(tmp_path: Path) -> None:
    """In what is said of their names, of their cells, and of those that are left out."""
    path = write(tmp_path / "a.csv", ",a,a,y\n0,1,2,3\n1,q,,4\n")
    assert complaints(path, None, ["y"]) == [
        "F:1: column 1 has no name. Hint: leave it out by naming the others, x: [a], "
        "or give it one in the first line",
        "F:1: column names must differ, columns 2 and 3 are called 'a'. "
        "Hint: give each a name of its own in the first line",
        f"F:3: row 2 of column 2 ('a') must be a number, got 'q'. Hint: {MEND}",
        f"F:3: row 2 of column 3 ('a') must be a number, the cell is empty. Hint: {FILL}",
    ]
    path = write(tmp_path / "a.csv", ",a,y\n0,1,3\n?,2,4\n")
    assert complaints(path, None, ["y"])[1:] == [
        f"F:3: row 2 of column 1 (without a name) must be a number, got '?'. Hint: {MEND}"
    ]
    table = read(tmp_path, "a,b,b,y\n1,u,v,3\n2,u,v,4\n")
    assert table.notes == ("left out, not numeric: column 2 ('b'), column 3 ('b')",)


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


def test_chosen_columns_keep_their_order(tmp_path: Path) -> None:
    """Columns come in the order in which they were chosen, and others may hold anything."""
    table = read(tmp_path, b"a,b,y,note\n1,2,3,\xe9\n4,5,6,\n", ["b", "a"])
    assert table.x.tolist() == [[2.0, 1.0], [5.0, 4.0]]
    assert table.x_names == ("b", "a")
    assert table.notes == ()
    assert table.x.flags.c_contiguous


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
