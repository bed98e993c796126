"""Which rows make up each step of an epoch: a function of (seed, epoch) alone."""

import numpy as np
from numpy.typing import NDArray


def batch_slices(n_rows: int, batch_size: int | None) -> list[slice]:
    """Returns the slices of an epoch's order that each step sees; the last may be shorter."""
    size = min(batch_size or n_rows, n_rows)
    return [slice(first, first + size) for first in range(0, n_rows, size)]


def epoch_order(n_rows: int, seed: int, epoch: int) -> NDArray[np.intp]:
    """Returns the permutation [n] in which an epoch, counted from 0, visits the rows."""
    return np.random.Generator(np.random.Philox(key=[seed, epoch])).permutation(n_rows)
