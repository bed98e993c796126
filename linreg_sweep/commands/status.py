"""status: how far a run is."""

import click

from linreg_sweep.commands.options import with_format, with_selection
from linreg_sweep.terminal.console import print_table, say_all


@click.command(short_help="Show how far a run has come, even from another terminal.")
@click.argument("run", metavar="RUN")
@with_selection
@with_format
def status(run: str, columns: tuple[str, ...], sort: str | None, top: int | None, style: str) -> None:
    """Show how far a RUN is: parts and trials, rate, time left, outcomes so far, what went wrong last.

    The exit code is 0 even if the run is not finished. `run.log` in its directory records what happened.
    """
    from linreg_sweep.terminal.choosing import selected
    from linreg_sweep.text.status import format_status, standing

    found = standing(run)
    if style != "table" or columns:
        print_table(selected(found.table(), columns, sort, top), style, columns)
        return
    say_all(format_status(found))
