"""The closed form against the literal loop, case by case; exact arithmetic has a file of its own."""

from typing import Any

import numpy as np
import pytest

from linreg_sweep.averages import AVERAGES
from linreg_sweep.engines import load_engine
from linreg_sweep.engines.interface import TrainOptions, Trials
from linreg_sweep.theory.problem import make_problem
from tests import test_engines_against_literal as against_literal
from tests.cases import CASES, Case
from tests.declared import method_of

FULL_BATCH = {
    name: case
    for name, case in CASES.items()
    if (case.batch_size is None or case.batch_size >= case.rows) and case.optimizer == "sgd"
    if case.order != "with_replacement"
}


@pytest.mark.parametrize("case", FULL_BATCH.values(), ids=FULL_BATCH.keys())
def test_closed_form_says_what_the_literal_loop_does(case: Case) -> None:
    """Events, states, history and contraction, in every case that theory covers."""
    against_literal.test_engine_does_what_the_literal_loop_does("closed_form", case)


@pytest.mark.parametrize("keys", [{"kind": "mean"}, {"kind": "ema", "decay": 0.9}], ids=str)
@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_a_direction_without_error_has_none_in_an_average(keys: dict[str, Any], momentum: float) -> None:
    """However far above its limit the rate is, at which any error there would overflow."""
    x = np.array([[1.0, 4.0], [1.0, -4.0], [-1.0, 4.0], [-1.0, -4.0]])
    problem = make_problem(x, 2 * x[:, :1], loss="half_mse", fit_bias=True)
    values = {"learning_rate": np.array([0.9]), "momentum": np.array([momentum])}
    method = method_of(values, average=AVERAGES[keys["kind"]].model_validate(keys))
    options = TrainOptions(-1.0, np.array([np.inf]), method, early_stop=False)
    trials = Trials(np.zeros((1, *problem.shape)), np.array([3000]), values, problem.quadratic)
    descended, found = (load_engine(name)(problem, trials, options) for name in ("numpy", "closed_form"))
    assert descended.average is not None
    assert found.average is not None
    np.testing.assert_allclose(found.average, descended.average, rtol=1e-12)
    assert found.average[0, 1:].tolist() == [[0.0], [0.0]]


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("momentum", [1e-300, 1e-200, 1e-33, 1e-17])
def test_next_to_no_momentum_is_none(momentum: float, nesterov: bool) -> None:
    """Also where rate times eigenvalue is 1, so that both roots are but the momentum's."""
    x = np.array([[1.0, 2.0], [1.0, -2.0], [-1.0, 2.0], [-1.0, -2.0]])
    problem = make_problem(
        x, x @ [[2.0], [1.0]] + [[0.0], [0.1], [0.1], [0.0]], loss="half_mse", fit_bias=True
    )
    values = {"learning_rate": np.array([0.25, 0.25]), "momentum": np.array([momentum, 0.0])}
    method = method_of(values, *(["nesterov"] if nesterov else []))
    trials = Trials(np.zeros((2, *problem.shape)), np.array([200, 200]), values, problem.quadratic)
    for early_stop in (False, True):
        options = TrainOptions(1e-9, np.array([np.inf, np.inf]), method, early_stop=early_stop)
        found = load_engine("closed_form")(problem, trials, options)
        assert found.converged_at[0] == found.converged_at[1] > 0
        np.testing.assert_allclose(found.theta[0], found.theta[1], rtol=1e-14)
