"""Words and numbers as a person reads them."""

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Any

from linreg_sweep.analysis.formats import Table, shown

WIDTH = 100
"""Characters after which a long row is wrapped."""

NOT_FINITE = "not finite"


def columns_of(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Returns records, at least one, as a table."""
    return {name: [row[name] for row in rows] for name in rows[0]}


def size(count: float) -> str:
    """Returns so many bytes in a unit that suits them."""
    for unit in ("bytes", "KB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":
            break
        count /= 1000
    return f"{count:,.0f} {unit}" if count >= 100 or unit == "bytes" else f"{count:.2g} {unit}"


def duration(seconds: float) -> str:
    """Returns seconds as a person says them."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 48 * 60:
        return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes / 60 / 24:,.0f} days" if minutes < 1e8 else f"{minutes / 60 / 24 / 365:.2g} years"


def number(value: object) -> str:
    """Returns a number of a table, six digits of it; one that is missing was not finite."""
    return NOT_FINITE if value is None else shown(value)


def fitting_form(values: Iterable[float], decimals: int) -> str:
    """Returns how to write numbers: with so many decimals where all of them fit that, else six digits.

    A number fits where it is 0, or neither rounds to 0 nor has more than six digits before the point.
    """
    sizes = [abs(value) for value in values if value and isfinite(value)]
    fits = all(0.5 * 10.0**-decimals <= size < 1e6 for size in sizes)
    return f".{decimals}f" if fits else ".6g"


def wrapped(parts: Iterable[str]) -> str:
    """Returns parts with commas between them, in lines that end at a comma."""
    lines = [""]
    for part in parts:
        joined = f"{lines[-1]}, {part}" if lines[-1] else part
        if lines[-1] and len(joined) > WIDTH:
            lines[-1] += ","
            lines.append(f"  {part}")
        else:
            lines[-1] = joined
    return "\n".join(lines)
