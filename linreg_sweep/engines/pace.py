"""How fast engines are on one core, to a factor of about three: what `plan` says of the time."""

from collections.abc import Callable
from typing import TypeAlias

from linreg_sweep.engines.numba_forms import FEW_PARAMETERS

NS = 1e-9

BLOCK = 32768
"""Numbers of theta that are worked on together: few enough for the cache, enough to hide the calls."""

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
    """Returns the pace of NumPy; see Pace."""
    p, o = shape
    a_step = 5000 + 2800 * p + 8000 * n_slots + making
    a_trial = 1.1 * p * p * o + 1.5 * p * o + 3.0 * n_slots * p * o
    return BLOCK // (p * o) or 1, a_step * NS, a_trial * NS


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
