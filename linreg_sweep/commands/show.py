"""show: a run's summary, or its trials."""

import click

from linreg_sweep.commands.options import SEVERAL, loaded_run, several, with_bins, with_format, with_selection
from linreg_sweep.terminal.console import note, print_table, say, say_all


@click.command(short_help="Show a run's summary, or its trials.", context_settings=SEVERAL)
@click.pass_context
@click.argument("run", metavar="RUN")
@click.option(
    "--by", multiple=True, metavar="PARAM", help="Summarise by this hyperparameter; may be repeated."
)
@with_bins
@click.option("--trials", is_flag=True, help="Show the trials instead of the summary.")
@click.option(
    "--where",
    metavar="EXPR",
    help="Only trials for which this is true, such as learning_rate < 0.005 and outcome == converged; `and`, "
    "`or`, `not`, `in (1, 2)` and parentheses are understood. A comparison with a missing value is neither "
    "true nor false, so such trials are left out, also under `not`; only != and `not in` are true of it.",
)
@with_selection
@with_format
def show(
    ctx: click.Context,
    run: str,
    by: tuple[str, ...],
    bins: int | None,
    trials: bool,
    where: str | None,
    columns: tuple[str, ...],
    sort: str | None,
    top: int | None,
    style: str,
) -> None:
    """Show the summary of a RUN, or its trials with --trials, --where, --columns, --sort or --top.

    RUN is a run's directory. With --by, these options act on the summary by those hyperparameters, and
    --where on the trials that it summarises. --top without --sort shows the best trials.
    """
    from linreg_sweep.analysis.formats import as_lines
    from linreg_sweep.terminal.choosing import Choice, choose
    from linreg_sweep.text.runs import format_legend
    from linreg_sweep.text.seeds import format_over_seeds

    by = several(ctx, by, str.isidentifier)
    choice = Choice(by, bins, trials, where, columns, sort, top, exact=style in ("csv", "json"))
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
