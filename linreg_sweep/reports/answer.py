"""The answer of a run in one sentence: where every trial converged, soonest where, and above what none."""

from linreg_sweep.analysis.answers import best_row, longest
from linreg_sweep.analysis.formats import ends_of
from linreg_sweep.analysis.tally import Table
from linreg_sweep.runs.results import Run


def answer(run: Run, name: str, table: Table) -> str:
    """Returns what a run says of one of its parameters.

    Args:
        run: which run.
        name: the parameter.
        table: the summary by it; its values ascend, each a number or a range such as `1 to 2`.
    """
    parameter, subject = name.replace("_", " "), _each(run, name)
    values, whole = table[name], [share == 1 for share in table["share_converged"]]
    best, (first, stop) = best_row(table), longest(whole)
    if table["diverged"] == table["trials"]:
        limit = run.metadata.get("edge", {}).get("stability_limit")
        return "Every trial diverged" + (f"; learning rates below {limit:.6g} do not." if limit else ".")
    if not table["converged"][best]:
        return f"No trial converged; {parameter} {_span(values[best], values[best])} came nearest."
    median = table["median_converged_at"][best]
    within = f"{'half of them ' if table['converged'][best] > 1 else ''}within {median:,.10g}"
    within += " epoch" if median == 1 else " epochs"
    if first == stop:
        said = (
            f"At no {parameter} do all trials converge; most do {_at(values[best])}:"
            f" {table['converged'][best]:,} of {table['trials'][best]:,} trials converge, {within}"
        )
    elif stop - first == 1:
        said = f"With {parameter} {_span(values[first], values[first])} {subject} converges, {within}"
    else:
        said = f"With {parameter} {_span(values[first], values[stop - 1])} {subject} converges"
        said += f", soonest {_at(values[best])} ({within})" if first <= best < stop else ""
    above = _nothing_above(run, name, table)
    return said + (f"; above {above} none does." if above else ".")


def _each(run: Run, name: str) -> str:
    """Returns what a trial of a value is: one of its starts, if nothing else varies beside it."""
    others = [other for other in run.varied if other != name]
    return (
        "every start" if others and all(other.startswith("initial_") for other in others) else "every trial"
    )


def _nothing_above(run: Run, name: str, table: Table) -> str | None:
    """Returns the number above which no trial converged; None: the largest value has one that did.

    It is theory's limit where no trial of a rate above it converged or even descended.
    """
    values = table[name]
    last = max(row for row, converged in enumerate(table["converged"]) if converged)
    edge = run.metadata.get("edge", {}) if name == "learning_rate" else {}
    stable: float | None = edge.get("largest_stable")
    limit: float | None = edge.get("stability_limit")
    if stable is not None and limit is not None and stable <= limit < float(ends_of(values[-1])[1]):
        return f"{limit:.6g}"
    return None if last == len(values) - 1 else ends_of(values[last])[1]


def _span(first: object, last: object) -> str:
    """Returns `from a to b` of two values or ranges and what lies between, or the one number that it is."""
    low, high = ends_of(first)[0], ends_of(last)[1]
    return low if low == high else f"from {low} to {high}"


def _at(value: object) -> str:
    """Returns `at a` of a number, `from a to b` of a range."""
    low, high = ends_of(value)
    return f"at {low}" if low == high else f"from {low} to {high}"
