"""Which rows make up each step of an epoch: a function of (seed, epoch, step), whatever else trials have."""

from collections.abc import Iterator

import numpy as np

from linreg_sweep.array_types import Floats, Indices
from linreg_sweep.method import Order
from linreg_sweep.theory.problem import Problem

TAKEN = 2**18
"""Numbers of the rows of some steps that are taken together, 2 MB."""


def batch_slices(n_rows: int, batch_size: int | None) -> list[slice]:
    """Returns the slices of an epoch's rows that each step sees; the last may be shorter."""
    size = min(batch_size or n_rows, n_rows)
    return [slice(first, first + size) for first in range(0, n_rows, size)]


def rows_of_epoch(order: Order, n_rows: int, batch_size: int | None, seed: int, epoch: int) -> Indices:
    """Returns the rows [m] that the steps of an epoch see, one batch after the other; see batch_slices.

    Args:
        order: `file`: as they stand; `reshuffle`: a permutation of all; `independent`: each batch drawn anew,
            no row twice in it; `with_replacement`: each row drawn anew. In the latter two every batch is
            whole, so that m may be above n_rows.
        n_rows: of the data.
        batch_size: rows a step; None: all.
        seed: of what is drawn.
        epoch: counted from 0.
    """
    if order == "file":
        return np.arange(n_rows)
    generator = np.random.Generator(np.random.Philox(key=[seed, epoch]))
    if order == "reshuffle":
        return generator.permutation(n_rows)
    batches = batch_slices(n_rows, batch_size)
    size = batches[0].stop
    if order == "with_replacement":
        return np.asarray(generator.integers(n_rows, size=len(batches) * size), np.intp)
    draws = [generator.choice(n_rows, size, replace=False, shuffle=False) for _ in batches]
    return np.concatenate(draws)


def taken_together(n_rows: int, size: int, n_parameters: int) -> Iterator[tuple[slice, int]]:
    """Yields the rows of steps that follow one another, and how many each sees; the last may see fewer."""
    together, whole = size * max(1, TAKEN // (size * n_parameters)), n_rows // size * size
    for first in range(0, whole, together):
        yield slice(first, min(first + together, whole)), size
    if whole < n_rows:
        yield slice(whole, n_rows), n_rows - whole


def curvatures(problem: Problem, size: int, order: Indices | None) -> Iterator[tuple[Floats, Floats]]:
    """Yields H [P, P] and C [P, O] of each step of an epoch, rows in an order; None: as they stand."""
    n_rows = problem.n_rows if order is None else len(order)
    for part, of_each in taken_together(n_rows, size, problem.shape[0]):
        yield from zip(*problem.batches(part if order is None else order[part], of_each), strict=True)
