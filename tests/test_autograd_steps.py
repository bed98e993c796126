"""The tutorial's last section, moment by moment."""

from dataclasses import replace
from importlib import resources

import numpy as np
import pytest
import torch

from linreg_sweep.engines.autograd_steps import MOMENTS, Step, steps
from linreg_sweep.engines.interface import TrainOptions
from linreg_sweep.engines.torch_engine import train
from linreg_sweep.theory.problem import Problem, make_problem
from tests.descents import make_method, make_trials
from tests.rules import path
from tests.test_optimizers import draw, variants


def _tutorial(loss: str) -> Problem:
    text = (resources.files("linreg_sweep") / "datasets" / "tutorial.csv").read_text()
    rows = np.loadtxt(text.splitlines(), delimiter=",", skiprows=1)
    return make_problem(rows[:, :1], rows[:, 1:], loss=loss, fit_bias=True)


def _printed(step: Step) -> tuple[str | None, str]:
    """Returns the weight's gradient and the weight with the digits that torch prints."""
    gradient = None if step.gradient is None else f"{step.gradient[0, 0]:.4f}"
    return gradient, f"{step.theta[0, 0]:.5f}"


def test_the_moments_are_the_tutorials_digit_for_digit() -> None:
    """The second gradient is that of the second state alone, since the first was set to zero."""
    moments = list(steps(_tutorial("mse"), {"learning_rate": 0.001}, np.zeros((2, 1)), 2))
    assert [(step.epoch, step.moment) for step in moments] == [(e, m) for e in (1, 2) for m in MOMENTS]
    assert [_printed(step) for step in moments] == [
        (None, "0.00000"),
        (None, "0.00000"),
        ("-540.4854", "0.00000"),
        ("-540.4854", "0.54049"),
        ("-540.4854", "0.54049"),
        ("0.0000", "0.54049"),
        ("-198.9818", "0.54049"),
        ("-198.9818", "0.73947"),
    ]


@pytest.mark.parametrize("loss", ["half_mse", "mse", "sse"])
def test_a_gradient_is_that_of_the_loss(loss: str) -> None:
    """It is H theta - C, whose H and C the problem computes by itself."""
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(9, 3)), generator.normal(size=(9, 2))
    problem = make_problem(x, y, loss=loss, fit_bias=True)
    moments = steps(problem, {"learning_rate": 0.01}, generator.normal(size=(4, 2)), 3, dtype="float64")
    after = [step for step in moments if step.moment == "after backward"]
    assert len(after) == 3
    for step in after:
        assert step.gradient is not None
        np.testing.assert_allclose(
            step.gradient, problem.hessian @ step.theta - problem.constant, rtol=1e-12, atol=1e-12
        )


@pytest.mark.parametrize(("momentum", "nesterov"), [(0.0, False), (0.0, True), (0.8, False), (0.8, True)])
def test_the_last_moment_is_where_the_engine_ends(momentum: float, nesterov: bool) -> None:
    """One trial told at length and the engine's thousands are the same descent."""
    problem = _tutorial("half_mse")
    start = np.array([[2.0], [-1.0]])
    values = {"learning_rate": 0.001, "momentum": momentum}
    flags = frozenset({"nesterov"} if nesterov else ())
    last = list(steps(problem, values, start, 20, flags=flags, dtype="float64"))[-1]
    trials = make_trials(problem, 0.001, start[None], 20, momentum=momentum)
    results = train(problem, trials, TrainOptions(0.0, np.array([np.inf]), make_method(trials, flags=flags)))
    np.testing.assert_allclose(last.theta, results.theta[0], rtol=1e-12)


@variants
@pytest.mark.parametrize("fit_bias", [True, False])
def test_any_optimizer_can_be_looked_at(optimizer: str, has: tuple[str, ...], fit_bias: bool) -> None:
    """Its last moment is where its rule ends, whose penalty is on the weights or on all."""
    for number in (4, 5, 6):
        case, _, start = draw(optimizer, has, number, 1)
        generator = np.random.default_rng(number)
        x = generator.normal(size=(9, len(start) - fit_bias))
        y = generator.normal(size=(9, start.shape[1]))
        problem = make_problem(x, y, loss="mse", fit_bias=fit_bias)
        values = {name: float(numbers[0]) for name, numbers in case.values.items()}
        moments = steps(
            problem, values, start[..., 0], 20, optimizer=optimizer, flags=case.flags, dtype="float64"
        )
        everything = case if fit_bias else replace(case, flags=case.flags | {"decay_bias"})
        expected = path(everything, [(problem.hessian, problem.constant)], start, 20)[-1, ..., 0]
        np.testing.assert_allclose(list(moments)[-1].theta, expected, rtol=1e-12, atol=1e-13)


def test_moments_are_kept_as_they_were() -> None:
    """A Step is a copy: later epochs do not change it, nor does it change the start."""
    start = np.zeros((2, 1))
    for dtype in ("float32", "float64"):
        moments = list(steps(_tutorial("mse"), {"learning_rate": 0.001}, start, 2, dtype=dtype))
        assert moments[0].theta[0, 0] == start[0, 0] == 0 != moments[3].theta[0, 0]
        assert moments[3].theta[0, 0] != moments[7].theta[0, 0]
        assert moments[4].gradient is not None
        assert moments[4].gradient[0, 0] != 0


def test_no_epochs_have_no_moments() -> None:
    """Nothing is trained, nothing is told; torch's defaults stay as they are."""
    assert list(steps(_tutorial("mse"), {"learning_rate": 0.001}, np.zeros((2, 1)), 0)) == []
    assert torch.get_default_dtype() == torch.float32
