"""What varies together, and products one after the other; the oracles are itertools.product and NumPy."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from linreg_sweep.config.parameters import Tuples, Values
from linreg_sweep.errors import ConfigError
from tests.varied import own_folder, refused, shown, space, sweep, validator, written_and_read

__all__ = ["own_folder"]


# --- what belongs together


def test_parameters_that_belong_together_are_one_axis() -> None:
    """Rows stay rows, among other axes."""
    rows = [[0.1, 0.0, "sgd"], [0.01, 0.9, "rmsprop"]]
    declared = {
        "epochs": {"values": [5, 6]},
        "learning_rate, training.momentum,optimizer": {"values": rows},
        "loss": {"values": ["mse", "sse"]},
    }
    product = itertools.product([5.0, 6.0], rows, ["mse", "sse"])
    assert shown(space(declared)) == [(epochs, *row, loss) for epochs, row, loss in product]
    found = sweep(declared)
    assert found.products[0]["learning_rate, momentum, optimizer"] == Tuples(
        ("learning_rate", "momentum", "optimizer"), tuple(map(tuple, rows))
    )
    written_and_read(found)
    drawn = shown(space(declared, "random", trials=200))
    assert {row[1:4] for row in drawn} == {*map(tuple, rows)}


def test_rows_are_checked_cell_by_cell() -> None:
    """Each at its place; the unit goes with a learning rate."""
    key = "learning_rate, momentum"
    rows = [[0.1, 0], [0, 1], [0.1], [0.1, 0]]
    assert refused({key: {"values": rows}}) == [
        f"parameters.'{key}'.values[1][0]: must be above 0, got 0",
        f"parameters.'{key}'.values[1][1]: must be below 1, got 1",
        f"parameters.'{key}'.values[2]: must be a list of 2, one for each name, got [0.1]",
        f"parameters.'{key}'.values[3]: must not repeat a row, got [0.1, 0] again",
    ]
    assert refused({key: 5}) == [f"parameters.'{key}': must have values, a list of rows, got 5"]
    with_unit = sweep({key: {"values": [[0.5, 0]], "unit": "stability_limit"}})
    assert with_unit.parameters["learning_rate"] == Values((0.5,), "stability_limit")
    assert with_unit.parameters["momentum"] == Values((0.0,))
    written_and_read(with_unit)
    unit = {"values": [[1, 0]], "unit": "stability_limit"}
    assert refused({"epochs, momentum": unit})[0].endswith("unit: applies to learning_rate only")


# --- unions of products


UNION = [
    {"learning_rate": {"min": 0.1, "max": 1, "num": 3, "scale": "log"}, "momentum": {"values": [0, 0.9]}},
    {"optimizer": "adam", "learning_rate": {"values": [0.01, 0.02]}, "beta1": {"values": [0.8, 0.9]}},
]


def union() -> Iterator[tuple[Any, ...]]:
    """Yields the trials of the union by itertools: learning rate, momentum, optimizer, beta1."""
    for rate, momentum in itertools.product(np.geomspace(0.1, 1, 3).tolist(), [0.0, 0.9]):
        yield rate, momentum, None, None
    for rate, beta1 in itertools.product([0.01, 0.02], [0.8, 0.9]):
        yield rate, None, "adam", beta1


def test_a_list_of_mappings_is_one_product_after_the_other() -> None:
    """What a trial's product does not vary is unknown; any stretch has the bits of the whole."""
    made = space(UNION)
    assert made.names == ("learning_rate", "momentum", "optimizer", "beta1")
    assert made.products == (("learning_rate", "momentum"), ("optimizer", "learning_rate", "beta1"))
    assert shown(made) == [*union()]
    assert made.ends("learning_rate") == (0.01, 1.0)
    whole = made.values(0, made.n_trials)
    for start, stop in itertools.combinations(range(made.n_trials + 1), 2):
        for name, column in made.values(start, stop).items():
            assert column.tobytes() == whole[name][start:stop].tobytes()
    assert made.choices == {"optimizer": ("adam", "sgd")}
    written_and_read(sweep(UNION))
    assert validator().is_valid({"extends": "a.yaml", "method": "grid", "parameters": UNION})


def test_random_trials_take_turns_between_products() -> None:
    """Trial i of m products belongs to product i mod m; draws are those of each product alone."""
    products = [
        {"learning_rate": {"min": 0.1, "max": 1}, "momentum": {"min": 0, "max": 0.9}},
        {"optimizer": "adam", "learning_rate": {"min": 0.01, "max": 0.1, "scale": "log"}},
        {"optimizer": {"values": ["rmsprop", "adagrad"]}},
    ]
    made = space(products, "random", trials=20, seed=3)
    whole = made.values(0, 20)
    for place, product in enumerate(products):
        alone = space(product, "random", trials=20, seed=3)
        for name, column in alone.values(0, 20).items():
            if name in made.choices:
                codes = [made.choices[name].index(alone.choices[name][int(code)]) for code in column]
                column = np.array(codes, np.float64)
            assert whole[name][place::3].tobytes() == column[place::3].tobytes()
        for name in set(made.names) - set(alone.names):
            assert np.isnan(whole[name][place::3]).all()
    many = space(products, "random", trials=100, seed=3).values(0, 100)
    assert all(many[name][:20].tobytes() == whole[name].tobytes() for name in whole)
    for start, stop in itertools.combinations(range(21), 2):
        for name, column in made.values(start, stop).items():
            assert column.tobytes() == whole[name][start:stop].tobytes()
    written_and_read(sweep(products, "random", trials=20))


def test_a_sample_of_a_union_has_trials_of_each_product() -> None:
    """Each in its share, whatever the size."""
    axis = {"min": 0, "max": 1, "num": 10**6}
    made = space(
        [{"initial_weight": axis, "initial_bias": axis, "momentum": 0.5}, {"initial_weight": axis}],
        max_trials=10**15,
    )
    assert made.n_trials == 10**12 + 10**6
    taken = made.sample(1000)
    assert (~np.isnan(taken["momentum"])).sum() == 1000
    assert len(np.unique(taken["initial_weight"])) > 900


def test_a_product_names_keys_of_its_own_optimizers() -> None:
    """By its own optimizer, else the set-up's; the hint says how to separate them."""
    both, sgd = {"values": ["sgd", "adam"]}, "momentum, nesterov, dampening, weight_decay, decay_bias"
    assert refused(
        [{"optimizer": "adam", "momentum": 0.5}, {"optimizer": both, "beta1": 0.5}, {"rho": 0.5}]
    ) == [
        "parameters[0].momentum: adam has no momentum: adam has beta1, beta2, eps, amsgrad, weight_decay, "
        "decay_bias",
        f"parameters[1].beta1: sgd has no beta1: sgd has {sgd}",
        f"parameters[2].rho: sgd has no rho: sgd has {sgd}",
    ]
    with pytest.raises(ConfigError, match="Hint: write a list of mappings"):
        sweep({"optimizer": both, "beta1": 0.5})
    assert sweep([{"rho": 0.5}], training={"optimizer": "adadelta"})


def test_faults_of_a_union_have_their_place() -> None:
    """The product, then the parameter; and all products together make the trials."""
    assert refused([{"epochs": 5}, 3, {}, {"epochs": {"min": 2}}]) == [
        "parameters[1]: must be a block of at least one parameter, got 3",
        "parameters[2]: must be a block of at least one parameter, got {}",
        "parameters[3].epochs: needs max and num, or max and step",
    ]
    assert refused([]) == ["parameters: must be a block of at least one parameter, got []"]
    half = {"epochs": {"min": 1, "max": 60, "step": 1}}
    assert refused([half, half], max_trials=100) == [
        "parameters: must give at most 100 trials (max_trials), got 120"
    ]


@pytest.mark.parametrize("method", ["grid", "random"])
def test_a_schedule_in_a_list_needs_its_keys(method: str) -> None:
    """Wherever it stands in the list, and alone."""
    for values, place in ((["constant", "step"], 1), (["step"], 0), (["step", "silver"], 0)):
        more = {"trials": 4} if method == "random" else {}
        assert refused({"schedule": {"values": values}, "epochs": 5}, method, **more) == [
            f"parameters.schedule.values[{place}].every: is required"
        ]
