"""A part of a sweep: so many trials in a row, trained and written as the bytes of its files.

It is a pure function of (experiment, part size, number), wherever it is made, and the same when it is
put together from pieces that were made one by one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeAlias, TypedDict, cast

import numpy as np

from linreg_sweep.column_types import Array
from linreg_sweep.engines import ENGINES
from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.execution.ranges import TrialRange, contiguous_ranges
from linreg_sweep.execution.versions import result_versions
from linreg_sweep.storage.metadata import Count, Positive, Text
from linreg_sweep.storage.parquet import decode, encode
from linreg_sweep.storage.typed import fits
from linreg_sweep.theory.outcome import FAILED, OUTCOMES
from linreg_sweep.trials.columns import history_types, trial_types
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.rounding import arithmetic
from linreg_sweep.trials.tables import failed_columns, history_columns, no_history, trial_columns

LARGEST = 65536
"""Trials a part: enough to train side by side, few enough to hold and to lose."""

PARTS_AT_LEAST = 16
"""Parts of a sweep that has trials enough for them, so that workers share it evenly."""

MAX_PARTS = 1_000_000
"""Parts of a run, since it is held in memory which of them are there."""

MAX_HISTORY_ROWS = 2_000_000
"""States that a part's history holds."""

MAX_LETTERS = 2**22
"""Letters of the different reasons why trials of a part failed; beyond these each is cut to its share.

JSON takes at most 12 bytes for a letter, and Arrow reads no more than 100 MB of what a file is told.
"""

MAX_FAILURES = 2**22
"""Trials that a part says failed; where more did, the part is made again, and they are tried again anyway."""


_Range: TypeAlias = Annotated[list[Count], lambda ends: len(ends) == 2 and ends[0] <= ends[1]]


class _Told(TypedDict):
    """What a part says of itself, as JSON has it."""

    part: Count
    part_size: Positive
    versions: dict[str, Text]
    outcomes: dict[str, Count]
    failures: dict[str, list[_Range]]


@dataclass(frozen=True)
class Part:
    """A finished part, or a piece of one.

    Attributes:
        trial_range: its trials.
        trials: the Parquet file of its trials.
        history: the Parquet file of its kept states; None where none are asked for.
        facts: what its file says of itself.
    """

    trial_range: TrialRange
    trials: bytes
    history: bytes | None
    facts: "Facts"


@dataclass(frozen=True)
class Facts:
    """What a part's file says of itself, so that nobody needs to read its rows for that.

    Attributes:
        part: its number.
        part_size: trials a part of this run.
        versions: of the libraries that decide its bits, and its arithmetic.
        outcomes: how many of its trials ended in each, by name.
        failures: why trials could not be trained, by their number.
    """

    part: int
    part_size: int
    versions: Mapping[str, str]
    outcomes: Mapping[str, int]
    failures: Mapping[int, str] = field(default_factory=dict)

    def as_json(self, table: str) -> dict[str, Any]:
        """Returns the same as JSON has it, with the table that the file is of: trials or history.

        Each reason stands there once, with the trials in a row that failed for it, [first, stop] each.
        """
        trials: dict[str, list[int]] = {}
        for trial in sorted(self.failures):
            trials.setdefault(self.failures[trial], []).append(trial)
        failures = {
            reason: [
                [trial_range.first, trial_range.stop] for trial_range in contiguous_ranges(self.part, failed)
            ]
            for reason, failed in trials.items()
        }
        return {"table": table, **vars(self), "failures": failures}

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> "Facts":
        """Returns them from what JSON has.

        Raises:
            ValueError: it has no facts, or such as cannot be.
        """
        if not fits(found, _Told):
            raise ValueError("not what a part says of itself")
        told = cast(_Told, found)
        ranges = [(first, stop, reason) for reason, each in told["failures"].items() for first, stop in each]
        if sum(stop - first for first, stop, _ in ranges) > MAX_FAILURES:
            raise ValueError("more failures than a part has")
        failures = {trial: reason for first, stop, reason in ranges for trial in range(first, stop)}
        return cls(told["part"], told["part_size"], told["versions"], told["outcomes"], failures)


def default_part_size(experiment: Experiment) -> int:
    """Returns how many trials a part has: a power of two, by the sweep and the memory it needs."""
    n_parameters, n_targets = experiment.problem.shape
    most = LARGEST
    while most > 1 and most * n_parameters * n_targets > 2 * LARGEST:
        most //= 2
    while most > 1 and most * experiment.n_states > MAX_HISTORY_ROWS:
        most //= 2
    size = ENGINES[experiment.config.training.engine].worth_a_part
    folds = 1
    while folds < len(experiment.headers):  # a part's trials of one fold are as many as without folds
        folds *= 2
    while size < most and size * PARTS_AT_LEAST < experiment.space.n_trials / folds:
        size *= 2
    return min(size * folds, most)


def check_part_size(experiment: Experiment, part_size: int | None) -> None:
    """Raises a ConfigError where a run would have too many parts of so many trials; None: by the sweep."""
    n_trials, size = experiment.space.n_trials, part_size or default_part_size(experiment)
    if n_trials > MAX_PARTS * size:
        text = f"{n_trials:,} trials in parts of {size:,} are more than the {MAX_PARTS:,} parts of a run"
        raise ConfigError(Complaint("", text, "declare it as several sweeps, or give a larger --part-size"))


def make_part(experiment: Experiment, part_size: int, trial_range: TrialRange) -> Part:
    """Trains a part of a run whose parts have so many trials, or a piece of one, and returns its files."""
    values = experiment.values(trial_range.first, trial_range.stop)
    groups = experiment.groups(values)
    results = experiment.train_groups(groups)
    trials = trial_columns(experiment, trial_range.first, values, groups, results)
    history = history_columns(experiment, trial_range.first, groups, results) if experiment.n_states else None
    return _encoded(experiment, part_size, trial_range, trials, history, {})


def put_together(
    experiment: Experiment,
    part_size: int,
    trial_range: TrialRange,
    pieces: Sequence[Part],
    failures: Mapping[int, str],
) -> Part:
    """Returns a part from its pieces, in any order, with a row for each trial that could not be trained.

    Rows of trials that failed in the pieces are passed over; long reasons are cut if they are many.
    """
    failed = np.array(sorted(failures), np.int64)
    types, of_states = trial_types(experiment), history_types(experiment)
    tables = [
        failed_columns(experiment, failed),
        *(_trained(decode(piece.trials, types)) for piece in pieces),
    ]
    trials = _by_trial(tables)
    kept = [decode(piece.history, of_states) for piece in pieces if piece.history is not None]
    history = _by_trial([no_history(experiment), *kept]) if experiment.n_states else None
    return _encoded(experiment, part_size, trial_range, trials, history, _bounded(failures))


def _bounded(failures: Mapping[int, str]) -> dict[int, str]:
    """Returns failures whose different reasons have no more than MAX_LETTERS together."""
    share = MAX_LETTERS // max(1, len(set(failures.values())))
    return {trial: reason[:share] for trial, reason in failures.items()}


def _trained(columns: dict[str, Array]) -> dict[str, Array]:
    """Returns a table without the rows of trials that failed."""
    trained = columns["outcome"] != FAILED
    return {name: values[trained] for name, values in columns.items()}


def _by_trial(tables: Sequence[dict[str, Array]]) -> dict[str, Array]:
    """Returns tables with the same columns as one, ordered by trial, and within a trial as they were."""
    whole = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
    order = np.argsort(whole["trial"], kind="stable")
    return {name: values[order] for name, values in whole.items()}


def _encoded(
    experiment: Experiment,
    part_size: int,
    trial_range: TrialRange,
    trials: dict[str, Array],
    history: dict[str, Array] | None,
    failures: dict[int, str],
) -> Part:
    counts = {name: int((trials["outcome"] == code).sum()) for code, name in enumerate(OUTCOMES)}
    versions = result_versions(experiment.config.training.engine) | arithmetic(experiment)
    facts = Facts(trial_range.part, part_size, versions, counts, failures)
    of_states = history_types(experiment)
    kept = None if history is None else encode(history, facts.as_json("history"), of_states)
    return Part(trial_range, encode(trials, facts.as_json("trials"), trial_types(experiment)), kept, facts)
