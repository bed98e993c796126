"""Trials that have been trained, as the columns of their table see them: what several columns ask, once."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from linreg_sweep.array_types import Flags, Floats
from linreg_sweep.engines.interface import Results
from linreg_sweep.theory.best_epoch import Least
from linreg_sweep.theory.outcome import Codes, judge
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.groups import Group
from linreg_sweep.trials.prediction import Prediction, predict_groups


@dataclass(frozen=True)
class Trained:
    """K trials in a row and what became of them.

    Attributes:
        experiment: what was trained.
        first: the number of the first of them.
        values: their hyperparameters, [K] each.
        groups: the same trials, in the groups that were trained together.
        results: what became of them.
    """

    experiment: Experiment
    first: int
    values: dict[str, Floats]
    groups: list[Group]
    results: Results

    @property
    def count(self) -> int:
        """How many trials there are."""
        return len(self.results.epochs)

    @cached_property
    def least(self) -> Least:
        """The least cost on held-out rows, of trials that have such."""
        found = self.results.least
        if found is None:
            raise ValueError("no rows are held out")
        return found

    @cached_property
    def scale(self) -> Floats:
        """The cost of the best constant on each trial's training rows [K]; see Problem."""
        return self.of_each(lambda group: group.problem.scale)

    @cached_property
    def held_out_cost(self) -> Floats:
        """The mean squared error [K] of the last states on the held-out rows; NaN: there are none."""
        theta = self.results.theta
        return self.of_each(lambda group: group.problem.held_out_cost(group.of(theta)))

    def of_each(self, of_group: Callable[[Group], Floats | float]) -> Floats:
        """Returns numbers [K] that each group has of its own trials."""
        found = np.empty(self.count)
        for group in self.groups:
            found[group.chosen] = of_group(group)
        return found

    @cached_property
    def excess(self) -> Floats:
        """How far the last states lie above the optimum [K], in units of y squared."""
        theta = self.results.theta
        return self.of_each(lambda group: group.trials.quadratic.excess(group.of(theta)))

    @cached_property
    def cost(self) -> Floats:
        """The mean squared error [K] of the last states, likewise."""
        return self.cost_of(self.results.theta)

    def cost_of(self, theta: Floats) -> Floats:
        """Returns the mean squared error [K] of a state [K, P, O] of each trial, likewise."""
        return self.of_each(lambda group: group.problem.cost(group.of(theta)))

    @cached_property
    def average_cost(self) -> Floats:
        """The mean squared error [K] of the averaged states, likewise; NaN where there is none."""
        average = self.results.average
        return np.full(self.count, np.nan) if average is None else self.cost_of(average)

    @cached_property
    def start_cost(self) -> Floats:
        """The mean squared error [K] of the starts, likewise."""
        return self.of_each(lambda group: group.problem.cost(group.trials.start))

    @cached_property
    def outcome(self) -> Codes:
        """The outcome [K], as an index into OUTCOMES."""
        return judge(
            self.results.converged_at,
            self.results.diverged_at,
            self.excess,
            self.of_each(lambda group: group.options.converged_excess),
            early_stop=self.experiment.config.training.early_stop,
        )

    @cached_property
    def is_covered(self) -> Flags:
        """Whether theory covers each trial [K]."""
        return self.of_each(lambda group: group.is_covered).astype(np.bool_)

    @cached_property
    def prediction(self) -> Prediction:
        """What theory says of them."""
        results = self.results if self.experiment.is_predicted_by_engine else None
        return predict_groups(self.groups, self.count, results)
