"""verify: a run trained again and compared."""

import os
import sys
from contextlib import closing

import click

from linreg_sweep.commands.options import Asked, with_jobs, with_max_memory, with_table
from linreg_sweep.errors import SweepError
from linreg_sweep.terminal.console import note


@click.command(short_help="Train a run again, and compare every number bit by bit.")
@click.argument("run", metavar="RUN")
@with_jobs
@with_table()
@with_max_memory
def verify(run: str, jobs: int | None, asked: Asked, max_memory: str | None) -> None:
    """Train every trial of RUN again, and list every difference (exit code 1 if there is one).

    Every number of every row must be the same to the bit, the checksum of every file must be right, and the
    summary, the outcomes and the best trial must follow from the rows. It takes about as long as the run.
    """
    from linreg_sweep.terminal.progress import Progress
    from linreg_sweep.text.checks import format_verification, mismatch_table
    from linreg_sweep.verification import verify as verify_run

    with closing(Progress(sys.stderr, plain=bool(os.environ.get("NO_COLOR")))) as progress:
        checked = verify_run(run, jobs=jobs, max_memory=max_memory, watch=progress.update)
    if asked.style != "table" or checked.mismatches:
        asked.show(mismatch_table(checked))
    for line in format_verification(checked):
        note(line)
    if checked.mismatches or checked.n_missing:
        raise SystemExit(SweepError.exit_code)
