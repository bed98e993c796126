"""Falls as a power of the time: (t + 1)^-power."""

from typing import Literal

from linreg_sweep.kinds import Positive
from linreg_sweep.schedules import base
from linreg_sweep.schedules.base import Schedule, Settings, settles


class Power(Settings):
    """The keys of power."""

    name: Literal["power"]
    """The learning rate falls as a power of the time."""
    power: Positive
    """The rate is divided by the number of the epoch, from 1, to this power."""


POWER = Schedule(
    Power, lambda clock, h: base.power(clock.epoch + 1, -h["power"]), lambda epochs, h: settles(0.0)
)
