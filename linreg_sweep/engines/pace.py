"""How fast engines are on one core, to a factor of about three: what `plan` says of the time."""

from collections.abc import Callable
from typing import TypeAlias

from linreg_sweep.engines.numba_forms import FEW_PARAMETERS

NS = 1e-9

BLOCK = 32768
"""Numbers of theta that are worked on together: few enough for the cache, enough to hide the calls."""

FEW, NS_A_FLOP, PADDED = 8, 0.055, 8
"""Parameters that NumPy multiplies elementwise; nanoseconds of a product or sum by BLAS, and columns that
fill up a block of trials, on average."""

TORCH_NUMBERS, TORCH_COLUMNS = 2**19, 128
"""Rows x targets x parameters x trials that torch works on together, and its least trials."""

Pace: TypeAlias = Callable[[tuple[int, int], int, float, int], tuple[int, float, float]]
"""`(shape, n_rows, making, n_slots)` -> trials trained together, seconds of a step of theirs and of a trial.

The shape is (P, O) of theta, n_rows what a step sees, making the nanoseconds before each step, n_slots the
arrays that a rule carries.
"""


def numpy_pace(
    shape: tuple[int, int], n_rows: int, making: float = 0.0, n_slots: int = 0
) -> tuple[int, float, float]:
    """Returns the pace of NumPy; see Pace and, for what it is that is made, forms.py."""
    p, o = shape
    update = 3.0 * n_slots * p * o
    if p <= FEW and p < 2 * n_rows:
        a_step = 5000 + 2800 * p + 8000 * n_slots + making
        return BLOCK // (p * o) or 1, a_step * NS, (1.1 * p * p * o + 1.5 * p * o + update) * NS
    by_rows, by_hessian = 4 * n_rows * p, 2 * p * p
    product = NS_A_FLOP * o * (by_rows if making else min(by_rows, by_hessian))
    a_step = 9000 + 8000 * n_slots + bool(making) * 1.5 * n_rows * (p + o) + PADDED * product
    held = max(p, n_rows) if by_rows < by_hessian or making else p
    return BLOCK // (held * o) or 1, a_step * NS, (product + 3.0 * p * o + update) * NS


def numba_pace(
    shape: tuple[int, int], n_rows: int, making: float = 0.0, n_slots: int = 0
) -> tuple[int, float, float]:
    """Returns the pace of Numba; see Pace."""
    p, o = shape
    if p <= FEW_PARAMETERS:
        of_products = min(1.5, 0.15 + 0.012 * p) * p * p * o
    else:
        of_products = 0.05 * p * min(p, 2 * n_rows) * o + 0.2 * p * o
    return BLOCK // (p * o) or 1, (100 + making) * NS, (of_products + 1.5 * n_slots * p * o) * NS


def torch_pace(
    shape: tuple[int, int], n_rows: int, making: float = 0.0, n_slots: int = 0
) -> tuple[int, float, float]:
    """Returns the pace of torch; see Pace."""
    numbers = n_rows * shape[0] * shape[1]
    together = max(TORCH_COLUMNS, TORCH_NUMBERS // numbers)
    return together, (230_000 + 1.4 * TORCH_COLUMNS * numbers) * NS, 1.4 * numbers * NS
