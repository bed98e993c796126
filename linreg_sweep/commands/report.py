"""report: one page of runs."""

import click

from linreg_sweep.commands.options import loaded_run, say_file, with_output


@click.command(name="report", short_help="Write one page of a run, or of several, that opens anywhere.")
@click.argument("runs", nargs=-1, required=True, metavar="RUN [RUN ...]")
@with_output("An HTML file; - writes to stdout. [default: ./<name>-report.html]")
def report_command(runs: tuple[str, ...], output: str | None) -> None:
    """Write one HTML page of RUN, or of several RUNs compared with the first. The last line is the file.

    It opens from disk in any browser and loads nothing from elsewhere. It has the answer, a map of all
    trials, a laboratory that trains trials live, tables to sort and filter, and how to run it all again.
    """
    from linreg_sweep.reports.report import report

    say_file(report(*map(loaded_run, runs), file=output))
