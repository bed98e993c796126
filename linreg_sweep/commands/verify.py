"""verify: a run held against the closed form."""

import click

from linreg_sweep.commands.options import with_format, with_selection
from linreg_sweep.errors import SweepError
from linreg_sweep.terminal.console import note, print_table


@click.command(short_help="Check every row of a run against the closed form.")
@click.argument("run", metavar="RUN")
@with_selection
@with_format
def verify(run: str, columns: tuple[str, ...], sort: str | None, top: int | None, style: str) -> None:
    """Derive every row of a RUN anew, and name those that cannot be right (exit code 1).

    What follows from other columns must follow to the bit; states and events must be the closed
    form's but for the rounding of the steps. Mini-batches have no closed form, and are trained again.
    """
    from linreg_sweep.telling.of_checks import mismatched, verified
    from linreg_sweep.terminal.choosing import selected
    from linreg_sweep.verification import verify as verify_run

    checked = verify_run(run)
    if style != "table" or checked.mismatches:
        print_table(selected(mismatched(checked), columns, sort, top), style, columns)
    note(verified(checked))
    if checked.mismatches or checked.n_missing:
        raise SystemExit(SweepError.exit_code)
