"""Every config that is an example gives the answer in its opening comment."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import linreg_sweep as ls
from tests.answers import answer, assert_says, comment

pytestmark = pytest.mark.system

ROOT = Path(__file__).parent.parent


def test_the_tutorials_line() -> None:
    """configs/tutorial.yaml: the last row and the epoch of convergence."""
    training = ls.train(ROOT / "configs" / "tutorial.yaml")
    weight, bias, cost = (training.rows[name][-1] for name in ("weight", "bias", "cost"))
    said = answer("configs", "tutorial")
    assert_says(said, f"weight {weight:.3f}", f"bias {bias:.3f}", f"cost {cost:.3f}")
    assert_says(said, f"epoch {training.epoch_of('converged_at'):,}")


def test_the_tutorials_line_in_torch() -> None:
    """configs/tutorial_torch.yaml: the last row, and an epoch of convergence that float32 may move by 1 %."""
    training = ls.train(ROOT / "configs" / "tutorial_torch.yaml")
    said = answer("configs", "tutorial_torch")
    assert_says(said, f"weight {training.rows['weight'][-1]:.3f}", f"bias {training.rows['bias'][-1]:.3f}")
    assert_says(said, "epoch 7,190")
    assert training.epoch_of("converged_at") == pytest.approx(7190, rel=0.01)


def test_a_far_start_costs_epochs() -> None:
    """configs/far_start.yaml: converged, after 4.6 times as many epochs as from zero."""
    far = ls.train(ROOT / "configs" / "far_start.yaml").epoch_of("converged_at")
    near = ls.train(ROOT / "configs" / "tutorial.yaml").epoch_of("converged_at")
    assert far is not None
    assert near is not None
    assert_says(answer("configs", "far_start"), f"epoch {far:,}", f"{far / near:.1f} times")


def test_the_geyser_as_it_is() -> None:
    """configs/faithful.yaml: unfinished, and where it stands; the least cost is that of least squares."""
    training = ls.train(ROOT / "configs" / "faithful.yaml")
    rows = training.rows
    least = training.last["cost"][0] - training.last["excess_cost"][0]
    said = answer("configs", "faithful")
    assert training.outcome == "unfinished"
    assert_says(said, f"weight {rows['weight'][-1]:.3f}", f"bias {rows['bias'][-1]:.3f}")
    assert_says(said, f"cost {rows['cost'][-1]:.3f}", f"{least:.3f}", f"{training.last['epochs'][0]:,}")
    table = pd.read_csv(ROOT / "data" / "faithful.csv")
    slope, intercept = np.polyfit(table["waiting"], table["eruptions"], 1)
    read = comment(ROOT / "configs" / "faithful.yaml")["Read"]
    assert_says(read, f"weight {slope:.4f}", f"bias {intercept:.3f}")


def test_the_geyser_standardized() -> None:
    """configs/faithful_standardized.yaml: one epoch, and the least-squares line in the file's units."""
    training = ls.train(ROOT / "configs" / "faithful_standardized.yaml")
    weight, bias = (training.last[f"{name}_unscaled"][0] for name in ("weight", "bias"))
    said = answer("configs", "faithful_standardized")
    assert_says(said, f"epoch {training.epoch_of('converged_at')}", f"{weight:.3f}", f"less {-bias:.3f}")


def test_ten_features_at_once() -> None:
    """configs/diabetes.yaml: when it converges, and how near the stability limit the rate is."""
    training = ls.train(ROOT / "configs" / "diabetes.yaml")
    ratio = training.last["stability_ratio"][0]
    said = answer("configs", "diabetes")
    assert_says(said, f"epoch {training.epoch_of('converged_at'):,}", f"{ratio:.3f} of the stability limit")


def test_nedrichs_line_is_not_least_squares() -> None:
    """configs/nedrich.yaml: the cost after 1,000 steps and the least; the bias of least squares."""
    last = ls.train(ROOT / "configs" / "nedrich.yaml").last
    table = pd.read_csv(ROOT / "data" / "nedrich.csv")
    slope, intercept = np.polyfit(table["x"], table["y"], 1)
    least = float(np.mean((table["y"] - slope * table["x"] - intercept) ** 2))
    said = answer("configs", "nedrich")
    assert_says(said, f"{intercept:.2f}", f"({last['cost'][0]:.1f})", f"({least:.1f})")
