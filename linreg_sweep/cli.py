"""The command line: the only place that prints or exits. Everything heavy is imported when used."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from linreg_sweep import __version__
from linreg_sweep.console import (
    OutputError,
    fitting,
    note,
    notes,
    print_table,
    say,
    without_output,
)
from linreg_sweep.errors import Complaint, ConfigError, SweepError
from linreg_sweep.signals import INTERRUPTED, asked_to_stop, ended_at_once, heed_signals
from linreg_sweep.workers.hire import BACKENDS
from linreg_sweep.workers.interface import PATIENCE

if TYPE_CHECKING:
    from linreg_sweep.progress import Progress
    from linreg_sweep.results import Run


F = TypeVar("F", bound=Callable[..., Any])

FORMATS = ("table", "csv", "json", "markdown")
"""Styles of formats.as_text, named here since that module is heavy and `--help` is to be quick."""

PICTURES = ("map", "epochs", "cost", "paths", "slice", "parallel")
"""The kinds of plots.plot, likewise."""

EXPORTS = ("csv", "parquet", "json", "markdown", "latex", "excel")
"""The kinds of exporting.export, likewise."""

SEVERAL = {"allow_extra_args": True}
"""Of a command with an option that takes several values at once; see _several."""


def with_overrides(command: F) -> F:
    """Adds `--set key=value`."""
    return click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="KEY=VALUE",
        help="Change a value of the file, such as training.epochs=500; several are fine.",
    )(command)


def with_format(command: F) -> F:
    """Adds `--format`."""
    return click.option(
        "--format",
        "style",
        type=click.Choice(FORMATS),
        default="table",
        show_default=True,
        help="csv and json are exact; table and markdown show six digits.",
    )(command)


class Commands(click.Group):
    """Commands that name what failed, where click would end without a word over a broken pipe."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs a command."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            what = "" if error.filename is None else str(error.filename)
            raise SweepError(Complaint(what, error.strerror or str(error))) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="linreg-sweep")
def cli() -> None:
    """Sweep the hyperparameters of linear regression trained by gradient descent.

    Start with `linreg-sweep init`, which writes a first config and sweep for the tutorial's data
    or for a CSV file of your own, and then `linreg-sweep run` that sweep.
    """


@cli.command(short_help="Train one trial, printed as the tutorial prints it.", context_settings=SEVERAL)
@click.pass_context
@click.argument("config")
@with_overrides
@click.option(
    "--every", type=int, metavar="N", help="Print every N-th epoch. [default: so that ten are printed]"
)
@click.option(
    "--steps", type=int, metavar="N", help="Print gradient and weights around each call, for N epochs."
)
@with_format
def train(
    ctx: click.Context,
    config: str,
    overrides: tuple[str, ...],
    every: int | None,
    steps: int | None,
    style: str,
) -> None:
    """Train the one trial of a CONFIG file, and print it as the tutorial does.

    Weight and bias are those after the epoch's update, the cost is that before it. All epochs are
    trained unless the trial diverges. With --steps, torch's autograd is shown at work: gradient
    and weights before zero_grad, after it, after backward and after step.
    """
    overrides = _several(ctx, overrides, lambda text: "=" in text)
    _refuse_beside_steps(steps, every, style)
    from linreg_sweep.progress import waiting
    from linreg_sweep.telling.of_training import ending, printed_rows, printed_steps
    from linreg_sweep.training import autograd_steps
    from linreg_sweep.training import train as train_one

    if steps is not None:
        for line in printed_steps(*autograd_steps(config, steps, overrides=overrides)):
            say(line)
        return
    with waiting(sys.stderr, "training ... press Ctrl+C to stop"):
        training = train_one(config, overrides=overrides, every=every)
    notes(training.notes)
    if style != "table":
        print_table(training.frame, style)
        return
    for line in printed_rows(training):
        say(line)
    say()
    for line in ending(training):
        say(line)


def _refuse_beside_steps(steps: int | None, every: int | None, style: str) -> None:
    """Raises a ConfigError where an option would have no effect beside --steps."""
    beside = {"--every": every is not None, "--format": style != "table"}
    wrong = [Complaint(name, "does not go with --steps", "leave one out") for name in beside if beside[name]]
    if steps is not None and wrong:
        raise ConfigError(*wrong)


@cli.command(short_help="Tell what a sweep would do, without training.", context_settings=SEVERAL)
@click.pass_context
@click.argument("sweep")
@with_overrides
@click.option("--trials", type=int, metavar="N", help="How many trials a random sweep has.")
def plan(ctx: click.Context, sweep: str, overrides: tuple[str, ...], trials: int | None) -> None:
    """Tell what a SWEEP file would do, without training: trials, axes, limits, memory and disk."""
    from linreg_sweep.planning import plan as make_plan
    from linreg_sweep.telling.of_plans import planned

    overrides = _several(ctx, overrides, lambda text: "=" in text)
    with _trials_as_typed(trials):
        made = make_plan(sweep, overrides=_with_trials(overrides, trials))
    notes(made.notes)
    for line in planned(made):
        say(line)


@cli.command(short_help="Train every trial of a sweep; print the summary.", context_settings=SEVERAL)
@click.pass_context
@click.argument("sweep")
@with_overrides
@click.option(
    "--jobs", type=click.IntRange(min=1), metavar="N", help="Worker processes. [default: as many as pay]"
)
@click.option(
    "--out", default="results", show_default=True, metavar="DIR", help="Where the run's directory is made."
)
@click.option("--trials", type=int, metavar="N", help="How many trials a random sweep has.")
@click.option(
    "--part-size",
    type=click.IntRange(min=1),
    metavar="N",
    help="Trials a part, for a new run. [default: by the sweep]",
)
@click.option(
    "--backend",
    type=click.Choice(BACKENDS),
    default=BACKENDS[0],
    show_default=True,
    help="What trains: processes of this machine, or a cluster.",
)
@click.option("--scheduler", metavar="ADDRESS", help="Of a cluster, such as tcp://HOST:PORT.")
@click.option(
    "--patience",
    type=float,
    metavar="SECONDS",
    help=f"How long to wait for a cluster's workers while there are none. [default: {PATIENCE:g}]",
)
def run(
    ctx: click.Context,
    sweep: str,
    overrides: tuple[str, ...],
    jobs: int | None,
    out: str,
    trials: int | None,
    part_size: int | None,
    backend: str,
    scheduler: str | None,
    patience: float | None,
) -> None:
    """Train every trial of a SWEEP file, and print the summary.

    The same declaration has the same directory: running it again finishes what is missing. The
    last line is the run's directory. DIR may also be a URL such as s3://BUCKET/FOLDER. Ctrl+C finishes
    what is in flight, Ctrl+C again stops at once.
    """
    from linreg_sweep.progress import Progress
    from linreg_sweep.sweep import run as run_sweep

    if out.startswith("memory://"):
        text = "memory:// ends with the command, and all results with it"
        raise ConfigError(Complaint("--out", text, "give a folder, or a URL such as s3://BUCKET/FOLDER"))
    said = _with_trials(_several(ctx, overrides, lambda text: "=" in text), trials)
    progress = Progress(sys.stderr, plain=bool(os.environ.get("NO_COLOR")))
    with progress, _trials_as_typed(trials), asked_to_stop() as stop:
        try:
            made = run_sweep(
                sweep,
                overrides=said,
                out=out,
                jobs=jobs,
                part_size=part_size,
                backend=backend,
                scheduler=scheduler,
                patience=patience,
                watch=progress.tell,
                tell=note,
                stop=stop,
            )
        except (KeyboardInterrupt, SystemExit) as end:
            progress.close()
            _stopped(progress)
            raise SystemExit(INTERRUPTED if isinstance(end, KeyboardInterrupt) else end.code) from None
    if not made.finished:
        _stopped(progress)
        raise SystemExit(INTERRUPTED)
    with ended_at_once():
        _tell(made, progress)
    if made.n_failed:
        raise SystemExit(SweepError.exit_code)


def _tell(made: "Run", progress: "Progress") -> None:
    """Prints what became of a sweep."""
    from linreg_sweep.choosing import summary_to_read
    from linreg_sweep.telling.of_runs import told_failures, told_run

    table = summary_to_read(made)
    if progress.nothing_missing:
        note("Nothing is missing: every trial was there already.")
    notes(made.metadata["data"]["notes"])
    columns = fitting(table, (), f"linreg-sweep show {made.path} --format csv")
    for line in told_run(made, table, columns):
        say(line)
    say(str(made.path))
    if made.n_failed:
        for line in told_failures(made):
            note(line)


def _stopped(progress: "Progress") -> None:
    note(f"Stopped. {progress.standing()}: the same command finishes the rest.")


@cli.command(short_help="Tell how far a run is, also from another terminal.")
@click.argument("run", metavar="RUN")
@with_format
def status(run: str, style: str) -> None:
    """Tell how far a RUN is: parts and trials, rate, time left, outcomes so far, what went wrong last.

    The exit code is 0 also where it is not finished. `run.log` in its directory tells what happened.
    """
    from linreg_sweep.telling.of_status import standing, told_standing

    found = standing(run)
    if style != "table":
        print_table(found.table(), style)
        return
    for line in told_standing(found):
        say(line)


@cli.command(
    short_help="Measure the learning rate at which descent stops being stable.", context_settings=SEVERAL
)
@click.pass_context
@click.argument("sweep")
@with_overrides
@with_format
def edge(ctx: click.Context, sweep: str, overrides: tuple[str, ...], style: str) -> None:
    """Close in on the learning rate at which a SWEEP's descent stops being stable, by bisection.

    The declared engine trains pairs of trials, and a rate is stable where their difference does not
    grow. Beside it stands the stability limit by theory; mini-batches have none.
    """
    from linreg_sweep.edge_search import edge as measure
    from linreg_sweep.telling.of_checks import edge_table, told_edges

    measured = measure(sweep, overrides=_several(ctx, overrides, lambda text: "=" in text))
    notes(measured.notes)
    print_table(edge_table(measured, exact=style != "table"), style)
    if style == "table":
        say()
        for line in told_edges(measured):
            say(line)


@cli.command(name="list", short_help="List the runs that are there.")
@click.argument("directory", required=False, metavar="[DIR]")
@with_format
def list_command(directory: str | None, style: str) -> None:
    """List the runs under DIR [default: results]: trials, outcomes, best, when."""
    from linreg_sweep.choosing import listed
    from linreg_sweep.files import exists, place_of
    from linreg_sweep.results import list_runs

    if directory is not None and not exists(place_of(directory)):
        raise ConfigError(Complaint(directory, "there is no such directory"))
    folder = directory or "results"
    runs = list_runs(folder)
    if not runs:
        note(f"No runs under {folder}. Hint: linreg-sweep run SWEEP makes one.")
    table, damaged = listed(runs)
    print_table(table, style)
    for complaint in damaged:
        note(str(complaint))


@cli.command(short_help="Show a run's summary, or its trials.", context_settings=SEVERAL)
@click.pass_context
@click.argument("run", metavar="RUN")
@click.option(
    "--by", multiple=True, metavar="PARAM", help="Summarise by this hyperparameter; several are fine."
)
@click.option(
    "--bins", type=click.IntRange(min=0), metavar="N", help="Gather each into N ranges; 0: every value."
)
@click.option("--trials", is_flag=True, help="Show trials rather than the summary.")
@click.option(
    "--where",
    metavar="EXPR",
    help="Only such trials: \"learning_rate < 0.005 and outcome == 'converged'\". What compares a missing "
    "value is neither true nor false, and such trials are left out, also under `not`; only != and `not in` "
    "hold for it.",
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
    from linreg_sweep.choosing import Choice, choose
    from linreg_sweep.formats import as_lines
    from linreg_sweep.telling.of_runs import legend_of

    by = _several(ctx, by, str.isidentifier)
    choice = Choice(by, bins, trials, where, sort, top, exact=style in ("csv", "json"))
    choice.check()
    loaded = _loaded(run)
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


@cli.command(name="compare", short_help="Compare runs: what changed, trial by trial.")
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN ...")
@click.option(
    "--by", multiple=True, metavar="PARAM", help="Compare by this hyperparameter; give it again for several."
)
@click.option(
    "--bins", type=click.IntRange(min=0), metavar="N", help="Gather each into N ranges; 0: every value."
)
@click.option("--only-changed", is_flag=True, help="Only rows with a change, and the trials that changed.")
@click.option(
    "--tolerance",
    type=float,
    default=0.0,
    show_default=True,
    metavar="SHARE",
    help="Numbers that differ by at most this share of the larger are the same; 0: to the bit.",
)
@click.option("--fail-on-change", is_flag=True, help="Exit with 1 where a trial changed or has no partner.")
@click.option(
    "--format",
    "style",
    type=click.Choice([*FORMATS, "latex"]),
    default="table",
    show_default=True,
    help="json has everything, exact; csv the table by parameters or, with --only-changed, the trials.",
)
def compare_command(
    runs: tuple[str, ...],
    by: tuple[str, ...],
    bins: int | None,
    only_changed: bool,
    tolerance: float,
    fail_on_change: bool,
    style: str,
) -> None:
    """Compare RUNs with the first of them: configs, outcomes, epochs and final numbers.

    Trials are matched where all hyperparameters are equal to the bit. Runs that share no trial are
    compared by their summaries.
    """
    from linreg_sweep.comparison import bins_to_read, compare
    from linreg_sweep.results import load
    from linreg_sweep.telling.of_comparisons import compared
    from linreg_sweep.telling.phrases import counted

    loaded = [load(run) for run in runs]
    if bins is None and style not in ("csv", "json"):
        bins = bins_to_read(loaded, by)
    found = compare(*loaded, by=by, tolerance=tolerance, bins=bins or None)
    for line in compared(found, style, only_changed=only_changed):
        say(line)
    if fail_on_change and found.n_changed:
        note(counted(found.n_changed, "trial") + " changed or without a partner.")
        raise SystemExit(SweepError.exit_code)


@cli.command(short_help="Draw a picture of a run, or of several side by side.")
@click.argument("runs", nargs=-1, required=True, metavar="RUN [RUN ...]")
@click.option("--kind", type=click.Choice(PICTURES), default="map", show_default=True, help="What to draw.")
@click.option("-o", "--output", metavar="FILE", help="A PNG or SVG file. [default: <name>-<kind>.png here]")
@click.option("--x", metavar="PARAM", help="Of map and epochs: to the right. [default: learning_rate]")
@click.option("--y", metavar="PARAM", help="Of map and epochs: upwards. [default: the next that varies]")
@click.option(
    "--trial", "trials", multiple=True, type=int, metavar="N", help="Of cost and paths: this trial."
)
def plot(
    runs: tuple[str, ...],
    kind: str,
    output: str | None,
    x: str | None,
    y: str | None,
    trials: tuple[int, ...],
) -> None:
    """Draw RUN, several RUNs side by side.

    map: outcomes and regimes over two parameters; epochs: epochs to convergence, likewise; cost: the
    cost against the epoch for chosen trials; paths: their paths over the contours of the cost; slice:
    convergence by each parameter; parallel: all parameters at once. The last line is the file.
    """
    from linreg_sweep.plots.plot import save

    loaded = [_loaded(run) for run in runs]
    file = Path(output or f"{'-'.join(run.name for run in loaded)}-{kind}.png")
    save(loaded, file, kind, x=x, y=y, trials=trials)
    say(str(file))


@cli.command(name="report", short_help="Write one page of a run, or of several, that opens anywhere.")
@click.argument("runs", nargs=-1, required=True, metavar="RUN [RUN ...]")
@click.option("-o", "--output", metavar="FILE", help="An HTML file. [default: <name>-report.html here]")
def report_command(runs: tuple[str, ...], output: str | None) -> None:
    """Write one HTML page of RUN, or of several RUNs compared with the first. The last line is the file.

    It opens from disk in any browser and loads nothing from elsewhere: the answer, the map of all trials,
    a laboratory that trains trials live, tables that sort and filter, and how to run it again.
    """
    from linreg_sweep.reports.report import report

    say(str(report(*map(_loaded, runs), file=output)))


@cli.command(short_help="Write a run's trials, or a summary, for other programs.")
@click.argument("run", metavar="RUN")
@click.option("--to", type=click.Choice(EXPORTS), required=True, help="The kind of file.")
@click.option("-o", "--output", metavar="FILE", help="Where to. [default: <name>-trials.<suffix> here]")
@click.option(
    "--by",
    multiple=True,
    metavar="PARAM",
    help="A summary by this hyperparameter; give it again for several.",
)
@click.option("--where", metavar="EXPR", help="Only such trials; see show.")
def export(run: str, to: str, output: str | None, by: tuple[str, ...], where: str | None) -> None:
    """Write the trials of RUN, or with --by a summary of them, to a file. The last line is the file.

    csv, parquet and json are exact and hold any number of trials; excel up to 1,048,575 rows; markdown
    and latex (booktabs) show six digits of up to 5,000. Text that a spreadsheet would run is made inert.
    """
    from linreg_sweep.exporting import export as write

    say(str(write(_loaded(run), to, None if output is None else Path(output), by=by, where=where)))


@cli.command(short_help="Check every row of a run against the closed form.")
@click.argument("run", metavar="RUN")
@with_format
def verify(run: str, style: str) -> None:
    """Derive every row of a RUN anew, and name those that cannot be right (exit code 1).

    What follows from other columns must follow to the bit; states and events must be the closed
    form's but for the rounding of the steps. Mini-batches have no closed form, and are trained again.
    """
    from linreg_sweep.telling.of_checks import mismatched, verified
    from linreg_sweep.verification import verify as verify_run

    checked = verify_run(run)
    if style != "table" or checked.mismatches:
        print_table(mismatched(checked), style)
    note(verified(checked))
    if checked.mismatches or checked.n_missing:
        raise SystemExit(SweepError.exit_code)


@cli.command(short_help="Write a first config and sweep, also for your data.")
@click.argument("directory", default=".", metavar="[DIR]")
@click.option("--data", metavar="FILE", help="Your own CSV or Parquet file. [default: the tutorial's data]")
@click.option(
    "--x", multiple=True, metavar="COL", help="A column to predict from. [default: every numeric one]"
)
@click.option("--y", multiple=True, metavar="COL", help="The column to predict; may be repeated.")
@click.option("--name", metavar="NAME", help="What to call the config and the sweep. [default: as the data]")
def init(directory: str, data: str | None, x: tuple[str, ...], y: tuple[str, ...], name: str | None) -> None:
    """Write a first config and sweep into DIR, for the tutorial or for a data file of your own.

    The learning rates are laid out around the data's stability limit.
    """
    from linreg_sweep.begin import begin

    config, sweep, known = begin(Path(directory), data=data, x=x, y=y, name=name)
    notes(known)
    say(f"Wrote {config}")
    say(f"Wrote {sweep}")
    say(f"Next: linreg-sweep run {sweep}")


@cli.command(short_help="Print the JSON Schema of configs and sweeps.")
def schema() -> None:
    """Print the JSON Schema of configs and sweeps, for editors."""
    import json

    from linreg_sweep.config.json_schema import json_schema

    say(json.dumps(json_schema(), indent=2))


def _several(ctx: click.Context, values: tuple[str, ...], fits: Callable[[str], bool]) -> tuple[str, ...]:
    """Returns an option's values with those that stand behind its first, as in `--by a b`.

    Args:
        ctx: of the command, whose further arguments they are.
        values: given so far.
        fits: whether a text can be a value of the option.

    Raises:
        UsageError: there are further arguments that can be none.
    """
    if ctx.args and not (values and all(map(fits, ctx.args))):
        plural = "s" if len(ctx.args) > 1 else ""
        raise click.UsageError(f"Got unexpected extra argument{plural} ({' '.join(ctx.args)})", ctx)
    return (*values, *ctx.args)


def _with_trials(overrides: Sequence[str], trials: int | None) -> list[str]:
    return [*overrides, *([] if trials is None else [f"trials={trials}"])]


@contextmanager
def _trials_as_typed(trials: int | None) -> Iterator[None]:
    """Lets complaints about `--set trials=N` name `--trials N`, as it was typed."""
    try:
        yield
    except ConfigError as error:
        typed = [
            replace(complaint, where=f"--trials {trials}")
            if complaint.where == f"--set trials={trials}"
            else complaint
            for complaint in error.complaints
        ]
        raise ConfigError(*typed) from None


def _loaded(path: str) -> "Run":
    """Returns a run, and tells a person where it is not whole."""
    from linreg_sweep.results import load

    run = load(path)
    if not run.finished:
        there = f"{run.n_trials_done:,} of {run.n_trials:,} trials are there"
        note(f"{path}: {there}: the sweep is not finished.")
    return run


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
