"""Stdout and stderr: data on the one, words for a person on the other. Only commands print, by these."""

import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

import click

from linreg_sweep.errors import SweepError
from linreg_sweep.guards.escapes import escape_control
from linreg_sweep.words import counted, ended

if TYPE_CHECKING:
    from linreg_sweep.analysis.formats import Table


class OutputError(Exception):
    """Stdout did not take what was written to it; the cause says why."""


def say(text: str = "") -> None:
    """Prints a line of data: a terminal gets nothing that it would obey, anything else all there is.

    Raises:
        OutputError: stdout does not take it.
    """
    if sys.stdout.isatty():
        text = _escaped(text)
    try:
        try:
            click.echo(text, color=True)  # else it takes out what looks like an escape sequence
        except UnicodeEncodeError as error:  # a file name that is no text, or stdout that is plain ASCII
            click.echo(text.encode(error.encoding, "backslashreplace"))
    except OSError as error:
        raise OutputError from error


def say_all(lines: Iterable[str]) -> None:
    """Prints lines of data, each when it is there."""
    for line in lines:
        say(line)


def note(text: str) -> None:
    """Shows a person something, on stderr; a terminal that was closed takes no more."""
    try:
        click.echo(_escaped(text), err=True)
    except OSError:
        drop(sys.stderr)


def note_at_once(text: str) -> None:
    """Shows a person something from a signal's handler, which may have come in the midst of a note."""
    with suppress(OSError):
        os.write(2, f"{text}\n".encode())


def _escaped(text: str) -> str:
    return "\n".join(escape_control(line, None) for line in text.split("\n"))


def notes(sentences: Sequence[str]) -> None:
    """Shows what a person should know of the data, on stderr."""
    for sentence in sentences:
        note(f"Note: {ended(escape_control(sentence))}")


def drop(stream: TextIO) -> None:
    """Lets whatever else is written to a stream go nowhere, what Python flushes on its way out included."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def without_output(error: BaseException) -> int:
    """Says why stdout takes no more, unless `| head` has seen enough; returns the exit code."""
    drop(sys.stdout)
    if isinstance(error, BrokenPipeError):
        return 0
    note(f"cannot write the output: {getattr(error, 'strerror', None) or error}")
    return SweepError.exit_code


def line_width() -> int | None:
    """Returns how many characters a line of the terminal has; None: stdout is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def print_table(table: "Table", style: str, keep: Sequence[str] = ()) -> list[str]:
    """Prints a table, an empty one to machines alone; returns the columns that were printed."""
    from linreg_sweep.analysis.formats import as_text, cells_of

    cells = cells_of(table)
    if style != "table":
        say(as_text(cells, style))
        return list(cells)
    columns = fitting(cells, keep, "--format csv")
    if any(cells.values()):
        say(as_text({name: cells[name] for name in columns}, style))
    return columns


def fitting(table: "Table", keep: Sequence[str], otherwise: str) -> list[str]:
    """Returns the columns that fit on the terminal, if stdout is one, and notes how many do not.

    Those to keep stay in any case; `otherwise` is what shows all of them.
    """
    from linreg_sweep.analysis.formats import cells_of

    cells = cells_of(table)
    room = line_width()
    if room is None or not any(cells.values()):
        return list(cells)
    from linreg_sweep.analysis.formats import widths
    from linreg_sweep.terminal.choosing import narrowed

    shown = widths(cells)
    columns = narrowed(shown, room, keep)
    left_out = len(shown) - len(columns)
    if left_out:
        note(f"{counted(left_out, 'column')} left out: widen the terminal, or {otherwise}")
    return columns
