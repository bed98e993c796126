"""Tables as text: for people (aligned, six digits), for machines (exact), for documents.

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

if TYPE_CHECKING:
    import pandas as pd

Table = Union[Mapping[str, Sequence[Any]], "pd.DataFrame"]

TABULATED = {"table": "simple", "markdown": "github", "latex": "latex_booktabs"}
"""The styles for people, and what tabulate calls them."""

RUNS = ("=", "+", "-", "@", "\t", "\r")
"""What a text begins with that a spreadsheet takes for a formula."""

RANGE = re.compile(r"[-+.\de]+ to [-+.\de]+")
"""A range of a summary: it may begin with a minus, and is nothing to run."""

GAP = 2
"""Characters between two columns of a table for people."""


def frame_of(rows: Sequence[dict[str, Any]], columns: list[str], counts: Iterable[str]) -> "pd.DataFrame":
    """Returns records as a table; what is not known of one turns no count of another into 9.0.

    Args:
        rows: the records.
        columns: of the table, also of one without rows.
        counts: the columns of whole numbers.
    """
    import pandas as pd

    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(counts, "Int64"))


def cells_of(table: Table) -> dict[str, list[Any]]:
    """Returns the cells of each column as plain Python values, None where one is missing."""
    return {str(name): [_plain(value) for value in table[str(name)]] for name in table}


def _plain(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    missing = value is None or type(value).__name__ == "NAType" or value != value
    return None if missing else value


def as_text(table: Table, style: str) -> str:
    """Returns a table as text, without a newline at its end.

    Args:
        table: the index of a DataFrame is left out.
        style: `table`, `markdown` and `latex` (booktabs) show six digits, and no columns without a
            value; `csv` and `json` (a list of records) are exact, missing is empty and null, and
            infinities are `inf` and, as JSON has no number for them, `"Infinity"`. Text that a
            spreadsheet would run is made inert in `csv`.
    """
    cells = cells_of(table)
    rows = list(zip(*cells.values(), strict=True))
    if style == "csv":
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(map(inert, cells))
        writer.writerows(map(inert, row) for row in rows)
        return text.getvalue().rstrip("\n")
    if style == "json":
        return json.dumps(records(cells), indent=2, allow_nan=False)
    from tabulate import tabulate

    cells = _with_values(cells)
    bar = r"\|" if style == "markdown" else "|"
    columns = [[shown(value).replace("|", bar) for value in column] for column in cells.values()]
    align = ["right" if _is_numeric(column) else "left" for column in cells.values()]
    return tabulate(
        list(zip(*columns, strict=True)),
        headers=[name.replace("|", bar) for name in cells],
        tablefmt=TABULATED[style],
        colalign=align if rows else None,
        disable_numparse=True,
    )


def records(table: Table) -> list[dict[str, Any]]:
    """Returns the rows of a table as JSON has them: infinities are text, what is missing is None."""
    cells = cells_of(table)
    return [dict(zip(cells, map(_for_json, row), strict=True)) for row in zip(*cells.values(), strict=True)]


def inert(cell: Any) -> Any:
    """Returns a cell that no spreadsheet runs: a text that it would take for a formula gets a quote before.

    Source: OWASP, CSV Injection.
    """
    runs = isinstance(cell, str) and cell.startswith(RUNS) and not RANGE.fullmatch(cell)
    return f"'{cell}" if runs else cell


def _with_values(cells: dict[str, list[Any]]) -> dict[str, list[Any]]:
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
    names = _with_values(cells_of(table))
    rule = as_text(table, "table").splitlines()[1]
    return dict(zip(names, map(len, rule.split()), strict=True))


def as_lines(row: "Mapping[str, Any] | pd.Series[Any]") -> str:
    """Returns one row of a table as name and value on lines of their own, without those missing."""
    cells = {str(name): shown(_plain(value)) for name, value in row.items()}
    width = max(map(len, cells))
    return "\n".join(f"{name:<{width}}  {cell}" for name, cell in cells.items() if cell)


def shown(value: object) -> str:
    """Returns a cell as a person reads it: six digits of a number, nothing of one that is missing."""
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def ends_of(value: object) -> tuple[str, str]:
    """Returns the two ends of a range such as `1 to 2`, as a person reads them; of another cell, it twice."""
    low, _, high = shown(value).partition(" to ")
    return low, high or low


def _for_json(value: Any) -> Any:
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value
