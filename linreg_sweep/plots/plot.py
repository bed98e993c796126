"""Any kind of picture of one run, or of several side by side."""

from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.plots.cells import check_sizes, varying
from linreg_sweep.plots.descents import MAX_TRIALS, cost_curves, default_trials, paths
from linreg_sweep.plots.lettering import make_legible
from linreg_sweep.plots.maps import epochs_map, outcome_map, share_colours
from linreg_sweep.plots.slices import parallel, slices
from linreg_sweep.runs.results import Run, as_run
from linreg_sweep.storage.outputs import Output, is_stream, output
from linreg_sweep.words import did_you_mean

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

KINDS: dict[str, Callable[..., "Axes"]] = {
    "map": outcome_map,
    "epochs": epochs_map,
    "cost": cost_curves,
    "paths": paths,
    "parallel": parallel,
}
"""The kinds of picture that have one panel a run; `slice` has one a parameter."""

SIZE = (8.0, 5.6)
"""Inches of a panel."""

TAKES = {"map": ("x", "y"), "epochs": ("x", "y"), "cost": ("trials",), "paths": ("trials",)}


def plot(
    *runs: Run | str | Path,
    kind: str = "map",
    x: str | None = None,
    y: str | None = None,
    trials: Sequence[int] = (),
    axes: "Axes | None" = None,
) -> Any:
    """Draws a picture of a run, or of several side by side, with pyplot, so that notebooks show it.

    Args:
        runs: one or more, or their directories.
        kind: map (outcomes and regimes over two parameters), epochs (to convergence, likewise), cost
            (against the epoch), paths (over the contours of the cost), slice (by each parameter) or
            parallel (all parameters at once).
        x: of map and epochs, the parameter to the right; None: the learning rate.
        y: likewise upwards; None: the next that varies.
        trials: of cost and paths, the numbers of the trials; none: some that show the run.
        axes: where to draw, for one run and a kind with one panel; None: on a new figure.

    Returns:
        The Axes, or a list of them where the picture has several.

    Raises:
        ConfigError: no such kind, parameter or trial; options that do not go together.
        ResultsError: there is no such run, or it is damaged.
        DataError: of cost and paths: the run's data have moved.
    """
    found = [as_run(run) for run in runs]
    options = _options(kind, x, y, trials)
    _check_sizes(found)
    if axes is not None:
        if len(found) != 1 or kind == "slice":
            raise ConfigError(Complaint("axes", "hold one panel: one run, and a kind other than slice"))
        return KINDS[kind](found[0], axes, **options)
    from matplotlib import pyplot

    figure = pyplot.figure()
    panels = draw(found, kind, options, figure)
    make_legible(figure)
    return panels[0] if len(panels) == 1 else panels


def save(
    runs: Sequence[Run],
    file: Output,
    kind: str,
    *,
    x: str | None = None,
    y: str | None = None,
    trials: Sequence[int] = (),
) -> str:
    """Writes a picture as PNG or SVG, by the file's suffix; a PNG into what is no file (outputs.output).

    For the other arguments and errors see plot.

    Returns:
        A note on letters that it lacks; nothing where there are none.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    suffix = PurePath(str(file)).suffix.lower() or ".png" * is_stream(file)
    if suffix not in (".png", ".svg"):
        raise ConfigError(Complaint(str(file), f"must end in .png or .svg, got {suffix!r}"))
    options = _options(kind, x, y, trials)
    _check_sizes(runs)
    picture = BytesIO()
    with rc_context({"svg.hashsalt": "linreg-sweep"}):
        figure = Figure()
        draw(runs, kind, options, figure)
        note = make_legible(figure)
        left_out = "Date" if suffix == ".svg" else "Software"
        figure.savefig(picture, format=suffix[1:], dpi=150, metadata={left_out: None})
    with output(file) as stream:
        stream.write(picture.getvalue())
    return note


def _options(kind: str, x: str | None, y: str | None, trials: Sequence[int]) -> dict[str, Any]:
    """Returns the options that a kind takes.

    Raises:
        ConfigError: no such kind, or an option that would have no effect on it.
    """
    if kind not in (*KINDS, "slice"):
        raise ConfigError(
            Complaint("--kind", f"there is no kind {kind!r}", did_you_mean(kind, [*KINDS, "slice"]))
        )
    options = {"x": x, "y": y, "trials": tuple(trials) or None}
    given = {name: value for name, value in options.items() if value is not None}
    wrong = [name for name in given if name not in TAKES.get(kind, ())]
    if wrong:
        option = "--trial" if wrong[0] == "trials" else f"--{wrong[0]}"
        raise ConfigError(Complaint(option, f"has no effect on --kind {kind}", "leave it out"))
    return given


def _check_sizes(runs: Sequence[Run]) -> None:
    """Raises a ConfigError where a parameter has values that no axis can show: it would overflow."""
    for run in runs:
        for name, values in run.metadata["spans"].items():
            if name in run.types and run.types[name].is_words:
                continue
            check_sizes(run, name, np.array(values, np.float64))


def draw(runs: Sequence[Run], kind: str, options: dict[str, Any], figure: "Figure") -> list["Axes"]:
    """Draws on a figure, a column a run, or a row where each has a panel a parameter; returns the panels."""
    if not runs:
        raise ConfigError(Complaint("", "a run is needed to draw"))
    figure.set_layout_engine("constrained")
    if kind == "slice":
        columns = max(len(varying(run)) for run in runs)
        figure.set_size_inches(max(6.0, 4.2 * columns), 3.8 * len(runs))
        grid = figure.subplots(len(runs), columns, squeeze=False)
        for run, row in zip(runs, grid, strict=True):
            panels = row[: len(varying(run))].tolist()
            slices(run, panels)
            for unused in row[len(panels) :]:
                unused.remove()
        return list(figure.axes)
    wide = kind != "parallel"
    figure.set_size_inches(SIZE[0] * (len(runs) if wide else 1), SIZE[1] * (1 if wide else len(runs)))
    shape = (1, len(runs)) if wide else (len(runs), 1)
    panels = figure.subplots(*shape, squeeze=False).ravel().tolist()
    if "trials" in TAKES.get(kind, ()) and len({run.n_trials for run in runs}) == 1:
        shown = {trial for run in runs for trial in default_trials(run)}
        options = {"trials": sorted(shown)[:MAX_TRIALS]} | options  # the same colour for the same trial
    for run, axes in zip(runs, panels, strict=True):
        KINDS[kind](run, axes, **options)
    if kind == "epochs":
        share_colours(panels)
    return list(panels)
