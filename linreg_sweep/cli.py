"""The command line: the only place that prints or exits. Everything heavy is imported when used."""

import os
from collections.abc import Sequence
from typing import Any

import click

from linreg_sweep import __version__
from linreg_sweep.commands.compare import compare_command
from linreg_sweep.commands.edge import edge
from linreg_sweep.commands.export import export
from linreg_sweep.commands.importance import importance
from linreg_sweep.commands.init import init
from linreg_sweep.commands.list_runs import list_command
from linreg_sweep.commands.plan import plan
from linreg_sweep.commands.plot import plot
from linreg_sweep.commands.predict import predict
from linreg_sweep.commands.report import report_command
from linreg_sweep.commands.run import run
from linreg_sweep.commands.schema import schema
from linreg_sweep.commands.show import show
from linreg_sweep.commands.status import status
from linreg_sweep.commands.train import train
from linreg_sweep.commands.verify import verify
from linreg_sweep.errors import Complaint, SweepError, not_installed
from linreg_sweep.terminal.console import OutputError, note, without_output
from linreg_sweep.terminal.signals import INTERRUPTED, heed_signals

COMMANDS = (
    train,
    plan,
    run,
    status,
    edge,
    list_command,
    show,
    compare_command,
    plot,
    report_command,
    export,
    predict,
    importance,
    verify,
    init,
    schema,
)


class Commands(click.Group):
    """Commands that name what failed, where click would end without a word over a broken pipe."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs a command."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            what = "" if error.filename is None else str(error.filename)
            raise SweepError(Complaint(what, error.strerror or str(error))) from error
        except ModuleNotFoundError as error:
            package = str(error.name).partition(".")[0]
            if package == "linreg_sweep":
                raise
            raise not_installed(package) from error


@click.group(
    cls=Commands,
    commands=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, prog_name="linreg-sweep")
def cli() -> None:
    """Sweep the hyperparameters of linear regression trained by gradient descent.

    Start with `linreg-sweep init`, which writes a first config and sweep for the tutorial's data or for
    a file of your own, and then `linreg-sweep run` that sweep.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line and returns its exit code.

    0: done (diverged trials are results); 1: failed; 2: wrong usage or config; 130: interrupted;
    143: terminated; 129: the terminal was closed.
    """
    heed_signals()
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # gives back what a part has taken
    try:
        cli.main(
            None if arguments is None else list(arguments), prog_name="linreg-sweep", standalone_mode=False
        )
    except SweepError as error:
        note(str(error))
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.exceptions.Abort:
        note("Stopped.")
        return INTERRUPTED
    except (OutputError, OSError) as error:  # commands name their own OSErrors; this one is of the output
        return without_output(error.__cause__ or error)
    return 0
