"""Keys of optimizers in configs: which there are, and where they may stand; the oracle is torch.optim."""

import inspect
import re
from pathlib import Path
from typing import get_type_hints

import pytest
import torch

from linreg_sweep.config import as_mapping, load_config
from linreg_sweep.config.json_schema import json_schema
from linreg_sweep.config.training import OPTIMIZER_KEYS, TrainingConfig, keys_of
from linreg_sweep.errors import ConfigError
from linreg_sweep.optimizers import OPTIMIZERS
from tests.varied import DATA, own_folder, refused, sweep, written_and_read

__all__ = ["own_folder"]

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


def test_the_schema_tells_each_key_once_with_the_optimizers_that_have_it() -> None:
    """For editors, from the sentences of the optimizers."""
    keys = json_schema()["$defs"]["TrainingConfig"]["properties"]
    assert re.match("sgd, rmsprop: .*kept", keys["momentum"]["description"])
    assert keys["beta1"]["description"].startswith("adam, adamw, nadam: ")
