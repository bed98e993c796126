"""Tables as text: for people (aligned, six digits), for machines (exact), for documents.

Text from outside is shown by its escapes wherever a terminal, a line or a document would obey it.

A table is its columns by name, whether a DataFrame or plain lists; pandas is not needed for it.
"""

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from linreg_sweep.guards.escapes import escape_control

if TYPE_CHECKING:
    import pandas as pd

Table = Union[Mapping[str, Sequence[Any]], "pd.DataFrame"]

TABULATED = {"table": "simple", "markdown": "github", "latex": "latex_booktabs"}
"""The styles for people, and what tabulate calls them."""

RUNS = ("=", "+", "-", "@", "\t", "\r")
"""What a text begins with that a spreadsheet takes for a formula."""

RANGE = re.compile(r"[-+.\de]+ to [-+.\de]+")
"""A range of a summary: it may begin with a minus, and is nothing to run."""

DECLARED = ("learning_rate", "initial_", "batch_size", "max_epochs", "seed", "fold", "schedule.", "average.")
"""How the names of columns begin that hold hyperparameters: their values were declared, not measured.

So were the keys of optimizers.
"""

MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", **{mark: f"\\{mark}" for mark in r"\`*[]|"}})
"""What markdown would take for markup, and how it is written as text."""

MAX_WHOLE = 2**53
"""Whole numbers below this are exact as floats."""

GAP = 2
"""Characters between two columns of a table for people."""


def frame_of(rows: Sequence[dict[str, Any]], columns: list[str], counts: Iterable[str]) -> "pd.DataFrame":
    """Returns records as a table of these columns, also where there is none.

    Counts are the columns of whole numbers: what is not known of one turns no other into 9.0.
    """
    import pandas as pd

    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(counts, "Int64"))


def cells_of(table: Table) -> dict[str, list[Any]]:
    """Returns the cells of each column as plain Python values, None where one is missing."""
    return {str(name): [plain(value) for value in table[str(name)]] for name in table}


def finite(cell: Any) -> Any:
    """Returns a cell as metadata.json has it: a number that is not finite is missing."""
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell


def plain(value: Any) -> Any:
    """Returns a cell as plain Python has it, None where it is missing."""
    value = value.item() if isinstance(value, np.generic) else value
    missing = value is None or type(value).__name__ == "NAType" or value != value
    return None if missing else value


def as_text(table: Table, style: str) -> str:
    """Returns a table as text, without a newline at its end.

    Args:
        table: the index of a DataFrame is left out.
        style: `table`, `markdown` and `latex` (booktabs) show six digits, of hyperparameters as many as
            tell their values apart, and no columns without a value; `csv` and `json` (a list of
            records) are exact, missing is empty and null, and infinities are `inf` and, as JSON has no
            number for them, `"Infinity"`. Text that a spreadsheet would run is escaped in `csv`.
    """
    cells = cells_of(table)
    rows = list(zip(*cells.values(), strict=True))
    if style == "csv":
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(map(for_csv, cells))
        writer.writerows(map(for_csv, row) for row in rows)
        return text.getvalue().rstrip("\n")
    if style == "json":
        return json.dumps(records(cells), indent=2, allow_nan=False)
    from tabulate import tabulate

    cells = with_values(cells)
    markup = MARKUP if style == "markdown" else {}
    columns = [[cell.translate(markup) for cell in told_apart(*column)] for column in cells.items()]
    align = ["right" if _is_numeric(column) else "left" for column in cells.values()]
    return tabulate(
        list(zip(*columns, strict=True)),
        headers=[escape_control(name, None).translate(markup) for name in cells],
        tablefmt=TABULATED[style],
        colalign=align if rows else None,
        disable_numparse=True,
    )


def records(table: Table) -> list[dict[str, Any]]:
    """Returns the rows of a table as JSON has them: infinities are text, what is missing is None."""
    cells = cells_of(table)
    return [dict(zip(cells, map(for_json, row), strict=True)) for row in zip(*cells.values(), strict=True)]


def for_csv(cell: Any) -> Any:
    """Returns a cell as CSV has it: a whole number without a point, text that no reader obeys."""
    return escape_formula(escape_control(cell, None)) if isinstance(cell, str) else whole(cell)


def whole(cell: Any) -> Any:
    """Returns a float that is a whole number as one, any other cell as it is; -0.0 and what is huge too."""
    if not isinstance(cell, float) or not abs(cell) < MAX_WHOLE or cell != int(cell):
        return cell
    return int(cell) if cell or math.copysign(1, cell) > 0 else cell


def escape_formula(cell: Any) -> Any:
    """Returns a cell that no spreadsheet runs: a text that it would take for a formula gets a quote before.

    Source: OWASP, CSV Injection.
    """
    runs = isinstance(cell, str) and cell.startswith(RUNS) and not RANGE.fullmatch(cell)
    return f"'{cell}" if runs else cell


def with_values(cells: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Returns the columns that hold a value; of a table without rows, all."""
    return {
        name: column
        for name, column in cells.items()
        if not column or any(value is not None for value in column)
    }


def _is_numeric(column: list[Any]) -> bool:
    return all(value is None or isinstance(value, int | float) for value in column)


def widths(table: Table) -> dict[str, int]:
    """Returns how many characters each column takes that is shown in the style `table`."""
    names = with_values(cells_of(table))
    rule = as_text(table, "table").splitlines()[1]
    return dict(zip(names, map(len, rule.split()), strict=True))


def as_lines(row: "Mapping[str, Any] | pd.Series[Any]") -> str:
    """Returns one row of a table as name and value on lines of their own, without those missing."""
    cells = {escape_control(str(name), None): shown(plain(value)) for name, value in row.items()}
    width = max(map(len, cells))
    return "\n".join(f"{name:<{width}}  {cell}" for name, cell in cells.items() if cell)


def shown(value: object, digits: int = 6) -> str:
    """Returns a cell as a person reads it: six digits of a number, nothing of one that is missing."""
    if value is None:
        return ""
    return f"{value:.{digits}g}" if isinstance(value, float) else escape_control(str(value), None)


def condition(number: float) -> str:
    """Returns a condition number, or so many epochs, in a sentence: whole where short, else three digits."""
    return f"{number:,.0f}" if 100 <= number < 1e9 else f"{number:.3g}"


def _is_declared(name: str) -> bool:
    from linreg_sweep.optimizers import KEYS  # loads pydantic, and few tables ask

    return name.startswith(DECLARED) or name in KEYS


def told_apart(name: str, column: Sequence[Any]) -> list[str]:
    """Returns the cells of a column as a person reads them; no two values of a hyperparameter are alike."""
    values = set(column)
    for digits in range(6, 17):
        cells = {value: shown(value, digits) for value in values}
        is_enough = len(set(cells.values())) == len(values)
        if is_enough or not _is_declared(name):
            return [cells[value] for value in column]
    return [repr(whole(value)) if isinstance(value, float) else shown(value) for value in column]


def ends_of(value: object) -> tuple[str, str]:
    """Returns the two ends of a range such as `1 to 2`, as a person reads them; of another cell, it twice."""
    low, _, high = shown(value).partition(" to ")
    return low, high or low


def for_json(value: Any) -> Any:
    """Returns a plain cell as JSON has it: an infinity is text, a whole number has no point."""
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return whole(value)
