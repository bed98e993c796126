"""The average of a trial's states: which one is declared, and the weight that each state has in it.

Every average here is `average += (theta - average) * weight` after each step: for the mean of n states the
weight of the last is 1 / n; for the exponential one (torch's AveragedModel, whose first state is copied, and
nothing corrected for it) it is 1 - decay. Weight 0 leaves the average as it is, and it begins with zeros.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from pydantic import Field, create_model

from linreg_sweep import variants
from linreg_sweep.array_types import Floats
from linreg_sweep.kinds import CountOrZero, Decay


class Average(variants.Variant):
    """What every average is."""

    tag = "kind"


class Without(Average):
    """The keys of none."""

    kind: Literal["none"]
    """No average is kept."""


class Ema(Average):
    """The keys of ema."""

    kind: Literal["ema"]
    """The exponential average of the states after each step."""
    decay: Decay = 0.99
    """Share of the average that each step keeps."""


_MEAN: dict[str, Any] = {  # `from` is a word of Python's, so it cannot be written as a field
    "kind": (Literal["mean"], Field(description="The mean of the states after each step.")),
    "from": (CountOrZero, Field(0, description="Epochs done before the first state that counts.")),
}
Mean = create_model("Mean", __base__=Average, __module__=__name__, __doc__="The keys of mean.", **_MEAN)

AVERAGES: dict[str, type[Average]] = {"none": Without, "mean": Mean, "ema": Ema}

if TYPE_CHECKING:
    Declared: TypeAlias = Average
else:
    Declared = variants.one_of(Average, AVERAGES, "average")
"""A declared average, as a field of a pydantic model: a word, or a block of keys with `kind`."""


def weights(
    declared: Average, first_step: int, n_steps: int, epoch_steps: int, values: Mapping[str, Floats]
) -> Floats:
    """Returns the weights of the states after some steps in a row, [n_steps, k] or [n_steps, 1].

    Args:
        declared: the average; not `none`.
        first_step: the number of the first of the steps, from 1 over all epochs.
        n_steps: steps in the row.
        epoch_steps: steps in an epoch.
        values: numbers that vary from trial to trial [k], by their names (`average.decay`); NaN where a
            trial has what is declared. Others are passed over.
    """
    h = variants.numbers(declared, "average.", values)
    step = np.arange(first_step, first_step + n_steps, dtype=np.float64)[:, None]
    if "decay" in h:
        return np.where(step == 1, 1.0, 1 - h["decay"])
    counted = step - h["from"] * epoch_steps
    weight: Floats = np.divide(1.0, counted, out=np.zeros_like(counted), where=counted > 0)
    return weight


def begins(declared: Average, values: Mapping[str, Floats]) -> Floats:
    """Returns the epoch [k] or [1] up to which no state counts, so that there is no average yet."""
    h = variants.numbers(declared, "average.", values)
    return np.asarray(h.get("from", np.zeros(1)), np.float64)


def update(average: Any, theta: Any, weight: Any) -> Any:
    """Returns the average after a step [P, O, k], which it may have overwritten; zeros at the start.

    It is a NumPy array, a torch tensor, or a single number where Numba compiles, as is the state theta after
    the step; for its weight [k] see `weights`.
    """
    average += (theta - average) * weight
    return average
