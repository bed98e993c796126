"""The NumPy engine: what it does besides agreeing with the literal loop."""

import numpy as np
import pytest

from linreg_sweep.engines.interface import Results, Schedule, Trials
from linreg_sweep.engines.numpy_engine import train
from linreg_sweep.theory.outcome import Criteria
from linreg_sweep.theory.problem import Problem, make_problem


def trained(problem: Problem, trials: Trials, **options: object) -> Results:
    """Returns what becomes of trials under the default criteria."""
    criteria = Criteria(tolerance=1e-6, divergence=1e6, settle_epochs=10, settle_fraction=0.01)
    excess = problem.excess_cost(trials.start)
    high = criteria.diverged_excess(excess, problem.cost_min, problem.scale)
    return train(problem, trials, Schedule(criteria.converged_excess(problem.scale), high, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("offset", [0.0, 1e3, 1e5])
def test_a_converged_trial_is_within_the_tolerance(offset: float, dtype: str) -> None:
    """However ill-conditioned the data, rounding calls no state converged that is not."""
    generator = np.random.default_rng(0)
    x = offset + generator.normal(size=(200, 1))
    y = 3 * (x - offset) + 0.1 * generator.normal(size=(200, 1))
    problem = make_problem(x, y, loss="half_mse", fit_bias=True)
    rates = np.geomspace(0.01, 0.99, 60) * 2 / problem.eigenvalues[-1]
    start = problem.optimum + generator.normal(size=(60, 2, 1))
    results = trained(problem, Trials(rates, start, np.full(60, 3000)), dtype=dtype)
    reached = results.converged_at >= 0
    assert (problem.excess_cost(results.theta)[reached] <= 1e-6 * problem.scale).all()
    assert reached.any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_bits_are_a_trials_own(dtype: str) -> None:
    """A trial alone, among a few and among thousands gives the same bits, and so does any order."""
    generator = np.random.default_rng(1)
    x, y = generator.normal(size=(40, 10)), generator.normal(size=(40, 1))
    problem = make_problem(x, y, loss="mse", fit_bias=True)
    count = 4000
    trials = Trials(
        generator.uniform(0.1, 1.1, count) * 2 / problem.eigenvalues[-1],
        generator.normal(size=(count, 11, 1)),
        generator.integers(0, 120, count),
        generator.choice([0.0, 0.5, 0.9], count),
    )
    together = trained(problem, trials, dtype=dtype)
    for chosen in ([0], [1], [7, 3], np.arange(count)[::-1][:1500]):
        chosen = np.asarray(chosen)
        alone = trained(problem, trials.take(chosen), dtype=dtype)
        for name in ("theta", "epochs", "converged_at", "diverged_at", "contraction"):
            assert np.array_equal(getattr(alone, name), getattr(together, name)[chosen], equal_nan=True), name


def test_a_mini_batch_trial_without_momentum_is_not_moved_by_neighbours_with_it() -> None:
    """Whether a velocity is kept depends on the sweep: bits hold even where a step overflows."""
    x = np.arange(1.0, 31.0)[:, None]
    problem = make_problem(x, 2 * x, loss="half_mse", fit_bias=True)
    trials = Trials(np.array([1e80, 1e80]), np.ones((2, 2, 1)), np.array([5, 5]), np.array([0.0, 0.9]))
    both = trained(problem, trials, batch_size=3)
    alone = trained(problem, trials.take(np.array([0])), batch_size=3)
    assert np.array_equal(both.theta[:1], alone.theta, equal_nan=True)
    assert both.diverged_at[0] == alone.diverged_at[0]
