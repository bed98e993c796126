"""Tables as text: for people (aligned, six digits), for machines (exact), for documents."""

import json
import math
from typing import Any

import numpy as np
import pandas as pd

FORMATS = ("table", "csv", "json", "markdown")


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

    if len(frame):
        frame = frame.dropna(axis="columns", how="all")
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
