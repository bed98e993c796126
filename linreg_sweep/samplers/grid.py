"""Every combination of points, counted in mixed radix: the last parameter turns fastest."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from linreg_sweep.array_types import Floats, Integers
from linreg_sweep.config.parameters import Parameter, Points, Steps, Tuples, Values, count
from linreg_sweep.samplers.base import OfProduct, choose


@dataclass(frozen=True)
class Grid(OfProduct):
    """Every combination of the points of some parameters."""

    @property
    def n_trials(self) -> int:
        """How many trials there are; exact for any size."""
        return math.prod(map(count, self.product.values()))

    def values(self, start: int, stop: int) -> dict[str, Floats]:
        """Returns the values of the trials from start to stop - 1; see Sampler."""
        numbers = np.arange(start, stop, dtype=np.int64)
        indices = {}
        for key, parameter in reversed(self.product.items()):
            numbers, indices[key] = np.divmod(numbers, count(parameter))
        return self._at(indices)

    def sample(self, n_sampled: int) -> dict[str, Floats]:
        """Returns the values of at most so many trials, each a draw of its own from a fixed seed."""
        if n_sampled >= self.n_trials:
            return self.values(0, self.n_trials)
        return self._at(
            {key: choose(key, 0, 0, n_sampled, count(each)) for key, each in self.product.items()}
        )

    def _at(self, indices: dict[str, Integers]) -> dict[str, Floats]:
        found: dict[str, Floats] = {}
        for key, parameter in self.product.items():
            found |= columns_at(key, parameter, indices[key])
        return found


def columns_at(key: str, parameter: Parameter, index: Integers) -> dict[str, Floats]:
    """Returns the points of a parameter, or of those that belong together, at these indices."""
    if isinstance(parameter, Tuples):
        return {name: at(Values(parameter.column(name)), index) for name in parameter.names}
    return {key: at(parameter, index)}


def at(parameter: Parameter, index: Integers) -> Floats:
    """Returns the points of a grid parameter at these indices, both ends exact.

    `num` follows numpy's linspace and geomspace to the bit; `step` counts in decimals.
    """
    match parameter:
        case Values(values):
            return np.asarray(values, dtype=np.float64)[index]
        case Points(low, high, num, "linear"):
            return _linear(low, high, num, index)
        case Points(low, high, num, _):
            logs = _linear(float(np.log10(low)), float(np.log10(high)), num, index)
            points = np.power(10.0, logs)
            return np.where(index == 0, low, np.where(index == num - 1, high, points))
        case Steps():
            return np.divide(parameter.first + index * parameter.stride, float(parameter.denominator))
    raise TypeError(f"{parameter} has no points")


def _linear(low: Any, high: Any, num: int, index: Integers) -> Floats:
    if num == 1:
        return np.full(index.shape, low, dtype=np.float64)
    step = (high - low) / (num - 1)
    points = index * step + low if step else index / (num - 1) * (high - low) + low
    found: Floats = np.where(index == num - 1, high, points)
    return found
