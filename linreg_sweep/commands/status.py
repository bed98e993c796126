"""status: how far a run is."""

import click

from linreg_sweep.commands.options import Asked, with_table
from linreg_sweep.terminal.console import say_all


@click.command(short_help="Show how far a run has come, even from another terminal.")
@click.argument("run", metavar="RUN")
@with_table()
def status(run: str, asked: Asked) -> None:
    """Show how far a RUN is: parts and trials, rate, time left, outcomes so far, what went wrong last.

    The exit code is 0 even if the run is not finished. `run.log` in its directory records what happened.
    """
    from linreg_sweep.text.status import format_status, standing

    found = standing(run)
    if asked.style != "table" or asked.columns:
        asked.show(found.table())
    else:
        say_all(format_status(found))
