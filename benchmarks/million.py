"""A million trials and ten million by the command, in cold processes, beside the least that they can cost."""

import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

from benchmarks.machine import ROUNDS, in_turn, middle, shown

FIFTH, FOLDS = {"fraction": 0.2, "seed": 0}, {"folds": 10, "seed": 0}
HELD_OUT: dict[str, dict[str, Any]] = {
    "no row held out": {"rates": 1000},
    "a fifth held out": {"rates": 1000, "holdout": FIFTH},
    "one fold of ten": {"rates": 100, "holdout": FOLDS, "fold": {"values": [0]}},
    "ten folds": {"rates": 100, "holdout": FOLDS},
}
"""Learning rates, and what is held out; each with 1000 initial weights."""


def declared(rates: int, *, holdout: Any = None, fold: Any = None, loss: str = "half_mse") -> dict[str, Any]:
    """Returns the sweep with so many learning rates."""
    parameters = {
        "learning_rate": {"min": 1e-4, "max": 1e-2, "num": rates, "scale": "log"},
        "initial_weight": {"min": -10, "max": 10, "num": 1000},
    }
    return {
        "name": "million",
        "data": {"name": "tutorial", "holdout": holdout},
        "training": {"engine": "closed_form", "epochs": 10_000, "loss": loss},
        "method": "grid",
        "parameters": parameters | ({} if fold is None else {"fold": fold}),
    }


def trained(sweep: dict[str, Any], folder: str, *options: str) -> tuple[float, float]:
    """Returns the seconds and the memory of a sweep that is trained in a process of its own."""
    file = Path(folder) / "sweep.yaml"
    file.write_text(json.dumps(sweep))
    return timed(["-m", "linreg_sweep", "run", str(file), "--out", folder, *options])


def timed(arguments: Sequence[str]) -> tuple[float, float]:
    """Returns the seconds and the peak memory in MB of a process of its own, its children apart."""
    started = time.perf_counter()
    nothing = os.open(os.devnull, os.O_WRONLY)
    actions = [(os.POSIX_SPAWN_DUP2, nothing, 1), (os.POSIX_SPAWN_DUP2, nothing, 2)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = os.posix_spawn(sys.executable, [sys.executable, *arguments], environment, file_actions=actions)
    _, status, usage = os.wait4(process, 0)
    os.close(nothing)
    if status:
        raise RuntimeError(f"{' '.join(arguments)} failed")
    return time.perf_counter() - started, usage.ru_maxrss / 1000


def _run(sweep: dict[str, Any]) -> tuple[float, float]:
    """Returns the same, trained by that process alone."""
    with tempfile.TemporaryDirectory() as folder:
        return trained(sweep, folder, "--jobs", "1")


def _bare() -> tuple[float, float]:
    """Returns the same of the bare script."""
    data = str(resources.files("linreg_sweep") / "datasets" / "tutorial.csv")
    with tempfile.TemporaryDirectory() as folder:
        script = str(Path(__file__).with_name("bare.py"))
        return timed([script, data, f"{folder}/out.parquet", "1000", "1000"])


def main() -> None:
    """Prints one table: seconds, ratio, marginal cost a trial, and peak memory."""
    one, ten, bare = "run, 1 million, one process", "run, 10 million, one process", "bare script, 1 million"
    figures = in_turn(
        {one: partial(_run, declared(1000)), bare: partial(_bare), ten: partial(_run, declared(10_000))}
    )
    seconds, memory = (
        {name: middle([pair[i] for pair in found]) for name, found in figures.items()} for i in (0, 1)
    )
    rows = [
        (
            name,
            f"{seconds[name]:.2f}",
            f"{min(found)[0]:.2f} to {max(found)[0]:.2f}",
            f"{seconds[name] / seconds[bare]:.2f}",
            f"{memory[name]:.0f}",
        )
        for name, found in figures.items()
    ]
    print("1000 (10,000) learning rates by 1000 initial weights, 10,000 epochs, engine closed_form, tutorial")
    print(f"data; cold processes, summary and table on disk; medians of {ROUNDS} rounds in turn")
    print()
    print(shown(("", "seconds", "range", "times the bare script", "peak memory, MB"), rows))
    print()
    marginal = (seconds[ten] - seconds[one]) / 9e6
    print(f"From one to ten million: {1e6 * marginal:.2f} microseconds a trial,")
    print(f"peak memory {100 * (memory[ten] / memory[one] - 1):+.0f} %.")
    print()
    held_out()
    turned()


def held_out() -> None:
    """Prints what rows held out, and folds, take beside none."""
    figures = in_turn({name: partial(_run, declared(**held)) for name, held in HELD_OUT.items()})
    none, some, one, ten = (middle([seconds for seconds, _ in figures[name]]) for name in HELD_OUT)
    print(f"With a fifth of the rows held out a million trials take {some:.2f} s, {some / none:.2f} times")
    print(
        f"as long as without; in ten folds they take {ten:.2f} s, {ten / one:.1f} times as long as one fold."
    )


def turned() -> None:
    """Prints what memory ten million trials take whose summary goes by a parameter that does not lead."""
    memory = []
    for holdout in (None, FIFTH):
        sweep = declared(10_000, holdout=holdout)
        sweep["parameters"] = dict(reversed(sweep["parameters"].items()))
        memory.append(_run(sweep)[1])
    print(f"Ten million trials, the learning rate turning fastest, take {memory[0]:.0f} MB, and with a fifth")
    print(f"of the rows held out {memory[1]:.0f} MB.")
