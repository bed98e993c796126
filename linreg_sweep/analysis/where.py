"""A comparison over a table's columns, from text to rows: parsed by grammar.py, never evaluated as Python.

A comparison with a missing value is unknown, as in SQL: neither it nor its `not` holds. Only `!=` holds,
so that the rows without a value can be asked for: `converged_at != converged_at`.
"""

import math
import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

import pandas as pd
from pandas.arrays import BooleanArray

from linreg_sweep.analysis.grammar import (
    MEANT,
    Compare,
    GrammarError,
    Join,
    Not,
    Tree,
    Value,
    is_one_word,
    parse,
    quoted,
)
from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.theory.outcome import OUTCOME_WORDS
from linreg_sweep.words import did_you_mean, shorten

Truth = BooleanArray
"""True, false or unknown, a row each; `&`, `|` and `~` are those of Kleene's logic."""

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}

HUGE = 2**1023
"""Whole numbers up to this are finite as floats."""

MISSING = ("null", "none", "na", "nan", "~")
"""What other languages write for a value that is missing."""


def where(frame: pd.DataFrame, text: str) -> pd.DataFrame:
    """Returns the rows for which a comparison holds, and is not unknown.

    Args:
        frame: any table.
        text: such as `learning_rate < 0.005 and outcome == converged`; see grammar.py.

    Raises:
        ConfigError: the text is no comparison over the table's columns.
    """
    try:
        truth = _truth(parse(text), frame)
    except GrammarError as error:
        where = f"--where {text if len(text) < 100 else shorten(text)!r}"
        bare = [name for name in map(str, frame.columns) if name in text and f"`{name}`" not in text]
        odd = [f"write `{name}`, with its backquotes" for name in bare if not is_one_word(name)]
        hint = error.hint or "".join(odd[:1])
        raise ConfigError(Complaint(where, f"character {error.at}: {error.text}", hint)) from None
    return frame[truth.to_numpy(dtype=bool, na_value=False)]


def _truth(tree: Tree, frame: pd.DataFrame) -> Truth:
    match tree:
        case Join(word, parts):
            join = operator.and_ if word == "and" else operator.or_
            return reduce(join, (_truth(part, frame) for part in parts))
        case Not(part):
            return ~_truth(part, frame)
        case Compare():
            return _compare(tree, frame)


def _compare(tree: Compare, frame: pd.DataFrame) -> Truth:
    left, right = _settled(tree.left, tree.right, frame), _settled(tree.right, tree.left, frame)
    if _is_text(left, frame) != _is_text(right, frame):
        column, other = (right, left) if right.kind == "column" else (left, right)
        holds = "text" if _is_text(column, frame) else "numbers"
        hint = f"write {other.of} without quotes" if other.kind == "text" else ""
        raise GrammarError(other.at, f"{column.of} holds {holds}, got {quoted(other.of)}", hint)
    if _is_text(left, frame) and tree.sign not in ("==", "!="):
        raise GrammarError(left.at, f"text has no order, got {tree.sign}", "use == or !=")
    for column, other in ((left, right), (right, left)):
        _check_category(column, other, frame)
    a, b = (_cells(side, frame) for side in (left, right))
    unequal = tree.sign == "!="
    missing = pd.Series(pd.isna(a) | pd.isna(b), index=frame.index)
    held = pd.Series(COMPARISONS[tree.sign](a, b), index=frame.index, dtype="boolean").fillna(unequal)
    return BooleanArray(held.to_numpy(dtype=bool), missing.to_numpy() & (not unequal))


def _settled(value: Value, other: Value, frame: pd.DataFrame) -> Value:
    """Returns a value of which it is known whether it is a column: a bare word is one, or else a text.

    Raises:
        GrammarError: there is no such column, and no text can be meant, since the other side is none.
    """
    if value.kind in ("number", "text"):
        return value
    if value.of in frame:
        return Value(value.of, "column", value.at)
    is_text = other.kind in ("word", "column") and other.of in frame and _is_words(frame[other.of])
    if value.kind == "word" and is_text:
        return Value(value.of, "word", value.at)
    name = str(value.of)
    hint = f"write {MEANT[name.lower()]}" if name.lower() in MEANT else ""
    if name.lower() in MISSING:
        beside = other.of if other.of in frame else "column"
        hint = f"write {beside} != {beside} for what is missing"
    known = did_you_mean(name, map(str, frame.columns))
    raise GrammarError(value.at, f"there is no column {quoted(name)}", hint or known)


def _is_words(column: "pd.Series[Any]") -> bool:
    return isinstance(column.dtype, pd.CategoricalDtype) or column.dtype in ("object", "str")


def _is_text(value: Value, frame: pd.DataFrame) -> bool:
    return _is_words(frame[value.of]) if value.kind == "column" else value.kind != "number"


def _check_category(column: Value, other: Value, frame: pd.DataFrame) -> None:
    """Raises a GrammarError where a column of categories is compared with a text that is none of them."""
    kind = frame[column.of].dtype if column.kind == "column" else None
    if other.kind not in ("text", "word") or not isinstance(kind, pd.CategoricalDtype):
        return
    words = tuple(map(str, kind.categories))
    if column.of == "outcome":
        words = OUTCOME_WORDS  # no category is there for failed trials where there are none
    if other.of not in words:
        text = f"{column.of} must be {', '.join(words)}, got {quoted(other.of)}"
        raise GrammarError(other.at, text, did_you_mean(str(other.of), words, else_list=False))


def _cells(value: Value, frame: pd.DataFrame) -> Any:
    """Returns a column, or a constant; categories as text."""
    if value.kind != "column":
        if isinstance(value.of, int) and abs(value.of) > HUGE:  # pandas would make a float of it
            return math.inf if value.of > 0 else -math.inf
        return value.of
    column = frame[value.of]
    return column.astype("object") if isinstance(column.dtype, pd.CategoricalDtype) else column
