"""Facts about the measured edge of stability; the oracles are theory's limit and numpy.linalg's spectra."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import linreg_sweep as ls
from linreg_sweep import data
from linreg_sweep.errors import ConfigError

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[1]
SWEEP: dict[str, Any] = {
    "name": "edge",
    "data": {"name": "tutorial"},
    "method": "grid",
    "parameters": {"learning_rate": {"values": [0.001]}},
}
CLOSE = 1e-9
TUTORIAL = data.tutorial()
DESIGN = np.column_stack([TUTORIAL.x[:], np.ones(30)])


def measured(training: dict[str, Any], **more: Any) -> ls.Edges:
    """Returns the edges of the tutorial's data."""
    return ls.edge(SWEEP | {"training": training} | more)


@pytest.mark.parametrize(
    "training",
    [
        {},
        {"loss": "mse"},
        {"loss": "sse"},
        {"momentum": 0.5},
        {"momentum": 0.9, "nesterov": True},
        {"engine": "torch", "loss": "mse"},
        {"engine": "numba", "momentum": 0.9},
        {"engine": "closed_form"},
    ],
    ids=str,
)
def test_the_measured_edge_is_theorys(training: dict[str, Any]) -> None:
    """To a billionth, for any loss, momentum and engine; for the closed form, NumPy measures."""
    edges = measured(training)
    (row,) = edges.rows
    factor = {"half_mse": 1 / 30, "mse": 2 / 30, "sse": 2.0}[training.get("loss", "half_mse")]
    m = training.get("momentum", 0.0)
    multiple = (2 + 2 * m) / (1 + 2 * m) if training.get("nesterov") else 2 * (1 + m)
    limit = multiple / np.linalg.eigvalsh(factor * DESIGN.T @ DESIGN)[-1]
    assert row.stability_limit == pytest.approx(limit, rel=1e-12)
    assert row.largest_stable < row.smallest_unstable <= row.largest_stable * (1 + CLOSE)
    assert row.largest_stable == pytest.approx(limit, rel=CLOSE)
    assert edges.engine == ("numpy" if training.get("engine") == "closed_form" else edges.engine)


def radius(rate: float, batch_size: int) -> float:
    """Returns the spectral radius of an epoch of mini-batches in file order, as numpy.linalg finds it."""
    epoch = np.eye(2)
    for first in range(0, 30, batch_size):
        rows = DESIGN[first : first + batch_size]
        epoch = (np.eye(2) - rate * rows.T @ rows / len(rows)) @ epoch
    return float(np.abs(np.linalg.eigvals(epoch)).max())


def test_mini_batches_have_an_edge_of_their_own() -> None:
    """Where the spectral radius of a whole epoch is 1, as theory has it. Two sizes are two rows."""
    edges = measured({}, parameters={"batch_size": {"values": [5, 7]}, "initial_weight": {"values": [0, 1]}})
    assert [row.batch_size for row in edges.rows] == [5, 7]
    for row in edges.rows:
        assert radius(row.largest_stable * (1 - CLOSE), row.batch_size) < 1
        assert radius(row.smallest_unstable * (1 + CLOSE), row.batch_size) > 1
        assert row.relative_difference == pytest.approx(0, abs=CLOSE)


def test_shuffled_batches_have_an_edge_of_their_seed() -> None:
    """It is found, near that in file order, and is the same every time."""
    training = {"batch_size": 5, "order": "reshuffle"}
    (row,), (again,) = measured(training).rows, measured(training).rows
    assert row == again
    assert row.largest_stable == pytest.approx(measured({"batch_size": 5}).rows[0].largest_stable, rel=0.2)


@pytest.mark.parametrize(
    ("own", "set_up", "more"),
    [
        ({"loss": "mse"}, {"loss": "mse"}, {}),
        ({"nesterov": True}, {"nesterov": True}, {"momentum": 0.5}),
        ({"order": "reshuffle"}, {"order": "reshuffle"}, {"batch_size": 5}),
        ({"momentum": 0.5}, {"momentum": 0.5}, {"dampening": 0.5}),
    ],
    ids=str,
)
def test_what_all_trials_have_is_theirs_wherever_it_stands(
    own: dict[str, Any], set_up: dict[str, Any], more: dict[str, Any]
) -> None:
    """As the one value of a parameter it is what the same value of the set-up is, in numbers and words."""
    varied, fixed = measured(more, parameters=own), measured(more | set_up)
    assert replace(varied, varied=()) == replace(fixed, varied=())


def test_each_product_of_a_union_is_measured() -> None:
    """With its own momentum and batch sizes, or the set-up's; what two have in common stands once."""
    products = [{"momentum": 0.5}, {"momentum": {"values": [0, 0.9]}}, {"batch_size": 5}, {"momentum": 0}]
    edges = measured({}, parameters=products)
    assert [(row.momentum, row.batch_size) for row in edges.rows] == [(0.5, 30), (0, 30), (0.9, 30), (0, 5)]
    assert [row.relative_difference for row in edges.rows[:3]] == pytest.approx([0] * 3, abs=CLOSE)
    assert edges.rows[3] == measured({"batch_size": 5}).rows[0]


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        (
            {"loss": {"values": ["mse", "sse"]}},
            r"parameters\.loss: .* mse, sse: .* Hint: set loss to",
        ),
        ([{"loss": "sse"}, {"momentum": 0.5}], r"parameters\.loss: .*, got sse, half_mse:"),
        ([{"momentum": 0}, {"optimizer": "adam"}], r"parameters\.optimizer: .*, got adam, sgd:"),
        (
            {"schedule": {"values": ["constant", "silver"]}},
            r"parameters\.schedule: .* constant, silver: ",
        ),
        (
            {"batch_size": 5, "order": {"values": ["file", "reshuffle"]}},
            r"parameters\.order: .* file, reshuffle: ",
        ),
        ([{"momentum": 0}, {"momentum": {"min": 0, "max": 0.9, "num": 4}}], r"parameters\.momentum: must be"),
        ({"optimizer": "adam"}, r"parameters: must be sgd .* Hint: --set parameters\.optimizer=sgd"),
    ],
    ids=str,
)
def test_trials_of_several_edges_are_refused(parameters: Any, told: str) -> None:
    """One edge cannot be said of them, and the parameter to set is named."""
    with pytest.raises(ConfigError, match=told):
        measured({}, parameters=parameters)


def test_words_that_move_no_edge_may_vary() -> None:
    """An average follows the states, and no order matters where a step sees all rows."""
    free = {"order": {"values": ["file", "reshuffle"]}, "average": {"values": ["none", {"kind": "mean"}]}}
    assert measured({}, parameters=free).rows == measured({}).rows


def test_float32_comes_as_close_as_it_has_rates() -> None:
    """The two rates are neighbours in float32, and within its rounding of theory's limit."""
    (row,) = measured({"dtype": "float32"}).rows
    assert np.nextafter(np.float32(row.largest_stable), np.float32(1)) == np.float32(row.smallest_unstable)
    assert row.relative_difference == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("file", ["cars.csv", "diabetes.csv", "faithful.csv"])
@pytest.mark.parametrize("standardize", [False, True])
def test_real_data_scaled_or_not(file: str, standardize: bool) -> None:
    """Many features and bad condition numbers as well."""
    target = {"cars.csv": "dist", "diabetes.csv": "target", "faithful.csv": "eruptions"}[file]
    block = {"path": str(ROOT / "data" / file), "y": [target], "standardize": standardize}
    (row,) = measured({}, data=block).rows
    assert row.relative_difference == pytest.approx(0, abs=CLOSE)


@pytest.mark.parametrize("seed", range(12))
def test_any_number_of_directions(seed: int) -> None:
    """One to six features, of any scale, one or two targets: fast directions die out and leave rounding."""
    generator = np.random.default_rng(seed)
    features, targets = generator.integers(1, 7), generator.integers(1, 3)
    x = generator.normal(1, 10.0 ** generator.uniform(-1, 1, features), (25, features))
    y = generator.normal(size=(25, targets))
    training = {"momentum": float(generator.choice([0, 0.3, 0.8]))}
    (row,) = ls.edge(SWEEP | {"training": training}, data=(x, y)).rows
    assert row.relative_difference == pytest.approx(0, abs=2e-9)


def test_what_cannot_be_measured_is_refused() -> None:
    """Flat data have no edge; a range of momentum has no end of them."""
    with pytest.raises(ConfigError, match="the data have no curvature: every learning rate is stable"):
        ls.edge(SWEEP | {"data": {"name": "tutorial", "fit_bias": False}}, data=([0.0, 0.0], [1.0, 2.0]))
    with pytest.raises(ConfigError, match=r"parameters\.momentum: must be declared by value or values"):
        measured({}, parameters={"momentum": {"min": 0, "max": 0.9, "num": 4}})
    many = {"momentum": {"values": [number / 200 for number in range(101)]}}
    with pytest.raises(ConfigError, match=r"parameters: must have at most 100 combinations .*, got 101"):
        measured({}, parameters=many)


def test_the_hint_names_a_fold_that_is_measured() -> None:
    """Folds have an edge each, the one that the refusal tells to take is that of its training rows."""
    declared = SWEEP | {"data": {"name": "tutorial", "holdout": {"folds": 5, "seed": None}}}
    with pytest.raises(ConfigError) as refused:
        ls.edge(declared)
    assert refused.value.complaints[0].hint.endswith("--set parameters.fold=0")
    (row,) = ls.edge(declared, overrides=["parameters.fold=0"]).rows
    rows = DESIGN[6:]
    assert row.largest_stable == pytest.approx(2 * 24 / np.linalg.norm(rows, 2) ** 2, rel=CLOSE)


def test_a_penalty_that_a_sweep_has_is_measured() -> None:
    """One that all trials have moves the edge; several have edges of their own."""
    (row,) = measured({}, parameters={"weight_decay": 1}).rows
    assert row == measured({"weight_decay": 1}).rows[0] != measured({}).rows[0]
    assert row.relative_difference == pytest.approx(0, abs=CLOSE)
    with pytest.raises(ConfigError, match=r"weight_decay: must be the same in all trials, got 0, 1"):
        measured({}, parameters={"weight_decay": {"values": [0, 1]}})
