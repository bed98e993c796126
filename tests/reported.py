"""A small run to report on, its page taken apart, and what pandas says of its map."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import linreg_sweep as ls
from linreg_sweep.runs.results import Run
from linreg_sweep.theory.outcome import OUTCOMES
from tests.pages import Page

SWEEP: dict[str, Any] = {
    "name": "told",
    "data": {"name": "tutorial"},
    "method": "grid",
    "training": {"epochs": 8000},
    "parameters": {
        "learning_rate": {"values": [0.0005, 0.001, 0.003, 0.005, 0.0063, 0.0064, 1e200]},
        "initial_weight": {"min": -10, "max": 10, "num": 5},
        "initial_bias": {"values": [0, 5]},
    },
}

HOSTILE = "</script><img src=x onerror=alert(1)>"


def made(tmp_path: Path, **changes: Any) -> Run:
    """Runs the sweep with these changes."""
    return ls.run(SWEEP | changes, out=tmp_path, jobs=1, part_size=9)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Seven rates, five weights, two biases: every outcome is among them, infinities and NaN too."""
    return ls.run(SWEEP, out=tmp_path_factory.mktemp("told"), jobs=1, part_size=9)


def page_of(tmp_path: Path, *runs: Run) -> Page:
    """Returns the page of some runs, taken apart."""
    return Page(ls.report(*runs, file=tmp_path / "page.html").read_text(encoding="utf-8"))


def cells_by_pandas(run: Run, x: str, y: str) -> pd.DataFrame:
    """Returns what the cells of a map hold, by pandas: one row a pair of values."""
    trials = run.trials.assign(
        came=run.trials["converged_at"].where(run.trials["outcome"] == "converged").astype("float64"),
        **{name: run.trials["outcome"] == name for name in OUTCOMES},
    )
    return trials.groupby([y, x]).agg(
        trials=("trial", "size"),
        **{name: (name, "sum") for name in OUTCOMES},
        median_converged_at=("came", "median"),
        best_cost=("cost", "min"),
        first_trial=("trial", "min"),
    )


def hostile(tmp_path: Path) -> Run:
    """Returns a run whose name, data, columns and notes would all run as HTML."""
    sweep = SWEEP | {"training": {"epochs": 3}, "parameters": {"learning_rate": {"values": [0.1, 0.2]}}}
    table = pd.DataFrame({HOSTILE: [1.0, 2.0, 3.0], "b": [1.0, 0.0, 5.0], f"y{HOSTILE}": [1.0, 2.0, 2.0]})
    del sweep["data"]
    run = ls.run(sweep, data=(table[[HOSTILE, "b"]], table[f"y{HOSTILE}"]), out=tmp_path, jobs=1)
    metadata = json.loads(run.store.metadata.read_text(encoding="utf-8"))
    metadata["data"] |= {"source": HOSTILE, "notes": [HOSTILE]}
    metadata["versions"][HOSTILE] = HOSTILE
    run.store.write_metadata(metadata)
    loaded = ls.load(run.path)
    loaded.metadata["name"] = HOSTILE  # refused where it is read: the page is not to rely on that
    return loaded
