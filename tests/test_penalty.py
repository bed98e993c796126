"""Facts about penalised problems: spectrum and optimum against mpmath, numpy.linalg and published numbers."""

import json
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from linreg_sweep.theory.applies import LinearTheory
from linreg_sweep.theory.problem import Problem, make_problem
from linreg_sweep.theory.quadratic import Quadratic
from tests.declared import method_of

Floats = NDArray[np.float64]

FACTS = json.loads((Path(__file__).parent / "facts" / "reference.json").read_text())
S1 = {name: np.array(FACTS["data"]["S1"]["inline"][name]) for name in "xy"}
RIDGE = [entry for entry in FACTS["entries"] if entry["id"].startswith("ridge/")]

ARRAYS = ("eigenvalues", "lows", "eigenvectors", "optimum", "optimum_low", "cost_at_optimum", "least")


def random_problem(seed: int, n_features: int | None = None) -> tuple[Problem, Floats, Floats]:
    """Returns a problem of columns of all sizes, far from 0, with its data; some columns may be multiples."""
    generator = np.random.default_rng(seed)
    n_features = n_features or int(generator.integers(1, 6))
    n_rows = n_features + int(generator.integers(1, 20))
    x = generator.normal(size=(n_rows, n_features)) * 10.0 ** generator.uniform(-2, 2, n_features)
    x += generator.normal(size=n_features) * 10.0 ** generator.uniform(0, 3)
    if seed % 7 == 6 and n_features > 1:
        x[:, 1] = 2 * x[:, 0]
    y = generator.normal(1, 3, (n_rows, 1 + seed % 2))
    return make_problem(x, y, loss=("half_mse", "mse", "sse")[seed % 3], fit_bias=True), x, y


def penalties(problem: Problem, seed: int) -> Floats:
    """Returns five penalties, one of them 0 and one twice."""
    decay = problem.eigenvalues[-1] * 10.0 ** np.random.default_rng(seed).uniform(-8, 1, 5)
    decay[2], decay[3] = 0.0, decay[0]
    return np.asarray(decay)


def number(quadratic: Quadratic, name: str, trial: int) -> Floats:
    """Returns the numbers of one trial."""
    numbers: Floats = getattr(quadratic, name)
    return numbers[..., trial if numbers.shape[-1] > 1 else 0]


@pytest.mark.parametrize("decay_bias", [True, False])
@pytest.mark.parametrize("seed", range(14))
def test_spectrum_and_optimum_have_more_digits_than_a_float(seed: int, decay_bias: bool) -> None:
    """Eigenvalues and optimum of H + wd D and C to 20 digits, by mpmath with 60."""
    problem, _, _ = random_problem(seed)
    decay = penalties(problem, seed)
    found = problem.penalised(decay, decay_bias)
    with mpmath.workdps(60):
        gram, moment = (
            mpmath.matrix(high.tolist()) + mpmath.matrix(low.tolist())
            for high, low in (
                (problem.hessian, problem.hessian_low),
                (problem.constant, problem.constant_low),
            )
        )
        for trial in (0, 1, 4):
            whole = gram.copy()
            for row in range(gram.rows - (not decay_bias)):
                whole[row, row] += mpmath.mpf(float(decay[trial]))
            exact = mpmath.eigsy(whole, eigvals_only=True)
            highs, lows = number(found, "eigenvalues", trial), number(found, "lows", trial)
            for value, high, low in zip(exact, highs.tolist(), lows.tolist(), strict=True):
                assert abs(value - mpmath.mpf(high) - mpmath.mpf(low)) < 1e-20 * value
            for target in range(moment.cols):
                optimum = mpmath.lu_solve(whole, moment[:, target])
                highs, lows = (number(found, name, trial)[:, target] for name in ("optimum", "optimum_low"))
                gaps = [
                    abs(value - mpmath.mpf(high) - mpmath.mpf(low))
                    for value, high, low in zip(optimum, highs.tolist(), lows.tolist(), strict=True)
                ]
                assert max(gaps) < 1e-20 * max(map(abs, optimum))


@pytest.mark.parametrize("decay", [1e20, 1e100, 1e300, 1e302, 1e308])
def test_a_penalty_beside_which_the_data_are_nothing(decay: float) -> None:
    """The penalised optimum is C / decay, and starts at 0 are as far off as C^2 / decay."""
    problem, _, y = random_problem(0)
    found = problem.penalised(np.array([decay]), True)
    np.testing.assert_allclose(found.optimum[..., 0] * decay, problem.constant, rtol=1e-12)
    excess = (problem.constant**2).sum() / decay * found.cost_per_loss
    assert found.excess(np.zeros((1, *problem.shape))) == pytest.approx([excess], rel=1e-6)
    assert found.cost_at_optimum == pytest.approx([np.mean(y**2)])
    beside = problem.penalised(np.array([decay]), False)
    assert beside.cost_at_optimum == pytest.approx([np.var(y, axis=0).mean()])


@pytest.mark.parametrize("n_features", [2, 5, 40])
def test_ridge_is_least_squares_of_more_rows(n_features: int) -> None:
    """numpy.linalg.lstsq with a row sqrt(alpha) a weight, alpha = wd / k: optimum, both costs, any excess."""
    problem, x, y = random_problem(3 * n_features, n_features)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    problem = make_problem(x, y, loss="mse", fit_bias=True)
    decay = np.array([0.01, 0.3, 5.0])
    found = problem.penalised(decay, False)
    states = np.random.default_rng(0).normal(size=(3, *problem.shape))
    excess, design = found.excess(states), np.column_stack([x, np.ones(len(x))])
    for trial in range(3):
        extra = np.sqrt(decay[trial] / problem.factor) * np.eye(n_features, n_features + 1)
        rows, targets = np.vstack([design, extra]), np.vstack([y, np.zeros((n_features, y.shape[1]))])
        best = np.linalg.lstsq(rows, targets)[0]
        np.testing.assert_allclose(found.optimum[..., trial], best, rtol=0, atol=1e-12 * abs(best).max())
        assert found.cost_at_optimum[trial] == pytest.approx(np.mean((y - design @ best) ** 2), rel=1e-12)
        least = np.sum((targets - rows @ best) ** 2) / y.size
        assert found.least[trial] == pytest.approx(least, rel=1e-12)
        above = np.sum((targets - rows @ states[trial]) ** 2) / y.size - least
        assert excess[trial] == pytest.approx(above, rel=1e-10)


@pytest.mark.parametrize("decay_bias", [True, False])
@pytest.mark.parametrize("seed", [1, 2, 6])
def test_a_penalty_does_not_depend_on_others(seed: int, decay_bias: bool) -> None:
    """Each trial's bits are those it has alone; without a penalty they are the plain problem's."""
    problem, _, _ = random_problem(seed)
    decay = penalties(problem, seed)
    found = problem.penalised(decay, decay_bias)
    for trial in range(len(decay)):
        alone = problem.penalised(decay[trial : trial + 1], decay_bias)
        for name in ARRAYS:
            np.testing.assert_array_equal(number(found, name, trial), number(alone, name, 0), name)
    for name in ARRAYS:
        np.testing.assert_array_equal(number(found, name, 2), number(problem.quadratic, name, 0), name)


@pytest.mark.parametrize("seed", range(8))
def test_a_box_holds_least_squares(seed: int) -> None:
    """A step along the gradient, brought back into the box, leads nowhere: the optimum, by convexity."""
    problem, _, _ = random_problem(seed, 3)
    decay_bias, largest = bool(seed % 2), np.abs(problem.optimum).max()
    decay = np.array([0.0, 0.9 / largest, 2 / largest, 10 / largest, 2 / largest])
    found = problem.boxed(decay, decay_bias)
    for trial in range(5):
        bound = np.full((4, 1), np.inf if decay[trial] == 0 else 1 / decay[trial])
        bound[3] = bound[3] if decay_bias else np.inf
        theta = found.optimum[..., trial if found.optimum.shape[-1] > 1 else 0]
        gradient = problem.hessian @ theta - problem.constant
        moved = np.clip(theta - gradient / np.diag(problem.hessian)[:, None], -bound, bound)
        np.testing.assert_allclose(moved, theta, rtol=0, atol=1e-9 * largest)
    assert problem.boxed(np.array([0.5 / largest]), True) is problem.quadratic


def test_adamw_comes_to_rest_in_its_box() -> None:
    """torch.optim.AdamW on the example's data, its rate falling to 0: to 1e-3 of the box's optimum.

    The second moment forgets quickly, as a direction the box does not hold comes to rest only with it.
    """
    problem = make_problem(S1["x"], S1["y"], loss="half_mse", fit_bias=True)
    found = problem.boxed(np.array([2.0]), True)
    hessian, constant = torch.tensor(problem.hessian), torch.tensor(problem.constant)
    theta = torch.zeros(problem.shape, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.AdamW([theta], betas=(0.9, 0.9), weight_decay=2.0)
    for step in range(1000):
        optimizer.param_groups[0]["lr"] = 0.05 * (1 - step / 1000)
        theta.grad = (hessian @ theta - constant).detach()
        optimizer.step()
    np.testing.assert_allclose(theta.detach().numpy(), found.optimum[..., 0], rtol=0, atol=1e-3)
    assert np.abs(problem.optimum).max() > 0.6  # outside


@pytest.mark.parametrize("entry", RIDGE, ids=lambda entry: str(entry["id"]))
def test_published_numbers(entry: dict[str, Any]) -> None:
    """Optima, costs and limits as scikit-learn and mpmath have them."""
    settings, x = entry["settings"], S1["x"]
    if settings.get("standardize_x"):
        x = (x - x.mean(axis=0)) / x.std(axis=0)
    problem = make_problem(x, S1["y"], loss=settings["loss"], fit_bias=True)
    decay_bias = not settings["bias"].endswith("not penalised")
    found = problem.penalised(np.array([settings["weight_decay"]]), decay_bias)
    numbers = {
        name: np.array([settings.get(name, 0.0)]) for name in ("learning_rate", "momentum", "dampening")
    }
    limit = LinearTheory(method_of(numbers)).stability_limit(found, numbers)[0]
    quantity = str(entry["quantity"])
    value = {
        "theta_w[0,0]": found.optimum[0, 0, 0],
        "theta_w bias": found.optimum[-1, 0, 0],
        "mean squared error": found.cost_at_optimum[0],
        "stability limit": limit,
    }
    (key,) = (key for key in value if quantity.startswith(key))
    assert value[key] == pytest.approx(float(entry["value"]), rel=entry["tolerance"]["rel"])
