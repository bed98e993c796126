"""How a file of text is written, found out from its beginning: for `init`, and for hints; never to read by.

Whoever is told of it decides; what is read is read as a config says, or refused.
"""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any

from linreg_sweep.tabular.recipes import DECIMAL, EITHER, THOUSANDS
from linreg_sweep.tabular.recipes import SEPARATORS as BETWEEN
from linreg_sweep.tabular.spelling import INFINITE, MARKERS, MISSING, number_form
from linreg_sweep.tabular.streams import BLOCK, squeezed_lines, unpacked
from linreg_sweep.text_format import Encoding, Separator, TextFormat, as_declared, column_names

LOOKED_AT = 2**21
"""Bytes of a file that are looked at to see how it is written."""

MAX_BYTES = 2**31
"""Bytes that are looked at to see whether all letters are UTF-8."""

_WINDOWS = re.compile(rb"\A(?=.*[\x80-\x9f])[^\x81\x8d\x8f\x90\x9d]*\Z", re.DOTALL)
"""Bytes that are letters in Windows's encoding, all of them; in latin-1 some are no letters."""

FEW = 200
"""Rows that tell what separates values."""

SEPARATORS: tuple[Separator, ...] = (";", "\t", "|", ",", " ")
"""What may separate values, the most telling first."""

POINT = r"[+-]?[0-9]*\.[0-9]+"
GROUPED = r"[+-]?[1-9][0-9]{0,2}(?:%s[0-9]{3})+(?:[.,][0-9]*)?"
ANY_NUMBER = re.compile(r"[+-]?(?=[.,]*[0-9])[0-9.,]+(?:[eE][+-]?[0-9]+)?")

Rows = Sequence[Sequence[str]]


def written_as(path: Path) -> str:
    """Returns a hint that says how a file seems to be written, in the words of `data.format`."""
    found = find_format(path)
    return "" if found == TextFormat() else f"say how it is written, data.format: {as_declared(found)}"


def find_format(path: Path, named: Collection[str] = (), missing: Sequence[str] = ()) -> TextFormat:
    """Returns how a file of text seems to be written; what cannot be told is as it is by default.

    Args:
        path: the file.
        named: columns that a person named, which tell whether the first row holds the names.
        missing: what a person says stands for a missing cell.

    Raises:
        DataError: it is no whole archive.
        OSError: it cannot be opened.
    """
    usual = TextFormat().separator_in(path)
    encoding, head = _encoding(path)
    separator = _separator(head) or usual
    rows = [row for row in _rows(head, separator) if any(row)]
    cells = [cell for row in rows[1:] or rows for cell in row]
    found = TextFormat(
        separator=None if separator == usual else separator,
        encoding=encoding,
        missing=tuple(missing),
        **_commas(cells, separator),
    )
    found = found.model_copy(update={"header": _has_header(rows, named, found)})
    return found.model_copy(update={"missing": (*missing, *_markers(rows[found.header :], found))})


def told(found: TextFormat) -> str:
    """Returns in half a sentence how a file is written; nothing where that is as it is by default."""
    groups = {" ": "blanks", "'": "apostrophes", "_": "underscores", ",": "commas", ".": "points"}
    said = [
        f"values separated by {BETWEEN[found.separator]}" if found.separator else "",
        "a comma before decimals" if found.decimal == "," else "",
        f"{groups[found.thousands]} between thousands" if found.thousands else "",
        f"letters in {found.encoding}" if found.encoding != "utf-8" else "",
        "" if found.header else "no header, so that columns are called column_1, column_2, ...",
        f"{' or '.join(found.missing)} in missing cells" if found.missing else "",
    ]
    return ", ".join(filter(None, said))


def _encoding(path: Path) -> tuple[Encoding, str]:
    """Returns how the letters of a file are kept, and its beginning, whole lines of it."""
    head = b""
    is_utf8, decoder, size = True, codecs.getincrementaldecoder("utf-8")(), 0
    with unpacked(path) as stream:
        while (block := stream.read(BLOCK)) and size < MAX_BYTES:
            size += len(block)
            head += block if len(head) < LOOKED_AT else b""
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                is_utf8 = False
            if not is_utf8 and len(head) >= LOOKED_AT:
                break
    encoding: Encoding = "utf-8" if is_utf8 else "cp1252" if _WINDOWS.search(head) else "latin-1"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    text = head.decode("utf-8-sig" if encoding == "utf-8" else encoding, "replace")
    return encoding, text if len(head) < LOOKED_AT else text[: max(text.rfind("\n"), text.rfind("\r")) + 1]


def _rows(text: str, separator: str) -> Iterator[list[str]]:
    """Yields the rows of a text, without blanks around cells; as many as are rows."""
    if separator == " ":
        text = "".join(squeezed_lines(iter([text])))
    try:
        for row in csv.reader(StringIO(text, newline=""), delimiter=separator):
            if row:
                yield [cell.strip() for cell in row]
    except csv.Error:
        return


def _separator(text: str) -> Separator | None:
    """Returns what divides most rows alike, and best into numbers; None: nothing divides them."""

    def merit(separator: str) -> tuple[float, float]:
        rows = list(islice(_rows(text, separator), FEW))
        widths = Counter(map(len, rows))
        width, times = widths.most_common(1)[0] if widths else (1, 0)
        cells = [cell for row in rows[1:] or rows for cell in row]
        numbers = sum(1 for cell in cells if ANY_NUMBER.fullmatch(cell))
        return (times / len(rows), numbers / max(len(cells), 1)) if width > 1 else (0.0, 0.0)

    merits = {separator: merit(separator) for separator in SEPARATORS}
    if merits["\t"][0] >= merits[" "][0]:  # a tab counts as a blank, too, and cells may hold blanks
        del merits[" "]
    best = max(merits, key=merits.__getitem__)
    return best if merits[best][0] else None


def _commas(cells: Sequence[str], separator: str) -> dict[str, Any]:
    """Returns what stands before decimals and between thousands, where it is not as it is by default."""

    def some(pattern: str) -> bool:
        return any(re.fullmatch(pattern, cell) for cell in cells)

    decimal, thousands, either = some(DECIMAL), some(THOUSANDS), some(EITHER)
    if either and not decimal and not thousands:
        thousands = separator == "," or some(POINT)
        decimal = not thousands and separator == ";"
    others = {mark: GROUPED % form for mark, form in ((" ", "[ \u00a0\u202f]"), ("'", "'"), ("_", "_"))}
    apart = next((mark for mark, form in others.items() if mark != separator and some(form)), None)
    if apart:
        comma = any(re.fullmatch(others[apart], cell) and "," in cell for cell in cells) or decimal
        return {"thousands": apart} | ({"decimal": ","} if comma and separator != "," else {})
    if decimal and not thousands and separator != ",":
        return {"decimal": ","} | ({"thousands": "."} if some(GROUPED % r"\.") else {})
    return {"thousands": ","} if thousands and not decimal else {}


def _has_header(rows: Rows, named: Collection[str], found: TextFormat) -> bool:
    """Returns whether the first row holds names: a person's, or none that are numbers above numbers."""
    first, others = (rows[0], rows[1:FEW]) if rows else ([], [])
    if named and set(named) <= set(first):
        return True
    if named and set(named) <= set(column_names(len(first))):
        return False
    number = re.compile(number_form(found))
    return not any(
        number.match(cell) and all(number.match(row[at]) for row in others if at < len(row) and row[at])
        for at, cell in enumerate(first)
    )


def _markers(rows: Rows, found: TextFormat) -> list[str]:
    """Returns what stands in columns of numbers where a number is missing."""
    number = re.compile(f"{number_form(found)}|{MISSING}|{INFINITE}")
    markers: dict[str, None] = {}
    for column in zip(*(row for row in rows if len(row) == len(rows[0])), strict=True):
        others = {cell for cell in column if not number.match(cell) and cell not in found.missing}
        if all(cell.lower() in MARKERS for cell in others) and any(map(number.match, filter(None, column))):
            markers |= dict.fromkeys(sorted(others))
    return list(markers)
