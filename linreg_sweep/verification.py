"""A run checked row by row against the closed form: which numbers cannot be what the sweep declares?

What follows from other columns must follow to the bit. What was descended must be the closed form
but for the rounding of its steps, and its events the closed form's but where they lie within that
rounding of a threshold. Trials that have no closed form are trained again, and so are the first two
steps of all, and every part whose checksums tell of a change. Of files that hold no trials the
checksums alone are looked at.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.engines import closed_form, load_engine
from linreg_sweep.engines.interface import Results, Schedule, Trials, history_of
from linreg_sweep.execution.spans import span_of
from linreg_sweep.runs.inspection import facts_in
from linreg_sweep.runs.reopening import reopen
from linreg_sweep.runs.results import Run, load
from linreg_sweep.storage.files import Place
from linreg_sweep.storage.layout import HISTORY, TRIALS, MisfitError
from linreg_sweep.storage.parquet import column_names, read_and_check
from linreg_sweep.storage.store import DamagedError
from linreg_sweep.theory.outcome import FAILED, MISSING, word
from linreg_sweep.trials.columns import Column, no_trials, trial_columns
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.prediction import exactly
from linreg_sweep.trials.rounding import Rounding, bound_rounding

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.intp]

FAR = np.iinfo(np.int64).max
"""The epoch of an event that never comes."""


@dataclass(frozen=True)
class Mismatch:
    """A number of the trials table that cannot be right.

    Attributes:
        trial: its row; None: a whole file, or its columns, are concerned.
        column: where it stands.
        found: what stands there; codes as their words.
        expected: what must stand there, or what it must agree with.
        part: the file.
    """

    trial: int | None
    column: str
    found: object
    expected: str
    part: Path


@dataclass(frozen=True)
class Verification:
    """What became of a check.

    Attributes:
        n_trials: trials checked.
        n_retrained: of these, trained again, having no closed form.
        n_missing: trials that are not there, or could not be trained.
        mismatches: every number that cannot be right.
    """

    n_trials: int
    n_retrained: int
    n_missing: int
    mismatches: tuple[Mismatch, ...]


def verify(path: str | Path) -> Verification:
    """Checks every trial of a run that is there.

    Args:
        path: the run's directory.

    Raises:
        ResultsError: there is no such run, a part cannot be read, or the data are not those of the run.
        ConfigError: the run's config.yaml cannot be read.
        DataError: its data cannot be read.
    """
    run = load(path)
    experiment = reopen(run)
    numbers, mismatches, n_retrained = run.finished_parts(), [], 0
    for number in numbers:
        found, retrained = _check_part(experiment, run, number)
        mismatches += found
        n_retrained += retrained
    mismatches += map(_changed, _other_files_changed(run, numbers))
    n_trials = run.n_trials_done - sum(_n_failed(run, number) for number in numbers)
    return Verification(n_trials, n_retrained, run.n_trials - n_trials, tuple(mismatches))


def _n_failed(run: Run, number: int) -> int:
    """Returns how many trials of a part could not be trained, as far as it can be told."""
    facts = facts_in(run.store.part(run.store.trials, number), run.layout(TRIALS))
    return 0 if facts is None else len(facts.failures)


def _other_files_changed(run: Run, numbers: Sequence[int]) -> Iterator[Place]:
    """Yields the parts of the history, and the summary, that are not what was written."""
    store = run.store
    for number in numbers if run.metadata["history"] else ():
        file = store.part(store.history, number)
        try:
            column_names(file, run.layout(HISTORY))
        except DamagedError:
            yield file
    if run.finished and not store.is_as_written(store.summary, run.metadata):
        yield store.summary


def _changed(file: Place) -> Mismatch:
    """Returns that a file is not what was written, whatever it says."""
    return Mismatch(None, "(all)", "a change", "what was written, by its checksum", file)


def _check_part(experiment: Experiment, run: Run, number: int) -> tuple[list[Mismatch], int]:
    """Returns what cannot be right in a part, and how many of its trials were trained again."""
    path = run.store.part(run.store.trials, number)
    layout, promised = run.layout(TRIALS), list(no_trials(experiment))
    span = span_of(number, run.part_size, run.n_trials)
    text = f"{span.n_trials:,} rows of {', '.join(promised)}"
    try:
        columns, is_whole = read_and_check(path, layout)
    except DamagedError as error:
        if not isinstance(error.__cause__, MisfitError):
            raise
        return [Mismatch(None, "(all)", str(error.__cause__), text, path)], 0
    if list(columns) != promised:  # the run says that it has others
        return [Mismatch(None, "(all)", f"{len(columns):,} columns: {', '.join(columns)}", text, path)], 0

    part = _Part(experiment, path, span.first, columns, experiment.values(span.first, span.stop))
    everyone = np.flatnonzero(columns["outcome"] != FAILED)
    if not is_whole:  # something is wrong, and only training again tells what, to the last digit
        return part.differences(everyone, part.trained(everyone)) or [_changed(path)], len(everyone)
    if experiment.config.training.engine == "closed_form":
        return part.differences(everyone, part.trained(everyone)), 0
    full = experiment.batch_sizes(part.values) == experiment.problem.n_rows
    by_theory, again = everyone[full[everyone]], everyone[~full[everyone]]
    mismatches = part.differences(everyone, part.stored(everyone))
    if len(by_theory):
        mismatches += _against_theory(part, by_theory)
    if len(again):
        mismatches += part.differences(again, part.trained(again))
    return mismatches, len(again)


@dataclass(frozen=True)
class _Part:
    """A part as it is stored, beside what it should be.

    Attributes:
        experiment: what was trained.
        path: the file.
        first: the number of its first trial.
        columns: what stands in it, [K] each.
        values: the hyperparameters that its trials must have, [K] each.
    """

    experiment: Experiment
    path: Path
    first: int
    columns: dict[str, Column]
    values: dict[str, Floats]

    def chosen(self, rows: Rows) -> dict[str, Floats]:
        """Returns the hyperparameters of some rows."""
        return {name: value[rows] for name, value in self.values.items()}

    def trained(self, rows: Rows) -> Results:
        """Returns what becomes of some trials when they are trained again."""
        return self.experiment.train(self.chosen(rows))

    def stored(self, rows: Rows) -> Results:
        """Returns what the table says became of some trials."""
        problem, columns = self.experiment.problem, self.columns
        theta = np.stack([columns[name][rows] for name in self.experiment.parameter_names], axis=-1)
        return Results(
            theta=np.asarray(theta, np.float64).reshape(len(rows), *problem.shape),
            epochs=np.maximum(np.asarray(columns["epochs"][rows], np.int64), 0),  # whatever was written
            converged_at=np.asarray(columns["converged_at"][rows], np.int64),
            diverged_at=np.asarray(columns["diverged_at"][rows], np.int64),
            contraction=np.asarray(columns["contraction"][rows], np.float64),
            history=history_of([], problem.shape),
        )

    def differences(self, rows: Rows, results: Results) -> list[Mismatch]:
        """Returns the cells of some rows that are not, to the bit, those that these results give."""
        expected = trial_columns(self.experiment, self.first, self.chosen(rows), results)
        expected["trial"] = self.first + rows
        wrong = []
        for name, right in expected.items():
            found = self.columns[name][rows]
            same = (found == right) | ((found != found) & (right != right))
            wrong += [
                self.mismatch(int(rows[row]), name, _shown(name, right[row])) for row in np.flatnonzero(~same)
            ]
        return wrong

    def mismatch(self, row: int, name: str, expected: str) -> Mismatch:
        """Returns what is wrong with a cell."""
        return Mismatch(self.first + row, name, _shown(name, self.columns[name][row]), expected, self.path)


def _shown(name: str, value: np.generic) -> str:
    """Returns a cell as a person reads it, a number with all its digits."""
    found = word(name, value.item())
    if found is None:
        return "(missing)"
    return found if isinstance(found, str) else repr(found)


def _against_theory(part: _Part, rows: Rows) -> list[Mismatch]:
    """Returns what cannot be right in trials that have a closed form.

    Args:
        part: where they are.
        rows: which they are.
    """
    experiment, stored = part.experiment, part.stored(rows)
    training = experiment.config.training
    trials, schedule = exactly(experiment, part.chosen(rows))
    epochs = stored.epochs.astype(np.float64)
    bounds = bound_rounding(experiment.problem, trials, epochs, training.dtype, nesterov=training.nesterov)
    found = _Found(part, rows, stored, trials, schedule, bounds)
    return [*_states_off(found), *_events_off(found), *_ends_off(found), *_contractions_off(found)]


@dataclass(frozen=True)
class _Found:
    """Trials as they are stored, beside what theory needs to say what they should be.

    Attributes:
        part: where they are.
        rows: which they are [K].
        stored: what the table says became of them.
        trials: how they began.
        schedule: when they end.
        bounds: how far rounding may have carried them.
    """

    part: _Part
    rows: Rows
    stored: Results
    trials: Trials
    schedule: Schedule
    bounds: Rounding

    def off(self, name: str, bad: Flags, expected: Sequence[str]) -> Iterator[Mismatch]:
        """Yields what is wrong with a column, where it is bad [K]."""
        for at in np.flatnonzero(bad).tolist():
            yield self.part.mismatch(int(self.rows[at]), name, expected[at])


def _states_off(found: _Found) -> Iterator[Mismatch]:
    """Yields the states that are not the closed form's at the epoch at which the table has them end."""
    experiment, stored, bounds = found.part.experiment, found.stored, found.bounds
    problem, n_trials = experiment.problem, len(found.rows)
    endless = replace(found.schedule, converged_excess=-1.0, diverged_excess=np.full(n_trials, np.inf))
    there = closed_form.train(problem, replace(found.trials, epochs=stored.epochs), endless).theta
    with np.errstate(over="ignore", invalid="ignore"):
        gap = np.linalg.norm(stored.theta - there, axis=(1, 2))
        moved = np.linalg.norm(there - problem.optimum, axis=(1, 2))
        allowed = bounds.theta + (bounds.stretch - 1) * moved
        off = ~(gap <= allowed) & np.isfinite(allowed)
    farthest = np.abs(stored.theta - there).reshape(n_trials, -1).argmax(axis=1)
    flat = there.reshape(n_trials, -1)
    for at in np.flatnonzero(off).tolist():
        entry = int(farthest[at])
        expected = f"{flat[at, entry]:.17g} to within {allowed[at]:.2g}, by the closed form"
        yield found.part.mismatch(int(found.rows[at]), experiment.parameter_names[entry], expected)


def _events_off(found: _Found) -> Iterator[Mismatch]:
    """Yields the events that do not lie between the earliest and the latest that rounding allows."""
    stored, schedule, bounds = found.stored, found.schedule, found.bounds
    earliest, latest = (
        closed_form.train(
            found.part.experiment.problem,
            found.trials,
            replace(
                schedule,
                converged_excess=bounds.moved(schedule.converged_excess, way),
                diverged_excess=bounds.moved(schedule.diverged_excess, -way),
                early_stop=False,
            ),
        )
        for way in (1, -1)
    )
    for name, event, soonest, last in (
        ("converged_at", stored.converged_at, earliest.converged_at, latest.converged_at),
        ("diverged_at", stored.diverged_at, earliest.diverged_at, latest.diverged_at),
    ):
        never = np.where(last == MISSING, FAR, last)
        wrongly_there = (event > never) | (soonest == MISSING) | (event < soonest)
        bad = np.where(event != MISSING, wrongly_there, never <= stored.epochs)
        between = zip(soonest.tolist(), last.tolist(), strict=True)
        yield from found.off(
            name, bad, [f"{_epoch(a)} to {_epoch(b)}, by the closed form" for a, b in between]
        )


def _ends_off(found: _Found) -> Iterator[Mismatch]:
    """Yields the ends that are neither the first event that ends a trial nor, without one, its last epoch."""
    stored = found.stored
    stop = np.where(stored.diverged_at == MISSING, found.trials.epochs, stored.diverged_at)
    if found.part.experiment.config.training.early_stop:
        stop = np.where(stored.converged_at == MISSING, stop, stored.converged_at)
    yield from found.off("epochs", stored.epochs != stop, stop.astype(str).tolist())


def _contractions_off(found: _Found) -> Iterator[Mismatch]:
    """Yields the contractions that are not those of the first two steps, trained again."""
    experiment, stored = found.part.experiment, found.stored
    short = replace(found.trials, epochs=np.minimum(stored.epochs, 2))
    train = load_engine(experiment.config.training.engine)
    again = train(experiment.problem, short, found.schedule).contraction
    differs = (again != stored.contraction) & ~(np.isnan(again) & np.isnan(stored.contraction))
    yield from found.off("contraction", differs, list(map(repr, again.tolist())))


def _epoch(number: int) -> str:
    return "never" if number == MISSING else f"{number}"
