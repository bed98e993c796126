"""Files of data written and read, and what is said of those that are refused."""

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from linreg_sweep.errors import DataError
from linreg_sweep.tabular import Table, read_table

MEND = "mend the cell, or choose other columns"
FILL = "fill the cell in or remove the row"

RECIPE = re.compile(r"(?m)(\. Hint: (commas|in pandas,|say how)|; (in pandas,|say how|data\.)).*$")
"""What a hint says of other programs and formats; test_recipes.py tries it."""


def complaints(path: Path, x: list[str] | None, y: list[str]) -> list[str]:
    """Returns the complaints about a file, with F for its path."""
    with pytest.raises(DataError) as caught:
        read_table(path, x, y)
    return [RECIPE.sub("", str(each).replace(str(path), "F")) for each in caught.value.complaints]


def write(path: Path, text: str | bytes) -> Path:
    """Writes a file and returns its path."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def read(folder: Path, text: str | bytes, x: list[str] | None = None) -> Table:
    """Reads a CSV text with the target y."""
    return read_table(write(folder / "a.csv", text), x, ["y"])


def save(path: Path, **columns: Any) -> Path:
    """Writes a Parquet file and returns its path."""
    parquet.write_table(pa.table(columns), path)
    return path
