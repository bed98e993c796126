"""What several commands share: options, and how a person's words are read."""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.terminal.console import note, print_table, say

if TYPE_CHECKING:
    from linreg_sweep.analysis.formats import Table
    from linreg_sweep.runs.results import Run
    from linreg_sweep.storage.outputs import Output

F = TypeVar("F", bound=Callable[..., Any])

FORMATS = ("table", "csv", "json", "markdown")
"""Styles of formats.as_text, named here since that module is heavy and `--help` is to be quick."""

with_overrides = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a value of the file, such as training.epochs=500; may be repeated.",
)
with_max_memory = click.option(
    "--max-memory",
    metavar="SIZE",
    help="Memory for rows of data, such as 4GB; more are kept on disk. [default: half of what is free]",
)
with_jobs = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Number of worker processes. [default: as many as help]",
)
with_bins = click.option(
    "--bins",
    type=click.IntRange(min=0),
    metavar="N",
    help="Group the values into N ranges; 0 shows every value.",
)
with_columns = click.option(
    "--columns",
    metavar="NAMES",
    callback=lambda ctx, parameter, text: _names(text, "--columns"),
    help="Only these columns, in this order, such as trial,learning_rate,outcome.",
)


def with_by(verb: str) -> Callable[[F], F]:
    """Adds `--by PARAM`, which may be repeated; the verb says what is done by it."""
    return click.option(
        "--by",
        multiple=True,
        metavar="PARAM",
        callback=lambda ctx, parameter, texts: tuple(name for text in texts for name in _names(text, "--by")),
        help=f"{verb} by this hyperparameter, or by several with commas between them; may be repeated.",
    )


def with_output(text: str) -> Callable[[F], F]:
    """Adds `-o FILE`, which this is said of."""
    return click.option("-o", "--output", metavar="FILE", help=text)


@dataclass(frozen=True)
class Asked:
    """Which rows and columns of a table a person asks for (see tables.select), and in which style."""

    columns: tuple[str, ...]
    sort: str | None
    top: int | None
    style: str

    def show(self, table: "Table") -> None:
        """Prints what is asked for of a table."""
        from linreg_sweep.terminal.choosing import selected

        print_table(selected(table, self.columns, self.sort, self.top), self.style, self.columns)


def with_table(
    formats: Sequence[str] = FORMATS,
    text: str = "csv and json are exact; table and markdown show six digits.",
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Adds `--columns`, `--sort`, `--top` and `--format`, of which this text is said; see Asked."""

    def added(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def asked(
            *, columns: tuple[str, ...], sort: str | None, top: int | None, style: str, **others: Any
        ) -> None:
            command(asked=Asked(columns, sort, top, style), **others)

        for option in (
            click.option(
                "--format",
                "style",
                type=click.Choice(formats),
                default="table",
                show_default=True,
                help=text,
            ),
            click.option("--top", type=click.IntRange(min=1), metavar="N", help="Only the first N rows."),
            click.option(
                "--sort", metavar="COL", help="Sort by this column; -COL sorts in descending order."
            ),
            with_columns,
        ):
            asked = option(asked)
        return asked

    return added


def _names(text: str | None, option: str) -> tuple[str, ...]:
    """Returns names with commas between them; one with a comma in it stands in double quotes."""
    if text is None:
        return ()
    names = tuple(name.strip() for name in next(csv.reader([text], skipinitialspace=True), []))
    if not all(names) or not names:
        raise ConfigError(Complaint(option, f"must be names with commas between them, got {text!r}"))
    return names


class Several(click.Command):
    """A command with an option that takes several values at once, as in `--by a b` and `--set a=1 b=2`."""

    allow_extra_args = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Adds what stands behind an option's first value to its values."""
        rest = super().parse_args(ctx, args)
        option = "by" if "by" in ctx.params else "overrides"
        fit = all(map(str.isidentifier, rest)) if option == "by" else all("=" in each for each in rest)
        if rest and not (ctx.params[option] and fit) and not ctx.resilient_parsing:  # a half-typed line
            plural = "s" if len(rest) > 1 else ""
            raise click.UsageError(f"Got unexpected extra argument{plural} ({' '.join(rest)})", ctx)
        ctx.params[option] += tuple(rest)
        return []


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
