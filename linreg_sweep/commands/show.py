"""show: a run's summary, or its trials."""

import click

from linreg_sweep.commands.options import SEVERAL, loaded_run, several, with_bins, with_format
from linreg_sweep.terminal.console import note, print_table, say


@click.command(short_help="Show a run's summary, or its trials.", context_settings=SEVERAL)
@click.pass_context
@click.argument("run", metavar="RUN")
@click.option(
    "--by", multiple=True, metavar="PARAM", help="Summarise by this hyperparameter; several are fine."
)
@with_bins
@click.option("--trials", is_flag=True, help="Show trials rather than the summary.")
@click.option(
    "--where",
    metavar="EXPR",
    help="Only such trials: learning_rate < 0.005 and outcome == converged; `and`, `or`, `not`, `in (1, 2)` "
    "and parentheses are understood. What compares a missing value is neither true nor false, and such trials "
    "are left out, also under `not`; only != and `not in` hold for it.",
)
@click.option("--sort", metavar="COL", help="Sort by a column, ascending; with - before it, descending.")
@click.option(
    "--top", type=click.IntRange(min=1), metavar="N", help="Only the first N rows; of trials, the N best."
)
@with_format
def show(
    ctx: click.Context,
    run: str,
    by: tuple[str, ...],
    bins: int | None,
    trials: bool,
    where: str | None,
    sort: str | None,
    top: int | None,
    style: str,
) -> None:
    """Show the summary of a RUN, or its trials where --trials, --where, --sort or --top ask for them.

    RUN is a run's directory. With --by, the others act on the summary by these hyperparameters,
    --where on the trials that it summarises.
    """
    from linreg_sweep.analysis.formats import as_lines
    from linreg_sweep.telling.of_runs import legend_of
    from linreg_sweep.terminal.choosing import Choice, choose

    by = several(ctx, by, str.isidentifier)
    choice = Choice(by, bins, trials, where, sort, top, exact=style in ("csv", "json"))
    choice.check()
    loaded = loaded_run(run)
    table = choose(loaded, choice)
    if style == "table" and choice.as_trials and len(table) == 1:
        say(as_lines(table.iloc[0]))
    else:
        columns = print_table(table, style, [*by, (sort or "").removeprefix("-")])
        table = table[columns]
    if table.empty:
        note("No trial is left to show.")
    elif style == "table":
        say()
        for line in legend_of(table, loaded):
            say(line)
