"""Facts about what theory says of linear rules: any schedule, penalty, momentum, start and precision."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from linreg_sweep.averages import AVERAGES
from linreg_sweep.engines import load_engine
from linreg_sweep.engines.closed_form import train
from linreg_sweep.engines.interface import TrainOptions, Trials
from linreg_sweep.method import Method
from linreg_sweep.theory.applies import LinearTheory, NoTheory, theory_of
from linreg_sweep.theory.outcome import CLOSED_FORM, CONVERGED, DIVERGED, MISSING, THEORY
from linreg_sweep.theory.problem import make_problem
from linreg_sweep.trials.prediction import predict
from tests import declared
from tests.declared import method_of, random_case, schedule
from tests.trials_of_rules import FACTS, S1, endless, numbers, of_many, one_trial


@pytest.mark.parametrize("seed", range(0, 2000, 50))
def test_what_is_predicted_comes_true(seed: int) -> None:
    """Fifty declarations at a time, against a loop over the rows: outcome and epoch of all claims."""
    case = random_case(seed)
    done = declared.train(case)
    told = predict(case.problem, case.trials, case.options, theory_of(case.options.method, case.problem))
    known = told.theory == CLOSED_FORM
    assert told.outcome[known].tolist() == done.outcome[known].tolist()
    exact = known & ((told.at != MISSING) | (told.about == MISSING))
    assert told.at[exact].tolist() == done.at[exact].tolist()
    assert exact.mean() > (0.9 if case.options.dtype == "float64" else 0.3)
    assert set(told.outcome[~known]) | set(told.at[~known]) <= {MISSING}


@pytest.mark.parametrize("seed", [4046, 20422, 20584])
def test_an_epoch_that_rounding_may_move_is_not_told(seed: int) -> None:
    """In float32 a level may be met an epoch sooner or later, by a loop over rows as by steps on H and C."""
    case = random_case(seed)
    done = load_engine("numpy")(case.problem, case.trials, case.options)
    told = predict(case.problem, case.trials, case.options, theory_of(case.options.method, case.problem))
    at = np.select(
        [told.outcome == CONVERGED, told.outcome == DIVERGED], [done.converged_at, done.diverged_at], -1
    )
    exact = (told.theory == CLOSED_FORM) & ((told.at != MISSING) | (told.about == MISSING))
    assert told.at[exact].tolist() == at[exact].tolist()
    assert 0.3 < exact.mean() < 1


def test_roundings_grow_where_no_epoch_does_but_a_cycle() -> None:
    """With momentum two epochs of multiplier 0.95 come to 2.8: an epoch at which they decide is not told."""
    count, generator = 200, np.random.default_rng(0)
    problem = make_problem(S1["x"], S1["y"], loss="half_mse", fit_bias=True)
    of_schedule = schedule("list", factors=[1.6, 0.4], then="repeat")
    values = of_many(count, learning_rate=np.full(count, 1.9 / problem.eigenvalues[-1]))
    values["momentum"] = np.full(count, 0.9)
    off = 10.0 ** generator.uniform(-7, 1, (count, 1, 1)) * problem.eigenvectors[:, -1:]
    start = (problem.optimum + off).astype(np.float32).astype(np.float64)
    trials = Trials(start, np.full(count, 300), values, problem.quadratic)
    options = TrainOptions(
        -1.0, np.full(count, 1e8), method_of(values, schedule=of_schedule), early_stop=False, dtype="float32"
    )
    done = load_engine("numpy")(problem, trials, options)
    told = predict(problem, trials, options, LinearTheory(options.method))
    exact = (told.theory == CLOSED_FORM) & (told.at != MISSING)
    assert exact.mean() > 0.1
    assert told.at[exact].tolist() == done.diverged_at[exact].tolist()


@pytest.mark.parametrize("of_schedule", [None, schedule("cosine")], ids=str)
def test_nothing_is_told_of_a_start_from_which_float32_overflows(of_schedule: Any) -> None:
    """By theory it would shrink; in float64 it does, as is told."""
    problem = make_problem(S1["x"], S1["y"], loss="half_mse", fit_bias=True)
    values = numbers(learning_rate=0.5 / problem.eigenvalues[-1])
    trials = replace(one_trial(problem, values, 20), start=np.full((1, *problem.shape), 3e38))
    for dtype, word in (("float32", "lost_in_rounding"), ("float64", "closed_form")):
        told = predict(
            problem,
            trials,
            endless(method_of(values, schedule=of_schedule), dtype=dtype),
            LinearTheory(method_of(values, schedule=of_schedule)),
        )
        assert [THEORY[code] for code in told.theory] == [word]


@pytest.mark.parametrize("seed", range(1, 2000, 50))
def test_the_closed_form_does_what_a_loop_does(seed: int) -> None:
    """In float64: events, states, and the mean of all states, where neither grows."""
    case = random_case(seed)
    mean = AVERAGES["mean"].model_validate({"kind": "mean"})
    method = replace(case.options.method, average=mean)
    case = replace(case, options=replace(case.options, dtype="float64", method=method))
    done, found = declared.train(case), train(case.problem, case.trials, case.options)
    plain = replace(case.options, method=replace(method, average=None))
    at_once = train(case.problem, case.trials, plain)
    same = (found.converged_at == done.converged_at) & (found.diverged_at == done.diverged_at)
    assert same.mean() >= 0.98  # an excess may meet its level to the last digit
    same &= done.diverged_at == MISSING
    for trial in np.flatnonzero(same).tolist():
        size = max(abs(done.theta[trial]).max(), abs(case.trials.start[trial]).max())
        for state in (found.theta, at_once.theta):
            np.testing.assert_allclose(state[trial], done.theta[trial], rtol=0, atol=1e-9 * size)
        assert found.average is not None
        np.testing.assert_allclose(found.average[trial], done.mean[trial], rtol=0, atol=1e-9 * size)


@pytest.mark.parametrize("seed", [4, 11, 15])
def test_a_trial_has_its_own_bits(seed: int) -> None:
    """Alone or among others: state, contraction, average and history."""
    case = random_case(seed)
    ema = AVERAGES["ema"].model_validate({"kind": "ema", "decay": 0.8})
    options = replace(
        case.options,
        method=replace(case.options.method, average=ema),
        history_epochs=np.array([0, 1, 7, 64, 65]),
    )
    whole = train(case.problem, case.trials, options)
    assert whole.average is not None
    for trial in (0, 17, 49):
        some = slice(trial, trial + 1)
        of_it = replace(options, diverged_excess=options.diverged_excess[some])
        alone = train(case.problem, case.trials.take(some), of_it)
        assert alone.average is not None
        np.testing.assert_array_equal(alone.theta[0], whole.theta[trial])
        np.testing.assert_array_equal(alone.average[0], whole.average[trial])
        np.testing.assert_array_equal(alone.contraction[0], whole.contraction[trial])
        there = whole.history.trial == trial
        assert alone.history.epoch.tolist() == whole.history.epoch[there].tolist()
        np.testing.assert_array_equal(alone.history.theta, whole.history.theta[there])
        for epoch, state in zip(alone.history.epoch.tolist(), alone.history.theta, strict=True):
            shorter = replace(case.trials.take(some), epochs=np.array([epoch]))
            if options.method.schedule is None:
                np.testing.assert_array_equal(train(case.problem, shorter, of_it).theta[0], state)


SCHEDULES = {
    "sched_cos": schedule("cosine"),
    "sched_exp": schedule("exponential", gamma=0.9),
    "sched_step_nest": schedule("step", every=10, gamma=0.5),
    "sched_warm": schedule("cosine", warmup={"epochs": 5, "start": 0.1}),
    "sched_1c": schedule("one_cycle"),
}

OPTIMIZERS = [
    entry
    for entry in FACTS["entries"]
    if entry["id"].startswith(
        (
            *("opt/sgd_damp", "opt/sgd_nest_wd", "opt/sgd_wd_nobiaspen", "opt/sched_1c", "opt/sched_cos"),
            *("opt/sched_exp", "opt/sched_step_nest", "opt/sched_warm"),
        )
    )
]

AVERAGED = [
    entry
    for entry in FACTS["entries"]
    if entry["id"].startswith(("avg/S1/EMA decay 0.6", "avg/S1/EMA decay 0.7", "avg/S1/mean"))
]


@pytest.mark.parametrize("entry", OPTIMIZERS, ids=lambda entry: str(entry["id"]))
def test_published_states(entry: dict[str, Any]) -> None:
    """Where torch.optim.SGD comes to, with its schedulers, penalties, dampening and Nesterov's momentum."""
    settings = entry["settings"]
    names = ("momentum", "dampening", "weight_decay")
    values = numbers(learning_rate=settings["lr"], **{name: settings.get(name, 0.0) for name in names})
    problem = make_problem(S1["x"], S1["y"], loss=settings["loss"], fit_bias=True)
    flags = ["nesterov"] if settings.get("nesterov") else []
    method = method_of(values, *flags, schedule=SCHEDULES.get(entry["id"].split("/")[1]))
    trials = one_trial(problem, values, settings["epochs"], decay_bias="bias" not in settings)
    theta = train(problem, trials, endless(method)).theta
    value = {"w0": theta[0, 0, 0], "last": theta[0, -1, 0], "cost": problem.cost(theta)[0]}
    expected = pytest.approx(float(entry["value"]), rel=entry["tolerance"]["rel"])
    assert value[entry["id"].split("/")[2]] == expected


@pytest.mark.parametrize("entry", AVERAGED, ids=lambda entry: str(entry["id"]))
def test_published_averages(entry: dict[str, Any]) -> None:
    """Means and torch's exponential average of plain descent, by mpmath."""
    settings = entry["settings"]
    problem = make_problem(S1["x"], S1["y"], loss=settings["loss"], fit_bias=True)
    words = settings["average"]
    keys: dict[str, Any] = {"kind": "mean", "from": 20 if "T/2" in words else 0}
    average = AVERAGES["mean"].model_validate(keys)
    if words.startswith("EMA"):
        average = AVERAGES["ema"].model_validate({"kind": "ema", "decay": 0.9})
    values = numbers(learning_rate=settings["learning_rate"])
    trials = one_trial(problem, values, settings["epochs"])
    found = train(problem, trials, endless(method_of(values, average=average))).average
    assert found is not None
    value = problem.excess_cost(found)[0] if entry["id"].endswith("ex") else found[0, 0, 0]
    assert value == pytest.approx(float(entry["value"]), rel=entry["tolerance"]["rel"])


@pytest.mark.parametrize("flags", [(), ("nesterov",)])
@pytest.mark.parametrize(
    "of_schedule",
    [
        schedule("chebyshev", epochs=5, warmup={"epochs": 3, "start": 0.1}),
        schedule("chebyshev", warmup={"epochs": 3, "start": 0.1}),
        schedule("list", factors=[0.3, 1.7, 0.9], then="repeat", warmup={"epochs": 3, "start": 0.1}),
        schedule("list", factors=[0.3, 1.7, 0.9]),
    ],
    ids=str,
)
def test_theory_of_a_trial_does_not_depend_on_its_neighbours(
    of_schedule: Any, flags: tuple[str, ...]
) -> None:
    """Limit and contraction to the bit, with and without momentum and penalty, after other warm-ups."""
    generator, count = np.random.default_rng(7), 24
    problem = make_problem(S1["x"], S1["y"], loss="half_mse", fit_bias=True)
    momentum = np.tile([0.0, 0.0, 0.7, 0.9], 6)
    values = of_many(
        count,
        learning_rate=generator.uniform(0.1, 1.2, count) / problem.eigenvalues[-1],
        momentum=momentum,
        dampening=np.where((momentum > 0) & (not flags), np.tile([0.0, 0.4, 0.0], 8), 0.0),
        weight_decay=np.repeat([0.0, 0.01, 0.3], 8),
    )
    if of_schedule.warmup is not None:
        values["schedule.warmup.epochs"] = np.tile([1.0, 2.0, np.nan, 4.0, 7.0, 2.0], 4)
        values["schedule.warmup.start"] = generator.uniform(0, 1, count)
    epochs = np.tile([8.0, 9.0, 30.0], 8)
    theory = LinearTheory(method_of(values, *flags, schedule=of_schedule))
    quadratic = problem.penalised(values["weight_decay"], True)
    limits = theory.stability_limit(quadratic, values, epochs)
    factors = theory.contraction(quadratic, values, epochs)
    assert np.isfinite(limits).all()
    for trial in range(count):
        some = slice(trial, trial + 1)
        own = {name: value[some] for name, value in values.items()}
        of_it = problem.penalised(own["weight_decay"], True)
        np.testing.assert_array_equal(theory.stability_limit(of_it, own, epochs[some]), limits[some])
        np.testing.assert_array_equal(theory.contraction(of_it, own, epochs[some]), factors[some])


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_the_contraction_of_a_schedule_is_a_mean_factor(momentum: float) -> None:
    """Over the epochs in which it should settle; a constant schedule gives that of none."""
    problem = make_problem(S1["x"], S1["y"], loss="half_mse", fit_bias=True)
    values = numbers(learning_rate=0.9 / problem.eigenvalues[-1], momentum=momentum)
    halving = schedule("list", factors=[2.0, 0.5, 0.0])
    found = {
        name: LinearTheory(method_of(values, schedule=each)).contraction(
            problem.quadratic, values, np.array([5.0]), 2
        )[0]
        for name, each in {"none": None, "same": schedule("constant"), "two": halving}.items()
    }
    assert found["same"] == pytest.approx(found["none"], rel=1e-12)
    if momentum == 0:
        assert found["two"] == pytest.approx(-np.sqrt(abs((1 - 1.8) * (1 - 0.45))), rel=1e-12)


@pytest.mark.parametrize(
    ("method", "word"),
    [
        (Method(batch_size=3, schedule="cosine", order="independent"), "mini_batches"),
        (Method(batch_size=3, order="reshuffle"), "reshuffled"),
        (Method(optimizer="adam", batch_size=3), "adaptive"),
    ],
)
def test_nothing_is_predicted_where_no_theory_holds(method: Method, word: str) -> None:
    """The column says why."""
    case = random_case(0)
    theory = theory_of(method, case.problem)
    assert isinstance(theory, NoTheory)
    told = predict(case.problem, case.trials, case.options, theory)
    assert {THEORY[code] for code in told.theory} == {word}
    assert {*told.outcome.tolist(), *told.at.tolist()} == {MISSING}
