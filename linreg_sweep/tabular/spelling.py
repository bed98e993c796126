"""Cells of text as numbers.

What counts as a number is decided here, by one pattern, and not by a reader's guesses: `007`, `1,234`, dates
and booleans are text.
"""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.tabular.cells import (
    MAX_EXACT,
    MISSING_CELL,
    SHIFTED,
    TEXT_CELL,
    UNEVEN,
    Column,
    Floats,
    as_array,
    as_mask,
    flaw_of,
    shortened,
)
from linreg_sweep.tabular.recipes import DECIMAL, EITHER, THOUSANDS

NUMBER = r"^[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
MISSING = r"^(?i:|#?n/?a|[+-]?nan|null|none)$"
INFINITE = r"^(?i:[+-]?inf(?:inity)?)$"

COMMAS = "commas"
"""In place of the hint for a cell with a comma in its number: all of a file get one."""

_ALMOST_NUMBERS = (
    (r"[+-]?[0-9][0-9.,]*,[0-9.]+|[+-]?,[0-9]+", COMMAS),
    (r"[+-]?[0-9]{1,3}([_' ][0-9]{3})+(\.[0-9]*)?", "write numbers without a thousands separator"),
    (r"[+-]?0[0-9]+(\.[0-9]*)?", "a leading zero marks a label; where it is a number, write 7 for 007"),
    (r"[$€£]? ?[+-]?[0-9]+(\.[0-9]+)? ?[%€$£a-zA-Z]*", "a cell must hold the number alone, without a unit"),
)


def numbers_of(cells: Any) -> Floats | None:
    """Returns cells [n] of an Arrow array of text as numbers where each is a number that is kept as written.

    Arrow's cast takes what `NUMBER` describes, and besides it leading zeros and what is not finite: only
    these are looked for. None where a cell is no number: `column_of` says which, and why.
    """
    import pyarrow as pa
    from pyarrow import compute

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


def column_of(cells: Any) -> Column:
    """Turns text into numbers as Python's `float` would; tells missing, infinite and other cells apart."""
    import pyarrow as pa
    from pyarrow import compute

    cells = compute.ascii_trim_whitespace(cells)
    matches = compute.match_substring_regex(cells, NUMBER)
    plain = as_mask(matches)
    only = cells if plain.all() else cells.filter(matches)
    numbers = np.full(len(plain), np.nan)
    numbers[plain] = as_array(compute.cast(only, pa.float64()))
    uneven = _rounded(cells, numbers)
    if np.isfinite(numbers).all() and not uneven.any():
        return Column(numbers)

    missing = as_mask(compute.match_substring_regex(cells, MISSING))
    infinite = as_mask(compute.match_substring_regex(cells, INFINITE)) | np.isinf(numbers)
    other = ~(plain | missing | infinite)

    def first(kind: NDArray[np.bool_]) -> str:
        return str(cells[int(kind.argmax())])

    almost = next((hint for form, hint in _ALMOST_NUMBERS if re.fullmatch(form, first(other))), "")
    flaws = (
        *flaw_of(missing, f"must be a number, {_got(first(missing))}", MISSING_CELL),
        *flaw_of(infinite, f"must be finite, {_got(first(infinite))}"),
        *flaw_of(uneven, f"{UNEVEN} {first(uneven)}", SHIFTED),
        *flaw_of(other, f"must be a number, {_got(first(other))}", almost or TEXT_CELL),
    )
    unusable = "" if plain.any() else "not numeric" if other.any() else "empty"
    if unusable == "not numeric" and almost:
        unusable = f"numbers written like {shortened(first(other))} are not read"
    content = f"starts with {shortened(first(other))}" if other.any() else ""
    forms = {"decimal": DECIMAL, "thousands": THOUSANDS, "either": EITHER} if almost == COMMAS else {}
    commas = [
        name for name, form in forms.items() if as_mask(compute.match_substring_regex(cells, form)).any()
    ]
    return Column(numbers, flaws, unusable, content, frozenset(commas), first(other) if commas else "")


def _rounded(cells: Any, numbers: Floats) -> NDArray[np.bool_]:
    """Returns which cells [n] are written as whole numbers that float64 does not hold."""
    changed = np.zeros(len(numbers), np.bool_)
    for row in np.flatnonzero((np.abs(numbers) >= MAX_EXACT) & np.isfinite(numbers)).tolist():
        text = str(cells[row])
        changed[row] = text.lstrip("+-").isdecimal() and int(text) != int(numbers[row])
    return changed


def _got(cell: str) -> str:
    return f"got {shortened(cell)}" if cell else "the cell is empty"
