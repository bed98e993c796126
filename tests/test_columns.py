"""Facts about the trials table's columns: which there are, and that each says what its name promises."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import linreg_sweep as ls
from linreg_sweep.config import load_sweep
from linreg_sweep.theory.outcome import (
    GOOD,
    HIGH,
    LOW,
    MEASURED,
    MISSING,
    OUTCOMES,
    REGIMES,
    TOO_HIGH,
    surprise,
)
from linreg_sweep.trials.columns import parameter_column
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.loading import Arrays, load_data
from linreg_sweep.trials.prepare import prepare
from linreg_sweep.trials.tables import history_columns, trial_columns
from tests.random_sweeps import ORDERS
from tests.test_outcome import multipliers

ALWAYS = [
    *("outcome", "epochs", "converged_at", "diverged_at"),
    *("cost", "excess_cost", "contraction", "regime", "regime_source", "stability_ratio"),
    *("predicted_outcome", "predicted_at", "theory"),
]
RATES = {"learning_rate": {"values": [0.001, 0.005, 0.006, 0.007]}}


def experiment(parameters: dict[str, Any], arrays: Arrays | None = None, **blocks: Any) -> Experiment:
    """Returns a grid on the tutorial's data or these arrays."""
    declared = {"data": {"name": "tutorial"}, "method": "grid", "parameters": parameters} | blocks
    declaration = load_sweep(declared)
    return prepare(declaration, load_data(declaration, arrays))


def table(of: Experiment, first: int = 0) -> dict[str, Any]:
    """Returns the trials table of all trials from a number on."""
    values = of.values(first, of.space.n_trials)
    return trial_columns(of, first, values, of.groups(values), of.train_groups(of.groups(values)))


def arrays(n_features: int, n_targets: int, n: int = 20) -> tuple[Any, Any]:
    """Returns standard normal x (n, F) and y (n, O)."""
    generator = np.random.default_rng(3)
    return generator.standard_normal((n, n_features)), generator.standard_normal((n, n_targets))


def test_the_tutorials_columns_and_their_order() -> None:
    """The three named hyperparameters are always there, varied or not; then what became of the trial."""
    assert list(table(experiment(RATES))) == [
        *("trial", "learning_rate", "initial_weight", "initial_bias"),
        *ALWAYS[:4],
        *("weight", "bias"),
        *ALWAYS[4:],
    ]


@pytest.mark.parametrize(
    ("n_features", "n_targets", "bias", "names"),
    [
        (1, 1, True, ["weight", "bias"]),
        (1, 1, False, ["weight"]),
        (2, 1, True, ["weight_x1", "weight_x2", "bias"]),
        (2, 1, False, ["weight_x1", "weight_x2"]),
        (1, 2, True, ["weight_x_y1", "weight_x_y2", "bias_y1", "bias_y2"]),
        (2, 2, True, [*(f"weight_x{i}_y{o}" for i in (1, 2) for o in (1, 2)), "bias_y1", "bias_y2"]),
    ],
)
def test_weights_are_named_after_features_and_targets(
    n_features: int, n_targets: int, bias: bool, names: list[str]
) -> None:
    """One of each is `weight` and `bias`; several are told apart, and each column is its entry of theta."""
    data = {"name": "tutorial", "fit_bias": bias}
    of = experiment(RATES, arrays(n_features, n_targets), data=data, training={"epochs": 3})
    values = of.values(0, 4)
    results = of.train_groups(of.groups(values))
    columns = trial_columns(of, 0, values, of.groups(values), results)
    assert [name for name in columns if name.startswith(("weight", "bias"))] == names
    for name, entries in zip(names, results.theta.reshape(4, -1).T, strict=True):
        assert columns[name].tobytes() == entries.tobytes()


def test_standardized_data_are_told_in_both_scales() -> None:
    """`_unscaled` columns predict the same from the file's own x."""
    x, y = arrays(2, 1)
    x = 100 + 7 * x
    of = experiment(RATES, (x, y), data={"name": "tutorial", "standardize": True}, training={"epochs": 20})
    columns = table(of)
    scaled = columns["weight_x1"][:, None] * of.problem.design[:, 0]
    scaled = scaled + columns["weight_x2"][:, None] * of.problem.design[:, 1] + columns["bias"][:, None]
    unscaled = columns["weight_x1_unscaled"][:, None] * x[:, 0]
    unscaled = unscaled + columns["weight_x2_unscaled"][:, None] * x[:, 1]
    unscaled = unscaled + columns["bias_unscaled"][:, None]
    assert unscaled == pytest.approx(scaled, rel=1e-11, abs=1e-11)


def test_trials_are_numbered_from_the_first_of_the_part() -> None:
    """A part knows which trials it holds."""
    assert table(experiment(RATES), 2)["trial"].tolist() == [2, 3]


def test_regimes_and_ratios_of_the_tutorials_rates() -> None:
    """On all rows the word is read off the spectrum, and the ratio's edge is 1."""
    columns = table(experiment(RATES))
    assert [REGIMES[code] for code in columns["regime"]] == ["low", "good", "high", "too_high"]
    assert columns["regime_source"].tolist() == [0, 0, 0, 0]
    ratio = np.array([0.001, 0.005, 0.006, 0.007]) / 0.0063305
    assert columns["stability_ratio"] == pytest.approx(ratio, rel=1e-5)
    assert [OUTCOMES[code] for code in columns["outcome"]] == [
        *("unfinished", "converged", "converged", "diverged"),
    ]
    # measured, it is the theory's factor, since the steep direction carries the first steps
    assert columns["contraction"] == pytest.approx([0.684, -0.580, -0.896, -1.212], abs=2e-3)


def test_the_edge_is_that_of_the_momentum() -> None:
    """With heavy ball the limit is 1 + momentum times as far; with Nesterov nearer."""
    varied = RATES | {"momentum": {"values": [0, 0.5]}}
    plain, ball = table(experiment(varied))["stability_ratio"].reshape(-1, 2).T
    assert ball == pytest.approx(plain / 1.5, rel=1e-14)
    nesterov = experiment(RATES, training={"momentum": 0.5, "nesterov": True})
    assert table(nesterov)["stability_ratio"] == pytest.approx(plain / 0.75, rel=1e-14)


def test_reshuffled_batches_have_a_measured_regime_and_no_ratio() -> None:
    """No limit of all rows holds for them; batches of at least all rows are no mini-batches."""
    reshuffled = {"order": "reshuffle"}
    columns = table(experiment({"batch_size": {"values": [5, 29, 30, 1000]}}, training=reshuffled))
    assert columns["regime_source"].tolist() == [1, 1, 0, 0]
    assert np.isnan(columns["stability_ratio"]).tolist() == [True, True, False, False]


LONG = {"name": "step", "every": 1000}
"""A schedule that changes nothing for long, but of which no epoch's map is one and the same."""


def test_a_trial_within_its_first_epoch_has_a_measured_regime_only_if_its_cost_rose() -> None:
    """With mini-batches and one epoch no steps can be compared: missing, not a guess; but growth is seen."""
    columns = table(experiment(RATES, training={"epochs": 1, "batch_size": 5, "schedule": LONG}))
    assert np.isnan(columns["contraction"]).all()
    assert columns["regime"].tolist() == [MISSING, MISSING, MISSING, TOO_HIGH]
    training = {"epochs": 9, "batch_size": 1, "schedule": LONG}
    one_pass = experiment({"learning_rate": {"values": [1e3]}}, training=training)
    columns = table(one_pass)
    assert columns["diverged_at"].tolist() == [1]
    assert columns["regime"].tolist() == [TOO_HIGH]


def test_mini_batches_that_explode_are_too_high() -> None:
    """On two points, batch by batch, each epoch multiplies the error by more than 4: no creeping."""
    two = np.array([5.0, 6.0])
    of = experiment(
        {"learning_rate": {"values": [0.1]}}, (two, two), training={"batch_size": 1, "epochs": 20}
    )
    columns = table(of)
    assert columns["contraction"][0] > 4
    assert columns["diverged_at"].tolist() == [5]
    assert columns["regime"].tolist() == [TOO_HIGH]


def random_experiment(seed: int, engine: str) -> Experiment:
    """Returns forty random trials on random data: sizes, scales, batches, momenta and epochs."""
    draw = np.random.default_rng(seed)
    n, features = int(draw.integers(3, 9)), int(draw.integers(1, 4))
    x = draw.normal(draw.choice([0, 3]), 1, (n, features)) * 10 ** draw.uniform(-1, 1, features)
    nesterov = bool(draw.integers(2))
    steepest = np.linalg.eigvalsh(np.cov(np.column_stack([x, np.ones(n)]).T, bias=True))[-1] + 1
    parameters = {
        "learning_rate": {"min": 1e-3 / steepest, "max": 50 / steepest, "scale": "log"},
        "initial_weight": {"min": -3, "max": 3},
        "epochs": {"values": [0, 1, 2, 5, 40]},
        "momentum": {"values": [0.05 if nesterov else 0, 0.3, 0.95]},
        "batch_size": {"values": [n] if engine == "closed_form" else [1, 2, n]},
    }
    training: dict[str, Any] = {
        "engine": engine,
        "nesterov": nesterov,
        "order": str(draw.choice(ORDERS[:3] if engine == "closed_form" else ORDERS)),
        "early_stop": bool(draw.integers(2)),
        "dtype": "float64" if engine == "closed_form" else str(draw.choice(["float32", "float64"])),
    }
    outcome = {"divergence": float(draw.choice([1.5, 10, 1e6])), "tolerance": float(draw.choice([1e-6, 0.1]))}
    return experiment(
        parameters,
        (x, draw.normal(size=(n, int(draw.integers(1, 3))))),
        method="random",
        trials=40,
        seed=seed,
        training=training,
        outcome=outcome,
    )


def epoch_roots(of: Experiment, size: int, rate: float, momentum: float) -> NDArray[np.complex128]:
    """Returns the eigenvalues of an epoch of batches in file order, of state and velocity."""
    n = of.problem.shape[0]
    epoch, one = np.eye(2 * n), np.eye(n)
    ahead, kept = (1 + momentum, momentum**2) if of.config.training.nesterov else (1, momentum)
    for first in range(0, of.problem.n_rows, size):
        hessian = of.problem.batch(slice(first, first + size))[0]
        step = [[one - rate * ahead * hessian, -rate * kept * one], [hessian, momentum * one]]
        epoch = np.block(step) @ epoch
    moving = of.problem.eigenvalues > 0
    roots = np.linalg.eigvals(epoch)
    return np.asarray(roots if moving.all() else roots[abs(roots - 1) > 1e-9])


@pytest.mark.parametrize(
    "engine",
    ["closed_form", *(pytest.param(name, marks=pytest.mark.system) for name in ("numpy", "torch", "numba"))],
)
def test_no_regime_contradicts_its_outcome(engine: str) -> None:
    """Measured: diverged is too high, converged is not, unfinished only if its cost rose.

    Off the spectrum the word is that of the companion matrix's eigenvalues, by numpy.linalg, and an outcome
    that it does not suggest has a reason that holds.
    """
    seen: set[tuple[Any, ...]] = set()
    for seed in range(12):
        of = random_experiment(seed, engine)
        values = of.values(0, 40)
        columns = table(of)
        start = np.empty(40)
        for group in of.groups(values):
            start[group.chosen] = of.problem.cost(group.trials.start)
        bound = of.criteria.divergence * np.maximum(start, of.problem.scale)
        design, (n_rows, n_targets) = of.problem.design, of.problem.targets.shape
        steepest = np.linalg.eigvalsh(design.T @ design / (n_rows * n_targets))[-1]
        for row in range(40):
            outcome, regime = OUTCOMES[columns["outcome"][row]], int(columns["regime"][row])
            rose = columns["cost"][row] > start[row]
            if columns["regime_source"][row] == MEASURED:
                assert (regime == TOO_HIGH) >= (outcome == "diverged")
                assert (regime == TOO_HIGH) <= (outcome == "diverged" or (outcome == "unfinished" and rose))
                far = abs(columns["contraction"][row]) > 1 or columns["cost"][row] > of.problem.scale
                assert (regime == TOO_HIGH) >= (outcome == "unfinished" and rose and far)
                assert (regime == MISSING) <= (
                    columns["epochs"][row] < 2 or start[row] == columns["cost"][row]
                )
                seen.add((outcome, regime))
                continue
            momentum, nesterov = values["momentum"][row], of.config.training.nesterov
            size = int(values["batch_size"][row])
            if size < n_rows:
                largest = abs(epoch_roots(of, size, values["learning_rate"][row], momentum)).max()
                assert (regime == TOO_HIGH) == (largest > 1) or abs(largest - 1) < 1e-6
                continue
            roots = multipliers(values["learning_rate"][row], steepest, momentum, nesterov=nesterov)
            if momentum == 0:
                roots = np.array([1 - values["learning_rate"][row] * steepest])
            largest = roots[abs(roots).argmax()]
            q = of.criteria.settling
            if min(abs(abs(largest) - q), abs(abs(largest) - 1)) > 1e-6:
                swings = abs(largest.imag) > 0 or largest.real < 0
                size = np.digitize(abs(largest), [q, 1])
                assert regime == [GOOD, HIGH if swings else LOW, TOO_HIGH][size]
            key = surprise(
                *(
                    int(columns[name][row])
                    for name in ("outcome", "regime", "diverged_at", "predicted_outcome")
                )
            )
            seen.add((outcome, key))
            if key == "start":
                assert start[row] > bound[row]
            if key == "overshoot":
                assert momentum > 0
                assert abs(largest) <= 1
            if key == "rounding":
                assert of.config.training.dtype == "float32"
            assert (key is None) == (outcome == "unfinished" or (outcome == "diverged") == (abs(largest) > 1))
    assert ("unfinished", None) in seen
    assert engine == "closed_form" or {("diverged", TOO_HIGH), ("unfinished", TOO_HIGH)} <= seen


def test_a_regime_that_an_outcome_surprises_says_why() -> None:
    """A start without error in the steepest direction converges; momentum can pass a low bound and settle."""
    of = experiment(
        {"learning_rate": {"values": [0.0064]}},
        training={"initial_weight": 0.0, "epochs": 1},
    )
    vector, optimum = of.problem.eigenvectors[:, 0], of.problem.optimum[:, 0]
    weight, bias = optimum + 3 * vector  # off the optimum along the flattest direction alone
    changed = {"initial_weight": float(weight), "initial_bias": float(bias), "epochs": 5000}
    columns = table(experiment({"learning_rate": {"values": [0.00634]}}, training=changed))
    assert OUTCOMES[columns["outcome"][0]] == "converged"
    assert columns["regime"][0] == TOO_HIGH
    assert surprise(columns["outcome"][0], columns["regime"][0], MISSING, MISSING) == "no_error"
    low = experiment(
        {"learning_rate": {"values": [0.012]}},
        training={"momentum": 0.95, "epochs": 500},
        outcome={"divergence": 2},
    )
    columns = table(low)
    assert columns["stability_ratio"][0] < 1
    assert [int(columns[name][0]) for name in ("outcome", "regime")] == [2, HIGH]
    assert (
        surprise(2, HIGH, int(columns["diverged_at"][0]), int(columns["predicted_outcome"][0])) == "overshoot"
    )


def test_epochs_are_those_done_and_the_limit_has_its_own_name() -> None:
    """Where epochs vary, `max_epochs` is what was allowed and `epochs` what was needed."""
    assert parameter_column("epochs") == "max_epochs"
    columns = table(experiment({"epochs": {"values": [0, 10, 100000]}}))
    assert columns["max_epochs"].tolist() == [0, 10, 100000]
    assert columns["epochs"].tolist()[:2] == [0, 10]
    assert columns["epochs"][2] == columns["converged_at"][2] < 100000


def test_costs_are_those_of_the_last_state() -> None:
    """Cost is the mean squared error of the rows; the excess is over the least there is."""
    of = experiment(RATES | {"initial_weight": {"values": [-3, 4]}}, training={"epochs": 7, "loss": "mse"})
    columns = table(of)
    x, y = of.problem.design[:, 0], of.problem.targets[:, 0]
    by_rows = [
        np.mean((y - weight * x - bias) ** 2)
        for weight, bias in zip(columns["weight"], columns["bias"], strict=True)
    ]
    assert columns["cost"] == pytest.approx(by_rows, rel=1e-12)
    assert columns["cost"] - columns["excess_cost"] == pytest.approx([of.problem.cost_min] * 8, rel=1e-6)


def test_each_feature_can_have_its_own_start() -> None:
    """A list of starts, or one varied alone, is a column a feature; what is not varied keeps the set-up's."""
    listed = experiment(RATES, arrays(2, 1), training={"initial_weight": [1.5, -2.0], "epochs": 0})
    columns = table(listed)
    assert "initial_weight" not in columns
    assert columns["initial_weight_x1"].tolist() == columns["weight_x1"].tolist() == [1.5] * 4
    assert columns["initial_weight_x2"].tolist() == columns["weight_x2"].tolist() == [-2.0] * 4
    own = experiment(
        {"initial_weight_x2": {"values": [3, 4]}},
        arrays(2, 1),
        training={"initial_weight": 0.5, "epochs": 0},
    )
    columns = table(own)
    assert columns["initial_weight_x1"].tolist() == columns["weight_x1"].tolist() == [0.5, 0.5]
    assert columns["initial_weight_x2"].tolist() == columns["weight_x2"].tolist() == [3.0, 4.0]


def test_types_are_as_promised() -> None:
    """Numbers are float64, counts int64, codes int8."""
    types = {name: str(values.dtype) for name, values in table(experiment(RATES)).items()}
    floats = {"learning_rate", "initial_weight", "initial_bias", "weight", "bias", "cost", "excess_cost"}
    floats |= {"contraction", "stability_ratio"}
    assert {name for name, dtype in types.items() if dtype == "float64"} == floats
    assert {name for name, dtype in types.items() if dtype == "int8"} == {
        *("outcome", "regime", "regime_source", "predicted_outcome", "theory"),
    }
    assert set(types.values()) == {"float64", "int64", "int8"}


def test_the_history_is_one_row_a_kept_state() -> None:
    """Ordered by trial and epoch, numbered as the trials are, with each state's own cost."""
    of = experiment(RATES, history={"every": 4}, training={"epochs": 10})
    values = of.values(2, 4)
    results = of.train_groups(of.groups(values))
    columns = history_columns(of, 2, of.groups(values), results)
    assert list(columns) == ["trial", "epoch", "weight", "bias", "cost"]
    assert columns["trial"].tolist() == [2, 2, 2, 3, 3, 3]
    assert columns["epoch"].tolist() == [0, 4, 8, 0, 4, 8]
    for row in range(6):
        theta = np.array([[columns["weight"][row]], [columns["bias"][row]]])
        errors = of.problem.targets - of.problem.design @ theta
        assert columns["cost"][row] == pytest.approx(np.mean(errors**2), rel=1e-12)


def test_a_trial_that_diverges_at_once_can_be_looked_at() -> None:
    """Before the first epoch that is shown: then the epochs until its end are."""
    rows = ls.train(
        {"training": {"learning_rate": 1.0, "epochs": 300}}, data=([100.0, 300.0], [1.0, 2.0])
    ).rows
    assert rows["epoch"].tolist() == [*range(1, len(rows["epoch"]) + 1)]
    assert 0 < len(rows["epoch"]) < 30
