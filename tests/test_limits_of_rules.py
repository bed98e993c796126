"""Stability limits under schedules and momentum: what settles below grows above, whatever stands beside."""

import tracemalloc
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from linreg_sweep.engines.closed_form import train
from linreg_sweep.method import Method
from linreg_sweep.theory.applies import LinearTheory
from linreg_sweep.theory.limits import cycle_product, first_loss, radius
from linreg_sweep.theory.outcome import stability_limit
from linreg_sweep.theory.problem import Problem, make_problem
from tests.declared import method_of, schedule
from tests.trials_of_rules import S1, Floats, endless, numbers, of_many, one_trial


def grows(problem: Problem, method: Method, values: Mapping[str, Floats], rate: float) -> bool:
    """Returns whether 1,000 epochs at a rate leave more of the error than 500."""
    of_it = {**values, "learning_rate": np.array([rate])}
    trials, size = one_trial(problem, of_it, 1000), []
    for epochs in (500, 1000):
        theta = train(problem, replace(trials, epochs=np.array([epochs])), endless(method)).theta
        size.append(trials.quadratic.excess(theta)[0])
    return bool(~(size[1] <= size[0]))


@pytest.mark.parametrize(
    ("flags", "values", "of_schedule"),
    [
        ([], {}, schedule("list", factors=[1.0, 10.0], then="repeat")),
        ([], {"weight_decay": 0.2}, schedule("list", factors=[0.3, 1.7, 2.9, 0.0], then="repeat")),
        ([], {}, schedule("chebyshev", epochs=3)),
        ([], {"momentum": 0.6}, schedule("list", factors=[1.0, 3.0], then="repeat")),
        (
            ["nesterov"],
            {"momentum": 0.9},
            schedule("list", factors=[2.0, 0.5, 1.0], then="repeat"),
        ),
        ([], {"momentum": 0.9, "dampening": 0.5}, schedule("cosine", epochs=50, final=0.4)),
        ([], {"momentum": 0.5, "dampening": 0.5}, schedule("list", factors=[2.0, 0.5], then="repeat")),
        (["nesterov"], {"momentum": 0.5}, None),
    ],
    ids=str,
)
def test_a_limit_lies_between_what_settles_and_what_grows(
    flags: list[str], values: dict[str, float], of_schedule: Any
) -> None:
    """At ten rates up to a hundredth below the limit the error shrinks; above, it grows."""
    problem = make_problem(S1["x"], S1["y"], loss="half_mse", fit_bias=True)
    of_trial = numbers(learning_rate=1.0, **values)
    method = method_of(of_trial, *flags, schedule=of_schedule)
    quadratic = problem.penalised(of_trial["weight_decay"], True)
    theory = LinearTheory(method)
    limit = float(theory.stability_limit(quadratic, of_trial)[0])
    assert theory.limit_reason(of_trial) is None
    assert not any(grows(problem, method, of_trial, limit * share) for share in np.linspace(0.1, 0.99, 10))
    assert grows(problem, method, of_trial, 1.001 * limit)


@pytest.mark.parametrize(
    ("of_schedule", "reason"),
    [
        (schedule("exponential", gamma=0.9), "falls to 0"),
        (schedule("cosine"), "falls to 0"),
        (schedule("silver"), "without bound"),
    ],
    ids=str,
)
def test_there_is_no_limit_where_steps_vanish_or_grow(of_schedule: Any, reason: str) -> None:
    """NaN, and a reason."""
    problem = make_problem(S1["x"], S1["y"], loss="half_mse", fit_bias=True)
    theory, values = LinearTheory(Method(schedule=of_schedule)), numbers(learning_rate=1.0)
    assert np.isnan(theory.stability_limit(problem.quadratic, values)).all()
    assert reason in str(theory.limit_reason(values))


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("momentum", [1e-3, 0.3, 0.5, 0.9, 0.999])
def test_a_list_of_ones_has_the_limit_of_a_constant_rate(nesterov: bool, momentum: float) -> None:
    """However often the one is listed."""
    expected = float(stability_limit(1.0, momentum, nesterov=nesterov))
    for count, size in ((1, 1.0), (2, 1.0), (2, 1e-6), (7, 30.0)):
        found = first_loss(np.full(count, size), momentum, nesterov=nesterov)
        assert found * size == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("dampening", [0.4, 0.9, 1 - 1e-4])
def test_a_dampened_list_of_ones_has_the_limit_of_a_constant_rate(dampening: float) -> None:
    """However little of the gradient reaches the velocity."""
    problem = make_problem(S1["x"], S1["y"], loss="half_mse", fit_bias=True)
    values = of_many(2, momentum=np.array([0.5, 0.9]), dampening=np.full(2, dampening))
    repeated, none = (
        LinearTheory(method_of(values, schedule=each)).stability_limit(problem.quadratic, values)
        for each in (schedule("list", factors=[1.0, 1.0], then="repeat"), None)
    )
    np.testing.assert_allclose(repeated, none, rtol=1e-9)


def hold_to_a_fine_scan(factors: Floats, momentum: float, *, nesterov: bool) -> None:
    """Asserts that the limit is the first of many thousand rates at which a cycle grows."""
    found = first_loss(factors, momentum, nesterov=nesterov)
    rates = np.linspace(0, 1.5 * found, 30_001)[1:]
    growth = radius(cycle_product(factors[:, None] * rates, momentum, nesterov=nesterov))
    first = int((growth > 1 + 1e-12).argmax())
    assert rates[first - 1] <= found * (1 + 1e-9)
    assert found <= rates[first] * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(40))
def test_the_limit_of_a_list_is_what_a_fine_scan_finds(seed: int) -> None:
    """Of factors of any size, with any momentum."""
    generator = np.random.default_rng(seed)
    factors = generator.uniform(0.05, 2, int(generator.integers(1, 8))) * (generator.random() < 0.8 or 0.1)
    momentum = float(generator.uniform(0.01, 0.99))
    hold_to_a_fine_scan(factors, momentum, nesterov=bool(generator.random() < 0.5))


@pytest.mark.parametrize("seed", range(40))
def test_a_narrow_range_of_growth_is_not_stepped_over(seed: int) -> None:
    """Factors near 1, or that rise and fall slowly, resonate with a swing of their own length alone."""
    generator = np.random.default_rng(seed)
    spread, momentum = float(generator.uniform(0, 0.15)), float(generator.choice([0.9, 0.95, 0.99]))
    factors = 1 + spread * generator.uniform(-1, 1, int(generator.integers(2, 12)))
    if seed % 4 == 0:
        factors, momentum = 1 + 0.15 * np.cos(2 * np.pi * np.arange(10 + seed) / (10 + seed)), 0.999
    hold_to_a_fine_scan(factors, momentum, nesterov=seed % 4 == 1)


def test_the_limit_of_two_factors_is_the_root_of_a_quadratic() -> None:
    """There (1 + m - f_1 x) (1 + m - f_2 x) is -(1 - m)^2: a cycle of two has the eigenvalue -1."""
    factors, m = np.array([1.0528, 0.9472]), 0.9
    roots = np.roots([factors.prod(), -(1 + m) * factors.sum(), (1 + m) ** 2 + (1 - m) ** 2])
    assert first_loss(factors, m, nesterov=False) == pytest.approx(roots.min(), rel=1e-12)


@pytest.mark.filterwarnings("error")
def test_a_search_for_a_limit_ends() -> None:
    """Also where steps overflow; Chebyshev's find theirs, too."""
    assert first_loss(np.zeros(3), 0.5, nesterov=False) == np.inf
    assert first_loss(np.array([1e300, 1e-300]), 0.5, nesterov=False) > 0
    assert first_loss(np.array([1e-310, 1e-310]), 0.5, nesterov=True) > 0
    steps = 1 / (1 + 0.999 * np.cos(np.pi * (2 * np.arange(1, 41) - 1) / 80))
    for nesterov in (False, True):
        found = first_loss(steps, 0.3, nesterov=nesterov)
        size = radius(
            cycle_product(steps[:, None] * found * np.array([0.5, 0.999, 1.001]), 0.3, nesterov=nesterov)
        )
        assert (size[:2] <= 1).all()
        assert size[2] > 1


@pytest.mark.system
def test_a_long_cycle_of_many_trials_takes_little_memory() -> None:
    """A list is one for all rates, so it is held once."""
    count, factors = 70_000, np.random.default_rng(0).uniform(0.5, 1.5, 900).tolist()
    problem = make_problem(S1["x"], S1["y"], loss="half_mse", fit_bias=True)
    values = of_many(count, momentum=np.tile([0.0, 0.5], count // 2))
    theory = LinearTheory(method_of(values, schedule=schedule("list", factors=factors, then="repeat")))
    tracemalloc.start()
    limits = theory.stability_limit(problem.quadratic, values)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert np.isfinite(limits).all()
    assert len(set(limits.tolist())) == 2
    assert most < 50e6


def test_no_limit_is_looked_for_in_too_long_a_cycle() -> None:
    """NaN and a reason, but for Chebyshev steps without momentum, whose limit needs no search."""
    problem = make_problem(S1["x"], S1["y"], loss="half_mse", fit_bias=True)
    values, epochs = of_many(2, momentum=np.array([0.0, 0.5])), np.array([20_000.0, 20_000.0])
    theory = LinearTheory(method_of(values, schedule=schedule("chebyshev")))
    limits = theory.stability_limit(problem.quadratic, values, epochs)
    assert limits[0] == pytest.approx(2 / problem.eigenvalues[-1])
    assert np.isnan(limits[1])
    assert "cycle is too long" in str(theory.limit_reason(values, epochs))
    plain = {name: value[:1] for name, value in values.items()}
    assert theory.limit_reason(plain, epochs[:1]) is None
