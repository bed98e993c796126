"""A page of a report taken apart by Python's own HTML parser: its tables, its data, its style and script."""

import base64
import gzip
import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any


@dataclass
class Table:
    """A table of a page: its heads, and its cells with what is shown and the exact value (or None)."""

    columns: list[str] = field(default_factory=list)
    rows: list[list[tuple[str, str | None]]] = field(default_factory=list)


class Page(HTMLParser):
    """What a page holds.

    Attributes:
        elements: all start tags with their attributes, in order.
        tables: by what data-table says; of several runs a list of each name.
        texts: of every element, without those within it, by its class, a script's type or its tag.
        data: what the scripts get of each run.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.tables: dict[str, list[Table]] = {}
        self.texts: dict[str, list[str]] = {}
        self._table: Table | None = None
        self._open: list[tuple[str, str]] = []
        self.feed(html)
        self.close()
        self.data: list[Any] = [unpack(text) for text in self.texts.get("application/gzip", [])]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Takes the beginning of an element."""
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        key = attributes.get("data-table")
        if tag == "table":
            self._table = Table()
            self.tables.setdefault(key or "", []).append(self._table)
        if tag == "tr" and self._table is not None:
            self._table.rows.append([])
        if tag == "td" and self._table is not None:
            self._table.rows[-1].append(("", attributes.get("data-exact")))
        if tag not in ("meta", "img", "input", "br"):
            name = (attributes.get("type") if tag == "script" else attributes.get("class")) or tag
            self.texts.setdefault(name, []).append("")
            self._open.append((tag, name))

    def handle_endtag(self, tag: str) -> None:
        """Takes the end of an element."""
        if self._open:
            self._open.pop()
        if tag == "table" and self._table is not None:
            self._table.rows = [row for row in self._table.rows if row]
            self._table = None

    def handle_data(self, data: str) -> None:
        """Takes a text, which belongs to the innermost element."""
        if not self._open:
            return
        tag, name = self._open[-1]
        self.texts[name][-1] += data
        if self._table is not None and tag == "th":
            self._table.columns.append(data)
        if self._table is not None and tag == "td":
            text, exact = self._table.rows[-1][-1]
            self._table.rows[-1][-1] = (text + data, exact)

    @property
    def policy(self) -> str:
        """The Content-Security-Policy."""
        for tag, attributes in self.elements:
            if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy":
                return attributes["content"] or ""
        raise AssertionError("the page has no Content-Security-Policy")


def unpack(text: str) -> Any:
    """Returns what is packed into letters and digits."""
    return json.loads(gzip.decompress(base64.b64decode(text)))


def number(text: str | None) -> float | None:
    """Returns a cell as a number; None: it is empty."""
    return float(text.replace("Infinity", "inf")) if text else None


def unpacked(column: dict[str, Any]) -> list[Any]:
    """Returns the cells of a column of the data's trials, infinities as numbers."""
    cells = column["cells"] if "cells" in column else [column["different"][row] for row in column["rows"]]
    if not column["number"]:
        return list(cells)
    return [float(cell.replace("Infinity", "inf")) if isinstance(cell, str) else cell for cell in cells]


def loads_from_elsewhere(html: str) -> list[str]:
    """Returns what in a page's source would load something that is not in it."""
    found = re.findall(r"""(?:src|href)\s*=\s*["']?(?!#)[^"'>\s]+|@import|url\((?!#)[^)]*\)""", html)
    return [text for text in found if "`url(#" not in text and not text.startswith("url(#")]
