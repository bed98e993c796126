"""What a summary answers: its best row, and between which rows every trial converged."""

from collections.abc import Sequence
from math import inf
from typing import Any

from linreg_sweep.analysis.aggregate import Table
from linreg_sweep.analysis.formats import ends_of


def best_row(table: Table) -> int:
    """Returns the row of a summary of whose trials most converge; of such rows, the one of fewest epochs."""

    def rank(row: int) -> tuple[float, float, float]:
        median, least = table["median_converged_at"][row], table["best_cost"][row]
        return (
            -table["share_converged"][row],
            inf if median is None else median,
            inf if least is None else least,
        )

    return min(range(len(table["trials"])), key=rank)


def with_values(table: Table, name: str) -> dict[str, list[Any]]:
    """Returns a summary without the rows in which a parameter has no value."""
    rows = [row for row, value in enumerate(table[name]) if value is not None]
    return {column: [cells[row] for row in rows] for column, cells in table.items()}


def span(first: object, last: object) -> str:
    """Returns `from a to b` of two values or ranges and what lies between, or the one number that it is."""
    low, high = ends_of(first)[0], ends_of(last)[1]
    return low if low == high else f"from {low} to {high}"


def longest(flags: Sequence[bool]) -> tuple[int, int]:
    """Returns the first longest stretch of flags that are set, as its start and its stop."""
    best, start = (0, 0), 0
    for place, flag in enumerate([*flags, False]):
        if not flag:
            best = (start, place) if place - start > best[1] - best[0] else best
            start = place + 1
    return best
