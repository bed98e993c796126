"""What `compare` says: the differences between runs, the explanation first, then the figures."""

import json
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

from linreg_sweep.analysis.formats import GAP, Table, as_text, cells_of, records, widths, with_values
from linreg_sweep.analysis.tables import select
from linreg_sweep.comparing.comparison import Comparison
from linreg_sweep.guards.escapes import escape_control
from linreg_sweep.words import counted, ended, shorten

MAX_SHOWN = 20
"""Trials that a person is shown; the other formats have all that are listed."""

MEANING = {
    "first, second": "the first run, with which all are compared, and the run of the row",
    "changed": "trials whose outcome, epoch or final numbers differ by more than the tolerance",
    "last_bits": "the same outcome and epoch, and numbers that agree in half of their digits or more",
    "identical": "the same outcome, epochs and numbers, to the bit",
    "largest_relative_difference": "of numbers where outcome and epoch are the same, relative to the largest",
    "sooner, later": "of the trials that converged in both, those that took fewer or more epochs in second",
    "median_epochs_later": "median of the epochs that they took longer in second; negative: shorter",
    "median_epochs_ratio": "epochs in second / epochs in first, to six digits",
    "largest_difference": "among trials that diverged in neither run, in the unit of the number",
}
"""What the columns of comparisons say, with their units."""

HEADINGS = {
    "settings": "Settings that differ",
    "versions": "Versions and arithmetic that differ",
    "outcomes": "Outcomes of all trials",
    "matched": "Trials matched on their hyperparameters",
    "transitions": "Outcomes of matched trials: first in rows, second in columns",
    "epochs": "Epochs to convergence, of the trials that converged in both",
    "values": "Final numbers of matched trials",
    "by": "By {parameters}",
    "changed": "Trials that changed",
    "only": "Trials that only one run has",
}


def format_comparison(
    found: Comparison,
    style: str,
    *,
    only_changed: bool,
    columns: Sequence[str] = (),
    sort: str | None = None,
    top: int | None = None,
    width: int | None = None,
) -> Iterator[str]:
    """Yields a comparison as text.

    In the styles table, markdown and latex it is everything, under headings; so it is in json. csv has one
    table, by the parameters or, of changes alone, trial by trial: the one that columns, sort and top choose
    from (see tables.select). `only_changed` leaves out rows of `by` without a changed trial, and lists the
    trials that changed. Tables for people have the first columns that a line of such a width has room for.

    Raises:
        ConfigError: it has no such column.
    """
    tables, name = _chosen(found, only_changed=only_changed), "changed" if only_changed else "by"
    if name in tables:
        tables[name] = select(tables[name], columns, sort, top)
    if style == "csv":
        yield as_text(tables[name] if name in tables else getattr(found, name), "csv")
    elif style == "json":
        yield json.dumps(_plain(found, tables), indent=2, allow_nan=False)
    else:
        yield from _format_tables(found, tables, style, width)


def _chosen(found: Comparison, *, only_changed: bool) -> dict[str, Any]:
    tables = found.tables()
    if not only_changed:
        return {name: table for name, table in tables.items() if name != "changed"}
    if "by" in tables and "changed" in tables["by"]:
        tables["by"] = tables["by"][tables["by"]["changed"] > 0]
    return {name: table for name, table in tables.items() if len(table)}


def _plain(found: Comparison, tables: dict[str, Any]) -> dict[str, Any]:
    return {
        "runs": list(found.runs),
        "tolerance": found.tolerance,
        "by": list(found.parameters),
        "by_summaries": found.by_summaries,
        "notes": list(found.notes),
        "tables": {name: records(table) for name, table in tables.items()},
    }


def _format_tables(found: Comparison, tables: dict[str, Any], style: str, width: int | None) -> Iterator[str]:
    title = f"{', '.join(found.runs[1:])} (second) compared with {found.runs[0]} (first)"
    if style == "latex":
        yield from _in_latex(found, title, tables)
        return
    yield title
    yield from format_verdict(found)
    notes = ["", *map(ended, found.notes)] if found.notes else []
    for name, heading, shown in to_read(found, tables):
        yield ""
        yield f"## {escape_control(heading)}" if style == "markdown" else f"{escape_control(heading)}:"
        yield ""
        cells = with_values(cells_of(readable(found, name, shown)))
        if width and style == "table" and name in ("settings", "versions"):
            cells = _cut(cells, width)
        columns = _first_columns(cells, width) if width and style == "table" else list(cells)
        yield as_text({column: cells[column] for column in columns}, style)
        more = counted(len(cells) - len(columns), "column")
        if len(columns) < len(cells):
            yield f"... and {more} more: widen the terminal, or --format json"
        total = _total(found, name)
        if len(shown) < total:
            kind = "json" if name == "only" else "csv"
            yield f"... and {total - len(shown):,} more: --format {kind} lists {len(tables[name]):,}"
        if name == "settings":
            yield from notes
    if "settings" not in tables:
        yield from notes
    if style == "table" and not found.by_summaries:
        yield ""
        longest = max(map(len, MEANING))
        yield from (f"{name:<{longest}}  {meaning}" for name, meaning in MEANING.items())


def to_read(found: Comparison, tables: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yields the tables that a person reads, each with its name and heading; of lists of trials the first."""
    for name, table in tables.items():
        if name in ("matched", "only") and found.by_summaries:
            continue  # there is no match, and all trials of both would be listed
        heading = HEADINGS[name].format(parameters=" and ".join(found.parameters))
        yield name, heading, table.head(MAX_SHOWN) if name in ("changed", "only") else table


def _total(found: Comparison, name: str) -> int:
    """Returns how many trials a list is of; of other tables 0."""
    counted_in = {"changed": ["changed"], "only": ["only_first", "only_second"]}
    return int(found.matched[counted_in.get(name, [])].to_numpy().sum())


def _cut(cells: dict[str, list[Any]], width: int) -> dict[str, list[Any]]:
    """Returns settings, their values cut so that a line of such a width has those of all runs."""
    names, *values = cells.items()
    room = max(8, (width - widths(dict([names]))[names[0]]) // len(values) - GAP)
    return dict([names, *((run, [shorten(each, room) for each in column]) for run, column in values)])


def _first_columns(cells: dict[str, Any], width: int) -> list[str]:
    """Returns the first columns, as many as a line of such a width has room for, and one at least."""
    ends = accumulate(taken + GAP for taken in widths(cells).values())
    return [
        name
        for place, (name, end) in enumerate(zip(cells, ends, strict=True))
        if not place or end - GAP <= width
    ]


def _in_latex(found: Comparison, title: str, tables: dict[str, Any]) -> Iterator[str]:
    """Yields tables under comments, which say what sentences do elsewhere: a file that LaTeX can read."""
    yield from (f"% {said}" for said in (title, *map(ended, found.notes), *format_verdict(found)))
    for name, table in tables.items():
        yield ""
        yield f"% {escape_control(HEADINGS[name].format(parameters=' and '.join(found.parameters)))}"
        yield as_text(readable(found, name, table), "latex")


def readable(found: Comparison, name: str, table: Table) -> Table:
    """Returns a table without the columns that tell a person nothing: the run, where it can be one alone."""
    cells = cells_of(table)
    listed = ("transitions", "epochs", "values", "by", "changed")
    if len(found.runs) == 2 and name in listed and len(set(cells.get("run", []))) == 1:
        del cells["run"]
    return cells


def format_verdict(found: Comparison) -> Iterator[str]:
    """Yields how many trials were matched and how many changed, a sentence for each run."""
    for row in found.matched.to_dict("records"):
        first, second = row["compared_with"], row["run"]
        alone = f"{row['only_first']:,} only in {first}, {row['only_second']:,} only in {second}"
        if not row["matched"]:
            yield (f"{second} shares no trial with {first} ({alone}): they are compared by their summaries.")
            continue
        by = row["largest_relative_difference"]
        told = [
            f"{row['outcome_changed']:,} with a different outcome",
            f"{row['epoch_changed']:,} with a different epoch",
            *([f"{row['numbers_changed']:,} with different numbers"] if row["numbers_changed"] else []),
            f"{row['last_bits']:,} that differ only in their last bits",
            f"{row['identical']:,} equal to the bit",
        ]
        yield f"{counted(row['matched'], 'trial')} matched: {', '.join(told)}; {alone}."
        if by:
            same = "Where outcome and epoch are the same"
            yield f"{same}, numbers differ by at most {by:.2g} relative to the largest."
