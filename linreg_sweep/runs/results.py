"""A run, read back: its tables as pandas DataFrames.

What a person asks of a run is one class, `Run`, and few of its methods have ten lines: hence the length.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.analysis.aggregate import (
    SUMMARISED,
    Aggregate,
    Distinct,
    Ranges,
    Table,
    as_key,
    check_column,
    ranges_of,
)
from linreg_sweep.column_types import Array, Types, ranked_by
from linreg_sweep.errors import Complaint, ConfigError, ResultsError
from linreg_sweep.execution.ranges import range_of_part
from linreg_sweep.runs.quality import best_trials, quality
from linreg_sweep.storage import files, parquet
from linreg_sweep.storage.arrow import with_categories
from linreg_sweep.storage.files import AnyPath, any_path
from linreg_sweep.storage.layout import HISTORY, TRIALS, Layout, layout_of
from linreg_sweep.storage.metadata import Metadata
from linreg_sweep.storage.store import Store, find_runs
from linreg_sweep.theory.outcome import FAILED, OUTCOMES

if TYPE_CHECKING:
    import pandas as pd

    from linreg_sweep.model import Model

MAX_ROWS = 60
"""Values of a parameter above which a summary that a person reads gathers them into ranges."""

BINS = 12
"""Ranges that such a summary gathers them into."""

ALIKE = 4
"""How many products of a union may have the same points, but for their rounding."""


@dataclass(frozen=True, repr=False)
class Run:
    """The result of a sweep, finished or not.

    Attributes:
        store: the files of the run.
        readable: its summary for a person, where the run has just been finished.
        is_whole: whether every part is known to have been written, whatever a listing shows.
    """

    store: Store
    readable: Table | None = field(default=None, compare=False)
    is_whole: bool = field(default=False, compare=False)

    @property
    def path(self) -> AnyPath:
        """The run's directory."""
        return self.store.path

    @cached_property
    def metadata(self) -> Metadata:
        """What metadata.json says: versions, data, times, outcomes."""
        return self.store.read_metadata()

    @property
    def name(self) -> str:
        """The sweep's name."""
        return self.metadata["name"]

    @property
    def varied(self) -> list[str]:
        """The columns of the hyperparameters that the sweep varies, in the declared order."""
        return list(self.metadata["varied"])

    @property
    def losses(self) -> tuple[str, ...]:
        """The losses that its trials descend."""
        varied = self.types.get("loss")
        return (self.metadata["loss"],) if varied is None else varied.words

    @property
    def is_ordered(self) -> bool:
        """Whether trials are known to be the combinations of one grid, its last parameter turning fastest."""
        return bool(self.metadata["spans"])

    @property
    def best_by(self) -> str:
        """The column whose least value is best."""
        return self.metadata.get("best_by", "converged_at")

    @property
    def n_folds(self) -> int:
        """How many trials each setting is, one a fold, one after the other; 1 where there are no folds."""
        return self.metadata["data"].get("folds", 1)

    @property
    def spread(self) -> str | None:
        """The column whose spread a summary tells beside the epochs of convergence; None: no other."""
        return None if self.best_by == "converged_at" else self.best_by

    @property
    def n_trials(self) -> int:
        """How many trials the sweep has."""
        return self.metadata["n_trials"]

    @property
    def part_size(self) -> int:
        """How many trials a part has; the last may have less."""
        return self.metadata["part_size"]

    @property
    def n_parts(self) -> int:
        """How many parts the sweep has."""
        return self.metadata["n_parts"]

    def finished_parts(self) -> list[int]:
        """Returns the numbers of the run's parts that are there, ascending; with their history, if kept.

        Those that were written and that a listing does not show, as it may lag, are looked for by name.
        """
        store, every = self.store, set(range(self.n_parts))
        folders = [store.trials, *([store.history] if self.metadata["history"] else [])]
        numbers = every.intersection(*map(store.part_numbers, folders))
        if self.is_whole or "finished" in self.metadata:
            unseen = every - numbers
            numbers |= {n for n in unseen if all(files.exists(store.part(folder, n)) for folder in folders)}
        return sorted(numbers)

    @property
    def n_trials_done(self) -> int:
        """How many of them are there."""
        ranges = (range_of_part(number, self.part_size, self.n_trials) for number in self.finished_parts())
        return sum(trials.n_trials for trials in ranges)

    @property
    def finished(self) -> bool:
        """Whether every trial is there, and summed up."""
        outcomes = self.metadata.get("outcomes", {})
        is_summed_up = "finished" in self.metadata and sum(outcomes.values()) + self.n_failed == self.n_trials
        return is_summed_up and self.n_trials_done == self.n_trials

    @property
    def n_failed(self) -> int:
        """How many trials of a finished run could not be trained; they have the outcome `failed`."""
        return self.metadata["failed"]["count"] if "failed" in self.metadata else 0

    @property
    def failures(self) -> dict[int, str]:
        """Why the first of them could not be trained, by their number."""
        first = self.metadata["failed"]["first"] if "failed" in self.metadata else []
        return {each["trial"]: each["reason"] for each in first}

    @cached_property
    def trials(self) -> "pd.DataFrame":
        """One row a trial, sorted by `trial`."""
        return self.read()

    @cached_property
    def history(self) -> "pd.DataFrame":
        """One row a kept state, sorted by `trial` and `epoch`.

        Raises:
            ResultsError: the sweep keeps none.
        """
        if not self.metadata["history"]:
            hint = "declare history: {every: 100} and run the sweep"
            raise ResultsError(Complaint(str(self.path), "this run keeps no history", hint))
        return parquet.read(self._files(self.store.history), None, self.layout(HISTORY))

    def read(self, columns: list[str] | None = None) -> "pd.DataFrame":
        """Returns the trials table, or some of its columns.

        Raises:
            ResultsError: no part is finished, or one is damaged.
        """
        return parquet.read(self._files(self.store.trials), columns, self.layout(TRIALS))

    def pick(self, trials: NDArray[np.int64]) -> "pd.DataFrame":
        """Returns some trials by their numbers, sorted, holding one part after the other in memory.

        Args:
            trials: the numbers, in any order; those that are not finished are left out.

        Raises:
            ResultsError: no part is finished, or one is damaged.
        """
        import pandas as pd

        size, numbers = self.part_size, np.unique(trials)
        chosen: list[pd.DataFrame] = []
        for number, file in zip(self.finished_parts(), self._files(self.store.trials), strict=True):
            here = numbers[numbers // size == number] - number * size
            if len(here):
                chosen.append(parquet.read([file], None, self.layout(TRIALS)).iloc[here])
        return with_categories(pd.concat(chosen, ignore_index=True), self.types)

    def frames(self, columns: list[str] | None = None) -> "Iterator[pd.DataFrame]":
        """Yields the trials table, or some of its columns, a part at a time.

        Raises:
            ResultsError: no part is finished, or one is damaged.
        """
        for file in self._files(self.store.trials):
            yield parquet.read([file], columns, self.layout(TRIALS))

    def layout(self, table: str) -> Layout:
        """Returns what the parts of the trials or of the history are to hold."""
        return self._layouts[table]

    @cached_property
    def _layouts(self) -> dict[str, Layout]:
        return {table: layout_of(self.metadata, table) for table in (TRIALS, HISTORY)}

    @property
    def types(self) -> Types:
        """The columns of the trials table, in their order, with what each holds."""
        return self.layout(TRIALS).types

    def _files(self, folder: AnyPath) -> list[AnyPath]:
        numbers = self.finished_parts()
        if not numbers:
            raise ResultsError(Complaint(str(self.path), "no trial is finished yet", "run the sweep"))
        return [self.store.part(folder, number) for number in numbers]

    def parts(
        self, columns: Sequence[str], numbers: Sequence[int] | None = None
    ) -> Iterator[dict[str, Array]]:
        """Yields some columns of the trials, a part at a time, codes for words (see `types`).

        Trials that could not be trained have no results, and are left out.

        Args:
            columns: their names.
            numbers: of the finished parts that are asked for; None: all.

        Raises:
            ResultsError: no part is finished, or one is damaged.
        """
        found_files, layout = self._files(self.store.trials) if numbers is None else None, self.layout(TRIALS)
        for file in found_files or [self.store.part(self.store.trials, number) for number in numbers or ()]:
            found = parquet.read_arrays(file, list(dict.fromkeys([*columns, "outcome"])), layout)
            trained = found["outcome"] != FAILED
            kept = {name: found[name] for name in columns}
            if trained.any():
                yield kept if trained.all() else {name: values[trained] for name, values in kept.items()}

    def summary(self, by: str | Sequence[str] | None = None, bins: int | None = None) -> "pd.DataFrame":
        """Returns one row a value of each named parameter; see tables.summary.

        Args:
            by: a hyperparameter or several; None: see default_by.
            bins: gather a parameter with more values than this into so many ranges.
        """
        from linreg_sweep.analysis import tables

        names = self.default_by() if by is None else self.columns_of([by] if isinstance(by, str) else by)
        return tables.as_frame(self.summarise(names, bins))

    def summarise(self, by: Sequence[str], bins: int | None = None) -> Table:
        """Returns the same as plain columns, holding one part after the other in memory.

        Args:
            by: columns; see columns_of.
            bins: see summary.
        """
        aggregate = self.aggregate(by, bins)
        self.update([aggregate])
        return aggregate.table()

    def update(self, aggregates: Sequence[Aggregate], further: Sequence[str] = ()) -> None:
        """Gives all trials to summaries that have begun, in one pass over the parts.

        Args:
            aggregates: of this run, see aggregate.
            further: columns that they are to see beside those that they summarise.
        """
        by = [name for aggregate in aggregates for name in aggregate.by]
        spread = [name for each in aggregates if each.spread is not None for name in ranked_by(each.spread)]
        for columns in self.parts(list(dict.fromkeys([*by, *SUMMARISED, *spread, *further]))):
            for aggregate in aggregates:
                aggregate.add(columns)

    def aggregate(self, by: Sequence[str], bins: int | None = None) -> Aggregate:
        """Returns a summary that has not begun; see summarise."""
        ranges = self.ranges(by, bins)
        leading = set(self.varied[: len(by)]) == set(by) and self.is_ordered
        return Aggregate(by, self.types, ranges, together=leading and not ranges, spread=self.spread)

    def ranges(self, by: Sequence[str], bins: int | None) -> dict[str, Ranges]:
        """Returns the ranges for those columns that have more values than there are to be ranges."""
        ranges: dict[str, Ranges] = {}
        for name in by if bins else ():
            if not self.types[name].is_words:
                log = name in self.metadata["log_scaled"]
                found = ranges_of(self.distinct(name, ALIKE * (bins or 0)), bins, log=log)
                ranges |= {name: found} if found else {}
        return ranges

    def distinct(self, name: str, most: int) -> NDArray[np.float64]:
        """Returns the different values of a column as far as a bound, with the smallest and the largest."""
        span = self.metadata["spans"].get(name)
        if span is not None:
            return np.array(span)
        if (name, most) not in self._distinct:
            distinct = Distinct(most)
            for columns in self.parts([name]):
                distinct.add(as_key(name, self.types[name].keys(columns[name])))
            self._distinct[name, most] = distinct.values
        return self._distinct[name, most]

    @cached_property
    def _distinct(self) -> dict[tuple[str, int], NDArray[np.float64]]:
        """What was asked of `distinct` before: each answer takes a pass over all parts."""
        return {}

    def default_by(self) -> list[str]:
        """Returns the columns that a summary goes by where nothing is said.

        What varies and is no number, all of it unless that makes too many rows: a row an optimizer, or each
        loss with each scaling. Else the learning rate where it varies, or where nothing does; else all that
        vary, but the first alone of a sweep that is no grid.
        """
        words = {name: len(self.types[name].words) for name in self.varied if self.types[name].is_words}
        several = [name for name, count in words.items() if count > 1]
        if several:
            return several if prod(words.values()) <= BINS else several[:1]
        settings, spans = self.settings, self.metadata["spans"]
        n_settings = prod(len(spans.get(name, [0])) for name in settings)
        if self.best_by != "converged_at" and self.is_ordered and 1 < n_settings <= MAX_ROWS:
            return settings
        if "learning_rate" in self.varied or not self.varied:
            return ["learning_rate"]
        return self.varied if self.is_ordered else self.varied[:1]

    @property
    def settings(self) -> list[str]:
        """The columns that tell settings apart, each of which has several seeds or is in several folds.

        Rates in stability limits are told apart by these: each fold has a limit of its own.
        """
        names = [name for name in self.varied if name not in ("fold", "seed")]
        in_units = "fold" in self.varied and "learning_rate" not in self.metadata["spans"]
        return ["stability_ratio" if name == "learning_rate" and in_units else name for name in names]

    def columns_of(self, by: Sequence[str]) -> list[str]:
        """Returns the columns that parameters are in; `epochs`, where it varies, is `max_epochs`.

        Raises:
            ConfigError: there is no such column.
        """
        names = ["max_epochs" if name == "epochs" and "max_epochs" in self.varied else name for name in by]
        for name in names:
            check_column(name, self.columns)
        return names

    @property
    def columns(self) -> list[str]:
        """The names of the columns of the trials table."""
        return list(self.types)

    def has_more_values(self, by: Sequence[str], most: int) -> bool:
        """Returns whether a summary by these parameters has more rows than that."""
        spans = [self.metadata["spans"].get(name) for name in self.columns_of(by)]
        if all(spans):
            return prod(len(span or ()) for span in spans) > most
        found: set[tuple[Any, ...]] = set()
        for columns in self.parts(self.columns_of(by)):
            keys = [as_key(name, self.types[name].keys(value)) for name, value in columns.items()]
            values = np.nan_to_num(np.stack(keys, axis=-1), nan=-np.inf)  # missing is one value
            kept = np.append(True, (values[1:] != values[:-1]).any(axis=1))
            found |= set(map(tuple, np.unique(values[kept], axis=0)[: most + 1].tolist()))
            if len(found) > most:
                return True
        return False

    def over_seeds(self, of: str = "excess_cost") -> "pd.DataFrame":
        """Returns a column's spread over seeds for each combination of all else; see analysis.over_seeds."""
        from linreg_sweep.analysis.over_seeds import over_seeds

        return over_seeds(self.trials, self.varied, of)

    def best(self, n: int = 10) -> "pd.DataFrame":
        """Returns the n best trials, the best first; see tables.best.

        Raises:
            ConfigError: n is below 1.
        """
        if n < 1:
            raise ConfigError(Complaint("n", f"must be at least 1, got {n}"))
        return self.best_of(None, n)

    def best_of(self, columns: list[str] | None, n: int) -> "pd.DataFrame":
        """Returns some columns of the n best trials, holding one part after the other in memory.

        Args:
            columns: at least those that tables.best needs; None: all.
            n: how many.
        """
        import pandas as pd

        from linreg_sweep.analysis import tables

        if self.n_folds > 1 and self.best_by != "converged_at":
            numbers = best_trials(self, n)
            frame = self.pick(np.array(numbers, np.int64)).set_index("trial", drop=False)
            chosen = frame.loc[numbers].reset_index(drop=True)
            return chosen if columns is None else chosen[columns]
        best_of_parts = [tables.best(frame, n, self.best_by) for frame in self.frames(columns)]
        whole = with_categories(pd.concat(best_of_parts, ignore_index=True), self.types)
        return tables.best(whole, n, self.best_by)

    def best_of_each(self, by: Sequence[str], columns: Sequence[str] = ()) -> "pd.DataFrame":
        """Returns some columns of the best trial of each combination of words, in their declared order.

        Args:
            by: columns that hold words.
            columns: further ones.

        Raises:
            ResultsError: no part is finished, or one is damaged.
        """
        import pandas as pd

        from linreg_sweep.analysis import tables

        names = list(
            dict.fromkeys(
                ["trial", *by, "outcome", "converged_at", "cost", *ranked_by(self.best_by), *columns]
            )
        )

        def first(frame: "pd.DataFrame") -> "pd.DataFrame":
            ranked = tables.best(frame[frame["outcome"] != "failed"], len(frame), self.best_by)
            return ranked.groupby(list(by), observed=True).head(1)

        found = pd.concat([first(frame) for frame in self.frames(names)], ignore_index=True)
        return first(with_categories(found, self.types)).sort_values(list(by), ignore_index=True)

    def model(self, trial: int | None = None) -> "Model":
        """Returns the model that a trial came to, which predicts new rows: `run.model().predict(x)`.

        Args:
            trial: its number; None: the best one, over folds trained once more on all rows.

        Raises:
            ConfigError: there is no such trial, or it has no model, as it diverged.
            ResultsError, DataError: no trial is finished, or the run or its data are damaged or gone.
        """
        from linreg_sweep.runs.modelling import model_of

        return model_of(self, trial)

    def importance(self, of: str | None = None) -> tuple[str, Table]:
        """Returns a column, and which shares of its variance over a whole grid parameters and pairs have.

        Args:
            of: the column; None: what `best` names, or whether trials converged where not all did.

        Raises:
            ConfigError: the run is no whole grid, or the column is not known of every trial.
            ResultsError: the run is not finished, or damaged.
        """
        from linreg_sweep.runs.importance import importance_of

        return importance_of(self, of)

    def quality(self) -> "pd.DataFrame":
        """Returns how well each trial fits, sorted by `trial`.

        Returns:
            The trial's number and what varies, then `r2` and `rmse` on the rows that it was trained on and,
            where rows are held out, `held_out_r2` and `held_out_rmse` on those; see analysis/quality.py.

        Raises:
            ResultsError: no part is finished, one is damaged, or the run is of an older version.
        """
        return quality(self)

    def where(self, comparison: str) -> "pd.DataFrame":
        """Returns the trials for which a comparison such as `learning_rate < 0.005` holds."""
        from linreg_sweep.analysis.where import where

        return where(self.trials, comparison)

    def __repr__(self) -> str:
        return f"<Run {self.name!r}: {self.n_trials_done:,} of {self.n_trials:,} trials, {self.path}>"

    def _repr_html_(self) -> str:
        from linreg_sweep.analysis.shown import as_html, bars

        if not self.finished_parts():
            return f"<p>{escape(repr(self))}</p>"
        by, summary = self.default_by(), self.summary(bins=BINS)
        labels = [
            ", ".join(f"{cell:.6g}" if isinstance(cell, float) else str(cell) for cell in row)
            for row in summary[by].itertuples(index=False)
        ]
        picture = bars(labels, {name: summary[name].tolist() for name in OUTCOMES}, ", ".join(by))
        return as_html(f"{self.name}: {self.path}", summary) + picture


def load(path: str | Path) -> Run:
    """Returns the run in a directory.

    Raises:
        ResultsError: there is none, it is damaged, or a newer version wrote it.
    """
    run = Run(Store(any_path(path)))
    _ = run.metadata
    return run


def as_run(run: Run | str | Path) -> Run:
    """Returns a run, or the one in a directory.

    Raises:
        ResultsError: see load.
    """
    return run if isinstance(run, Run) else load(run)


def list_runs(out: str | Path = "results") -> list[Run]:
    """Returns the runs right under a directory, ordered by name."""
    return [Run(store) for store in find_runs(any_path(out))]
