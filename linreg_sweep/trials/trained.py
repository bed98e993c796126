"""Trials that have been trained, as the columns of their table see them: what several columns ask, once."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.engines.interface import Results
from linreg_sweep.theory.outcome import Codes, judge
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.prediction import Prediction, predict

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Trained:
    """K trials in a row and what became of them.

    Attributes:
        experiment: what was trained.
        first: the number of the first of them.
        values: their hyperparameters, [K] each.
        results: what became of them.
    """

    experiment: Experiment
    first: int
    values: dict[str, Floats]
    results: Results

    @property
    def count(self) -> int:
        """How many trials there are."""
        return len(self.results.epochs)

    @cached_property
    def excess(self) -> Floats:
        """The excess cost [K] of the last states, in units of y squared."""
        return self.experiment.problem.excess_cost(self.results.theta)

    @cached_property
    def cost(self) -> Floats:
        """The cost [K] of the last states, likewise."""
        return self.experiment.problem.cost_min + self.excess

    @cached_property
    def outcome(self) -> Codes:
        """The outcome [K], as an index into OUTCOMES."""
        return judge(
            self.results.converged_at,
            self.results.diverged_at,
            self.excess,
            self.experiment.converged_excess,
            early_stop=self.experiment.config.training.early_stop,
        )

    @cached_property
    def sees_all_rows(self) -> NDArray[np.bool_]:
        """Whether each trial's steps see all rows [K]."""
        return np.asarray(self.experiment.batch_sizes(self.values) == self.experiment.problem.n_rows)

    @cached_property
    def prediction(self) -> Prediction:
        """What theory says of them."""
        return predict(self.experiment, self.values, self.results, self.outcome)
