"""What a sweep varies: the values of trials by their number, made when asked for.

A grid is counted in mixed radix, the last parameter turning fastest. A random value is a pure
function of (seed, parameter name, trial number), drawn from a counter-based generator, so that
more trials extend a sweep and no worker, part or order changes a value.
"""

import hashlib
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.config.parameters import WHOLE, Normal, Parameter, Points, Steps, Uniform, Values, count

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Words = NDArray[np.uint64]

WORDS_A_COUNT = 4  # Philox4x64 gives four words a count


@dataclass(frozen=True)
class Space:
    """Everything a sweep varies.

    Attributes:
        parameters: what is declared for each name, in the declared order.
        n_trials: how many trials there are; exact for any size.
        seed: of random values; None for a grid.
    """

    parameters: dict[str, Parameter]
    n_trials: int
    seed: int | None

    def values(self, start: int, stop: int) -> dict[str, Floats]:
        """Returns the values [stop - start] of each parameter in the trials from start to stop - 1."""
        numbers = np.arange(start, stop, dtype=np.int64)
        if self.seed is None:
            return self._grid(numbers)
        return {
            name: draw(parameter, name, self.seed, start, stop) for name, parameter in self.parameters.items()
        }

    def sample(self, n_sampled: int) -> dict[str, Floats]:
        """Returns the values of so many trials taken at random, or of all where there are no more.

        Those of a random sweep are its first; of a grid each is a draw of its own, from a fixed
        seed. It takes the same time for any number of trials.
        """
        if n_sampled >= self.n_trials or self.seed is not None:
            return self.values(0, min(n_sampled, self.n_trials))
        return {
            name: at(parameter, (uniform(name, 0, 0, n_sampled) * count(parameter)).astype(np.int64))
            for name, parameter in self.parameters.items()
        }

    def trial(self, number: int) -> dict[str, float]:
        """Returns the values of one trial.

        Raises:
            IndexError: there is no trial of this number.
        """
        if not 0 <= number < self.n_trials:
            raise IndexError(f"trial {number} of {self.n_trials}")
        return {name: float(values[0]) for name, values in self.values(number, number + 1).items()}

    def _grid(self, numbers: Numbers) -> dict[str, Floats]:
        indices = {}
        for name, parameter in reversed(self.parameters.items()):
            numbers, indices[name] = np.divmod(numbers, count(parameter))
        return {name: at(parameter, indices[name]) for name, parameter in self.parameters.items()}


def grid_space(parameters: dict[str, Parameter]) -> Space:
    """Returns the space of every combination of the parameters' points."""
    return Space(parameters, math.prod(count(parameter) for parameter in parameters.values()), None)


def at(parameter: Parameter, index: Numbers) -> Floats:
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
            return (parameter.first + index * parameter.stride) / float(parameter.denominator)
    raise TypeError(f"{parameter} has no points")


def _linear(low: float, high: float, num: int, index: Numbers) -> Floats:
    if num == 1:
        return np.full(index.shape, low)
    step = (high - low) / (num - 1)
    points = index * step + low if step else index / (num - 1) * (high - low) + low
    return np.where(index == num - 1, high, points)


def draw(parameter: Parameter, name: str, seed: int, start: int, stop: int) -> Floats:
    """Returns a random parameter's values [stop - start] in the trials from start to stop - 1."""
    match parameter:
        case Values((value,)):
            return np.full(stop - start, value)
        case Values(values):
            unit = uniform(name, seed, start, stop)
            return np.asarray(values, dtype=np.float64)[(unit * len(values)).astype(np.int64)]
        case Uniform():
            return _spread(parameter, uniform(name, seed, start, stop), whole=name in WHOLE)
        case Normal(mu, sigma, scale):
            exponent = mu + sigma * standard_normal(name, seed, start, stop)
            return np.exp(exponent) if scale == "log" else exponent
    raise TypeError(f"{parameter} cannot be drawn at random")


def _spread(parameter: Uniform, unit: Floats, *, whole: bool) -> Floats:
    """Turns numbers in [0, 1) into values of a range; whole numbers weigh equally at both ends."""
    low, high = parameter.min, parameter.max
    first, last = (low - 0.5, high + 0.5) if whole else (low, high)
    if parameter.scale == "log":
        value = np.exp(math.log(first) + unit * (math.log(last) - math.log(first)))
    else:
        value = first + unit * (last - first)
    return np.clip(np.rint(value) + 0.0 if whole else value, low, high)  # + 0.0: there is no -0


def uniform(name: str, seed: int, start: int, stop: int) -> Floats:
    """Returns one number in [0, 1) for each trial from start to stop - 1, a multiple of 2**-53."""
    return _unit(_words(name, seed, start, stop))


def standard_normal(name: str, seed: int, start: int, stop: int) -> Floats:
    """Returns one standard normal number for each trial, from two words each.

    Source: Box and Muller, A Note on the Generation of Random Normal Deviates, 1958.
    """
    first, second = _unit(_words(name, seed, 2 * start, 2 * stop)).reshape(-1, 2).T
    return np.sqrt(-2.0 * np.log1p(-first)) * np.cos(2.0 * np.pi * second)


def _unit(words: Words) -> Floats:
    return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _words(name: str, seed: int, start: int, stop: int) -> Words:
    """Returns random 64-bit words number start to stop - 1 of a parameter's own stream."""
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    key = np.frombuffer(digest[:16], dtype="<u8")
    skipped = start % WORDS_A_COUNT
    generator = np.random.Philox(key=key, counter=start // WORDS_A_COUNT)
    return generator.random_raw(stop - start + skipped)[skipped:]


def ends(parameter: Parameter) -> tuple[float, float]:
    """Returns the smallest and the largest value a parameter can take; a normal one has no ends."""
    match parameter:
        case Values(values):
            return min(values), max(values)
        case Normal(scale=scale):
            return (0.0 if scale == "log" else -math.inf), math.inf
    return parameter.min, parameter.max


def largest(parameter: Parameter) -> float:
    """Returns a number that no value of a parameter is above; a normal one is never drawn 10 sigma away."""
    match parameter:
        case Normal(mu, sigma, scale):
            highest = mu + 10 * sigma
            return float(np.exp(highest)) if scale == "log" else highest  # infinite where it overflows
    return ends(parameter)[1]
