"""Facts about the least-squares problem; the oracles are fractions, numpy.linalg and certified values."""

import csv
import math
from fractions import Fraction
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linreg_sweep import data as datasets
from linreg_sweep.array_types import Floats
from linreg_sweep.config.training import TrainingConfig
from linreg_sweep.data import Data
from linreg_sweep.errors import DataError
from linreg_sweep.theory.problem import Problem, loss_factor, make_problem

ROOT = Path(__file__).parents[1]

LOSSES = get_args(TrainingConfig.model_fields["loss"].annotation)
"""Whatever a config may name."""

CERTIFIED_INTERCEPT, CERTIFIED_SLOPE = "-0.262323073774029", "1.00211681802045"
"""Of NIST's Norris data, certified to 15 digits."""


def fitted(data: Data, loss: str = "half_mse", *, fit_bias: bool = True) -> Problem:
    """Returns the problem of some data."""
    return make_problem(data.seen()[:], data.y, loss=loss, fit_bias=fit_bias)


def random_problem(seed: int, n: int, n_features: int, n_targets: int, loss: str, bias: bool) -> Problem:
    """Returns the problem of standard normal data."""
    generator = np.random.default_rng(seed)
    x, y = generator.standard_normal((n, n_features)), generator.standard_normal((n, n_targets))
    return make_problem(x, y, loss=loss, fit_bias=bias)


def cost_by_rows(problem: Problem, theta: Floats) -> float:
    """Returns the mean squared error, a row and a target at a time, summed without rounding."""
    squares = [
        (y - math.fsum(a * b for a, b in zip(row, column, strict=True))) ** 2
        for row, targets in zip(problem.design.tolist(), problem.targets.tolist(), strict=True)
        for y, column in zip(targets, theta.T.tolist(), strict=True)
    ]
    return math.fsum(squares) / len(squares)


def digits(number: float, certified: str) -> float:
    """Returns to how many significant digits a number is as certified (the log relative error)."""
    exact = Fraction(certified)
    return -math.log10(abs((Fraction(number) - exact) / exact) or Fraction(1, 10**16))


# --- the tutorial's data


def test_the_tutorials_spectrum_and_optimum() -> None:
    """Eigenvalues, optimum, least cost and variance are the published ones."""
    problem = fitted(datasets.tutorial())
    assert problem.eigenvalues == pytest.approx([0.23713, 315.9295], rel=2e-5)
    assert problem.eigenvalues[1] / problem.eigenvalues[0] == pytest.approx(1332, abs=0.5)
    assert 2 / problem.eigenvalues[1] == pytest.approx(0.0063305, abs=5e-8)
    assert 2 / problem.eigenvalues.sum() == pytest.approx(0.0063258, abs=5e-8)
    assert problem.optimum.ravel() == pytest.approx([0.87889878, -0.43593103], abs=5e-9)
    assert problem.cost_min == pytest.approx(1.37219682, abs=5e-9)
    assert problem.scale == pytest.approx(59.24255, abs=5e-6)


def test_the_tutorials_curvature_is_that_of_exact_fractions() -> None:
    """H and C of half_mse are sums over the 30 rows, here without any rounding."""
    with (ROOT / "linreg_sweep" / "datasets" / "tutorial.csv").open(newline="") as file:
        _, *cells = csv.reader(file)
    rows = [(Fraction(x), Fraction(y)) for x, y in cells]
    assert len(rows) == 30
    xx, x1 = sum(x * x for x, _ in rows) / 30, sum(x for x, _ in rows) / 30
    xy, y1 = sum(x * y for x, y in rows) / 30, sum(y for _, y in rows) / 30
    problem = fitted(datasets.tutorial())
    assert problem.hessian == pytest.approx(np.array([[xx, x1], [x1, 1]], dtype=float), rel=1e-14)
    assert problem.constant == pytest.approx(np.array([[xy], [y1]], dtype=float), rel=1e-14)
    slope = (xy - x1 * y1) / (xx - x1 * x1)
    assert problem.optimum.ravel() == pytest.approx([float(slope), float(y1 - slope * x1)], rel=1e-12)


def test_the_loss_scales_the_curvature_and_not_the_optimum() -> None:
    """The loss mse is twice as steep as half_mse, sse 2n times; the optimum and its cost are the same."""
    cases: list[tuple[str, int]] = [("half_mse", 1), ("mse", 2), ("sse", 60)]
    for loss, times in cases:
        problem, reference = fitted(datasets.tutorial(), loss), fitted(datasets.tutorial())
        assert problem.hessian == pytest.approx(times * reference.hessian, rel=1e-14)
        assert problem.constant == pytest.approx(times * reference.constant, rel=1e-14)
        assert problem.eigenvalues == pytest.approx(times * reference.eigenvalues, rel=1e-14)
        assert problem.optimum.tobytes() == reference.optimum.tobytes()
        assert (problem.cost_min, problem.scale) == (reference.cost_min, reference.scale)


# --- any data


def test_optimum_and_spectrum_are_numpys() -> None:
    """numpy.linalg.lstsq finds the same optimum, eigvalsh the same eigenvalues of H."""
    shapes: list[tuple[int, int]] = [(1, 1), (3, 1), (1, 2), (4, 3)]
    for bias in (True, False):
        for loss in LOSSES:
            for n_features, n_targets in shapes:
                problem = random_problem(11, 40, n_features, n_targets, loss, bias)
                assert problem.shape == (n_features + bias, n_targets)
                best = np.linalg.lstsq(problem.design, problem.targets, rcond=None)[0]
                assert problem.optimum == pytest.approx(best, rel=1e-12, abs=1e-14)
                assert problem.eigenvalues == pytest.approx(np.linalg.eigvalsh(problem.hessian), rel=1e-12)
                vectors = problem.eigenvectors
                assert problem.hessian @ vectors == pytest.approx(
                    vectors * problem.eigenvalues, rel=1e-11, abs=1e-11
                )
                assert problem.cost_min == pytest.approx(cost_by_rows(problem, problem.optimum), rel=1e-13)


def test_the_gradient_is_the_slope_of_the_loss() -> None:
    """H theta - C is the central difference of the loss: mean, halved mean or sum of squares."""
    for bias in (True, False):
        for loss in LOSSES:
            problem = random_problem(12, 20, 3, 2, loss, bias)
            theta = np.random.default_rng(13).standard_normal(problem.shape)
            per_cost = {"half_mse": 0.5, "mse": 1.0, "sse": 40.0}[loss]
            gradient = problem.hessian @ theta - problem.constant
            for place in np.ndindex(problem.shape):
                step = np.zeros(problem.shape)
                step[place] = 1e-3
                slope = (cost_by_rows(problem, theta + step) - cost_by_rows(problem, theta - step)) / 2e-3
                assert gradient[place] == pytest.approx(per_cost * slope, rel=1e-9)


def test_a_batch_is_a_problem_of_its_own_rows() -> None:
    """A mini-batch's H and C are those of a problem with just these rows, with their own k."""
    for loss in LOSSES:
        problem = random_problem(14, 20, 2, 2, loss, True)
        rows = np.array([3, 17, 5])
        alone = make_problem(problem.design[rows, :-1], problem.targets[rows], loss=loss, fit_bias=True)
        hessian, constant = problem.batch(rows)
        assert hessian == pytest.approx(alone.hessian, rel=1e-14)
        assert constant == pytest.approx(alone.constant, rel=1e-14, abs=1e-15)
        of_steps = problem.batches(np.append([1, 8, 0], rows), 3)
        assert np.array_equal(of_steps[0][1], hessian), "to the bit, whatever steps stand beside"
        assert np.array_equal(of_steps[1][1], constant)


def test_the_factor_of_a_loss() -> None:
    """The factor k of 4 rows and 3 targets, as the table of losses has it."""
    cases: list[tuple[str, Fraction]] = [
        ("half_mse", Fraction(1, 12)),
        ("mse", Fraction(1, 6)),
        ("sse", Fraction(2)),
    ]
    for loss, factor in cases:
        assert loss_factor(loss, 4, 3) == factor


def test_the_scale_is_the_cost_of_the_best_constant() -> None:
    """Variance about each target's own mean; about 0 without a bias; never 0."""
    x, y = np.arange(4.0)[:, None], np.array([[1.0, 10.0], [3.0, 10.0], [5.0, 14.0], [7.0, 14.0]])
    assert make_problem(x, y, loss="mse", fit_bias=True).scale == (5.0 + 4.0) / 2
    assert make_problem(x, y, loss="mse", fit_bias=False).scale == (84 + 592) / 8
    constant, zero = np.full((4, 1), 3.0), np.zeros((4, 1))
    assert make_problem(x, constant, loss="mse", fit_bias=True).scale == 9.0
    assert make_problem(x, zero, loss="mse", fit_bias=True).scale == 1.0
    assert make_problem(x, zero, loss="mse", fit_bias=False).scale == 1.0


# --- singular data


def test_a_column_twice_has_the_optimum_of_least_norm() -> None:
    """Two equal columns share the weight, as numpy.linalg.lstsq does it, and one eigenvalue is exactly 0."""
    for loss in LOSSES:
        generator = np.random.default_rng(15)
        column, y = generator.standard_normal((30, 1)), generator.standard_normal((30, 1))
        problem = make_problem(np.hstack([column, column]), y, loss=loss, fit_bias=True)
        assert problem.optimum == pytest.approx(np.linalg.lstsq(problem.design, y, rcond=None)[0], abs=1e-14)
        assert problem.optimum[0] == pytest.approx(problem.optimum[1], rel=1e-12)
        assert (problem.eigenvalues == 0).tolist() == [True, False, False]


@pytest.mark.parametrize("n_rows", [1, 2, 3])
def test_fewer_rows_than_parameters_have_the_optimum_of_least_norm(n_rows: int) -> None:
    """The fit is perfect, that of the pseudo-inverse, and as many eigenvalues are 0 as rows lack."""
    problem = random_problem(16, n_rows, 4, 2, "half_mse", True)
    assert problem.optimum == pytest.approx(np.linalg.pinv(problem.design) @ problem.targets, abs=1e-13)
    assert problem.cost_min < 1e-28
    assert np.count_nonzero(problem.eigenvalues == 0) == 5 - n_rows


def test_the_null_space_does_not_move_the_excess_cost() -> None:
    """Where H is flat, states differ without any difference in cost."""
    problem = make_problem(np.ones((5, 1)), np.arange(5.0)[:, None], loss="mse", fit_bias=True)
    theta = np.array([[[1.0], [1.0]], [[2.0], [0.0]], [[1e3], [2 - 1e3]]])
    assert problem.excess_cost(theta) == pytest.approx([0, 0, 0], abs=1e-20)
    assert problem.cost(theta) == pytest.approx([2, 2, 2], rel=1e-14)


def test_no_columns_but_a_bias() -> None:
    """A constant is fitted: the mean."""
    problem = make_problem(
        np.empty((4, 0)), np.array([[1.0], [2.0], [3.0], [6.0]]), loss="mse", fit_bias=True
    )
    assert problem.optimum == pytest.approx(np.array([[3.0]]), rel=1e-15)
    assert problem.eigenvalues.tolist() == pytest.approx([2.0], rel=1e-15)


@pytest.mark.parametrize("standardize", [False, True])
def test_the_condition_number(standardize: bool) -> None:
    """It is the design matrix's condition number, squared; directions that do not move do not count."""
    data = datasets.from_file(ROOT / "data" / "mtcars.csv", y="mpg", standardize=standardize)
    a = np.column_stack([data.seen()[:], np.ones(len(data.x))])
    assert fitted(data).condition_number == pytest.approx(np.linalg.cond(a) ** 2, rel=1e-9)
    doubled = datasets.from_arrays(np.column_stack([data.seen()[:], data.seen()[:][:, 0]]), data.y)
    singular = np.linalg.svd(np.column_stack([a, a[:, 0]]), compute_uv=False)
    expected = (singular[0] / singular[2]) ** 2
    assert fitted(doubled).condition_number == pytest.approx(expected, rel=1e-9)


def test_flat_data_have_no_curvature() -> None:
    """Where x is 0 and no bias is fitted nothing descends, and no direction lags behind another."""
    problem = make_problem(np.zeros((3, 2)), np.ones((3, 1)), loss="mse", fit_bias=False)
    assert (problem.curvature, problem.condition_number) == ((0.0, 0.0), 1.0)


# --- costs of states


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("loss", LOSSES)
def test_the_cost_is_that_of_the_rows(loss: str, bias: bool) -> None:
    """Least cost plus excess is the mean squared error of the rows, whatever the loss."""
    problem = random_problem(17, 25, 3, 2, loss, bias)
    theta = 10 * np.random.default_rng(18).standard_normal((20, *problem.shape))
    rows = [cost_by_rows(problem, state) for state in theta]
    assert problem.cost(theta) == pytest.approx(rows, rel=1e-12)
    assert problem.excess_cost(theta) == pytest.approx(np.array(rows) - problem.cost_min, rel=1e-10)


def test_the_excess_cost_keeps_its_digits_near_the_optimum() -> None:
    """A sum of squares is right even at 1e-12 from the optimum, where a difference would be noise."""
    problem = fitted(datasets.tutorial())
    shift = np.array([[1e-12], [2e-12]])
    a, x = problem.hessian, shift.ravel()
    expected = float(x @ a @ x)  # k n is 1 for half_mse
    moved = problem.optimum + shift
    exact = moved - problem.optimum  # what rounding left of the shift
    assert problem.excess_cost(moved[None]) == pytest.approx([float((exact.T @ a @ exact).item())], rel=1e-9)
    assert problem.excess_cost(moved[None]) == pytest.approx([expected], rel=1e-3)
    assert problem.excess_cost(problem.optimum[None]).tolist() == [0.0]


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 300), max_size=6), st.integers(1, 5), st.integers(1, 3))
def test_a_states_cost_has_the_same_bits_beside_any_others(
    cuts: list[int], n_features: int, n_targets: int
) -> None:
    """However states are batched, each one's excess cost is the same to the bit."""
    problem = random_problem(19, 30, n_features, n_targets, "half_mse", True)
    theta = np.random.default_rng(20).standard_normal((300, *problem.shape))
    parts = np.split(theta, sorted(cuts))
    assert np.concatenate([problem.excess_cost(part) for part in parts]).tobytes() == (
        problem.excess_cost(theta).tobytes()
    )


def test_states_that_overflowed_cost_infinity_or_nan() -> None:
    """A diverged state is a number like any other, and never a small one."""
    problem = fitted(datasets.tutorial())
    states = [[[1e200], [0.0]], [[np.inf], [0.0]], [[np.inf], [-np.inf]], [[np.nan], [0.0]]]
    costs = problem.cost(np.array(states))
    assert np.isinf(costs[0])
    assert not np.isfinite(costs[1:]).any()


# --- certified data


def test_norris_is_fitted_to_the_certified_digits() -> None:
    """Standardized and transformed back, both coefficients have at least 11 certified digits."""
    data = datasets.from_file(ROOT / "data" / "norris.csv", x=["x"], y=["y"], standardize=True)
    slope, intercept = data.unscaled(fitted(data).optimum[None], fit_bias=True).ravel()
    assert digits(slope, CERTIFIED_SLOPE) > 11
    assert digits(intercept, CERTIFIED_INTERCEPT) > 11


def test_norris_is_fitted_as_it_is_to_nearly_as_many_digits() -> None:
    """Without standardizing, QR still gives 12 digits; the normal equations would give fewer."""
    problem = fitted(datasets.from_file(ROOT / "data" / "norris.csv", x=["x"], y=["y"]))
    slope, intercept = problem.optimum.ravel()
    assert digits(slope, CERTIFIED_SLOPE) > 12
    assert digits(intercept, CERTIFIED_INTERCEPT) > 12


# --- what cannot be computed


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("x", "y"), [(1e200, 1.0), (1.0, 1e200), (1e160, 1e160)])
def test_squares_that_overflow_are_a_data_error(x: float, y: float, loss: str) -> None:
    """The message says how large the largest value is, and what to do."""
    with pytest.raises(DataError) as caught:
        make_problem(np.array([[x], [0.0]]), np.array([[y], [0.0]]), loss=loss, fit_bias=True)
    assert str(caught.value) == (
        f"data: the squares of the data must stay finite, the largest value is {max(x, y):.3g}. Hint: choose"
        " another unit" + (", or write standardize: true in the config's data block" if x >= y else "")
    )


@pytest.mark.parametrize(("x", "y", "name"), [(1e-170, 1.0, "a"), (1.0, 1e-160, "b")])
def test_squares_that_vanish_are_a_data_error(x: float, y: float, name: str) -> None:
    """A cost of 0 for every state would call them all converged; the column is named."""
    rows = np.array([[1.0], [0.0], [2.0]])
    with pytest.raises(DataError) as caught:
        make_problem(x * rows, y * rows, loss="mse", fit_bias=True, names=("a", "b"))
    assert str(caught.value).startswith(
        f"data: the squares of the data must not vanish, the largest value of column {name!r}"
    )


# --- many rows, taken in blocks


@pytest.mark.parametrize("bias", [True, False])
def test_the_order_of_rows_changes_no_bit_of_few_parameters(bias: bool) -> None:
    """Sums over rows are exact: H, C, spectrum and optimum are those of the rows in any order."""
    generator = np.random.default_rng(8)
    x, y = np.exp(3 * generator.normal(size=(20_000, 3))), generator.normal(size=(20_000, 2))
    order = generator.permutation(len(x))
    one, other = (make_problem(x[rows], y[rows], loss="mse", fit_bias=bias) for rows in (slice(None), order))
    for name in ("hessian", "constant", "eigenvalues", "eigenvectors", "optimum"):
        for low in ("", "_low"):
            if hasattr(one, name + low):
                assert np.array_equal(getattr(one, name + low), getattr(other, name + low)), name
    assert np.array_equal(one.eigenvalue_lows, other.eigenvalue_lows)
    assert one.cost_min == pytest.approx(other.cost_min, rel=1e-14)
    assert one.scale == pytest.approx(other.scale, rel=1e-14)


@pytest.mark.parametrize("bias", [True, False])
def test_many_parameters_of_many_rows(bias: bool) -> None:
    """In several blocks, with columns that others imply, far from 0: by numpy.linalg.lstsq."""
    generator = np.random.default_rng(9)
    x, y = generator.normal(3, 1, size=(5_000, 30)), generator.normal(size=(5_000, 2))
    x[:, 7], x[:, 20] = x[:, 2] - x[:, 3], 2 * x[:, 4]
    problem = make_problem(x, y, loss="half_mse", fit_bias=bias)
    optimum, _, rank, singular = np.linalg.lstsq(problem.design, y, rcond=1e-12)
    assert problem.optimum == pytest.approx(optimum, abs=1e-14)
    assert np.count_nonzero(problem.eigenvalues) == rank == 28 + bias
    squares = np.sort(singular[:rank] ** 2) * problem.factor
    assert problem.eigenvalues[-rank:] == pytest.approx(squares, rel=1e-12)
    assert problem.cost_min == pytest.approx(np.mean((y - problem.design @ optimum) ** 2), rel=1e-13)
