"""A run, read back: its tables as pandas DataFrames."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linreg_sweep import parquet
from linreg_sweep.errors import Complaint, ResultsError
from linreg_sweep.store import Store, find_runs

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 60
"""Values of a parameter above which a summary that a person reads gathers them into ranges."""

BINS = 12
"""Ranges that such a summary gathers them into."""


@dataclass(frozen=True)
class Run:
    """The result of a sweep, finished or not.

    Attributes:
        store: the files of the run.
    """

    store: Store

    @property
    def path(self) -> Path:
        """The run's directory."""
        return self.store.path

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """What metadata.json says: versions, data, times, outcomes."""
        return self.store.read_metadata()

    @property
    def name(self) -> str:
        """The sweep's name."""
        return str(self.metadata["name"])

    @property
    def varied(self) -> list[str]:
        """The columns of the hyperparameters that the sweep varies, in the declared order."""
        return list(self.metadata["varied"])

    @property
    def n_trials(self) -> int:
        """How many trials the sweep has."""
        return int(self.metadata["n_trials"])

    @property
    def n_trials_done(self) -> int:
        """How many of them are there."""
        size = int(self.metadata["part_size"])
        return sum(min(size, self.n_trials - number * size) for number in self.store.finished_parts())

    @property
    def finished(self) -> bool:
        """Whether every trial is there."""
        return "finished" in self.metadata and self.n_trials_done == self.n_trials

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
        parts = self.store.parts(self.store.history)
        if not parts:
            hint = "declare history: {every: 100} and run the sweep"
            raise ResultsError(Complaint(str(self.path), "this run keeps no history", hint))
        return parquet.read(parts)

    def read(self, columns: list[str] | None = None) -> "pd.DataFrame":
        """Returns the trials table, or some of its columns.

        Raises:
            ResultsError: no part is finished, or one is damaged.
        """
        return parquet.read(self._parts(), columns)

    def _parts(self) -> list[Path]:
        parts = self.store.parts(self.store.trials)
        if not parts:
            raise ResultsError(Complaint(str(self.path), "no trial is finished yet", "run the sweep"))
        return parts

    def summary(self, by: str | Sequence[str] | None = None, bins: int | None = None) -> "pd.DataFrame":
        """Returns one row a value of each named parameter; see tables.summary.

        Args:
            by: a hyperparameter or several; None: the learning rate where it varies, else all
                that vary.
            bins: gather a parameter with more values than this into so many ranges.
        """
        from linreg_sweep import tables

        by = self.default_by() if by is None else [by] if isinstance(by, str) else list(by)
        for name in by:
            tables.check_column(name, self.columns)
        return tables.summary(self.read([*dict.fromkeys([*by, *tables.SUMMARISED])]), by, bins)

    def default_by(self) -> list[str]:
        """Returns what a summary goes by where nothing is said."""
        return ["learning_rate"] if "learning_rate" in self.varied or not self.varied else self.varied

    @cached_property
    def columns(self) -> list[str]:
        """The names of the columns of the trials table."""
        return parquet.column_names(self._parts()[0])

    def n_values(self, by: Sequence[str]) -> int:
        """Returns how many rows a summary by these parameters has."""
        from linreg_sweep import tables

        for name in by:
            tables.check_column(name, self.columns)
        return len(self.read(list(by)).drop_duplicates())

    def best(self, n: int = 10) -> "pd.DataFrame":
        """Returns the n best trials, the best first; see tables.best."""
        from linreg_sweep import tables

        return tables.best(self.trials, n)

    def where(self, comparison: str) -> "pd.DataFrame":
        """Returns the trials for which a comparison such as `learning_rate < 0.005` holds."""
        from linreg_sweep.where import where

        return where(self.trials, comparison)

    def _repr_html_(self) -> str:
        from linreg_sweep import tables

        return tables.as_html(f"{self.name}: {self.path}", self.summary(bins=BINS))


def load(path: str | Path) -> Run:
    """Returns the run in a directory.

    Raises:
        ResultsError: there is none, it is damaged, or a newer version wrote it.
    """
    run = Run(Store(Path(path)))
    _ = run.metadata
    return run


def list_runs(out: str | Path = "results") -> list[Run]:
    """Returns the runs right under a directory, ordered by name."""
    return [Run(store) for store in find_runs(Path(out))]
