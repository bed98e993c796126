"""Falls by the same share in every epoch: gamma^t, as torch's ExponentialLR has it."""

from typing import Literal

from linreg_sweep.kinds import Positive
from linreg_sweep.schedules.base import (
    Clock,
    Floats,
    LongRun,
    Numbers,
    Schedule,
    Settings,
    long_run_of_powers,
    power,
)


class Exponential(Settings):
    """The keys of exponential."""

    name: Literal["exponential"]
    """The learning rate falls by the same share in every epoch."""
    gamma: Positive
    """What each epoch multiplies the rate by."""


def factor(clock: Clock, h: Numbers) -> Floats:
    """Returns gamma^t."""
    return power(h["gamma"], clock.epoch)


def long_run(epochs: Floats, h: Numbers) -> LongRun:
    """Returns the long run, which gamma decides."""
    return long_run_of_powers(h["gamma"])


EXPONENTIAL = Schedule(Exponential, factor, long_run)
