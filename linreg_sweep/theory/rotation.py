"""Products of a matrix with columns of trials, of which none changes another's bits.

Few parameters are multiplied elementwise, in a fixed order. Many go through BLAS on one thread, in blocks of
one width (gemm.py); where the BLAS at hand does not keep to their bits, they are multiplied elementwise, too.
"""

from functools import cache

import numpy as np
from threadpoolctl import ThreadpoolController

from linreg_sweep.array_types import Floats, Indices
from linreg_sweep.gemm import Blocks, Factor, Multiplier, Product, trusted
from linreg_sweep.theory.sums import combined

FEW = 8
"""Parameters up to which products are elementwise."""


def rotated(matrices: Floats, columns: Floats, which: Indices | None) -> Floats:
    """Returns matrices times the columns of trials [P, O, ..., k], likewise.

    Args:
        matrices: [P, P, b].
        columns: of each trial.
        which: the matrix of each trial [k]; None: its own, or the only one.
    """
    n_parameters, count = columns.shape[0], columns.shape[-1]
    if n_parameters <= FEW or not has_blocks(n_parameters):
        return combined(matrices if which is None else matrices[..., which], columns)
    if matrices.shape[-1] == 1:
        return _in_blocks(matrices[..., 0], columns)
    which = np.arange(count) if which is None else which
    order = np.argsort(which, kind="stable")
    out = np.empty(columns.shape)
    for alike in np.split(order, np.flatnonzero(np.diff(which[order])) + 1):
        if len(alike):
            out[..., alike] = _in_blocks(matrices[..., which[alike[0]]], columns[..., alike])
    return out


def width(n_parameters: int) -> int:
    """Returns how many columns are multiplied at once: by the size of the matrix alone."""
    return 256 if n_parameters <= 64 else 64


def whole_blocks(n_trials: int, shape: tuple[int, int]) -> int:
    """Returns about so many trials, which fill whole blocks of columns; (P, O) is the shape of theta."""
    n_parameters, n_targets = shape
    if n_parameters <= FEW:
        return max(1, n_trials)
    block = max(1, width(n_parameters) // n_targets)
    return max(1, n_trials // block) * block


def _in_blocks(matrix: Floats, columns: Floats) -> Floats:
    """Returns a matrix [P, P] times columns [P, ...]."""
    size, out = width(len(matrix)), np.empty(columns.shape)
    flat = (len(matrix), 1, -1)
    with _blas().limit(limits=1):
        left = Factor(np.ascontiguousarray(matrix))
        Multiplier(Blocks(size)).multiply(left, columns.reshape(flat), out.reshape(flat))
    return out


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")


def has_blocks(n_parameters: int) -> bool:
    """Returns whether columns keep their bits in products of a matrix [P, P] with blocks of them."""
    with _blas().limit(limits=1):
        size = width(n_parameters)
        return bool(trusted(Product(n_parameters, n_parameters), (Blocks(size),), "float64"))
