"""Factors as they are listed, one an epoch."""

from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, Field

from linreg_sweep.array_types import Floats
from linreg_sweep.kinds import NotNegative
from linreg_sweep.schedules.base import Clock, LongRun, Numbers, Schedule, Settings, repeats, settles
from linreg_sweep.variants import fault


def _not_empty(factors: tuple[float, ...]) -> tuple[float, ...]:
    if not factors:
        raise fault("must list at least one factor, got []")
    return factors


class Listed(Settings):
    """The keys of list."""

    name: Literal["list"]
    """The factors as they are listed, one an epoch."""
    factors: Annotated[
        tuple[NotNegative, ...],
        Field(strict=False, json_schema_extra={"minItems": 1}),
        AfterValidator(_not_empty),
    ]
    """Factors on the learning rate, from the first epoch on."""
    then: Literal["hold", "repeat"] = "hold"
    """What follows the last of them: it goes on, or all are repeated."""


def factor(clock: Clock, h: Numbers) -> Floats:
    """Returns the factor of each epoch."""
    count = len(h["factors"])
    index = np.mod(clock.epoch, count) if h["then"] == "repeat" else np.minimum(clock.epoch, count - 1)
    factors: Floats = h["factors"][index.astype(np.intp)]
    return factors


def long_run(epochs: Floats, h: Numbers) -> LongRun:
    """Returns the long run: the last factor, or the list over and over."""
    if h["then"] == "repeat":
        return repeats(float(len(h["factors"])))
    return settles(h["factors"][-1], len(h["factors"]) - 1.0)


LIST = Schedule(Listed, factor, long_run)
