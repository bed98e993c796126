"""Facts about sweeps of many features: parts have the bits of the whole, and what is told is what happens."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import linreg_sweep as ls
from linreg_sweep.config import load_sweep
from linreg_sweep.theory.outcome import CONVERGED, DIVERGED, MISSING
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.loading import load_data
from linreg_sweep.trials.prediction import predict_groups
from linreg_sweep.trials.prepare import prepare

Floats = NDArray[np.float64]


def arrays(n_features: int, n_rows: int) -> tuple[Floats, Floats]:
    """Returns random rows, their y nearly linear."""
    generator = np.random.default_rng(n_features)
    x = generator.normal(size=(n_rows, n_features))
    y = x @ generator.normal(size=n_features) + 0.5 + 0.1 * generator.normal(size=n_rows)
    return x, y


def experiment_of(data: tuple[Floats, Floats], training: dict[str, Any], **parameters: Any) -> Experiment:
    """Returns the experiment of a grid over some parameters."""
    sweep = {"name": "wide", "method": "grid", "training": training, "parameters": parameters}
    declaration = load_sweep(sweep, (), data_given=True)
    return prepare(declaration, load_data(declaration, data))


@pytest.mark.parametrize(
    "training",
    [
        {"engine": "closed_form", "epochs": 50, "momentum": 0.5},
        {"engine": "closed_form", "epochs": 20, "schedule": {"name": "step", "every": 5, "gamma": 0.5}},
        {"engine": "numpy", "epochs": 3, "optimizer": "adamw"},
    ],
    ids=["momentum", "schedule", "adamw"],
)
@pytest.mark.parametrize("n_features", [12, 30])
def test_parts_have_the_bits_of_the_whole(n_features: int, training: dict[str, Any]) -> None:
    """Trials with penalties, in parts of any size and order, of an experiment that has met others or none."""
    data = arrays(n_features, 90)
    varied = {
        "learning_rate": {"values": [1e-3, 0.1, 2.0]},
        "weight_decay": {"values": [0.0, 0.01, 0.7, 3.0]},
        "initial_weight": {"values": [0.0, 1.0, -3.0]},
    }
    whole = experiment_of(data, training, **varied)
    groups = whole.groups(whole.values(0, 36))
    found = whole.train_groups(groups)
    known = predict_groups(groups, 36)
    for experiment in (whole, experiment_of(data, training, **varied)):
        for first, stop in ((35, 36), (3, 5), (0, 12), (7, 36)):
            values = experiment.values(first, stop)
            part = experiment.train_groups(experiment.groups(values))
            for name in ("theta", "epochs", "converged_at", "diverged_at", "contraction"):
                np.testing.assert_array_equal(getattr(part, name), getattr(found, name)[first:stop], name)
            told = predict_groups(experiment.groups(values), stop - first)
            for name, each in vars(told).items():
                np.testing.assert_array_equal(each, getattr(known, name)[first:stop], name)


@pytest.mark.system
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_a_thousand_features(momentum: float, tmp_path: Path) -> None:
    """A whole run at P = 1,001: its events, and those foretold of an engine, are those of a BLAS loop."""
    data, n_epochs, tolerance = arrays(1000, 3000), 300, 1e-3
    rates = {"min": 0.02, "max": 1.1, "num": 10, "unit": "stability_limit"}
    training = {"engine": "closed_form", "epochs": n_epochs, "momentum": momentum}
    sweep = {
        "name": "wide",
        "method": "grid",
        "training": training,
        "outcome": {"tolerance": tolerance, "divergence": 100.0},
        "parameters": {"learning_rate": rates, "initial_weight": {"values": [0.0, 0.3]}},
    }
    run = ls.run(sweep, data=data, out=tmp_path, jobs=1, part_size=7)
    trials = run.trials.sort_values("trial")
    assert len(trials) == run.n_trials == 20
    assert not trials["outcome"].isna().any()

    design = np.column_stack([data[0], np.ones(3000)])
    best = np.linalg.lstsq(design, data[1])[0][:, None]
    theta = np.zeros((1001, 20))
    theta[:-1] = trials["initial_weight"]
    velocity, rate = np.zeros_like(theta), trials["learning_rate"].to_numpy()
    hessian, constant = design.T @ design / 3000, design.T @ data[1][:, None] / 3000
    low, scale = tolerance * data[1].var(), data[1].var()
    least = float(np.mean((data[1][:, None] - design @ best) ** 2))
    high: Floats = np.empty(0)
    at = {name: np.full(20, -1) for name in ("converged", "diverged")}
    for epoch in range(n_epochs + 1):
        excess = ((design @ (theta - best)) ** 2).mean(axis=0)
        if epoch == 0:
            high = 100.0 * np.maximum(excess + least, scale) - least
        is_open = (at["converged"] < 0) & (at["diverged"] < 0)
        at["converged"][is_open & (excess <= low)] = epoch
        at["diverged"][is_open & ~(excess <= high)] = epoch
        with np.errstate(over="ignore", invalid="ignore"):
            velocity = momentum * velocity + hessian @ theta - constant
            theta = theta - rate * velocity
    assert (at["converged"] >= 0).any()
    assert (at["diverged"] >= 0).any()
    for name, epochs in at.items():
        np.testing.assert_array_equal(trials[f"{name}_at"].fillna(-1), epochs)

    declaration = load_sweep({**sweep, "training": {**training, "engine": "numpy"}}, (), data_given=True)
    experiment = prepare(declaration, load_data(declaration, data))
    told = predict_groups(experiment.groups(experiment.values(0, 20)), 20)
    outcomes = np.select([at["diverged"] >= 0, at["converged"] >= 0], [DIVERGED, CONVERGED], -2)
    event = np.maximum(at["converged"], at["diverged"])
    claimed = (told.outcome != MISSING) & (event >= 0)
    assert claimed.sum() > 8
    np.testing.assert_array_equal(told.outcome[claimed], outcomes[claimed])
    certain = claimed & (told.at != MISSING)
    np.testing.assert_array_equal(told.at[certain], event[certain])
