"""plot: pictures of runs."""

import click

from linreg_sweep.commands.options import loaded_run, say_file
from linreg_sweep.terminal.console import notes

PICTURES = ("map", "epochs", "cost", "paths", "slice", "parallel")
"""The kinds of plots.plot, likewise."""


@click.command(short_help="Draw a picture of a run, or of several side by side.")
@click.argument("runs", nargs=-1, required=True, metavar="RUN [RUN ...]")
@click.option("--kind", type=click.Choice(PICTURES), default="map", show_default=True, help="What to draw.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="A PNG or SVG file; -: PNG to stdout. [default: <name>-<kind>.png here]",
)
@click.option(
    "--x",
    metavar="PARAM",
    help="Of map and epochs: to the right; also stability_ratio. [default: learning_rate]",
)
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

    map: outcomes and regimes over two parameters; epochs: the same of epochs to convergence; cost: the
    cost against the epoch for chosen trials; paths: their paths over the contours of the cost; slice:
    convergence by each parameter; parallel: all parameters at once. The last line is the file.
    """
    from linreg_sweep.plots.plot import save

    loaded = [loaded_run(run) for run in runs]
    file = f"{'-'.join(run.name for run in loaded)}-{kind}.png" if output is None else output
    if lacking := save(loaded, file, kind, x=x, y=y, trials=trials):
        notes([lacking])
    say_file(file)
