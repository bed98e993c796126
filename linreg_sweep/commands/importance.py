"""importance: which parameter matters."""

import click

from linreg_sweep.commands.options import loaded_run, with_format, with_selection


@click.command(short_help="Tell which parameter matters, as shares of a column's variance.")
@click.argument("run", metavar="RUN")
@click.option("--of", metavar="COLUMN", help="Of this column. [default: what `best` names]")
@with_selection
@with_format
def importance(
    run: str, of: str | None, columns: tuple[str, ...], sort: str | None, top: int | None, style: str
) -> None:
    """Print how much of a column's variance over RUN, a whole grid, each parameter and each pair explains.

    The shares are exact and add up to 1. Of `outcome` it is the variance of whether trials converged, which
    is the default where what `best` names is not known of every trial.
    """
    from linreg_sweep.analysis.tables import as_frame
    from linreg_sweep.terminal.choosing import selected
    from linreg_sweep.terminal.console import note, print_table

    column, table = loaded_run(run).importance(of)
    if style == "table" and table["share"][0] is None:
        note(f"All trials have the same {column}: there is no variance to share out. Name another by --of.")
        return
    if style == "table":
        note(f"Shares of the variance of {column} over all trials.")
    print_table(selected(as_frame(table), columns, sort, top), style, columns)
