"""Facts about comparisons: those that hold are pandas's own masks, and nothing else is understood."""

import math
import operator as op
import warnings
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linreg_sweep.analysis.where import where
from linreg_sweep.errors import ConfigError

Mask = Callable[[pd.DataFrame], "pd.Series[bool]"]

FRAME = pd.DataFrame(
    {
        "trial": np.arange(6),
        "learning_rate": [0.001, 0.005, 0.005, 0.006, 0.007, 1e-9],
        "initial_weight": [-1.0, -1.0, 0.0, 2.0, 2.0, 0.0],
        "outcome": pd.Categorical(
            ["converged", "diverged", "unfinished", "converged", None, "diverged"],
            categories=["converged", "unfinished", "diverged"],
        ),
        "converged_at": pd.array([5, None, None, 100, None, None], dtype="Int64"),
        "cost": [1.5, np.inf, np.nan, -0.0, 2.0, np.inf],
        "note": ["a", "b", "a", "b", None, "a"],
    }
)

GOOD: dict[str, Mask] = {
    "learning_rate < 0.005": lambda f: f.learning_rate < 0.005,
    "learning_rate <= 5e-3": lambda f: f.learning_rate <= 0.005,
    "learning_rate > .005": lambda f: f.learning_rate > 0.005,
    "learning_rate >= 0.005": lambda f: f.learning_rate >= 0.005,
    "learning_rate == 0.005": lambda f: f.learning_rate == 0.005,
    "learning_rate != 0.005": lambda f: f.learning_rate != 0.005,
    "  trial == 3  ": lambda f: f.trial == 3,
    "0.005 > learning_rate": lambda f: f.learning_rate < 0.005,
    "0.001 < learning_rate <= 0.006": lambda f: (f.learning_rate > 0.001) & (f.learning_rate <= 0.006),
    "initial_weight == -1": lambda f: f.initial_weight == -1,
    "initial_weight < -0.5": lambda f: f.initial_weight < -0.5,
    "initial_weight > learning_rate": lambda f: f.initial_weight > f.learning_rate,
    "trial >= converged_at": lambda f: pd.Series([False] * 6),
    "outcome == 'converged'": lambda f: f.outcome == "converged",
    'outcome == "converged"': lambda f: f.outcome == "converged",
    "'converged' == outcome": lambda f: f.outcome == "converged",
    "outcome == 'unfinished'": lambda f: f.trial == 2,
    "note == 'never'": lambda f: f.trial < 0,
    "note != 'a'": lambda f: f.note != "a",
    "outcome in ('converged', 'diverged')": lambda f: f.outcome.isin(["converged", "diverged"]),
    "outcome in ['converged']": lambda f: f.outcome == "converged",
    "outcome not in ('converged', 'diverged')": lambda f: ~f.outcome.isin(["converged", "diverged"]),
    "trial in (1, 4, 99)": lambda f: f.trial.isin([1, 4, 99]),
    "not trial in (1, 4)": lambda f: ~f.trial.isin([1, 4]),
    "initial_weight in (-1, 0)": lambda f: f.initial_weight.isin([-1, 0]),
    "trial < 3 and initial_weight < 0": lambda f: (f.trial < 3) & (f.initial_weight < 0),
    "trial < 1 or trial > 3 or initial_weight == 2": lambda f: (
        (f.trial < 1) | (f.trial > 3) | (f.initial_weight == 2)
    ),
    "not (trial < 3 and initial_weight < 0)": lambda f: ~((f.trial < 3) & (f.initial_weight < 0)),
    "not trial < 3 and initial_weight < 2 or trial == 0": lambda f: (
        (f.trial >= 3) & (f.initial_weight < 2) | (f.trial == 0)
    ),
    "cost < 1e999": lambda f: f.cost.isin([1.5, 0.0, 2.0]),
    "cost == 1e999": lambda f: f.cost == math.inf,
    "cost > -1e999": lambda f: f.cost.notna(),
    "cost == 0": lambda f: f.trial == 3,
    "trial < 99999999999999999999999999": lambda f: f.trial >= 0,
    "trial > -99999999999999999999999999": lambda f: f.trial >= 0,
    "learning_rate < 99999999999999999999999999": lambda f: f.trial >= 0,
    "1 < 2": lambda f: f.trial >= 0,
    "'a' == 'b'": lambda f: f.trial < 0,
    "trial < 0b11": lambda f: f.trial < 3,
    "trial < 1_000": lambda f: f.trial < 1000,
    # what compares a missing value or NaN is unknown; only != holds
    "converged_at < 1000": lambda f: f.trial.isin([0, 3]),
    "converged_at == 5": lambda f: f.trial == 0,
    "converged_at != 5": lambda f: f.trial != 0,
    "not converged_at == 5": lambda f: f.trial == 3,
    "not (converged_at < 50)": lambda f: f.trial == 3,
    "not (converged_at != 5)": lambda f: f.trial == 0,
    "not not converged_at < 50": lambda f: f.trial == 0,
    "not (cost < 1)": lambda f: f.cost.isin([1.5, 2.0, math.inf]),
    "not outcome == 'converged'": lambda f: f.trial.isin([1, 2, 5]),
    "not converged_at in (5, 6)": lambda f: f.trial == 3,
    "converged_at < 50 or trial == 1": lambda f: f.trial.isin([0, 1]),
    "not (converged_at < 50 and trial == 1)": lambda f: f.trial != 1,
    "not (converged_at < 50 or trial == 1)": lambda f: f.trial == 3,
    "converged_at < 50 or converged_at >= 50": lambda f: f.converged_at.notna(),
    "3 < converged_at < 50": lambda f: f.trial == 0,
    "converged_at == converged_at": lambda f: f.converged_at.notna(),
    "converged_at != converged_at": lambda f: f.converged_at.isna(),
    "converged_at in (5, 6)": lambda f: f.trial == 0,
    "converged_at not in (5, 6)": lambda f: f.trial != 0,
    "outcome != 'converged'": lambda f: ~f.trial.isin([0, 3]),
    "outcome == outcome": lambda f: f.outcome.notna(),
    "cost == cost": lambda f: f.cost.notna(),
    "cost != cost": lambda f: f.cost.isna(),
    "cost < 0 or cost >= 0": lambda f: f.cost.notna(),
}

HINT = "Hint: write it like \"learning_rate < 0.005 and outcome == 'converged'\""

REFUSED = {
    "": f"is not a comparison. {HINT}",
    "   ": f"is not a comparison. {HINT}",
    "trial <": f"is not a comparison. {HINT}",
    "trial = 3": f"is not a comparison. {HINT}",
    "trial == 3; 1": f"is not a comparison. {HINT}",
    "import os": f"is not a comparison. {HINT}",
    "trial < 007": f"is not a comparison. {HINT}",
    "trial == 3 \x00": f"is not a comparison. {HINT}",
    "(" * 300 + "trial" + ")" * 300: f"is not a comparison. {HINT}",
    "trial": "must compare columns, got 'trial'. Hint: say column < number",
    "3": "must compare columns, got '3'. Hint: say column < number",
    "True": "must compare columns, got 'True'. Hint: say column < number",
    "print(1)": "must compare columns, got 'print(1)'. Hint: say column < number",
    "__import__('os').system('true')": (
        "must compare columns, got \"__import__('os').system('true')\". Hint: say column < number"
    ),
    "lambda: 1": "must compare columns, got 'lambda: 1'. Hint: say column < number",
    "[t for t in (1, 2)]": "must compare columns, got '[t for t in (1, 2)]'. Hint: say column < number",
    "(t := 3)": "must compare columns, got '(t := 3)'. Hint: say column < number",
    "1 if trial else 2": "must compare columns, got '1 if trial else 2'. Hint: say column < number",
    "trial & 1": "must compare columns, got 'trial & 1'. Hint: say column < number",
    "~trial": "must compare columns, got '~trial'. Hint: say column < number",
    "await_ < 1": "there is no column 'await_'. Hint: known here: converged_at, cost, "
    "initial_weight, learning_rate, note, outcome, trial",
    "trail < 3": "there is no column 'trail'. Hint: did you mean 'trial'?",
    "trial < __name__": "there is no column '__name__'. Hint: known here: converged_at, cost, "
    "initial_weight, learning_rate, note, outcome, trial",
    "(t := 3) < trial": "must compare columns, numbers and quoted text, got '(t := 3)'",
    "trial.real < 3": "must compare columns, numbers and quoted text, got 'trial.real'",
    "trial[0] < 3": "must compare columns, numbers and quoted text, got 'trial[0]'",
    "len(trial) < 3": "must compare columns, numbers and quoted text, got 'len(trial)'",
    "trial * 2 < 3": "must compare columns, numbers and quoted text, got 'trial * 2'",
    "2 ** 99999999 < trial": "must compare columns, numbers and quoted text, got '2 ** 99999999'",
    "trial < -(-3)": "must compare columns, numbers and quoted text, got '--3'",
    "trial < +3": "must compare columns, numbers and quoted text, got '+3'",
    "trial < 1j": "must compare columns, numbers and quoted text, got '1j'",
    "trial < None": "must compare columns, numbers and quoted text, got 'None'",
    "trial == True": "must compare columns, numbers and quoted text, got 'True'",
    "trial == -True": "must compare columns, numbers and quoted text, got '-True'",
    "outcome == b'x'": "must compare columns, numbers and quoted text, got \"b'x'\"",
    "outcome == f'{trial}'": "must compare columns, numbers and quoted text, got \"f'{trial}'\"",
    "trial == (1, 2)": "must compare columns, numbers and quoted text, got '(1, 2)'",
    "trial in (1, (2, 3))": "must compare columns, numbers and quoted text, got '(2, 3)'",
    "trial < ...": "must compare columns, numbers and quoted text, got '...'",
    "trial is 3": "`is` is not understood. Hint: use ==",
    "trial is not 3": "`is` is not understood. Hint: use ==",
    "trial in 3": "`in` needs a list, such as outcome in ('converged', 'diverged')",
    "outcome in 'converged'": "`in` needs a list, such as outcome in ('converged', 'diverged')",
    "trial in ()": "`in` needs at least one value",
    "outcome == 3": "compares text with a number in 'outcome' and '3'",
    "trial == '3'": "compares text with a number in 'trial' and \"'3'\"",
    "outcome in ('converged', 1)": "compares text with a number in 'outcome' and '1'",
    "outcome < 'converged'": "text has no order: 'outcome'. Hint: use == or !=",
    "outcome == 'convergd'": "'convergd' is never a value of outcome. Hint: did you mean 'converged'?",
    "'convergd' != outcome": "'convergd' is never a value of outcome. Hint: did you mean 'converged'?",
    "outcome in ('converged', 'diverge')": "'diverge' is never a value of outcome. "
    "Hint: did you mean 'diverged'?",
    "outcome not in ('x', 'diverged')": "'x' is never a value of outcome. "
    "Hint: known here: converged, diverged, unfinished",
    "outcome < outcome": "text has no order: 'outcome'. Hint: use == or !=",
}


@pytest.mark.parametrize("text", GOOD)
def test_a_comparison_is_pandas_mask(text: str) -> None:
    """The rows are those that pandas would choose, in their order, with all their columns."""
    expected = FRAME[GOOD[text](FRAME).to_numpy(dtype=bool)]
    pd.testing.assert_frame_equal(where(FRAME, text), expected)


@pytest.mark.parametrize("text", REFUSED)
def test_anything_else_is_refused(text: str) -> None:
    """The complaint repeats the text and says what is wrong with it; nothing is evaluated."""
    with pytest.raises(ConfigError) as caught:
        where(FRAME, text)
    assert str(caught.value) == f"--where {text!r}: {REFUSED[text]}"


@pytest.mark.parametrize("size", [2001, 10**6])
def test_a_text_that_is_too_long_is_refused_at_once(size: int) -> None:
    """A megabyte is not parsed, nor repeated."""
    with pytest.raises(ConfigError) as caught:
        where(FRAME, "trial < 1".ljust(size))
    start = repr("trial < 1".ljust(40) + "...")
    assert str(caught.value) == f"--where {start}: must have at most 2000 characters, got {size}"


@pytest.mark.parametrize(
    "text",
    [
        "not " * 490 + "trial < 1",
        "-" * 1900 + "1 < trial",
        " or ".join(["trial < 1"] * 150),
        "trial < 1" + " < 2" * 490,
        "[" * 150 + "]" * 150 + " < trial",
        "trial < " + "9" * 1900,
        "learning_rate < " + "9" * 1900,
        "trial < 1e" + "9" * 1900,
        "trial < " + "x" * 1900,
    ],
)
def test_no_text_is_a_crash(text: str) -> None:
    """However deep or long it is, there are rows or a complaint."""
    with suppress(ConfigError):
        assert set(where(FRAME, text)["trial"]) <= set(FRAME["trial"])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(alphabet="trialcost <>=!()[]'\"0123456789.eE-+nodr\\{}:,", max_size=40))
def test_random_text_is_no_crash(text: str) -> None:
    """Nor is any mixture of what comparisons are made of."""
    with suppress(ConfigError):
        where(FRAME, text)


def test_python_says_nothing_about_the_text() -> None:
    """A backslash that means nothing is only a text that no row has, and no warning of Python's."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert where(FRAME, r"note == '\d'").empty
        assert len(where(FRAME, "trial < 1or trial > 4")) == 2
    assert caught == []


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.floats(allow_nan=False), st.sampled_from(["<", "<=", ">", ">=", "==", "!="]))
def test_every_float_is_compared_exactly(number: float, sign: str) -> None:
    """A number written as Python writes it is compared to the bit."""
    text = repr(number).replace("inf", "1e999")
    column = pd.DataFrame({"v": [number, math.nextafter(number, 0), 0.0, math.inf, math.nan]})
    compare = {"<": op.lt, "<=": op.le, ">": op.gt, ">=": op.ge, "==": op.eq, "!=": op.ne}[sign]
    expected = [row for row, value in enumerate(column["v"].tolist()) if compare(value, number)]
    assert where(column, f"v {sign} {text}").index.tolist() == expected


def test_a_table_without_rows_stays_one() -> None:
    """Nothing is left of nothing, and its columns are."""
    assert list(where(FRAME.iloc[:0], "trial < 3 and outcome == 'converged'")) == list(FRAME)


def test_a_name_that_is_no_identifier_stands_in_backquotes() -> None:
    """Backquotes name any column, also one with blanks; a wrong name in them is told as written."""
    frame = pd.DataFrame({"weight_my size": [1.0, 2.0, 3.0], "cost": [3.0, 2.0, 1.0]})
    kept = where(frame, "`weight_my size` > 1 and `cost` > 1")
    assert kept["cost"].tolist() == [2.0]
    assert list(kept.columns) == list(frame.columns)
    with pytest.raises(
        ConfigError, match=r"there is no column 'weight_my siz'.*did you mean 'weight_my size'"
    ):
        where(frame, "`weight_my siz` > 1")
