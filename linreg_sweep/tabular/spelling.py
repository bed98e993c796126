"""Cells of text as numbers.

What counts as a number is decided here, by one pattern, and not by a reader's guesses: `007`, dates and
booleans are text; so is `1,234` where the file's format does not say what the comma is.
"""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Floats
from linreg_sweep.tabular.cells import (
    GAP,
    MAX_EXACT,
    MISSING_CELL,
    SHIFTED,
    TEXT_CELL,
    UNEVEN,
    Column,
    as_array,
    as_mask,
    flaw_of,
    shortened,
)
from linreg_sweep.tabular.recipes import DECIMAL, EITHER, THOUSANDS
from linreg_sweep.text_format import TextFormat, as_declared

MISSING = r"^(?i:|#?n/?a|[+-]?nan|null|none)$"
INFINITE = r"^(?i:[+-]?inf(?:inity)?)$"

MARKERS = (
    *("?", "-", "--", "*", ".", "..", "...", "n.a.", "nd"),
    *("missing", "unknown", "\\n", "#value!", "#div/0!"),
)
"""What often stands for a missing number, besides what always does; in small letters."""

MAX_MARKER = 12
"""Letters of what may stand for a missing number."""

COMMAS = "commas"
"""In place of the hint for a cell with a comma in its number: all of a file get one."""

APART = "write numbers without a thousands separator; data.format.thousands may say which there is"
"""The hint for a cell with something else between thousands."""

_DATE = re.compile(r"[0-9]{1,2}\.[0-9]{1,2}\.(?:[0-9]{2}){1,2}")

_ALMOST_NUMBERS = (
    (r"[+-]?[0-9][0-9.,]*,[0-9.]+|[+-]?,[0-9]+", COMMAS),
    (r"[+-]?[0-9]{1,3}([_' ][0-9]{3})+(\.[0-9]*)?", APART),
    (r"[+-]?0[0-9]+(\.[0-9]*)?", "a leading zero marks a label; where it is a number, write 7 for 007"),
    (r"[$€£]? ?[+-]?[0-9]+(\.[0-9]+)? ?[%€$£a-zA-Z]*", "a cell must hold the number alone, without a unit"),
)


def is_missing(cell: object) -> bool:
    """Returns whether a cell is text that stands for a missing one in any file."""
    return isinstance(cell, str) and re.match(MISSING, cell.strip()) is not None


def is_infinite(cell: object) -> bool:
    """Returns whether a cell is text that says that a number is infinite."""
    return isinstance(cell, str) and re.match(INFINITE, cell.strip()) is not None


def number_form(form: TextFormat) -> str:
    """Returns the pattern of all that is a number where text is written so."""
    whole, point = "0|[1-9][0-9]*", re.escape(form.decimal)
    if form.thousands:
        whole += f"|[1-9][0-9]{{0,2}}(?:{_between_thousands(form)}[0-9]{{3}})+"
    return rf"^[+-]?(?:(?:{whole})(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?$"


def _between_thousands(form: TextFormat) -> str:
    return "[ \u00a0\u202f]" if form.thousands == " " else re.escape(form.thousands or "")


def _as_usual(cells: Any, form: TextFormat) -> Any:
    """Returns cells that are numbers with a point before decimals and nothing between thousands."""
    from pyarrow import compute

    if form.thousands:
        cells = compute.replace_substring_regex(cells, _between_thousands(form), "")
    return compute.replace_substring(cells, ",", ".") if form.decimal == "," else cells


def _marker_numbers(form: TextFormat) -> list[float]:
    """Returns the numbers that stand for a missing cell."""
    import pyarrow as pa

    texts = [text for text in form.missing if re.match(number_form(form), text)]
    return [float(cell.as_py()) for cell in _as_usual(pa.array(texts, pa.string()), form)]


def numbers_of(cells: Any, form: TextFormat) -> Floats | None:
    """Returns cells [n] of an Arrow array of text as numbers where each is a number that is kept as written.

    Arrow's cast takes what `number_form` describes, and besides it leading zeros and what is not finite: only
    these are looked for. None where a cell is no number, is missing, or has thousands apart: `column_of` says
    which, and why.
    """
    import pyarrow as pa
    from pyarrow import compute

    if form.decimal == ",":
        if compute.any(compute.match_substring(cells, ".")).as_py():
            return None
        cells = compute.replace_substring(cells, ",", ".")
    try:
        cast = compute.cast(cells, pa.float64())
    except pa.ArrowInvalid:
        try:
            cells = compute.ascii_trim_whitespace(cells)
            cast = compute.cast(cells, pa.float64())
        except pa.ArrowInvalid:
            return None
    numbers: Any = np.from_dlpack(cast)
    if not np.isfinite(numbers).all() or _has_leading_zero(cells) or _rounded(cells, numbers).any():
        return None
    if form.missing and np.isin(numbers, _marker_numbers(form)).any():
        return None
    return np.asarray(numbers, np.float64)


def _has_leading_zero(cells: Any) -> bool:
    """Returns whether a digit follows a zero that begins a cell, behind a sign or not; no cell is empty."""
    _, offsets, letters = cells.buffers()
    borders = np.frombuffer(offsets, np.int32)[cells.offset : cells.offset + len(cells) + 1]
    text = np.frombuffer(letters, np.uint8)
    first = text[borders[:-1]]
    first_digit = borders[:-1] + ((first == ord("+")) | (first == ord("-")))
    second = first_digit + 1
    second = second[(text[first_digit] == ord("0")) & (second < borders[1:])]
    return bool((text[second] - ord("0") <= 9).any())  # what is below a zero wraps round to beyond 9


def column_of(cells: Any, form: TextFormat) -> tuple[Floats, Column]:
    """Turns text [n] into numbers as Python's `float` would; tells missing, infinite and others apart."""
    import pyarrow as pa
    from pyarrow import compute

    cells = compute.ascii_trim_whitespace(cells)
    matches = compute.match_substring_regex(cells, number_form(form))
    if form.missing:
        marked = as_mask(compute.is_in(cells, pa.array(form.missing)))
        matches = compute.and_(matches, pa.chunked_array([pa.array(~marked)]))
    plain = as_mask(matches)
    usual = _as_usual(cells, form)
    numbers = np.full(len(plain), np.nan)
    numbers[plain] = as_array(compute.cast(usual if plain.all() else usual.filter(matches), pa.float64()))
    if form.missing:
        marked |= np.isin(numbers, _marker_numbers(form))
        plain &= ~marked
        numbers[marked] = np.nan
    uneven = _rounded(usual, numbers)
    if np.isfinite(numbers).all() and not uneven.any():
        return numbers, Column(len(numbers), len(numbers))

    missing = as_mask(compute.match_substring_regex(cells, MISSING)) & ~plain
    if form.missing:
        missing |= marked
    infinite = as_mask(compute.match_substring_regex(cells, INFINITE)) | np.isinf(numbers)
    infinite &= ~missing
    other = ~(plain | missing | infinite)

    def first(kind: NDArray[np.bool_]) -> str:
        return str(cells[int(kind.argmax())])

    almost = _almost(first(other), form) if other.any() else ""
    hint = almost or (_among_numbers(first(other), form) if other.any() and plain.any() else TEXT_CELL)
    flaws = (
        *flaw_of(GAP, missing, f"must be a number, {_got(first(missing))}", MISSING_CELL),
        *flaw_of("infinite", infinite, f"must be finite, {_got(first(infinite))}"),
        *flaw_of("uneven", uneven, f"{UNEVEN} {first(uneven)}", SHIFTED),
        *flaw_of("other", other, f"must be a number, {_got(first(other))}", hint),
    )
    return numbers, Column(
        n_cells=len(numbers),
        n_numbers=int(plain.sum()),
        flaws=flaws,
        other=first(other) if other.any() else None,
        almost=almost,
        commas=_commas(cells) if other.any() else frozenset(),
    )


def _commas(cells: Any) -> frozenset[str]:
    """Returns what commas in cells stand for, each by itself."""
    from pyarrow import compute

    cells = cells.filter(compute.match_substring(cells, ","))
    forms = {"decimal": DECIMAL, "thousands": THOUSANDS, "either": EITHER}
    return frozenset(
        name
        for name, pattern in forms.items()
        if as_mask(compute.match_substring_regex(cells, pattern)).any()
    )


def _almost(cell: str, form: TextFormat) -> str:
    """Returns a hint for a cell that a person would take for a number; nothing for others."""
    if _DATE.fullmatch(cell):
        return ""
    if (form.decimal, form.thousands) != (".", None) and re.fullmatch(r"[+-]?(?=[0-9]*[.,])[0-9.,]+", cell):
        return COMMAS
    return next((hint for pattern, hint in _ALMOST_NUMBERS if re.fullmatch(pattern, cell)), "")


def _among_numbers(cell: str, form: TextFormat) -> str:
    """Returns a hint for a cell of text in a column of numbers: one without a digit may stand for none."""
    if len(cell) > MAX_MARKER or not cell.isprintable() or re.search("[0-9]", cell):
        return TEXT_CELL
    found = as_declared(form.model_copy(update={"missing": (*form.missing, cell)}))
    return f"{TEXT_CELL}; data.format: {found} where it stands for a missing number"


def _rounded(cells: Any, numbers: Floats) -> NDArray[np.bool_]:
    """Returns which cells [n] are written as whole numbers that float64 does not hold."""
    changed = np.zeros(len(numbers), np.bool_)
    for row in np.flatnonzero((np.abs(numbers) >= MAX_EXACT) & np.isfinite(numbers)).tolist():
        text = str(cells[row])
        changed[row] = text.lstrip("+-").isdecimal() and int(text) != int(numbers[row])
    return changed


def _got(cell: str) -> str:
    return f"got {shortened(cell)}" if cell else "the cell is empty"
