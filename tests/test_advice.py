"""Facts about advice: who follows it gets what it says; who does not is told why it went badly."""

import re
import shlex
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import linreg_sweep as ls
from linreg_sweep.config import load_sweep
from linreg_sweep.text.advice import format_advice
from linreg_sweep.text.training import format_ending
from linreg_sweep.training import Training
from linreg_sweep.trials.advice import Advice, Way, advise
from linreg_sweep.trials.loading import load_data
from linreg_sweep.trials.prepare import prepare

Floats = NDArray[np.float64]

TINY_STEPS: dict[str, Any] = {"learning_rate": 1e-12, "epochs": 5, "engine": "closed_form"}


def made(seed: int) -> tuple[Floats, Floats]:
    """Returns data of 1 to 4 columns whose units, offsets and numbers of rows are drawn at random."""
    random = np.random.default_rng(seed)
    n_rows, n_features = int(random.integers(5, 60)), int(random.integers(1, 5))
    x = random.normal(size=(n_rows, n_features)) * 10.0 ** random.uniform(-3, 4, n_features)
    x += random.choice([0.0, 1.0, 100.0], n_features) * x.std(axis=0)
    y = (x / x.std(axis=0)) @ random.normal(size=n_features) * 10.0 ** random.uniform(-3, 5)
    return x, y + 0.1 * y.std() * random.normal(size=n_rows)


def trained(data: tuple[Floats, Floats], training: dict[str, Any], *, standardize: bool = False) -> Training:
    """Trains one trial through all its epochs."""
    return ls.train({"training": training, "data": {"standardize": standardize}}, data=data, every=10**12)


def advice_on(data: tuple[Floats, Floats], training: dict[str, Any]) -> Advice:
    """Returns the advice on a trial that did not converge."""
    advice = trained(data, training).advice
    assert advice is not None
    return advice


def pasted(cure: str, training: dict[str, Any], data: tuple[Floats, Floats] | None = None) -> Training:
    """Trains a config with what stands behind the colon of a line of advice."""
    config = {"training": training} if data else {"training": training, "data": {"name": "tutorial"}}
    overrides = shlex.split(cure.rpartition(": --set ")[2].replace(" --set ", " "))
    return ls.train(config, data=data, overrides=overrides, every=10**12)


def follows(data: tuple[Floats, Floats], way: Way, training: dict[str, Any], standardize: bool) -> None:
    """Trains as a way says: it converges within its epochs, and not in half of them."""
    changed = training | {"learning_rate": way.learning_rate, "epochs": way.epochs, "engine": "closed_form"}
    cured = trained(data, changed, standardize=standardize)
    assert cured.outcome == "converged"
    at = cured.epoch_of("converged_at")
    assert at is not None
    if not training.get("momentum"):
        assert at >= 0.85 * way.epochs - 1
    assert cured.experiment.problem.condition_number == pytest.approx(way.condition_number, rel=1e-6)
    assert way.learning_rate < way.limit


@pytest.mark.parametrize("seed", range(20))
def test_who_follows_converges(seed: int) -> None:
    """By either way, from a trial that crept or diverged, also with momentum and far starts."""
    data = made(seed)
    training: dict[str, Any] = TINY_STEPS | {"learning_rate": [1e-12, 1e9][seed % 2]}
    if seed % 5 == 1:
        training |= {"momentum": 0.9, "nesterov": seed % 2 == 0}
    if seed % 5 == 2:
        training |= {"initial_weight": 1e6, "initial_bias": -1e6}
    advice = advice_on(data, training)
    assert advice.as_it_is is not None or advice.standardized is not None
    if advice.as_it_is is not None:
        follows(data, advice.as_it_is, training, standardize=False)
    if advice.standardized is not None:
        follows(data, advice.standardized, training, standardize=True)
    if advice.from_zero is not None:
        start = {"initial_weight": 0, "initial_bias": 0}
        follows(data, advice.from_zero, training | start, standardize=False)


@pytest.mark.parametrize("seed", [0, 2, 5])
def test_who_waits_at_the_same_rate_converges_as_told(seed: int) -> None:
    """The epochs that an unfinished trial lacks are those that a literal loop over the rows takes."""
    random = np.random.default_rng(seed)
    data = random.normal(2, 1, (20, 2)), random.normal(size=20)
    advice = advice_on(data, {"learning_rate": 0.02, "epochs": 3})
    assert advice.longer is not None
    design = np.column_stack([data[0], np.ones(20)])
    best = np.linalg.lstsq(design, data[1], rcond=None)[0]
    least, theta, epoch = np.mean((design @ best - data[1]) ** 2), np.zeros(3), 0
    while np.mean((design @ theta - data[1]) ** 2) - least > 1e-6 * data[1].var():
        theta = theta - 0.02 * design.T @ (design @ theta - data[1]) / 20
        epoch += 1
    assert 0.9 * advice.longer.epochs <= epoch <= advice.longer.epochs


@pytest.mark.system
@pytest.mark.parametrize("momentum", [0.3, 0.5, 0.8])
def test_who_only_passes_by_has_not_arrived(momentum: float) -> None:
    """On z-scores of one column a first step of rate 1 lands on the optimum, and momentum leads on."""
    x = np.arange(1000.0, 1012.0)
    data = x, 3 * x + np.cos(x)
    training = {"momentum": momentum, "initial_weight": 50.0, "initial_bias": 20.0}
    advice = advice_on(data, TINY_STEPS | training)
    assert advice.standardized is not None
    follows(data, advice.standardized, training, standardize=True)
    passing = trained(data, training | {"learning_rate": 1.0, "epochs": 2}, standardize=True).advice
    assert passing is not None
    assert passing.longer is not None
    follows(data, passing.longer, training, standardize=True)


def test_a_trial_that_starts_at_the_optimum_converges_at_epoch_0() -> None:
    """It is told so, though all its epochs are trained."""
    there = trained((np.arange(3.0), 2 * np.arange(3.0)), {"initial_weight": 2.0, "learning_rate": 0.01})
    assert next(format_ending(there)).startswith("Converged at epoch 0:")


def test_prices_of_cars_are_standardized() -> None:
    """On kilometres and prices a step in the stable range takes for ever; z-scores take a moment."""
    km = np.linspace(20_000, 250_000, 24)
    data = km, 8500 - 0.0215 * km
    said = "\n".join(format_ending(trained(data, {"learning_rate": 3e-11, "epochs": 1000})))
    assert "Unfinished at epoch 1,000" in said
    assert re.search(r"Steepest direction: \w+ \(learning rate 0\.\d+ of the stability limit\): ", said)
    assert "Standardized (condition number 1), it converges within about 1 epoch: --set data.stand" in said
    assert "With the data as they are (condition number " in said
    assert "training.engine=closed_form" in said


def test_a_constant_column_is_to_be_left_out() -> None:
    """Standardizing is refused where a column does not vary; the advice names the column."""
    x = np.column_stack([np.linspace(1000, 1020, 20), np.full(20, 3.0)])
    advice = advice_on((x, x[:, 0] ** 2), {"learning_rate": 1e-8, "epochs": 5})
    assert advice.standardized is not None
    assert advice.standardized.left_out == ("x2",)
    follows((x[:, :1], x[:, 0] ** 2), advice.standardized, TINY_STEPS, standardize=True)
    assert any(
        line.startswith("Without x2, which does not vary, and standardized") for line in format_advice(advice)
    )


@pytest.mark.parametrize(
    ("batch_size", "order", "loss"), [(1, "file", "half_mse"), (4, "reshuffle", "mse"), (3, "file", "sse")]
)
def test_batches_are_told_their_own_limit(batch_size: int, order: str, loss: str) -> None:
    """Below 2 / the largest curvature of a batch they do not diverge; well above they do, and hear why."""
    random = np.random.default_rng(batch_size)
    x, y = random.normal(4, 1, (20, 2)), random.normal(size=20)
    training = {"batch_size": batch_size, "order": order, "loss": loss, "epochs": 200}
    bad = trained((x, y), training | {"learning_rate": 100.0})
    assert bad.outcome == "diverged"
    assert bad.advice is not None
    limit = bad.advice.batch_limit
    assert limit is not None
    k = {"half_mse": 1 / batch_size, "mse": 2 / batch_size, "sse": 2}[loss]
    if order == "file":
        design = np.column_stack([x, np.ones(20)])
        batches = [design[first : first + batch_size] for first in range(0, 20, batch_size)]
        factors = [k if loss == "sse" else k * batch_size / len(a) for a in batches]
        steepest = max(f * np.linalg.eigvalsh(a.T @ a)[-1] for f, a in zip(factors, batches, strict=True))
        assert limit == pytest.approx(2 / steepest, rel=1e-9)
    assert trained((x, y), training | {"learning_rate": 0.9 * limit}).outcome != "diverged"
    assert f"above {limit:.6g} a step on the steepest batch overshoots" in "\n".join(format_ending(bad))
    assert bad.advice.as_it_is is not None
    follows((x, y), bad.advice.as_it_is, {"loss": loss}, standardize=False)


def test_rounding_is_told_of() -> None:
    """Where float32 cannot get there by steps, the advice names the engine that has none."""
    x = np.linspace(1e4, 1.01e4, 30)
    advice = advice_on((x, 3 * x + np.cos(x)), {"learning_rate": 1e-12, "epochs": 5, "dtype": "float32"})
    assert advice.as_it_is is not None
    assert not advice.as_it_is.survives_rounding
    cure = list(format_advice(advice))[-1]
    assert "the rounding of its steps may prevent it" in cure
    training = {"learning_rate": 1e-12, "epochs": 5, "dtype": "float32"}
    assert pasted(cure, training, (x, 3 * x + np.cos(x))).outcome == "converged"


def test_a_start_whose_cost_overflows_is_to_blame() -> None:
    """Not the columns: from 0 they are descended on easily, and no rate helps so far away."""
    sick = ls.train({"training": {"initial_weight": 1e308}, "data": {"name": "tutorial"}})
    assert sick.advice is not None
    assert sick.advice.overflows
    lines = list(format_advice(sick.advice))
    assert "begin nearer to 0" in lines[-1]
    assert pasted(lines[0], {"initial_weight": 1e308}).outcome == "converged"
    assert not any("columns" in line for line in lines)


@pytest.mark.parametrize(
    "bad",
    [
        {"learning_rate": 0.01, "momentum": 0.5, "batch_size": 3},
        {"learning_rate": 0.001, "epochs": 20, "initial_weight": 1e6},
        {"learning_rate": 9, "epochs": 1, "engine": "torch"},
    ],
)
def test_who_pastes_a_cure_converges(bad: dict[str, Any]) -> None:
    """Each line of advice ends with what `--set` takes, and with it alone the trial converges."""
    sick = ls.train({"training": bad, "data": {"name": "tutorial"}}, every=10**12)
    assert sick.advice is not None
    cures = [line for line in format_advice(sick.advice) if ": --set " in line]
    assert len(cures) >= 2
    assert {pasted(cure, bad).outcome for cure in cures} == {"converged"}


def test_a_sweep_is_cured_where_it_varies() -> None:
    """What a sweep varies is set among its parameters; a plan of mini-batches has advice too."""
    parameters = {
        "learning_rate": {"values": [0.001, 0.005]},
        "batch_size": {"values": [1, 7]},
        "momentum": {"values": [0, 0.9]},
        "epochs": {"values": [5, 10]},
    }
    sweep = {"name": "sick", "method": "grid", "data": {"name": "tutorial"}, "parameters": parameters}
    advice = ls.plan(sweep).advice
    assert advice is not None
    assert advice.longer is None
    for way in (advice.as_it_is, advice.standardized):
        assert way is not None
        assert set(way.settings) - {"data.standardize"} <= {f"parameters.{name}" for name in parameters}
        settings = [f"{key}={value}" for key, value in way.settings.items()]
        outcomes = ls.plan(sweep, overrides=settings).forecast.outcomes
        assert outcomes["converged"] == sum(outcomes.values()) > 0


def test_a_trial_that_converged_needs_none() -> None:
    """Nothing is said of what to do."""
    done = trained(made(1), {"learning_rate": 1.0, "epochs": 1000, "engine": "closed_form"}, standardize=True)
    assert (done.outcome == "converged") == (done.advice is None)


def test_batches_lie_in_the_order_that_trials_have() -> None:
    """Where a sweep says that rows are shuffled, and by which seed, as where its set-up does."""
    common: dict[str, Any] = {"name": "shuffled", "data": {"name": "tutorial"}, "method": "grid"}
    rate, training = {"learning_rate": 1.0}, {"batch_size": 4}
    theirs = common | {"training": training, "parameters": {**rate, "order": "reshuffle", "seed": 3}}
    set_up = common | {"training": training | {"order": "reshuffle"}, "seed": 3, "parameters": rate}
    in_order = common | {"training": training, "parameters": rate}
    advices = [ls.plan(sweep).advice for sweep in (theirs, set_up, in_order)]
    limit, same, another = (None if advice is None else advice.batch_limit for advice in advices)
    assert limit == same
    assert limit != another


@pytest.mark.parametrize(
    "parameters",
    [
        {"loss": {"values": ["mse", "sse"]}},
        [{"learning_rate": {"values": [1e-9]}}, {"learning_rate": {"values": [2e-9]}}],
    ],
)
def test_no_one_advice_is_given_on_several_problems_or_products(parameters: Any) -> None:
    """Each loss has its own rates, and an option sets what one product varies, not a union."""
    declared = {"data": {"name": "tutorial"}, "method": "grid", "parameters": parameters, "name": "several"}
    declaration = load_sweep(declared)
    assert advise(prepare(declaration, load_data(declaration))) is None
    one = load_sweep(declared | {"parameters": {"learning_rate": {"values": [1e-9]}}})
    assert advise(prepare(one, load_data(one))) is not None
