"""Arrays, lists, DataFrames and Series taken apart: numbers, names, each column's first cell that is none."""

import numbers
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Floats
from linreg_sweep.errors import Complaint, DataError
from linreg_sweep.tabular.cells import MAX_EXACT, SHIFTED, UNEVEN, rounded_integers
from linreg_sweep.tabular.complaints import name_complaints
from linreg_sweep.tabular.table import Table, as_names

_KINDS = {"b": "booleans", "U": "text", "S": "bytes", "M": "dates", "m": "durations", "c": "complex numbers"}


def table_of_arrays(
    x: object,
    y: object,
    x_names: str | Sequence[str] | None = None,
    y_names: str | Sequence[str] | None = None,
) -> Table:
    """Returns arrays, lists, or DataFrames and Series, x (n,) or (n, F) and y (n,) or (n, O), as a table.

    For names and errors see data.from_arrays. They are copies, so that later changes do not reach them.
    """
    x_array, x_known, complaints = matrix_of("x", x, x_names)
    y_array, y_known, y_complaints = matrix_of("y", y, y_names)
    complaints += y_complaints
    if not complaints:
        complaints += _shape_complaints(x_array, y_array)
    complaints += name_complaints("arrays", x_known, y_known)
    if complaints:
        raise DataError(*complaints)
    return Table(x_array, y_array, x_known, y_known, ())


def _shape_complaints(x: Floats, y: Floats) -> list[Complaint]:
    """Returns what is wrong with the rows of two matrices, [n, F] and [n, O] if nothing is."""
    (n_x, width), (n_y, height) = x.shape, y.shape
    shapes = f"got shapes {x.shape} and {y.shape}"
    if n_x == n_y == 1 and width == height > 1:
        text = f"x and y must have one row per observation, {shapes}: one row each"
        return [Complaint("arrays", text, "transpose both: x.T and y.T")]
    if n_x == n_y:
        return []
    if width == height > 1:
        turned = ["x.T", "y.T"]
    else:
        turned = (
            ["x.T"] if width == n_y and n_x < width else ["y.T"] if height == n_x and n_y < height else []
        )
    hint = f"rows are observations: transpose, as in {' and '.join(turned)}" if turned else ""
    return [Complaint("arrays", f"x and y must have the same rows, {shapes}", hint)]


def matrix_of(
    role: str, given: Any, names: str | Sequence[str] | None
) -> tuple[Floats, tuple[str, ...], list[Complaint]]:
    """Returns a matrix as a copy [n, columns], its names, and complaints; it is of use where there are none.

    Args:
        role: what it is called.
        given: (n,) or (n, columns) numbers.
        names: of its columns; None: its own, else by the role.
    """
    try:
        array = given.filled(np.nan) if np.ma.is_masked(given) else np.asarray(given)
    except (TypeError, ValueError, RuntimeError) as error:
        text = f"must be numbers in rows of equal length: {str(error).split('.')[0]}"
        return np.empty((0, 0)), (), [Complaint(role, text)]
    if array.ndim not in (1, 2) or not array.size:
        text = f"must have rows, and one or two dimensions, got shape {array.shape}"
        return np.empty((0, 0)), (), [Complaint(role, text)]
    if array.dtype.kind == "f" and not isinstance(given, np.ndarray) and np.abs(array).max() >= MAX_EXACT:
        # whole numbers among others, before they are rounded
        array = given.to_numpy(object) if hasattr(given, "to_numpy") else np.asarray(given, dtype=object)
    columns = array.reshape(len(array), -1)
    known = as_names(names) if names is not None else _names_of(given, role, columns.shape[1])
    complaints = []
    if len(known) != columns.shape[1]:
        text = f"must have as many names as columns, got {len(known)} and {columns.shape[1]}"
        complaints.append(Complaint(f"{role}_names", text))
        known = tuple(f"{role}{i + 1}" for i in range(columns.shape[1]))
    if columns.dtype.kind == "O":
        return _from_objects(role, columns, known, complaints)
    if columns.dtype.kind not in "iuf":
        given_kind = _KINDS.get(columns.dtype.kind, columns.dtype.name)
        complaints.append(Complaint(role, f"must be numbers, got {given_kind}"))
        return np.empty((0, 0)), known, complaints
    copy = np.array(columns, dtype=np.float64, order="C")
    if columns.dtype.kind in "iu":
        changed = rounded_integers(columns.ravel(), copy.ravel()).reshape(copy.shape)
        for i in np.flatnonzero(changed.any(axis=0)):
            row = int(changed[:, i].argmax())
            complaints.append(_uneven(role, row, known[i], columns[row, i]))
    finite = np.isfinite(copy)
    for i in np.flatnonzero(~finite.all(axis=0)):
        row = int(finite[:, i].argmin())
        text = f"row {row + 1} of column {known[i]!r} must be a finite number, got {copy[row, i]}"
        complaints.append(Complaint(role, text))
    return copy, known, complaints


def _from_objects(
    role: str, columns: NDArray[np.object_], names: tuple[str, ...], complaints: list[Complaint]
) -> tuple[Floats, tuple[str, ...], list[Complaint]]:
    """Takes Python numbers of any kind one by one; names the first cell of each column that is none."""
    copy = np.zeros(columns.shape)
    for i, name in enumerate(names):
        for row, cell in enumerate(columns[:, i]):
            number = isinstance(cell, numbers.Real | Decimal) and not isinstance(cell, bool)
            try:
                copy[row, i] = float(cell) if number else np.nan
            except (OverflowError, ValueError):  # an integer beyond float64, a signalling NaN
                copy[row, i] = np.inf
            if isinstance(cell, numbers.Integral) and np.isfinite(copy[row, i]) and int(copy[row, i]) != cell:
                complaints.append(_uneven(role, row, name, cell))
                break
            if not np.isfinite(copy[row, i]):
                shown = repr(cell) if len(repr(cell)) <= 30 else f"{repr(cell)[:27]}..."
                text = f"row {row + 1} of column {name!r} must be a finite number, got {shown}"
                complaints.append(Complaint(role, text))
                break
    return copy, names, complaints


def _uneven(role: str, row: int, name: str, cell: object) -> Complaint:
    return Complaint(role, f"row {row + 1} of column {name!r} {UNEVEN} {cell}", SHIFTED)


def _names_of(given: Any, role: str, count: int) -> tuple[str, ...]:
    """Returns the names that a DataFrame or Series brings, else x, or x1, x2, ..."""
    if getattr(given, "columns", None) is not None:
        return tuple(map(str, given.columns))
    if getattr(given, "name", None) not in (None, ""):
        return (str(given.name),)
    return (role,) if count == 1 else tuple(f"{role}{i + 1}" for i in range(count))
