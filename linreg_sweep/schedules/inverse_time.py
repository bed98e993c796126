"""Falls as one over the time: 1 / (1 + t / t0)."""

from typing import Literal

from linreg_sweep.kinds import Positive
from linreg_sweep.schedules.base import Clock, Floats, LongRun, Numbers, Schedule, Settings, settles


class InverseTime(Settings):
    """The keys of inverse_time."""

    name: Literal["inverse_time"]
    """The learning rate falls as one over the time."""
    t0: Positive
    """Epochs after which the rate is half of what it was."""


def factor(clock: Clock, h: Numbers) -> Floats:
    """Returns 1 / (1 + t / t0)."""
    falling: Floats = 1 / (1 + clock.epoch / h["t0"])
    return falling


def long_run(epochs: Floats, h: Numbers) -> LongRun:
    """Returns the long run: it vanishes."""
    return settles(0.0)


INVERSE_TIME = Schedule(InverseTime, factor, long_run)
