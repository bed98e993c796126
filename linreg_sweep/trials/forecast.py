"""What theory expects of a sweep before any of it is trained: how its trials end, and which rates are wasted.

Every trial's outcome follows from the closed form; where a sweep is large, those of a sample do.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.theory.outcome import CONVERGED, MISSING, OUTCOMES
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.prediction import predict

Floats = NDArray[np.float64]

SAMPLE = 2**17
"""Trials that are looked at, at most: told in well under a second."""

WORK = 2**24
"""Trials x the square of the parameters x targets: fewer trials are looked at where each takes longer."""

FEWEST = 64
"""Trials that are looked at, at least, however long each takes: fewer would hardly be a sample."""

MOSTLY = 0.5
"""Share of trials that cannot converge above which a sweep is called mostly wasted."""


@dataclass(frozen=True)
class Forecast:
    """What theory says of the trials looked at.

    Attributes:
        n_trials: how many were looked at.
        is_sample: whether the sweep has more.
        outcomes: how many end in each outcome, by its name.
        unknown: how many theory cannot tell of: mini-batches, or rounding decides.
        fastest_epochs: the epoch at which the first of all converges; None: none does.
        fastest: its hyperparameters; None likewise.
        rates: the smallest and the largest learning rate with which any converges; None: none does.
        below: trials, of those that theory tells of, whose rate is below that range.
        above: likewise, above it.
    """

    n_trials: int
    is_sample: bool
    outcomes: dict[str, int]
    unknown: int
    fastest_epochs: int | None
    fastest: dict[str, float] | None
    rates: tuple[float, float] | None
    below: int
    above: int

    @property
    def wasted(self) -> float:
        """The share of trials, of those that theory tells of, that cannot converge."""
        told = self.n_trials - self.unknown
        return 1 - self.outcomes["converged"] / told if told else 0.0

    @property
    def is_mostly_wasted(self) -> bool:
        """Whether most trials cannot converge."""
        return self.wasted > MOSTLY


def forecast(experiment: Experiment) -> Forecast:
    """Returns what theory expects of an experiment's trials, in a time that has a bound."""
    n_trials = experiment.space.n_trials
    n_parameters, n_targets = experiment.problem.shape
    values = experiment.sample(min(SAMPLE, max(FEWEST, WORK // (n_parameters**2 * n_targets))))
    prediction = predict(experiment, values)
    rates, outcome = values["learning_rate"], prediction.outcome
    came = np.flatnonzero(outcome == CONVERGED)
    best = came[np.argmin(prediction.at[came])] if len(came) else None
    span = (float(rates[came].min()), float(rates[came].max())) if len(came) else None
    low, high = span or (-np.inf, np.inf)
    told = outcome != MISSING
    return Forecast(
        n_trials=len(rates),
        is_sample=len(rates) < n_trials,
        outcomes={name: int((outcome == code).sum()) for code, name in enumerate(OUTCOMES)},
        unknown=int((~told).sum()),
        fastest_epochs=None if best is None else int(prediction.at[best]),
        fastest=None if best is None else {name: float(value[best]) for name, value in values.items()},
        rates=span,
        below=int((told & (rates < low)).sum()),
        above=int((told & (rates > high)).sum()),
    )
