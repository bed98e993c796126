"""What the iterating engines are measured against: JAX as a user would write it by hand, and a program in C.

Both do the same work in an epoch: the gradient from H and C, the measure of the cost, its lowest
and highest so far, and the step. Both run on one core.
"""

import ctypes
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.theory.problem import Problem

Array = NDArray[np.floating]
Floats = NDArray[np.float64]

COMPILE = ("gcc", "-O3", "-march=native", "-ffast-math", "-shared", "-fPIC")


def has_compiler() -> bool:
    """Returns whether gcc is there."""
    return shutil.which(COMPILE[0]) is not None


@cache
def _library() -> Any:
    source = Path(__file__).with_name("descent.c")
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / "descent.so"
        subprocess.run([*COMPILE, str(source), "-o", str(built)], check=True)
        return ctypes.CDLL(str(built))


def descend_in_c(problem: Problem, rates: Floats, n_epochs: int, dtype: str) -> tuple[Array, Array]:
    """Returns the weights [K] and biases [K] that trials from 0 come to; K is a multiple of 128."""
    arrays = [np.zeros(len(rates), dtype) for _ in range(2)]
    extremes = [np.full(len(rates), np.inf, dtype), np.full(len(rates), -np.inf, dtype)]
    numbers = [
        np.ascontiguousarray(values, dtype) for values in (problem.hessian, problem.constant, problem.optimum)
    ]
    step = np.ascontiguousarray(rates, dtype)

    def address(array: Array) -> ctypes.c_void_p:
        return ctypes.c_void_p(array.ctypes.data)

    getattr(_library(), f"descend_{dtype}")(
        *map(address, (*arrays, step)),
        ctypes.c_long(len(rates)),
        ctypes.c_long(n_epochs),
        *map(address, (*numbers, *extremes)),
    )
    return arrays[0], arrays[1]


@cache
def _jax_loop(n_epochs: int) -> Any:
    import jax
    import jax.numpy as jnp

    def descend(rate: Any, hessian: Any, constant: Any, optimum: Any) -> Any:
        # two numbers rather than a vector of two: as a matrix product this is ten times slower
        (h00, h01), (_, h11) = hessian
        (c0, c1), (w0, b0) = constant, optimum

        def epoch(_: int, carried: Any) -> Any:
            weight, bias, low, high = carried
            along, across = h00 * weight + h01 * bias - c0, h01 * weight + h11 * bias - c1
            cost = (weight - w0) * along + (bias - b0) * across
            low, high = jnp.minimum(low, cost), jnp.maximum(high, cost)
            return weight - rate * along, bias - rate * across, low, high

        zero, far = jnp.zeros_like(rate), jnp.full_like(rate, jnp.inf)
        return jax.lax.fori_loop(0, n_epochs, epoch, (zero, zero, far, -far))

    return jax.jit(jax.vmap(descend, in_axes=(0, None, None, None)))


def descend_in_jax(problem: Problem, rates: Floats, n_epochs: int, dtype: str) -> tuple[Array, Array]:
    """Returns the weights [K] and biases [K] that trials from 0 come to."""
    import jax

    jax.config.update("jax_enable_x64", dtype == "float64")
    constant, optimum = problem.constant[:, 0].astype(dtype), problem.optimum[:, 0].astype(dtype)
    hessian = problem.hessian.astype(dtype)
    weight, bias, _, _ = _jax_loop(n_epochs)(rates.astype(dtype), hessian, constant, optimum)
    return np.asarray(weight.block_until_ready()), np.asarray(bias)
