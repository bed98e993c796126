"""Rises to the learning rate and falls far below it, along cosines, as torch's OneCycleLR has it.

Where `warmup_share * epochs` is 1 torch divides 0 by 0; the rate then is at its peak in the first epoch.
"""

from typing import Literal

import numpy as np

from linreg_sweep.array_types import Floats
from linreg_sweep.kinds import Count, Share
from linreg_sweep.schedules.base import Clock, LongRun, Numbers, Schedule, Settings, cos, settles


class OneCycle(Settings):
    """The keys of one_cycle."""

    name: Literal["one_cycle"]
    """The rate rises to the learning rate and falls far below it, along cosines."""
    epochs: Count | None = None
    """Epochs of the cycle, whose last rate then stays; without, the trial's own."""
    warmup_share: Share = 0.3
    """Share of the epochs in which the rate rises."""
    start: Share = 0.04
    """What the rate begins with, relative to the learning rate."""
    final: Share = 4e-6
    """What the rate ends with, relative to the learning rate."""


def _ends(epochs: Floats, h: Numbers) -> tuple[Floats, Floats]:
    """Returns the epochs, counted from 0, of the peak (which may lie between two) and of the end."""
    return h["warmup_share"] * epochs - 1, epochs - 1


def factor(clock: Clock, h: Numbers) -> Floats:
    """Returns the factor of the rise, then of the fall; after that the last one."""
    peak, end = _ends(clock.epochs, h)
    epoch = np.minimum(clock.epoch, end)
    is_rising = (epoch <= peak) & (peak > 0)
    done = np.where(is_rising, epoch, epoch - peak)
    length = np.where(is_rising, peak, end - peak)
    share = np.divide(done, length, out=np.zeros_like(done), where=length != 0)
    low = np.where(is_rising, 1.0, h["final"])
    high = np.where(is_rising, h["start"], 1.0)
    between: Floats = low + (high - low) / 2 * (1 + cos(np.pi * share))
    return between


def long_run(epochs: Floats, h: Numbers) -> LongRun:
    """Returns the long run: the last factor; it is final unless all of the epochs are the rise."""
    peak, end = _ends(epochs, h)
    return settles(np.where(peak >= end, 1.0, h["final"]), end)


ONE_CYCLE = Schedule(OneCycle, factor, long_run)
