"""The silver steps at learning rate 1 / L: short ones, and ever longer ones between them.

Factor 1 + rho^(v - 1), rho = 1 + sqrt(2), where 2^v is the largest power of two that divides t + 1. The sum
of 2^k - 1 of them is rho^k - 1, which makes descent faster than any constant rate does.

Source: Altschuler and Parrilo, arXiv 2309.16530.
"""

from typing import Literal

import numpy as np

from linreg_sweep.array_types import Floats
from linreg_sweep.schedules.base import Clock, Numbers, Schedule, Settings, settles

_RHO = 1 + 2**0.5
_FACTORS = np.array([1 + _RHO ** (power - 1) for power in range(64)])


class Silver(Settings):
    """The keys of silver."""

    name: Literal["silver"]
    """The silver steps at learning rate 1 / L: short ones, and ever longer ones between them."""


def factor(clock: Clock, h: Numbers) -> Floats:
    """Returns 1 + rho^(v - 1)."""
    number = clock.epoch.astype(np.int64) + 1
    lowest_bit = number & -number
    factors: Floats = _FACTORS[np.frexp(lowest_bit.astype(np.float64))[1] - 1]
    return factors


SILVER = Schedule(Silver, factor, lambda epochs, h: settles(np.inf))
