"""What a schedule is: the keys that can be declared for it, and its factor on the learning rate."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.kinds import Model

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Clock:
    """Where K trials stand on the clock of a schedule, which begins after the warm-up.

    Attributes:
        epoch: how many epochs have been done on it, from 0.
        epochs: that the schedule takes [k] or [1]: as declared, else each trial's own less the warm-up.
        flattest: the least curvature apart from 0 of what each trial descends [k] or [1].
        steepest: the largest curvature, likewise.
    """

    epoch: int
    epochs: Floats
    flattest: Floats
    steepest: Floats


@dataclass(frozen=True)
class Schedule:
    """How the learning rate changes from epoch to epoch; one file of this folder makes one.

    Attributes:
        name: of the schedule.
        settings: its keys but for `name` and `warmup`, which all have: ranges, defaults and meanings.
        factor: `(clock, h) -> factor` on the learning rate, [k] or [1]; h holds the numbers of its settings
            by their names, [k] or [1] each (a list as [m, 1]; a word as the settings have it).
    """

    name: str
    settings: type[Model]
    factor: Callable[[Clock, Mapping[str, Floats]], Floats]
