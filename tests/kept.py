"""A small run of five parts that something may happen to, and what of it is the same whoever made it."""

import shutil
from pathlib import Path
from typing import Any

import pytest

import linreg_sweep as ls
from linreg_sweep.storage import files

SWEEP: dict[str, Any] = {
    "name": "kept",
    "data": {"name": "tutorial"},
    "method": "grid",
    "training": {"epochs": 50},
    "history": {"every": 25},
    "parameters": {
        "learning_rate": {"min": 1e-4, "max": 1e-2, "num": 10, "scale": "log"},
        "initial_weight": {"min": -10, "max": 10, "num": 4},
    },
}
"""40 trials; in parts of 8, five."""

TRANSIENT = ("run.log", "status.json", "run.lock", "metadata.json")
"""Files that tell of times and processes."""


def made(out: Path | str, **options: Any) -> ls.Run:
    """Returns a run of the sweep, finished or not."""
    return ls.run(SWEEP, out=out, **({"jobs": 1, "part_size": 8} | options))


def content(run: ls.Run) -> dict[str, bytes]:
    """Returns every file of a run that says the same whoever made it when, and nothing set aside."""
    found = {}
    for folder in (run.path, run.path / "trials", run.path / "history"):
        for name in files.names(folder) - {"trials", "history", "damaged", *TRANSIENT}:
            found[f"{folder.name}/{name}"] = files.read(folder / name)
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> ls.Run:
    """A run that nothing happened to."""
    return made(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def copy(whole: ls.Run, tmp_path: Path) -> ls.Run:
    """The same, for something to happen to it."""
    shutil.copytree(whole.path, tmp_path / whole.path.name)
    return ls.load(tmp_path / whole.path.name)
