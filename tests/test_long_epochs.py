"""Epochs of many steps in file order: their maps are made as rows are read, in groups side by side."""

import pickle
import tracemalloc
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from linreg_sweep.engines import load_engine
from linreg_sweep.engines.closed_form import train as closed_form
from linreg_sweep.theory import epoch_steps, file_order
from linreg_sweep.theory.applies import theory_of
from linreg_sweep.theory.file_order import FileOrder
from linreg_sweep.theory.outcome import DIVERGED, MISSING
from linreg_sweep.theory.problem import Problem, make_problem
from linreg_sweep.trials.prediction import predict
from tests.descents import check_bits_are_own, judged, make_method, make_trials
from tests.in_file_order import held_to_the_experiment, random_trials


def random_problem(n_rows: int, n_features: int, seed: int = 0) -> Problem:
    """Returns rows of standard normal numbers, and a target with noise."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(n_rows, n_features))
    y = x.sum(axis=1, keepdims=True) + 1 + draw.normal(size=(n_rows, 1))
    return make_problem(x, y, loss="half_mse", fit_bias=True)


def theory_for(problem: Problem, batch_size: int) -> FileOrder:
    """Returns what holds for trials without momentum."""
    trials = make_trials(problem, 0.1, np.zeros((1, *problem.shape)), 5)
    theory = theory_of(make_method(trials, batch_size=batch_size), problem)
    assert isinstance(theory, FileOrder)
    return theory


@pytest.mark.parametrize(
    "seeds", [(0, 1, 3, 4, 7), pytest.param(range(100, 105), marks=pytest.mark.system)], ids=["few", "more"]
)
def test_what_is_predicted_of_many_steps_comes_true(seeds: Sequence[int]) -> None:
    """Of hundreds and thousands of steps an epoch, some of which overflow before it ends."""
    how: dict[str, Any] = {"count": 20, "n_rows": (70, 1500), "most": 3}
    found = sum((held_to_the_experiment(seed, **how) for seed in seeds), Counter[str]())
    assert found["exact"] > 0.8 * found["trials"]
    assert found["told"] > 0.9 * found["plain"]


@pytest.mark.parametrize("seed", [3, 4, 6])
def test_batches_that_are_kept_and_those_made_anew_have_the_same_bits(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the batches, maps and limits of all trials are the same."""
    found = []
    for kept in (epoch_steps.KEPT, 0):
        monkeypatch.setattr(epoch_steps, "KEPT", kept)
        problem, trials, options = random_trials(seed, 6, n_rows=(200, 500), most=4)
        theory = theory_of(options.method, problem)
        assert isinstance(theory, FileOrder)
        batches = theory.batches(trials.quadratic, trials.values)
        assert (batches.kept is None) == (kept == 0)
        maps = theory.maps(trials.quadratic, trials.values)
        limits = theory.stability_limit(trials.quadratic, trials.values)
        found.append([maps.every.delta, maps.first.shift, maps.spread, maps.risen, maps.peak, limits])
    for kept, anew in zip(*found, strict=True):
        np.testing.assert_array_equal(kept, anew)


def test_the_map_of_many_steps_is_what_they_come_to_in_more_digits() -> None:
    """Multiplied one by one in extended precision; slow directions keep their digits."""
    problem, rate = random_problem(1003, 2), 1e-9
    theory = theory_for(problem, 2)
    trials = make_trials(problem, rate, np.zeros((1, *problem.shape)), 5)
    maps = theory.maps(trials.quadratic, trials.values)
    delta = np.zeros((3, 3), np.longdouble)
    for curvatures, _ in theory.batches(trials.quadratic, trials.values).runs():
        for curvature in curvatures[:, 0].astype(np.longdouble):
            delta = delta - np.longdouble(rate) * (curvature + curvature @ delta)
    np.testing.assert_allclose(maps.every.delta[0], delta.astype(float), rtol=1e-11, atol=1e-13 * rate)


def test_batches_take_the_memory_of_a_run_whatever_their_number() -> None:
    """All of their curvatures would take 88 MB."""
    problem = random_problem(200_000, 20)
    theory, trials = theory_for(problem, 8), make_trials(problem, 0.1, np.zeros((1, *problem.shape)), 5)
    assert theory.n_steps * problem.shape[0] ** 2 * 8 > 88_000_000
    tracemalloc.start()
    maps = theory.maps(trials.quadratic, trials.values)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert maps.growth[0] < 0
    assert most < 44_000_000


def test_large_batches_of_many_penalties_take_the_memory_of_a_few_at_a_time() -> None:
    """Each penalty has directions of its own: the rows of a batch along all of them would take 400 MB."""
    problem, count = random_problem(40_000, 10), 120
    start, decay = np.zeros((count, *problem.shape)), np.geomspace(1e-3, 1, count)
    trials = make_trials(problem, 0.1, start, 5, weight_decay=decay)
    theory = theory_of(make_method(trials, batch_size=40_000 - 1), problem)
    assert isinstance(theory, FileOrder)
    assert next(theory.blocks(trials.values)).stop >= count
    tracemalloc.start()
    theory.maps(trials.quadratic, trials.values)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 60_000_000


@pytest.mark.parametrize("seed", [1, 5])
def test_maps_that_are_kept_are_a_trials_own(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of trials alike, alone, and beside those whose numbers know no bounds."""
    problem, trials, options = random_trials(seed, 12)
    expected = closed_form(problem, trials, options)
    monkeypatch.setattr(file_order, "LONG", 0)
    check_bits_are_own(closed_form, problem, trials, options)
    assert problem.known["maps"]
    np.testing.assert_array_equal(closed_form(problem, trials, options).theta, expected.theta)


def test_maps_with_momentum_are_not_taken_for_those_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """One problem may be descended both ways; the state of trials with momentum has velocities, too."""
    monkeypatch.setattr(file_order, "LONG", 0)
    problem, start = random_problem(30, 2), np.zeros((2, 3, 1))
    for momentum, size in (([0, 0.5], 6), ([0, 0], 3)):
        trials = make_trials(problem, 0.1, start, 5, momentum=momentum)
        theory = theory_of(make_method(trials, batch_size=4), problem)
        assert isinstance(theory, FileOrder)
        assert theory.maps(trials.quadratic, trials.values).every.delta.shape == (2, size, size)


def test_the_limit_of_many_steps_lies_where_their_radius_passes_1() -> None:
    """Though within a millionth of it the radius leaps; in between rounding has a say."""
    problem = random_problem(6000, 3)
    theory, trials = theory_for(problem, 1), make_trials(problem, 0.1, np.zeros((1, *problem.shape)), 5)
    limit = theory.stability_limit(trials.quadratic, trials.values)[0]
    around = make_trials(problem, limit * np.array([1 - 1e-6, 1 + 1e-6]), np.zeros((2, *problem.shape)), 5)
    growth = theory.maps(around.quadratic, around.values).growth
    assert growth[0] < 0 < growth[1]


def test_workers_are_told_of_limits_that_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of a long epoch take seconds, which only the process that began the sweep should spend."""
    problem, values = random_problem(300, 2), {"learning_rate": np.ones(1)}
    found = theory_for(problem, 7).stability_limit(problem.quadratic, values)
    sent: Problem = pickle.loads(pickle.dumps(problem))
    monkeypatch.setattr(file_order, "first_limits", None)
    assert theory_for(sent, 7).stability_limit(sent.quadratic, values) == found


def test_what_overflows_within_an_epoch_has_diverged_by_its_end() -> None:
    """Whatever rounding does: it would be carried as far."""
    problem = random_problem(6000, 3)
    limit = theory_for(problem, 1).stability_limit(problem.quadratic, {"learning_rate": np.ones(1)})[0]
    trials = make_trials(problem, 2 * limit, np.zeros((1, *problem.shape)), 5)
    method = make_method(trials, batch_size=1)
    theory = theory_of(method, problem)
    assert isinstance(theory, FileOrder)
    assert not np.isfinite(theory.maps(trials.quadratic, trials.values).spread).any()
    told = predict(problem, trials, judged(problem, trials, method, 1e-3), theory)
    assert (told.outcome[0], told.at[0]) == (DIVERGED, 1)


@pytest.mark.parametrize(
    ("n_rows", "n_features", "batch_size", "epochs", "word"),
    [
        (1_000_000, 20, 32, 20, "epoch_map"),
        (1_000_000, 10, 1, 20, "mini_batches"),
        (1_000_000, 10, 1, 1000, "epoch_map"),
        (500, 200, 50, 20, "mini_batches"),
        (500, 200, 50, 10_000, "epoch_map"),
        (1_000_000, 100, 1, 10**9, "mini_batches"),
    ],
)
def test_an_epoch_is_worked_out_where_that_takes_no_longer_than_training(
    n_rows: int, n_features: int, batch_size: int, epochs: int, word: str
) -> None:
    """And never where it takes more than seconds; see FileOrder.is_worth_it."""
    problem = random_problem(300, n_features)
    trials = make_trials(problem, 1e-3, np.zeros((1, *problem.shape)), epochs)
    method = make_method(trials, batch_size=batch_size)
    assert theory_of(method, replace(problem, n_rows=n_rows), epochs).word == word


def test_theory_speaks_of_more_parameters_than_usual() -> None:
    """Of 140 and more, the outcome and its epoch, where training takes long enough."""
    problem = random_problem(400, 139)
    draw = np.random.default_rng(1)
    limit = theory_for(problem, 60).stability_limit(problem.quadratic, {"learning_rate": np.ones(1)})[0]
    trials = make_trials(
        problem, limit * draw.uniform(0.2, 1.5, 6), draw.normal(size=(6, *problem.shape)), 60
    )
    options = judged(problem, trials, make_method(trials, batch_size=60), 0.3)
    told = predict(problem, trials, options, theory_of(options.method, problem))
    done, known = load_engine("numpy")(problem, trials, options), told.at != MISSING
    happened = np.where(told.outcome == DIVERGED, done.diverged_at, done.converged_at)
    assert known.sum() >= 3
    np.testing.assert_array_equal(told.at[known], happened[known])
