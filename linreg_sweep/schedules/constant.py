"""The learning rate stays what it is."""

from typing import Literal

import numpy as np

from linreg_sweep.schedules.base import Clock, Floats, LongRun, Numbers, Schedule, Settings, settles


class Constant(Settings):
    """The keys of constant."""

    name: Literal["constant"]
    """The learning rate stays what it is."""


def factor(clock: Clock, h: Numbers) -> Floats:
    """Returns 1."""
    return np.ones_like(clock.epoch)


def long_run(epochs: Floats, h: Numbers) -> LongRun:
    """Returns the long run: 1 at once."""
    return settles(1.0, 0.0)


CONSTANT = Schedule(Constant, factor, long_run)
