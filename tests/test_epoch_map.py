"""Mini-batches in file order: an epoch is one affine map, and what follows from it comes true."""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import linreg_sweep as ls
from linreg_sweep.engines import load_engine
from linreg_sweep.engines.closed_form import train as closed_form
from linreg_sweep.theory.applies import theory_of
from linreg_sweep.theory.changing_maps import Epochs
from linreg_sweep.theory.file_order import FileOrder
from linreg_sweep.theory.outcome import CONVERGED, DIVERGED, EPOCH_MAP, MINI_BATCHES, MISSING
from linreg_sweep.theory.problem import make_problem
from linreg_sweep.theory.rounding import steps_of
from linreg_sweep.theory.scheduled_order import MOST_WORK, ScheduledOrder
from linreg_sweep.trials.prediction import predict
from tests.cases import SCHEDULE
from tests.descents import check_bits_are_own, judged, make_method, make_trials
from tests.in_file_order import held_to_the_experiment, random_trials
from tests.trials_of_rules import FACTS, S1

Floats = NDArray[np.float64]


def test_what_is_predicted_comes_true() -> None:
    """Outcome and epoch of every trial of which theory speaks; it speaks of nearly all.

    In the last of these declarations a trial with momentum swings past the tolerance in its last epoch alone.
    """
    found = sum((held_to_the_experiment(seed) for seed in (*range(8), 1683)), Counter[str]())
    assert found["known"] > 0.9 * found["trials"]
    assert found["exact"] > 0.9 * found["trials"]


def test_what_is_predicted_under_a_schedule_comes_true() -> None:
    """Likewise where rates change from epoch to epoch, of those that have few of them."""
    found = sum((held_to_the_experiment(seed, scheduled=True) for seed in range(20)), Counter[str]())
    assert found["trials"] > 200
    assert found["exact"] > 0.9 * found["trials"]


@pytest.mark.system
def test_what_is_predicted_comes_true_of_hundreds_under_schedules() -> None:
    """Likewise of those of 15,000 trials."""
    found = sum((held_to_the_experiment(seed, scheduled=True) for seed in range(1000, 1300)), Counter[str]())
    assert found["exact"] > 0.9 * found["trials"]


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_what_is_followed_is_few_rates_and_the_same_bits_beside_whoever(momentum: float) -> None:
    """A cosine has a rate an epoch: those over one more than are followed stand beside the others."""
    problem = make_problem(S1["x"], S1["y"], loss="half_mse", fit_bias=True)
    size = problem.shape[0] * (2 if momentum else 1)
    longest = MOST_WORK // size**2 // (1 + -(-problem.n_rows // 2))
    draw, epochs = np.random.default_rng(2), np.array([longest // 2, longest, longest + 1, 20, 5000])
    start, rates = draw.normal(size=(5, *problem.shape)), draw.uniform(0.1, 1, 5)
    trials = make_trials(problem, rates / problem.eigenvalues[-1], start, epochs, momentum=momentum)
    method = replace(make_method(trials, batch_size=2), schedule=SCHEDULE.validate_python("cosine"))
    options = judged(problem, trials, method, 1e-3, early_stop=False)
    theory = theory_of(method, problem)
    assert isinstance(theory, ScheduledOrder)
    told, followed = predict(problem, trials, options, theory), epochs <= longest
    np.testing.assert_array_equal(told.theory == EPOCH_MAP, followed)
    np.testing.assert_array_equal(told.theory == MINI_BATCHES, ~followed)
    for k in range(5):
        alone = replace(options, diverged_excess=options.diverged_excess[[k]])
        one = predict(problem, trials.take(np.array([k])), alone, theory)
        assert (one.outcome[0], one.at[0]) == (told.outcome[k], told.at[k])


def test_rates_that_come_again_are_worked_out_once_whoever_stands_beside() -> None:
    """Of two trials with cycles of their own, for each rate of each; a third has more than are kept."""
    problem = make_problem(S1["x"], S1["y"], loss="half_mse", fit_bias=True)
    trials = make_trials(problem, 0.5 / problem.eigenvalues[-1], np.zeros((3, *problem.shape)), 400)
    values, cycles = trials.values, np.array([64, 48, 100])

    def rates(columns: Any, first: int, n_epochs: int) -> Floats:
        steps = (np.arange(first, first + n_epochs)[:, None] + 1) % cycles[columns]
        return np.asarray((1 + steps / 100) * values["learning_rate"][columns])

    theory = theory_of(make_method(trials, batch_size=3), problem)
    assert isinstance(theory, FileOrder)
    steps = steps_of(problem, trials.quadratic, trials.start, values, "float64")
    error = trials.quadratic.error(trials.start)
    batches = theory.batches(trials.quadratic, values)
    epochs, all_kept = (Epochs(batches, None, rates, error, steps, held) for held in (64, 128))
    for first in range(0, 400, 50):
        np.testing.assert_array_equal(epochs.run(first, 50).root, all_kept.run(first, 50).root)
    np.testing.assert_array_equal(epochs.n_met, [64, 48, 400 - 3 * 63])


def test_a_direction_that_rounding_hides_has_no_say_in_the_regime() -> None:
    """Of columns that are nearly dependent the factor is that of the steepest direction, as without one."""
    for seed in range(12):
        draw = np.random.default_rng(seed)
        a = draw.normal(size=(40, 2))
        x = np.column_stack([a, a.sum(axis=1) + 1e-10 * draw.normal(size=40)])
        problem = make_problem(x, draw.normal(size=(40, 1)), loss="half_mse", fit_bias=True)
        trials = make_trials(problem, [1e-3, 0.1, 0.3], np.zeros((3, *problem.shape)), 5)
        theory = theory_of(make_method(trials, batch_size=7), problem)
        assert isinstance(theory, FileOrder)
        limit = theory.stability_limit(trials.quadratic, trials.values)
        values = {**trials.values, "learning_rate": trials.learning_rate * limit}
        factor = theory.contraction(trials.quadratic, values)
        assert (np.abs(factor) < 1 - 1e-4).all(), (seed, factor)


@pytest.mark.system
def test_what_is_predicted_comes_true_of_hundreds_of_declarations() -> None:
    """Likewise of 15,000 trials; without momentum it speaks of all but a few in a thousand."""
    found = sum((held_to_the_experiment(seed) for seed in range(1000, 1300)), Counter[str]())
    assert found["trials"] == 15_000
    assert found["known"] > 0.9 * found["trials"]
    assert found["told"] > 0.99 * found["plain"]


@pytest.mark.parametrize("seed", [0, 2, 5, 7])
def test_the_closed_form_is_what_steps_come_to(seed: int) -> None:
    """States, events, first steps and history, as the NumPy engine finds them step by step."""
    problem, trials, options = random_trials(seed)
    told = predict(problem, trials, options, theory_of(options.method, problem))
    options = replace(options, history_epochs=np.array([0, 1, 2, 5, 17, 20]))
    found, expected = (train(problem, trials, options) for train in (closed_form, load_engine("numpy")))
    sure = (told.theory == EPOCH_MAP) & ((told.at != MISSING) | (told.about == MISSING))
    for name in ("epochs", "converged_at", "diverged_at"):
        np.testing.assert_array_equal(getattr(found, name)[sure], getattr(expected, name)[sure])
    scale = np.abs(expected.theta).max(axis=(1, 2)) + np.abs(trials.start).max(axis=(1, 2))
    off = np.abs(found.theta - expected.theta).max(axis=(1, 2)) / scale
    assert (off[sure] < 1e-8).all()
    np.testing.assert_allclose(found.contraction[sure], expected.contraction[sure], rtol=1e-6, atol=1e-9)
    if sure.all():
        np.testing.assert_array_equal(found.history.epoch, expected.history.epoch)
        np.testing.assert_allclose(found.history.theta, expected.history.theta, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("seed", [1, 5])
def test_the_bits_of_a_trial_are_its_own(seed: int) -> None:
    """Alone, at other places, and beside those whose numbers know no bounds."""
    check_bits_are_own(closed_form, *random_trials(seed, 12))


def test_the_bits_of_a_trial_without_a_penalty_are_its_own_beside_those_with_one() -> None:
    """Under sse the pulls of an epoch add up to 0 where there is no penalty, and only there."""
    problem = make_problem(S1["x"], S1["y"], loss="sse", fit_bias=True)
    decay = 1e-3 * problem.eigenvalues[-1] * np.array([0, 1, 2, 3, 0])
    start = np.random.default_rng(0).normal(size=(5, *problem.shape))
    trials = make_trials(problem, 0.1 / problem.eigenvalues[-1], start, 50, weight_decay=decay)
    options = judged(problem, trials, make_method(trials, batch_size=3), 1e-12)
    check_bits_are_own(closed_form, problem, trials, options)


OF_LIMITS = [entry for entry in FACTS["entries"] if entry["id"].startswith("cyclic/limit/")]


@pytest.mark.parametrize("entry", OF_LIMITS, ids=lambda entry: str(entry["id"]))
def test_the_first_limit_is_as_mpmath_has_it(entry: dict[str, Any]) -> None:
    """Found there by halving at 30 digits: with momentum of both kinds, and with a penalty."""
    said = entry["settings"]
    problem = make_problem(S1["x"], S1["y"], loss=said["loss"], fit_bias=True)
    flags = ["nesterov"] * said.get("nesterov", False) + ["decay_bias"] * said.get("bias_penalised", False)
    numbers = {name: said[name] for name in ("momentum", "weight_decay") if name in said}
    trials = make_trials(problem, 0.1, np.zeros((1, *problem.shape)), 5, "sgd", flags, **numbers)
    theory = theory_of(make_method(trials, "sgd", flags, batch_size=said["batch_size"]), problem)
    assert isinstance(theory, FileOrder)
    limit = theory.stability_limit(trials.quadratic, trials.values)
    assert limit == pytest.approx([float(entry["value"])], rel=1e-12)


OF_PLATEAUS = [entry for entry in FACTS["entries"] if entry["id"].startswith("cyclic/plateau/")]


@pytest.mark.parametrize("entry", OF_PLATEAUS, ids=lambda entry: str(entry["id"]))
def test_the_plateau_is_as_mpmath_has_it(entry: dict[str, Any]) -> None:
    """Found there at 50 digits, as (I - M)^-1 s."""
    said = entry["settings"]
    problem = make_problem(S1["x"], S1["y"], loss=said["loss"], fit_bias=True)
    flags = ["nesterov"] * said.get("nesterov", False) + ["decay_bias"] * said.get("bias_penalised", False)
    numbers = {name: said[name] for name in ("momentum", "weight_decay") if name in said}
    start = np.zeros((1, *problem.shape))
    trials = make_trials(problem, said["learning_rate"], start, 5, "sgd", flags, **numbers)
    theory = theory_of(make_method(trials, "sgd", flags, batch_size=said["batch_size"]), problem)
    assert isinstance(theory, FileOrder)
    plateau = theory.plateau(trials.quadratic, trials.values)
    assert plateau == pytest.approx([float(entry["value"])], rel=2e-12)


TUTORIAL: dict[str, Any] = {"name": "islands", "data": {"name": "tutorial"}, "method": "grid"}


@pytest.mark.parametrize(
    ("size", "limit", "islands"),
    [
        (2, 0.00638932, [(0.00736276, 0.00758480)]),
        (5, 0.00669558, []),
        (15, 0.00490192, [(0.00892571, 0.0138126)]),
    ],
)
def test_the_stable_set_may_have_islands(size: int, limit: float, islands: list[tuple[float, float]]) -> None:
    """On the tutorial's rows, to the digits that were found in other arithmetic."""
    parameters = {"learning_rate": {"values": [0.001]}}
    plan = ls.plan(TUTORIAL | {"training": {"batch_size": size}, "parameters": parameters})
    assert plan.stability_limit == pytest.approx(limit, rel=1e-6)
    assert [*plan.islands] == [pytest.approx(each, rel=1e-6) for each in islands]


def test_a_trial_on_an_island_comes_to_rest(tmp_path: Any) -> None:
    """Above its first limit, and above that of all rows: each trial is judged by its own epoch."""
    training = {"batch_size": 15, "epochs": 9000, "early_stop": False}
    rates = {"learning_rate": {"values": [0.0049, 0.005, 0.0088, 0.009, 0.011, 0.0138, 0.014]}}
    sweep = TUTORIAL | {"training": training, "parameters": rates, "outcome": {"tolerance": 0.01}}
    trials = ls.run(sweep, out=tmp_path, jobs=1).trials
    assert (trials["stability_ratio"] > 1).tolist() == [False, *[True] * 6]
    stable = [True, False, False, True, True, True, False]
    assert (trials["regime"] != "too_high").tolist() == stable
    assert trials["plateau"].notna().tolist() == stable
    assert (trials["outcome"] != "diverged").tolist() == stable
    assert (trials["predicted_outcome"] == trials["outcome"]).all()
    at_rest = trials[trials["learning_rate"].isin([0.009, 0.011])]
    assert at_rest["excess_cost"].to_numpy() == pytest.approx(at_rest["plateau"].to_numpy(), rel=1e-9)


@pytest.mark.parametrize("order", ["file", "independent"])
def test_a_trial_that_only_its_first_step_moves_has_no_plateau(order: str, tmp_path: Any) -> None:
    """With a dampening of 1 it rests wherever that step has led it, which is not the optimum."""
    training = {"batch_size": 15, "order": order, "momentum": 0.5, "dampening": 1, "epochs": 9}
    rates = {"learning_rate": {"values": [0.001]}}
    trials = ls.run(TUTORIAL | {"training": training, "parameters": rates}, out=tmp_path, jobs=1).trials
    assert trials["excess_cost"][0] > 1
    assert trials["plateau"].isna().all()


def test_one_feature_has_the_limits_that_its_polynomial_has() -> None:
    """Rows with x squared 1 and 10, one at a time: (11 - sqrt 41) / 20, and an island up to 1.1."""
    x = np.array([[1.0], [np.sqrt(10)]])
    problem = make_problem(x, np.array([[1.0], [2.0]]), loss="half_mse", fit_bias=False)
    trials = make_trials(problem, 0.1, np.zeros((1, 1, 1)), 5)
    theory = theory_of(make_method(trials, batch_size=1), problem)
    assert isinstance(theory, FileOrder)
    limit = theory.stability_limit(trials.quadratic, trials.values)
    assert limit == pytest.approx([(11 - np.sqrt(41)) / 20], rel=1e-12)
    [(low, high)] = theory.islands(trials.quadratic, trials.values)
    assert (low, high) == pytest.approx(((11 + np.sqrt(41)) / 20, 1.1), rel=1e-9)


def test_a_penalty_may_make_an_island_beyond_where_steps_on_rows_alone_overshoot() -> None:
    """Two rows at right angles, one at a time: each direction has (1 - 1.2 rate) (1 - 0.2 rate)."""
    problem = make_problem(np.eye(2), np.array([[1.0], [2.0]]), loss="half_mse", fit_bias=False)
    trials = make_trials(problem, 0.1, np.zeros((1, 2, 1)), 5, weight_decay=0.2)
    theory = theory_of(make_method(trials, batch_size=1), problem)
    assert isinstance(theory, FileOrder)
    assert theory.stability_limit(trials.quadratic, trials.values) == pytest.approx([2.5], rel=1e-12)
    [(low, high)] = theory.islands(trials.quadratic, trials.values)
    assert (low, high) == pytest.approx((10 / 3, 35 / 6), rel=1e-9)


@pytest.mark.parametrize("slope", [0.0, 2.0])
def test_no_wrong_is_said_of_what_starts_at_its_optimum(slope: float) -> None:
    """Where nothing pulls and nothing rounds it stays, at whatever rate; where a step rounds it does not."""
    x = np.arange(1.0, 5)[:, None]
    problem = make_problem(x, slope * x + (slope > 0), loss="sse", fit_bias=True)
    start = np.broadcast_to(np.round(problem.optimum), (4, 2, 1))
    trials = make_trials(problem, [1e-3, 1.0, 1e3, 1e300], start, 100)
    options = judged(problem, trials, make_method(trials, batch_size=1), early_stop=False)
    grows = load_engine("numpy")(problem, trials, options).diverged_at != MISSING
    np.testing.assert_array_equal(grows, np.array([False, True, True, True]) & (slope > 0))
    told = predict(problem, trials, options, theory_of(options.method, problem))
    known = told.outcome != MISSING
    assert known[0]
    assert not (known & grows).any()
    assert (told.outcome[known] == CONVERGED).all()
    np.testing.assert_array_equal(closed_form(problem, trials, options).theta, start)


def test_small_rates_have_small_plateaus_where_the_pulls_of_an_epoch_cancel() -> None:
    """As the square of the rate: what rounding leaves of their sum is no pull."""
    problem = make_problem(S1["x"], S1["y"], loss="sse", fit_bias=True)
    shares = np.geomspace(1e-13, 1e-8, 6)
    trials = make_trials(problem, shares / problem.eigenvalues[-1], np.zeros((6, *problem.shape)), 50)
    theory = theory_of(make_method(trials, batch_size=3), problem)
    assert isinstance(theory, FileOrder)
    roots = np.sqrt(theory.plateau(trials.quadratic, trials.values))
    np.testing.assert_allclose(roots / shares, roots[-1] / shares[-1], rtol=1e-6)


def test_what_no_step_moves_is_not_said_to_diverge() -> None:
    """Only rounding tells its start from the optimum that theory knows: no gradient sees a difference."""
    x = np.random.default_rng(8).normal(size=(3, 1))
    problem = make_problem(x, 2 - x, loss="half_mse", fit_bias=True)
    start = np.broadcast_to([[-1.0], [2.0]], (400, 2, 1))
    trials = make_trials(problem, np.geomspace(0.1, 1e5, 400), start, 5)
    options = judged(problem, trials, make_method(trials, batch_size=2), early_stop=False)
    np.testing.assert_array_equal(load_engine("numpy")(problem, trials, options).theta, start)
    told = predict(problem, trials, options, theory_of(options.method, problem))
    assert CONVERGED in told.outcome
    assert DIVERGED not in told.outcome


@pytest.mark.parametrize(
    ("training", "why"),
    [
        ({"order": "independent"}, "rows are drawn"),
        ({"order": "reshuffle"}, "each epoch has a permutation of its own"),
        ({"schedule": "cosine"}, "steps see mini-batches under a schedule"),
    ],
)
def test_closed_form_says_why_it_does_not_train(training: dict[str, Any], why: str) -> None:
    """It trains batches in file order at a constant rate alone."""
    sweep = TUTORIAL | {"training": {"batch_size": 5, "engine": "closed_form"} | training}
    with pytest.raises(ls.ConfigError, match=f"must be one that iterates where {why}, got 'closed_form'"):
        ls.plan(sweep | {"parameters": {"learning_rate": {"values": [0.001]}}})
