"""The answer of a run in two sentences: its best trial, and at which values every trial converged."""

from collections.abc import Mapping
from typing import Any

from linreg_sweep.analysis.aggregate import Table
from linreg_sweep.analysis.answers import best_row, longest, span, with_values
from linreg_sweep.analysis.formats import ends_of
from linreg_sweep.plots.style import spaced
from linreg_sweep.runs.results import Run
from linreg_sweep.text.runs import format_best, format_best_trial
from linreg_sweep.words import counted, joined, plural


def answer(run: Run, name: str, table: Table, best: Mapping[str, Any]) -> str:
    """Returns what a run says of its best trial (see format_best_trial), and of one of its parameters.

    The values in the summary by the parameter ascend, each a number or a range such as `1 to 2`.
    """
    said = " ".join(format_best(run)) if "folds" in run.metadata else ""
    said = said or format_best_trial(best, run.varied, run.best_by)
    for column in (*run.settings, *run.varied, run.best_by):
        said = said.replace(column, spaced(column))
    return " ".join([said, *_all_over(run, name, table)])


def _all_over(run: Run, name: str, table: Table) -> list[str]:
    """Returns where every trial converged and above what none did; nothing where none converged at all."""
    table = with_values(table, name)
    parameter, subject = spaced(name), _each(run, name)
    values, whole = table[name], [share == 1 for share in table["share_converged"]]
    best, (first, stop) = best_row(table), longest(whole)
    if table["diverged"] == table["trials"]:
        limit = run.metadata.get("edge", {}).get("stability_limit")
        return ["Every trial diverged" + (f"; the stability limit is {limit:.6g}." if limit else ".")]
    if not table["converged"][best] or sum(table["trials"]) == 1:
        return []
    if run.types[name].is_words:
        found = joined([value for value, is_whole in zip(values, whole, strict=True) if is_whole])
        return [
            f"With {parameter} {found} {subject} converges."
            if found
            else f"No value of {parameter} makes every trial converge."
        ]
    several = max(table["trials"]) > 1
    median = table["median_converged_at"][best]
    within = f"half of them within {median:,.10g} {plural('epoch', median)}"
    if first == stop:
        said = (
            f"No {parameter} makes every trial converge; most converge {_at(values[best])}:"
            f" {table['converged'][best]:,} of {counted(table['trials'][best], 'trial')}, {within}"
        )
    elif stop - first == 1:
        said = f"With {parameter} {span(values[first], values[first])} {subject} converges"
        said += f", {within}" if several else ""
    else:
        said = f"With {parameter} {span(values[first], values[stop - 1])} {subject} converges"
        fastest = several and first <= best < stop
        said += f", fastest overall {_at(values[best])} ({within})" if fastest else ""
    above = _nothing_above(run, name, table)
    return [said + (f"; above {above} none does." if above else ".")]


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


def _at(value: object) -> str:
    """Returns `at a` of a number, `from a to b` of a range."""
    low, high = ends_of(value)
    return f"at {low}" if low == high else f"from {low} to {high}"
