"""Facts about sweeps on rows that are kept on disk: they are as those on rows in memory, to the bit."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import linreg_sweep as ls
from linreg_sweep.errors import ConfigError


def sweep_of(folder: Path, **training: Any) -> dict[str, Any]:
    """Returns a sweep on 5,000 rows of a Parquet file far from 0."""
    generator = np.random.default_rng(7)
    x = generator.lognormal(2, 1, size=(5_000, 3))
    y = x @ [1.0, -2.0, 3.0] + generator.normal(size=5_000)
    path = folder / "a.parquet"
    parquet.write_table(pa.table({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "y": y}), path)
    return {
        "name": "s",
        "method": "grid",
        "data": {"path": str(path), "y": "y", "standardize": True},
        "training": {"epochs": 4, **training},
        "parameters": {"learning_rate": {"values": [0.01, 0.02, 0.03, 0.04]}},
    }


def parts(run: ls.Run) -> list[bytes]:
    """Returns the bytes of a run's parts."""
    return [path.read_bytes() for path in sorted((run.path / "trials").iterdir())]


@pytest.mark.parametrize(
    ("training", "jobs"),
    [
        ({}, 1),
        ({"batch_size": 512, "order": "reshuffle"}, 1),
        ({"engine": "torch"}, 1),
        pytest.param({"batch_size": 512, "order": "reshuffle"}, 2, marks=pytest.mark.system),
    ],
)
def test_the_same_bits_as_in_memory(training: dict[str, Any], jobs: int, tmp_path: Path) -> None:
    """Of steps on all rows and on some, in this process and in others; so does verify."""
    sweep = sweep_of(tmp_path, **training)
    one, other = (
        ls.run(sweep, out=tmp_path / size, jobs=jobs, part_size=1, max_memory=size)
        for size in ("100MB", "10KB")
    )
    assert parts(one) == parts(other)
    assert not ls.verify(other, jobs=1, max_memory="10KB").mismatches


def test_what_is_no_size_is_refused_of_built_in_data_too(tmp_path: Path) -> None:
    """Before anything is read."""
    with pytest.raises(ConfigError, match="--max-memory: must be a size"):
        ls.plan(
            {"name": "s", "data": {"name": "tutorial"}, "method": "grid", "parameters": {"learning_rate": 1}},
            max_memory="much",
        )
