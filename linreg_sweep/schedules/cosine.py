"""Falls along half a cosine, as torch's CosineAnnealingLR has it, and stays at its end."""

from typing import Literal

import numpy as np

from linreg_sweep.array_types import Floats
from linreg_sweep.kinds import Count, Share
from linreg_sweep.schedules.base import Clock, Numbers, Schedule, Settings, cos, settles


class Cosine(Settings):
    """The keys of cosine."""

    name: Literal["cosine"]
    """The learning rate falls along half a cosine."""
    epochs: Count | None = None
    """Epochs until the rate is at its end, and stays there; without, the trial's own."""
    final: Share = 0.0
    """What is left of the rate at the end."""


def factor(clock: Clock, h: Numbers) -> Floats:
    """Returns final + (1 - final) (1 + cos(pi t / N)) / 2, and final after N epochs."""
    done = np.minimum(clock.epoch, clock.epochs)
    falling: Floats = h["final"] + (1 - h["final"]) * (1 + cos(np.pi * done / clock.epochs)) / 2
    return falling


COSINE = Schedule(Cosine, factor, lambda epochs, h: settles(h["final"], epochs))
