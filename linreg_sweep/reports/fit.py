"""The line of a run's best trial through the data of one feature: what a page shows before all else."""

from typing import Any

from linreg_sweep.blocks import Rows, evenly
from linreg_sweep.plots.fit import line_of_least_squares
from linreg_sweep.reports.laboratory import MAX_POINTS
from linreg_sweep.reports.payload import plain
from linreg_sweep.runs.modelling import model_of
from linreg_sweep.runs.reopening import fold_of
from linreg_sweep.runs.results import Run


def fit_of(run: Run) -> dict[str, Any] | None:
    """Returns rows, the best trial's line and that of least squares, in the data's own units.

    None: there are several features or targets, no best trial is known yet, or it diverged.

    Raises:
        ResultsError, DataError: the run or its data are damaged, gone or changed.
    """
    best, data = run.metadata.get("best"), run.metadata["data"]
    if best is None or best["outcome"] == "diverged" or len(data["features"]) + len(data["targets"]) > 2:
        return None
    number = int(str(best["trial"]))
    experiment, group, fold = fold_of(run, number)
    model = model_of(run, number)
    return {
        "trial": number,
        "feature": data["features"][0],
        "target": data["targets"][0],
        "trained": _rows(fold.train.x, fold.train.y),
        "held_out": _rows(fold.held_out.x, fold.held_out.y) if fold.n_held_out else None,
        "line": plain([model.weights[0, 0], model.bias[0]]),
        "least_squares": plain(line_of_least_squares(experiment, group)),
        "fold": group.kind.fold if run.n_folds > 1 else None,
    }


def _rows(x: Rows, y: Rows) -> dict[str, Any]:
    """Returns rows [n, 1] of so many, evenly spaced."""
    chosen = evenly(len(x), MAX_POINTS)
    return {"x": plain(x[chosen][:, 0]), "y": plain(y[chosen][:, 0])}
