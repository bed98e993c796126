"""The same sweep by what people use: as many trials as each can do in ten seconds, and the ratio a trial."""

import itertools
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

import linreg_sweep as ls
from benchmarks.contestants import X, Y, literal_numpy
from benchmarks.machine import shown

Floats = NDArray[np.float64]

SECONDS = 10.0
N_EPOCHS = 1000


def trials() -> Iterator[tuple[float, float]]:
    """Yields learning rates and initial weights without end."""
    for rate in itertools.cycle(np.geomspace(1e-4, 6e-3, 1000).tolist()):
        for weight in np.linspace(-10, 10, 10).tolist():
            yield rate, weight


def descend(rate: float, weight: float) -> float:
    """Returns the cost that one trial comes to, by the loop of a tutorial."""
    slope, bias = literal_numpy(rate, N_EPOCHS, X, Y, weight)
    return float(np.mean((Y - slope * X - bias) ** 2))


def plain_loop() -> int:
    """Trains one trial after the other; returns how many."""
    until = time.perf_counter() + SECONDS
    for done, (rate, weight) in enumerate(trials(), start=1):
        descend(rate, weight)
        if time.perf_counter() > until:
            return done
    raise AssertionError("there is no end of trials")


def joblib_tasks() -> int:
    """Trains a task per trial on every core, a thousand at a time; returns how many."""
    from joblib import Parallel, delayed

    until, done, more = time.perf_counter() + SECONDS, 0, trials()
    with Parallel(n_jobs=-1) as parallel:
        while time.perf_counter() < until:
            some = list(itertools.islice(more, 200))
            parallel(delayed(descend)(*trial) for trial in some)
            done += len(some)
    return done


def grid_search() -> int:
    """Searches by scikit-learn, all rows to fit and to score, a grid of 100 at a time; returns how many."""
    from sklearn.base import BaseEstimator, RegressorMixin
    from sklearn.model_selection import GridSearchCV

    class Descent(RegressorMixin, BaseEstimator):  # type: ignore[misc]
        """The same loop as an estimator."""

        def __init__(self, rate: float = 0.001, weight: float = 0.0) -> None:
            self.rate, self.weight = rate, weight

        def fit(self, x: Floats, y: Floats) -> "Descent":
            """Trains one trial."""
            self.slope_, self.bias_ = literal_numpy(self.rate, N_EPOCHS, x[:, 0], y, self.weight)
            return self

        def predict(self, x: Floats) -> Floats:
            """Returns the fitted line's y."""
            return np.asarray(self.slope_ * x[:, 0] + self.bias_)

    everything = [(np.arange(len(X)), np.arange(len(X)))]
    until, done, more = time.perf_counter() + SECONDS, 0, trials()
    while time.perf_counter() < until:
        grid = [{"rate": [rate], "weight": [weight]} for rate, weight in itertools.islice(more, 100)]
        GridSearchCV(Descent(), grid, cv=everything, refit=False).fit(X[:, None], Y)
        done += len(grid)
    return done


def optuna_study() -> int:
    """Samples at random by Optuna, in memory; returns how many."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def objective(trial: "optuna.Trial") -> float:
        rate = trial.suggest_float("rate", 1e-4, 6e-3, log=True)
        return descend(rate, trial.suggest_float("weight", -10, 10))

    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(objective, timeout=SECONDS)
    return len(study.trials)


def sweep(engine: str, n_trials: int) -> Callable[[], int]:
    """Returns a run of this project, which trains so many trials, table and summary on disk."""

    def run() -> int:
        declared = {
            "name": "people",
            "data": {"name": "tutorial"},
            "method": "grid",
            "training": {"engine": engine, "epochs": N_EPOCHS},
            "parameters": {
                "learning_rate": {"min": 1e-4, "max": 6e-3, "num": n_trials // 1000, "scale": "log"},
                "initial_weight": {"min": -10, "max": 10, "num": 1000},
            },
        }
        with tempfile.TemporaryDirectory() as folder:
            return ls.run(declared, out=folder).n_trials

    return run


WAYS: dict[str, Callable[[], int]] = {
    "a plain NumPy loop": plain_loop,
    "joblib, a task per trial, all cores": joblib_tasks,
    "scikit-learn's GridSearchCV": grid_search,
    "Optuna, at random, in memory": optuna_study,
    "linreg-sweep, engine numpy": sweep("numpy", 2_600_000),
    "linreg-sweep, engine numba": sweep("numba", 5_500_000),
    "linreg-sweep, engine closed_form": sweep("closed_form", 24_000_000),
}


def main() -> None:
    """Prints one table: trials, seconds and microseconds a trial."""
    warnings.filterwarnings("ignore")
    rows, slowest = [], None
    for name, way in WAYS.items():
        started = time.perf_counter()
        done = way()
        each = (time.perf_counter() - started) / done
        slowest = slowest or each
        rows.append((name, f"{done:,}", f"{each * done:.1f}", f"{1e6 * each:,.2f}", f"{slowest / each:,.1f}"))
    print(f"Trials of {N_EPOCHS:,} epochs on the tutorial's data in about {SECONDS:.0f} seconds")
    print()
    print(shown(("", "trials", "seconds", "us a trial", "times the loop"), rows))
