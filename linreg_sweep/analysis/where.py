"""A comparison over a table's columns, from text to a mask: parsed, never evaluated as Python.

Python's own parser gives the tree; only comparisons, `and`, `or`, `not`, `in`, column names,
numbers and quoted text are understood, and everything else is refused by name. A comparison with a
missing value is unknown, as in SQL: neither it nor its `not` holds. Only `!=` holds, so that the
rows without a value can be asked for: `converged_at != converged_at`.
"""

import ast
import operator
import re
import warnings
from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any

import pandas as pd
from pandas.arrays import BooleanArray

from linreg_sweep.errors import Complaint, ConfigError, did_you_mean

Truth = BooleanArray
"""True, false or unknown, a row each; `&`, `|` and `~` are those of Kleene's logic."""

LONGEST = 2000
"""Characters of a comparison."""

COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def where(frame: pd.DataFrame, text: str) -> pd.DataFrame:
    """Returns the rows for which a comparison holds, and is not unknown.

    Args:
        frame: any table.
        text: such as `learning_rate < 0.005 and outcome == 'converged'`; a column whose name is more
            than letters, digits and `_` stands in backquotes.

    Raises:
        ConfigError: the text is no comparison over the table's columns.
    """
    if len(text) > LONGEST:
        raise _error(text[:40] + "...", f"must have at most {LONGEST} characters, got {len(text)}")
    try:
        with warnings.catch_warnings(action="ignore"):  # Python's, about code
            named, plain = _without_backquotes(frame, text)
            tree = ast.parse(plain.strip(), mode="eval")
        truth = _truth(tree.body, named, text)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        hint = "write it like \"learning_rate < 0.005 and outcome == 'converged'\""
        raise _error(text, "is not a comparison", hint) from error
    return frame[truth.to_numpy(dtype=bool, na_value=False)]


def _without_backquotes(frame: pd.DataFrame, text: str) -> tuple[pd.DataFrame, str]:
    """Returns the table and the comparison with plain names for the columns in backquotes."""
    plain: dict[str, str] = {}

    def stand_in(match: re.Match[str]) -> str:
        name = match[1]
        if name not in frame:
            raise _no_column(text, name, frame)
        return plain.setdefault(name, name if name.isidentifier() else f"_column_{len(plain)}")

    renamed = re.sub(r"`([^`]*)`", stand_in, text)
    return frame.rename(columns=plain), renamed


def _truth(node: ast.expr, frame: pd.DataFrame, text: str) -> Truth:
    match node:
        case ast.BoolOp(ast.And(), parts):
            return _all(_truth(part, frame, text) for part in parts)
        case ast.BoolOp(_, parts):
            return _any(_truth(part, frame, text) for part in parts)
        case ast.UnaryOp(ast.Not(), part):
            return ~_truth(part, frame, text)
        case ast.Compare(first, operators, rest):
            sides = [first, *rest]
            pairs = zip(sides[:-1], operators, sides[1:], strict=True)
            return _all(_compare(left, sign, right, frame, text) for left, sign, right in pairs)
    raise _error(text, f"must compare columns, got {ast.unparse(node)!r}", "say column < number")


def _all(parts: Iterable[Truth]) -> Truth:
    return reduce(operator.and_, parts)


def _any(parts: Iterable[Truth]) -> Truth:
    return reduce(operator.or_, parts)


def _compare(left: ast.expr, sign: ast.cmpop, right: ast.expr, frame: pd.DataFrame, text: str) -> Truth:
    if isinstance(sign, ast.In | ast.NotIn):
        if not isinstance(right, ast.Tuple | ast.List):
            raise _error(text, "`in` needs a list, such as outcome in ('converged', 'diverged')")
        if not right.elts:
            raise _error(text, "`in` needs at least one value")
        if isinstance(sign, ast.In):
            return _any(_compare(left, ast.Eq(), choice, frame, text) for choice in right.elts)
        return _all(_compare(left, ast.NotEq(), choice, frame, text) for choice in right.elts)
    if type(sign) not in COMPARISONS:
        raise _error(text, "`is` is not understood", "use ==")
    a, b = _value(left, frame, text), _value(right, frame, text)
    if _is_text(a) != _is_text(b):
        raise _error(text, f"compares text with a number in {ast.unparse(left)!r} and {ast.unparse(right)!r}")
    if _is_text(a) and not isinstance(sign, ast.Eq | ast.NotEq):
        raise _error(text, f"text has no order: {ast.unparse(left)!r}", "use == or !=")
    _check_category(left, b, frame, text)
    _check_category(right, a, frame, text)
    unequal = isinstance(sign, ast.NotEq)
    missing = pd.Series(pd.isna(a) | pd.isna(b), index=frame.index)
    held = pd.Series(COMPARISONS[type(sign)](a, b), index=frame.index, dtype="boolean").fillna(unequal)
    return BooleanArray(held.to_numpy(dtype=bool), missing.to_numpy() & (not unequal))


def _check_category(node: ast.expr, other: Any, frame: pd.DataFrame, text: str) -> None:
    """Raises a ConfigError where a column of categories is compared with a text that is none of them."""
    if not (isinstance(node, ast.Name) and isinstance(other, str)):
        return
    kind = frame[node.id].dtype
    if isinstance(kind, pd.CategoricalDtype) and other not in kind.categories:
        problem = f"{other!r} is never a value of {node.id}"
        raise _error(text, problem, did_you_mean(other, map(str, kind.categories)))


def _value(node: ast.expr, frame: pd.DataFrame, text: str) -> Any:
    """Returns a column, or a constant; categories as text."""
    match node:
        case ast.Name(name) if name in frame:
            column = frame[name]
            return column.astype("object") if isinstance(column.dtype, pd.CategoricalDtype) else column
        case ast.Name(name):
            raise _no_column(text, name, frame)
        case ast.Constant(bool()):
            pass
        case ast.Constant(int() | float() | str() as constant):
            return constant
        case ast.UnaryOp(ast.USub(), ast.Constant(int() | float() as constant)) if not isinstance(
            constant, bool
        ):
            return -constant
    raise _error(text, f"must compare columns, numbers and quoted text, got {ast.unparse(node)!r}")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or getattr(value, "dtype", None) in ("object", "str")


def _no_column(text: str, name: str, frame: pd.DataFrame) -> ConfigError:
    return _error(text, f"there is no column {name!r}", did_you_mean(name, map(str, frame.columns)))


def _error(text: str, problem: str, hint: str = "") -> ConfigError:
    return ConfigError(Complaint(f"--where {text!r}", problem, hint))
