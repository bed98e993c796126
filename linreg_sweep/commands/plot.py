"""plot: pictures of runs."""

from typing import Any

import click

from linreg_sweep.commands.options import loaded_run, say_file, with_bins, with_output
from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.plots.kinds import KINDS
from linreg_sweep.terminal.console import notes
from linreg_sweep.words import show

SHOWS = "; ".join(f"{name}: {kind.shows}" for name, kind in KINDS.items())


@click.command(
    short_help="Draw a picture of a run, or of several side by side.",
    help=f"Draw RUN, several RUNs side by side. The last line is the file.\n\n{SHOWS}.",
)
@click.argument("runs", nargs=-1, required=True, metavar="RUN [RUN ...]")
@click.option("--kind", type=click.Choice([*KINDS]), default="map", show_default=True, help="What to draw.")
@with_output("A PNG, SVG or PDF file; - writes a PNG to stdout. [default: ./<name>-<kind>.png]")
@click.option(
    "--x",
    metavar="PARAM",
    help="Horizontal axis of map, epochs and band; stability_ratio works too. [default: learning_rate]",
)
@click.option(
    "--y",
    metavar="PARAM",
    help="Vertical axis of map and epochs, by default the next parameter that varies; of band, the column.",
)
@click.option("--color", metavar="COLUMN", help="For map: color cells by this column instead of the outcome.")
@click.option("--tuned", metavar="PARAM", help="For band: take the best value of this at each point.")
@click.option(
    "--trial",
    "trials",
    multiple=True,
    type=int,
    metavar="N",
    help="The trial to draw, in cost, paths, fit and overlay.",
)
@with_bins
@click.option("--title", metavar="TEXT", help="The title; '' for none. [default: what the picture shows]")
@click.option("--size", metavar="W,H", help="Width and height of the picture in inches, such as 8,5.")
@click.option("--dpi", type=int, metavar="N", help="Resolution in dots per inch. [default: 150; paper: 300]")
@click.option(
    "--font-size", type=float, metavar="N", help="Font size in points. [default: 10; slide: 18; paper: 8]"
)
@click.option(
    "--style",
    metavar="[slide|paper]",
    help="slide: 16 to 9 with large letters; paper: a journal's column, without title.",
)
@click.option("--columns", type=int, metavar="N", help="Number of panels per row.")
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="NAME=TEXT",
    help="Another name for a column, an outcome or a regime; may be repeated.",
)
def plot(
    runs: tuple[str, ...],
    kind: str,
    output: str | None,
    size: str | None,
    labels: tuple[str, ...],
    **options: Any,
) -> None:
    """Draws a picture; the words of its help stand above."""
    from linreg_sweep.plots.look import look_of
    from linreg_sweep.plots.plot import save

    asked = {name: options.pop(name) for name in ("title", "dpi", "font_size", "style", "columns")}
    loaded = [loaded_run(run) for run in runs]
    look = look_of(loaded, **asked, size=_size(size), labels=_labels(labels))
    file = f"{'-'.join(run.name for run in loaded)}-{kind}.png" if output is None else output
    options["trials"] = options["trials"] or None
    notes(save(loaded, file, kind, look, **options))
    say_file(file)


def _size(text: str | None) -> tuple[float, float] | None:
    """Returns width and height from two numbers with a comma or an x between them."""
    if text is None:
        return None
    try:
        width, height = map(float, text.lower().replace("x", ",").split(","))
    except ValueError:
        expected = "must be width and height in inches, such as 8,5"
        raise ConfigError(Complaint("--size", f"{expected}, got {show(text)}")) from None
    return width, height


def _labels(texts: tuple[str, ...]) -> dict[str, str]:
    """Returns texts by the names that they stand for."""
    labels: dict[str, str] = {}
    for text in texts:
        name, equals, label = text.partition("=")
        if not (name.strip() and equals):
            hint = "write for example --label learning_rate=rate"
            raise ConfigError(Complaint("--label", f"must be NAME=TEXT, got {show(text)}", hint))
        labels[name.strip()] = label
    return labels
