"""train: one trial, printed as the tutorial prints it."""

import sys
from typing import TYPE_CHECKING

import click

from linreg_sweep.commands.options import Asked, Several, with_max_memory, with_overrides, with_table
from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.terminal.console import note, notes, say, say_all

if TYPE_CHECKING:
    from linreg_sweep.trials.experiment import Experiment


@click.command(cls=Several, short_help="Train one trial, printed as the tutorial prints it.")
@click.argument("config")
@with_overrides
@click.option("--every", type=int, metavar="N", help="Print every Nth epoch. [default: about ten in all]")
@click.option(
    "--steps",
    type=int,
    metavar="N",
    help="Print gradient and weights around each of torch's calls, for N epochs.",
)
@with_table()
@with_max_memory
def train(
    config: str,
    overrides: tuple[str, ...],
    every: int | None,
    steps: int | None,
    asked: Asked,
    max_memory: str | None,
) -> None:
    """Train the one trial of a CONFIG file, and print it as the tutorial does.

    Weight and bias are printed after the epoch's update, the cost before it. All epochs are trained unless
    the trial diverges. --steps shows torch's autograd at work: gradient and weights before zero_grad, after
    it, after backward and after step.
    """
    _refuse_beside_steps(steps, every, asked.style)
    from linreg_sweep.terminal.progress import waiting
    from linreg_sweep.text.advice import format_wait
    from linreg_sweep.text.training import format_ending, format_rows, format_steps
    from linreg_sweep.training import autograd_steps
    from linreg_sweep.training import train as train_one
    from linreg_sweep.trials.forecast import seconds_at_most

    if steps is not None:
        say_all(format_steps(*autograd_steps(config, steps, overrides=overrides)))
        return

    def before(experiment: "Experiment") -> None:
        for line in format_wait(experiment, seconds_at_most(experiment)):
            note(line)

    with waiting(sys.stderr, "training ... press Ctrl+C to stop"):
        training = train_one(config, overrides=overrides, every=every, max_memory=max_memory, prepared=before)
    notes(training.notes)
    if asked != Asked((), None, None, "table"):
        asked.show(training.frame)
        return
    say_all(format_rows(training))
    say()
    say_all(format_ending(training))


def _refuse_beside_steps(steps: int | None, every: int | None, style: str) -> None:
    """Raises a ConfigError where an option would have no effect beside --steps."""
    beside = {"--every": every is not None, "--format": style != "table"}
    wrong = [
        Complaint(name, "cannot be combined with --steps", "leave one out") for name in beside if beside[name]
    ]
    if steps is not None and wrong:
        raise ConfigError(*wrong)
