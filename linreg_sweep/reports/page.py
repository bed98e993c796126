"""The page itself: a template filled in, with style, scripts and data inside, and nothing from outside.

The Content-Security-Policy allows this one style and this one script, by their hashes. Whatever comes from
a config or a file is escaped by the template, or packed into letters and digits. Pictures of cells that the
script makes are the one thing that comes as `data:`.
"""

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from linreg_sweep import __version__
from linreg_sweep.analysis.formats import Table, cells_of, told_apart, with_values
from linreg_sweep.analysis.legend import COLUMN_MEANING
from linreg_sweep.comparing.comparison import Comparison
from linreg_sweep.reports.payload import plain
from linreg_sweep.text.comparisons import MEANING, format_verdict, readable, to_read
from linreg_sweep.words import ended

COMMENT = r"^ *(//.*|/\*\*(.|\n)*?\*/)\n"
"""What stands on lines of its own in a script for those who read it there."""

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
    """One run on a page, in the order in which it is told.

    Advice, where most trials did not converge, is in words, and as options of the command, which runs the
    sweep again. There is no quality of a run that is not finished, or older. Scripts get the payload, which
    is packed.
    """

    name: str
    subject: str
    answer: str
    importance: str
    advice: list[tuple[str, list[str]]]
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
class Shown:
    """A table as a page shows it.

    Attributes:
        key: what it is called in the page's source.
        caption: what it is called on the page.
        columns: their heads: name, what it means if that is known, whether it holds numbers.
        rows: of cells: what is shown, the exact value where that is more, whether it is a number.
        more: what is said of rows that were left out.
    """

    key: str
    caption: str
    columns: list[tuple[str, str | None, bool]]
    rows: list[list[tuple[str, str | None, bool]]]
    more: str = ""


def shown(key: str, caption: str, table: Table, more: str = "") -> Shown:
    """Returns a table as a terminal shows it, and all digits of each number beside."""
    cells = with_values(cells_of(table))
    columns = [
        (name, (COLUMN_MEANING | MEANING).get(name), not any(isinstance(cell, str) for cell in column))
        for name, column in cells.items()
    ]
    shown_cells = [
        [
            (text, str(plain([value])[0]) if isinstance(value, float) else None, not isinstance(value, str))
            for text, value in zip(told_apart(name, column), column, strict=True)
        ]
        for name, column in cells.items()
    ]
    return Shown(key, caption, columns, [list(row) for row in zip(*shown_cells, strict=True)], more)


def compared(found: Comparison) -> list[Shown]:
    """Returns the tables of a comparison, lists of trials cut short."""
    tables, every = [], found.tables()
    for name, caption, cut in to_read(found, every):
        is_cut = len(cut) < len(every[name])
        more = f"These are the first {len(cut):,}; linreg-sweep compare lists more." * is_cut
        tables.append(shown(f"comparison-{name}", caption, readable(found, name, cut), more))
    return tables


def render(title: str, sections: Sequence[Section], comparison: Comparison | None) -> str:
    """Returns the page of one run or more, with their comparison where there are several."""
    import jinja2

    style, script = f"\n{_asset('page.css')}", _script()
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
        notes=[] if comparison is None else [*map(ended, comparison.notes)],
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


def _script() -> str:
    """Returns all scripts as one, so that what they name stays their own; lines of comment stay here."""
    parts = [re.sub(COMMENT, "", _asset(f"scripts/{name}.js"), flags=re.MULTILINE) for name in SCRIPTS]
    return '\n(async () => {\n"use strict";\n' + "\n".join(parts) + "})();\n"


def _hash(text: str) -> str:
    """Returns how a Content-Security-Policy names an inline text.

    Source: W3C, Content Security Policy Level 3, 2.3.1.
    """
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
