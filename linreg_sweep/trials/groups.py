"""Trials that share all that is no number, and are trained together."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Floats, Indices, Integers
from linreg_sweep.engines import Form, form_of_epochs
from linreg_sweep.engines.interface import TrainOptions, Trials
from linreg_sweep.theory.applies import NoTheory, Theory
from linreg_sweep.theory.drawn import Drawn
from linreg_sweep.theory.file_order import FileOrder
from linreg_sweep.theory.problem import Problem
from linreg_sweep.theory.scheduled_order import ScheduledOrder

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
    theory: Theory | ScheduledOrder | Drawn | NoTheory

    @property
    def is_covered(self) -> bool:
        """Whether theory covers them: their regime, and mostly their outcome."""
        return not isinstance(self.theory, ScheduledOrder | Drawn | NoTheory)

    @property
    def why_uncovered(self) -> str:
        """Why theory does not, as half a sentence."""
        if isinstance(self.theory, ScheduledOrder | NoTheory):
            return self.theory.reason
        return (
            "each epoch has a permutation of its own"
            if self.theory.word == "reshuffled"
            else "rows are drawn"
        )

    def of(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """Returns what is its own trials' of an array [K, ..] of all: the array itself where they are all."""
        return numbers if len(numbers) == len(self.trials) else numbers[self.chosen]

    def form(self, engine: str) -> Form | None:
        """Returns what their epochs are made of; None: an engine has one form."""
        return form_of_epochs(engine, self.problem, self.options.method, self.options.dtype)

    def steps_by_rows(self, engine: str) -> bool:
        """Returns whether steps go by their rows, so that no H of theirs is held or made."""
        form = self.form(engine)
        return form is not None and form.steps_by_rows

    def stability_limit(self) -> Floats:
        """Returns the learning rate [K] above which each trial's descent grows; NaN: none is known."""
        if isinstance(self.theory, NoTheory):
            return np.full(len(self.trials), np.nan)
        trials, none = self.trials, np.zeros(len(self.trials))
        return self.theory.stability_limit(trials.quadratic, trials.values, trials.epochs + none) + none

    def why_no_limit(self) -> str | None:
        """Returns why a trial has no stability limit, as half a sentence; None: all have one."""
        if isinstance(self.theory, NoTheory):
            return self.theory.reason
        reason = self.theory.limit_reason(self.trials.values, self.trials.epochs.astype(np.float64))
        if reason is None and np.isnan(self.stability_limit()).any():
            return "no learning rate was found from which on errors grow"
        return reason

    def contraction(self, settle_epochs: float) -> Floats:
        """Returns the factor [K] of the steepest direction in an epoch; NaN: not known."""
        none = np.zeros(len(self.trials))
        if isinstance(self.theory, ScheduledOrder | Drawn | NoTheory):
            return none + np.nan
        trials = self.trials
        found = self.theory.contraction(trials.quadratic, trials.values, trials.epochs + none, settle_epochs)
        return found + none

    @property
    def has_plateau(self) -> bool:
        """Whether it is known where batches bring them to rest."""
        return isinstance(self.theory, FileOrder | ScheduledOrder | Drawn)

    @property
    def has_mean(self) -> bool:
        """Whether the mean over all draws is known."""
        return isinstance(self.theory, Drawn)

    def plateau(self) -> Floats:
        """Returns the excess at which trials come to rest [K]; NaN: they do not, or it is not known."""
        quadratic, values = self.trials.quadratic, self.trials.values
        if isinstance(self.theory, FileOrder | Drawn):
            found = self.theory.plateau(quadratic, values)
        elif isinstance(self.theory, ScheduledOrder):
            found = self.theory.plateau(quadratic, values, self.trials.epochs)
        else:
            return np.full(len(self.trials), np.nan)
        is_pushed = values["dampening"] != 1  # else the first step alone moves a trial
        return np.where(is_pushed, found, np.nan)

    def expected_excess(self, epochs: Integers) -> Floats:
        """Returns the mean over all draws of the excess after so many epochs [K]; NaN: it is not known."""
        if not isinstance(self.theory, Drawn):
            return np.full(len(self.trials), np.nan)
        trials = self.trials
        return self.theory.expected_excess(trials.quadratic, trials.values, trials.start, epochs)
