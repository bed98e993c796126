"""Trials as they stand in a list."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from linreg_sweep.array_types import Floats
from linreg_sweep.samplers.base import choose


@dataclass(frozen=True)
class Listed:
    """The trials of a list.

    Attributes:
        columns: the values [n] of each parameter, a trial after the other; NaN where a trial has none.
    """

    columns: Mapping[str, Floats]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the parameters."""
        return tuple(self.columns)

    @property
    def n_trials(self) -> int:
        """How many trials there are."""
        return len(next(iter(self.columns.values())))

    def values(self, start: int, stop: int) -> dict[str, Floats]:
        """Returns the values of the trials from start to stop - 1; see Sampler."""
        return {name: column[start:stop].copy() for name, column in self.columns.items()}

    def sample(self, n_sampled: int) -> dict[str, Floats]:
        """Returns the values of at most so many trials, each a draw of its own from a fixed seed."""
        if n_sampled >= self.n_trials:
            return self.values(0, self.n_trials)
        rows = choose("trial", 0, 0, n_sampled, self.n_trials)
        return {name: column[rows] for name, column in self.columns.items()}

    def ends(self, name: str) -> tuple[float, float]:
        """Returns the smallest and the largest value of a parameter."""
        column = self.columns[name]
        return float(np.nanmin(column)), float(np.nanmax(column))
