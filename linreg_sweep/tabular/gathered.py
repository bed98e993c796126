"""Rows that come a block at a time, as one array: in memory as long as they fit, then in a file."""

from collections.abc import Sequence

import numpy as np

from linreg_sweep.array_types import Flags, Floats
from linreg_sweep.blocks import blocks, each_block
from linreg_sweep.tabular.rows_file import RowsFile

Mask = Flags

GROWTH = 8
"""An array of unknown length grows by an eighth at least."""


class Gathered:
    """A matrix [n, width] that grows by rows, and then keeps some of its columns and rows."""

    def __init__(self, width: int, n_rows: int | None, most: int) -> None:
        """Has no rows yet.

        Args:
            width: its columns.
            n_rows: how many rows there will be; None: not known.
            most: bytes that it may take in memory.
        """
        self._width, self._n_rows, self._most = width, 0, most
        self._file: RowsFile | None = None
        is_known = n_rows is not None and n_rows * width * 8 <= most
        self._rows = np.empty((n_rows if n_rows is not None and is_known else 0, width))
        if n_rows is not None and not is_known:
            self._file = RowsFile(width, n_rows)

    def add(self, block: Floats) -> None:
        """Adds rows [k, width].

        Raises:
            DataError: there is no space for them.
        """
        stop = self._n_rows + len(block)
        if self._file is None and stop > len(self._rows):
            grown = max(stop, len(self._rows) + len(self._rows) // GROWTH)
            if grown * self._width * 8 <= self._most:
                self._rows.resize((grown, self._width), refcheck=False)
            else:
                self._file = RowsFile(self._width, stop)
                self._file.add(self._rows[: self._n_rows])
                self._rows = np.empty((0, self._width))
        if self._file is None:
            self._rows[self._n_rows : stop] = block
        else:
            self._file.add(block)
        self._n_rows = stop

    def _all(self) -> Floats:
        """Returns the rows so far [n, width]."""
        return self._rows[: self._n_rows] if self._file is None else self._file.opened()

    def has_numbers(self, columns: Sequence[int] | None = None) -> Mask:
        """Returns which rows [n] have a number in each of these columns; None: in all."""
        chosen = slice(None) if columns is None else columns
        parts = [~np.isnan(block[:, chosen]).any(axis=1) for block in each_block(self._all())]
        return np.concatenate([np.empty(0, np.bool_), *parts])

    def counts_rows(self, column: int) -> bool:
        """Returns whether a column counts the rows, from 0 or from 1."""
        rows, next_one = self._all()[:, column : column + 1], float(self._all()[0, column] == 1)
        for block in each_block(rows):
            if not np.array_equal(block[:, 0], next_one + np.arange(len(block))):
                return False
            next_one += len(block)
        return True

    def kept(self, columns: Sequence[int], chosen: Mask | None) -> Floats:
        """Returns these columns of the chosen rows [n], or of all, C-contiguous, and gives up the rest."""
        rows = self._all() if self._file is None else self._file.opened(to_change=True)
        n_kept = self._n_rows if chosen is None else int(chosen.sum())
        if chosen is not None or list(columns) != list(range(self._width)):
            _compacted(rows.reshape(-1), self._n_rows, self._width, columns, chosen)
        del rows
        if self._file is not None:
            return self._file.cut((n_kept, len(columns)))
        self._rows.resize((n_kept, len(columns)), refcheck=False)
        return self._rows


def _compacted(numbers: Floats, n_rows: int, width: int, columns: Sequence[int], chosen: Mask | None) -> None:
    """Moves some columns of some rows to the beginning of the numbers of all, in place.

    What is kept of a block takes no more than the block did, so that no row is overwritten before it is read.
    """
    filled = 0
    for part in blocks(n_rows, width):
        block = numbers[part.start * width : min(part.stop, n_rows) * width].reshape(-1, width)
        kept = block[:, columns] if chosen is None else block[chosen[part]][:, columns]
        numbers[filled : filled + kept.size] = kept.reshape(-1)
        filled += kept.size
