"""What can go wrong for a user: one exception family, each carrying every complaint found at once.

A complaint says where, what must hold and what was given, and hints at the way out. Divergence,
overflow and NaN inside a trial are results (see outcome.py) and never appear here.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


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
        line = f"{self.where}: {self.text}" if self.where else self.text
        return f"{line}. Hint: {self.hint}" if self.hint else line


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
    """A config, a sweep declaration, a `--set` or a command line that cannot be meant."""

    exit_code = 2


class DataError(SweepError):
    """Data that cannot be fitted: a missing column, text among numbers, NaN, an empty file."""

    exit_code = 2


class ResultsError(SweepError):
    """A run's directory that cannot be read or written."""

    exit_code = 1


def did_you_mean(given: str, known: Iterable[str], *, else_list: bool = True) -> str:
    """Returns a hint that names the closest known word.

    Args:
        given: what was written.
        known: what could have been meant.
        else_list: where nothing is close, list what is known (at most 30), rather than say nothing.
    """
    names = sorted(set(known))
    close = difflib.get_close_matches(given, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    listed = ", ".join(names[:30]) + (", ..." if len(names) > 30 else "")
    return f"known here: {listed}" if names and else_list else ""
