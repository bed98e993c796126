"""init: a first config and sweep."""

import click

from linreg_sweep.commands.options import with_max_memory
from linreg_sweep.terminal.console import notes, say


@click.command(short_help="Write a first config and sweep, for the tutorial or your own data.")
@click.argument("directory", default=".", metavar="[DIR]")
@click.option(
    "--data", metavar="FILE", help="Your own data: text, Parquet or .xlsx. [default: the tutorial's data]"
)
@click.option(
    "--x",
    multiple=True,
    metavar="COL",
    help="A column to predict from; may be repeated. [default: every numeric one]",
)
@click.option("--y", multiple=True, metavar="COL", help="The column to predict; may be repeated.")
@click.option(
    "--missing",
    multiple=True,
    metavar="TEXT",
    help="What marks a missing cell, such as -200; may be repeated. NA and the like are recognised anyway.",
)
@click.option(
    "--name", metavar="NAME", help="The name of the config and the sweep. [default: that of the data]"
)
@with_max_memory
def init(
    directory: str,
    data: str | None,
    x: tuple[str, ...],
    y: tuple[str, ...],
    missing: tuple[str, ...],
    name: str | None,
    max_memory: str | None,
) -> None:
    """Write a first config and sweep into DIR, for the tutorial or for a data file of your own.

    The learning rates are laid out around the data's stability limit. The format of a text file (separator,
    decimal mark, ...) is detected and written into the config.
    """
    from linreg_sweep.scaffold.files import write_scaffold

    config, sweep, known = write_scaffold(
        directory, data=data, x=x, y=y, name=name, missing=missing, max_memory=max_memory
    )
    notes(known)
    say(f"Wrote {config}")
    say(f"Wrote {sweep}")
    say(f"Next: linreg-sweep run {sweep}")
