"""Numbers that mpmath, torch and scikit-learn give, met by the whole tool as a person would declare them.

Every entry of facts/reference.json is either held to here, or stands with a reason in ELSEWHERE.
"""

import json
import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import linreg_sweep as ls

Entry = dict[str, Any]
Floats = NDArray[np.float64]

FACTS = json.loads((Path(__file__).parent / "facts" / "reference.json").read_text())
ENTRIES: dict[str, Entry] = {entry["id"]: entry for entry in FACTS["entries"]}
S1 = (np.array(FACTS["data"]["S1"]["inline"]["x"]), np.array(FACTS["data"]["S1"]["inline"]["y"]))

ELSEWHERE = {
    r"cyclic/limit/": "tests/test_epoch_map.py holds limits to it",
    r"(iid|anyorder)/": "tests/test_in_the_mean.py holds theory to it",
    r"avg/iid/": "nothing is told of averages of drawn batches",
    r"(kfold|heldout)/": "no rows can be held out yet",
    r"avg/S1/EMA decay 0\.[45]/": "the average that can be declared begins with the first state, as torch's",
    r"decoupled/": "no linear optimizer decouples the penalty from its momentum",
    r"sched/OneCycleLR/40": "one_cycle is made of cosines, not of straight lines",
}
"""Why the entries whose ids begin so cannot be expressed."""

SCHEDULES: dict[str, Any] = {
    "sched_cos": {"name": "cosine"},
    "sched_exp": {"name": "exponential", "gamma": 0.9},
    "sched_step_nest": {"name": "step", "every": 10, "gamma": 0.5},
    "sched_warm": {"name": "cosine", "warmup": {"epochs": 5, "start": 0.1}},
    "sched_1c": {"name": "one_cycle"},
    "sched_batch": {"name": "cosine"},
    "adam_cos": {"name": "cosine"},
}
"""Those of the optimizers' entries."""

ALONE = ("momentum", "dampening", "nesterov", "amsgrad", "weight_decay", "batch_size")
"""Keys that the entries call as the tool does."""

SETTLED = {"ridge": 150, "cyclic": 500}
"""Epochs after which a trial has come to rest."""


def elsewhere(name: str) -> str | None:
    """Returns why an entry cannot be expressed; None: it is held to here."""
    return next((why for begins, why in ELSEWHERE.items() if re.match(begins, name)), None)


def trial_of(entry: Entry) -> dict[str, Any]:
    """Returns the hyperparameters of the trial that has an entry's number."""
    kind, name = entry["id"].split("/")[:2]
    said = entry["settings"]
    keys = {key: said[key] for key in ALONE if key in said}
    rate = {"half_mse": 0.5, "sse": 0.06}.get(said["loss"])  # of a penalty's entries, which say none
    keys["learning_rate"] = said.get("lr", said.get("learning_rate", rate))
    keys["epochs"] = said.get("epochs", SETTLED.get(kind))
    keys["loss"] = said["loss"]
    keys["optimizer"] = said.get("optimizer", "torch.optim.SGD").rsplit(".", 1)[1].lower()
    if "rows" in said.get("batch", ""):
        keys["batch_size"] = 3
    if "weight_decay" in said:
        spared = said.get("bias", "").find("not penalised") >= 0 or said.get("bias_penalised") is False
        keys["decay_bias"] = not spared
    if name in SCHEDULES:
        keys["schedule"] = SCHEDULES[name]
    if "standardize_x" in said:
        keys["data.standardize"] = said["standardize_x"]
    average = said.get("average", "none")
    if average.startswith("mean"):
        keys["average"] = {"kind": "mean", "from": said["epochs"] // 2 if "T/2" in average else 0}
    elif average.startswith("EMA"):
        keys["average"] = {"kind": "ema", "decay": 0.9}
    return keys


def excess_of(row: pd.Series) -> float:
    """Returns the cost of the averaged state above that of least squares, as a sum of squares."""
    design = np.column_stack([S1[0], np.ones(len(S1[0]))])
    averaged = np.array([[row[f"average_{name}"]] for name in ("weight_x1", "weight_x2", "bias")])
    best = np.linalg.lstsq(design, S1[1], rcond=None)[0]
    return float(((design @ (averaged - best)) ** 2).mean())


def found_in(row: pd.Series, entry: Entry) -> float:
    """Returns an entry's number as the row of its trial has it."""
    kind, *_, what = entry["id"].split("/")
    averaged = "average_" if trial_of(entry).get("average") else ""
    if what.startswith("limit"):
        return float(row["learning_rate"] / row["stability_ratio"])
    if kind == "cyclic":
        return float(row["excess_cost"])
    if what == "ex":
        return excess_of(row)
    if kind == "ridge" and what == "cost":
        return float(row["cost_at_optimum"])
    if what == "cost":
        return float(row["cost"])
    column = "weight_x1" if what in ("w0", "w", "theta") else "bias"
    return float(row[f"{averaged}{column}"])


def is_of_s1(name: str) -> bool:
    """Returns whether an entry is a number of a trial on the data S1."""
    return elsewhere(name) is None and not name.startswith(("sched/", "cheb/", "silver/"))


OF_TRIALS = [name for name in ENTRIES if is_of_s1(name)]
LINEAR = [
    name
    for name in OF_TRIALS
    if trial_of(ENTRIES[name])["optimizer"] == "sgd" and "batch_size" not in trial_of(ENTRIES[name])
]
SHORT = [name for name in OF_TRIALS if not name.startswith("cyclic/")]
"""Those that torch's autograd can be awaited for."""

NAMES = {"numpy": OF_TRIALS, "torch": SHORT, "closed_form": LINEAR}


def run_of(parameters: Any, arrays: Any, **blocks: Any) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Returns the trials of a grid and, where it keeps one, its history."""
    declared = {"name": "references", "method": "grid", "parameters": parameters, **blocks}
    with TemporaryDirectory() as folder:
        run = ls.run(declared, data=arrays, out=folder, jobs=1)
        assert run.finished
        return run.trials, run.history if "history" in blocks else None


@cache
def union(engine: str) -> dict[str, pd.Series]:
    """Returns the row of every entry's trial: all of an engine are one sweep, a union of products of one."""
    trials = {name: trial_of(ENTRIES[name]) for name in NAMES[engine]}
    different = list({json.dumps(trial): trial for trial in trials.values()}.values())
    products = [{key: {"values": [value]} for key, value in trial.items()} for trial in different]
    training = {"engine": engine, "early_stop": False}
    rows, _ = run_of(products, S1, training=training)
    return {name: rows.iloc[different.index(trial)] for name, trial in trials.items()}


def meets(entry: Entry, found: float) -> bool:
    """Returns whether a number is an entry's, within its tolerance."""
    expected, tolerance = float(entry["value"]), float(entry["tolerance"]["rel"])
    return abs(found - expected) <= tolerance * abs(expected)


@pytest.mark.parametrize(("engine", "name"), [(engine, name) for engine in NAMES for name in NAMES[engine]])
def test_a_sweep_of_all_has_each_number(engine: str, name: str) -> None:
    """States, costs, penalised optima, averages, limits and plateaus of trials that share one run."""
    found = found_in(union(engine)[name], ENTRIES[name])
    assert meets(ENTRIES[name], found), f"got {found!r}, must be {ENTRIES[name]['value']}"


ALONE_TOO = list({json.dumps(trial_of(ENTRIES[name])): name for name in SHORT}.values())[1::4]


@pytest.mark.parametrize("name", ALONE_TOO)
def test_a_config_alone_has_the_same_trial(name: str) -> None:
    """What a trial has in a union of fifty others a config that declares it alone has, to the bit."""
    trial = trial_of(ENTRIES[name])
    standardize = trial.pop("data.standardize", False)
    alone = ls.train({"data": {"standardize": standardize}, "training": trial}, data=S1).last
    row = union("numpy")[name]
    columns = [column for column in alone if column.startswith(("weight", "bias", "cost", "average_"))]
    assert {"weight_x1", "bias", "cost"} <= {*columns}
    assert {column: alone[column][0] for column in columns} == dict(row[columns])


GROWING = (np.array([[1e-9], [2e-9]]), np.array([[1e9], [2e9]]))
"""Data whose gradient is the same wherever a state is, to the last digit: half_mse, no bias."""

SLOPE = 2.5
"""Minus that gradient: each epoch moves the weight by its learning rate times this."""

BASE = 0.1

LINE = {"epochs": 5, "start": 0.1}
RATES: dict[str, dict[str, Any]] = {
    "StepLR": {"name": "step", "every": 7, "gamma": 0.3},
    "ExponentialLR": {"name": "exponential", "gamma": 0.97},
    "CosineAnnealingLR/50/0.0": {"name": "cosine", "epochs": 50},
    "CosineAnnealingLR/50/0.001": {"name": "cosine", "epochs": 50, "final": 0.01},
    "CosineAnnealingLR/1000/0.0": {"name": "cosine", "epochs": 1000},
    "LinearLR": {"name": "constant", "warmup": {"epochs": 10, "start": 0.1}},
    "PolynomialLR": {"name": "polynomial", "epochs": 40, "power": 2.0},
    "LambdaLR/1/(1+t/t0)": {"name": "inverse_time", "t0": 12.5},
    "LambdaLR/1/(t+1)**0.25": {"name": "power", "power": 0.25},
    "SequentialLR/ExponentialLR(.9)": {"name": "exponential", "gamma": 0.9, "warmup": LINE},
    "SequentialLR/CosineAnnealingLR(T_max=20)": {"name": "cosine", "epochs": 20, "warmup": LINE},
    "SequentialLR/StepLR(4,.5)": {"name": "step", "every": 4, "gamma": 0.5, "warmup": LINE},
    "OneCycleLR": {"name": "one_cycle", "epochs": 50},
}
"""Torch's schedulers as the tool declares them."""


def schedule_of(entry: Entry) -> dict[str, Any]:
    """Returns the schedule of an entry."""
    said = entry["settings"]
    named = (str(said[key]) for key in ("T_max", "eta_min", "formula", "then") if key in said)
    return RATES["/".join([said["scheduler"], *named])]


OF_RATES = [name for name in ENTRIES if name.startswith("sched/") and elsewhere(name) is None]


@cache
def rates() -> dict[str, float]:
    """Returns the learning rate of each entry's epoch, as the weight's step in it over the slope.

    A difference of states far from 0 has lost its digits. So every trial is trained twice: up to its epoch
    from 0, which says how far it goes, and again from as far below 0, so that its step is all that it has.
    """
    pairs = [(schedule_of(ENTRIES[name]), int(ENTRIES[name]["settings"]["epoch"])) for name in OF_RATES]
    key = "schedule, epochs, initial_weight"
    blocks = {"data": {"fit_bias": False}, "training": {"early_stop": False, "learning_rate": BASE}}

    def ends(starts: list[float], more: int) -> Floats:
        values = [[schedule, t + more, start] for (schedule, t), start in zip(pairs, starts, strict=True)]
        return run_of({key: {"values": values}}, GROWING, **blocks)[0]["weight"].to_numpy()

    starts = (-ends([0.0] * len(pairs), 0)).tolist()
    return dict(zip(OF_RATES, (ends(starts, 1) - ends(starts, 0)) / SLOPE, strict=True))


@pytest.mark.parametrize("name", OF_RATES)
def test_a_trial_has_the_rate_of_its_epoch(name: str) -> None:
    """Torch's schedulers, warm-ups among them, as the states of trials show them."""
    assert meets(ENTRIES[name], rates()[name]), f"got {rates()[name]!r}, must be {ENTRIES[name]['value']}"


@cache
def steps(schedule: str, rate: float, curvatures: tuple[float, float], epochs: int) -> Floats:
    """Returns what is left of the errors [epochs + 1, 2] of a trial along two curvatures, optimum at 0."""
    x = np.diag(np.sqrt(2 * np.array(curvatures)))
    blocks = {
        "data": {"fit_bias": False},
        "training": {"early_stop": False, "schedule": schedule, "initial_weight": 1, "epochs": epochs},
        "history": {"every": 1},
        "outcome": {"divergence": 1e300},
    }
    _, history = run_of({"learning_rate": rate}, (x, np.zeros((2, 1))), **blocks)
    assert history is not None
    return history[["weight_x1", "weight_x2"]].to_numpy()


OF_STEPS = [name for name in ENTRIES if name.startswith(("cheb/", "silver/"))]


@pytest.mark.parametrize("name", OF_STEPS)
def test_chebyshev_and_silver_steps_are_as_published(name: str) -> None:
    """Single steps, and what a cycle leaves of the worst error, as the states of a trial show them."""
    said, what = ENTRIES[name]["settings"], name.split("/")[-1]
    if name.startswith("cheb"):
        low, high, epochs = said["mu"], said["L"], said["N"]
        left = steps("chebyshev", 2 / (low + high), (low, high), epochs)
        taken = (1 - left[1:] / left[:-1]) / [low, high]
        worst = np.abs(left[-1] / left[0]).max()
        found = {"last": taken[:, 0].max(), "first": taken[:, 1].min()}.get(what, worst)
    else:
        left = steps("silver", 1.0, (1.0, 0.5), 63)
        steps_taken = 1 - left[1:, 0] / left[:-1, 0]
        found = left[-1, 1] / left[0, 1] if "prod" in name else steps_taken[said["i"] - 1]
    assert meets(ENTRIES[name], found), f"got {found!r}, must be {ENTRIES[name]['value']}"


def test_no_entry_is_passed_over() -> None:
    """Each of the 191 is held to by one test, or is among those that cannot be expressed."""
    told = [name for name in ENTRIES if elsewhere(name) is not None]
    assert sorted([*OF_TRIALS, *OF_RATES, *OF_STEPS, *told]) == sorted(ENTRIES)
    assert len(ENTRIES) == FACTS["count"] == 191
    assert all(any(re.match(begins, name) for name in ENTRIES) for begins in ELSEWHERE)
    assert len(told) == 64
