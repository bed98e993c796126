"""What a part of a run holds, by what metadata.json says of the run, and whether a file can be that.

A part may come from anywhere, and a checksum is no signature. So a file's names, kinds and rows are looked
at before it is unpacked, and what others are counted or found by as it is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.column_types import Array, ColumnType, Types, types_from_json
from linreg_sweep.storage.files import AnyPath
from linreg_sweep.storage.store import PART_NAME
from linreg_sweep.theory.outcome import MISSING, OUTCOME_WORDS, OUTCOMES, REGIME_SOURCES, REGIMES

TRIALS, HISTORY = "trials", "history"
"""The tables, each called like the folder of its parts."""

TRIAL = "trial"

ALWAYS = ("learning_rate", "initial_")
"""How the names of hyperparameters begin that no trial lacks."""

MAX_EPOCHS = 10**12
"""That a trial can be declared to have."""

PACKING = "LZ4"
TIGHTEST = 255
"""How parts are packed, and how many times smaller that can make them."""

_ARROW = {
    "int64": "int64",
    "float64": "double",
    **{size: f"dictionary<values=string, indices={size}, ordered=0>" for size in ("int8", "int16")},
}
"""What Arrow calls the numbers of columns."""


class MisfitError(ValueError):
    """A file that cannot be what it stands for; the message says why."""


@dataclass(frozen=True)
class Layout:
    """What the files of a table hold.

    Attributes:
        types: the columns in their order, with what each holds.
        table: trials, which have a row per trial, or history; empty: neither.
        n_trials: of the run.
        part_size: trials a part.
    """

    types: Types
    table: str = ""
    n_trials: int = 0
    part_size: int = 0

    def trials_of(self, part: AnyPath) -> tuple[int, int]:
        """Returns the first trial of a part's file, and the one after the last."""
        match = PART_NAME.fullmatch(part.name)
        first = int(match[1]) * self.part_size if match else 0
        return first, min(first + self.part_size, self.n_trials)

    def check_schema(self, part: AnyPath, schema: Any, n_rows: int, size: int) -> None:
        """Raises a MisfitError where a file of so many bytes has other columns or rows than it should.

        It has them as its schema, which Arrow gives, and the number of rows that it says.
        """
        if list(schema.names) != list(self.types):
            raise MisfitError("its columns are not those of the run")
        for name, kind in zip(schema.names, schema.types, strict=True):
            if str(kind) != _ARROW[self.types[name].dtype]:
                raise MisfitError(f"its column {name} is of another type")
        first, stop = self.trials_of(part)
        if self.table == TRIALS and n_rows != stop - first:
            raise MisfitError(f"it must have {stop - first:,} rows, and has {n_rows:,}")
        n_numbers = n_rows * sum(not type_.is_words for type_ in self.types.values())
        if n_numbers * 8 > TIGHTEST * size:
            raise MisfitError(f"it is too small for {n_rows:,} rows")

    def check_packing(self, metadata: Any) -> None:
        """Raises a MisfitError where a column is packed by what could make it any size."""
        groups = map(metadata.row_group, range(metadata.num_row_groups))
        if any(group.column(i).compression != PACKING for group in groups for i in range(group.num_columns)):
            raise MisfitError("it is not packed as parts are")

    def check(self, part: AnyPath, columns: Mapping[str, Array]) -> None:
        """Raises a MisfitError where a number of some columns [K] of a part cannot stand there."""
        for name, values in columns.items():
            if not self._can_be(part, name, values):
                raise MisfitError(f"what it says of {name} cannot be")

    def _can_be(self, part: AnyPath, name: str, values: Array) -> bool:
        numbers: NDArray[Any] = values
        type_ = self.types[name]
        if type_.role == "key" and name == TRIAL:
            first, stop = self.trials_of(part)
            if self.table == TRIALS:
                return np.array_equal(numbers, np.arange(first, stop))
            return not len(numbers) or bool(first <= numbers.min() and numbers.max() < stop)
        if type_.role == "hyperparameter":
            known = type_.known(numbers)
            if name.startswith(ALWAYS) and not known.all():
                return False
            there = numbers[known]
            return bool(np.isfinite(there).all() and (not type_.is_whole or (there % 1 == 0).all()))
        if name == "outcome" and type_.is_words:
            return not (numbers == MISSING).any()
        if type_.is_whole:
            least = MISSING if type_.kind == "epoch" else 0
            return not len(numbers) or bool(least <= numbers.min() and numbers.max() <= MAX_EPOCHS)
        return True


def layout_of(metadata: Mapping[str, Any], table: str) -> Layout:
    """Returns what the parts of a run's trials or history hold, by what metadata.json says."""
    told = metadata.get("columns")
    types = _before_format_4(metadata, table) if told is None else types_from_json(told[table])
    return Layout(types, table, metadata["n_trials"], metadata["part_size"])


OLD_COUNTS = ("batch_size", "max_epochs")
"""The hyperparameters of whole numbers before format 4."""


def _before_format_4(metadata: Mapping[str, Any], table: str) -> dict[str, ColumnType]:
    """Returns the columns that runs have whose metadata.json does not describe them."""
    count, epoch = ColumnType("count", role="ending"), ColumnType("epoch", role="ending")
    given = {
        name: ColumnType("count" if name in OLD_COUNTS else "number", role="hyperparameter")
        for name in metadata["hyperparameters"]
    }
    states = dict.fromkeys(metadata["parameters"], ColumnType("number", role="state"))
    key, cost = ColumnType("count", role="key"), ColumnType("number", role="measure")
    if table == HISTORY:
        return {TRIAL: key, "epoch": key, **states, "cost": cost}
    number = ColumnType("number")
    return {
        TRIAL: key,
        **given,
        "outcome": ColumnType("words", OUTCOME_WORDS, "ending"),
        "epochs": count,
        "converged_at": epoch,
        "diverged_at": epoch,
        **states,
        "cost": cost,
        "excess_cost": number,
        "contraction": number,
        "regime": ColumnType("words", REGIMES),
        "regime_source": ColumnType("words", REGIME_SOURCES),
        "stability_ratio": number,
        "predicted_outcome": ColumnType("words", OUTCOMES),
        "predicted_at": ColumnType("epoch"),
        "theory": ColumnType("words", ("closed_form", "lost_in_rounding", "mini_batches")),
    }
