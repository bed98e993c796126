"""Facts about formats that `init` finds out; the oracle is what the files were written of."""

import gzip
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from linreg_sweep.config import load_config
from linreg_sweep.errors import ConfigError, DataError
from linreg_sweep.scaffold.files import write_scaffold
from linreg_sweep.tabular.sniffing import find_format
from linreg_sweep.text_format import TextFormat, as_declared
from linreg_sweep.trials.loading import load_data
from tests.data_files import write

RANDOM = np.random.default_rng(3)
AREA, RENT = RANDOM.uniform(20, 200, 40).round(2), RANDOM.uniform(1000, 90000, 40).round(1)
FRAME = pd.DataFrame({"Fläche": AREA, "rent": RENT, "y": (3 * AREA + RENT / 500).round(3)})

Shown = Callable[[float], str]


def marked(decimal: str, thousands: str = "") -> Shown:
    """Returns how numbers are shown with these marks."""
    return lambda number: f"{number:,}".replace(",", "T").replace(".", decimal).replace("T", thousands)


def lines(
    separator: str, shown: Shown = str, quote: str = "", *, header: bool = True, end: str = "\n"
) -> str:
    """Returns the rows of FRAME as text, with or without its names."""
    rows = [[*FRAME]] * header + [[shown(float(cell)) for cell in row] for row in FRAME.to_numpy()]
    return end.join([*(separator.join(f"{quote}{cell}{quote}" for cell in row) for row in rows), ""])


BLANKS = "\n".join("  " + line.replace("|", "   ") for line in lines("|", header=False).splitlines())

FILES: dict[str, tuple[str | bytes, dict[str, object], str]] = {
    "semicolons.csv": (
        lines(";", marked(",")),
        {"separator": ";", "decimal": ","},
        "values separated by semicolons, a comma before decimals",
    ),
    "german.csv": (
        lines(";", marked(",", ".")).encode("latin-1"),
        {"separator": ";", "decimal": ",", "thousands": ".", "encoding": "latin-1"},
        "values separated by semicolons, a comma before decimals, points between thousands, "
        "letters in latin-1",
    ),
    "swiss.csv": (
        lines(";", marked(".", "'")),
        {"separator": ";", "thousands": "'"},
        "values separated by semicolons, apostrophes between thousands",
    ),
    "french.csv": (
        lines(";", marked(",", "\u202f")),
        {"separator": ";", "decimal": ",", "thousands": " "},
        "values separated by semicolons, a comma before decimals, blanks between thousands",
    ),
    "english.csv": (lines(",", marked(".", ","), '"'), {"thousands": ","}, "commas between thousands"),
    "points.csv": (lines(";"), {"separator": ";"}, "values separated by semicolons"),
    "tabs.tsv": (lines("\t"), {}, ""),
    "tabs.txt": (
        lines("\t", marked(",")),
        {"separator": "\t", "decimal": ","},
        "values separated by tabs, a comma before decimals",
    ),
    "blanks.txt": (
        BLANKS,
        {"separator": " ", "header": False},
        "values separated by blanks, no header, so that columns are called column_1, column_2, ...",
    ),
    "bars.txt": (lines("|"), {"separator": "|"}, "values separated by bars"),
    "headless.csv": (
        lines(",", header=False),
        {"header": False},
        "no header, so that columns are called column_1, column_2, ...",
    ),
    "mark.csv": (
        b"\xef\xbb\xbf" + lines(";", marked(","), end="\r\n").encode(),
        {"separator": ";", "decimal": ","},
        "values separated by semicolons, a comma before decimals",
    ),
    "returns.csv": (lines(",", end="\r"), {}, ""),
    "quoted.csv": (lines(",", quote='"'), {}, ""),
    "spaced.csv": (lines(", "), {}, ""),
    "packed.csv.gz": (gzip.compress(lines(",").encode()), {}, ""),
    "packed.tsv.gz": (
        gzip.compress(lines("\t", marked(",")).encode()),
        {"decimal": ","},
        "a comma before decimals",
    ),
    "wide.txt": (
        lines("\t").encode("utf-16"),
        {"separator": "\t", "encoding": "utf-16"},
        "values separated by tabs, letters in utf-16",
    ),
}
"""Files of FRAME, the format each has, and the sentence on it."""


@pytest.mark.parametrize("name", FILES)
def test_the_format_is_found_written_and_said(name: str, tmp_path: Path) -> None:
    """The config of `init` reads the very numbers; one sentence says how, none where all is as usual."""
    content, form, said = FILES[name]
    path = write(tmp_path / name, content if isinstance(content, bytes) else content.encode())
    target = "y" if form.get("header", True) else "column_3"
    config, _, notes = write_scaffold(tmp_path, data=str(path), x=[], y=[target], name="a")
    declared = yaml.safe_load(config.read_text(encoding="utf-8"))["data"]
    assert declared.get("format", {}) == form
    assert notes == ((f"found: {said} (data.format says so)",) if said else ())
    assert (f"# Found: {said}" in config.read_text(encoding="utf-8")) == bool(said)
    data = load_data(load_config(config))
    np.testing.assert_array_equal(np.column_stack([data.x[:], data.y[:]]), FRAME.to_numpy())
    if target == "y":
        assert [*data.x_names, *data.y_names] == [*FRAME]


def scaffold(
    folder: Path, text: str, *, y: str = "y", missing: tuple[str, ...] = ()
) -> tuple[Path, list[str]]:
    """Returns the config that `init` writes of a file, and its notes."""
    path = write(folder / "a.csv", text)
    config, _, notes = write_scaffold(folder, data=str(path), x=[], y=[y], name="a", missing=missing)
    return config, list(notes)


def test_rows_that_miss_a_cell_are_left_out_and_counted(tmp_path: Path) -> None:
    """Markers are found; -200 is one only if asked; a column that misses many cells is left out instead."""
    rows = [
        f"{i * i % 7},{'?' if i == 3 else i % 5},{i if i % 2 else ''},{-200 if i == 8 else i},{i * i % 11}"
        for i in range(40)
    ]
    text = "\n".join(["a,b,c,d,y", *rows, ""])
    config, notes = scaffold(tmp_path, text)
    assert notes == [
        "found: ? in missing cells (data.format says so)",
        "left out, 20 of 40 cells are not numbers: c",
        "left out, a cell missing: 1 of 40 rows (b 1)",
    ]
    block = yaml.safe_load(config.read_text())["data"]
    assert block["format"] == {"missing": ["?"]}
    assert (block["missing"], block["x"]) == ("drop", ["a", "b", "d"])
    assert len(load_data(load_config(config)).x) == 39
    (tmp_path / "asked").mkdir()
    config, notes = scaffold(tmp_path / "asked", text, missing=("-200",))
    assert notes[-1] == "left out, a cell missing: 2 of 40 rows (b 1, d 1)"
    assert yaml.safe_load(config.read_text())["data"]["format"] == {"missing": ["-200", "?"]}


def test_cells_that_only_columns_left_out_miss_cost_no_row(tmp_path: Path) -> None:
    """A constant column with a gap goes, and its rows stay."""
    rows = [f"{i * i % 7},{'' if i == 3 else 5},{i}" for i in range(30)]
    config, notes = scaffold(tmp_path, "\n".join(["a,b,y", *rows, ""]))
    assert notes == ["left out, the same in all rows: b"]
    assert "missing" not in yaml.safe_load(config.read_text())["data"]
    assert len(load_data(load_config(config)).x) == 30


def test_columns_without_a_name_of_their_own_are_left_out_by_their_place(tmp_path: Path) -> None:
    """The index that pandas writes; columns without a name, and those that share one."""
    FRAME.to_csv(tmp_path / "index.csv")
    config, _, notes = write_scaffold(tmp_path, data=str(tmp_path / "index.csv"), x=[], y=["y"], name=None)
    assert notes == ("left out, the table's index: column 1, which has no name",)
    assert yaml.safe_load(config.read_text(encoding="utf-8"))["data"]["x"] == ["Fläche", "rent"]
    rows = [f"{i % 3},{i * i % 5},{i % 7},{i % 4},{i}," for i in range(30)]
    _, notes_of_many = scaffold(tmp_path, "\n".join(["b,b,,a,y,", *rows, ""]))
    assert notes_of_many == [
        "left out, without a name of its own: column 1 ('b'), column 2 ('b'), column 3, which has no name",
        "left out, empty: column 6, which has no name",
    ]


def test_a_first_row_that_holds_what_a_person_names_is_a_header(tmp_path: Path) -> None:
    """Though it be years; without these names a first row of numbers above numbers is data."""
    rows = [f"{i % 7},{i * i % 5},{i}" for i in range(30)]
    text = "\n".join(["1990,1991,1992", *rows, ""])
    config, notes = scaffold(tmp_path, text, y="1992")
    assert "format" not in yaml.safe_load(config.read_text())["data"]
    assert notes == ["the first row (1990, 1991, 1992) was taken as column names"]
    with pytest.raises(DataError, match=r"got 'price'\. Hint: the file has no header; known here: column_1"):
        scaffold(tmp_path, text, y="price")


def test_what_cannot_be_known_is_not_guessed(tmp_path: Path) -> None:
    """A comma that may be either, and blanks within cells, in a file of tabs; commas that are both."""
    for text, form in (
        ("a\ty\n1,234\t1\n5,678\t2\n", {"separator": "\t"}),
        ("ad spend\ty\n350 EUR\t1\n20 EUR\t2\n", {"separator": "\t"}),
        ("a\tb\ty\n1,234\t1.5\t1\n5,678\t2\t2\n", {"separator": "\t", "thousands": ","}),
        ("a;y\n1,234;1\n5,678;2\n", {"separator": ";", "decimal": ","}),
        ('a,y\n"1,234",1\n"5,678",2\n', {"thousands": ","}),
        ('a,b,y\n"1,5","1,234,567",1\n"2,5","1,234,567",2\n', {}),
        ("a\n1\n2\n", {"header": True}),
        ("", {}),
        ("\n\n", {}),
    ):
        path = write(tmp_path / "a.csv", text)
        assert find_format(path) == TextFormat.model_validate(form), text


@pytest.mark.system
def test_no_file_takes_long_to_look_at(tmp_path: Path) -> None:
    """Long cells, one line, quotation marks left open, bytes of any kind."""
    rng = np.random.default_rng(0)
    for content in (
        b"x,y\n" + b"1" * 2**22,
        b"x,y\n" + b"1,." * 2**20,
        b"x;y\n" + (b"1" * 100_000 + b"x;1\n") * 40,
        b"x;y\n" + (b"1." * 60_000 + b"x;1\n") * 40,
        b'x,y\n"' + b"1\n" * 2**21,
        b" " * 2**22,
        b"1 " * 2**21,
        rng.bytes(2**22),
        b"a,b\n" + b"1,2\n" * 2**20,
    ):
        path = write(tmp_path / "a.csv", content)
        start = time.process_time()
        find_format(path)
        assert time.process_time() - start < 10


def test_what_stands_in_missing_cells_must_be_text_that_can_be_declared(tmp_path: Path) -> None:
    """And goes with a file."""
    for marker in (" x", ""):
        with pytest.raises(ConfigError, match="--missing: must"):
            scaffold(tmp_path, "a,y\n1,2\n", missing=(marker,))
    with pytest.raises(ConfigError, match="--missing: applies to --data only"):
        write_scaffold(tmp_path, data=None, x=[], y=[], name=None, missing=("?",))


def test_a_format_is_declared_as_yaml_reads_it() -> None:
    """Whatever its marks are."""
    form = TextFormat(
        separator="\t",
        decimal=",",
        thousands="'",
        encoding="utf-16",
        header=False,
        missing=("?", "\\N", "no", "-200", '"', "é"),
    )
    assert TextFormat.model_validate(yaml.safe_load(as_declared(form))) == form
    assert as_declared(TextFormat()) == "{}"
