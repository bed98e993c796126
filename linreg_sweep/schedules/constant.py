"""The learning rate stays what it is."""

from typing import Literal

import numpy as np

from linreg_sweep.schedules.base import Clock, Floats, Numbers, Schedule, Settings, Tail, settles


class Constant(Settings):
    """The keys of constant."""

    name: Literal["constant"]
    """The learning rate stays what it is."""


def factor(clock: Clock, h: Numbers) -> Floats:
    """Returns 1."""
    return np.ones_like(clock.epoch)


def tail(epochs: Floats, h: Numbers) -> Tail:
    """Returns the tail: 1 at once."""
    return settles(1.0, 0.0)


CONSTANT = Schedule(Constant, factor, tail)
