"""export: a run for other programs."""

from typing import TYPE_CHECKING

import click

from linreg_sweep.commands.options import loaded_run, say_file, with_by, with_columns, with_output

if TYPE_CHECKING:
    from linreg_sweep.exporting import To

EXPORTS = ("csv", "parquet", "json", "markdown", "latex", "excel", "model")
"""The kinds of exporting.export, likewise."""


@click.command(short_help="Write a run's trials, or a summary, for other programs.")
@click.argument("run", metavar="RUN")
@click.option("--to", type=click.Choice(EXPORTS), required=True, help="The kind of file.")
@with_output(
    "The output file; - writes to stdout. [default: ./<name>-trials.<suffix>, or -summary or -model]"
)
@with_by("Summarise")
@click.option("--where", metavar="EXPR", help="Only trials for which this is true; see `show --help`.")
@with_columns
@click.option("--trial", type=int, metavar="N", help="The trial whose model to write. [default: the best]")
def export(
    run: str,
    to: "To",
    output: str | None,
    by: tuple[str, ...],
    where: str | None,
    columns: tuple[str, ...],
    trial: int | None,
) -> None:
    """Write the trials of RUN, or with --by a summary of them, to a file. The last line is the file.

    csv, parquet and json are exact and hold any number of trials; excel up to 1,048,575 rows; markdown
    and latex (booktabs) show six digits of up to 5,000. Text that a spreadsheet would run gets a ' before
    it. model is one trial's: coefficients in the data's units, names, ranges and how it was made, as JSON.
    """
    from linreg_sweep.exporting import export as write

    say_file(write(loaded_run(run), to, output, by=by, where=where, columns=columns, trial=trial))
