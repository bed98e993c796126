"""Sums and extremes over the parameters of each trial, in a fixed order."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Floats, Indices

FEW = 8
"""Rows up to which calls for each are faster than a reduction."""

AT_ONCE = 2**13
"""Numbers that are added to in one call: enough to hide it, few enough for the cache."""


def total(terms: Floats) -> Floats:
    """Returns the sum [...] of terms [P, ...], from the first to the last."""
    if len(terms) > FEW and terms[0].size > 1:  # of one column NumPy would add up pairs
        return np.asarray(np.add.reduce(np.ascontiguousarray(terms), axis=0))
    found: Floats = terms[0]
    for term in terms[1:]:
        found = found + term
    return found


def of_columns(values: NDArray[Any], columns: Indices | slice) -> NDArray[Any]:
    """Returns some columns of values [..., k]; a slice of them shares their memory."""
    return values[..., columns] if isinstance(columns, slice) else values.take(columns, axis=-1)


def folded(largest: np.ufunc, rows: Floats) -> Floats:
    """Returns the largest, or smallest, of rows [P, k]."""
    if len(rows) > FEW:
        return np.asarray(largest.reduce(rows, axis=0))
    found: Floats = rows[0]
    for row in rows[1:]:
        found = largest(found, row)
    return found


def combined(matrices: Floats, columns: Floats) -> Floats:
    """Returns the sum over j of matrices[i, j] [k or 1] times columns[j] [O, ..., k] for each i, in order."""
    found = np.empty((len(matrices), *columns.shape[1:]))
    matrices = matrices.reshape(*matrices.shape[:2], *(1,) * (columns.ndim - 2), -1)
    rows = max(1, AT_ONCE // max(1, columns[0].size))
    for first in range(0, len(found), rows):
        out, across = found[first : first + rows], matrices[first : first + rows].swapaxes(0, 1)
        np.multiply(across[0], columns[0], out=out)
        for each, part in zip(across[1:], columns[1:], strict=True):
            out += each * part
    return found
