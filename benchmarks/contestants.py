"""The ways to train many trials that are measured beside each other, all on the same data and rates.

Each is a function `(n_trials, n_epochs, dtype) -> None` that trains so many trials; the loops are
written as a tutorial writes them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from joblib import Parallel, delayed
from numpy.typing import NDArray

from benchmarks import trained
from benchmarks.references import descend_in_c, descend_in_jax, has_compiler
from linreg_sweep import data
from linreg_sweep.theory.problem import Problem, make_problem

Floats = NDArray[np.float64]

Train = Callable[[int, int, str], None]

LOW, HIGH = 1e-6, 6e-6
"""Learning rates that neither converge nor diverge within the epochs measured: no trial ends early."""

TABLE = data.tutorial()
X, Y = TABLE.x[:, 0], TABLE.y[:, 0]


def rates(n_trials: int) -> Floats:
    """Returns the learning rates [n_trials] that every contestant trains."""
    return np.geomspace(LOW, HIGH, n_trials)


def literal_numpy(
    rate: float, n_epochs: int, x: Floats = X, y: Floats = Y, start: float = 0.0
) -> tuple[float, float]:
    """Trains one trial as the tutorial does, row by row in NumPy; returns weight and bias."""
    weight, bias = x.dtype.type(start), x.dtype.type(0)
    for _ in range(n_epochs):
        predicted = weight * x + bias
        _cost = np.mean((y - predicted) ** 2)
        weight_step, bias_step = np.mean((predicted - y) * x), np.mean(predicted - y)
        weight, bias = weight - rate * weight_step, bias - rate * bias_step
    return float(weight), float(bias)


def literal_torch(rate: float, n_epochs: int, dtype: str) -> tuple[float, float]:
    """Trains one trial as the tutorial does, by autograd and torch.optim.SGD."""
    kind = getattr(torch, dtype)
    x, y = torch.tensor(X, dtype=kind), torch.tensor(Y, dtype=kind)
    weight = torch.zeros((), dtype=kind, requires_grad=True)
    bias = torch.zeros((), dtype=kind, requires_grad=True)
    optimizer = torch.optim.SGD([weight, bias], lr=rate)
    for _ in range(n_epochs):
        cost = torch.mean((weight * x + bias - y) ** 2)
        optimizer.zero_grad()
        cost.backward()  # type: ignore[no-untyped-call]  # torch ships it without types
        optimizer.step()
    return weight.item(), bias.item()


def plain_loop(n_trials: int, n_epochs: int, dtype: str) -> None:
    """A literal NumPy loop, one trial after the other."""
    x, y = X.astype(dtype), Y.astype(dtype)
    for rate in rates(n_trials):
        literal_numpy(float(rate), n_epochs, x, y)


def joblib_tasks(n_trials: int, n_epochs: int, dtype: str) -> None:
    """The same loop, one joblib task a trial on every core."""
    x, y = X.astype(dtype), Y.astype(dtype)
    Parallel(n_jobs=-1)(delayed(literal_numpy)(float(rate), n_epochs, x, y) for rate in rates(n_trials))


def torch_loop(n_trials: int, n_epochs: int, dtype: str) -> None:
    """A literal torch loop, one trial after the other."""
    for rate in rates(n_trials):
        literal_torch(float(rate), n_epochs, dtype)


def engine(name: str, loss: str) -> Train:
    """Returns this project's engine of a name as a contestant."""

    def train(n_trials: int, n_epochs: int, dtype: str) -> None:
        problem = make_problem(TABLE.x, TABLE.y, loss=loss, fit_bias=True)
        trained.train(name, problem, {"learning_rate": rates(n_trials)}, n_epochs, dtype=dtype)

    return train


def reference(descend: Callable[[Problem, Floats, int, str], object]) -> Train:
    """Returns a reference as a contestant."""

    def train(n_trials: int, n_epochs: int, dtype: str) -> None:
        problem = make_problem(TABLE.x, TABLE.y, loss="half_mse", fit_bias=True)
        descend(problem, rates(n_trials), n_epochs, dtype)

    return train


@dataclass(frozen=True)
class Contestant:
    """A way to train trials, and how much of it is measured.

    Attributes:
        name: what a reader is told.
        train: (n_trials, n_epochs, dtype) -> None.
        n_trials: trials a measurement; enough that its fixed costs hardly count.
        n_epochs: epochs each.
        against: the name of the contestant that its speed is compared with.
    """

    name: str
    train: Callable[[int, int, str], None]
    n_trials: int
    n_epochs: int
    against: str


FAST = (65536, 10_000)
"""Trials and epochs of those that compile."""

NUMPY_LOOP, TORCH_LOOP = "a NumPy loop, trial by trial", "a torch loop, trial by trial"

CONTESTANTS = (
    Contestant(NUMPY_LOOP, plain_loop, 20, 1000, NUMPY_LOOP),
    Contestant("joblib, a task per trial, all cores", joblib_tasks, 200, 1000, NUMPY_LOOP),
    Contestant("engine numpy, one core", engine("numpy", "half_mse"), 65536, 2000, NUMPY_LOOP),
    Contestant("engine numba, one core", engine("numba", "half_mse"), *FAST, NUMPY_LOOP),
    Contestant("JAX by hand, one core", reference(descend_in_jax), *FAST, NUMPY_LOOP),
    *(
        [Contestant("C by hand, one core", reference(descend_in_c), *FAST, NUMPY_LOOP)]
        if has_compiler()
        else []
    ),
    Contestant(TORCH_LOOP, torch_loop, 2, 1000, TORCH_LOOP),
    Contestant("engine torch, one core", engine("torch", "mse"), 10_000, 200, TORCH_LOOP),
)
