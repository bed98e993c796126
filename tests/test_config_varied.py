"""Everything declared can vary; the oracles are torch.optim, itertools.product, csv and NumPy."""

import csv
import inspect
import itertools
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

import jsonschema
import numpy as np
import pytest
import torch

from linreg_sweep.config import Config, Sweep, as_mapping, load_config, load_sweep, to_yaml
from linreg_sweep.config.json_schema import json_schema
from linreg_sweep.config.parameters import Points, Steps, Tuples, Values
from linreg_sweep.config.training import OPTIMIZER_KEYS, TrainingConfig, keys_of
from linreg_sweep.config.varied import FIXED, KINDS
from linreg_sweep.errors import ConfigError
from linreg_sweep.optimizers import OPTIMIZERS
from linreg_sweep.trials.space import Space, make_space

DATA = {"name": "tutorial"}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test stands in a folder of its own."""
    monkeypatch.chdir(tmp_path)


def sweep(parameters: Any, method: str = "grid", **more: Any) -> Sweep:
    """Returns a sweep."""
    return load_sweep({"data": DATA, "method": method, "parameters": parameters} | more).config


def space(parameters: Any, method: str = "grid", **more: Any) -> Space:
    """Returns what a sweep varies."""
    return make_space(sweep(parameters, method, **more))


def refused(parameters: Any, method: str = "grid", **more: Any) -> list[str]:
    """Returns what is said about a sweep, hints left out."""
    with pytest.raises(ConfigError) as caught:
        sweep(parameters, method, **more)
    return [str(complaint).partition(". Hint")[0] for complaint in caught.value.complaints]


def shown(of: Space) -> list[tuple[Any, ...]]:
    """Returns the values of every trial in words and numbers; None where its product does not vary them."""
    columns = of.values(0, of.n_trials)
    return [
        tuple(
            None if np.isnan(value) else of.choices[name][int(value)] if name in of.choices else value
            for name, value in zip(columns, row, strict=True)
        )
        for row in zip(*(column.tolist() for column in columns.values()), strict=True)
    ]


@cache
def validator() -> jsonschema.Draft202012Validator:
    """Returns what knows the JSON Schema."""
    return jsonschema.Draft202012Validator(json_schema())


def written_and_read(config: Sweep) -> None:
    """Holds that a sweep's YAML reads back as the same sweep, and that an editor accepts it."""
    text = to_yaml(as_mapping(config))
    Path("config.yaml").write_text(text, encoding="utf-8")
    again = load_sweep("config.yaml").config
    assert again == config
    assert to_yaml(as_mapping(again)) == text
    assert validator().is_valid(as_mapping(config))


# --- optimizers and their keys

TORCH = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "nadam": "NAdam", "rmsprop": "RMSprop"}
TORCH |= {"adagrad": "Adagrad", "adadelta": "Adadelta"}


@pytest.mark.parametrize("optimizer", TORCH)
def test_an_optimizer_has_torchs_keys_and_defaults(optimizer: str) -> None:
    """Of what is not given; what is given, another has as well where it has the key."""
    known = inspect.signature(getattr(torch.optim, TORCH[optimizer])).parameters
    defaults = {name: parameter.default for name, parameter in known.items()}
    betas = defaults.get("betas", (None, None))
    defaults |= {"beta1": betas[0], "beta2": betas[1], "decay_bias": False}
    for key, value in TrainingConfig().of(optimizer):
        assert value == defaults[key], key
    given = TrainingConfig.model_validate({"weight_decay": 0.25, "optimizer": "adamw"})
    assert given.of(optimizer).weight_decay == 0.25


def test_a_key_means_one_kind_of_value_in_all_optimizers() -> None:
    """So that a range of it can be checked before the optimizer is known."""
    for optimizer in OPTIMIZERS.values():
        hints = get_type_hints(optimizer.settings, include_extras=True)
        assert all(hints[key] == OPTIMIZER_KEYS[key] for key in optimizer.settings.model_fields)


def test_a_key_of_no_optimizer_in_use_is_refused_and_told_which_there_are() -> None:
    """At its line; a sweep that varies the optimizer may use it."""
    text = "data: {name: tutorial}\ntraining:\n  beta1: 0.8\n"
    Path("a.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config("a.yaml")
    assert str(caught.value) == (
        "a.yaml:3:3: training.beta1: unknown key: sgd has momentum, nesterov, dampening, weight_decay, "
        "decay_bias. Hint: it is a key of adam, adamw, nadam"
    )
    assert load_config("a.yaml", ["optimizer=nadam"]).config.training.beta1 == 0.8
    training = {"beta1": 0.8, "momentum": 0.5}
    both = sweep({"training.optimizer": {"values": ["sgd", "adam"]}}, training=training)
    assert dict(both.training.of("adam"))["beta1"] == 0.8
    assert dict(both.training.of("sgd"))["momentum"] == 0.5
    assert refused({"optimizer": "adam"}, training=training) == [
        "training.momentum: unknown key: adam has beta1, beta2, eps, amsgrad, weight_decay, decay_bias"
    ]


def test_a_resolved_config_holds_the_keys_of_its_optimizers_and_no_others() -> None:
    """With their values; null where a default differs, so that each optimizer keeps its own."""
    for optimizer in OPTIMIZERS:
        config = load_config({"data": DATA, "training": {"optimizer": optimizer}}).config
        training = as_mapping(config)["training"]
        assert {key for key in training if key in OPTIMIZER_KEYS} == {*keys_of(optimizer)}
        assert None not in {training[key] for key in keys_of(optimizer)}
        assert load_config(as_mapping(config)).config == config
    both = sweep([{"optimizer": {"values": ["sgd", "adamw"]}}, {"optimizer": "rmsprop"}])
    training = as_mapping(both)["training"]
    assert (training["weight_decay"], training["momentum"], training["eps"]) == (None, 0.0, 1e-8)
    assert [both.training.of(name).weight_decay for name in ("sgd", "adamw")] == [0.0, 0.01]
    assert "rho" not in training
    written_and_read(both)


def test_nesterov_needs_momentum_and_no_dampening() -> None:
    """As torch.optim.SGD does, in any trial of a sweep and in a set-up."""
    nesterov = {"nesterov": True, "momentum": 0.9}
    for training, parameters, said in (
        (nesterov, {"dampening": {"values": [0, 0.1]}}, "dampening: must be 0 with nesterov, got 0.1"),
        (nesterov, {"momentum": {"min": 0, "max": 0.5, "num": 2}}, "momentum: must be above 0 with nesterov"),
        ({}, {"nesterov": True}, "nesterov: momentum must be above 0 with nesterov, got 0.0"),
        ({"dampening": 0.5, "momentum": 0.5}, {"nesterov": {"values": [False, True]}}, "dampening must be 0"),
        (
            nesterov | {"dampening": 0.5},
            {"epochs": 5},
            "training.dampening: must be 0 with nesterov, got 0.5",
        ),
    ):
        with pytest.raises(ConfigError, match=said):
            sweep(parameters, training=training)
    for momentum, dampening, is_fine in ((0.0, 0.0, False), (0.9, 0.5, False), (0.9, 0.0, True)):
        row = {"momentum, dampening, nesterov": {"values": [[0, 0, False], [momentum, dampening, True]]}}
        if is_fine:
            assert sweep(row)
            torch.optim.SGD([torch.zeros(1)], lr=1, momentum=momentum, dampening=dampening, nesterov=True)
            continue
        with pytest.raises(ConfigError, match="with nesterov"):
            sweep(row)
        with pytest.raises(ValueError, match="Nesterov"):
            torch.optim.SGD([torch.zeros(1)], lr=1, momentum=momentum, dampening=dampening, nesterov=True)


# --- names


def test_every_key_of_training_but_four_can_vary() -> None:
    """And the seed, and whether data are standardized; by its bare name or with its block before it."""
    assert {*KINDS} == {*TrainingConfig.model_fields, "seed", "standardize"} - {*FIXED}
    for name in KINDS:
        block = "data." if name == "standardize" else "training."
        value = {"schedule": "constant", "average": "none", "loss": "mse", "optimizer": "adam"}.get(name, 0.5)
        if isinstance(value, float):
            value = 5 if KINDS[name].is_whole else value if KINDS[name].is_number else True
        optimizer = next((each for each in OPTIMIZERS if name in keys_of(each)), "sgd")
        training = {"optimizer": optimizer} | ({"momentum": 0.5} if name == "nesterov" else {})
        for key in (name, *([] if name == "seed" else [f"{block}{name}"])):
            found = sweep({key: {"values": [value]}}, training=training)
            assert make_space(found).names == (name,)
            written_and_read(found)
    for name in FIXED:
        assert refused({name: 1}) == [f"parameters.{name}: '{name}' cannot vary"]


def test_numbers_of_the_schedule_vary() -> None:
    """Dotted, or bare where no key of training is called so; of another schedule there are none."""
    schedule = {"name": "cosine", "final": 0.5, "warmup": {"epochs": 3}}
    training = {"schedule": schedule}
    names = ("schedule.final", "schedule.epochs", "schedule.warmup.epochs", "epochs", "schedule.warmup.start")
    given = ("final", "training.schedule.epochs", "schedule.warmup.epochs", "epochs", "warmup.start")
    found = sweep(dict.fromkeys(given, 1), training=training)
    assert make_space(found).names == names
    kinds = [type(vars(parameter)["values"][0]) for parameter in found.parameters.values()]
    assert kinds == [float, int, int, int, float]
    written_and_read(found)
    assert refused({"schedule.gamma": 1, "schedule.final": 2}, training=training) == [
        "parameters.'schedule.gamma': unknown parameter",
        "parameters.'schedule.final': must be at most 1, got 2",
    ]
    assert refused({"schedule.final": 1, "schedule": "constant"}, training=training) == [
        "parameters.schedule: schedule and a number of it cannot both vary"
    ]


def test_one_parameter_is_not_given_twice() -> None:
    """Under both its names, or by itself and with others."""
    said = "parameters.'training.loss': 'loss' is given twice"
    assert refused({"loss": "mse", "training.loss": "sse"}) == [said]
    assert refused({"loss": "mse", "training.loss, seed": {"values": [["sse", 1]]}})[0].endswith(
        "'loss' is given twice"
    )


def test_an_option_for_what_a_sweep_varies_is_refused() -> None:
    """Whatever name either is given, and in whichever product."""
    declared = {
        "data": DATA,
        "method": "grid",
        "training": {"schedule": {"name": "exponential", "gamma": 0.9}},
        "parameters": [
            {"epochs": 5, "schedule.gamma": {"values": [0.5]}},
            {"data.standardize, loss": 0},
        ],
    }
    for option, name in (
        ("training.loss=sse", "loss"),
        ("data.standardize=true", "standardize"),
        ("epochs=4", "epochs"),
        ("training={epochs: 4}", "epochs"),
        ("training.schedule.gamma=0.8", "schedule.gamma"),
    ):
        with pytest.raises(ConfigError, match=f"{name} is varied by the sweep. Hint: set parameters.{name}"):
            load_sweep(declared, [option])


# --- values that are no numbers, and seeds


def test_words_booleans_and_schedules_are_chosen_by_whole_numbers() -> None:
    """Which stand for the declared values, in their order, and have labels."""
    cosine = {"name": "cosine", "final": 0.1}
    declared = {
        "loss": {"values": ["sse", "half_mse"]},
        "shuffle": {"values": [True, False]},
        "schedule": {"values": [cosine, "constant"]},
    }
    made = space(declared)
    assert made.labels == {
        "loss": ("sse", "half_mse"),
        "shuffle": ("true", "false"),
        "schedule": ("cosine(final=0.1)", "constant"),
    }
    assert [row[:2] for row in shown(made)] == [
        row[:2] for row in itertools.product(["sse", "half_mse"], [True, False], [0, 1])
    ]
    assert made.choices["schedule"][0].model_dump() == {**cosine, "warmup": None, "epochs": None}
    assert made.values(0, 2)["schedule"].tolist() == [0.0, 1.0]
    written_and_read(sweep(declared))
    assert sweep({"schedule": cosine}).parameters == {"schedule": Values((made.choices["schedule"][0],))}


def test_values_are_checked_by_the_kind_of_their_field() -> None:
    """Each at its place."""
    assert refused(
        {
            "loss": {"values": ["mse", "mae", "mse"]},
            "shuffle": {"values": [True, 1, "no"]},
            "schedule": {"values": ["constant", {"name": "cosine", "final": 2}, "cosin"]},
            "optimizer": {"min": 1, "max": 2},
        }
    ) == [
        "parameters.loss.values[1]: must be half_mse, mse or sse, got 'mae'",
        "parameters.shuffle.values[1]: must be true or false, got 1",
        "parameters.shuffle.values[2]: must be true or false, got 'no'",
        "parameters.schedule.values[1].final: must be at most 1, got 2",
        "parameters.schedule.values[2]: must be one of the kinds of schedule, or a block of keys with"
        " its name",
        "parameters.optimizer: must be sgd, adam, adamw, nadam, rmsprop, adagrad or adadelta, got "
        "{'min': 1, 'max': 2}",
    ]
    assert refused(
        {"loss": {"values": ["mse", "mse"]}, "schedule": {"values": ["silver", {"name": "silver"}]}}
    ) == [
        "parameters.loss.values[1]: must not repeat a value, got 'mse' again",
        "parameters.schedule.values[1]: must not repeat a value, got {'name': 'silver'} again",
    ]


@pytest.mark.parametrize("method", ["grid", "random"])
def test_seeds_from_min_to_max_are_whole_numbers_with_both_ends(method: str) -> None:
    """Under a grid each of them once; drawn, each equally likely. Other numbers need num or step."""
    more = {"trials": 1000} if method == "random" else {}
    made = space({"seed": {"min": 2, "max": 9}}, method, **more)
    assert sorted({*made.values(0, made.n_trials)["seed"].tolist()}) == [*range(2, 10)]
    if method == "grid":
        assert sweep({"seed": {"min": 2, "max": 9}}).parameters == {"seed": Steps(2, 9, 1)}
        assert sweep({"seed": {"min": 0, "max": 9, "num": 4}}).parameters == {"seed": Points(0, 9, 4)}
        assert refused({"epochs": {"min": 2, "max": 9}}) == ["parameters.epochs: needs num, or step"]
        assert refused({"seed": {"min": 0, "max": 2**53 + 1}})[0].startswith(
            "parameters.seed.max: must be at most"
        )
        written_and_read(sweep({"seed": {"min": 2, "max": 9}}))


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
    assert refused({"epochs, momentum": unit})[0].endswith("unit: goes with learning_rate alone")


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
    assert made.code("optimizer", "sgd") == 1.0
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
                codes = [made.code(name, alone.choices[name][int(code)]) for code in column]
                column = np.array(codes)
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
        "parameters: must make at most 100 trials (max_trials), got 120"
    ]


# --- lists of trials


def listed(text: str, more: str = "", name: str = "trials.csv") -> Sweep:
    """Returns the sweep of a CSV file, in a folder beside that of the sweep."""
    Path("tables").mkdir(exist_ok=True)
    Path("sweeps").mkdir(exist_ok=True)
    Path(f"tables/{name}").write_text(text, encoding="utf-8")
    head = f"data: {{name: tutorial}}\nmethod: list\ntrials: {{path: ../tables/{name}}}\n"
    Path("sweeps/a.yaml").write_text(head + more, encoding="utf-8")
    return load_sweep("sweeps/a.yaml").config


def refusal(text: str, more: str = "") -> list[str]:
    """Returns what is said about a list of trials."""
    with pytest.raises(ConfigError) as caught:
        listed(text, more)
    return [line.partition(". Hint")[0] for line in str(caught.value).splitlines()]


CSV = """learning_rate,training.optimizer,"seed",shuffle,schedule
1e-2,adam,5,true,silver
0.5,sgd,0,false,constant

.25,"adam",7,true,constant
"""


def test_a_list_has_the_trials_of_the_file() -> None:
    """As the csv module reads it, path relative to the sweep; the config needs the file no more."""
    config = listed(CSV)
    made = make_space(config)
    assert made.names == ("learning_rate", "optimizer", "seed", "shuffle", "schedule")
    with open("tables/trials.csv", encoding="utf-8", newline="") as file:  # noqa: PTH123
        rows = [row for row in csv.reader(file) if row][1:]
    for row, (rate, optimizer, seed, shuffle, schedule) in zip(rows, shown(made), strict=True):
        assert [float(row[0]), row[1], float(row[2])] == [rate, optimizer, seed]
        assert (row[3] == "true", row[4]) == (shuffle, schedule.name)
    assert [made.trial(number)["seed"] for number in range(3)] == [5, 0, 7]
    assert made.sample(2)["seed"].shape == (2,)
    Path("tables/trials.csv").unlink()
    written_and_read(config)
    cosine = listed("final,seed\n0.5,1\n0,2\n", "training: {schedule: cosine}\n")
    assert make_space(cosine).trial(0) == {"schedule.final": 0.5, "seed": 1}


def test_a_cell_that_is_missing_or_bad_is_told_with_its_line_and_column() -> None:
    """All of them at once, beside what else is wrong."""
    assert refusal("learning_rate,optimizer\n0.1,adam\n,sgd\n-1,adm\n", "seed: -1\n") == [
        "sweeps/a.yaml:4:7: seed: must be at least 0, got -1",
        "tables/trials.csv:3:1: trials.columns.learning_rate[1]: must have a value",
        "tables/trials.csv:4:1: trials.columns.learning_rate[2]: must be above 0, got -1",
        "tables/trials.csv:4:2: trials.columns.optimizer[2]: must be sgd, adam, adamw, nadam, "
        "rmsprop, adagrad or adadelta, got 'adm'",
    ]
    for text, said in (
        ("learning_rate,lss\n1,2\n", "tables/trials.csv:1:2: trials.columns.lss: unknown parameter"),
        ("learning_rate,loss\n1\n", "tables/trials.csv:2: must have 2 cells, one for each name, got 1"),
        ("learning_rate,learning_rate\n1,2\n", "tables/trials.csv:1: must name each column once"),
        ("learning_rate\n", "tables/trials.csv: must have a line of names and a line for each trial"),
        ("", "tables/trials.csv: must have a line of names and a line for each trial"),
        ("epochs\n010\n", "tables/trials.csv:2:1: a whole number does not start with 0, got 010"),
        ("epochs\n1.5\n", "tables/trials.csv:2:1: trials.columns.epochs[0]: must be a whole number, got 1.5"),
        ('epochs\n"1\n', "tables/trials.csv:2: not readable as CSV"),
        (
            "optimizer,momentum\nadam,0.5\n",
            "tables/trials.csv:2:2: trials.columns.momentum[0]: adam has no momentum",
        ),
        (
            "optimizer,momentum\nadam,\nsgd,\nsgd,0\n",
            "tables/trials.csv:3:2: trials.columns.momentum[1]: must have a value",
        ),
        (
            "optimizer,momentum\nadam,\n",
            "tables/trials.csv:2:2: trials.columns.momentum[0]: must have a value",
        ),
        ("momentum,seed\n,1\n0,2\n", "tables/trials.csv:2:1: trials.columns.momentum[0]: must have a value"),
        ("nesterov,momentum\ntrue,0.5\ntrue,0\n", "sweeps/a.yaml:3:9: trials: momentum must be above 0 with"),
    ):
        (line,) = refusal(text)
        assert line.startswith(said)
    with pytest.raises(ConfigError, match=r"^--set trials.path=no.csv: trials.path: no.csv cannot be read"):
        load_sweep("sweeps/a.yaml", ["trials.path=no.csv"])
    with pytest.raises(ConfigError, match="parameters: does not go with method: list"):
        load_sweep("sweeps/a.yaml", ["parameters.epochs=5"])


def test_an_option_for_a_column_of_a_list_is_refused() -> None:
    """Whichever file the last option names."""
    listed("learning_rate,training.momentum\n0.1,0.5\n")
    with pytest.raises(ConfigError, match=r"^--set momentum=0: .* is varied .*: leave the column out"):
        load_sweep("sweeps/a.yaml", ["momentum=0"])
    Path("tables/b.csv").write_text("learning_rate\n0.1\n", encoding="utf-8")
    load_sweep("sweeps/a.yaml", ["momentum=0", "trials.path=tables/b.csv"])


def test_a_file_of_trials_that_is_too_large_is_not_read() -> None:
    """However few trials it has: here one, and zeros."""
    listed("learning_rate\n1\n")
    with open("tables/trials.csv", "ab") as file:  # noqa: PTH123
        file.truncate(2**28 + 1)
    with pytest.raises(ConfigError, match=r"^sweeps/a.yaml:3:16: trials.path: a file .* 256 MiB at most"):
        load_sweep("sweeps/a.yaml")


def test_of_many_trials_a_config_holds_where_they_are_and_their_checksum() -> None:
    """And refuses a file that has changed."""
    rows = [f"{1 + number / 7!r},{number}" for number in range(6000)]
    config = listed("learning_rate,epochs\n" + "\n".join(rows) + "\n")
    assert make_space(config).values(0, 6000)["learning_rate"].tolist() == [1 + n / 7 for n in range(6000)]
    assert as_mapping(config)["trials"].keys() == {"path", "sha256"}
    written_and_read(config)
    Path("tables/trials.csv").write_text("learning_rate\n1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"^config.yaml:\d+:\d+: trials.sha256: .* has changed since"):
        load_sweep("config.yaml")


# --- the best trial


def test_what_is_best_is_declared() -> None:
    """The earliest to converge, unless another column is named."""
    assert sweep({"epochs": 5}).best.by == "converged_at"
    assert sweep({"epochs": 5}, best={"by": "cost"}).best.by == "cost"
    written_and_read(sweep({"epochs": 5}, best={"by": "average_cost"}))
    assert refused({"epochs": 5}, best={"by": "costs"}) == [
        "best.by: must be converged_at, cost or average_cost, got 'costs'"
    ]


def test_a_config_varies_nothing() -> None:
    """It is a product of one trial."""
    config: Config = load_config({"data": DATA}).config
    assert (make_space(config).n_trials, make_space(config).names, config.optimizers) == (1, (), ("sgd",))


def test_the_schema_tells_each_key_once_with_the_optimizers_that_have_it() -> None:
    """For editors, from the sentences of the optimizers."""
    keys = json_schema()["$defs"]["TrainingConfig"]["properties"]
    assert re.match("sgd, rmsprop: .*kept", keys["momentum"]["description"])
    assert keys["beta1"]["description"].startswith("adam, adamw, nadam: ")
