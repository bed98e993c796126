"""Drawn batches of many parameters in the mean: against matrices, all draws, known numbers, Monte Carlo."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from linreg_sweep.engines.interface import Trials
from linreg_sweep.method import Order
from linreg_sweep.theory.applies import theory_of
from linreg_sweep.theory.drawn import Drawn, first_growth
from linreg_sweep.theory.epoch_map import Momentum
from linreg_sweep.theory.in_the_mean import begin
from linreg_sweep.theory.mean_course import MeanCourse
from linreg_sweep.theory.mean_long import long_after, swinging_steps
from linreg_sweep.theory.mean_square import growth_at, limit_of, modes_of, plateau_of
from linreg_sweep.theory.problem import Problem, make_problem
from linreg_sweep.theory.scatter import scatter_of
from tests.descents import make_method, make_trials
from tests.test_in_the_mean import KNOWN, all_draws, literally, one, standard_errors
from tests.trials_of_rules import S1

SETTINGS: list[tuple[int, int, Order, str, dict[str, Any]]] = [
    (14, 40, "independent", "half_mse", {}),
    (15, 40, "with_replacement", "sse", {"weight_decay": 0.3}),
    (14, 10, "independent", "mse", {"weight_decay": 0.2, "decay_bias": True}),
    (8, 40, "independent", "mse", {"momentum": 0.7, "dampening": 0.4}),
    (7, 40, "with_replacement", "half_mse", {"momentum": 0.6, "nesterov": True, "weight_decay": 0.2}),
]
"""Parameters, rows, and how batches of 3 rows are descended: more second moments than a matrix is made of."""

OF_DRAWS = [entry for entry in KNOWN if "batches" in entry["settings"]]


def many(n_parameters: int, n_rows: int, loss: str) -> Problem:
    """Returns a problem of random rows with two targets; a column of features is there twice."""
    draw = np.random.default_rng(n_parameters)
    x = draw.standard_t(5, (n_rows, n_parameters - 1)) * 10 ** draw.uniform(-0.3, 0.3, n_parameters - 1)
    x[:, 1] = x[:, 0]
    return make_problem(x, draw.normal(1, 2, (n_rows, 2)), loss=loss, fit_bias=True)


def at_share(theory: Drawn, trials: Trials, share: float) -> dict[str, Any]:
    """Returns the numbers of a trial whose rate is such a share of its limit."""
    return {**trials.values, "learning_rate": share * theory.stability_limit(trials.quadratic, trials.values)}


@pytest.mark.parametrize(("n_parameters", "n_rows", "order", "loss", "numbers"), SETTINGS)
def test_passes_over_rows_say_what_a_matrix_says(
    n_parameters: int, n_rows: int, order: Order, loss: str, numbers: dict[str, Any]
) -> None:
    """Limit, plateau and mean, of few epochs and many, as powers of a matrix of second moments have them."""
    trials, _, theory = one(many(n_parameters, n_rows, loss), 3, order, **numbers)
    quadratic, start = trials.quadratic, trials.start
    draws = theory.draws(quadratic, float(trials.values["weight_decay"][0]))
    error = draws.frame.into @ (start - quadratic.optimum[..., 0] - quadratic.optimum_low[..., 0])
    for share in (0.02, 0.6, 0.97):
        values = at_share(theory, trials, share)
        momentum = theory.momentum(values)
        by_matrix = theory.steps(draws, values["learning_rate"], momentum)
        assert theory.plateau(quadratic, values) == pytest.approx(by_matrix.plateau(), rel=1e-9)
        for epochs in (0, 1, 7, 200, 5000):
            steps = np.array([epochs * theory.n_steps])
            expected = by_matrix.excess(by_matrix.after(begin(draws, error, momentum), steps))
            found = theory.expected_excess(quadratic, values, start, np.array([epochs]))
            assert found == pytest.approx(expected, rel=1e-9), (share, epochs)
    for share, grows in ((1 - 1e-7, False), (1 + 1e-7, True)):
        values = at_share(theory, trials, share)
        growth = theory.steps(draws, values["learning_rate"], theory.momentum(values)).growth
        assert (growth > 0) == grows
        assert np.isnan(theory.plateau(quadratic, values)) == grows


@pytest.mark.parametrize(
    "numbers",
    [{}, {"momentum": 0.7, "dampening": 0.4}, {"momentum": 0.6, "nesterov": True, "weight_decay": 0.2}],
)
def test_the_mean_of_many_parameters_is_that_of_all_draws(numbers: dict[str, Any]) -> None:
    """Of five rows and fifteen parameters every epoch that there may be is gone through, step by step."""
    problem = many(15, 5, "half_mse")
    trials, method, theory = one(problem, 2, "independent", **numbers)
    found = theory.expected_excess(trials.quadratic, trials.values, trials.start, np.array([1]))
    expected = literally(problem, trials, method, all_draws("independent", 5, 2))
    assert found == pytest.approx([expected], rel=1e-11)


@pytest.mark.parametrize("momentum", [{}, {"momentum": 0.8}, {"momentum": 0.9, "nesterov": True}])
@pytest.mark.parametrize("size", [1, 39])
def test_the_integral_is_what_steps_come_to_or_nothing(momentum: dict[str, Any], size: int) -> None:
    """To nine digits; it may be silent of batches of nearly all rows, where what swings is most."""
    trials, _, theory = one(many(9, 40, "half_mse"), size, "independent", **momentum)
    scatter = scatter_of(theory.problem, size, trials.quadratic, np.zeros(9), replacement=False)
    for share in (0.01, 0.9):
        values = at_share(theory, trials, share)
        rate, own = float(values["learning_rate"][0]), theory.momentum(values)
        course = MeanCourse(scatter, modes_of(scatter.values, rate * scatter.unit, own), is_stable=False)
        state, swinging = course.begin(trials.start[0]), swinging_steps(course)
        for steps in (2 * swinging + 1, 1500):
            found = long_after(course, state, steps, swinging)
            expected = course.excess(course.after(state, steps))
            assert found == pytest.approx(expected, rel=1e-9) or (np.isnan(found) and size == 39)


def test_leaps_are_long_again_once_the_excess_falls_no_more() -> None:
    """From far off the first ones lose digits; where more passes are taken than are allowed is no mean."""
    trials, _, theory = one(many(14, 40, "half_mse"), 3, "independent")
    scatter = scatter_of(theory.problem, 3, trials.quadratic, np.zeros(14), replacement=False)
    (rate,) = at_share(theory, trials, 0.5)["learning_rate"]
    course = MeanCourse(scatter, modes_of(scatter.values, rate * scatter.unit, None), is_stable=True)
    state, most = course.begin(1e9 * np.ones((14, 2))), course.passes(200_000)
    found = course.excess(course.after(state, 200_000, 1.5 * most))
    assert found == pytest.approx(plateau_of(scatter, course.modes), rel=1e-9)
    assert np.isnan(course.excess(course.after(state, 200_000, most / 2)))


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize(("m", "tolerance"), [(0.9, 1e-12), (0.99, 1e-10), (0.999, 1e-8)])
def test_what_a_scatter_leaves_is_the_sum_of_its_traces(m: float, tolerance: float, nesterov: bool) -> None:
    """Of flat and of steep directions, as steps of the optimizer carry it on, one after the other."""
    values, rate, traces = np.array([6e-3, 0.1, 1.03]), 0.3, []
    error, velocity = np.zeros(3), np.zeros(3)
    for step in range(int(150 / (1 - m))):
        gradient = values * error + (step == 0)
        velocity = m * velocity + gradient
        error = error - rate * (gradient + m * velocity if nesterov else velocity)
        traces.append(error)
    summed = np.array(traces).T @ np.array(traces)
    modes = modes_of(values, rate, Momentum(np.array([m]), np.ones(1), nesterov))
    np.testing.assert_allclose(modes.kept(), summed, rtol=tolerance)


@pytest.mark.parametrize("n_features", [4, 20])
def test_a_limit_with_a_momentum_near_1_is_found(n_features: int) -> None:
    """By a matrix and by passes: second moments rest below it and grow above, as passes say."""
    draw = np.random.default_rng(3)
    x = draw.normal(size=(60, n_features)) * 10 ** draw.uniform(-2, 0.5, n_features)
    problem = make_problem(x, draw.normal(size=(60, 1)), loss="half_mse", fit_bias=True)
    trials, _, theory = one(problem, 59, "independent", momentum=0.999)
    (limit,) = theory.stability_limit(trials.quadratic, trials.values)
    scatter = scatter_of(problem, 59, trials.quadratic, np.zeros(n_features + 1), replacement=False)
    momentum = theory.momentum(trials.values)
    assert (
        growth_at(scatter, limit * (1 - 1e-6), momentum)
        < 0
        < growth_at(scatter, limit * (1 + 1e-6), momentum)
    )


def test_no_limit_is_read_off_growth_that_is_unknown() -> None:
    """Before the first growth and between the ends where it is looked for."""
    assert np.isnan(first_growth(lambda rate: np.nan, 1.0))
    assert np.isnan(first_growth(lambda rate: -1.0, np.nan))
    assert np.isposinf(first_growth(lambda rate: -1.0, np.inf))
    assert np.isnan(first_growth(lambda rate: rate - 1.05 if rate < 1.01 or rate > 1.1 else np.nan, 1.0))


@pytest.mark.parametrize("entry", OF_DRAWS, ids=lambda entry: str(entry["id"]))
def test_passes_say_what_mpmath_says(entry: dict[str, Any]) -> None:
    """Limits, floors and trajectories that are known to many digits, of few parameters too."""
    said, value, kind = entry["settings"], float(entry["value"]), entry["id"].split("/")[1]
    problem = make_problem(S1["x"], S1["y"], loss=said["loss"], fit_bias=True)
    rate, start = said.get("learning_rate", 0.1), np.zeros((1, *problem.shape))
    trials = make_trials(problem, rate, start, 5, momentum=said.get("momentum", 0.0))
    theory = theory_of(make_method(trials, batch_size=said["batch_size"], order="independent"), problem)
    assert isinstance(theory, Drawn)
    momentum, decay = theory.momentum(trials.values), np.zeros(problem.shape[0])
    replacement = "with replacement" in said["batches"]
    scatter = scatter_of(problem, said["batch_size"], trials.quadratic, decay, replacement=replacement)
    modes = modes_of(scatter.values, rate * scatter.unit, momentum)
    if kind == "traj":
        course = MeanCourse(scatter, modes, is_stable=True)
        state = course.begin(start[0] - problem.optimum)
        found = course.excess(course.after(state, theory.n_steps * said["epoch"]))
        assert found == pytest.approx(value, rel=1e-11)
    elif kind == "floor":
        assert plateau_of(scatter, modes) == pytest.approx(value, rel=1e-11)
    elif momentum is None:
        assert limit_of(scatter) == pytest.approx(value, rel=1e-11)
    else:
        assert (
            growth_at(scatter, value * (1 - 1e-9), momentum)
            < 0
            < growth_at(scatter, value * (1 + 1e-9), momentum)
        )


def test_rows_that_are_not_held_add_up_to_the_same() -> None:
    """A block at a time, from x in each pass."""
    problem, draw = many(20, 5000, "half_mse"), np.random.default_rng(4)
    held = scatter_of(problem, 5, problem.quadratic, np.zeros(20), replacement=True)
    second, mean = np.cov(draw.normal(size=held.mean.shape)), draw.normal(size=held.offset.shape)
    assert held.held is not None
    assert replace(held, held=None)(second, mean) == pytest.approx(held(second, mean), rel=1e-12, abs=1e-12)


FIFTY: list[dict[str, Any]] = [
    {"batch_size": 10, "learning_rate": 0.1, "order": "independent", "momentum": 0.5},
    {"batch_size": 20, "learning_rate": 0.2, "order": "with_replacement", "weight_decay": 0.2},
]


@pytest.mark.system
@pytest.mark.parametrize("setting", FIFTY, ids=str)
def test_the_mean_of_fifty_parameters_is_that_over_seeds(setting: dict[str, Any], tmp_path: Any) -> None:
    """Of 2,000 seeds, as a sweep trains them, within 3.5 standard errors."""
    x = np.random.default_rng(2).normal(size=(100, 49))
    y = x @ np.linspace(-1, 1, 49) + np.random.default_rng(3).normal(size=100)
    z = standard_errors(setting, 2000, tmp_path, (x, y))
    print(f"{setting}: z = {z:+.2f}")
    assert abs(z) < 3.5
