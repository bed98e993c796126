"""Trials of one problem with numbers of their own, for what theory says of rules."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.engines.interface import TrainOptions, Trials
from linreg_sweep.method import Method
from linreg_sweep.theory.problem import Problem

Floats = NDArray[np.float64]

FACTS = json.loads((Path(__file__).parent / "facts" / "reference.json").read_text())

S1 = {name: np.array(FACTS["data"]["S1"]["inline"][name]) for name in "xy"}


def numbers(**values: float) -> dict[str, Floats]:
    """Returns the numbers of one trial, those not given being 0."""
    names = ("learning_rate", "momentum", "dampening", "weight_decay")
    return {name: np.array([values.get(name, 0.0)]) for name in names}


def one_trial(problem: Problem, values: Mapping[str, Floats], epochs: int, decay_bias: bool = True) -> Trials:
    """Returns a trial that starts at zero."""
    quadratic = problem.penalised(values["weight_decay"], decay_bias)
    return Trials(np.zeros((1, *problem.shape)), np.array([epochs]), dict(values), quadratic)


def endless(method: Method, **others: Any) -> TrainOptions:
    """Returns options under which nothing ends before its last epoch."""
    return TrainOptions(-1.0, np.array([np.inf]), method, early_stop=False, **others)


def of_many(count: int, **varied: Floats) -> dict[str, Floats]:
    """Returns the numbers of trials, those not given being 0 (the learning rate: 1)."""
    values = {name: np.zeros(count) for name in ("momentum", "dampening", "weight_decay")}
    return {"learning_rate": np.ones(count), **values, **varied}
