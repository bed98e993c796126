"""list: the runs that are there."""

import click

from linreg_sweep.commands.options import Asked, with_table
from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.terminal.console import note


@click.command(name="list", short_help="List the runs in a directory.")
@click.argument("directory", required=False, metavar="[DIR]")
@with_table()
def list_command(directory: str | None, asked: Asked) -> None:
    """List the runs in DIR [default: results]: trials, outcomes, the best trial, and when they were made.

    The column `differs` shows how runs of one name differ. Runs that cannot be read are named on stderr.
    """
    from linreg_sweep.runs.results import list_runs
    from linreg_sweep.storage.files import any_path, exists
    from linreg_sweep.terminal.choosing import listed

    if directory is not None and not exists(any_path(directory)):
        raise ConfigError(Complaint(directory, "there is no such directory"))
    folder = directory or "results"
    runs = list_runs(folder)
    if not runs:
        note(f"No runs in {folder}. Hint: linreg-sweep run SWEEP makes one.")
    table, damaged = listed(runs)
    asked.show(table)
    for complaint in damaged:
        note(str(complaint))
