"""Facts about forecasts: they say beforehand what a run then finds."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import linreg_sweep as ls
from linreg_sweep.text.plans import format_plan
from linreg_sweep.trials.forecast import SAMPLE

SWEEP: dict[str, Any] = {
    "name": "foretold",
    "data": {"name": "tutorial"},
    "method": "grid",
    "training": {"epochs": 2000},
    "parameters": {
        "learning_rate": {"min": 1e-4, "max": 1e-2, "num": 31, "scale": "log"},
        "initial_weight": {"min": -5, "max": 5, "num": 11},
    },
}


def test_a_forecast_is_what_the_run_finds(tmp_path: Path) -> None:
    """The outcomes, the fastest trial and the range of rates from which any converges."""
    told, run = ls.plan(SWEEP).forecast, ls.run(SWEEP, out=tmp_path, jobs=1)
    trials = run.trials
    assert told.outcomes == trials["outcome"].value_counts().to_dict()
    assert (told.n_trials, told.is_sample, told.unknown) == (341, False, 0)
    best = run.best(1).iloc[0]
    assert told.fastest_epochs == best["converged_at"]
    assert told.fastest is not None
    assert told.fastest["initial_weight"] == best["initial_weight"]
    rates = trials.loc[trials["outcome"] == "converged", "learning_rate"]
    assert told.rates == (rates.min(), rates.max())
    assert told.below == (trials["learning_rate"] < rates.min()).sum() > 0
    assert told.above == (trials["learning_rate"] > rates.max()).sum() > 0


def test_fewer_trials_are_looked_at_where_each_takes_longer() -> None:
    """With forty features theory's work on a trial is the square of that, so that a sample has to do."""
    x = np.random.default_rng(3).normal(size=(50, 40))
    sweep = SWEEP | {"data": {}, "method": "random", "trials": 100_000}
    sweep["parameters"] = {"learning_rate": {"min": 1e-4, "max": 1e-2}}
    told = ls.plan(sweep, data=(x, x[:, 0])).forecast
    assert (told.n_trials, told.is_sample) == (2**24 // 41**2, True)


@pytest.mark.parametrize("method", ["grid", "random"])
def test_a_large_sweep_is_told_from_a_sample(method: str) -> None:
    """The shares of a sweep of 10**12 trials are those of a small one of the same ranges, within 1 %."""
    parameters: dict[str, Any] = {
        "learning_rate": {"min": 1e-4, "max": 1e-2, "scale": "log"},
        "initial_weight": {"min": -5, "max": 5},
    }
    large: dict[str, Any] = SWEEP | {"max_trials": 10**12, "method": method}
    if method == "random":
        large |= {"trials": 10**12}
    else:
        for axis in parameters.values():
            axis["num"] = 10**6
    told = ls.plan(large | {"parameters": parameters}).forecast
    assert (told.n_trials, told.is_sample) == (SAMPLE, True)
    fine = {name: axis | {"num": 200} for name, axis in SWEEP["parameters"].items()}
    exact = ls.plan(SWEEP | {"parameters": fine}).forecast
    assert not exact.is_sample
    for name, count in exact.outcomes.items():
        assert told.outcomes[name] / told.n_trials == pytest.approx(count / exact.n_trials, abs=0.01)


def test_nothing_is_told_of_reshuffled_batches() -> None:
    """They count as unknown, and as nothing else."""
    told = ls.plan(SWEEP | {"training": {"batch_size": 5, "order": "reshuffle"}}).forecast
    assert told.unknown == told.n_trials == 341
    assert sum(told.outcomes.values()) == 0
    assert (told.fastest, told.rates, told.wasted) == (None, None, 0.0)


@pytest.mark.parametrize(
    ("parameters", "epochs"),
    [
        ({"learning_rate": 0.005, "batch_size": {"values": [1, 5, 10, 15, 30]}}, 2000),
        ({"learning_rate": {"values": [0.005, 0.02]}, "batch_size": {"values": [5, 29, 30]}}, 50),
        ({"learning_rate": {"values": [0.0005, 0.007]}, "batch_size": {"values": [10, 30]}}, 100),
    ],
)
def test_what_is_not_known_is_no_reason_for_a_warning(parameters: dict[str, Any], epochs: int) -> None:
    """Beside permuted batches no sentence says that no trial, or what share of all trials, can converge."""
    training = {"epochs": epochs, "order": "reshuffle"}
    plan = ls.plan(SWEEP | {"training": training, "parameters": parameters})
    said = "\n".join(format_plan(plan))
    assert 0 < plan.forecast.unknown < plan.forecast.n_trials
    assert "no trial" not in said
    assert "% of the trials" not in said
    assert "of those that theory predicts" in said


def test_a_sample_of_a_grid_draws_evenly() -> None:
    """Each of 10 rates is drawn as often, to 5 standard errors, whatever the weight."""
    grid = {
        "learning_rate": {"min": 1, "max": 10, "num": 10},
        "initial_weight": {"min": 0, "max": 1, "num": 10**9},
    }
    from linreg_sweep.config import load_sweep
    from linreg_sweep.trials.space import make_space

    space = make_space(load_sweep(SWEEP | {"max_trials": 10**10, "parameters": grid}).config)
    values = space.sample(10_000)
    _, counts = np.unique(values["learning_rate"], return_counts=True)
    assert np.abs(counts - 1000).max() < 5 * np.sqrt(900)
    assert abs(np.corrcoef(values["learning_rate"], values["initial_weight"])[0, 1]) < 0.05
