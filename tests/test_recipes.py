"""Facts about files that are written otherwise: what an error says of the format or of pandas is tried."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import linreg_sweep as ls
from linreg_sweep.config import load_config
from linreg_sweep.data import from_arrays
from linreg_sweep.errors import DataError
from linreg_sweep.tabular.table import read_table
from linreg_sweep.trials.loading import load_data

ROWS = [(1.5, 1234.5, 3.0), (2.25, 7578.0, 4.5), (0.125, 1000000.0, 6.0), (3.0, 2.5, 7.0)]


def german(number: float) -> str:
    """Returns a number with points between thousands and a comma before decimals."""
    return f"{number:,}".translate(str.maketrans(",.", ".,"))


def lines(separator: str, shown: str = "plain", quote: str = "", head: str = "größe") -> str:
    """Returns the rows as a file has them."""
    ways: dict[str, Callable[[float], str]] = {
        "plain": str,
        "german": german,
        "comma": lambda number: str(number).replace(".", ","),
        "thousands": lambda number: f"{number:,}",
    }
    rows = [separator.join(f"{quote}{ways[shown](cell)}{quote}" for cell in row) for row in ROWS]
    return "\n".join([separator.join([head, "b", "y"]), *rows]) + "\n"


FILES: dict[str, Any] = {
    "semicolons.csv": lines(";"),
    "german.csv": lines(";", "german"),
    "tabs.csv": lines("\t"),
    "bars.csv": lines("|"),
    "quoted.csv": lines(",", "comma", '"'),
    "thousands.csv": lines(",", "thousands", '"'),
    "table.tsv": lines("\t", "comma"),
    "table.txt": lines(";", "german"),
    "latin.csv": lines(",").encode("latin-1"),
    "german_latin.csv": lines(";", "german").encode("latin-1"),
    "utf16.csv": lines(",").encode("utf-16"),
}


def refused(name: str) -> str:
    """Returns all that is said of a file that is refused."""
    with pytest.raises(DataError) as caught:
        read_table(Path(name), ["größe", "b"], ["y"])
    return str(caught.value)


@pytest.mark.parametrize("name", ["quoted.csv", "rows.json"])
def test_what_an_error_says_of_pandas_makes_a_file_that_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """With the numbers that were meant, in all columns."""
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame(ROWS, columns=["größe", "b", "y"])
    match name:
        case "rows.json":
            frame.to_json(name, orient="records")
        case _:
            Path(name).write_text(FILES[name], encoding="utf-8")
    (line,) = re.findall(r"pd\.read_.*?index=False\)", refused(name))
    exec(line, {"pd": pd})
    written = re.findall(r"to_csv\('(.*?)'", line)[0]
    table = read_table(Path(written), ["größe", "b"], ["y"])
    np.testing.assert_array_equal(np.column_stack([table.x, table.y]), ROWS)


@pytest.mark.parametrize("name", [name for name in FILES if name != "quoted.csv"])
def test_what_an_error_says_of_the_format_is_how_the_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """In one try, with the numbers that were meant, in all columns."""
    monkeypatch.chdir(tmp_path)
    content = FILES[name]
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    (said,) = re.findall(r"data\.format: (\{.*?\})", refused(name))
    config = tmp_path / "a.yaml"
    config.write_text(f"data: {{path: {name}, x: [größe, b], y: y, format: {said}}}\n", encoding="utf-8")
    data = load_data(load_config(config))
    np.testing.assert_array_equal(np.column_stack([data.x[:], data.y[:]]), ROWS)


def test_one_hint_is_right_for_all_cells_of_a_file(tmp_path: Path) -> None:
    """Where one column shows that commas are decimal points, those of another are no thousands."""
    file = tmp_path / "a.csv"
    for cells, said in (
        (('"2,6"', '"7,578"'), "commas mark decimals here"),
        (('"1,234,567"', '"7,578"'), "commas separate thousands here"),
        (('"7,578"', '"1,234"'), "7,578 may be 7.578 or 7578"),
        (('"2,6"', '"1,234,567"'), "they do both here"),
    ):
        file.write_text(f"a,b,y\n{','.join(cells)},1\n{','.join(cells)},2\n")
        with pytest.raises(DataError) as caught:
            read_table(file, ["a", "b"], ["y"])
        first, second = caught.value.complaints
        assert said in first.hint
        assert second.hint == ""


def test_all_that_is_wrong_with_a_file_is_said_at_once(tmp_path: Path) -> None:
    """Names that are not there, given twice or missing, and cells that are no numbers."""
    file = tmp_path / "a.csv"
    file.write_text("a,b,b,,y\n1,2,3,4,5\nx,2,3,4,\n")
    with pytest.raises(DataError) as caught:
        read_table(file, ["a", "b", "c"], ["y"])
    said = [each.text for each in caught.value.complaints]
    assert said[0] == "column names must differ, columns 2 and 3 are called 'b'"
    assert said[1].startswith("x must name columns of the file, got 'c'")
    assert said[2:] == [
        "row 2 of column 'a' must be a number, got 'x'",
        "row 2 of column 'y' must be a number, the cell is empty",
    ]
    file.write_text("y,b,c,,a\n1,2,3,4,\n2,3,4,5,\n")
    with pytest.raises(
        DataError, match=r"column 4 has no name. Hint: leave it out by naming the others, x: \[b, c\]"
    ):
        read_table(file, None, ["y"])


@pytest.mark.parametrize(
    ("x", "y"), [((1, 500), (500,)), ((3, 500), (500, 1)), ((500, 2), (1, 500)), ((1, 500), (1, 500))]
)
def test_arrays_on_their_side_are_named_and_turned(x: tuple[int, ...], y: tuple[int, ...]) -> None:
    """What the hint says to write is what `run` then takes."""
    given = {"x": np.random.default_rng(1).normal(size=x), "y": np.random.default_rng(2).normal(size=y)}
    sweep = {"name": "a", "method": "grid", "parameters": {"learning_rate": 0.01}}
    with pytest.raises(DataError, match="transpose") as caught:
        ls.run(sweep, data=(given["x"], given["y"]))
    for name in re.findall(r"\b([xy])\.T\b", caught.value.complaints[0].hint):
        given[name] = given[name].T
    assert len(from_arrays(given["x"], given["y"]).x) == 500
