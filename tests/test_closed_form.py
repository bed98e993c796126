"""The closed form against the literal loop, case by case; exact arithmetic has a file of its own."""

from typing import Any

import numpy as np
import pytest

from linreg_sweep.averages import AVERAGES
from linreg_sweep.engines import load_engine
from linreg_sweep.engines.interface import TrainOptions, Trials
from linreg_sweep.theory.problem import make_problem
from tests import test_engines_against_literal as against_literal
from tests.declared import method_of

FULL_BATCH = {
    name: case
    for name, case in against_literal.CASES.items()
    if (case.batch_size is None or case.batch_size >= case.rows) and case.optimizer == "sgd"
}


@pytest.mark.parametrize("case", FULL_BATCH.values(), ids=FULL_BATCH.keys())
def test_closed_form_says_what_the_literal_loop_does(case: against_literal.Case) -> None:
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
