"""Facts about the epoch of least held-out cost, as a literal loop and every engine's states have it."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import linreg_sweep as ls
from linreg_sweep.engines.interface import TrainOptions, Trials
from linreg_sweep.engines.least_held_out import least_held_out
from linreg_sweep.theory import least_plain
from linreg_sweep.theory.problem import make_problem
from linreg_sweep.theory.residuals import Best
from tests.declared import method_of

Floats = NDArray[np.float64]

SAME = 1e-12
"""Share of the last cost below which a lower one is rounding."""


def least_of(costs: Sequence[float], same: float = SAME) -> tuple[int, float]:
    """Returns the epoch of the least of some costs, and that cost; the last and NaN where it still falls."""
    at, last = int(np.argmin(costs)), len(costs) - 1
    if at == last > 0 or costs[at] >= costs[-1] * (1 - same):
        return (last, np.nan) if last else (0, costs[0])
    return at, costs[at]


@pytest.mark.parametrize("n_problems", [20, pytest.param(200, marks=pytest.mark.system)])
def test_the_closed_form_finds_the_epoch_that_iteration_does(n_problems: int) -> None:
    """Of many problems, six trials each: slow, fast and swinging, with and without momentum."""
    interior = 0
    for seed in range(n_problems):
        generator = np.random.default_rng(seed)
        n_parameters, n_targets = int(generator.integers(1, 5)), int(generator.integers(1, 3))
        x = generator.normal(size=(16, n_parameters)) * 10.0 ** generator.uniform(-1, 1, n_parameters)
        y = x @ generator.normal(size=(n_parameters, n_targets)) + generator.normal(0, 3, (16, n_targets))
        problem = make_problem(x[:8], y[:8], loss="half_mse", fit_bias=True).holding_out(x[8:], y[8:])
        shares, momentum = np.array([0.02, 0.45, 0.95, 0.02, 0.5, 0.9]), np.array([0, 0, 0, 0.5, 0.9, 0.8])
        rate = shares * 2 / problem.eigenvalues[-1]
        start = generator.normal(0, 2, (6, n_parameters + 1, n_targets))
        last = generator.integers(0, 400, 6)
        zeros = np.zeros(6)
        values = {"learning_rate": rate, "momentum": momentum, "dampening": zeros, "weight_decay": zeros}
        options = TrainOptions(0.0, np.full(6, np.inf), method_of(values))
        trials = Trials(start, last, values, problem.quadratic)
        found = least_held_out(problem, trials, options, last)
        held = np.column_stack([x[8:], np.ones(8)])
        theta, velocity = start.copy(), np.zeros_like(start)
        costs = []
        for _ in range(int(last.max()) + 1):
            costs.append(((held @ theta - y[8:]) ** 2).mean(axis=(1, 2)))
            velocity = momentum[:, None, None] * velocity + (problem.hessian @ theta - problem.constant)
            theta = theta - rate[:, None, None] * velocity
        for trial in range(6):
            epoch, cost = least_of([each[trial] for each in costs[: last[trial] + 1]])
            assert found.epoch[trial] == epoch
            assert found.cost[trial] == pytest.approx(cost, rel=1e-9, nan_ok=True)
            interior += not np.isnan(cost)
    assert interior > 2 * n_problems


def test_trials_that_are_looked_at_together_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether their costs turn once or several times, fall at the end, or swing: all at once, or three."""
    generator = np.random.default_rng(5)
    x, y = generator.normal(size=(30, 2)) * [1.0, 5.0], generator.normal(size=(30, 1))
    problem = make_problem(x[:15], y[:15], loss="half_mse", fit_bias=True).holding_out(x[15:], y[15:])
    count = 200
    rate = generator.uniform(0.01, 0.99, count) * 2 / problem.eigenvalues[-1]
    start, last = generator.normal(0, 2, (count, 3, 1)), generator.integers(0, 300, count)
    values = {"learning_rate": rate, "momentum": np.zeros(count)}
    options = TrainOptions(0.0, np.full(count, np.inf), method_of(values))
    trials = Trials(start, last, values, problem.quadratic)
    together = least_held_out(problem, trials, options, last)
    monkeypatch.setattr(least_plain, "TOGETHER", 3 * 9)  # three trials of nine exponentials each
    apart = least_held_out(problem, trials, options, last)
    np.testing.assert_array_equal(apart.epoch, together.epoch)
    np.testing.assert_array_equal(apart.cost, together.cost)
    assert 0 < np.isnan(together.cost).sum() < count


def of_history(run: ls.Run, x: Floats, y: Floats, same: float) -> list[tuple[int, float]]:
    """Returns the least held-out cost of every trial, from the states that its run kept."""
    history = run.history
    theta = history[["weight_x1", "weight_x2", "weight_x3", "bias"]].to_numpy()
    costs = ((theta @ np.column_stack([x, np.ones(len(x))]).T - y) ** 2).mean(axis=1)
    return [least_of(costs[history["trial"] == trial], same) for trial in run.trials["trial"]]


RULES: dict[str, Any] = {
    "optimizer": [{"optimizer": {"values": ["adam", "rmsprop"]}, "learning_rate": 0.05}],
    "batches": [{"batch_size": {"values": [3]}, "learning_rate": {"values": [0.02, 0.1, 20.0]}}],
    "schedule": [{"schedule": {"values": ["cosine", {"name": "exponential", "gamma": 0.95}]}}],
    "penalty": [{"weight_decay": {"values": [0, 0.1]}, "momentum": {"values": [0, 0.9]}}],
}


ITERATED = [
    pytest.param(*case, marks=[pytest.mark.system] if case[0] == "numba" else [])
    for case in product(("numpy", "numba", "torch"), RULES, ("float64", "float32"))
]
OF_LINEAR_RULES = [pytest.param("closed_form", rule, "float64") for rule in RULES if rule != "optimizer"]


@pytest.mark.parametrize(("engine", "rule", "dtype"), ITERATED + OF_LINEAR_RULES)
def test_every_engine_tells_the_best_of_its_states(
    engine: str, rule: str, dtype: str, tmp_path: Path
) -> None:
    """Of every epoch that a trial does, whether it stops early, diverges or goes on; parts change no bit."""
    generator = np.random.default_rng(3)
    x, y = generator.normal(size=(20, 3)), generator.normal(size=20)
    declared: dict[str, Any] = {
        "name": "best",
        "data": {"holdout": {"last": 0.5}},
        "method": "grid",
        "training": {
            "engine": engine,
            "epochs": 70,
            "learning_rate": 0.1,
            "dtype": dtype,
            "early_stop": False,
        },
        "history": {"every": 1},
        "parameters": [{**each, "initial_weight": {"values": [0, 1]}} for each in RULES[rule]],
    }
    run = ls.run(declared, data=(x, y), out=tmp_path, jobs=1)
    single = dtype == "float32"
    expected = of_history(run, x[10:], y[10:], 1e-6 if single else SAME)
    trials = run.trials
    assert trials["best_epoch"].tolist() == [epoch for epoch, _ in expected]
    costs = [cost for _, cost in expected]
    np.testing.assert_allclose(trials["best_held_out_cost"], costs, rtol=1e-5 if single else 1e-9)
    parts = ls.run(declared, data=(x, y), out=tmp_path / "parts", jobs=1, part_size=1).trials
    pd.testing.assert_frame_equal(parts, trials, check_exact=True)


@pytest.mark.parametrize("form", ["all", "together", "ascending", "several times"])
def test_of_equal_costs_the_first_epoch_counts(form: str) -> None:
    """Whatever trials are seen together, in whatever order; a cost that is no number never counts."""
    generator, k = np.random.default_rng(3), 30
    best = Best(np.full(k, 9), np.where(np.arange(k) % 3, 2.0, np.nan))
    seen = [[(2.0, 9)] if trial % 3 else [] for trial in range(k)]
    for _ in range(40):
        some = {
            "all": np.arange(k),
            "together": np.arange(*np.sort(generator.choice(k, 2, replace=False))),
            "ascending": np.flatnonzero(generator.random(k) < 0.4),
            "several times": generator.integers(0, k, 20),
        }[form]
        epoch, cost = (
            generator.integers(0, 30, len(some)),
            generator.choice([np.nan, 1, 2, 3, np.inf], len(some)),
        )
        best.see(some, epoch, cost)
        for trial, number, at in zip(some, cost, epoch, strict=True):
            if number < np.inf:
                seen[trial].append((number, at))
    known = [min(each) for each in seen if each]
    there = np.array([bool(each) for each in seen])
    assert list(zip(best.cost[there], best.epoch[there], strict=True)) == known
