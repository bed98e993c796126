"""Falls as one over the time: 1 / (1 + t / t0)."""

from typing import Literal

from linreg_sweep.kinds import Positive
from linreg_sweep.schedules.base import Schedule, Settings, settles


class InverseTime(Settings):
    """The keys of inverse_time."""

    name: Literal["inverse_time"]
    """The learning rate falls as one over the time."""
    t0: Positive
    """Epochs after which the rate is half of what it was."""


INVERSE_TIME = Schedule(
    InverseTime, lambda clock, h: 1 / (1 + clock.epoch / h["t0"]), lambda epochs, h: settles(0.0)
)
