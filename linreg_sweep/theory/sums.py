"""Sums and extremes over the parameters of each trial, in a fixed order."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEW = 8
"""Rows up to which calls for each are faster than a reduction."""


def total(terms: Floats) -> Floats:
    """Returns the sum [...] of terms [P, ...], from the first to the last."""
    if len(terms) > FEW and terms[0].size > 1:  # of one column NumPy would add up pairs
        return np.asarray(np.add.reduce(np.ascontiguousarray(terms), axis=0))
    found: Floats = terms[0]
    for term in terms[1:]:
        found = found + term
    return found


def folded(largest: np.ufunc, rows: Floats) -> Floats:
    """Returns the largest, or smallest, of rows [P, k]."""
    if len(rows) > FEW:
        return np.asarray(largest.reduce(rows, axis=0))
    found: Floats = rows[0]
    for row in rows[1:]:
        found = largest(found, row)
    return found
