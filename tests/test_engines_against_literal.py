"""Every engine that iterates, against the literal loop over the rows, trial by trial."""

from importlib import resources

import numpy as np
import pytest

from linreg_sweep.engines import load_engine
from linreg_sweep.engines.interface import TrainOptions
from tests import literal
from tests.cases import CASES, FORMS, MANY, ONE, Case, Floats, trained_literally
from tests.descents import make_method, make_trials

ENGINES = ["numpy", "torch", pytest.param("numba", marks=pytest.mark.system)]  # compiled for every case


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("engine", ENGINES)
def test_engine_does_what_the_literal_loop_does(engine: str, case: Case) -> None:
    """Events fall on the same epochs; states and averages agree to 1e-9 (rounding, over 300 epochs)."""
    _check(engine, case)


@pytest.mark.parametrize("case", FORMS.values(), ids=FORMS.keys())
def test_products_of_every_form_do_what_the_literal_loop_does(case: Case) -> None:
    """Of the engine that has several."""
    _check("numpy", case)


def _check(engine: str, case: Case) -> None:
    results, expected = case.train(engine), trained_literally(case)
    assert results.converged_at.tolist() == [trial.converged_at for trial in expected]
    assert results.diverged_at.tolist() == [trial.diverged_at for trial in expected]
    assert results.epochs.tolist() == [trial.epochs for trial in expected]
    for k, trial in enumerate(expected):
        _assert_close(results.theta[k], trial.theta)
        mine = results.history.trial == k
        assert results.history.epoch[mine].tolist() == list(trial.history)
        for state, (_, literal_state) in zip(results.history.theta[mine], trial.history.items(), strict=True):
            _assert_close(state, literal_state)
        if results.average is not None:
            _assert_close(results.average[k], trial.average)
    contraction = [trial.contraction for trial in expected]
    np.testing.assert_allclose(results.contraction, contraction, rtol=1e-9, atol=1e-12)
    order = np.lexsort((results.history.epoch, results.history.trial))
    assert order.tolist() == list(range(len(order)))


def _assert_close(state: Floats, expected: Floats) -> None:
    np.testing.assert_allclose(state, expected, rtol=1e-9, atol=1e-9 * np.nanmax(np.abs(expected), initial=0))


@pytest.mark.parametrize(
    ("learning_rate", "printed"),
    [
        (0.005, [(1.351, 0.066), (0.568, 0.027), (1.022, 0.049), (0.759, 0.035), (0.911, 0.042)]),
        (0.001, [(0.27, 0.013), (0.455, 0.022), (0.582, 0.028), (0.668, 0.032), (0.727, 0.035)]),
    ],
)
def test_the_literal_loop_is_the_tutorials(learning_rate: float, printed: list[tuple[float, float]]) -> None:
    """The oracle itself is held to the weights and biases that the tutorial prints, 3 decimals each."""
    text = (resources.files("linreg_sweep") / "datasets" / "tutorial.csv").read_text()
    rows = np.loadtxt(text.splitlines(), delimiter=",", skiprows=1)
    trial = literal.train(
        rows[:, :1], rows[:, 1:], [[0], [0]], learning_rate=learning_rate, epochs=5, history=range(1, 6)
    )
    states = [
        (round(float(w), 3), round(float(b), 3)) for w, b in (s.ravel() for s in trial.history.values())
    ]
    assert states == printed


def test_cases_have_every_outcome() -> None:
    """The table above would notice little if all its trials ended alike."""
    endings = [trial for case in CASES.values() for trial in trained_literally(case)]
    converged = sum(trial.converged_at > 0 for trial in endings)
    diverged = sum(trial.diverged_at > 0 for trial in endings)
    assert min(converged, diverged, len(endings) - converged - diverged) > 50


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("momentum", "early_stop", "dtype"),
    [(0.0, True, "float32"), (0.5, False, "float32"), (0.0, False, "float64"), (0.5, True, "float64")],
)
def test_a_cost_without_bounds_still_diverges(
    engine: str, momentum: float, early_stop: bool, dtype: str
) -> None:
    """An infinite threshold leaves only what is not finite, and nothing is warned of or raised."""
    problem = MANY.problem
    rates = np.array([100.0, 0.5, 3.0]) * 2 / problem.eigenvalues[-1]
    trials = make_trials(problem, rates, np.ones((3, *problem.shape)), 700, momentum=momentum)
    options = TrainOptions(-1.0, np.full(3, np.inf), make_method(trials), early_stop=early_stop, dtype=dtype)
    results = load_engine(engine)(problem, trials, options)
    assert (results.diverged_at[[0, 2]] > 1).all()
    assert results.diverged_at.tolist() == [results.epochs[0], -1, results.epochs[2]]
    assert results.epochs[0] < results.epochs[2] < results.epochs[1] == 700
    assert (results.converged_at == -1).all()
    assert np.isfinite(results.theta[1]).all()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("early_stop", [True, False])
def test_a_trial_that_starts_at_the_optimum_has_converged_at_once(engine: str, early_stop: bool) -> None:
    """State 0 is looked at before any update; with early_stop off the trial goes on and stays."""
    problem = MANY.problem
    trials = make_trials(problem, 0.01, np.stack([problem.optimum] * 2), [0, 7])
    options = TrainOptions(1e-9, np.full(2, 1e9), early_stop=early_stop, history_epochs=np.array([0, 3]))
    results = load_engine(engine)(problem, trials, options)
    assert results.converged_at.tolist() == [0, 0]
    assert results.diverged_at.tolist() == [-1, -1]
    assert results.epochs.tolist() == ([0, 0] if early_stop else [0, 7])
    assert results.history.trial.tolist() == ([0, 1] if early_stop else [0, 1, 1])
    np.testing.assert_allclose(results.theta, trials.start, rtol=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_no_epochs_and_no_trials(engine: str) -> None:
    """A trial of 0 epochs ends as it began, one that starts beyond the bound has diverged at 0."""
    problem = ONE.problem
    start = np.array([[[1.0], [2.0]], [[1.0], [2.0]], [[1e200], [0.0]]])
    trials = make_trials(problem, 0.1, start, [0, 5, 5])
    results = load_engine(engine)(problem, trials, TrainOptions(0.0, np.array([1e3, 1e-9, np.inf])))
    np.testing.assert_array_equal(results.theta, start)
    assert results.epochs.tolist() == [0, 0, 0]
    assert results.diverged_at.tolist() == [-1, 0, 0]
    assert np.isnan(results.contraction).all()

    empty = make_trials(problem, 0.1, np.empty((0, 2, 1)), 5)
    results = load_engine(engine)(problem, empty, TrainOptions(0.0, np.empty(0)))
    assert results.theta.shape == (0, 2, 1)
    assert results.history.theta.shape == (0, 2, 1)


@pytest.mark.parametrize("engine", ENGINES)
def test_contraction_is_known_from_the_second_update_on(engine: str) -> None:
    """One that ended after 1 epoch, or never moved, has none; one that diverged at 2 has."""
    problem = ONE.problem
    rate = 1.0 / problem.eigenvalues[-1]
    trials = make_trials(problem, [rate, rate, 0.0, 1e3 * rate], np.ones((4, *problem.shape)), [1, 2, 9, 9])
    options = TrainOptions(0.0, np.array([1e9, 1e9, 1e9, 1e10]))
    results = load_engine(engine)(problem, trials, options)
    assert np.isnan(results.contraction).tolist() == [True, False, True, False]
    assert results.epochs.tolist() == [1, 2, 9, 2]
    assert results.diverged_at.tolist() == [-1, -1, -1, 2]
