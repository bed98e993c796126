"""Any kind of picture of one run, or of several."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from io import BytesIO
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, filterwarnings

import numpy as np

from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.plots.canvas import Canvas
from linreg_sweep.plots.cells import check_sizes
from linreg_sweep.plots.kinds import KINDS, KindName
from linreg_sweep.plots.lettering import check_letters, make_legible
from linreg_sweep.plots.look import Look, StyleName, look_of
from linreg_sweep.runs.results import Run, as_run
from linreg_sweep.storage.outputs import Output, is_stream, output
from linreg_sweep.words import did_you_mean, show

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WRITTEN = {".png": "Software", ".svg": "Date", ".pdf": "CreationDate"}
"""The kinds of files, and what each would say of itself that is not the same each time."""

UNPLACED = "constrained_layout not applied"
"""How matplotlib's warning begins where words leave a panel no room."""

CROWDED = "the picture has no room for its words: choose a larger --size, or a smaller --font-size"
"""What a person is told instead."""

OPTIONS = {"trials": "--trial"}
"""What options are called in the command line, where it is another word."""


def plot(
    *runs: Run | str | Path,
    kind: KindName = "map",
    x: str | None = None,
    y: str | None = None,
    trials: Sequence[int] = (),
    bins: int | None = None,
    tuned: str | None = None,
    color: str | None = None,
    axes: "Axes | None" = None,
    title: str | None = None,
    size: tuple[float, float] | None = None,
    dpi: int | None = None,
    font_size: float | None = None,
    style: StyleName | None = None,
    columns: int | None = None,
    labels: Mapping[str, str] | None = None,
) -> Any:
    """Draws a picture of a run, or of several, with pyplot, so that notebooks show it.

    Args:
        runs: one or more, or their directories.
        kind: map, epochs, cost, paths, slice, parallel, fit, band or overlay.
        x: of map, epochs and band, the parameter to the right; None: the learning rate.
        y: of map and epochs, the parameter upwards; None: the next that varies. Of band the column; None:
            what says which trial is best, or the excess cost.
        trials: of cost, paths, fit and overlay, the numbers of the trials; none: some that show the run.
        bins: of map, epochs, slice and band, ranges of a parameter with more values than these; 0: none are
            gathered; None: as many as trials fill and a screen can show.
        tuned: of band, a parameter of which each place has its best value, by the median.
        color: of map, a column whose median each cell's colour is; None: what became of the trials.
        axes: where to draw a picture that has one panel; None: on a new figure.
        title: of the picture; None: what it is of; "": none.
        size: inches of the whole picture, width and height; None: by its panels.
        dpi: dots an inch; None: 150, or 300 on paper.
        font_size: of letters, in points; None: 10, 18 on a slide, 8 on paper.
        style: slide (16 to 9, large letters) or paper (a journal's column, no title); None: for a screen.
        columns: of panels side by side; None: as the kind of picture has them.
        labels: what axes and legends call columns, outcomes and regimes, by their names.

    Returns:
        The Axes, or a list of them where the picture has several.

    Raises:
        ConfigError: no such kind, parameter or trial; options that do not go together; letters that no font
            of this machine has.
        ResultsError: there is no such run, or it is damaged.
        DataError: of cost, paths and overlay: the run's data have moved.
    """
    from matplotlib import pyplot, rc_context

    found = [as_run(run) for run in runs]
    options = _options(kind, x=x, y=y, trials=tuple(trials) or None, bins=bins, tuned=tuned, color=color)
    sizes: dict[str, Any] = {"size": size, "dpi": dpi, "font_size": font_size, "columns": columns}
    look = look_of(found, title=title, style=style, labels=labels, **sizes)
    # a notebook's backend is loaded by the first figure, and what it sets must outlast this call
    figure = pyplot.figure(dpi=look.dpi) if axes is None else axes.figure.get_figure(root=True)
    with rc_context(look.settings):
        canvas = Canvas(figure, look, axes)
        try:
            _draw(canvas, found, kind, options)
        except BaseException:
            if axes is None:
                pyplot.close(figure)  # else a notebook shows it empty
            raise
        if axes is None:
            make_legible(figure)
    return canvas.made[0] if len(canvas.made) == 1 else canvas.made


def save(runs: Sequence[Run], file: Output, kind: str, look: Look | None = None, **options: Any) -> list[str]:
    """Writes a picture as PNG, SVG or PDF, by the file's suffix; a PNG into what is no file (outputs.output).

    Options are those that kinds take: x, y, trials, bins, tuned, color; None: as if left out. Returns what a
    person should know: which letters the picture lacks, and that it has no room for all that stands in it.

    Raises:
        ConfigError, ResultsError, DataError: see plot.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    suffix = PurePath(str(file)).suffix.lower() or ".png" * is_stream(file)
    if suffix not in WRITTEN:
        raise ConfigError(Complaint(str(file), f"must end in .png, .svg or .pdf, got {suffix!r}"))
    chosen, look = _options(kind, **options), look or Look()
    picture = BytesIO()
    with rc_context(look.settings):
        figure = Figure(dpi=look.dpi or look.style.dpi)
        _draw(Canvas(figure, look), runs, kind, chosen)
        lacking = make_legible(figure)
        with catch_warnings(record=True) as warned:
            filterwarnings("always", UNPLACED)
            if (engine := figure.get_layout_engine()) is not None:
                engine.execute(figure)  # once before it is drawn: axes of one scale shrink, and all moves
            figure.savefig(picture, format=suffix[1:], dpi=figure.dpi, metadata={WRITTEN[suffix]: None})
    with output(file) as stream:
        stream.write(picture.getvalue())
    return [lacking] * bool(lacking) + [CROWDED] * bool(warned)


def _draw(canvas: Canvas, runs: Sequence[Run], kind: str, options: Mapping[str, Any]) -> None:
    if not runs:
        raise ConfigError(Complaint("", "a run is needed to draw"))
    _check_sizes(runs)
    check_letters(canvas.look)
    module, _, function = KINDS[kind].draws.partition(".")
    getattr(import_module(f"linreg_sweep.plots.{module}"), function)(canvas, runs, **options)
    canvas.share_words()


def _options(kind: str, **options: Any) -> dict[str, Any]:
    """Returns the options that are given, of those that a kind takes.

    Raises:
        ConfigError: no such kind, or an option that would have no effect on it.
    """
    if kind not in KINDS:
        raise ConfigError(
            Complaint("--kind", f"there is no kind {show(kind)}", did_you_mean(str(kind), KINDS))
        )
    given = {name: value for name, value in options.items() if value is not None}
    for name in given:
        if name not in KINDS[kind].takes:
            takers = [other for other, each in KINDS.items() if name in each.takes]
            hint = f"leave it out, or draw {', '.join(takers)}"
            text = f"has no effect on --kind {kind}"
            raise ConfigError(Complaint(OPTIONS.get(name, f"--{name}"), text, hint))
    bins = given.get("bins", 0)
    if not isinstance(bins, int) or isinstance(bins, bool) or bins < 0:
        raise ConfigError(Complaint("--bins", f"must be a whole number from 0 up, got {show(bins)}"))
    return given


def _check_sizes(runs: Sequence[Run]) -> None:
    """Raises a ConfigError where a parameter has values that no axis can show: it would overflow."""
    for run in runs:
        for name, values in run.metadata["spans"].items():
            if name in run.types and run.types[name].is_words:
                continue
            check_sizes(run, name, np.array(values, np.float64))
