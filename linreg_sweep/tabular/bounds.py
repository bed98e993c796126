"""How much a data file may hold: more is refused before it is read, so that time and memory have a bound.

The number of cells is what counts: reading takes some 40 bytes of memory a cell, fifty million of them 2 GB.
"""

from linreg_sweep.errors import Complaint, DataError

MAX_CELLS = 50_000_000
"""Cells of the columns that are read: a million rows of fifty columns."""

MAX_COLUMNS = 10_000
"""Columns of a file, read or not."""

MAX_BYTES = 2**31
"""Bytes of a CSV file: fifty million cells of forty letters."""

LONGEST_ROW = 2**22
"""Letters of a row of CSV; Arrow reads in blocks of as many bytes, each of whole rows."""


def check_columns(where: str, n_columns: int) -> None:
    """Refuses a file of too many columns.

    Raises:
        DataError: there are more than `MAX_COLUMNS`.
    """
    if n_columns > MAX_COLUMNS:
        text = f"a file may have at most {MAX_COLUMNS:,} columns, this one has {n_columns:,}"
        raise DataError(Complaint(where, text))


def check_cells(where: str, n_rows: int, n_columns: int) -> None:
    """Refuses to read too many cells.

    Args:
        where: what the complaint names.
        n_rows: of the file.
        n_columns: that are to be read.

    Raises:
        DataError: they make more than `MAX_CELLS`.
    """
    if n_rows * n_columns > MAX_CELLS:
        text = f"at most {MAX_CELLS:,} cells are read, {n_columns:,} columns of {n_rows:,} rows are more"
        raise DataError(Complaint(where, text, "name fewer columns in x, or sample rows"))
