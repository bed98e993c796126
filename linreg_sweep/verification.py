"""A run held against its own experiment: every part is trained again, and every number compared to the bit.

Workers train as they do for the run, so that it takes about as long; one part after the other is held in
memory. What is told of all trials together, the summary and what metadata.json says of them, is worked out
again from the rows, and files that hold no trials are looked at by their checksums.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from heapq import nsmallest
from itertools import chain, count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.column_types import Array, ColumnType, Types
from linreg_sweep.execution.missing import Missing, train_missing
from linreg_sweep.execution.parts import Part, make_part, put_together
from linreg_sweep.execution.ranges import TrialRange, contiguous_ranges, range_of_part
from linreg_sweep.execution.runner import Work
from linreg_sweep.execution.versions import result_versions
from linreg_sweep.runs.finishing import sum_up
from linreg_sweep.runs.inspection import facts_in
from linreg_sweep.runs.reopening import reopen
from linreg_sweep.runs.results import Run, as_run
from linreg_sweep.storage import files
from linreg_sweep.storage.checksum import checksum
from linreg_sweep.storage.files import AnyPath
from linreg_sweep.storage.layout import HISTORY, TRIALS, MisfitError
from linreg_sweep.storage.parquet import decode, read_and_check
from linreg_sweep.storage.store import DamagedError
from linreg_sweep.theory.outcome import MISSING
from linreg_sweep.trials.columns import history_types, trial_types
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.rounding import UNTOLD, arithmetic
from linreg_sweep.workers.backends import PROCESSES, check_backend, open_backend

Columns = Mapping[str, Array]

WRITTEN = "what was written, by its checksum"

BY_THEORY = (
    *("theory", "predicted_outcome", "predicted_at"),
    *("regime", "regime_source", "stability_ratio"),
)
"""The columns that tell what theory knows of a trial."""

MAX_NAMED = 1000
"""Mismatches that are kept, those of the first trials; all are counted."""


@dataclass(frozen=True)
class Mismatch:
    """Something in a run that is not what its experiment gives.

    Attributes:
        trial: the row; None: a whole file, or what it says of all trials.
        column: where it stands.
        found: what stands there; codes as their words.
        expected: what should stand there.
        part: the file.
    """

    trial: int | None
    column: str
    found: object
    expected: str
    part: AnyPath


@dataclass(frozen=True)
class Verification:
    """What became of a check.

    Attributes:
        n_trials: trials that were trained again and compared.
        n_missing: trials that are not there, or could not be trained.
        mismatches: what is not what the experiment gives, at most MAX_NAMED of it.
        n_mismatches: how many there are.
        other_versions: where a library that decides the last bits has another version than when the run was
            made, or the arithmetic is another: (then, here) by name.
    """

    n_trials: int
    n_missing: int
    mismatches: tuple[Mismatch, ...]
    n_mismatches: int
    other_versions: Mapping[str, tuple[str, str]]


def verify(
    run: Run | str | Path,
    *,
    jobs: int | None = None,
    max_memory: str | int | None = None,
    watch: Callable[[int, int], None] | None = None,
) -> Verification:
    """Trains every trial of a run that is there again, and compares all that the run says of them.

    Args:
        run: the run, or its directory.
        jobs: worker processes; 1: none; None: as many as pay.
        max_memory: a size such as `4GB`, beyond which the rows of a file are kept on disk; None: half of what
            is free.
        watch: called with how many trials are compared, and of how many.

    Raises:
        ResultsError: there is no such run, or the data are not those of the run.
        ConfigError: jobs is no number of workers, or the run's config.yaml cannot be read.
        DataError: its data cannot be read.
        SweepError: workers die whatever they are given.
    """
    check_backend(PROCESSES, jobs, None, None)
    run = as_run(run)
    experiment = reopen(run, max_memory)
    wrong: list[Mismatch] = []
    n_wrong = 0
    ranges: list[TrialRange] = []
    for number in run.finished_parts():
        ranges += _ranges(run, number)
    total, n_trials = sum(trial_range.n_trials for trial_range in ranges), 0
    make, join = (partial(work, experiment, run.part_size) for work in (make_part, put_together))
    open_workers = partial(open_backend, PROCESSES, jobs, None)
    types = {TRIALS: trial_types(experiment), HISTORY: history_types(experiment)}
    work, missing = Work(make, join), Missing(ranges, {}, lambda trial_range: None)
    with closing(
        train_missing(work, missing, open_workers, lambda who: None, alone_first=jobs is None)
    ) as parts:
        for part in parts:
            n_trials += part.trial_range.n_trials - len(part.facts.failures)
            wrong, n_more = _first(wrong, _compared(run, part, types))
            n_wrong += n_more
            if watch is not None:
                watch(n_trials, total)
    if "finished" in run.metadata and run.n_trials_done == run.n_trials:
        of_all = list(_summed_up(run, experiment, is_right=not wrong))
        wrong, n_wrong = wrong + of_all, n_wrong + len(of_all)
    made = UNTOLD | run.metadata["versions"]
    here = result_versions(run.metadata["engine"]) | arithmetic(experiment)
    others = {name: (str(made.get(name)), here[name]) for name in here if made.get(name) != here[name]}
    return Verification(n_trials, run.n_trials - n_trials, tuple(wrong), n_wrong, others)


def _first(wrong: list[Mismatch], found: Iterator[Mismatch]) -> tuple[list[Mismatch], int]:
    """Returns the first of all mismatches, by their trials, and how many of those found are new."""
    counter = count()
    new = (  # a file of a part that came in pieces was looked at for each
        each for each in found if (each.trial is not None or each not in wrong) and next(counter) >= 0
    )
    return nsmallest(MAX_NAMED, chain(wrong, new), key=_place_of), next(counter)


def _place_of(mismatch: Mismatch) -> tuple[str, int]:
    return mismatch.part.name, -1 if mismatch.trial is None else mismatch.trial


def _ranges(run: Run, number: int) -> Iterator[TrialRange]:
    """Yields the trials of a part but for those that it says could not be trained."""
    trial_range = range_of_part(number, run.part_size, run.n_trials)
    facts = facts_in(run.store.part(run.store.trials, number))
    if facts is None or not facts.failures:
        yield trial_range
    else:
        yield from contiguous_ranges(
            number, set(range(trial_range.first, trial_range.stop)) - facts.failures.keys()
        )


def _compared(run: Run, part: Part, types: Mapping[str, Types]) -> Iterator[Mismatch]:
    """Yields what of some trials is not, to the bit, what training them again gives."""
    store, number = run.store, part.trial_range.part
    yield from _table_compared(run, store.part(store.trials, number), part, part.trials, types[TRIALS])
    if part.history is not None:
        place = store.part(store.history, number)
        yield from _table_compared(run, place, part, part.history, types[HISTORY])


def _table_compared(run: Run, place: AnyPath, part: Part, again: bytes, types: Types) -> Iterator[Mismatch]:
    """Yields the same of one file of a part; again is what training gives in its place, of these types."""
    try:
        if files.read(place) == again:
            return
        layout = run.layout(place.parent.name)
        found, is_whole = read_and_check(place, layout)
    except FileNotFoundError:  # since it was listed
        yield Mismatch(None, "(all)", "(missing)", WRITTEN, place)
        return
    except DamagedError as error:
        why = str(error.__cause__) if isinstance(error.__cause__, MisfitError) else "a change"
        yield Mismatch(None, "(all)", why, WRITTEN, place)
        return
    failed = np.array([*part.facts.failures], np.int64)  # here, and maybe not when the run was made
    trials = np.setdiff1d(np.arange(part.trial_range.first, part.trial_range.stop), failed)
    rows = np.flatnonzero(np.isin(found["trial"], trials))
    if place.parent.name == TRIALS:  # by their places: of a wrong number it is known whose it is
        rows = trials - part.trial_range.part * run.part_size
    expected = decode(again, types)
    kept = np.flatnonzero(np.isin(expected["trial"], trials))
    differs = False
    due = _rows(expected, kept)
    for mismatch in _differences(_rows(found, rows), layout.types, due, types, place):
        differs = True
        yield mismatch
    if not differs and not is_whole:
        yield Mismatch(None, "(all)", "a change", WRITTEN, place)


def _rows(columns: Columns, rows: NDArray[np.intp]) -> dict[str, Array]:
    """Returns some rows of a table."""
    return {name: values[rows] for name, values in columns.items()}


def _differences(
    found: Columns, types: Types, expected: Columns, of_expected: Types, place: AnyPath
) -> Iterator[Mismatch]:
    """Yields the cells of a table that differ from what they should be; an older run may lack columns."""
    expected = {name: values for name, values in expected.items() if name in found}
    there, due = (f"{len(table['trial']):,} rows of {', '.join(table)}" for table in (found, expected))
    if there != due:
        yield Mismatch(None, "(all)", there, due, place)
        return
    since = _told_since(found, types, of_expected)
    for name, right in expected.items():
        here, type_ = found[name], of_expected[name]
        if types[name].words != type_.words:  # they may have been others when the run was made
            here = _recoded(here, types[name].words, type_.words)
        same = (here == right) | ((here != here) & (right != right)) | (since & (name in BY_THEORY))
        for row in np.flatnonzero(~same).tolist():
            trial = int(expected["trial"][row])
            was = _shown(types[name], found[name][row])
            yield Mismatch(trial, name, was, _shown(type_, right[row]), place)


def _told_since(found: Columns, types: Types, expected: Types) -> NDArray[np.bool_]:
    """Returns which rows are of mini-batches of an older run, when nothing was known of any."""
    if "theory" not in types or len(types["theory"].words) >= len(expected["theory"].words):
        return np.zeros(1, np.bool_)
    return np.asarray(found["theory"] == types["theory"].words.index("mini_batches"))


def _recoded(codes: Array, words: Sequence[str], others: Sequence[str]) -> Array:
    """Returns the codes of words as places among others; one past them for a word that is none of these."""
    places = [others.index(word) if word in others else len(others) for word in words]
    return np.take(np.array([*places, MISSING]), np.asarray(codes, np.intp))


def _shown(type_: ColumnType, value: np.generic) -> str:
    """Returns a cell as a person reads it, a number with all its digits."""
    found = type_.cell(value.item())
    if found is None:
        return "(missing)"
    return found if isinstance(found, str) else repr(found)


def _summed_up(run: Run, experiment: Experiment, *, is_right: bool) -> Iterator[Mismatch]:
    """Yields what a finished run says of its trials together, and its rows do not, if these are right.

    Else only the checksum of the summary is looked at.
    """
    store, metadata = run.store, dict[str, Any](run.metadata)
    if not store.is_as_written(store.summary, metadata):
        yield Mismatch(None, "(all)", "a change", WRITTEN, store.summary)
    if not is_right:
        return
    rows = sum_up(run, experiment)
    if metadata.get("checksums", {}).get(store.summary.name) not in (None, checksum(rows.summary)):
        yield Mismatch(None, "(all)", "another summary", "that of the rows", store.summary)
    for name, right in rows.facts.items():
        found = metadata.get(name, right)
        due = {key: value for key, value in right.items() if key in found}  # runs made before lack some
        if found != due:
            yield Mismatch(None, name, json.dumps(found), json.dumps(due), store.metadata)
