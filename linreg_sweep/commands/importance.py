"""importance: which parameter matters."""

import click

from linreg_sweep.commands.options import Asked, loaded_run, with_table


@click.command(short_help="Show which parameters matter, as shares of a column's variance.")
@click.argument("run", metavar="RUN")
@click.option("--of", metavar="COLUMN", help="The column to explain. [default: what `best` names]")
@with_table()
def importance(run: str, of: str | None, asked: Asked) -> None:
    """Print the share of a column's variance that each parameter and pair explains; RUN must be a whole grid.

    The shares are exact and add up to 1. For `outcome`, they are those of whether a trial converged, which is
    the default where what `best` names is not known for every trial.
    """
    from linreg_sweep.analysis.tables import as_frame
    from linreg_sweep.terminal.console import note

    column, table = loaded_run(run).importance(of)
    if asked.style == "table" and table["share"][0] is None:
        note(f"All trials have the same {column}: there is no variance to share out. Name another by --of.")
        return
    if asked.style == "table":
        note(f"Shares of the variance of {column} over all trials.")
    asked.show(as_frame(table))
