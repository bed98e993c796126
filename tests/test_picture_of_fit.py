"""Facts about pictures of a fit: rows, lines and curves are those of the trial and its data."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import NDArray

import linreg_sweep as ls

Floats = NDArray[np.float64]


def numbers(line: Line2D, axis: str) -> Floats:
    """Returns the numbers of a line along x or y."""
    return np.asarray(line.get_xdata() if axis == "x" else line.get_ydata(), np.float64)


SWEEP: dict[str, Any] = {
    "name": "fit",
    "method": "grid",
    "training": {"epochs": 300, "early_stop": False},
    "parameters": {"learning_rate": {"values": [0.001, 0.02]}},
}


def drawn(x: Any, y: Any, out: Path, holdout: Any, **options: Any) -> tuple[ls.Run, list[Axes]]:
    """Returns a run and the panels of its fit."""
    run = ls.run({**SWEEP, "data": {"holdout": holdout}}, data=(x, y), out=out, jobs=1)
    panels = ls.plot(run, kind="fit", **options)
    return run, panels if isinstance(panels, list) else [panels]


def test_one_feature_is_drawn_with_its_line(tmp_path: Path) -> None:
    """Both kinds of rows, the fitted line and that of least squares; the costs, the best epoch marked."""
    x = np.linspace(0, 5, 12)
    y = x + np.sin(3 * x)
    run, panels = drawn(x, y, tmp_path, {"last": 0.25}, trials=[1])
    kept, held, squares, line = panels[0].lines
    assert numbers(kept, "x").tolist() == x[:9].tolist()
    assert numbers(held, "y").tolist() == y[9:].tolist()
    row = run.trials.iloc[1]
    ends = np.array([x[0], x[-1]])
    assert numbers(line, "y") == pytest.approx(row["weight"] * ends + row["bias"], rel=1e-12)
    weight, bias = np.polyfit(x[:9], y[:9], 1)
    assert numbers(squares, "y") == pytest.approx(weight * ends + bias, rel=1e-9)
    training, held_out, best = panels[1].lines
    assert numbers(training, "y")[-1] == pytest.approx(row["cost"])
    assert numbers(held_out, "y")[-1] == pytest.approx(row["held_out_cost"])
    assert numbers(best, "x")[0] == row["best_epoch"]
    assert numbers(held_out, "y").min() == pytest.approx(row["best_held_out_cost"])
    assert panels[0].get_title(loc="left").startswith("fit:")
    ticks = [*panels[1].get_xticklabels(), *panels[1].get_yticklabels()]
    assert not any("$" in tick.get_text() for tick in ticks)


def test_several_features_are_drawn_by_what_they_predict(tmp_path: Path) -> None:
    """Predicted against actual, and what is left; nothing of held-out rows where there are none."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(15, 2))
    y = x.sum(axis=1) + generator.normal(size=15)
    run, panels = drawn(x, y, tmp_path, None)
    assert len(panels) == 2
    predicted = run.model().predict(x)
    assert numbers(panels[0].lines[0], "x") == pytest.approx(predicted)
    assert numbers(panels[0].lines[0], "y").tolist() == y.tolist()
    assert numbers(panels[1].lines[0], "y") == pytest.approx(y - predicted)


def test_one_trial_is_drawn(tmp_path: Path) -> None:
    """No more, and none that there is not."""
    for trials, said in (([0, 1], "must be one trial"), ([5], "must be a trial of the run")):
        with pytest.raises(ls.ConfigError, match=said):
            drawn(np.arange(4.0), np.arange(4.0), tmp_path, None, trials=trials)
