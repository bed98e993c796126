"""Facts about data in several files, which are read as one table; the oracle is one file with all rows."""

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import linreg_sweep as ls
from linreg_sweep.scaffold.files import write_scaffold
from linreg_sweep.tabular import read_table
from linreg_sweep.text_format import TextFormat
from tests.data_files import complaints, save, write

ROWS = [f"{i}.5,{i % 7},{3 * i}" for i in range(30)]


def in_one(folder: Path, name: str = "whole.csv") -> Path:
    """Returns a file of all rows."""
    return write(folder / name, "\n".join(["a,b,y", *ROWS, ""]))


def split(folder: Path, *names: str) -> Path:
    """Returns a folder of as many files, each with a header and its share of the rows."""
    folder.mkdir()
    for name, rows in zip(names, np.array_split(ROWS, len(names)), strict=True):
        content = "\n".join(["a,b,y", *rows, ""]).encode()
        write(folder / name, gzip.compress(content) if name.endswith("gz") else content)
    return folder


def test_files_of_text_are_one_table(tmp_path: Path) -> None:
    """By their names, packed or not; what programs keep beside them for themselves is no data."""
    folder = split(tmp_path / "parts", "c.csv.gz", "a.csv", "b.csv")
    write(folder / "_SUCCESS", "")
    write(folder / ".a.csv.crc", "x")
    rows = [row.split(",") for row in (*ROWS[10:], *ROWS[:10])]
    for path in (folder, folder / "*.csv*"):
        table = read_table(path, None, ["y"])
        assert table.x.tolist() == [[float(a), float(b)] for a, b, _ in rows]
        assert table.y[:, 0].tolist() == [float(y) for *_, y in rows]


def test_files_of_parquet_are_one_table(tmp_path: Path) -> None:
    """And a pattern picks some of them; a letter of a pattern in the name of a file is one like others."""
    for number in (2, 10, 1):
        save(tmp_path / f"p{number}.pq", a=[1.0 * number, 2.0], y=[number, 5])
    assert read_table(tmp_path, None, ["y"]).x[:, 0].tolist() == [1, 2, 10, 2, 2, 2]
    assert read_table(tmp_path / "p[12].pq", None, ["y"]).x[:, 0].tolist() == [1, 2, 2, 2]
    save(tmp_path / "p[12].pq", a=[7.0], y=[1])
    assert read_table(tmp_path / "p[12].pq", None, ["y"]).x[:, 0].tolist() == [7]


def test_a_cell_is_named_by_its_file(tmp_path: Path) -> None:
    """By its row and line there, wherever that is among all."""
    write(tmp_path / "a.csv", "a,y\n1,2\n3,4\n")
    write(tmp_path / "b.csv", "a,y\n5,6\n\n7,q\n8,r\n")
    assert complaints(tmp_path, None, ["y"]) == [
        "F/b.csv:4: row 2 of column 'y' must be a number, got 'q' (and 1 more such cell)."
        " Hint: correct the cell, or choose other columns"
    ]
    for name, cells in (("a.parquet", [1.0, 2.0]), ("b.parquet", [3.0, float("nan")])):
        save(tmp_path / name, a=cells, y=[1, 2])
    (found,) = complaints(tmp_path / "*.parquet", None, ["y"])
    assert found.startswith(f"{tmp_path}/b.parquet: row 2 of column 'a' must be a number, the cell is")


def test_a_type_of_its_own_is_named(tmp_path: Path) -> None:
    """A column of text in one of the files is not left out in silence."""
    save(tmp_path / "a.parquet", a=[1.0], b=[1.0], y=[1])
    save(tmp_path / "b.parquet", a=["q"], b=[1.0], y=[1])
    assert complaints(tmp_path, None, ["y"]) == ["F: column 'a' must be numeric, its type is string"]


def test_other_columns(tmp_path: Path) -> None:
    """The first file that differs is named, and in what."""
    same = "must have the same columns in the same order as a.csv"
    write(tmp_path / "a.csv", "a,b,y\n1,2,3\n")
    write(tmp_path / "b.csv", "a,c,y\n1,2,3\n")
    assert complaints(tmp_path, None, ["y"]) == [f"F/b.csv:1: {same}: it lacks b and it has c besides"]
    write(tmp_path / "b.csv", "a,y,b\n1,2,3\n")
    write(tmp_path / "c.csv", "a,y\n1,2\n")
    assert complaints(tmp_path, None, ["y"]) == [
        f"F/b.csv:1: {same}: it has a, y, b",
        "F: so have 1 more files",
    ]


def test_what_stands_for_no_files(tmp_path: Path) -> None:
    """A folder without any, one of several kinds, and a pattern that matches nothing."""
    (tmp_path / "empty").mkdir()
    assert complaints(tmp_path / "empty", None, ["y"])[0].startswith(
        "F: a folder of data must have files in .csv"
    )
    write(tmp_path / "a.csv", "a,y\n1,2\n")
    save(tmp_path / "b.parquet", a=[1.0], y=[1])
    assert complaints(tmp_path, None, ["y"]) == [
        "F: files of one table must be of one kind, these end in .csv and .parquet."
        " Hint: name the ones you mean, as in *.csv"
    ]
    assert complaints(tmp_path / "c*.csv", None, ["y"])[0].startswith(
        "F: data must be files, but none has such a name"
    )


def test_a_run_of_several_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the directory of a run of one file, and can be verified and gone on with."""
    folder = split(tmp_path / "parts", "a.csv", "b.csv", "c.csv")
    sweep = {
        "name": "s",
        "method": "grid",
        "data": {"path": str(folder), "y": "y"},
        "training": {"epochs": 3},
    }
    sweep["parameters"] = {"learning_rate": {"values": [1e-4, 1e-3]}}
    run = ls.run(sweep, out=tmp_path / "r")
    sweep["data"] = {"path": str(in_one(tmp_path)), "y": "y"}
    assert ls.run(sweep, out=tmp_path / "r").path == run.path
    assert not ls.verify(run).mismatches


def test_init_finds_the_format_of_a_folder(tmp_path: Path) -> None:
    """And writes a config that can be read, with the folder or the pattern in it."""
    (tmp_path / "parts").mkdir()
    for name in ("a.txt", "b.txt"):
        write(tmp_path / "parts" / name, "".join(f"{i},5;{i * i};{i % 3}\n" for i in range(1, 9)))
    for data in ("parts", "parts/*.txt"):
        config, _, notes = write_scaffold(
            tmp_path, data=str(tmp_path / data), x=[], y=["column_2"], name=f"n{len(data)}"
        )
        assert any("semicolons" in note for note in notes)
        assert ls.train(config, overrides=["epochs=0"]).experiment.problem.n_rows == 16


def test_a_format_of_a_folder(tmp_path: Path) -> None:
    """Goes with each of its files."""
    for name in ("a.csv", "b.csv"):
        write(tmp_path / name, "a;y\n1,5;2\n")
    table = read_table(tmp_path, None, ["y"], form=TextFormat(separator=";", decimal=","))
    assert table.x.tolist() == [[1.5], [1.5]]
    parquet.write_table(pa.table({"a": [1.0], "y": [1.0]}), tmp_path / "c.parquet")
