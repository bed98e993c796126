"""Exact Chebyshev steps at learning rate 2 / (L + mu), in an order in which rounding stays small.

N steps 1 / ((L + mu) / 2 + (L - mu) / 2 cos((2j - 1) pi / 2N)), j = 1 .. N, shrink every error between the
curvatures mu and L by 1 / T_N((L + mu) / (L - mu)) or more, the best that any N steps can do. Long steps let
steep errors grow before short ones shrink them. So each step j is followed by its mirror N + 1 - j, and the j
themselves stand in the order of half as many: order(N) = j, N + 1 - j for each j of order(N / 2). Where N is
odd, the step in the middle comes first: it is 2 / (L + mu), under which no error grows, so the growth on
the way stays that of the other steps.

Source: Lebedev and Finogenov, On the order of choice of the iteration parameters in the Chebyshev cyclic
iteration method (1971), for N = 2^i; the middle of an odd N is our own, and a test holds its growth.
"""

from typing import Literal

import numpy as np

from linreg_sweep.array_types import Floats
from linreg_sweep.kinds import Count
from linreg_sweep.schedules.base import Clock, Numbers, Schedule, Settings, cos, repeats


class Chebyshev(Settings):
    """The keys of chebyshev."""

    name: Literal["chebyshev"]
    """The exact Chebyshev steps at learning rate 2 / (L + mu), repeated."""
    epochs: Count | None = None
    """Steps of a cycle; without, the trial's own epochs."""


def order(position: Floats, steps: Floats) -> Floats:
    """Returns which step j, from 1, stands at a position, from 0, of a cycle of N steps; elementwise."""
    position, steps = np.broadcast_arrays(position, steps)
    sign, offset, found = np.ones(position.shape), np.zeros(position.shape), np.zeros(position.shape)
    while not found.all():  # from the whole cycle to its half, its quarter, ...: j = offset + sign * j there
        half = np.floor(steps / 2)
        is_odd = steps > 2 * half
        is_middle = (found == 0) & is_odd & (position == 0)
        found = np.where(is_middle, offset + sign * (half + 1), found)
        pair = np.floor((position - is_odd) / 2)
        is_mirror = position - is_odd > 2 * pair
        offset = np.where(is_mirror, offset + sign * (steps + 1), offset)
        sign = np.where(is_mirror, -sign, sign)
        position, steps = pair, half
    return found


def factor(clock: Clock, h: Numbers) -> Floats:
    """Returns each step over 2 / (L + mu); 1 where nothing is curved."""
    j = order(np.mod(clock.epoch, clock.epochs), clock.epochs)
    apart, both = clock.steepest - clock.flattest, clock.steepest + clock.flattest
    spread = np.divide(apart, both, out=np.zeros_like(apart), where=both > 0)
    return 1 / (1 + spread * cos(np.pi * (2 * j - 1) / (2 * clock.epochs)))


CHEBYSHEV = Schedule(Chebyshev, factor, lambda epochs, h: repeats(epochs))
