"""compare: what changed between runs."""

import click

from linreg_sweep.commands.options import FORMATS, Asked, with_bins, with_by, with_table
from linreg_sweep.errors import SweepError
from linreg_sweep.terminal.console import line_width, note, say_all


@click.command(name="compare", short_help="Compare runs: what changed, trial by trial.")
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN ...")
@with_by("Compare")
@with_bins
@click.option(
    "--only-changed", is_flag=True, help="Show only rows with a change, and the trials that changed."
)
@click.option(
    "--tolerance",
    type=float,
    default=0.0,
    show_default=True,
    metavar="SHARE",
    help="Relative difference up to which two numbers count as equal; 0 compares every bit.",
)
@click.option(
    "--fail-on-change",
    is_flag=True,
    help="Exit with 1 if a trial has another outcome, another epoch, numbers that differ by more than "
    "--tolerance (0: in any bit), or no partner.",
)
@with_table(
    [*FORMATS, "latex"],
    "json has everything, exact; csv has the table by parameters or, with --only-changed, the trials.",
)
def compare_command(
    runs: tuple[str, ...],
    by: tuple[str, ...],
    bins: int | None,
    only_changed: bool,
    tolerance: float,
    fail_on_change: bool,
    asked: Asked,
) -> None:
    """Compare RUNs with the first of them: configs, outcomes, epochs and final numbers.

    Trials are matched if all their hyperparameters are equal to the bit. Runs that share no trial are
    compared by their summaries. --columns, --sort and --top act on the table that --format csv prints.
    """
    from linreg_sweep.comparing.comparison import bins_to_read, compare
    from linreg_sweep.runs.results import load
    from linreg_sweep.text.comparisons import format_comparison
    from linreg_sweep.words import counted

    loaded = [load(run) for run in runs]
    if bins is None and asked.style not in ("csv", "json"):
        bins = bins_to_read(loaded, by)
    found = compare(*loaded, by=by, tolerance=tolerance, bins=bins or None)
    shown = format_comparison(
        found,
        asked.style,
        only_changed=only_changed,
        columns=asked.columns,
        sort=asked.sort,
        top=asked.top,
        width=None if asked.columns else line_width(),
    )
    say_all(shown)
    if fail_on_change and found.n_changed:
        bits = int(found.matched["last_bits"].sum())
        among = f", {bits:,} of them only in their last bits" if bits and not tolerance else ""
        note(f"{counted(found.n_changed, 'trial')} changed{among}, or without a partner.")
        raise SystemExit(SweepError.exit_code)
