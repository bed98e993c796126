"""The learning rate stays what it is."""

from typing import Literal

import numpy as np

from linreg_sweep.schedules.base import Schedule, Settings, settles


class Constant(Settings):
    """The keys of constant."""

    name: Literal["constant"]
    """The learning rate stays what it is."""


CONSTANT = Schedule(Constant, lambda clock, h: np.ones_like(clock.epoch), lambda epochs, h: settles(1.0, 0.0))
