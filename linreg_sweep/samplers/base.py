"""What a sampler is, and the random words that all draw from.

A random number is a pure function of (seed, name, number), drawn from a counter-based generator, so that
more trials extend a sweep and no worker, part or order changes a value.
"""

import hashlib
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Floats, Integers
from linreg_sweep.config.parameters import Product, each_alone, ends, names_of

Words = NDArray[np.uint64]

WORDS_A_COUNT = 4  # Philox4x64 gives four words a count


class Sampler(Protocol):
    """The values of trials, by their numbers; what is no number is a whole number that stands for it."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the parameters, in the declared order."""

    @property
    def n_trials(self) -> int:
        """How many trials there are; exact for any size."""

    def values(self, start: int, stop: int) -> dict[str, Floats]:
        """Returns the values [stop - start] of each parameter in the trials from start to stop - 1."""

    def sample(self, n_sampled: int) -> dict[str, Floats]:
        """Returns the values of at most so many trials taken at random; in the same time for any size."""

    def ends(self, name: str) -> tuple[float, float]:
        """Returns the smallest and the largest value that a parameter can take."""


@dataclass(frozen=True)
class OfProduct:
    """What samplers of a product have in common.

    Attributes:
        product: the parameters, in the declared order; all values are numbers.
    """

    product: Product

    @property
    def names(self) -> tuple[str, ...]:
        """Of the parameters."""
        return names_of(self.product)

    def ends(self, name: str) -> tuple[float, float]:
        """Returns the smallest and the largest value that a parameter can take."""
        return ends(each_alone(self.product)[name])


def uniform(name: str, seed: int, start: int, stop: int) -> Floats:
    """Returns one number in [0, 1) for each trial from start to stop - 1, a multiple of 2**-53."""
    return _unit(_words(name, seed, start, stop))


def standard_normal(name: str, seed: int, start: int, stop: int) -> Floats:
    """Returns one standard normal number for each trial, from two words each.

    Source: Box and Muller, A Note on the Generation of Random Normal Deviates, 1958.
    """
    first, second = _unit(_words(name, seed, 2 * start, 2 * stop)).reshape(-1, 2).T
    return np.sqrt(-2.0 * np.log1p(-first)) * np.cos(2.0 * np.pi * second)


def choose(name: str, seed: int, start: int, stop: int, count: int) -> Integers:
    """Returns one of 0 ... count - 1 for each trial, each equally likely."""
    return (uniform(name, seed, start, stop) * count).astype(np.int64)


def _unit(words: Words) -> Floats:
    return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _words(name: str, seed: int, start: int, stop: int) -> Words:
    """Returns random 64-bit words number start to stop - 1 of a parameter's own stream."""
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    key = np.frombuffer(digest[:16], dtype="<u8")
    skipped = start % WORDS_A_COUNT
    generator = np.random.Philox(key=key, counter=start // WORDS_A_COUNT)
    return generator.random_raw(stop - start + skipped)[skipped:]
