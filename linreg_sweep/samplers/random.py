"""Independent draws: a trial's values depend on the seed, the parameter's name and its number alone.

Another way to draw is a class of its own, with its own `uniform` and `normal`.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from linreg_sweep.array_types import Floats, Integers
from linreg_sweep.config.parameters import Normal, Parameter, Steps, Tuples, Uniform, Values, count
from linreg_sweep.samplers.base import OfProduct, standard_normal, uniform
from linreg_sweep.samplers.grid import columns_at


@dataclass(frozen=True)
class Random(OfProduct):
    """Draws of some parameters.

    Attributes:
        n_draws: how many draws there are.
        seed: of the draws.
    """

    n_draws: int
    seed: int

    @property
    def n_trials(self) -> int:
        """How many trials there are; exact for any size."""
        return self.n_draws * self.n_each

    @property
    def n_each(self) -> int:
        """How many trials each draw is, one after the other: one for each whole number in a row."""
        return math.prod(count(each) for each in self.product.values() if isinstance(each, Steps))

    def values(self, start: int, stop: int) -> dict[str, Floats]:
        """Returns the values of the trials from start to stop - 1; see Sampler."""
        each, trials = self.n_each, np.arange(start, stop, dtype=np.int64)
        if each == 1:
            return self.drawn(start, stop)
        found = self.drawn(start // each, -(-stop // each))
        found = {name: numbers[trials // each - start // each] for name, numbers in found.items()}
        for key, parameter in reversed(self.product.items()):
            if isinstance(parameter, Steps):
                trials, index = np.divmod(trials, count(parameter))
                found |= columns_at(key, parameter, index)
        return found

    def drawn(self, start: int, stop: int) -> dict[str, Floats]:
        """Returns the values of the draws from start to stop - 1."""
        found: dict[str, Floats] = {}
        for key, parameter in self.product.items():
            if isinstance(parameter, Steps):
                continue
            if isinstance(parameter, Tuples):
                found |= columns_at(key, parameter, self.choose(key, count(parameter), start, stop))
            else:
                found[key] = self.draw(parameter, key, start, stop)
        return found

    def sample(self, n_sampled: int) -> dict[str, Floats]:
        """Returns the values of the first trials, at most so many."""
        return self.values(0, min(n_sampled, self.n_trials))

    def uniform(self, name: str, start: int, stop: int) -> Floats:
        """Returns a number in [0, 1) for each trial from start to stop - 1, of a parameter's own stream."""
        return uniform(name, self.seed, start, stop)

    def normal(self, name: str, start: int, stop: int) -> Floats:
        """Returns a standard normal number for each of these trials."""
        return standard_normal(name, self.seed, start, stop)

    def choose(self, name: str, n_choices: int, start: int, stop: int) -> Integers:
        """Returns one of 0 ... n_choices - 1 for each of these trials, each equally likely."""
        return (self.uniform(name, start, stop) * n_choices).astype(np.int64)

    def draw(self, parameter: Parameter, name: str, start: int, stop: int) -> Floats:
        """Returns a parameter's values [stop - start] in the trials from start to stop - 1."""
        match parameter:
            case Values((value,)):
                return np.full(stop - start, value, dtype=np.float64)
            case Values(values):
                return np.asarray(values, np.float64)[self.choose(name, len(values), start, stop)]
            case Uniform():
                return _spread(parameter, self.uniform(name, start, stop))
            case Normal(mu, sigma, scale):
                exponent = mu + sigma * self.normal(name, start, stop)
                return np.exp(exponent) if scale == "log" else exponent
        raise TypeError(f"{parameter} cannot be drawn at random")


def _spread(parameter: Uniform[Any], unit: Floats) -> Floats:
    """Turns numbers in [0, 1) into values of a range; whole numbers weigh equally at both ends."""
    low, high = parameter.min, parameter.max
    whole = isinstance(low, int) and isinstance(high, int)
    first, last = (low - 0.5, high + 0.5) if whole else (low, high)
    if parameter.scale == "log":
        value = np.exp(math.log(first) + unit * (math.log(last) - math.log(first)))
    else:
        value = first + unit * (last - first)
    return np.clip(np.rint(value) + 0.0 if whole else value, low, high)  # + 0.0: there is no -0
