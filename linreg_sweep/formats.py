"""Tables as text: for people (aligned, six digits), for machines (exact), for documents."""

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

GAP = 2
"""Characters between two columns of a table for people."""


def frame_of(rows: Sequence[dict[str, Any]], columns: list[str], counts: Iterable[str]) -> pd.DataFrame:
    """Returns records as a table; what is not known of one turns no count of another into 9.0.

    Args:
        rows: the records.
        columns: of the table, also of one without rows.
        counts: the columns of whole numbers.
    """
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(counts, "Int64"))


def as_text(frame: pd.DataFrame, style: str) -> str:
    """Returns a table as text, without a newline at its end.

    Args:
        frame: its index is left out.
        style: `table` and `markdown` show six digits, and no columns without a value; `csv` and
            `json` (a list of records) are exact, missing is empty and null, and infinities are
            `inf` and, as JSON has no number for them, `"Infinity"`.
    """
    if style == "csv":
        return frame.to_csv(index=False).rstrip("\n")
    if style == "json":
        return json.dumps([_record(row) for row in frame.to_dict("records")], indent=2, allow_nan=False)
    from tabulate import tabulate

    frame = _with_values(frame)
    bar = r"\|" if style == "markdown" else "|"
    columns = [[_shown(value).replace("|", bar) for value in frame[name]] for name in frame.columns]
    align = ["right" if pd.api.types.is_numeric_dtype(frame[name]) else "left" for name in frame.columns]
    return tabulate(
        list(zip(*columns, strict=True)),
        headers=[str(name).replace("|", bar) for name in frame.columns],
        tablefmt="github" if style == "markdown" else "simple",
        colalign=align if len(frame) else None,
        disable_numparse=True,
    )


def _with_values(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.dropna(axis="columns", how="all") if len(frame) else frame


def widths(frame: pd.DataFrame) -> dict[str, int]:
    """Returns how many characters each column takes that is shown in the style `table`."""
    names = map(str, _with_values(frame).columns)
    rule = as_text(frame, "table").splitlines()[1]
    return dict(zip(names, map(len, rule.split()), strict=True))


def as_lines(row: "pd.Series[Any]") -> str:
    """Returns one row of a table as name and value on lines of their own, without those missing."""
    cells = {str(name): _shown(value) for name, value in row.items()}
    width = max(map(len, cells))
    return "\n".join(f"{name:<{width}}  {cell}" for name, cell in cells.items() if cell)


def _shown(value: Any) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    return str(value)


def _record(row: dict[Any, Any]) -> dict[str, Any]:
    return {str(name): _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value.item() if isinstance(value, np.generic) else value
