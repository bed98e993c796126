"""show: a run's summary, or its trials."""

import click

from linreg_sweep.commands.options import Asked, Several, loaded_run, with_bins, with_by, with_table
from linreg_sweep.terminal.console import note, print_table, say, say_all


@click.command(cls=Several, short_help="Show a run's summary, or its trials.")
@click.argument("run", metavar="RUN")
@with_by("Summarise")
@with_bins
@click.option("--trials", is_flag=True, help="Show the trials instead of the summary.")
@click.option(
    "--where",
    metavar="EXPR",
    help="Only trials for which this is true, such as learning_rate < 0.005 and outcome == converged; `and`, "
    "`or`, `not`, `in (1, 2)` and parentheses are understood. A comparison with a missing value is neither "
    "true nor false, so such trials are left out, also under `not`; only != and `not in` are true of it.",
)
@with_table()
def show(
    run: str,
    by: tuple[str, ...],
    bins: int | None,
    trials: bool,
    where: str | None,
    asked: Asked,
) -> None:
    """Show the summary of a RUN, or its trials with --trials, --where, --columns, --sort or --top.

    RUN is a run's directory. With --by, these options act on the summary by those hyperparameters, and
    --where on the trials that it summarises. --top without --sort shows the best trials.
    """
    from linreg_sweep.analysis.formats import as_lines
    from linreg_sweep.terminal.choosing import Choice, choose
    from linreg_sweep.text.runs import format_legend
    from linreg_sweep.text.seeds import format_over_seeds

    columns, sort, style = asked.columns, asked.sort, asked.style
    choice = Choice(by, bins, trials, where, columns, sort, asked.top, exact=style in ("csv", "json"))
    choice.check()
    loaded = loaded_run(run)
    table = choose(loaded, choice)
    if style == "table" and choice.as_trials and len(table) == 1:
        say(as_lines(table.iloc[0]))
    else:
        table = table[print_table(table, style, [*columns, *by, (sort or "").removeprefix("-")])]
    if table.empty:
        note("No trial is left to show.")
    elif style == "table":
        say()
        say_all(format_legend(table, loaded))
        if not choice.as_trials and where is None:
            say_all(format_over_seeds(loaded))
