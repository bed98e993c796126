"""What a column of a run's tables holds: numbers or words, which words, and what it is there for.

metadata.json says it of every column, so that whoever reads a run needs no other list.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Flags, Floats
from linreg_sweep.theory.outcome import INSTEAD, MISSING

Array = NDArray[np.generic]

Kind = Literal["number", "count", "epoch", "words"]
"""Any number; a whole number; the epoch of an event that may never come; codes of words."""

Role = Literal["key", "hyperparameter", "ending", "state", "measure", "derived"]
"""What a row is of; what was declared; how a trial ended; fitted numbers; what is measured of them, which
comparisons compare as well; what follows from all that."""


@dataclass(frozen=True)
class ColumnType:
    """What a column holds.

    Attributes:
        kind: see Kind. A hyperparameter that is a count is held as a float, as it may be missing like others.
        words: what the codes of kind `words` stand for: their places.
        role: see Role.
    """

    kind: Kind
    words: tuple[str, ...] = ()
    role: Role = "derived"

    @property
    def dtype(self) -> str:
        """What its numbers are in memory."""
        if self.kind == "words":
            return "int8" if len(self.words) <= 127 else "int16"
        is_float = self.kind == "number" or self.role == "hyperparameter"
        return "float64" if is_float else "int64"

    @property
    def is_words(self) -> bool:
        """Whether it holds codes of words."""
        return self.kind == "words"

    @property
    def is_whole(self) -> bool:
        """Whether it holds whole numbers, whatever they are in memory."""
        return self.kind in ("count", "epoch")

    @property
    def is_coded(self) -> bool:
        """Whether MISSING stands for what is missing, rather than NaN."""
        return self.kind in ("words", "epoch")

    @property
    def missing(self) -> float:
        """What stands in it for what is missing; 0 where nothing can be."""
        return MISSING if self.is_coded else np.nan if self.dtype == "float64" else 0

    def known(self, values: Array) -> Flags:
        """Returns where a value [K] is not missing."""
        if self.is_coded:
            return np.asarray(values != MISSING)
        return ~np.isnan(values) if values.dtype.kind == "f" else np.ones(len(values), np.bool_)

    def keys(self, values: Array) -> Floats:
        """Returns values [K] as floats, with NaN for what is missing."""
        numbers = np.asarray(values, np.float64)
        return np.where(numbers == MISSING, np.nan, numbers) if self.is_coded else numbers

    def cell(self, value: float) -> str | float | None:
        """Returns a value as a person reads it: the word for a code, None for what is missing."""
        if value != value or (self.is_coded and value == MISSING):
            return None
        if self.is_words:
            return self.words[int(value)]
        return int(value) if self.is_whole else value

    def as_json(self, name: str) -> Any:
        """Returns what metadata.json says of a column of this name: see storage.metadata.Column."""
        words = {"words": list(self.words)} if self.is_words else {}
        return {"name": name, "kind": self.kind, **words, "role": self.role}


Types = Mapping[str, ColumnType]
"""The columns of a table, in their order."""


def ranking(columns: Mapping[str, Array], by: str) -> Floats:
    """Returns what trials [K] are ranked by: a column, of which another may fill the gaps."""
    values = np.asarray(columns[by], np.float64)
    if by not in INSTEAD:
        return values
    return np.where(np.isnan(values), np.asarray(columns[INSTEAD[by]], np.float64), values)


def ranked_by(by: str) -> tuple[str, ...]:
    """Returns the columns that `ranking` reads."""
    return (by, *([INSTEAD[by]] if by in INSTEAD else []))


def types_from_json(columns: Sequence[Mapping[str, Any]]) -> dict[str, ColumnType]:
    """Returns the columns of a table that metadata.json describes."""
    return {
        each["name"]: ColumnType(each["kind"], tuple(each.get("words", ())), each["role"]) for each in columns
    }


def parameter_names(x_names: Sequence[str], y_names: Sequence[str], fit_bias: bool) -> tuple[str, ...]:
    """Returns what results call the entries of theta [P, O], flattened row by row, a bias last.

    `weight` and `bias` for one feature and one target; else `weight_<x>`, with several targets
    `weight_<x>_<y>` and `bias_<y>`.
    """
    targets = [f"_{name}" for name in y_names] if len(y_names) > 1 else [""]
    features = [f"_{name}" for name in x_names] if len(x_names) > 1 or len(y_names) > 1 else [""]
    weights = [f"weight{feature}{target}" for feature in features for target in targets]
    return (*weights, *(f"bias{target}" for target in targets)) if fit_bias else tuple(weights)
