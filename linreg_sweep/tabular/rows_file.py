"""Rows that memory does not hold, in a file of the folder for temporary files (TMPDIR)."""

import os
import shutil
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.errors import Complaint, DataError

LEFT_FREE = 20
"""A twentieth of the disk is left free."""

BYTES_A_LOOK = 2**28
"""Bytes that are written between two looks at what is free."""


class RowsFile:
    """Rows in a file, which goes when neither this nor an array of it is there, or the program ends.

    Where the system lets an open file be reached without a name, it has none: then nothing stays of it
    however the program ends, a SIGKILL included. Elsewhere that leaves `linreg-sweep-*` in the folder.
    """

    def __init__(self, width: int, n_rows: int, dtype: str = "float64") -> None:
        """Makes the file, for so many rows at least, of so many numbers each.

        Raises:
            DataError: there is no space for them.
        """
        self._dtype = np.dtype(dtype)
        try:
            opened, named = tempfile.mkstemp(prefix="linreg-sweep-")
        except OSError as error:
            raise _no_space(str(error.strerror or error)) from error
        self._path, self._width, self._n_bytes = _without_name(opened, Path(named)), width, 0
        weakref.finalize(self, _give_up, opened, self._path)
        self._looked_at = 0
        self._require_space(n_rows * width * self._dtype.itemsize)

    def add(self, block: NDArray[np.floating]) -> None:
        """Adds rows [k, width], rounded to the numbers that it holds.

        Raises:
            DataError: there is no space for them.
        """
        if self._n_bytes - self._looked_at > BYTES_A_LOOK:
            self._require_space(0)
        numbers = np.ascontiguousarray(block, self._dtype)
        try:
            with self._path.open("ab") as file:
                file.write(numbers.data)
        except OSError as error:
            raise _no_space(str(error.strerror or error)) from error
        self._n_bytes += numbers.nbytes

    def opened(self, *, to_change: bool = False) -> NDArray[Any]:
        """Returns all rows [n, width] as an array that stays in the file, also in other processes."""
        shape = (self._n_bytes // self._dtype.itemsize // self._width, self._width)
        rows = np.memmap(  # not of a Path, which would be resolved to the name that is gone
            str(self._path), self._dtype, "r+" if to_change else "r", shape=shape
        )
        rows.of = self  # type: ignore[attr-defined]  # so that the file is there as long as the array
        return np.asarray(rows)

    def cut(self, shape: tuple[int, int]) -> NDArray[Any]:
        """Returns as many numbers of the beginning as a matrix has, and gives up the rest."""
        self._n_bytes, self._width = shape[0] * shape[1] * self._dtype.itemsize, shape[1]
        os.truncate(self._path, self._n_bytes)
        return self.opened()

    def _require_space(self, n_bytes: int) -> None:
        disk = shutil.disk_usage(tempfile.gettempdir())
        if n_bytes > disk.free - disk.total // LEFT_FREE:
            raise _no_space(f"{disk.free / 1e9:.1f} GB are free")
        self._looked_at = self._n_bytes


def _without_name(opened: int, named: Path) -> Path:
    """Takes its name from an open file, and returns a path without; its name where there is no such path."""
    path = Path(f"/proc/{os.getpid()}/fd/{opened}")
    if not (path.exists() and path.samefile(named)):
        return named
    named.unlink()
    return path


def _give_up(opened: int, path: Path) -> None:
    os.close(opened)
    with suppress(OSError):  # it is gone, or Windows still holds it
        path.unlink()


def _no_space(why: str) -> DataError:
    text = f"cannot keep the rows of the data, which memory does not hold: {why}"
    hint = "name a folder with more space in the variable TMPDIR, or allow more, as in --max-memory 8GB"
    return DataError(Complaint(tempfile.gettempdir(), text, hint))
