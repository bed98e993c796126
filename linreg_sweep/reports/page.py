"""The page itself: a template filled in, with style, scripts and data inside, and nothing from outside.

The Content-Security-Policy allows this one style and this one script, by their hashes. Whatever comes from
a config or a file is escaped by the template, or packed into letters and digits. Pictures of cells that the
script makes are the one thing that comes as `data:`.
"""

import base64
import gzip
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from linreg_sweep import __version__
from linreg_sweep.analysis.formats import Table, cells_of
from linreg_sweep.analysis.legend import COLUMN_MEANING
from linreg_sweep.comparing.comparison import Comparison
from linreg_sweep.reports.payload import plain
from linreg_sweep.text.comparisons import HEADINGS, MAX_SHOWN, MEANING, format_verdict, readable

SCRIPTS = (
    "numbers",
    "packing",
    "tooltip",
    "download",
    "links",
    "charts",
    "fit",
    "descent",
    "theory",
    "colours",
    "painting",
    "where",
    "sides",
    "regimes",
    "legend",
    "zoom",
    "cells",
    "map",
    "trials",
    "pictures",
    "player",
    "laboratory",
    "explore",
    "comparison",
    "page",
)
"""The scripts, each standing on those before it."""


@dataclass(frozen=True)
class Section:
    """One run on a page.

    Attributes:
        name: of the run.
        subject: what was swept on what data.
        answer: the best trial, and where every trial converged.
        importance: which parameter matters, in a sentence; may be empty.
        advice: with which settings trials converge, where most did not.
        swept: what was varied, and between which ends.
        quality: how well the best trial fits, beside its optimum; None: the run is not finished, or older.
        of_each: the best trial of each word, where words vary.
        facts: what was run, by what it is called: versions, hashes, times.
        command: runs the sweep again.
        config: the resolved declaration.
        summaries: a table by each parameter.
        legend: what the columns say, a line each.
        notes: what a person should know of the data, or of the run.
        no_laboratory: why there is none, if so.
        payload: what the scripts get, see packed.
    """

    name: str
    subject: str
    answer: str
    importance: str
    advice: "list[Advice]"
    swept: "Shown"
    quality: "Shown | None"
    of_each: "Shown | None"
    facts: dict[str, str]
    command: str
    config: str
    summaries: "list[Shown]"
    legend: list[str]
    notes: list[str]
    no_laboratory: str | None
    payload: str


@dataclass(frozen=True)
class Advice:
    """What would make trials converge: in words, and as options of the command."""

    words: str
    options: list[str]

    @classmethod
    def of(cls, line: str) -> "Advice":
        """Returns a line of text.advice, whose options come last."""
        words, *settings = line.split(" --set ")
        return cls(words, [f"--set {setting}" for setting in settings])


@dataclass(frozen=True)
class Column:
    """A column's head: its name, what it means if that is known, whether it holds numbers."""

    name: str
    meaning: str | None
    number: bool


@dataclass(frozen=True)
class Cell:
    """A cell: what is shown, the exact value where that is more, whether it is a number."""

    text: str
    exact: str | None
    number: bool


@dataclass(frozen=True)
class Shown:
    """A table as a page shows it.

    Attributes:
        key: what it is called in the page's source.
        caption: what it is called on the page.
        columns: their heads.
        rows: of cells.
        more: what is said of rows that were left out.
    """

    key: str
    caption: str
    columns: list[Column]
    rows: list[list[Cell]]
    more: str = ""


def shown(key: str, caption: str, table: Table, more: str = "") -> Shown:
    """Returns a table with six digits of each number, and all of them beside."""
    cells = cells_of(table)
    columns = [
        Column(name, (COLUMN_MEANING | MEANING).get(name), not any(isinstance(cell, str) for cell in column))
        for name, column in cells.items()
    ]
    rows = [[_cell(value) for value in row] for row in zip(*cells.values(), strict=True)]
    return Shown(key, caption, columns, rows, more)


def _cell(value: Any) -> Cell:
    if value is None:
        return Cell("", None, True)
    if isinstance(value, float):
        return Cell(f"{value:.6g}", str(plain([value])[0]), True)
    return Cell(str(value), None, isinstance(value, int))


def compared(found: Comparison) -> list[Shown]:
    """Returns the tables of a comparison, lists of trials cut short."""
    tables = []
    for name, table in found.tables().items():
        if name == "only" and found.by_summaries:
            continue  # it would list all trials of both
        caption = HEADINGS[name].format(parameters=" and ".join(found.parameters))
        cut = table.head(MAX_SHOWN) if name in ("changed", "only") else table
        more = (
            f"These are the first {len(cut):,}; linreg-sweep compare lists more."
            if len(cut) < len(table)
            else ""
        )
        tables.append(shown(f"comparison-{name}", caption, readable(name, cut), more))
    return tables


def render(title: str, sections: Sequence[Section], comparison: Comparison | None) -> str:
    """Returns the page.

    Args:
        title: what it is of.
        sections: of the runs, one or more.
        comparison: of the runs, where there are several.
    """
    import jinja2

    style, script = _style(), _script()
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    template = environment.from_string(_asset("page.html.jinja"))
    return template.render(
        title=title,
        sections=sections,
        comparison=[] if comparison is None else compared(comparison),
        notes=[] if comparison is None else comparison.notes,
        verdict=[] if comparison is None else list(format_verdict(comparison)),
        version=__version__,
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        data=[section.payload for section in sections],
    )


def packed(payload: Any) -> str:
    """Returns JSON, compressed and in letters and digits, so that nothing within can end early in HTML."""
    text = json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def _asset(name: str) -> str:
    return resources.files("linreg_sweep.reports").joinpath(name).read_text(encoding="utf-8")


def _style() -> str:
    return f"\n{_asset('page.css')}"


def _script() -> str:
    """Returns all scripts as one, so that what they name stays their own."""
    parts = [_asset(f"scripts/{name}.js") for name in SCRIPTS]
    return '\n(async () => {\n"use strict";\n' + "\n".join(parts) + "})();\n"


def _hash(text: str) -> str:
    """Returns how a Content-Security-Policy names an inline text.

    Source: W3C, Content Security Policy Level 3, 2.3.1.
    """
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
