"""A part of a sweep: so many trials in a row, trained and written as the bytes of its files.

It is a pure function of (experiment, part size, number), wherever it is made.
"""

from dataclasses import dataclass

from linreg_sweep.columns import history_columns, trial_columns
from linreg_sweep.experiment import Experiment
from linreg_sweep.parquet import encode

SMALLEST, LARGEST = 1024, 65536
"""Trials a part: enough to train side by side, few enough to hold and to lose."""

PARTS_AT_LEAST = 16
"""Parts of a sweep that has trials enough for them, so that workers share it evenly."""

MOST_HISTORY_ROWS = 2_000_000
"""States that a part's history holds."""


@dataclass(frozen=True)
class Part:
    """A finished part.

    Attributes:
        number: from 0.
        n_trials: trials in it.
        trials: the Parquet file of its trials.
        history: the Parquet file of its kept states; None where none are asked for.
    """

    number: int
    n_trials: int
    trials: bytes
    history: bytes | None


def default_part_size(experiment: Experiment) -> int:
    """Returns how many trials a part has: a power of two, by the sweep and the memory it needs."""
    n_parameters, n_targets = experiment.problem.shape
    most = LARGEST
    while most > 1 and most * n_parameters * n_targets > 2 * LARGEST:
        most //= 2
    while most > 1 and most * experiment.n_states > MOST_HISTORY_ROWS:
        most //= 2
    size = SMALLEST if experiment.config.training.engine == "numpy" else 4 * SMALLEST
    while size < most and size * PARTS_AT_LEAST < experiment.space.n_trials:
        size *= 2
    return min(size, most)


def make_part(experiment: Experiment, part_size: int, number: int) -> Part:
    """Trains a part and returns its files."""
    first = number * part_size
    values = experiment.values(first, min(first + part_size, experiment.space.n_trials))
    results = experiment.train(values)
    trials = encode(trial_columns(experiment, first, values, results))
    history = encode(history_columns(experiment, first, results)) if experiment.n_states else None
    return Part(number, len(results.epochs), trials, history)
