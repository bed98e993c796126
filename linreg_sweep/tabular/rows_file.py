"""Rows that memory does not hold, in a file of the folder for temporary files (TMPDIR)."""

import os
import shutil
import tempfile
import weakref
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.errors import Complaint, DataError

Floats = NDArray[np.float64]

LEFT_FREE = 20
"""A twentieth of the disk is left free."""

BYTES_A_LOOK = 2**28
"""Bytes that are written between two looks at what is free."""


class RowsFile:
    """Rows in a file, which goes when neither this nor an array of it is there, or the program ends."""

    def __init__(self, width: int, n_rows: int) -> None:
        """Makes the file, in a folder of its own.

        Args:
            width: numbers of a row.
            n_rows: how many rows it will hold at least.

        Raises:
            DataError: there is no space for them.
        """
        try:
            self._folder = Path(tempfile.mkdtemp(prefix="linreg-sweep-"))
        except OSError as error:
            raise _no_space(Path(tempfile.gettempdir()), str(error.strerror or error)) from error
        weakref.finalize(self, partial(shutil.rmtree, self._folder, ignore_errors=True))
        self._path, self._width, self._n_bytes = self._folder / "rows", width, 0
        self._looked_at = 0
        self._require_space(n_rows * width * 8)

    def add(self, block: Floats) -> None:
        """Adds rows [k, width].

        Raises:
            DataError: there is no space for them.
        """
        if self._n_bytes - self._looked_at > BYTES_A_LOOK:
            self._require_space(0)
        try:
            with self._path.open("ab") as file:
                file.write(np.ascontiguousarray(block).data)
        except OSError as error:
            raise _no_space(self._folder, str(error.strerror or error)) from error
        self._n_bytes += block.nbytes

    def opened(self, *, to_change: bool = False) -> Floats:
        """Returns all rows [n, width] as an array that stays in the file."""
        shape = (self._n_bytes // 8 // self._width, self._width)
        rows = np.memmap(self._path, np.float64, "r+" if to_change else "r", shape=shape)
        rows.of = self  # type: ignore[attr-defined]  # so that the file is there as long as the array
        return np.asarray(rows)

    def cut(self, shape: tuple[int, int]) -> Floats:
        """Returns as many numbers of the beginning as a matrix has, and gives up the rest."""
        os.truncate(self._path, shape[0] * shape[1] * 8)
        self._n_bytes, self._width = shape[0] * shape[1] * 8, shape[1]
        return self.opened()

    def _require_space(self, n_bytes: int) -> None:
        disk = shutil.disk_usage(self._folder)
        if n_bytes > disk.free - disk.total // LEFT_FREE:
            raise _no_space(self._folder, f"{disk.free / 1e9:.1f} GB are free")
        self._looked_at = self._n_bytes


def _no_space(folder: Path, why: str) -> DataError:
    text = f"cannot keep the rows of the data, which memory does not hold: {why}"
    hint = "name a folder with more space in the variable TMPDIR, or allow more, as in --max-memory 8GB"
    return DataError(Complaint(str(folder), text, hint))
