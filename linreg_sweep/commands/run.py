"""run: every trial of a sweep, and what became of it."""

import os
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import click

from linreg_sweep.commands.options import (
    Several,
    trials_as_typed,
    with_jobs,
    with_max_memory,
    with_overrides,
    with_trials,
)
from linreg_sweep.errors import Complaint, ConfigError, SweepError
from linreg_sweep.terminal.console import fitting, note, notes, say, say_all
from linreg_sweep.terminal.signals import INTERRUPTED, asked_to_stop, ended_at_once
from linreg_sweep.workers.backends import BACKENDS, Backend
from linreg_sweep.workers.interface import PATIENCE

if TYPE_CHECKING:
    from linreg_sweep.runs.results import Run
    from linreg_sweep.terminal.progress import Progress
    from linreg_sweep.trials.experiment import Experiment


@click.command(cls=Several, short_help="Train every trial of a sweep; print the summary.")
@click.argument("sweep")
@with_overrides
@with_jobs
@click.option(
    "--out",
    default="results",
    show_default=True,
    metavar="DIR",
    help="The folder or URL in which the run's directory is made.",
)
@click.option("--trials", type=int, metavar="N", help="The number of trials of a random sweep.")
@click.option(
    "--part-size",
    type=click.IntRange(min=1),
    metavar="N",
    help="Trials per part, for a new run. [default: chosen to suit the sweep]",
)
@click.option(
    "--backend",
    type=click.Choice(BACKENDS),
    default=BACKENDS[0],
    show_default=True,
    help="Where to train: processes on this machine, or a Dask cluster.",
)
@click.option(
    "--scheduler", metavar="ADDRESS", help="The address of the cluster's scheduler, such as tcp://HOST:PORT."
)
@click.option(
    "--patience",
    type=float,
    metavar="SECONDS",
    help=f"How long to wait while the cluster has no workers. [default: {PATIENCE:g}]",
)
@with_max_memory
def run(
    sweep: str,
    overrides: tuple[str, ...],
    jobs: int | None,
    out: str,
    trials: int | None,
    part_size: int | None,
    backend: Backend,
    scheduler: str | None,
    patience: float | None,
    max_memory: str | None,
) -> None:
    """Train every trial of a SWEEP file, and print the summary.

    The same declaration always has the same directory, so running it again finishes what is missing. The
    last line printed is that directory. DIR may also be a URL such as s3://BUCKET/FOLDER. Ctrl+C finishes
    what is in flight and then stops; a second Ctrl+C stops at once.
    """
    from linreg_sweep.sweep import run as run_sweep
    from linreg_sweep.terminal.progress import Progress
    from linreg_sweep.text.advice import format_wait
    from linreg_sweep.trials.forecast import seconds_of

    if out.startswith("memory://"):
        text = "memory:// ends with the command, and all results with it"
        raise ConfigError(Complaint("--out", text, "give a folder, or a URL such as s3://BUCKET/FOLDER"))
    progress = Progress(sys.stderr, plain=bool(os.environ.get("NO_COLOR")))
    known: list[Experiment] = []

    def prepared(experiment: "Experiment", n_missing: int) -> None:
        known.append(experiment)
        for line in format_wait(experiment, seconds_of(experiment, n_missing)):
            note(line)

    with closing(progress), trials_as_typed(trials), asked_to_stop() as stop:
        try:
            made = run_sweep(
                sweep,
                overrides=with_trials(overrides, trials),
                out=out,
                jobs=jobs,
                part_size=part_size,
                backend=backend,
                scheduler=scheduler,
                patience=patience,
                max_memory=max_memory,
                watch=progress.update,
                report=note,
                stop=stop,
                prepared=prepared,
            )
        except (KeyboardInterrupt, SystemExit) as end:
            progress.close()
            _stopped(progress)
            raise SystemExit(INTERRUPTED if isinstance(end, KeyboardInterrupt) else end.code) from None
    if not made.finished:
        _stopped(progress)
        raise SystemExit(INTERRUPTED)
    with ended_at_once():
        _report(made, progress, known[0])
    if made.n_failed:
        raise SystemExit(SweepError.exit_code)


def _report(made: "Run", progress: "Progress", experiment: "Experiment") -> None:
    """Prints what became of a sweep."""
    from linreg_sweep.terminal.choosing import summary_to_read
    from linreg_sweep.text.advice import format_advice
    from linreg_sweep.text.runs import format_failures, format_run
    from linreg_sweep.trials.advice import advise, is_needed

    table = summary_to_read(made)
    if progress.nothing_missing:
        note("Nothing to do: every trial has been trained already.")
    notes(made.metadata["data"]["notes"])
    columns = fitting(table, (), f"linreg-sweep show {made.path} --format csv")
    say_all(format_run(made, table, columns))
    if is_needed(made.metadata["outcomes"]):
        say_all(format_advice(advise(experiment), "even the farthest start"))
    say(str(made.path))
    if made.n_failed:
        for line in format_failures(made):
            note(line)


def _stopped(progress: "Progress") -> None:
    note(f"Stopped. {progress.standing()}: the same command finishes the rest.")
