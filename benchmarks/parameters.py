"""What a trial of the closed form costs with many parameters, and what settling the data costs once."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import linreg_sweep as ls
from benchmarks.machine import middle, shown

TRIALS = {2: 200_000, 11: 100_000, 51: 20_000, 201: 10_000, 1_001: 1_000}
"""How many trials are trained of each number of parameters."""

N_ROWS = 2_000

ROUNDS = 3


def main() -> None:
    """Prints one table: seconds for the data, microseconds for each trial beyond the first."""
    rows = []
    for n_parameters, n_trials in TRIALS.items():
        x = np.random.default_rng(0).normal(size=(N_ROWS, n_parameters - 1))
        y = x.sum(axis=1) + np.random.default_rng(1).normal(size=N_ROWS)
        first, all_of_them = (
            middle([_seconds(x, y, count) for _ in range(ROUNDS)]) for count in (1, n_trials)
        )
        each = 1e6 * (all_of_them - first) / (n_trials - 1)
        rows.append((f"{n_parameters:,}", f"{n_trials:,}", f"{first:.2f}", f"{each:.1f}"))
    print(f"{N_ROWS:,} rows, 100 rates by starts, 10,000 epochs; CPU time, medians of {ROUNDS} rounds")
    print()
    print(shown(("parameters", "trials", "seconds with one trial", "us for each further trial"), rows))


def _seconds(x: np.ndarray, y: np.ndarray, n_trials: int) -> float:
    n_rates = min(100, n_trials)
    rates = {"min": 0.01, "max": 1.2, "num": n_rates, "unit": "stability_limit"}
    starts = {"initial_weight": {"min": 0, "max": 1, "num": n_trials // n_rates}}
    one = {"values": [0.5], "unit": "stability_limit"}
    sweep = {
        "name": "parameters",
        "method": "grid",
        "training": {"engine": "closed_form", "epochs": 10_000},
        "parameters": {"learning_rate": one} if n_trials == 1 else {"learning_rate": rates, **starts},
    }
    with TemporaryDirectory() as folder:
        started = time.process_time()
        ls.run(sweep, data=(x, y), out=Path(folder), jobs=1)
        return time.process_time() - started
