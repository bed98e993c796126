"""A run as its directory holds it: what metadata.json says of it, and the tables that its parts make up."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.analysis.aggregate import check_column
from linreg_sweep.analysis.folds import settings_of
from linreg_sweep.column_types import Array, Types
from linreg_sweep.errors import Complaint, ResultsError
from linreg_sweep.execution.ranges import range_of_part
from linreg_sweep.storage import files, parquet
from linreg_sweep.storage.arrow import with_categories
from linreg_sweep.storage.files import AnyPath
from linreg_sweep.storage.layout import HISTORY, TRIALS, Layout, layout_of
from linreg_sweep.storage.metadata import Metadata
from linreg_sweep.storage.store import Store
from linreg_sweep.theory.outcome import FAILED

if TYPE_CHECKING:
    import pandas as pd

SAME = 1e-9
"""Share of a learning rate below which others differ from it by rounding alone."""


@dataclass(frozen=True, repr=False)
class StoredRun:
    """A run's directory, finished or not.

    Attributes:
        store: the files of the run.
        is_whole: whether every part is known to have been written, whatever a listing shows.
    """

    store: Store
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

    def pick(self, trials: NDArray[np.int64], columns: list[str] | None = None) -> "pd.DataFrame":
        """Returns some trials by their numbers, sorted, holding one part after the other in memory.

        Those that are not finished are left out.

        Raises:
            ResultsError: no part is finished, or one is damaged.
        """
        import pandas as pd

        size, numbers = self.part_size, np.sort(trials)
        numbers = numbers[np.diff(numbers, prepend=-1) > 0]  # np.unique takes ten times as long
        chosen: list[pd.DataFrame] = []
        for number, file in zip(self.finished_parts(), self._files(self.store.trials), strict=True):
            here = numbers[numbers // size == number] - number * size
            if len(here):
                chosen.append(parquet.read([file], columns, self.layout(TRIALS)).iloc[here])
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

    @property
    def settings(self) -> list[str]:
        """The columns that tell settings apart, each of which has several seeds or is in several folds.

        Rates in stability limits are told apart by these: each fold has a limit of its own.
        """
        names = [name for name in self.varied if name not in ("fold", "seed")]
        in_units = {"fold", "learning_rate"} <= {*self.varied} and self._has_rates_of_folds
        return ["stability_ratio" if name == "learning_rate" and in_units else name for name in names]

    @cached_property
    def _has_rates_of_folds(self) -> bool:
        """Whether the rates of a setting differ from fold to fold: they are declared in stability limits."""
        if self.is_ordered:
            return "learning_rate" not in self.metadata["spans"]
        rates = settings_of(self.parts(["trial", "learning_rate"]), "learning_rate", self.n_folds)
        first = next((some for some in rates if len(some.mean)), None)
        return first is not None and bool((first.deviation > SAME * np.abs(first.mean)).any())

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

    def _files(self, folder: AnyPath) -> list[AnyPath]:
        numbers = self.finished_parts()
        if not numbers:
            raise ResultsError(Complaint(str(self.path), "no trial is finished yet", "run the sweep"))
        return [self.store.part(folder, number) for number in numbers]

    def parts(
        self, columns: Sequence[str], numbers: Sequence[int] | None = None
    ) -> Iterator[dict[str, Array]]:
        """Yields some columns of the trials, a part at a time, codes for words (see `types`).

        Trials that could not be trained have no results, and are left out. Of the finished parts those of
        these numbers are asked for; None: all.

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
