"""A run whose hyperparameters are words, or missing: a small run whose columns are made to be such."""

import json
from pathlib import Path
from typing import Any

import numpy as np

import linreg_sweep as ls
from linreg_sweep.column_types import ColumnType
from linreg_sweep.storage.layout import TRIALS
from linreg_sweep.storage.parquet import encode, read_arrays
from tests.small_run import facts_of

SWEEP: dict[str, Any] = {
    "name": "worded",
    "data": {"name": "tutorial"},
    "method": "grid",
    "training": {"epochs": 400},
    "parameters": {
        "momentum": {"values": [0.0, 0.1, 0.2]},
        "batch_size": {"values": [29, 30]},
        "initial_bias": {"values": [-1, 0, 1, 2]},
        "learning_rate": {"values": [0.001, 0.005, 0.006, 0.007]},
    },
}

OPTIMIZERS = ("sgd", "=adam", "rms prop")
SCHEDULES = ("constant", "{name: cosine, final: 0.01}")


def worded(out: Path, optimizers: tuple[str, ...] = OPTIMIZERS, **changes: Any) -> ls.Run:
    """Returns a run of 96 trials in four parts, over an optimizer, a schedule, a number that may be missing.

    What momentum, batch_size and initial_bias were in training are the columns `optimizer` and `schedule`,
    words, and `schedule.gamma`, which is missing where it was -1.
    """
    run = ls.run(SWEEP | changes, out=out, jobs=1, part_size=25)
    names = {"momentum": "optimizer", "batch_size": "schedule", "initial_bias": "schedule.gamma"}
    told = json.loads(json.dumps(run.metadata))
    for key in ("varied", "hyperparameters"):
        told[key] = [names.get(name, name) for name in told[key]]
    told["spans"] = {"learning_rate": told["spans"]["learning_rate"]}
    types = {
        "optimizer": ColumnType("words", optimizers, "hyperparameter"),
        "schedule": ColumnType("words", SCHEDULES, "hyperparameter"),
        "schedule.gamma": ColumnType("number", role="hyperparameter"),
    }
    for column in told["columns"]["trials"]:
        if column["name"] in names:
            name = names[column["name"]]
            column |= types[name].as_json(name)
    kinds = {names.get(name, name): type_ for name, type_ in run.types.items()} | types
    for number in range(run.n_parts):
        part = run.store.part(run.store.trials, number)
        columns = {
            names.get(name, name): values
            for name, values in read_arrays(part, None, run.layout(TRIALS)).items()
        }
        columns["optimizer"] = np.rint(columns["optimizer"] * 10).astype(np.int8)
        columns["schedule"] = np.asarray(columns["schedule"] - 29, np.int8)
        gamma = np.asarray(columns["schedule.gamma"], np.float64)
        columns["schedule.gamma"] = np.where(gamma == -1, np.nan, gamma)
        part.write_bytes(encode(columns, facts_of(part), kinds))
    best = dict(zip(told["best"], told["best"].values(), strict=True))
    told["best"] = {names.get(name, name): cell for name, cell in best.items()}
    told["best"] |= {"optimizer": optimizers[0], "schedule": SCHEDULES[1], "schedule.gamma": None}
    run.store.write_metadata(told)
    return ls.load(str(run.path))
