"""The data that a declaration names, or arrays in their place."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from linreg_sweep import data as datasets
from linreg_sweep.config import Config, Declaration
from linreg_sweep.data import Data, fewer_rows
from linreg_sweep.errors import Complaint, DataError
from linreg_sweep.folds import with_held_out
from linreg_sweep.places import AnyPath, any_path, is_url
from linreg_sweep.tabular.bounds import bytes_of
from linreg_sweep.tabular.table import GAPS
from linreg_sweep.theory.dependence import CONSTANT, dependent_columns
from linreg_sweep.words import MAX_NAMED, listed, shorten

Arrays = tuple[Any, Any]
"""X (n,) or (n, F) and y (n,) or (n, O): anything that NumPy takes for numbers."""


def load_data(
    declaration: Declaration, arrays: Arrays | None = None, max_memory: str | int | None = None
) -> Data:
    """Returns the data that a declaration names, or these arrays, x and y, as it asks for them.

    Beyond a size such as `4GB` the rows of a file are kept on disk; None: beyond half of what is free.

    Raises:
        ConfigError: max_memory is no size.
        DataError: the data cannot be read or fitted.
    """
    most = bytes_of(max_memory)
    block, fit_bias = declaration.config.data, declaration.config.data.fit_bias
    standardize = True in scalings(declaration.config)
    if arrays is not None:
        if not (isinstance(arrays, tuple) and len(arrays) == 2):
            text = f"must be a pair (x, y) of arrays, got {type(arrays).__name__}"
            raise DataError(
                Complaint("data", text, "data=(x, y), such as data=(table[['size']], table['price'])")
            )
        read = datasets.from_arrays(*arrays, standardize=standardize, fit_bias=fit_bias)
        return _noted(_held_out(declaration, read, most), fit_bias=fit_bias)
    path = data_path(declaration)
    if path is None:
        return _held_out(declaration, datasets.tutorial(standardize=standardize, fit_bias=fit_bias), most)
    holdout = block.holdout
    read = datasets.from_file(
        path,
        block.x,
        block.y or (),
        standardize,
        fit_bias,
        form=block.format,
        drop=block.missing == "drop",
        max_memory=most,
        held_out=None if holdout is None else holdout.marked,
    )
    return _noted(_held_out(declaration, read, most), fit_bias=fit_bias)


def _held_out(declaration: Declaration, data: Data, most: int) -> Data:
    """Returns data with the rows marked that are held out, and those of another file behind them."""
    block = declaration.config.data
    holdout = block.holdout
    if holdout is None:
        return data
    if holdout.column is not None:
        if data.held_out is None:
            text = f"must be a column of a file, the data are {data.source}"
            raise declaration.error(("data", "holdout", "column"), text, "such as {fraction: 0.2}")
        return data
    if holdout.path is not None:
        further = datasets.from_file(
            _place(declaration, holdout.path),
            data.x_names,
            data.y_names,
            fit_bias=block.fit_bias,
            form=block.format,
            drop=block.missing == "drop",
            max_memory=most,
        )
        told = [f"of {further.source}, {note}" for note in further.notes if note.startswith(GAPS)]
        return with_held_out(replace(data, notes=(*data.notes, *told)), further)
    return replace(data, held_out=holdout.rows(len(data.x)))


def scalings(config: Config) -> frozenset[bool]:
    """Returns whether x is standardized in any trial of a declaration, and whether it is not in any."""
    return frozenset(config.values_of("standardize", config.data.standardize))


def _noted(data: Data, *, fit_bias: bool) -> Data:
    """Returns data with a note on columns that are combinations of others, if rows are enough to say."""
    n_rows, n_features = data.x.shape
    if n_rows < n_features + fit_bias:
        return data
    if data.held_out is not None:
        fewest = n_rows - int(np.bincount(data.held_out[data.held_out >= 0]).max())
        if fewest < n_features + fit_bias:
            note = fewer_rows(fewest, n_features + fit_bias)
            return replace(data, notes=(*data.notes, f"in the rows to train on, {note}"))
    with threadpool_limits(limits=1):
        found = dependent_columns(data.x, data.x_names, fit_bias=fit_bias)
    told = [
        f"{shorten(name)} (on {listed(others)})" for name, others in found if others not in ((), (CONSTANT,))
    ]
    if not told:
        return data
    shown = ", ".join(told[:MAX_NAMED]) + (", ..." if len(told) > MAX_NAMED else "")
    note = f"some columns depend on others, so that many weights fit equally well: {shown}"
    return replace(data, notes=(*data.notes, note))


def data_path(declaration: Declaration) -> AnyPath | None:
    """Returns where a declaration's data are; None where they are built in.

    Raises:
        ConfigError: they are behind a URL that is not reached.
    """
    path = declaration.config.data.path
    if path is None:
        return None
    return _place(declaration, path)


def _place(declaration: Declaration, path: str) -> AnyPath:
    """Returns where a declared path or URL points, a path as short as a person says it."""
    return any_path(path) if is_url(path) else near(declaration.folder / path)


def near(path: Path) -> Path:
    """Returns a path as short as a person says it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
