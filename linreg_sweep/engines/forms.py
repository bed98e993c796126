"""Which products an epoch of the NumPy engine is made of: a function of the shapes of data and steps alone.

Not of how many trials there are nor of which, since it decides how they round. In blocks of 128 columns each
takes at most a quarter longer than in one product of all, so that these do for all. What is left over, such
as a single trial, goes into narrow blocks or by tiles where these have the same bits: then how many trials
there are is a matter of speed alone.
"""

from dataclasses import dataclass

import numpy as np

from linreg_sweep.gemm import DEPTH, Blocks, Product, blocks_for
from linreg_sweep.method import Method

ELEMENTWISE = 8
"""Parameters up to which H times theta is elementwise: about as fast, and with the same bits on any BLAS."""

BY_BLAS = "by BLAS"
"""What is said of a form whose products are BLAS's."""

HELD = 2**26
"""Bytes of H of all batches in file order that are held at most; beyond, steps go through the rows."""


@dataclass(frozen=True)
class Form:
    """What an epoch is made of.

    Attributes:
        steps_by_rows: a step's gradient is A^T (A theta - y) of its rows; else H theta - C of its own H.
        costs_by_rows: likewise the gradient of all rows, by which the cost is measured.
        blocks: of the products by BLAS; None: H theta is elementwise, and no product is.
    """

    steps_by_rows: bool
    costs_by_rows: bool
    blocks: Blocks | None

    makes_curvature = looks_ahead = False

    def __str__(self) -> str:
        """Names the family of its roundings."""
        if self.blocks is None:
            return "H elementwise"
        cuts = f", {DEPTH} terms at a time" if self.blocks.cuts else ""
        return f"{'rows' if self.steps_by_rows else 'H'} {BY_BLAS}, {self.blocks.width} columns a block{cuts}"


PLAIN = Form(steps_by_rows=False, costs_by_rows=False, blocks=None)
"""What there is on any machine: elementwise products of H."""


def form_of(n_rows: int, shape: tuple[int, int], method: Method, dtype: str) -> Form:
    """Returns what the epochs of some trials are made of.

    A step costs 2 P^2 products and sums by H and 4 b P by rows, where H is there; it is where batches are the
    same in each epoch and not too many to be held, or so small that making it is nothing.

    Args:
        n_rows: n, of the data.
        shape: (P, O); targets are columns beside each other.
        method: b, rows a step, and whether each epoch sees them in an order of its own.
        dtype: float32 or float64.
    """
    n_parameters, rows = shape[0], min(method.batch_size or n_rows, n_rows)
    n_batches = -(-n_rows // rows)
    held = n_batches * n_parameters**2 * np.dtype(dtype).itemsize
    has_hessians = n_batches == 1 or n_parameters <= ELEMENTWISE or (not method.is_drawn and held <= HELD)
    steps_by_rows = n_parameters >= 2 * rows or not has_hessians
    if n_parameters <= ELEMENTWISE and (n_batches == 1 or not steps_by_rows):
        return PLAIN
    costs_by_rows = n_parameters >= 2 * n_rows
    sizes = {rows, n_rows - (n_batches - 1) * rows} if steps_by_rows else set()
    sizes |= {n_rows} if costs_by_rows else set()
    products = {
        Product(*shape) for m in sizes - {1} for shape in ((m, n_parameters), (n_parameters, m, True))
    }
    if not (steps_by_rows and costs_by_rows):
        products.add(Product(n_parameters, n_parameters))
    blocks = blocks_for(products, dtype)
    return Form(steps_by_rows, costs_by_rows, blocks) if blocks else PLAIN
