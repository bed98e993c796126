"""What figures were measured on, and how they are shown."""

import os
import platform
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from typing import TypeVar

from tabulate import tabulate

Way = TypeVar("Way")
Measured = TypeVar("Measured")

ROUNDS = 5
"""Rounds in turn, so that a drifting machine hits all alike; the first, which warms up, is left out."""


def machine() -> str:
    """Returns what the figures were measured on."""
    names = ("numpy", "pyarrow", "torch", "joblib", "distributed", "numba", "jax")
    libraries = ", ".join(f"{name} {version(name)}" for name in names if find_spec(name))
    return f"{_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, {libraries}"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123 - a device, not a file
            return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def in_turn(
    ways: Mapping[Way, Callable[[], Measured]], rounds: int = ROUNDS, *, warms_up: bool = True
) -> dict[Way, list[Measured]]:
    """Returns what each way measures in some rounds in turn, without a first that warms up."""
    found: dict[Way, list[Measured]] = {name: [] for name in ways}
    for round_ in range(0 if warms_up else 1, rounds + 1):
        for name, measure in ways.items():
            measured = measure()
            if round_:
                found[name].append(measured)
        print(f"round {round_} of {rounds}", file=sys.stderr)
    return found


def shown(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Returns a Markdown table, numbers to the right."""
    align = ("left", *["right"] * (len(headers) - 1))
    return tabulate(rows, headers, tablefmt="github", colalign=align, disable_numparse=True)


def middle(values: Sequence[float]) -> float:
    """Returns the median."""
    return statistics.median(values)
