"""Falls by the same share in every epoch: gamma^t, as torch's ExponentialLR has it."""

from typing import Literal

from linreg_sweep.kinds import Positive
from linreg_sweep.schedules.base import Schedule, Settings, long_run_of_powers, power


class Exponential(Settings):
    """The keys of exponential."""

    name: Literal["exponential"]
    """The learning rate falls by the same share in every epoch."""
    gamma: Positive
    """What each epoch multiplies the rate by."""


EXPONENTIAL = Schedule(
    Exponential,
    lambda clock, h: power(h["gamma"], clock.epoch),
    lambda epochs, h: long_run_of_powers(h["gamma"]),
)
