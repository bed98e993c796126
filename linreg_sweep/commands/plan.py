"""plan: what a sweep would do."""

import click

from linreg_sweep.commands.options import (
    Several,
    trials_as_typed,
    with_max_memory,
    with_overrides,
    with_trials,
)
from linreg_sweep.terminal.console import notes, say_all


@click.command(cls=Several, short_help="Show what a sweep would do, without training.")
@click.argument("sweep")
@with_overrides
@click.option("--trials", type=int, metavar="N", help="The number of trials of a random sweep.")
@with_max_memory
def plan(sweep: str, overrides: tuple[str, ...], trials: int | None, max_memory: str | None) -> None:
    """Show what a SWEEP file would do, without training: trials, axes, limits, memory and disk."""
    from linreg_sweep.planning import plan as make_plan
    from linreg_sweep.text.plans import format_plan

    with trials_as_typed(trials):
        made = make_plan(sweep, overrides=with_trials(overrides, trials), max_memory=max_memory)
    notes(made.notes)
    say_all(format_plan(made))
