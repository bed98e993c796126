"""Iterated descent: trial-epochs a second by each way, on the tutorial's data."""

import os
import time
from functools import partial

import torch

from benchmarks.contestants import CONTESTANTS, Contestant
from benchmarks.machine import ROUNDS, in_turn, middle, shown
from benchmarks.references import has_compiler

TUTORIAL_EPOCHS = 10_000

RATIOS = (
    ("engine numba, one core", "JAX by hand, one core"),
    ("engine numba, one core", "C by hand, one core"),
    ("engine numpy, one core", "JAX by hand, one core"),
)


def main() -> None:
    """Prints one table a precision; all but joblib's tasks run on one core."""
    torch.set_num_threads(1)  # for the literal torch loop: it is fastest so on 30 rows
    for dtype in ("float64", "float32"):
        print(
            f"Tutorial data, 30 rows, {dtype}; medians of {ROUNDS} rounds in turn, slowest to fastest round"
        )
        print()
        speeds = _speeds(dtype)
        print(_table(speeds))
        print()
        found = {name: middle(values) for name, values in speeds.items()}
        for one, other in RATIOS:
            if other in found:
                print(f"{one} / {other}: {found[one] / found[other]:.2f}")
        if not has_compiler():
            print("No C by hand: gcc is not installed.")
        print()


def _speeds(dtype: str) -> dict[str, list[float]]:
    return in_turn({each.name: partial(_speed, each, dtype) for each in CONTESTANTS})


def _speed(contestant: Contestant, dtype: str) -> float:
    """Returns one measurement, on one core unless all are meant."""
    cores = os.sched_getaffinity(0)
    if "all cores" not in contestant.name:
        os.sched_setaffinity(0, {min(cores)})
    try:
        return trial_epochs_per_second(contestant, dtype)
    finally:
        os.sched_setaffinity(0, cores)


def _table(speeds: dict[str, list[float]]) -> str:
    found = {name: middle(values) for name, values in speeds.items()}
    rows = [
        (
            contestant.name,
            f"{found[contestant.name]:.2e}",
            f"{min(speeds[contestant.name]):.2e} to {max(speeds[contestant.name]):.2e}",
            f"{found[contestant.name] / TUTORIAL_EPOCHS:,.1f}",
            f"{found[contestant.name] / found[contestant.against]:,.1f}",
        )
        for contestant in CONTESTANTS
    ]
    return shown(("", "trial-epochs/s", "range", "trials/s of 10,000 epochs", "times its loop"), rows)


def trial_epochs_per_second(contestant: Contestant, dtype: str) -> float:
    """Returns one measurement."""
    started = time.perf_counter()
    contestant.train(contestant.n_trials, contestant.n_epochs, dtype)
    return contestant.n_trials * contestant.n_epochs / (time.perf_counter() - started)
