"""What can go wrong for a user: one exception family, each carrying every complaint found at once.

A complaint says where, what must hold and what was given, and hints at the way out. Divergence,
overflow and NaN inside a trial are results (see outcome.py) and never appear here.
"""

from dataclasses import dataclass, replace

from linreg_sweep.guards.escapes import escape_control
from linreg_sweep.words import Key, KeyPath, ended, path_text


@dataclass(frozen=True)
class Complaint:
    """One thing that is wrong with what the user gave.

    Attributes:
        where: what its text names: a file with line and column, an option, a run; empty where the complaint
            says it all, or its place is not known yet.
        text: what must hold and what was given, in one sentence without a full stop.
        hint: what to do about it; empty where the text says it.
        path: of the value that is wrong, within what is named; empty where that is all of it.
        at_key: whether the value's key stands in the wrong place, and not the value.
    """

    where: object
    text: str
    hint: str = ""
    path: KeyPath = ()
    at_key: bool = False

    def below(self, *keys: Key) -> "Complaint":
        """Returns the same of a path that begins with some keys."""
        return replace(self, path=(*keys, *self.path))

    def __str__(self) -> str:
        text = f"{path_text(self.path)}: {self.text}" if self.path else self.text
        where, text, hint = map(escape_control, (str(self.where), text, self.hint))
        line = f"{where}: {text}" if where else text
        return f"{ended(line)} Hint: {hint}" if hint else line


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
