"""Rows that are held out of the training: how they are declared, and which rows these are.

A fold is one choice of rows to hold out. Every way but `folds` makes one; those that are drawn follow
scikit-learn's rules to the row, so that numbers can be laid beside its own.
"""

import math
from collections.abc import Sequence
from typing import Annotated, Any, TypeAlias

import numpy as np
from pydantic import Field, ValidationInfo, field_validator, model_serializer

from linreg_sweep.array_types import Integers
from linreg_sweep.errors import Complaint, DataError
from linreg_sweep.kinds import Fraction, Model
from linreg_sweep.variants import fault
from linreg_sweep.words import listed, shorten, show

Drawn = Annotated[int, Field(strict=True, ge=0, lt=2**32)]
Folds = Annotated[int, Field(strict=True, ge=2, le=10_000)]
Cell: TypeAlias = str | bool | int | float

WAYS = ("fraction", "last", "path", "column", "folds")
"""The keys of which one says how rows are held out."""

TRAINED = -1
"""The fold of a row that is held out of none."""


class Holdout(Model):
    """Which rows no trial is trained on. One of fraction, last, path, column and folds says so."""

    fraction: Fraction | None = None
    """This share of the rows, drawn by the seed as scikit-learn's train_test_split draws them."""
    last: Fraction | None = None
    """This share of the rows, the last in the file."""
    path: Annotated[str, Field(min_length=1)] | None = None
    """All rows of another file with the same columns, relative to the file that says so."""
    column: Annotated[str, Field(min_length=1)] | None = None
    """The rows with a value in this column of the file, which then is no x."""
    value: Cell | None = None
    """The value in that column."""
    folds: Folds | None = None
    """So many folds, each held out once, by scikit-learn's KFold: a trial per fold."""
    seed: Drawn | None = 0
    """Of what is drawn; null, of folds: the rows stay in file order."""

    @field_validator("value")
    @classmethod
    def _goes_with_column(cls, value: Cell | None, info: ValidationInfo) -> Cell | None:
        if value is not None and info.data.get("column", "") is None:
            raise fault(f"needs column beside it, got {show(value)}", "name the column that has it")
        return value

    @field_validator("seed")
    @classmethod
    def _goes_with_what_is_drawn(cls, seed: int | None, info: ValidationInfo) -> int | None:
        if info.data.get("folds") is not None:
            return seed
        if info.data.get("fraction") is None:
            raise fault(f"applies to fraction and folds only, got {show(seed)}", "remove it")
        if seed is None:
            raise fault("must be a whole number with fraction, got null", "for rows in file order write last")
        return seed

    @classmethod
    def checked(cls, given: "Holdout | None") -> "Holdout | None":
        """Returns what is declared.

        Raises:
            PydanticCustomError: no way to hold rows out is declared, or several are.
        """
        if given is None:
            return None
        ways = [way for way in WAYS if getattr(given, way) is not None]
        if len(ways) != 1:
            text = f"must have one of {', '.join(WAYS)}, got {' and '.join(ways) or 'none of them'}"
            raise fault(text, "such as {fraction: 0.2}")
        if given.column is not None and given.value is None:
            raise fault("needs value with column", "such as {column: split, value: test}")
        return given

    @model_serializer
    def _declared(self) -> dict[str, Any]:
        """Returns the keys that say something."""
        drawn = self.fraction is not None or self.folds is not None
        kept = {key: value for key in (*WAYS, "value") if (value := getattr(self, key)) is not None}
        return kept | ({"seed": self.seed} if drawn else {})

    @property
    def marked(self) -> tuple[str, Cell] | None:
        """The column that marks the rows, and the value that it has in them; None: no column does."""
        return None if self.column is None or self.value is None else (self.column, self.value)

    @property
    def n_folds(self) -> int:
        """How many folds there are."""
        return self.folds or 1

    def rows(self, n_rows: int) -> Integers:
        """Returns the fold [n_rows] in which each row is held out; TRAINED: in none.

        Args:
            n_rows: rows of the data; not for `path` and `column`, which name rows of files.

        Raises:
            DataError: there are too few rows.
        """
        folds = np.full(n_rows, TRAINED, np.int64)
        if self.folds is not None:
            if n_rows < self.folds:
                raise _too_few(f"have a row for each of {self.folds} folds", n_rows, "take fewer folds")
            order = np.arange(n_rows)
            if self.seed is not None:
                np.random.RandomState(self.seed).shuffle(order)
            for fold, part in enumerate(np.array_split(order, self.folds)):
                folds[part] = fold
            return folds
        share = self.fraction or self.last
        if share is None:
            raise ValueError("a file says which rows are held out")
        held = math.ceil(share * n_rows)
        if held >= n_rows:
            raise _too_few("leave a row to train on", n_rows, "hold fewer out")
        order = np.arange(n_rows)[::-1]
        if self.fraction is not None:
            order = np.random.RandomState(self.seed).permutation(n_rows)
        folds[order[:held]] = 0
        return folds


def rows_with(where: str, column: str, value: Cell, cells: Sequence[str]) -> Integers:
    """Returns fold 0 for rows with a value in a column, whose cells [n] are text, TRAINED for others [n].

    Raises:
        DataError: no row has the value, or all have.
    """
    held = np.fromiter((_is(cell.strip(), value) for cell in cells), np.bool_, len(cells))
    if not held.any():
        found = sorted({*cells}, key=lambda cell: (len(cell), cell))
        text = f"a row must have {show(value)} in column {shorten(column)!r}, none has"
        raise DataError(Complaint(where, text, f"it holds {listed(found)}"))
    if held.all():
        text = f"a row must be left to train on, all have {show(value)} in column {shorten(column)!r}"
        raise DataError(Complaint(where, text))
    return np.where(held, 0, TRAINED)


def _is(cell: str, value: Cell) -> bool:
    """Returns whether a cell of text says a value."""
    if isinstance(value, bool):
        return cell.lower() == str(value).lower()
    if isinstance(value, str):
        return cell == value
    try:
        return float(cell) == value
    except ValueError:
        return False


def _too_few(must: str, n_rows: int, hint: str) -> DataError:
    text = f"the data must {must}, got {n_rows} row{'s' * (n_rows != 1)}"
    return DataError(Complaint("data.holdout", text, hint))
