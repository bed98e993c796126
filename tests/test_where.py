"""Facts about comparisons: those that hold are pandas's own masks, and nothing else is understood."""

import json
import math
import operator as op
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linreg_sweep.analysis.where import where
from linreg_sweep.errors import ConfigError
from tests.words import CATEGORIES, EVENTS

FACTS = json.loads((Path(__file__).parent / "facts" / "comparisons.json").read_text(encoding="utf-8"))
"""A table, and comparisons over it with the trials they keep or what is said of them; the page is held to
the same in test_where_in_browser.py. The rows were those of pandas's own masks."""


def column(name: str, cells: list[Any]) -> Any:
    """Returns a column as the trials table has it."""
    if name in FACTS["words"]:
        return pd.Categorical(cells, categories=FACTS["words"][name])
    if name in CATEGORIES:
        return pd.Categorical(cells, categories=["converged", "unfinished", "diverged"])
    return (
        pd.array(cells, "Int64")
        if name in EVENTS
        else [math.inf if cell == "Infinity" else cell for cell in cells]
    )


FRAME = pd.DataFrame({name: column(name, cells) for name, cells in FACTS["columns"].items()})


def test_each_comparison_keeps_its_rows_or_is_refused_at_its_place() -> None:
    """A complaint says at which character what was expected; a bad one keeps no row without a word."""
    for case in FACTS["cases"]:
        found: dict[str, Any] = {"where": case["where"]}
        try:
            found["rows"] = where(FRAME, case["where"])["trial"].tolist()
        except ConfigError as error:
            found["error"] = error.complaints[0].text
        assert found == case


def test_a_hint_says_what_to_write() -> None:
    """Where another language was written, or a word is nearly one that is possible."""
    cases: list[tuple[str, str]] = [
        ("trail < 3", "did you mean 'trial'?"),
        ("outcome == convergd", "did you mean 'converged'?"),
        ("trial == '3'", "write 3 without quotes"),
        ("cost > -inf", "write -.inf"),
        ("converged_at == null", "write converged_at != converged_at for what is missing"),
        ("trial < 3 && cost < 1", "write and"),
        ("weight_my size > 1", "write `weight_my size`, with its backquotes"),
        ("schedule.gamma 1", ""),
        ("trial < 010", "write 10, 0o10 for octal or '010' in quotes for text"),
    ]
    for text, hint in cases:
        with pytest.raises(ConfigError) as caught:
            where(FRAME, text)
        assert caught.value.complaints[0].hint == hint
        assert caught.value.complaints[0].where == f"--where {text!r}"


def test_an_unknown_word_lists_those_that_are_possible() -> None:
    """The columns; of a column of categories its words stand in the complaint itself."""
    with pytest.raises(ConfigError, match=f"known here: {', '.join(sorted(FACTS['columns']))}"):
        where(FRAME, "zzz < 1")


def test_no_text_is_a_crash() -> None:
    """However deep or long it is, there are rows or a complaint."""
    for text in (
        "not " * 490 + "trial < 1",
        "-" * 1900 + "1 < trial",
        " or ".join(["trial < 1"] * 150),
        "trial < 1" + " < 2" * 490,
        "[" * 150 + "]" * 150 + " < trial",
        "trial < " + "9" * 1900,
        "learning_rate < " + "9" * 1900,
        "trial < 1e" + "9" * 1900,
        "trial < " + "x" * 1900,
    ):
        with suppress(ConfigError):
            assert set(where(FRAME, text)["trial"]) <= set(FRAME["trial"])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(alphabet="trialcost <>=!()[]'\"0123456789.eE-+nodr\\{}:,", max_size=40))
def test_random_text_is_no_crash(text: str) -> None:
    """Nor is any mixture of what comparisons are made of."""
    with suppress(ConfigError):
        where(FRAME, text)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.floats(allow_nan=False), st.sampled_from(["<", "<=", ">", ">=", "==", "!="]))
def test_every_float_is_compared_exactly(number: float, sign: str) -> None:
    """A number written as Python writes it is compared to the bit."""
    text = repr(number).replace("inf", ".inf")
    column = pd.DataFrame({"v": [number, math.nextafter(number, 0), 0.0, math.inf, math.nan]})
    compare = {"<": op.lt, "<=": op.le, ">": op.gt, ">=": op.ge, "==": op.eq, "!=": op.ne}[sign]
    expected = [row for row, value in enumerate(column["v"].tolist()) if compare(value, number)]
    assert where(column, f"v {sign} {text}").index.tolist() == expected


def test_a_table_without_rows_stays_one() -> None:
    """Nothing is left of nothing, and its columns are."""
    assert list(where(FRAME.iloc[:0], "trial < 3 and outcome == converged")) == list(FRAME)
