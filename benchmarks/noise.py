"""Theory of mini-batches: what it costs beside the training, and the means of many seeds beside its own."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import linreg_sweep as ls
from benchmarks.machine import middle, shown
from linreg_sweep.config import load_sweep
from linreg_sweep.trials.columns import TRIALS, Column
from linreg_sweep.trials.loading import load_data
from linreg_sweep.trials.prepare import prepare
from linreg_sweep.trials.trained import Trained

SEEDS = 10_000

FEW = tuple(np.random.default_rng(1).normal(size=(2, 8)))
"""x and y of eight rows, of which many batches can be drawn and reshuffled means are exact."""

MEANS: dict[str, dict[str, Any]] = {
    "independent batches of 1": {"order": "independent", "batch_size": 1, "learning_rate": 0.1},
    "independent batches of 3, momentum": {
        "order": "independent",
        "batch_size": 3,
        "learning_rate": 0.2,
        "momentum": 0.5,
    },
    "2 rows drawn with replacement": {"order": "with_replacement", "batch_size": 2, "learning_rate": 0.2},
    "3 rows drawn with replacement, weight decay": {
        "order": "with_replacement",
        "batch_size": 3,
        "learning_rate": 0.3,
        "weight_decay": 0.2,
    },
    "reshuffled, batches of 2": {"order": "reshuffle", "batch_size": 2, "learning_rate": 0.2},
    "reshuffled, batches of 3, Nesterov": {
        "order": "reshuffle",
        "batch_size": 3,
        "learning_rate": 0.1,
        "momentum": 0.6,
        "nesterov": True,
    },
}
"""How seeds are trained whose mean excess cost after six epochs is compared with theory's."""

COSTS: dict[str, dict[str, Any]] = {
    "file order": {"order": "file"},
    "file order, momentum": {"order": "file", "momentum": 0.9},
    "file order, rate in steps": {"order": "file", "schedule": {"name": "step", "every": 500, "gamma": 0.5}},
    "reshuffled": {"order": "reshuffle"},
    "independent": {"order": "independent"},
    "independent, momentum": {"order": "independent", "momentum": 0.9},
    "with replacement": {"order": "with_replacement"},
}
"""How trials are trained whose theory is timed."""

THEORY = ("stability_ratio", "plateau", "expected_excess_cost", "predicted_outcome", "predicted_at", "theory")
"""The columns that are theory's alone."""

ROUNDS = 3


def main() -> None:
    """Prints two tables: microseconds a trial of theory and training, and means beside theory's."""
    rows = [(name, *(f"{1e6 * each:.0f}" for each in _costs(method))) for name, method in COSTS.items()]
    print(
        "5,000 trials (100 rates by 50 starts, one seed) of 2,000 epochs on the tutorial's 30 rows, batches"
    )
    print(f"of 5; CPU time, medians of {ROUNDS} rounds. Theory: the columns {', '.join(THEORY)}.")
    print()
    headers = ("order", "theory, us a trial", "`numba`, us a trial", "`numpy`, us a trial")
    print(shown(headers, rows))
    print()
    print(f"{SEEDS:,} seeds on eight rows, six epochs: their mean excess cost, that of theory, and how many")
    print("standard errors of the mean lie between")
    print()
    headers = ("trained with", "mean of the seeds", "mean by theory", "standard errors between")
    print(shown(headers, [(name, *_means(method)) for name, method in MEANS.items()]))


def _costs(method: dict[str, Any]) -> tuple[float, ...]:
    """Returns CPU seconds a trial of theory, of training by numba and by numpy."""
    theory, numba = _timed("numba", method)
    return theory, numba, _timed("numpy", method)[1]


def _timed(engine: str, method: dict[str, Any]) -> tuple[float, float]:
    """Returns CPU seconds a trial of theory and of training."""
    sweep = {
        "name": "noise",
        "data": {"name": "tutorial"},
        "method": "grid",
        "training": method | {"engine": engine, "epochs": 2_000, "batch_size": 5, "early_stop": False},
        "parameters": {
            "learning_rate": {"min": 1e-4, "max": 8e-3, "num": 100, "scale": "log"},
            "initial_weight": {"min": -10, "max": 10, "num": 50},
        },
    }
    declaration = load_sweep(sweep)
    table = load_data(declaration, None)
    theory, training = [], []
    for _ in range(ROUNDS + 1):  # the first compiles
        experiment = prepare(declaration, table)
        n_trials = experiment.space.n_trials
        values = experiment.values(0, n_trials)
        groups = experiment.groups(values)
        started = time.process_time()
        results = experiment.train_groups(groups)
        training.append((time.process_time() - started) / n_trials)
        trained = Trained(experiment, 0, values, groups, results)
        started = time.process_time()
        for column in TRIALS:
            if isinstance(column, Column) and column.name in THEORY and column.applies(experiment):
                column.compute(trained)
        theory.append((time.process_time() - started) / n_trials)
    return middle(theory[1:]), middle(training[1:])


def _means(method: dict[str, Any]) -> tuple[str, ...]:
    """Returns the mean of the seeds, that of theory, and the standard errors between."""
    sweep = {
        "name": "seeds",
        "method": "grid",
        "training": method | {"epochs": 6, "early_stop": False},
        "parameters": {"seed": {"min": 0, "max": SEEDS - 1}},
    }
    with TemporaryDirectory() as folder:
        row = ls.run(sweep, data=FEW, out=Path(folder), jobs=1).over_seeds().iloc[0]
    return f"{row['mean']:.5g}", f"{row['theory']:.5g}", f"{row['standard_errors']:+.2f}"
