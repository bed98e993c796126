"""Falls as a power of the time: (t + 1)^-power."""

from typing import Literal

from linreg_sweep.kinds import Positive
from linreg_sweep.schedules import base
from linreg_sweep.schedules.base import Clock, Floats, LongRun, Numbers, Schedule, Settings, settles


class Power(Settings):
    """The keys of power."""

    name: Literal["power"]
    """The learning rate falls as a power of the time."""
    power: Positive
    """The rate is divided by the number of the epoch, from 1, to this power."""


def factor(clock: Clock, h: Numbers) -> Floats:
    """Returns (t + 1)^-power."""
    return base.power(clock.epoch + 1, -h["power"])


def long_run(epochs: Floats, h: Numbers) -> LongRun:
    """Returns the long run: it vanishes."""
    return settles(0.0)


POWER = Schedule(Power, factor, long_run)
