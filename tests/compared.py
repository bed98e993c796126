"""Runs of a small sweep with changes, to be compared."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import linreg_sweep as ls
from linreg_sweep.runs.results import Run
from linreg_sweep.storage.parquet import read_arrays
from tests.words import encoded

ROOT = Path(__file__).parents[1]

RATES = {"values": [0.0005, 0.001, 0.002, 0.003, 0.005, 0.0063, 0.0064]}

WEIGHTS = {"min": -10, "max": 10, "num": 5}

Make = Callable[..., Run]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Runs a small sweep with changes to it, in a part size that differs from run to run."""
    made: list[Run] = []

    def run(**changes: Any) -> Run:
        part_size = changes.pop("part_size", (4, 9, 35)[len(made) % 3])
        sweep = {
            "name": f"run{len(made)}",
            "data": {"name": "tutorial"},
            "method": "grid",
            "training": {"epochs": 4000} | changes.pop("training", {}),
            "parameters": changes.pop("parameters", {"learning_rate": RATES, "initial_weight": WEIGHTS}),
        } | changes
        made.append(ls.run(sweep, out=tmp_path / "results", jobs=1, part_size=part_size))
        return made[-1]

    return run


def nudged(run: Run, trial: int, column: str) -> None:
    """Changes the last bit of a number in a run's files."""
    part, row = divmod(trial, run.metadata["part_size"])
    file = run.store.part(run.store.trials, part)
    columns = {name: values.copy() for name, values in read_arrays(file).items()}
    columns[column][row] = np.nextafter(columns[column][row], np.inf)
    file.write_bytes(encoded(columns))
