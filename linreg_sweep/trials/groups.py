"""Trials that share all that is no number, and are trained together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.engines.interface import TrainOptions, Trials
from linreg_sweep.theory.applies import LinearTheory, NoTheory
from linreg_sweep.theory.problem import Problem

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

MANY = ("batch_size", "seed")
"""Numbers that trials must share to be trained together, and of which nearly each may have its own."""

GROUPED = (*MANY, "fold")
"""All that they must share."""


class Kind(NamedTuple):
    """What a problem is made by, beside the data."""

    loss: str
    """What a step descends."""
    standardize: bool
    """Whether trials see z-scores of x."""
    fold: int = 0
    """Which rows are held out."""


@dataclass(frozen=True)
class Group:
    """Trials that share all that is no number, and are trained together.

    Attributes:
        chosen: which of the trials that were asked for, ascending.
        kind: of the problem.
        problem: what they descend on.
        trials: their numbers.
        options: how they are trained.
        theory: what is known of them.
    """

    chosen: Indices
    kind: Kind
    problem: Problem
    trials: Trials
    options: TrainOptions
    theory: LinearTheory | NoTheory

    @property
    def is_covered(self) -> bool:
        """Whether theory covers them."""
        return isinstance(self.theory, LinearTheory)

    def stability_limit(self) -> Floats:
        """Returns the learning rate [K] above which each trial's descent grows; NaN: none is known."""
        if not isinstance(self.theory, LinearTheory):
            return np.full(len(self.trials), np.nan)
        trials, none = self.trials, np.zeros(len(self.trials))
        return self.theory.stability_limit(trials.quadratic, trials.values, trials.epochs + none) + none

    def why_no_limit(self) -> str | None:
        """Returns why a trial has no stability limit, as half a sentence; None: all have one."""
        if not isinstance(self.theory, LinearTheory):
            return self.theory.reason
        return self.theory.limit_reason(self.trials.values, self.trials.epochs.astype(np.float64))

    def contraction(self, settle_epochs: float) -> Floats:
        """Returns the factor [K] of the steepest direction in an epoch; NaN: not known."""
        none = np.zeros(len(self.trials))
        if not isinstance(self.theory, LinearTheory):
            return none + np.nan
        trials = self.trials
        found = self.theory.contraction(trials.quadratic, trials.values, trials.epochs + none, settle_epochs)
        return found + none


def alike(columns: Sequence[Floats], count: int) -> list[Indices]:
    """Returns which trials have the same numbers in all columns [count], ascending in each group."""
    keys = np.zeros(count, np.int64)
    for column in columns:
        different, places = np.unique(column, return_inverse=True)
        keys = np.unique(keys * len(different) + places, return_inverse=True)[1]
    if not count or (keys == keys[0]).all():
        return [np.arange(count)]
    order = np.argsort(keys, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(keys[order])) + 1)
