"""Products of a matrix with columns of trials, of which none changes another's bits.

Few parameters are multiplied elementwise, in a fixed order. Many go through BLAS on one thread, in blocks of
so many columns that a column's sums are the same wherever it stands and whatever stands beside it: always of
one width, a multiple of 8, filled up with zeros. That this holds of the BLAS at hand is looked at once for
each size; where it does not, many are multiplied elementwise, too.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

FEW = 8
"""Parameters up to which products are elementwise."""

AT_ONCE = 2**13
"""Numbers that are added to in one call: enough to hide it, few enough for the cache."""


def rotated(matrices: Floats, columns: Floats, which: Indices | None) -> Floats:
    """Returns matrices times the columns of trials [P, O, ..., k], likewise.

    Args:
        matrices: [P, P, b].
        columns: of each trial.
        which: the matrix of each trial [k]; None: its own, or the only one.
    """
    n_parameters, count = columns.shape[0], columns.shape[-1]
    if n_parameters <= FEW or not keeps_columns(n_parameters, width(n_parameters)):
        return _elementwise(matrices if which is None else matrices[..., which], columns)
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
    matrix, every = np.ascontiguousarray(matrix), columns.reshape(len(columns), -1)
    out, size = np.empty(every.shape), width(len(matrix))
    block, product = np.empty((2, len(matrix), size))
    with _blas().limit(limits=1):
        for first in range(0, every.shape[1], size):
            some = every[:, first : first + size]
            count = some.shape[1]
            block[:, :count], block[:, count:] = some, 0.0
            np.matmul(matrix, block, out=product)
            out[:, first : first + size] = product[:, :count]
    return out.reshape(columns.shape)


def _elementwise(matrices: Floats, columns: Floats) -> Floats:
    """Returns the sum over j of matrices[i, j] [k] times columns[j] [O, ..., k] for each i, in that order."""
    total = np.empty(columns.shape)
    matrices = matrices.reshape(*matrices.shape[:2], *(1,) * (columns.ndim - 2), -1)
    rows = max(1, AT_ONCE // max(1, columns[0].size))
    for first in range(0, len(total), rows):
        out, across = total[first : first + rows], matrices[first : first + rows].swapaxes(0, 1)
        np.multiply(across[0], columns[0], out=out)
        for each, part in zip(across[1:], columns[1:], strict=True):
            out += each * part
    return total


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")


@cache
def keeps_columns(n_parameters: int, size: int) -> bool:
    """Returns whether columns of a product [P, P] [P, size] keep their bits wherever they stand.

    Columns are shifted, one is put in all places, and NaN and infinity are put beside one.
    """
    with _blas().limit(limits=1), np.errstate(invalid="ignore"):
        return _keeps_columns(n_parameters, size)


def _keeps_columns(n_parameters: int, size: int) -> bool:
    generator = np.random.default_rng(0)
    matrix, columns = (generator.normal(size=(n_parameters, each)) for each in (n_parameters, size))
    product = matrix @ columns
    moved = (np.roll(columns, by, axis=1) for by in (1, 2, 3, 5, size // 2))
    shifts = (np.roll(product, by, axis=1) for by in (1, 2, 3, 5, size // 2))
    if not all(np.array_equal(matrix @ one, other) for one, other in zip(moved, shifts, strict=True)):
        return False
    if not (matrix @ np.repeat(columns[:, :1], size, axis=1) == product[:, :1]).all():
        return False
    for beside in (np.nan, np.inf):
        alone = np.full_like(columns, beside)
        alone[:, size // 3] = columns[:, size // 3]
        if not np.array_equal((matrix @ alone)[:, size // 3], product[:, size // 3]):
            return False
    return True
