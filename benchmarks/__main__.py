"""Measures trials per second side by side, in turns, and prints the table that the README quotes."""

import os
import platform
import statistics
import sys
import time
from importlib.metadata import version

import torch
from tabulate import tabulate

from benchmarks.contestants import CONTESTANTS, Contestant

ROUNDS = 5
TUTORIAL_EPOCHS = 10_000


def main() -> None:
    """Prints one table a precision."""
    print(machine())
    torch.set_num_threads(1)  # for the literal torch loop: it is fastest so on 30 rows
    for dtype in ("float64", "float32"):
        print()
        print(
            f"Tutorial data, 30 rows, {dtype}; medians of {ROUNDS} rounds in turn, slowest to fastest round"
        )
        print()
        print(table(dtype))


def machine() -> str:
    """Returns what the figures were measured on."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "torch", "joblib"))
    return f"{_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, {libraries}"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123 - a device, not a file
            return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def table(dtype: str) -> str:
    """Returns the speeds of all contestants, measured in turns so that a drifting machine hits all alike."""
    speeds: dict[str, list[float]] = {contestant.name: [] for contestant in CONTESTANTS}
    for round_ in range(ROUNDS + 1):
        for contestant in CONTESTANTS:
            speed = trial_epochs_per_second(contestant, dtype)
            if round_:  # the first round loads libraries and starts workers
                speeds[contestant.name].append(speed)
        print(f"round {round_} of {ROUNDS}", file=sys.stderr)
    middle = {name: statistics.median(values) for name, values in speeds.items()}
    rows = [
        (
            contestant.name,
            f"{middle[contestant.name]:.2e}",
            f"{min(speeds[contestant.name]):.2e} to {max(speeds[contestant.name]):.2e}",
            f"{middle[contestant.name] / TUTORIAL_EPOCHS:,.1f}",
            f"{middle[contestant.name] / middle[contestant.against]:,.1f}",
        )
        for contestant in CONTESTANTS
    ]
    headers = ("", "trial-epochs/s", "range", "trials/s of 10,000 epochs", "times its loop")
    return tabulate(
        rows, headers, tablefmt="github", colalign=("left", *["right"] * 4), disable_numparse=True
    )


def trial_epochs_per_second(contestant: Contestant, dtype: str) -> float:
    """Returns one measurement."""
    started = time.perf_counter()
    contestant.train(contestant.n_trials, contestant.n_epochs, dtype)
    return contestant.n_trials * contestant.n_epochs / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
