"""Several runs in one picture: the cost above the optimum against the epoch, a colour per run."""

from collections.abc import Sequence
from typing import Any

from linreg_sweep.plots.canvas import Canvas, legend, title
from linreg_sweep.plots.costs import TITLE, curve, frame, titled
from linreg_sweep.plots.descents import Descent, default_trials, watch
from linreg_sweep.plots.style import DASHES, look_of_line
from linreg_sweep.runs.results import Run
from linreg_sweep.trials.experiment import Experiment


def draw(canvas: Canvas, runs: Sequence[Run], *, trials: Sequence[int] = ()) -> None:
    """Draws the best trial of each run, or those of these numbers, in one panel.

    Raises:
        ConfigError: a run has no such trial, or there are too many.
        ResultsError, DataError: a run's data have moved or changed.
    """
    (axes,) = canvas.panels([1])
    look = canvas.look
    experiments: list[Experiment] = []
    descents: list[Descent] = []
    lines = []
    names = names_of(runs)
    for number, (run, name) in enumerate(zip(runs, names, strict=True)):
        best = run.metadata.get("best", {}).get("trial")
        chosen = list(trials) or ([int(best)] if best is not None else default_trials(run)[:1])
        experiment, _, found = watch(run, chosen)
        experiments.append(experiment)
        descents += found
        for turn, descent in enumerate(found):
            own: dict[str, Any] = {
                "color": look_of_line(number)["color"],
                "linestyle": DASHES[turn % len(DASHES)],
            }
            own = own if len(found) > 1 else look_of_line(number)
            lines.append(curve(axes, descent, f"{name}, trial {descent.label(look)}", own, look))
    frame(axes, runs, experiments, descents, look)
    best = "the best trial of each" if len(runs) > 1 else "the best trial"
    title(axes, look, f"{', '.join(names)}: {'chosen trials' if trials else best}")
    legend(axes, look, lines, title=titled(descents, f"run, {TITLE}"), columns=1)


def names_of(runs: Sequence[Run]) -> list[str]:
    """Returns what runs are called: their names or, where two have one, their directories' names."""
    names = [run.name for run in runs]
    return [run.path.name if names.count(run.name) > 1 else run.name for run in runs]
