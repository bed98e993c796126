"""What theory expects of a sweep before any of it is trained: how its trials end, and which rates are wasted.

Every trial's outcome follows from the closed form; where a sweep is large, those of a sample do.
"""

from dataclasses import dataclass

import numpy as np

from linreg_sweep.array_types import Floats, Integers
from linreg_sweep.theory.outcome import CONVERGED, DIVERGED, MISSING, OUTCOMES, SILENT_MEANING, THEORY
from linreg_sweep.trials.columns import parameter_column, trial_types
from linreg_sweep.trials.costs import seconds
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.groups import MANY, Group
from linreg_sweep.trials.prediction import Prediction, predict_groups

SAMPLE = 2**17
"""Trials that are looked at, at most: told in well under a second."""

WORK = 2**24
"""Trials x the square of the parameters x targets: fewer trials are looked at where each takes longer."""

SAMPLE_OF_GROUPS = 2**12
"""The same where nearly every trial may be a group of its own, by its seed or its batch size."""

LONG_COURSE = 20_000
"""Epochs under a schedule above which theory, which goes through them one by one, is not asked."""

FEWEST = 64
"""Trials that are looked at, at least, however long each takes: fewer would hardly be a sample."""

WORTH_A_FORECAST = 20.0
"""Seconds of a training below which it is not worth a look at how its trials end."""

MOSTLY = 0.5
"""Share of trials that cannot converge above which a sweep is called mostly wasted."""


SILENT = {word: THEORY.index(word) if word in THEORY else MISSING for word in SILENT_MEANING}
"""The codes of the words that say why theory is silent; MISSING of what it was not asked."""


@dataclass(frozen=True)
class Forecast:
    """What theory says of the trials looked at.

    Attributes:
        n_trials: how many were looked at.
        is_sample: whether the sweep has more.
        outcomes: how many end in each outcome, by its name.
        silent: of how many theory says nothing, by the word that says why.
        fastest_epochs: the epoch at which the first of all converges; None: none does.
        fastest: its hyperparameters as the table shows them; None likewise.
        rates: the smallest and the largest learning rate with which any converges; None: none does.
        below: trials, of those that theory predicts, whose rate is below that range.
        above: likewise, above it.
        seconds: that one core trains all trials, at most where theory cannot tell; None: not known.
    """

    n_trials: int
    is_sample: bool
    outcomes: dict[str, int]
    silent: dict[str, int]
    fastest_epochs: int | None
    fastest: dict[str, str | float | None] | None
    rates: tuple[float, float] | None
    below: int
    above: int
    seconds: float | None

    @property
    def unknown(self) -> int:
        """Of how many theory says nothing."""
        return sum(self.silent.values())

    @property
    def wasted(self) -> float:
        """The share of trials, of those that theory predicts, that cannot converge."""
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
    most = SAMPLE_OF_GROUPS if {*MANY} & {*experiment.space.names} else SAMPLE
    values = experiment.sample(min(most, max(FEWEST, WORK // (n_parameters**2 * n_targets))))
    groups = experiment.groups(values)
    # theory would have to go through too many epochs of the others, one by one
    asked = [
        group
        for group in groups
        if group.options.method.schedule is None or int(group.trials.epochs.max()) <= LONG_COURSE
    ]
    prediction = predict_groups(asked, len(values["learning_rate"]))
    rates, outcome = values["learning_rate"], prediction.outcome
    came = np.flatnonzero(outcome == CONVERGED)
    best = came[np.argmin(prediction.about[came])] if len(came) else None
    span = (float(rates[came].min()), float(rates[came].max())) if len(came) else None
    low, high = span or (-np.inf, np.inf)
    told = outcome != MISSING
    return Forecast(
        n_trials=len(rates),
        is_sample=len(rates) < n_trials,
        outcomes={name: int((outcome == code).sum()) for code, name in enumerate(OUTCOMES)},
        silent={word: int((prediction.theory == code).sum()) for word, code in SILENT.items()},
        fastest_epochs=None if best is None else int(prediction.about[best]),
        fastest=None if best is None else _shown(experiment, values, int(best)),
        rates=span,
        below=int((told & (rates < low)).sum()),
        above=int((told & (rates > high)).sum()),
        seconds=seconds(experiment, values, _epochs(experiment, groups, prediction)),
    )


def seconds_of(experiment: Experiment, n_trials: int) -> float | None:
    """Returns how long one core trains so many of an experiment's trials; in no time where that is short."""
    share = n_trials / experiment.space.n_trials
    most = seconds_at_most(experiment)
    if most is None or most * share < WORTH_A_FORECAST:
        return None if most is None else most * share
    return share * (forecast(experiment).seconds or 0.0)


def seconds_at_most(experiment: Experiment) -> float | None:
    """Returns how long one core trains an experiment whose trials all do all their epochs."""
    values = experiment.sample(FEWEST)
    return seconds(experiment, values, epochs_of(experiment.groups(values)).astype(np.float64))


def _epochs(experiment: Experiment, groups: list[Group], prediction: Prediction) -> Floats:
    """Returns the epochs [k] that trials do: all, unless they are known to end before."""
    whole = epochs_of(groups)
    ends = prediction.outcome != MISSING
    if not experiment.config.training.early_stop:
        ends = prediction.outcome == DIVERGED
    ends &= prediction.about != MISSING
    return np.where(ends, prediction.about, whole).astype(np.float64)


def epochs_of(groups: list[Group]) -> Integers:
    """Returns the most epochs [K] that each of the trials of some groups does."""
    found = np.empty(sum(map(len, (group.trials for group in groups))), np.int64)
    for group in groups:
        found[group.chosen] = group.trials.epochs
    return found


def _shown(experiment: Experiment, values: dict[str, Floats], row: int) -> dict[str, str | float | None]:
    """Returns the hyperparameters of a trial as the table shows them, by their columns."""
    types = trial_types(experiment)
    columns = {parameter_column(name): float(value[row]) for name, value in values.items()}
    return {name: types[name].cell(value) for name, value in columns.items()}
