"""A run, read back: what a person asks of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.analysis.aggregate import (
    Aggregate,
    Distinct,
    Ranges,
    Table,
    as_key,
    check_column,
    ranges_of,
)
from linreg_sweep.analysis.over_seeds import over_seeds
from linreg_sweep.column_types import ranked_by
from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.runs.quality import best_trials, quality
from linreg_sweep.runs.stored import StoredRun
from linreg_sweep.storage.arrow import with_categories
from linreg_sweep.storage.files import any_path
from linreg_sweep.storage.store import Store, find_runs
from linreg_sweep.theory.outcome import OUTCOMES

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
class Run(StoredRun):
    """The result of a sweep, finished or not.

    Attributes:
        readable: its summary for a person, where the run has just been finished.
    """

    readable: Table | None = field(default=None, compare=False)

    @property
    def spread(self) -> str | None:
        """The column whose spread a summary tells beside the epochs of convergence; None: no other.

        Over seeds it is that of the excess cost, where no other column says which trial is the best.
        """
        if self.best_by != "converged_at":
            return self.best_by
        return "excess_cost" if "seed" in self.varied else None

    def summary(self, by: str | Sequence[str] | None = None, bins: int | None = None) -> "pd.DataFrame":
        """Returns one row per value of each named parameter; see tables.summary.

        Args:
            by: a hyperparameter or several; None: see default_by.
            bins: gather a parameter with more values than this into so many ranges.
        """
        from linreg_sweep.analysis import tables

        names = self.default_by() if by is None else self.columns_of([by] if isinstance(by, str) else by)
        return tables.as_frame(self.summarise(names, bins))

    def summarise(self, by: Sequence[str], bins: int | None = None) -> Table:
        """Returns the same by columns, as plain columns, holding one part after the other in memory."""
        aggregate = self.aggregate(by, bins)
        self.update([aggregate])
        return aggregate.table()

    def update(self, aggregates: Sequence[Aggregate], further: Sequence[str] = ()) -> None:
        """Gives all trials to summaries that have begun, in as many passes as they ask for.

        They see further columns beside those that they summarise.
        """
        left = list(aggregates)
        while left:
            reads = [name for each in left for name in each.reads]
            for columns in self.parts(list(dict.fromkeys([*reads, *further]))):
                for aggregate in left:
                    aggregate.add(columns)
            left = [each for each in left if each.ends_pass()]

    def aggregate(self, by: Sequence[str], bins: int | None = None) -> Aggregate:
        """Returns a summary that has not begun; see summarise."""
        ranges = self.ranges(by, bins)
        leading = set(self.varied[: len(by)]) == set(by) and self.is_ordered
        ascends = len(by) == 1 and bool((np.diff(self.metadata["spans"].get(by[0], [])) > 0).all())
        together = leading and (ascends or not ranges)
        return Aggregate(by, self.types, ranges, together=together, spread=self.spread)

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
        if self.spread is not None and self.is_ordered and 1 < n_settings <= MAX_ROWS:
            return settings
        if "learning_rate" in self.varied or not self.varied:
            return ["learning_rate"]
        return self.varied if self.is_ordered else self.varied[:1]

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

    def bins_for(self, by: Sequence[str], asked: int | None = None, most: int = BINS) -> int | None:
        """Returns into how many ranges a summary by these columns gathers values; None, and asked 0: none.

        Where nothing is asked for they are `most`, if a person could not read all values.
        """
        if asked is not None:
            return asked or None
        return most if self.has_more_values(by, MAX_ROWS) else None

    def over_seeds(self, of: str = "excess_cost") -> "pd.DataFrame":
        """Returns a column's spread over seeds for each combination of all else; see analysis.over_seeds.

        Raises:
            ConfigError: there is no such column, or it holds words.
            ResultsError: no part is finished, or one is damaged.
        """
        from linreg_sweep.analysis import tables

        table = self.spread_over_seeds(of)
        numbers = dict.fromkeys(list(table)[list(table).index("seeds") + 1 :], "float64")
        return tables.as_frame(table).astype(numbers)

    def spread_over_seeds(self, of: str = "excess_cost") -> Table:
        """Returns the same as plain columns, holding one part after the other in memory."""
        by = [name for name in self.varied if name != "seed"]
        check_column(of, self.columns)
        together = self.is_ordered and set(self.varied[: len(by)]) == set(by)
        return over_seeds(self.parts, by, of, self.types, together=together)

    def best(self, n: int = 10) -> "pd.DataFrame":
        """Returns the n best trials, the best first; see tables.best.

        Raises:
            ConfigError: n is below 1.
        """
        if n < 1:
            raise ConfigError(Complaint("n", f"must be at least 1, got {n}"))
        return self.best_of(None, n)

    def best_of(self, columns: list[str] | None, n: int) -> "pd.DataFrame":
        """Returns columns, at least those that tables.best needs, of the n best trials; None: all columns."""
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
        """Returns these and further columns of the best trial of each combination of words, in their order.

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


def names_of(runs: Sequence[Run]) -> list[str]:
    """Returns what runs are called: their names or, where two have one, their directories' names or paths."""
    for names in ([run.name for run in runs], [run.path.name for run in runs]):
        if len(set(names)) == len(names):
            return names
    return [str(run.path) for run in runs]


def list_runs(out: str | Path = "results") -> list[Run]:
    """Returns the runs right under a directory, ordered by name."""
    return [Run(store) for store in find_runs(any_path(out))]
