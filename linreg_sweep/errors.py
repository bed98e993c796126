"""What can go wrong for a user: one exception family, each carrying every complaint found at once.

A complaint says where, what must hold and what was given, and hints at the way out. Divergence,
overflow and NaN inside a trial are results (see outcome.py) and never appear here.
"""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from linreg_sweep.guards.escapes import escape_control

_LONGEST_NAME = 60
_MAX_NAMES = 10_000

MAX_NAMED = 8
"""Columns that a note names."""


@dataclass(frozen=True)
class Complaint:
    """One thing that is wrong with what the user gave.

    Attributes:
        where: a file with line and column, an option, a run; empty where the text says it all.
        text: what must hold and what was given, in one sentence without a full stop.
        hint: what to do about it; empty where the text says it.
    """

    where: str
    text: str
    hint: str = ""

    def __str__(self) -> str:
        where, text, hint = map(escape_control, (self.where, self.text, self.hint))
        line = f"{where}: {text}" if where else text
        return f"{line}. Hint: {hint}" if hint else line


class SweepError(Exception):
    """Anything this package refuses to do, with its complaints.

    Args:
        complaints: every complaint found, in the order of the file they are about.
    """

    exit_code = 1

    def __init__(self, *complaints: Complaint) -> None:
        super().__init__(*complaints)
        self.complaints = complaints

    def __str__(self) -> str:
        return "\n".join(map(str, self.complaints))


class ConfigError(SweepError):
    """A config, a sweep declaration, a `--set` or a command line that is invalid."""

    exit_code = 2


class DataError(SweepError):
    """Data that cannot be fitted: a missing column, text among numbers, NaN, an empty file."""

    exit_code = 2


class ResultsError(SweepError):
    """A run's directory that cannot be read or written."""

    exit_code = 1


def not_installed(package: str) -> ConfigError:
    """Returns the error that something needs a package which is not there."""
    return ConfigError(
        Complaint("", f"this needs the package {package}, which is not installed", f"pip install {package}")
    )


def did_you_mean(given: str, known: Iterable[str], *, else_list: bool = True) -> str:
    """Returns a hint that names the closest known word.

    Args:
        given: what was written.
        known: what could have been meant; the first 10,000 are looked at.
        else_list: where nothing is close, list what is known (at most 30), rather than say nothing.
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


def shorten(text: str) -> str:
    """Returns a text cut to 60 letters, the last three of which then are dots."""
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 3] + "..."
