"""A schedule as it is declared, and what it says of every epoch: factors, and their long run."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from linreg_sweep import variants
from linreg_sweep.array_types import Floats
from linreg_sweep.schedules import SCHEDULES
from linreg_sweep.schedules.base import Clock, LongRun, Numbers, Settings
from linreg_sweep.schedules.warmup import warm

NOTHING: Mapping[str, Floats] = MappingProxyType({})

if TYPE_CHECKING:
    Declared: TypeAlias = Settings
else:
    _MODELS = {name: each.settings for name, each in SCHEDULES.items()}
    Declared = variants.one_of(Settings, _MODELS, "schedule")
"""A declared schedule, as a field of a pydantic model: a word, or a block of keys with `name`."""


def is_constant(declared: Settings) -> bool:
    """Returns whether a schedule leaves the learning rate as it is."""
    return declared.word == "constant" and declared.warmup is None


def factors(
    declared: Settings,
    first_epoch: int,
    n_epochs: int,
    epochs: Floats,
    flattest: Floats,
    steepest: Floats,
    values: Mapping[str, Floats] = NOTHING,
) -> Floats:
    """Returns the factors on the learning rate in a row of epochs [n_epochs, k or 1].

    Args:
        declared: the schedule.
        first_epoch: how many epochs have been done before the first of the row.
        n_epochs: epochs in the row.
        epochs: each trial's own [k] or [1].
        flattest: the least curvature apart from 0 of what each trial descends [k] or [1].
        steepest: the largest curvature of what each trial descends [k] or [1].
        values: numbers that vary from trial to trial [k], by their names (`schedule.gamma`,
            `schedule.warmup.epochs`); NaN where a trial has what is declared. Others are passed over.
    """
    epoch = np.arange(first_epoch, first_epoch + n_epochs, dtype=np.float64)[:, None]
    h, main_epochs = _numbers(declared, epochs, values)
    clock = Clock(epoch, main_epochs, flattest, steepest)
    factor = SCHEDULES[declared.word].factor
    if declared.warmup is None:
        return factor(clock, h)
    length, start = h["warmup.epochs"], h["warmup.start"]
    main = factor(replace(clock, epoch=np.maximum(epoch - length, 0)), h)
    return np.where(epoch < length, warm(epoch, length, start), main)


def _numbers(declared: Settings, epochs: Floats, values: Mapping[str, Floats]) -> tuple[Numbers, Floats]:
    """Returns the settings as arrays, and the epochs of the schedule's own clock [k] or [1]."""
    h = variants.numbers(declared, "schedule.", values)
    own = np.asarray(epochs, dtype=np.float64)
    if declared.warmup is not None:
        below = variants.numbers(declared.warmup, "schedule.warmup.", values)
        h |= {f"warmup.{key}": each for key, each in below.items()}
        own = own - h["warmup.epochs"]
    own = np.maximum(own, 1)
    if "epochs" in h:  # NaN where they are left out
        own = np.where(np.isnan(h["epochs"]), own, h["epochs"])
    return h, own


def long_run(declared: Settings, epochs: Floats, values: Mapping[str, Floats] = NOTHING) -> LongRun:
    """Returns what the factor comes to in the long run, for each trial [k] or [1]; see LongRun.

    Args:
        declared: the schedule.
        epochs: each trial's own [k] or [1].
        values: what varies, as `factors` takes it.
    """
    h, main_epochs = _numbers(declared, epochs, values)
    found = SCHEDULES[declared.word].long_run(main_epochs, h)
    return found if declared.warmup is None else replace(found, begins=found.begins + h["warmup.epochs"])
