"""A grid and a random sweep of many parts, and what is the same of two runs of one sweep."""

from pathlib import Path
from typing import Any

import pandas as pd

import linreg_sweep as ls

GRID: dict[str, Any] = {
    "name": "grid",
    "data": {"name": "tutorial"},
    "method": "grid",
    "training": {"epochs": 120},
    "history": {"every": "log"},
    "parameters": {
        "learning_rate": {"min": 1e-4, "max": 1e-2, "num": 21, "scale": "log"},
        "initial_weight": {"min": -10, "max": 10, "step": 5},
        "momentum": {"values": [0, 0.5]},
    },
}

RANDOM: dict[str, Any] = {
    "name": "random",
    "data": {"name": "tutorial"},
    "method": "random",
    "trials": 150,
    "seed": 7,
    "training": {"epochs": 60, "order": "reshuffle"},
    "history": {"every": 25},
    "parameters": {
        "learning_rate": {"min": 1e-4, "max": 1e-2, "scale": "log"},
        "initial_weight": {"distribution": "normal", "mu": 0, "sigma": 3},
        "batch_size": {"values": [7, 30]},
        "epochs": {"min": 20, "max": 60},
    },
}


def assert_same_run(one: ls.Run, other: ls.Run) -> None:
    """Asserts that two runs have the same tables, to the bit."""
    pd.testing.assert_frame_equal(one.trials, other.trials, check_exact=True)
    pd.testing.assert_frame_equal(one.history, other.history, check_exact=True)
    for name in one.trials.select_dtypes("float64"):
        assert one.trials[name].to_numpy().tobytes() == other.trials[name].to_numpy().tobytes()
    assert (one.path / "summary.csv").read_bytes() == (other.path / "summary.csv").read_bytes()
    assert (one.path / "config.yaml").read_bytes() == (other.path / "config.yaml").read_bytes()
    assert one.path.name == other.path.name
    for key in ("outcomes", "best", "data"):
        assert one.metadata[key] == other.metadata[key]


def parts_of(run: ls.Run) -> dict[Path, tuple[bytes, int]]:
    """Returns the content and time of every part."""
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in sorted(run.path.glob("*/part-*"))}
