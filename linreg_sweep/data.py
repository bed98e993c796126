"""Data to fit: x [n, F] and y [n, O] with settled shapes, from the tutorial, a file or arrays.

`(30,)` against `(30, 1)` broadcasts to `(30, 30)` without a word, so shapes are settled once, here.
A fit may see standardized x; names, columns and results stay in the units of the file.
"""

import csv
import hashlib
import json
import math
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import resources
from itertools import chain
from pathlib import Path

import numpy as np

from linreg_sweep.array_types import Floats, Integers
from linreg_sweep.blocks import Rows, each_block, ends
from linreg_sweep.column_types import parameter_names
from linreg_sweep.errors import Complaint, DataError
from linreg_sweep.holdout import Cell, rows_with
from linreg_sweep.places import any_path, is_url
from linreg_sweep.standardizing import Standardized, flat_complaints, level_names, moments
from linreg_sweep.tabular import Table, as_names, read_table, table_of_arrays
from linreg_sweep.text_format import TextFormat
from linreg_sweep.words import shorten

MAX_WORK = 4_000_000
"""Features x features x targets: what theory holds, and settles in half a minute at this size."""

MAX_COLLISIONS = 20


@dataclass(frozen=True, eq=False)
class Data:
    """Data as given, and what turns them into what trials see.

    Attributes:
        x: [n, F] as given, in the units of the file, in memory, mapped from a file or taken of such.
        y: [n, O], likewise.
        x_names: F names.
        y_names: O names.
        source: `tutorial (built in)`, the file's name, or `arrays`.
        standardize: whether trials see z-scores of x.
        x_mean: [F] the mean of each column of x where standardized, else zeros.
        x_mean_low: [F] what rounding left off it, where that is a visible share of x_scale, else zeros.
        x_scale: [F] its population standard deviation where standardized, else ones.
        notes: what a person should know, one sentence each without a full stop.
        held_out: [n] the fold in which each row is held out, TRAINED: in none; None: no row is in any.
    """

    x: Rows
    y: Rows
    x_names: tuple[str, ...]
    y_names: tuple[str, ...]
    source: str
    standardize: bool
    x_mean: Floats
    x_mean_low: Floats
    x_scale: Floats
    notes: tuple[str, ...]
    held_out: Integers | None = None

    @property
    def _z_scores(self) -> Standardized:
        return Standardized(self.x, self.x_mean, self.x_mean_low, self.x_scale)

    def seen(self) -> Rows:
        """Returns the x [n, F] that trials see; z-scores are computed when rows are asked for."""
        return self._z_scores if self.standardize else self.x

    def as_given(self) -> "Data":
        """Returns the same, of which trials see x itself."""
        zeros, ones = np.zeros_like(self.x_mean), np.ones_like(self.x_scale)
        return replace(self, standardize=False, x_mean=zeros, x_mean_low=zeros, x_scale=ones)

    def noise(self) -> Floats | None:
        """Returns how far rounding may have moved the inputs of each column [F]; None: by half a unit."""
        if not self.standardize:
            return None
        half = np.finfo(np.float64).eps / 2
        low, high = ends(self.x)  # and of the inputs: rounding keeps order
        size = np.maximum(np.abs(low), np.abs(high))
        size_of_inputs = np.abs(self._z_scores.of(np.stack([low, high]))).max(axis=0)
        noise: Floats = half * (size / self.x_scale + size_of_inputs)
        return noise

    def unscaled(self, theta: Floats, fit_bias: bool) -> Floats:
        """Returns parameters in the units of the file.

        With z = (x - mean)/SD, `w z + b = (w/SD) x + (b - w mean/SD)`. The second term needs a bias to go
        to: without one it is a constant that no theta can hold, which is why `standardize` asks for a bias.
        Returns a copy of theta [K, P, O], through which infinities and NaN of diverged trials pass.

        Raises:
            ValueError: x is standardized and no bias is fitted.
        """
        result = theta.copy()
        if not self.standardize:
            return result
        if not fit_bias:
            raise ValueError("parameters of standardized x can only be unscaled where a bias is fitted")
        with np.errstate(over="ignore", invalid="ignore"):  # diverged trials hold infinities
            for feature, scale in enumerate(self.x_scale):
                result[:, feature] = theta[:, feature] / scale
                for part in (self.x_mean[feature], self.x_mean_low[feature]):
                    if part:
                        result[:, -1] = result[:, -1] - result[:, feature] * part
        return result

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of shapes, names, exact numbers and standardize, the same on any machine.

        Where rows are held out, of which and in which folds as well.
        """
        header = [self.x.shape, self.y.shape, self.x_names, self.y_names, self.standardize]
        digest = hashlib.sha256(json.dumps(header).encode() + b"\n")
        for block in chain(each_block(self.x), each_block(self.y)):
            digest.update(np.ascontiguousarray(block, dtype="<f8").ravel().data)
        if self.held_out is not None:
            digest.update(np.ascontiguousarray(self.held_out, dtype="<i8").data)
        return digest.hexdigest()


def tutorial(*, standardize: bool = False, fit_bias: bool = True) -> Data:
    """Returns the built-in tutorial's 30 rows, y on x; see from_file.

    Raises:
        DataError: standardized without a bias.
    """
    text = (resources.files("linreg_sweep") / "datasets" / "tutorial.csv").read_text(encoding="utf-8")
    header, *rows = csv.reader(text.splitlines())
    table = np.array(rows, dtype=np.float64)
    settled = Table(table[:, :1], table[:, 1:], tuple(header[:1]), tuple(header[1:]), ())
    return _settle(settled, "data", "tutorial (built in)", standardize, fit_bias)


def from_file(
    path: str | os.PathLike[str],
    x: str | Sequence[str] | None = None,
    y: str | Sequence[str] | None = None,
    standardize: bool = False,
    fit_bias: bool = True,
    *,
    whole_only: bool = False,
    form: TextFormat | None = None,
    drop: bool = False,
    max_memory: str | int | None = None,
    held_out: tuple[str, Cell] | None = None,
) -> Data:
    """Reads columns of files of text (.csv, .tsv, .txt, or .gz of these) or Parquet (.parquet, .pq).

    Args:
        path: of a file, of a folder of files, or a pattern such as `data/*.parquet`; several are one table.
            Or the same as a URL, such as `s3://bucket/data.parquet`.
        x: names of columns; None: every numeric column that is not in y.
        y: one name or several: the targets. They must be named; None is a complaint like any other.
        standardize: whether trials see z-scores of x.
        fit_bias: whether a bias is fitted.
        whole_only: of the columns that are not named, those with a cell that is no number are left out.
        form: how a file of text is written; None: as is the default.
        drop: whether rows that miss a cell of these columns are left out, rather than refused.
        max_memory: a size such as `4GB`, beyond which the rows of a file are kept on disk; None: half of what
            is free.
        held_out: the column of which the rows with a value are held out, and that value.

    Returns:
        The data; notes name columns left out, count rows left out, and tell of more parameters than rows.

    Raises:
        ConfigError: max_memory is no size.
        DataError: with every complaint found: no such file or column, a cell that is not a finite number,
            standardized without a bias or with a column that does not vary, names that would collide.
    """
    path = any_path(path) if is_url(path) else Path(path)
    columns = None if x is None else as_names(x), as_names(y or ())
    apart = None if held_out is None else held_out[0]
    table = read_table(
        path, *columns, whole_only=whole_only, form=form, drop=drop, max_memory=max_memory, apart=apart
    )
    data = _settle(table, str(path), path.name, standardize, fit_bias)
    if held_out is None or table.apart is None:
        return data
    return replace(data, held_out=rows_with(str(path), *held_out, table.apart))


def from_arrays(
    x: object,
    y: object,
    x_names: Sequence[str] | None = None,
    y_names: Sequence[str] | None = None,
    standardize: bool = False,
    fit_bias: bool = True,
) -> Data:
    """Takes arrays, lists, or DataFrames and Series, x (n,) or (n, F) and y (n,) or (n, O); see from_file.

    Names are those given, else of a DataFrame or Series its own, else x, or x1, x2, ... Shapes are settled
    to exactly (n, F) and (n, O), in copies, so that later changes do not reach them.

    Raises:
        DataError: with every complaint found: not numbers, missing or infinite numbers, unequal numbers of
            rows, three dimensions, names that do not fit, and those of `from_file`.
    """
    table = table_of_arrays(x, y, x_names, y_names)
    return _settle(table, "arrays", "arrays", standardize, fit_bias)


def standardized(data: Data) -> Data:
    """Returns the same data, of which trials, that have a bias, see z-scores of x.

    Raises:
        DataError: a column does not vary or has no finite scale, or names would collide.
    """
    table = Table(data.x[:], data.y[:], data.x_names, data.y_names, ())
    return _settle(table, data.source, data.source, standardize=True, fit_bias=True)


def _settle(table: Table, where: str, source: str, standardize: bool, fit_bias: bool) -> Data:
    """Checks what only the whole of the data shows, and computes what standardizing needs."""
    x, notes = np.ascontiguousarray(table.x), table.notes
    _check_size(where, x.shape[1], table.y.shape[1])
    complaints = _collisions(where, table, standardize, fit_bias)
    mean, mean_low, scale = moments(x)
    if standardize and not fit_bias:
        text = "standardize must go with fit_bias: true, for a weight on x minus its mean implies a bias"
        complaints.append(Complaint(where, text, "fit a bias, or leave x as it is"))
    if standardize:
        complaints += flat_complaints(where, table.x_names, scale)
    if complaints:
        raise DataError(*complaints)

    rows, parameters = len(x), x.shape[1] + fit_bias
    if rows < parameters:
        notes = (*notes, fewer_rows(rows, parameters))
    elif fit_bias and (flat := level_names(table.x_names, scale)):
        notes = (*notes, f"constant, so that its weight and the bias have one effect: {flat}")
    return Data(
        x=x,
        y=np.ascontiguousarray(table.y),
        x_names=table.x_names,
        y_names=table.y_names,
        source=source,
        standardize=standardize,
        x_mean=mean if standardize else np.zeros(x.shape[1]),
        x_mean_low=mean_low if standardize else np.zeros(x.shape[1]),
        x_scale=scale if standardize else np.ones(x.shape[1]),
        notes=notes,
    )


def fewer_rows(rows: int, parameters: int) -> str:
    """Returns the note on data with fewer rows than parameters."""
    return f"fewer rows than parameters ({rows} and {parameters}): many solutions fit equally well"


def _check_size(where: str, n_features: int, n_targets: int) -> None:
    """Refuses a fit of so many weights that settling the data would take minutes.

    Raises:
        DataError: there are more than 2,000 features, or fewer but several targets.
    """
    if n_features**2 * n_targets > MAX_WORK:
        most = math.isqrt(MAX_WORK // n_targets)
        targets = f"{n_targets:,} target{'s' * (n_targets > 1)}"
        text = f"{targets} can be fitted from {most:,} features at most, these are {n_features:,}"
        raise DataError(Complaint(where, text, "name fewer columns"))


def _collisions(where: str, table: Table, standardize: bool, fit_bias: bool) -> list[Complaint]:
    names = parameter_names(table.x_names, table.y_names, fit_bias)
    if standardize:  # results then tell both scales
        names += tuple(f"{name}_unscaled" for name in names)
    twice = [name for name, times in Counter(names).items() if times > 1][:MAX_COLLISIONS]
    text = "columns of the results must have different names, two would be called"
    return [Complaint(where, f"{text} {shorten(name)!r}", "rename a column of the data") for name in twice]
