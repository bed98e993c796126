"""How messages write paths, values, names, and numbers of things."""

import difflib
from collections.abc import Iterable, Sequence
from decimal import Context
from itertools import islice

_LONGEST_NAME = 60
_MAX_NAMES = 10_000

MAX_NAMED = 8
"""Columns that a note names."""

Key = str | int
KeyPath = tuple[Key, ...]


def path_text(path: KeyPath) -> str:
    """Returns a path as messages write it: `parameters.learning_rate.values[2]`."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            name = shorten(key)
            shown = name if name.replace("_", "a").replace("-", "a").isalnum() else repr(name)
            text += f".{shown}" if text else shown
    return text


def plural(noun: str, count: float) -> str:
    """Returns a noun as it stands behind a number."""
    return noun if count == 1 else f"{noun}s"


def counted(count: int, noun: str) -> str:
    """Returns a number of things: `1 trial`, `3,362 trials`."""
    return f"{count:,} {plural(noun, count)}"


def rounded(number: float) -> str:
    """Returns a positive number as a person says it: `12,346`, and of small ones two digits, `0.25`."""
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


def show(value: object) -> str:
    """Returns a value as messages show it: as YAML would say it, and at most 60 characters."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return repr(shorten(value))
    if isinstance(value, int) and value.bit_length() > 10_000:
        return "a huge whole number"  # Python refuses to print more than 4,300 digits
    if isinstance(value, int) and abs(value) >= 10**16:
        return f"{Context(prec=6).create_decimal(value).normalize():e}"
    try:
        return shorten(repr(value))
    except (ValueError, RecursionError):  # a list of huge numbers, or of itself
        return f"a {type(value).__name__}"


def did_you_mean(given: str, known: Iterable[str], *, else_list: bool = True) -> str:
    """Returns a hint that names the closest known word, of the first 10,000.

    Where none is close it lists those that are known, 30 at most, or if so asked says nothing.
    """
    names = sorted(set(islice(known, _MAX_NAMES)))
    close = closest(given, names)
    if close:
        return f"did you mean {close!r}?"
    return f"known here: {listed(names, 30)}" if names and else_list else ""


def closest(given: str, names: Iterable[str]) -> str:
    """Returns the name that was meant; empty where none is close.

    Long names are close to nothing: the time to compare two grows with the product of their lengths.
    """
    short = sorted({name for name in names if len(name) <= _LONGEST_NAME})
    close = difflib.get_close_matches(given, short, n=1, cutoff=0.6)
    return close[0] if close else ""


def listed(names: Sequence[str], most: int = MAX_NAMED) -> str:
    """Returns names with commas between them, each cut short; of more than so many the first, and dots."""
    return ", ".join([*map(shorten, names[:most]), *(["..."] if len(names) > most else [])])


def joined(words: Sequence[str], conjunction: str = "and") -> str:
    """Returns words with commas between them, and a conjunction before the last: `a, b and c`."""
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}" if len(words) > 1 else "".join(words)


def shorten(text: str, longest: int = _LONGEST_NAME) -> str:
    """Returns a text cut to so many letters, the last three of which then are dots."""
    return text if len(text) <= longest else text[: longest - 3] + "..."


def ended(sentence: str) -> str:
    """Returns a sentence with its full stop, for which dots at its end stand."""
    return sentence if sentence.endswith("...") else f"{sentence}."


def rows_of(n_rows: int, held_out: Sequence[int]) -> str:
    """Returns the rows of the data: `51 rows`, `41 rows and 10 held out`, `51 rows in 5 folds`.

    Args:
        n_rows: how many are trained on, at most.
        held_out: how many are held out, fold by fold; one number without folds, none where no row is.
    """
    total = n_rows + min(held_out) if len(held_out) > 1 else n_rows
    told = f"{total:,} row{'s' * (total != 1)}"
    if len(held_out) > 1:
        return f"{told} in {len(held_out)} folds"
    return f"{told} and {held_out[0]:,} held out" if held_out else told
