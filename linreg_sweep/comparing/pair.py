"""One run compared with another, trial by trial or, where they share none, by their summaries."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from linreg_sweep.analysis.aggregate import Aggregate, Ranges, check_column, ranges_of
from linreg_sweep.array_types import Floats
from linreg_sweep.column_types import Array, ColumnType
from linreg_sweep.comparing.differences import COMPARED, IDENTICAL, KINDS, LAST_BITS, Differences
from linreg_sweep.comparing.pairing import Block, Columns, Side, paired
from linreg_sweep.comparing.settings import declared
from linreg_sweep.config.training import OPTIMIZER_KEYS
from linreg_sweep.runs.reopening import declaration_of
from linreg_sweep.runs.results import Run
from linreg_sweep.theory.outcome import OUTCOMES
from linreg_sweep.trials import space

EPOCHS = ("sooner", "same_epoch", "later", "median_epochs_later", "median_epochs_ratio")
"""What is told of trials that converged in both."""

MAX_LISTED = 1000
"""Trials of each kind that are listed; all are counted."""

CHANGES = ("outcome", "epoch", "numbers", "last bits")
"""What a trial that changed did, by the kind of its difference."""


class Listed:
    """The first rows of a kind, as far as MAX_LISTED."""

    def __init__(self) -> None:
        self._parts: list[pd.DataFrame] = []
        self._room = MAX_LISTED

    def add(self, columns: Mapping[str, Any]) -> None:
        """Takes rows, of which only the first find room."""
        part = pd.DataFrame(dict(columns)).head(self._room)
        if len(part):
            self._parts.append(part)
            self._room -= len(part)

    @property
    def full(self) -> bool:
        """Whether no row finds room any more."""
        return not self._room

    def frame(self) -> pd.DataFrame:
        """Returns the rows."""
        return pd.concat(self._parts, ignore_index=True) if self._parts else pd.DataFrame()


class Pair:
    """A run compared with the first."""

    def __init__(
        self,
        base: str,
        label: str,
        first: Run,
        second: Run,
        config: Mapping[str, Any],
        other: Mapping[str, Any],
        by: Sequence[str],
        tolerance: float,
        bins: int | None,
    ) -> None:
        self._base, self._label, self._runs = base, label, (first, second)
        self._configs = (config, other)
        self._bins = bins
        self.by = self._columns_of(by)
        self._keys = list(dict.fromkeys([*first.varied, *second.varied, *self.by]))
        self._ranges: dict[str, Ranges] = {}
        self._types = {**second.types, **first.types}
        sides = self._both_sides()
        fitted = self._shared("state") if all(sides) else []
        measured = [name for name in self._shared("measure") if name != "cost"] if all(sides) else []
        values = ["cost", *measured, *fitted]
        self._sides = [side for side in sides if side is not None]
        epsilon = max(float(np.finfo(each["training.dtype"]).eps) for each in self._configs)
        same_data = first.metadata["data"]["sha256"] == second.metadata["data"]["sha256"]
        self._whole = Differences(0, values, fitted, tolerance, epsilon, same_data=same_data)
        self._grouped = Differences(len(self.by), values, fitted, tolerance, epsilon, same_data=same_data)
        self._n_only = [0, 0]
        self._changed, self._in_last_bits, self.only = Listed(), Listed(), Listed()

    def changed(self) -> pd.DataFrame:
        """Returns the first trials that changed, those that did in last bits alone behind all others."""
        frames = [listed.frame() for listed in (self._changed, self._in_last_bits)]
        return pd.concat(frames, ignore_index=True).head(MAX_LISTED)

    def _columns_of(self, by: Sequence[str]) -> list[str]:
        first, second = self._runs
        known = list(dict.fromkeys(["learning_rate", *first.varied, *second.varied]))
        for name in by:
            check_column(name, known)
        if by:
            return list(by)
        shared = [name for name in first.default_by() if name in second.columns]
        return shared or ["learning_rate"]

    def _both_sides(self) -> list[Side | None]:
        """Returns both runs as they are matched; None: a hyperparameter has no one value in it."""
        given = [self._constants(place) for place in (0, 1)]
        places: list[dict[str, Floats]] = [{}, {}]
        for name in self._keys:
            told = [run.types.get(name) for run in self._runs]
            if not any(type_ is not None and type_.is_words for type_ in told):
                continue
            own = [self._words(name, place, given[place]) for place in (0, 1)]
            words = tuple(dict.fromkeys([*own[0], *own[1]]))
            self._types[name] = ColumnType("words", words, "hyperparameter")
            for place, type_ in enumerate(told):
                at = [float(words.index(word)) for word in own[place]]
                if type_ is None:
                    given[place][name] = at[0] if at else np.nan
                elif type_.is_words:
                    places[place][name] = np.array([*at, np.nan])
                else:  # numbers in one run and words in the other are never the same
                    given[place][name] = name
        return [self._side(place, given[place], places[place]) for place in (0, 1)]

    def _words(self, name: str, place: int, given: Mapping[str, Any]) -> tuple[str, ...]:
        """Returns the words that a hyperparameter takes in one of the runs."""
        if name in self._runs[place].types:
            return self._runs[place].types[name].words
        return () if given[name] is None else (space.label(given[name]),)

    def _constants(self, place: int) -> dict[str, Any]:
        """Returns what the set-up of one of the runs has for hyperparameters that never vary in it.

        A key of optimizers that is a number is an array [k] where the run varies the optimizer: of each.
        """
        run, types = self._runs[place], self._runs[place].types
        names = [name for name in self._keys if name not in types]
        if not names:
            return {}
        config = declaration_of(run).config
        found = {name: declared(config, name) for name in names}
        if "batch_size" in found and found["batch_size"] is None:
            found["batch_size"] = run.metadata["data"]["rows"]
        optimizers = types["optimizer"].words if "optimizer" in types else ()
        for name in OPTIMIZER_KEYS.keys() & found.keys() if optimizers else ():
            if not any(name in each.types and each.types[name].is_words for each in self._runs):
                own = [declared(config, name, optimizer) for optimizer in optimizers]
                found[name] = np.array([np.nan if value is None else value for value in own], np.float64)
        return found

    def _side(self, place: int, given: Mapping[str, Any], places: Mapping[str, Floats]) -> Side | None:
        run = self._runs[place]
        if not all(value is None or isinstance(value, int | float | np.ndarray) for value in given.values()):
            return None
        constants = {
            name: np.array(np.nan if value is None else value, np.float64) for name, value in given.items()
        }
        own = {} if self._same_scale() else {name: f"{name}_unscaled" for name in run.columns}
        names = {name: other for name, other in own.items() if other in run.columns}
        return Side(run, constants, names, places)

    def _same_scale(self) -> bool:
        first, second = (config["data.standardize"] for config in self._configs)
        return bool(first == second)

    def _shared(self, role: str) -> list[str]:
        """Returns the numbers of a role that both runs have, in one scale."""
        first, second = (
            [name for name, type_ in run.types.items() if type_.role == role] for run in self._runs
        )
        shared = [name for name in first if name in second]
        return shared if self._same_scale() else [name for name in shared if not name.endswith("_unscaled")]

    def match(self) -> None:
        """Matches the trials and gathers what differs."""
        if len(self._sides) < 2:
            self._n_only = [run.n_trials_done for run in self._runs]
            return
        self._ranges = self._joint_ranges()
        first, second = self._sides
        others = [*COMPARED, *self._whole.values]
        for block in paired(first, second, self._keys, others, in_order=self._in_order()):
            self._add(block)

    def _in_order(self) -> bool:
        """Returns whether equal trial numbers mean equal hyperparameters."""
        told = [
            [(name, value) for name, value in config.items() if name.partition(".")[0] == "parameters"]
            for config in self._configs
        ]
        kinds = [
            (config["method"], config["seed"] if config["method"] == "random" else 0)
            for config in self._configs
        ]
        in_limits = "'unit'" in str(told[0])  # each run may have its own
        is_by_number = kinds[0][0] in ("grid", "random")
        return told[0] == told[1] and kinds[0] == kinds[1] and is_by_number and not in_limits

    def _joint_ranges(self) -> dict[str, Ranges]:
        """Returns the ranges that span the values of both runs."""
        found: dict[str, Ranges] = {}
        for name in self.by if self._bins else ():
            if self._types[name].is_words:
                continue
            values = [
                np.atleast_1d(side.constants[name])
                if name in side.constants
                else side.run.distinct(name, self._bins or 0)
                for side in self._sides
            ]
            log = all(name in run.metadata["log_scaled"] for run in self._runs)
            known = np.concatenate(values)
            ranges = ranges_of(np.unique(known[~np.isnan(known)]), self._bins, log=log)
            found |= {name: ranges} if ranges else {}
        return found

    def _add(self, block: Block) -> None:
        first, second = block.first, block.second
        n = len(first["trial"])
        self._whole.add(first, second, np.empty((n, 0)))
        self._grouped.add(first, second, self._group_keys(first))
        if not self._changed.full:
            changed, kinds = self._whole.changed(first, second), self._whole.kinds(first, second)[0]
            for listed, chosen in (
                (self._changed, kinds < LAST_BITS),
                (self._in_last_bits, kinds == LAST_BITS),
            ):
                rows = np.flatnonzero(changed & chosen)[:MAX_LISTED]
                listed.add(self._listed(first, second, rows, kinds))
        for place, alone in enumerate((block.only_first, block.only_second)):
            self._n_only[place] += len(alone["trial"])
            label = (self._base, self._label)[place]
            self.only.add({"run": [label] * len(alone["trial"]), **self._named(alone)})

    def _named(self, columns: Columns) -> dict[str, Any]:
        """Returns which trials these are, as their table has it."""
        return {name: self._readable(name, columns[name]) for name in ("trial", *self._keys)}

    def _group_keys(self, columns: Columns) -> Floats:
        keys = {name: np.asarray(columns[name], np.float64) for name in self.by}
        return np.column_stack(
            [self._ranges[name].place(key) if name in self._ranges else key for name, key in keys.items()]
        )

    def _listed(
        self, first: Columns, second: Columns, rows: NDArray[np.intp], kinds: NDArray[np.int8]
    ) -> dict[str, Any]:
        columns = {"run": [self._label] * len(rows)}
        columns |= self._named({name: values[rows] for name, values in first.items()})
        names = (*COMPARED, *(name for name in self._whole.values if name != "cost"))
        differ = {name: self._differs(name, first, second)[rows] for name in names}
        columns["change"] = [CHANGES[kind] for kind in kinds[rows]]
        columns["differs_in"] = [
            ", ".join(name for name in names if differ[name][row]) for row in range(len(rows))
        ]
        for name in names:
            if name in COMPARED or differ[name].any():
                columns[f"{name}_first"] = self._readable(name, first[name][rows])
                columns[f"{name}_second"] = self._readable(name, second[name][rows])
        return columns

    def _readable(self, name: str, values: Array) -> Any:
        """Returns cells as the trials table has them: words for codes, missing epochs missing."""
        type_ = self._types[name]
        if name in self._keys and type_.is_words:
            return self._cells(name, np.asarray(values, np.float64))
        if not type_.is_coded:
            return values
        cells: list[Any] = [type_.cell(value) for value in values.tolist()]
        return cells if type_.is_words else pd.array(cells, dtype="Int64")

    def _differs(self, name: str, first: Columns, second: Columns) -> NDArray[np.bool_]:
        if name == "outcome":
            return np.asarray(first[name] != second[name])
        return self._whole.differs(name, first, second)

    @cached_property
    def _table(self) -> dict[str, list[Any]]:
        """What differs over all matched trials: one row, or none."""
        return self._whole.table()

    @property
    def n_matched(self) -> int:
        """Trials that both runs have."""
        return int(sum(self._table["matched"]))

    def matched(self) -> dict[str, Any]:
        """Returns the row of the table of matches."""
        table = self._table
        return {
            "run": self._label,
            "compared_with": self._base,
            "matched": self.n_matched,
            "only_first": self._n_only[0],
            "only_second": self._n_only[1],
            "changed": sum(table["changed"]),
            **{name: sum(table[name]) for name in KINDS},
            "largest_relative_difference": (table["largest_relative_difference"] or [None])[0],
        }

    def transitions(self) -> Iterator[dict[str, Any]]:
        """Yields a row for each outcome before."""
        for before in OUTCOMES if self.n_matched else ():
            after = {name: self._table[f"{before}_to_{name}"][0] for name in OUTCOMES}
            yield {"run": self._label, "outcome_first": before, **after}

    def epochs(self) -> Iterator[dict[str, Any]]:
        """Yields one row, where a trial converged in both."""
        both = self._table["converged_to_converged"]
        if any(both):
            told = {name: self._table[name][0] for name in EPOCHS}
            yield {"run": self._label, "both_converged": both[0], **told}

    def values(self) -> Iterator[dict[str, Any]]:
        """Yields a row for each final number."""
        for name in self._whole.values if self.n_matched else ():
            yield {
                "run": self._label,
                "value": name if self._same_scale() or name == "cost" else f"{name} (unscaled)",
                "same_bits": self._table[f"same_bits_{name}"][0],
                "matched": self.n_matched,
                "largest_difference": self._table[f"largest_difference_{name}"][0],
            }

    def by_parameter(self) -> pd.DataFrame:
        """Returns what differs by parameters, or the two summaries where no trial is shared."""
        if not self.n_matched:
            return self._summaries()
        table = self._grouped.table()

        def total(moves: str) -> list[int]:
            each = [table[moves.format(name)] for name in OUTCOMES]
            return [sum(counts) for counts in zip(*each, strict=True)]

        columns = {
            "matched": table["matched"],
            "changed": table["changed"],
            **{name: table[name] for name in KINDS[:IDENTICAL]},
            "converged_first": total("converged_to_{}"),
            "converged_second": total("{}_to_converged"),
            "diverged_first": total("diverged_to_{}"),
            "diverged_second": total("{}_to_diverged"),
            **{name: table[name] for name in EPOCHS},
            "largest_difference_cost": table["largest_difference_cost"],
        }
        keys = {name: self._cells(name, self._grouped.keys[:, place]) for place, name in enumerate(self.by)}
        return pd.DataFrame({"run": [self._label] * len(table["matched"]), **keys, **columns})

    def _cells(self, name: str, keys: Floats) -> list[Any]:
        if name in self._ranges:
            return [None if np.isnan(key) else self._ranges[name].labels[int(key)] for key in keys]
        is_words = self._types[name].is_words
        return [self._types[name].cell(key) if is_words else key for key in keys.tolist()]

    def _summaries(self) -> pd.DataFrame:
        """Returns the summary of each run, over the same ranges where there are ranges."""
        frames = []
        for label, run in zip((self._base, self._label), self._runs, strict=True):
            by = [name for name in self.by if name in run.columns]
            ranges = {name: ranges for name, ranges in self._ranges.items() if name in by}
            aggregate = Aggregate(by, run.types, ranges)
            run.update([aggregate])
            table = pd.DataFrame(dict(aggregate.table()))
            table.insert(0, "run", label)
            frames.append(table)
        return pd.concat(frames, ignore_index=True)
