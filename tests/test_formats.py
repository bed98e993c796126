"""Facts about tables as text; the oracles are pandas's and json's own readers."""

import csv
import io
import json
import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linreg_sweep.analysis.formats import GAP, as_lines, as_text, frame_of, widths
from linreg_sweep.commands.options import FORMATS

FRAME = pd.DataFrame(
    {
        "trial": np.arange(4, dtype=np.int64),
        "cost": [0.1 + 0.2, np.inf, -np.inf, np.nan],
        "outcome": pd.Categorical(["converged", None, "diverged", "diverged"]),
        "converged_at": pd.array([2**53 + 1, None, 0, None], dtype="Int64"),
        "text": ["plain", 'a, "b"', "c|d", None],
    }
)


def test_csv_comes_back_exactly() -> None:
    """Every float is read back to the bit, infinities are inf, missing is empty, text is quoted."""
    text = as_text(FRAME, "csv")
    assert text.splitlines() == [
        "trial,cost,outcome,converged_at,text",
        "0,0.30000000000000004,converged,9007199254740993,plain",
        '1,inf,,,"a, ""b"""',
        "2,-inf,diverged,0,c|d",
        "3,,diverged,,",
    ]
    cells = [row["cost"] for row in csv.DictReader(io.StringIO(text))]
    assert [float(cell) for cell in cells[:3]] == FRAME["cost"].tolist()[:3]


def test_json_comes_back_exactly() -> None:
    """It is strict JSON: a list of records, missing is null, infinities are text."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    records = json.loads(as_text(FRAME, "json"), parse_constant=refuse)
    assert records == [
        {
            "trial": 0,
            "cost": 0.1 + 0.2,
            "outcome": "converged",
            "converged_at": 2**53 + 1,
            "text": "plain",
        },
        {"trial": 1, "cost": "Infinity", "outcome": None, "converged_at": None, "text": 'a, "b"'},
        {"trial": 2, "cost": "-Infinity", "outcome": "diverged", "converged_at": 0, "text": "c|d"},
        {"trial": 3, "cost": None, "outcome": "diverged", "converged_at": None, "text": None},
    ]
    assert isinstance(records[0]["trial"], int)
    assert [float(record["cost"]) for record in records[1:3]] == [math.inf, -math.inf]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=10))
def test_any_float_comes_back_from_csv_and_json(numbers: list[float]) -> None:
    """To the bit, the sign of zero and the smallest of all included."""
    frame = pd.DataFrame({"v": np.array(numbers)})
    bits = frame["v"].to_numpy().tobytes()
    _, *lines = as_text(frame, "csv").splitlines()
    assert np.array([float(line) for line in lines]).tobytes() == bits
    records = json.loads(as_text(frame, "json"))
    assert np.array([float(record["v"]) for record in records]).tobytes() == bits


def test_a_table_for_people_is_aligned() -> None:
    """Numbers to the right with six digits, words to the left, missing empty."""
    frame = pd.DataFrame(
        {"name": ["a", "longer"], "cost": [1 / 3, np.nan], "at": pd.array([None, 12], "Int64")}
    )
    assert as_text(frame, "table").splitlines() == [
        "name        cost    at",
        "------  --------  ----",
        "a       0.333333",
        "longer              12",
    ]


def test_whole_numbers_keep_all_their_digits() -> None:
    """Six digits are for measurements; a count is shown whole."""
    frame = pd.DataFrame({"n": [12345678], "m": pd.array([87654321], "Int64"), "x": [12345678.0]})
    assert as_text(frame, "table").splitlines()[-1].split() == ["12345678", "87654321", "1.23457e+07"]


def test_markdown_is_a_markdown_table() -> None:
    """Head, rule and rows between bars, numbers aligned to the right."""
    lines = as_text(FRAME[["trial", "outcome"]].head(2), "markdown").splitlines()
    assert [line.replace(" ", "") for line in lines] == [
        "|trial|outcome|",
        "|---------|-----------|",
        "|0|converged|",
        "|1||",
    ]


def test_a_bar_in_a_cell_does_not_end_it_in_markdown() -> None:
    """Columns of a person's file can have any name."""
    lines = as_text(pd.DataFrame({"weight_a|b": ["c|d"]}), "markdown").splitlines()
    for line in (lines[0], lines[2]):
        assert line.replace(r"\|", "").count("|") == 2


@pytest.mark.parametrize("style", FORMATS)
def test_a_table_without_rows_has_its_names(style: str) -> None:
    """Every format can say that there is nothing."""
    text = as_text(FRAME.iloc[:0], style)
    if style == "json":
        assert json.loads(text) == []
    else:
        assert all(str(name) in text.splitlines()[0] for name in FRAME)
    assert not text.endswith("\n")


@pytest.mark.parametrize("style", FORMATS)
def test_a_table_is_not_changed_by_being_shown(style: str) -> None:
    """What is shown stays as it is."""
    before = FRAME.copy()
    as_text(FRAME, style)
    pd.testing.assert_frame_equal(before, FRAME)


def test_widths_are_those_of_the_table() -> None:
    """Of the columns that are shown; with the gaps they make up a line."""
    frame = FRAME.assign(nothing=None)
    found = widths(frame)
    assert list(found) == list(FRAME)
    rule = as_text(frame, "table").splitlines()[1]
    assert sum(found.values()) + GAP * (len(found) - 1) == len(rule)


def test_a_row_is_a_line_for_each_value() -> None:
    """Name and value, aligned, six digits, without those that are missing."""
    frame = pd.DataFrame({"n": [12345678], "longer": [1 / 3], "none": [np.nan], "word": ["a b"]})
    assert as_lines(frame.iloc[0]).splitlines() == ["n       12345678", "longer  0.333333", "word    a b"]


def test_records_keep_their_whole_numbers() -> None:
    """A count that is missing of one record turns no other into 9.0."""
    frame = frame_of([{"name": "a", "n": 9}, {"name": "b"}], ["name", "n"], ["n"])
    assert as_text(frame, "csv") == "name,n\na,9\nb,"
    assert list(frame_of([], ["name", "n"], ["n"])) == ["name", "n"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+cmd", "@SUM(A1)", "-10 to 0)+cmd"])
def test_text_that_a_spreadsheet_would_run_is_escaped_in_csv(text: str) -> None:
    """In cells and in names of columns; a quote before it makes it text."""
    written = as_text({text: [text]}, "csv")
    assert list(csv.reader(io.StringIO(written, newline=""))) == [[f"'{text}"], [f"'{text}"]]


def test_numbers_and_ranges_are_left_as_they_are_in_csv() -> None:
    """They begin with a minus and run nothing."""
    assert as_text({"a": [-1.5, -math.inf], "b": ["-10 to -1e-05", "low"]}, "csv").splitlines()[1:] == [
        "-1.5,-10 to -1e-05",
        "-inf,low",
    ]


def test_latex_is_a_table_of_booktabs() -> None:
    """With what LaTeX would take for its own escaped."""
    lines = as_text({"learning_rate": [0.1], "x & y": ["50 %"]}, "latex").splitlines()
    assert lines[1] == r"\toprule"
    assert r"learning\_rate & x \& y" in lines[2]
    assert r"50 \%" in lines[4]


def test_two_values_of_a_hyperparameter_never_look_alike() -> None:
    """As many digits as it takes, for people too; what was measured keeps its six."""
    close = {
        "learning_rate": [0.3, 0.1 + 0.2, 1.0],
        "initial_weight_x": [1 / 3, 1 / 3 + 1e-9, -2.0],
        "average.decay": [0.9999999, 0.99999991, 0.5],
        "beta2": [0.9999999, 0.99999991, 0.5],
    }
    text = as_text(close | {"cost": [0.3, 0.1 + 0.2, 1.0]}, "table")
    assert [line.split() for line in text.splitlines()[2:]] == [
        ["0.3", "0.333333333", "0.9999999", "0.9999999", "0.3"],
        ["0.30000000000000004", "0.333333334", "0.99999991", "0.99999991", "0.3"],
        ["1", "-2", "0.5", "0.5", "1"],
    ]


def test_whole_numbers_have_no_point() -> None:
    """Whatever type holds them; what an integer cannot say stays a float: -0.0, and what is huge."""
    numbers = [7.0, -2.0, 0.0, -0.0, 2.0**53, 1e300, 0.5]
    written = ["7", "-2", "0", "-0.0", "9007199254740992.0", "1e+300", "0.5"]
    assert as_text({"v": numbers}, "csv").splitlines()[1:] == written
    assert re.findall(r": (.*)\n", as_text({"v": numbers}, "json")) == written


@pytest.mark.parametrize("style", [*FORMATS, "latex"])
def test_no_reader_of_a_table_obeys_its_text(style: str) -> None:
    """Marks of direction, bells and line ends of any kind are escapes in cells and names, in a pipe too."""
    hostile = "a\u202eb\x07c\nd\u2028e\u2029f\x85g\x1b[2J"
    text = as_text({hostile: [hostile, "x"], "n": [1, 2]}, style)
    assert not set(hostile) - set("abcdefg[2J\n") & set(text)
    assert len(text.splitlines()) == len(as_text({"m": ["y", "x"], "n": [1, 2]}, style).splitlines())


def test_markup_is_text_in_markdown() -> None:
    """No tag, link, picture or emphasis begins in a cell or a name."""
    hostile = "<script>alert(1)</script>&[x](y)![p](q)*b*`c`|\\"
    lines = as_text({hostile: [hostile]}, "markdown").splitlines()
    for line in (lines[0], lines[2]):
        cell = line.strip("|").strip()
        assert cell == (r"&lt;script&gt;alert(1)&lt;/script&gt;&amp;\[x\](y)!\[p\](q)\*b\*\`c\`\|\\")
