"""Facts about predictions: that they come true, and that nothing is predicted where theory cannot tell."""

from typing import Any

import numpy as np
import pytest

from linreg_sweep import data
from linreg_sweep.config import load_sweep
from linreg_sweep.theory.outcome import (
    CLOSED_FORM,
    CONVERGED,
    DIVERGED,
    LOST_IN_ROUNDING,
    MISSING,
    THEORY,
    UNFINISHED,
)
from linreg_sweep.theory.problem import make_problem
from linreg_sweep.trials.loading import load_data
from linreg_sweep.trials.prepare import prepare
from linreg_sweep.trials.tables import trial_columns

SPACE = {
    "learning_rate": {"min": 2e-4, "max": 2e-2, "num": 50, "scale": "log"},
    "initial_weight": {"min": -10, "max": 10, "num": 21},
}


def table(
    training: dict[str, Any], parameters: dict[str, Any] | None = None, **blocks: Any
) -> dict[str, Any]:
    """Returns the trials table of a grid on the tutorial's data."""
    declared = {"data": {"name": "tutorial"}, "method": "grid", "training": {"epochs": 3000} | training}
    declaration = load_sweep(declared | {"parameters": parameters or SPACE} | blocks)
    experiment = prepare(declaration, load_data(declaration))
    values = experiment.values(0, experiment.space.n_trials)
    return trial_columns(
        experiment, 0, values, experiment.groups(values), experiment.train_groups(experiment.groups(values))
    )


@pytest.mark.parametrize(
    "training",
    [
        {},
        {"early_stop": False},
        {"loss": "mse"},
        {"momentum": 0.9},
        {"momentum": 0.6, "nesterov": True, "early_stop": False},
        {"engine": "torch", "epochs": 300},
        {"engine": "closed_form"},
    ],
    ids=str,
)
def test_what_is_predicted_comes_true(training: dict[str, Any]) -> None:
    """In float64 the closed form tells every trial's outcome, and its epoch but where rounding moves it."""
    columns = table(training)
    assert set(columns["theory"]) == {CLOSED_FORM}
    assert columns["predicted_outcome"].tolist() == columns["outcome"].tolist()
    decided = np.where(columns["outcome"] == CONVERGED, columns["converged_at"], columns["diverged_at"])
    decided[columns["outcome"] == UNFINISHED] = MISSING
    exact = (columns["predicted_at"] != MISSING) | (decided == MISSING)
    assert exact.mean() > 0.99
    assert decided[exact].tolist() == columns["predicted_at"][exact].tolist()
    assert {CONVERGED, UNFINISHED, DIVERGED} <= set(columns["outcome"])


def test_float32_is_predicted_only_as_far_as_it_can_be() -> None:
    """What is predicted comes true; what rounding may decide is said to be lost in it."""
    columns = table({"dtype": "float32"})
    known = columns["theory"] == CLOSED_FORM
    lost = columns["theory"] == LOST_IN_ROUNDING
    assert (known | lost).all()
    assert known.sum() > 500
    assert lost.any()
    assert columns["predicted_outcome"][known].tolist() == columns["outcome"][known].tolist()
    assert set(columns["predicted_outcome"][lost]) == set(columns["predicted_at"][lost]) == {MISSING}


@pytest.mark.parametrize("optimizer", [{}, {"momentum": 0.99, "nesterov": True}], ids=str)
@pytest.mark.parametrize(
    "training",
    [
        {"dtype": "float32", "initial_weight": 5.0},  # infinite long before the bound
        {"initial_weight": 2.0, "initial_bias": 1.0},  # on the optimum, where the steps are 0
        {"initial_weight": 2.0, "initial_bias": 1.0 + 1e-15},
    ],
    ids=str,
)
def test_divergence_is_told_only_of_errors_that_no_rounding_hides(
    training: dict[str, Any], optimizer: dict[str, Any]
) -> None:
    """Beyond the limit and with a bound far away, what is predicted comes true, at its epoch."""
    x = np.array([0.3, 1.7, 2.9])
    declared = {
        "method": "grid",
        "training": {"epochs": 300, "early_stop": False} | training | optimizer,
        "outcome": {"divergence": 1e300},
        "parameters": {"learning_rate": {"values": [1.1, 1.3, 3.0, 9.0], "unit": "stability_limit"}},
    }
    declaration = load_sweep(declared, data_given=True)
    experiment = prepare(declaration, load_data(declaration, (x, 2 * x + 1)))
    values = experiment.values(0, 4)
    columns = trial_columns(
        experiment, 0, values, experiment.groups(values), experiment.train_groups(experiment.groups(values))
    )
    known = columns["theory"] == CLOSED_FORM
    assert columns["predicted_outcome"][known].tolist() == columns["outcome"][known].tolist()
    exact = known & (columns["predicted_at"] != MISSING)
    assert columns["predicted_at"][exact].tolist() == columns["diverged_at"][exact].tolist()


def test_nothing_is_predicted_for_reshuffled_batches() -> None:
    """They have no map of their own; the trials of the same sweep that see all rows have a closed form."""
    columns = table({"epochs": 50, "order": "reshuffle"}, {"batch_size": {"values": [5, 30, 40]}})
    assert [THEORY[code] for code in columns["theory"]] == ["reshuffled", "closed_form", "closed_form"]
    assert columns["predicted_outcome"].tolist() == [MISSING, UNFINISHED, UNFINISHED]


@pytest.mark.system
def test_a_stall_in_float32_is_not_called_converged_beforehand() -> None:
    """Unscaled data stall far above a tight tolerance in float32, where exact descent would get there."""
    training = {"dtype": "float32", "epochs": 10**5}
    columns = table(training, {"learning_rate": 0.005}, outcome={"tolerance": 1e-14})
    assert columns["outcome"].tolist() == [UNFINISHED]
    assert [THEORY[code] for code in columns["theory"]] == ["lost_in_rounding"]


def test_an_unstable_start_at_the_optimum_is_left_to_rounding() -> None:
    """Exactly at the optimum nothing moves by theory; above the limit any rounding would grow."""
    declared = {"method": "grid", "training": {"epochs": 3000, "early_stop": False}}
    at_optimum = {"learning_rate": 3.0, "initial_weight": 2.0, "initial_bias": 1.0}
    declaration = load_sweep(declared | {"parameters": at_optimum}, data_given=True)
    x = np.array([0.0, 1.0, 3.0])
    experiment = prepare(declaration, load_data(declaration, (x, 2 * x + 1)))
    values = experiment.values(0, 1)
    columns = trial_columns(
        experiment, 0, values, experiment.groups(values), experiment.train_groups(experiment.groups(values))
    )
    assert [THEORY[code] for code in columns["theory"]] == ["lost_in_rounding"]
    assert columns["predicted_outcome"].tolist() == [MISSING]


def test_an_unstable_start_next_to_the_optimum_diverges_as_told() -> None:
    """As close as floats come to the tutorial's optimum: what is left of the distance grows."""
    tutorial = data.tutorial()
    weight, bias = make_problem(tutorial.x, tutorial.y, loss="half_mse", fit_bias=True).optimum.ravel()
    start = {"initial_weight": float(weight), "initial_bias": float(bias)}
    columns = table({"learning_rate": 0.02, "early_stop": False}, start)
    assert columns["outcome"].tolist() == [DIVERGED]
    assert columns["predicted_outcome"].tolist() in ([DIVERGED], [MISSING])
