"""Facts about pictures of descents: curves, paths and lines of equal cost are those of the tables."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import linreg_sweep as ls
from linreg_sweep.plots.descents import default_trials
from linreg_sweep.runs.results import Run
from tests.drawn import fresh, made, picture, run

__all__ = ["run"]


def test_curves_are_above_each_trials_own_optimum(tmp_path: Path) -> None:
    """Whatever scale or penalty a trial has; of words the best of each is drawn."""
    parameters: dict[str, Any] = {
        "standardize": {"values": [False, True]},
        "weight_decay": {"values": [0.0, 3.0]},
        "learning_rate": {"values": [0.001, 0.005]},
    }
    run = made(tmp_path, training={"epochs": 50}, parameters=parameters)
    trials = run.trials
    ranked = trials.sort_values(["outcome", "converged_at", "cost"])
    assert default_trials(run) == sorted(ranked.groupby("standardize", observed=True)["trial"].first())
    axes = picture(run, "cost", trials=range(8))
    for number, line in enumerate(axes.lines[:8]):
        assert np.asarray(line.get_ydata(), np.float64)[-1] == pytest.approx(
            trials["excess_cost"][number], rel=1e-9
        )
    ends = [
        np.asarray(line.get_xydata(), np.float64)[-1]
        for line in picture(run, "paths", trials=range(8)).lines[:16:2]
    ]
    np.testing.assert_allclose(ends, trials[["weight_unscaled", "bias_unscaled"]], rtol=1e-9)


def test_curves_end_where_the_table_says(run: Run) -> None:
    """At the trial's last epoch, at its excess cost; the optimum's tolerance is drawn."""
    wanted = [4, 33, 45]
    axes = picture(run, "cost", trials=wanted)
    for number, line in zip(wanted, axes.lines, strict=False):
        row = run.trials.loc[number]
        x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
        assert x[-1] == row["epochs"]
        assert y[-1] == pytest.approx(row["excess_cost"], rel=1e-12)
        assert str(line.get_label()).startswith(f"{number}: learning rate ")
    assert "squared units of y" in axes.get_ylabel().replace("\n", " ")


def test_the_picture_holds_where_curves_go_and_little_more(tmp_path: Path) -> None:
    """Where batches come to rest far below the tolerance, too; what diverges leaves it through the top."""
    drawn: dict[str, Any] = {"order": "with_replacement", "batch_size": 5, "early_stop": False, "epochs": 200}
    rates = {"learning_rate": {"values": [0.0001, 0.001]}}
    run = made(tmp_path, training=drawn, outcome={"tolerance": 0.5}, parameters=rates)
    low, high = picture(run, "cost").get_ylim()
    costs = np.concatenate([line.get_ydata() for line in picture(run, "cost").lines[:4]]).astype(np.float64)
    assert low < costs.min() < 10 * low
    assert high / 10 < costs.max() < high
    run = made(tmp_path, name="up", parameters={"learning_rate": {"values": [0.005, 0.1]}})
    axes = picture(run, "cost")
    low, high = axes.get_ylim()
    start = float(np.asarray(axes.lines[0].get_ydata())[0])
    assert 1e3 * start < high < 1e4 * start


def test_paths_lead_from_the_start_to_the_last_state(run: Run) -> None:
    """In weight and bias; the star is the least-squares optimum."""
    axes = picture(run, "paths", trials=[33])
    row = run.trials.loc[33]
    track = np.asarray(axes.lines[0].get_xydata())
    assert track[0].tolist() == [row["initial_weight"], row["initial_bias"]]
    assert track[-1].tolist() == [row["weight"], row["bias"]]
    star = np.asarray(axes.lines[-1].get_xydata())[0]
    np.testing.assert_allclose(star, [0.87889878, -0.43593103], atol=1e-8)


@pytest.mark.parametrize("standardize", [False, True])
def test_lines_of_equal_cost_are_ellipses_of_equal_cost(tmp_path: Path, standardize: bool) -> None:
    """Every point of a line costs the same by the rows' residuals, at condition number 300,000 too."""
    table = pd.read_csv(Path(__file__).parents[1] / "data" / "faithful.csv")
    x, y = table["waiting"].to_numpy(), table["eruptions"].to_numpy()
    x = (x - x.mean()) / x.std() if standardize else x
    rates = {"learning_rate": {"values": [1e-4]}}
    data = {"path": "data/faithful.csv", "y": ["eruptions"], "standardize": standardize}
    run = made(tmp_path, data=data, parameters=rates, training={"epochs": 20})
    axes = fresh()
    ls.plot(run, kind="paths", axes=axes)
    least = np.mean((y - np.polyval(np.polyfit(x, y, 1), x)) ** 2)
    costs = []
    for ellipse in axes.patches:
        corners = np.asarray(ellipse.get_path().vertices)[:-1:3]  # where its curves meet
        points = ellipse.get_transform().transform(corners)
        weight, bias = axes.transData.inverted().transform(points).T
        costs.append(np.mean((y - weight[:, None] * x - bias[:, None]) ** 2, axis=1) - least)
    assert len(costs) == 9
    for cost in costs:
        assert cost == pytest.approx(cost.mean(), rel=1e-4)
    means = [cost.mean() for cost in costs]
    assert np.divide(means[1:], means[:-1]) == pytest.approx(4, rel=1e-6)


def test_paths_of_many_parameters_lie_in_the_plane_of_two_directions(tmp_path: Path) -> None:
    """The optimum is its origin, and a path's distance to it shrinks along the steepest direction."""
    run = ls.run(Path(__file__).parents[1] / "sweeps" / "diabetes.yaml", out=tmp_path)
    axes = picture(run, "paths", trials=[20])
    track = np.asarray(axes.lines[0].get_xydata())
    assert np.asarray(axes.lines[-1].get_xydata()).tolist() == [[0.0, 0.0]]
    assert abs(track[-1, 1]) < 1e-6 * abs(track[0, 1])
    assert "flattest direction" in axes.get_xlabel()
