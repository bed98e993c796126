"""Falls to 0 as a power of the epochs left: (1 - t / N)^power, as torch's PolynomialLR has it."""

from typing import Literal

import numpy as np

from linreg_sweep.array_types import Floats
from linreg_sweep.kinds import Count, Positive
from linreg_sweep.schedules.base import Clock, Numbers, Schedule, Settings, power, settles


class Polynomial(Settings):
    """The keys of polynomial."""

    name: Literal["polynomial"]
    """The learning rate falls to 0 as a power of the epochs left."""
    epochs: Count | None = None
    """Epochs until the rate is 0, and stays so; without, the trial's own."""
    power: Positive = 1.0
    """The power: 1 falls evenly, more falls faster at first."""


def factor(clock: Clock, h: Numbers) -> Floats:
    """Returns (1 - t / N)^power, and 0 after N epochs."""
    return power(1 - np.minimum(clock.epoch, clock.epochs) / clock.epochs, h["power"])


POLYNOMIAL = Schedule(Polynomial, factor, lambda epochs, h: settles(0.0, epochs))
