"""What a part of a run holds, by what metadata.json says of the run, and whether a file can be that.

A part may come from anywhere, and a checksum is no signature. So a file's names, kinds and rows are looked
at before it is unpacked, and what others are counted or found by as it is read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.storage.files import Place
from linreg_sweep.storage.store import PART_NAME
from linreg_sweep.theory.outcome import CATEGORIES, COUNTS, EVENTS, MISSING

Column = NDArray[np.generic]

TRIALS, HISTORY = "trials", "history"
"""The tables, each called like the folder of its parts."""

WHOLE = ("trial", "epochs", "epoch", *EVENTS)
"""The columns of whole numbers."""

MOST_EPOCHS = 10**12
"""That a trial can be declared to have."""

PACKING = "LZ4"
TIGHTEST = 255
"""How parts are packed, and how many times smaller that can make them."""

_ARROW = {
    "int64": "int64",
    "float64": "double",
    "int8": "dictionary<values=string, indices=int8, ordered=0>",
}
"""What Arrow calls the kinds of columns."""


class MisfitError(ValueError):
    """A file that cannot be what it stands for; the message says why."""


@dataclass(frozen=True)
class Layout:
    """What the files of a table hold.

    Attributes:
        kinds: the columns in their order, each with its kind of numbers: int64, float64, int8 for words.
        finite: those whose numbers are finite: hyperparameters.
        table: trials, which have a row a trial, or history; empty: neither.
        n_trials: of the run.
        part_size: trials a part.
    """

    kinds: Mapping[str, str]
    finite: frozenset[str] = field(default_factory=frozenset)
    table: str = ""
    n_trials: int = 0
    part_size: int = 0

    def trials_of(self, part: Place) -> tuple[int, int]:
        """Returns the first trial of a part's file, and the one after the last."""
        match = PART_NAME.fullmatch(part.name)
        first = int(match[1]) * self.part_size if match else 0
        return first, min(first + self.part_size, self.n_trials)

    def check_schema(self, part: Place, schema: Any, n_rows: int, size: int) -> None:
        """Raises a MisfitError where a file has other columns or rows than it should.

        Args:
            part: the file.
            schema: its own, as Arrow gives it.
            n_rows: how many it says it has.
            size: its bytes.
        """
        if list(schema.names) != list(self.kinds):
            raise MisfitError("its columns are not those of the run")
        for name, kind in zip(schema.names, schema.types, strict=True):
            if str(kind) != _ARROW[self.kinds[name]]:
                raise MisfitError(f"its column {name} is of another type")
        first, stop = self.trials_of(part)
        if self.table == TRIALS and n_rows != stop - first:
            raise MisfitError(f"it must have {stop - first:,} rows, and has {n_rows:,}")
        n_numbers = n_rows * sum(kind != "int8" for kind in self.kinds.values())
        if n_numbers * 8 > TIGHTEST * size:
            raise MisfitError(f"it is too small for {n_rows:,} rows")

    def check_packing(self, metadata: Any) -> None:
        """Raises a MisfitError where a column is packed by what could make it any size.

        Args:
            metadata: of the file, as Arrow gives it.
        """
        groups = map(metadata.row_group, range(metadata.num_row_groups))
        if any(group.column(i).compression != PACKING for group in groups for i in range(group.num_columns)):
            raise MisfitError("it is not packed as parts are")

    def check(self, part: Place, columns: Mapping[str, Column]) -> None:
        """Raises a MisfitError where a number cannot stand in its column.

        Args:
            part: the file.
            columns: some of its columns, [K] each.
        """
        for name, values in columns.items():
            is_free = self.kinds[name] == "float64" and name not in self.finite
            if not is_free and not self._can_be(part, name, values):
                raise MisfitError(f"what it says of {name} cannot be")

    def _can_be(self, part: Place, name: str, values: Column) -> bool:
        numbers: NDArray[Any] = values
        if name == "trial":
            first, stop = self.trials_of(part)
            if self.table == TRIALS:
                return np.array_equal(numbers, np.arange(first, stop))
            return not len(numbers) or bool(first <= numbers.min() and numbers.max() < stop)
        if name in self.finite:
            return bool(np.isfinite(numbers).all() and (name not in COUNTS or (numbers % 1 == 0).all()))
        if name == "outcome":
            return not (numbers == MISSING).any()
        if name in WHOLE:
            least = MISSING if name in EVENTS else 0
            return not len(numbers) or bool(least <= numbers.min() and numbers.max() <= MOST_EPOCHS)
        return True


def layout_of(metadata: Mapping[str, Any], table: str) -> Layout:
    """Returns what the parts of a run's trials or history hold.

    Args:
        metadata: what metadata.json says.
        table: TRIALS or HISTORY.
    """
    given, states = metadata["hyperparameters"], metadata["parameters"]
    names: Sequence[str] = ("trial", "epoch", *states, "cost")
    if table == TRIALS:
        names = (
            *("trial", *given, "outcome", "epochs", "converged_at", "diverged_at", *states, "cost"),
            *("excess_cost", "contraction", "regime", "regime_source", "stability_ratio"),
            *("predicted_outcome", "predicted_at", "theory"),
        )
    kinds = {name: _kind_of(name) for name in names}
    return Layout(kinds, frozenset(given), table, metadata["n_trials"], metadata["part_size"])


def _kind_of(name: str) -> str:
    if name in CATEGORIES:
        return "int8"
    return "int64" if name in WHOLE else "float64"
