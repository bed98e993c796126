"""What several commands share: options, and how a person's words are read."""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.terminal.console import note, say

if TYPE_CHECKING:
    from linreg_sweep.runs.results import Run
    from linreg_sweep.storage.outputs import Output

F = TypeVar("F", bound=Callable[..., Any])

FORMATS = ("table", "csv", "json", "markdown")
"""Styles of formats.as_text, named here since that module is heavy and `--help` is to be quick."""

SEVERAL = {"allow_extra_args": True}
"""Of a command with an option that takes several values at once; see several."""


def with_overrides(command: F) -> F:
    """Adds `--set key=value`."""
    return click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="KEY=VALUE",
        help="Change a value of the file, such as training.epochs=500; may be repeated.",
    )(command)


def with_max_memory(command: F) -> F:
    """Adds `--max-memory SIZE`."""
    return click.option(
        "--max-memory",
        metavar="SIZE",
        help="Memory for rows of data, such as 4GB; more are kept on disk. [default: half of what is free]",
    )(command)


def with_jobs(command: F) -> F:
    """Adds `--jobs N`."""
    return click.option(
        "--jobs",
        type=click.IntRange(min=1),
        metavar="N",
        help="Number of worker processes. [default: as many as help]",
    )(command)


def with_output(text: str) -> Callable[[F], F]:
    """Adds `-o FILE`, which this is said of."""
    return click.option("-o", "--output", metavar="FILE", help=text)


def with_format(command: F) -> F:
    """Adds `--format`."""
    return click.option(
        "--format",
        "style",
        type=click.Choice(FORMATS),
        default="table",
        show_default=True,
        help="csv and json are exact; table and markdown show six digits.",
    )(command)


def with_columns(command: F) -> F:
    """Adds `--columns a,b`, which gives a tuple of names."""
    return click.option(
        "--columns",
        metavar="NAMES",
        callback=lambda ctx, parameter, text: _names(text),
        help="Only these columns, in this order, such as trial,learning_rate,outcome.",
    )(command)


def with_selection(command: F) -> F:
    """Adds `--columns`, `--sort` and `--top`; see choosing.selected."""
    for option in (
        click.option("--top", type=click.IntRange(min=1), metavar="N", help="Only the first N rows."),
        click.option("--sort", metavar="COL", help="Sort by this column; -COL sorts in descending order."),
        with_columns,
    ):
        command = option(command)
    return command


def _names(text: str | None) -> tuple[str, ...]:
    """Returns names with commas between them; one with a comma in it stands in double quotes."""
    if text is None:
        return ()
    names = tuple(name.strip() for name in next(csv.reader([text], skipinitialspace=True), []))
    if not all(names) or not names:
        raise ConfigError(Complaint("--columns", f"must be names with commas between them, got {text!r}"))
    return names


def with_bins(command: F) -> F:
    """Adds `--bins`."""
    return click.option(
        "--bins",
        type=click.IntRange(min=0),
        metavar="N",
        help="Group the values into N ranges; 0 shows every value.",
    )(command)


def several(ctx: click.Context, values: tuple[str, ...], fits: Callable[[str], bool]) -> tuple[str, ...]:
    """Returns an option's values with those that stand behind its first, as in `--by a b`.

    Raises:
        UsageError: there are further arguments that can be none.
    """
    if ctx.args and not (values and all(map(fits, ctx.args))):
        plural = "s" if len(ctx.args) > 1 else ""
        raise click.UsageError(f"Got unexpected extra argument{plural} ({' '.join(ctx.args)})", ctx)
    return (*values, *ctx.args)


def with_trials(overrides: Sequence[str], trials: int | None) -> list[str]:
    """Returns overrides with what `--trials` says, as `--set` would say it."""
    return [*overrides, *([] if trials is None else [f"trials={trials}"])]


@contextmanager
def trials_as_typed(trials: int | None) -> Iterator[None]:
    """Lets complaints about `--set trials=N` name `--trials N`, as it was typed."""
    try:
        yield
    except ConfigError as error:
        typed = [
            replace(complaint, where=f"--trials {trials}")
            if str(complaint.where) == f"--set trials={trials}"
            else complaint
            for complaint in error.complaints
        ]
        raise ConfigError(*typed) from None


def loaded_run(path: str) -> "Run":
    """Returns a run, and warns where it is not whole."""
    from linreg_sweep.runs.results import load

    run = load(path)
    if not run.finished:
        there = f"{run.n_trials_done:,} of {run.n_trials:,} trials are done"
        note(f"{path}: {there}: the sweep is not finished.")
    return run


def say_file(file: "Output") -> None:
    """Prints the file that was written as the last line, unless stdout is that file."""
    from linreg_sweep.storage.outputs import is_stdout

    if not is_stdout(file):
        say(str(file))
