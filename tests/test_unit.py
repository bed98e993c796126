"""Facts about learning rates in multiples of the stability limit."""

from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

import linreg_sweep as ls
from linreg_sweep.config import load_sweep
from linreg_sweep.config.json_schema import json_schema
from linreg_sweep.errors import ConfigError
from linreg_sweep.trials.loading import load_data
from linreg_sweep.trials.prepare import prepare

RANGE = {"min": 0.05, "max": 1.2, "num": 24, "unit": "stability_limit"}
DATA = (np.array([[1.0, 5.0], [2.0, 3.0], [4.0, 4.0], [7.0, 1.0]]), np.array([2.0, 1.0, 0.0, 4.0]))


def sweep(rate: Any, method: str = "grid", **more: Any) -> dict[str, Any]:
    """Returns a sweep over learning rates."""
    parameters = {"learning_rate": rate} | more.pop("parameters", {})
    return {
        "name": "multiples",
        "method": method,
        "training": {"epochs": 60},
        "parameters": parameters,
    } | more


def limit(loss: str) -> float:
    """Returns 2 / lambda_max of the data, by numpy.linalg."""
    design = np.column_stack([DATA[0], np.ones(4)])
    factor = {"half_mse": 1 / 4, "mse": 2 / 4, "sse": 2.0}[loss]
    return float(2 / np.linalg.eigvalsh(factor * design.T @ design)[-1])


@pytest.mark.parametrize("loss", ["half_mse", "mse", "sse"])
def test_rates_are_multiples_of_the_limit_of_the_data(tmp_path: Path, loss: str) -> None:
    """Whatever the loss; stability_ratio is the multiple that was declared."""
    trials = ls.run(sweep(RANGE, training={"loss": loss}), data=DATA, out=tmp_path, jobs=1).trials
    multiples = np.linspace(0.05, 1.2, 24)
    np.testing.assert_allclose(trials["learning_rate"], multiples * limit(loss), rtol=1e-14)
    np.testing.assert_allclose(trials["stability_ratio"], multiples, rtol=1e-14)


@pytest.mark.parametrize(("nesterov", "times"), [(False, [1, 1.5, 1.9]), (True, [1, 0.75, 3.8 / 5.6])])
def test_each_momentum_has_a_limit_of_its_own(tmp_path: Path, nesterov: bool, times: list[float]) -> None:
    """2 (1 + m) / lambda_max, and (2 + 2 m) / ((1 + 2 m) lambda_max) for Nesterov's."""
    momentum = [1e-12 if nesterov else 0, 0.5, 0.9]
    declared = sweep(
        {"value": 0.9, "unit": "stability_limit"},
        training={"nesterov": nesterov, "epochs": 60},
        parameters={"momentum": {"values": momentum}},
    )
    trials = ls.run(declared, data=DATA, out=tmp_path, jobs=1).trials
    np.testing.assert_allclose(trials["learning_rate"], 0.9 * limit("half_mse") * np.array(times), rtol=1e-11)


@pytest.mark.parametrize(
    ("method", "rate"),
    [
        ("grid", {"values": [0.5, 0.9], "unit": "stability_limit"}),
        ("grid", {"min": 0.1, "max": 0.3, "step": 0.1, "unit": "stability_limit"}),
        ("random", {"min": 0.1, "max": 1, "scale": "log", "unit": "stability_limit"}),
        (
            "random",
            {"distribution": "normal", "mu": -1, "sigma": 0.1, "scale": "log", "unit": "stability_limit"},
        ),
    ],
)
def test_every_way_to_write_a_parameter_takes_the_unit(
    tmp_path: Path, method: str, rate: dict[str, Any]
) -> None:
    """The same sweep without the unit has the multiples; the run's own config gives the same run."""
    more = {"trials": 9} if method == "random" else {}
    run = ls.run(sweep(rate, method, **more), data=DATA, out=tmp_path, jobs=1)
    plain = {key: value for key, value in rate.items() if key != "unit"}
    multiples = ls.run(sweep(plain, method, **more), data=DATA, out=tmp_path, jobs=1).trials["learning_rate"]
    np.testing.assert_allclose(run.trials["learning_rate"], multiples * limit("half_mse"), rtol=1e-14)
    assert ls.run(run.path / "config.yaml", out=tmp_path, jobs=1).path.name.startswith("multiples-")
    assert "unit: stability_limit" in (run.path / "config.yaml").read_text()
    file = {"extends": "x.yaml", "name": "a", "method": method, "parameters": {"learning_rate": rate}} | more
    jsonschema.validate(file, json_schema())


def test_a_plan_tells_multiples_as_what_they_are() -> None:
    """The ends as declared, and their unit."""
    axis = ls.plan(sweep(RANGE), data=DATA).axes[0]
    assert (axis.first, axis.last, axis.how) == (
        0.05,
        1.2,
        "evenly spaced, linear scale, in stability limits",
    )


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        (
            {"learning_rate": RANGE | {"unit": "stability"}},
            r"learning_rate\.unit: must be stability_limit, got 'stability'",
        ),
        ({"learning_rate": RANGE | {"unit": 3}}, r"learning_rate\.unit: must be stability_limit, got 3"),
        (
            {"initial_weight": RANGE, "learning_rate": 1},
            r"initial_weight\.unit: applies to learning_rate only\. Hint: remove it",
        ),
    ],
)
def test_a_unit_that_cannot_be_meant_is_refused(parameters: dict[str, Any], said: str) -> None:
    """With the place and what must hold."""
    with pytest.raises(ConfigError, match=said):
        ls.plan(sweep(1) | {"parameters": parameters}, data=DATA)


def test_flat_data_have_no_limit_to_take_multiples_of() -> None:
    """Where x is 0 and no bias is fitted, every rate is stable."""
    declared = sweep(RANGE, data={"name": "tutorial", "fit_bias": False})
    with pytest.raises(ConfigError, match=r"learning_rate\.unit: the data must have a stability limit"):
        ls.plan(declared, data=([0.0, 0.0], [1.0, 2.0]))


@pytest.mark.parametrize(
    ("setup", "varied", "said"),
    [
        ({"name": "exponential", "gamma": 1}, {"schedule.gamma": {"values": [0.9, 1]}}, "falls to 0"),
        ({"name": "cosine", "final": 0.5}, {"schedule.final": {"values": [0.5, 0]}}, "falls to 0"),
        (None, {"momentum": {"values": [0.9]}, "dampening": {"values": [0.5, 1]}}, "every step is 0"),
        (
            {"name": "chebyshev"},
            {"momentum": {"values": [0.9]}, "schedule.epochs": {"values": [5, 20_000]}},
            "too long",
        ),
    ],
)
def test_every_value_that_varies_must_have_a_limit(
    setup: dict[str, Any] | None, varied: dict[str, Any], said: str
) -> None:
    """Also where the set-up has one: no trial is trained at another rate than its share of its own limit."""
    training = {"epochs": 60} | ({"schedule": setup} if setup else {})
    declared = sweep(RANGE, parameters=varied, training=training)
    with pytest.raises(ConfigError, match=rf"learning_rate\.unit: .*{said}"):
        ls.plan(declared, data=DATA)


def test_a_rate_without_a_limit_is_never_the_set_ups() -> None:
    """What no check foresaw is missing in the table, rather than trained at some other rate."""
    declaration = load_sweep(sweep(RANGE), data_given=True)
    experiment = prepare(declaration, load_data(declaration, DATA))
    values = experiment.values(0, 2)
    values["learning_rate"][1] = np.nan
    (group,) = experiment.groups(values)
    assert np.isnan(group.trials.values["learning_rate"]).tolist() == [False, True]


def test_rates_as_such_are_checked_beside_others_in_the_unit() -> None:
    """In a union, a rate that float32 cannot hold is refused whatever the other product declares."""
    declared = sweep(0, training={"dtype": "float32"})
    declared["parameters"] = [{"learning_rate": RANGE}, {"learning_rate": {"values": [1e300]}}]
    with pytest.raises(ConfigError, match=r"learning_rate: must be a number in float32"):
        ls.plan(declared, data=DATA)
