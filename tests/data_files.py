"""Files of data written and read, and what is said of those that are refused."""

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from linreg_sweep.config import load_config
from linreg_sweep.data import Data
from linreg_sweep.errors import ConfigError, DataError
from linreg_sweep.tabular import Table, read_table
from linreg_sweep.trials.loading import load_data

MEND = "correct the cell, or choose other columns"
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


def read_by(folder: Path, name: str, content: str | bytes, block: str) -> Data:
    """Reads y of a file by a config whose data block goes on like this."""
    write(folder / name, content)
    y = "column_3" if "header: false" in block else "y"
    config = folder / "c.yaml"
    config.write_text(f"data: {{path: {name}, y: {y}, {block}}}\n", encoding="utf-8")
    return load_data(load_config(config))


def refusals(folder: Path, name: str, content: str | bytes, block: str) -> list[str]:
    """Returns what is said of a file that is refused, with F for it."""
    with pytest.raises((DataError, ConfigError)) as caught:
        read_by(folder, name, content, block)
    return [re.sub(r"\S*" + re.escape(name), "F", str(each)) for each in caught.value.complaints]
