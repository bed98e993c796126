"""Many trials of any shape by what people write in a few lines: NumPy's BLAS, and JAX batched by hand.

Both look at the cost of every trial in every epoch, on H where it is smaller than the rows, else on the rows:
whichever asks for fewer products.
"""

import math
import os
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.theory.problem import Problem

Array = NDArray[np.floating]

BETAS, EPS = (0.9, 0.999), 1e-8
"""Of adam, as torch.optim has them."""


@dataclass(frozen=True)
class Descent:
    """What a loop trains: K trials of O targets side by side, as K O columns.

    Attributes:
        problem: its data, H and C, and the optimum.
        rates: the learning rates [K].
        batch: rows a step, of which the rows are a multiple.
        shuffle: whether the rows are permuted in each epoch.
        optimizer: sgd, momentum (of 0.9) or adam.
        dtype: float64 or float32.
    """

    problem: Problem
    rates: Array
    batch: int
    shuffle: bool
    optimizer: str
    dtype: str

    @property
    def on_curvature(self) -> bool:
        """Whether a step over all rows takes H rather than the rows."""
        return self.problem.shape[0] < 2 * self.problem.n_rows

    def columns(self, numbers: Array) -> Array:
        """Returns numbers [.., O] of one trial for all of them [.., O K]."""
        return np.repeat(numbers, len(self.rates), axis=-1).astype(self.dtype)

    def arrays(self) -> tuple[Array, ...]:
        """Returns A [n, P], Y [n, O K or 1], H [P, P], C and optimum [P, O K] and the rates [O K]."""
        problem, n_targets = self.problem, self.problem.shape[1]
        return (
            problem.design.astype(self.dtype),
            problem.targets.astype(self.dtype) if n_targets == 1 else self.columns(problem.targets),
            problem.hessian.astype(self.dtype),
            self.columns(problem.constant),
            self.columns(problem.optimum),
            np.tile(self.rates, n_targets).astype(self.dtype),
        )

    def flops(self) -> float:
        """Returns the fewest products and sums of an epoch of a trial, by H or by rows, without its cost."""
        n_parameters, n_targets = self.problem.shape
        steps = self.problem.n_rows // self.batch
        of_rows = 4.0 * self.batch * n_parameters
        return steps * n_targets * min(of_rows, 2.0 * n_parameters**2)


def blas_loop(descent: Descent, n_epochs: int) -> Array:
    """Trains by matrix products in NumPy; returns the lowest cost of each column."""
    a, y, hessian, constant, best, rate = descent.arrays()
    theta, lowest = np.zeros_like(constant), np.full(len(rate), np.inf, rate.dtype)
    first, second = np.zeros_like(theta), np.zeros_like(theta)
    n_rows, batch = len(a), descent.batch
    k, generator = rate.dtype.type(descent.problem.factor * n_rows / batch), np.random.default_rng(0)

    def full(theta: Array) -> Array:
        whole = rate.dtype.type(descent.problem.factor)
        return hessian @ theta - constant if descent.on_curvature else whole * (a.T @ (a @ theta - y))

    for epoch in range(n_epochs):
        gradient = full(theta)
        np.minimum(lowest, ((theta - best) * gradient).sum(axis=0), out=lowest)
        order = generator.permutation(n_rows) if descent.shuffle else None
        for number, start in enumerate(range(0, n_rows, batch)):
            if batch < n_rows:
                rows = slice(start, start + batch) if order is None else order[start : start + batch]
                some = a[rows]
                gradient = k * (some.T @ (some @ theta - y[rows]))
            if descent.optimizer == "sgd":
                theta -= rate * gradient
            elif descent.optimizer == "momentum":
                first = 0.9 * first + gradient
                theta -= rate * first
            else:
                step = epoch * (n_rows // batch) + number + 1
                first = BETAS[0] * first + (1 - BETAS[0]) * gradient
                second = BETAS[1] * second + (1 - BETAS[1]) * gradient**2
                root = np.sqrt(second / (1 - BETAS[1] ** step)) + EPS
                theta -= rate / (1 - BETAS[0] ** step) * first / root
    return lowest


def jax_scan(descent: Descent, n_epochs: int) -> Array:
    """Trains by a compiled scan over batches in a loop over epochs; returns each column's lowest cost."""
    run = _compiled(descent.batch, descent.shuffle, descent.optimizer, descent.on_curvature)
    whole = descent.problem.factor
    k = whole * descent.problem.n_rows / descent.batch
    kind = np.dtype(descent.dtype).type
    return np.asarray(run(n_epochs, kind(whole), kind(k), *descent.arrays()).block_until_ready())


@cache
def _compiled(batch: int, shuffle: bool, optimizer: str, on_curvature: bool) -> Any:
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def step(state: Any, gradient: Any, rate: Any) -> Any:
        theta, first, second, count = state
        count = count + 1
        if optimizer == "sgd":
            return theta - rate * gradient, first, second, count
        if optimizer == "momentum":
            first = 0.9 * first + gradient
            return theta - rate * first, first, second, count
        first = BETAS[0] * first + (1 - BETAS[0]) * gradient
        second = BETAS[1] * second + (1 - BETAS[1]) * gradient**2
        one, two = (1 - beta ** count.astype(theta.dtype) for beta in BETAS)
        return theta - rate / one * first / (jnp.sqrt(second / two) + EPS), first, second, count

    def run(n_epochs: Any, whole: Any, k: Any, a: Any, y: Any, h: Any, c: Any, best: Any, rate: Any) -> Any:
        n_rows = len(a)

        def full(theta: Any) -> Any:
            return h @ theta - c if on_curvature else whole * (a.T @ (a @ theta - y))

        def epoch(number: Any, carried: Any) -> Any:
            state, lowest = carried
            gradient = full(state[0])
            lowest = jnp.minimum(lowest, ((state[0] - best) * gradient).sum(axis=0))
            if batch == n_rows:
                return step(state, gradient, rate), lowest
            seen = jax.random.permutation(jax.random.key(number), n_rows) if shuffle else jnp.arange(n_rows)

            def one(state: Any, place: Any) -> Any:
                if shuffle:
                    rows = jax.lax.dynamic_slice(seen, (place * batch,), (batch,))
                    some, of_y = a[rows], y[rows]
                else:
                    some = jax.lax.dynamic_slice(a, (place * batch, 0), (batch, a.shape[1]))
                    of_y = jax.lax.dynamic_slice(y, (place * batch, 0), (batch, y.shape[1]))
                return step(state, k * (some.T @ (some @ state[0] - of_y)), rate), None

            return jax.lax.scan(one, state, jnp.arange(n_rows // batch))[0], lowest

        nothing = jnp.zeros_like(c)
        slots = (nothing, nothing) if optimizer == "adam" else (nothing, 0.0)
        slots = (0.0, 0.0) if optimizer == "sgd" else slots
        begin = ((nothing, *slots, jnp.zeros((), jnp.int64)), jnp.full_like(rate, jnp.inf))
        return jax.lax.fori_loop(0, n_epochs, epoch, begin)[1]

    return jax.jit(run)


def gemm(dtype: str, size: int = 768) -> tuple[Any, float]:
    """Returns a matrix product to be called, and how many products and sums it takes."""
    one, other = np.random.default_rng(0).normal(size=(2, size, size)).astype(dtype)
    out = np.empty_like(one)
    return (lambda: np.matmul(one, other, out=out)), 2.0 * math.pow(size, 3)
