"""Rows to train on, and rows held out: taken of the data when they are asked for, so that none are copied."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.blocks import Chosen, Rows, Stacked
from linreg_sweep.data import Data
from linreg_sweep.errors import DataError
from linreg_sweep.holdout import TRAINED
from linreg_sweep.standardizing import flat_complaints, moments


@dataclass(frozen=True, eq=False)
class Fold:
    """Rows to train on, and rows held out.

    Attributes:
        train: the former, with what standardizes them: of them alone.
        held_out: the latter, likewise: by what standardizes the former.
    """

    train: Data
    held_out: Data

    @property
    def n_held_out(self) -> int:
        """How many rows are held out."""
        return len(self.held_out.y)


def folds_of(data: Data) -> Iterator[Fold]:
    """Yields each choice of rows to train on and rows to hold out; one of all rows where none are held out.

    Raises:
        DataError: a column does not vary in the rows to train on, and is to be standardized.
    """
    if data.held_out is None:
        yield Fold(data, replace(data, x=data.x[:0], y=data.y[:0]))
        return
    n_folds = int(data.held_out.max()) + 1
    for fold in range(n_folds):
        train = _some(data, data.held_out != fold)
        if data.standardize:
            mean, mean_low, scale = moments(train.x)
            where = f"the rows to train on{f' of fold {fold}' if n_folds > 1 else ''}"
            if complaints := flat_complaints(where, data.x_names, scale):
                raise DataError(*complaints)
            train = replace(train, x_mean=mean, x_mean_low=mean_low, x_scale=scale)
        held = _some(data, data.held_out == fold)
        yield Fold(train, replace(train, x=held.x, y=held.y))


def with_held_out(data: Data, further: Data) -> Data:
    """Returns data with all rows of others behind, which are held out."""
    held = np.repeat(np.array([TRAINED, 0]), [len(data.x), len(further.x)])
    return replace(data, x=Stacked(data.x, further.x), y=Stacked(data.y, further.y), held_out=held)


def _some(data: Data, which: NDArray[np.bool_]) -> Data:
    """Returns data of chosen rows [n] alone."""
    places = np.flatnonzero(which)

    def chosen(rows: Rows) -> Rows:
        lie_together = len(places) and places[-1] - places[0] + 1 == len(places)
        if lie_together and isinstance(rows, np.ndarray):
            return np.asarray(rows[places[0] : places[-1] + 1])
        return Chosen(rows, places)

    return replace(data, x=chosen(data.x), y=chosen(data.y), held_out=None)
