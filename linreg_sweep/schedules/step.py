"""Falls in steps: gamma^floor(t / every), as torch's StepLR has it."""

from typing import Literal

import numpy as np

from linreg_sweep.kinds import Count, Positive
from linreg_sweep.schedules.base import Schedule, Settings, long_run_of_powers, power


class Step(Settings):
    """The keys of step."""

    name: Literal["step"]
    """The learning rate falls in steps."""
    every: Count
    """Epochs from one step to the next."""
    gamma: Positive = 0.1
    """What each step multiplies the rate by."""


STEP = Schedule(
    Step,
    lambda clock, h: power(h["gamma"], np.floor_divide(clock.epoch, h["every"])),
    lambda epochs, h: long_run_of_powers(h["gamma"]),
)
