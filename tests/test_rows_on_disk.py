"""Facts about sweeps on rows that are kept on disk: they are as those on rows in memory, to the bit."""

import json
import re
import subprocess
import sys
from pathlib import Path
from select import select
from subprocess import PIPE
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import linreg_sweep as ls
from linreg_sweep.errors import ConfigError
from linreg_sweep.theory import problem


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
        ({"batch_size": 2, "order": "reshuffle"}, 1),
        ({"batch_size": 2, "dtype": "float32"}, 1),
        ({"engine": "torch"}, 1),
        ({"engine": "torch", "batch_size": 600}, 1),
        ({"engine": "torch", "batch_size": 600, "order": "independent"}, 1),
        ({"engine": "numba", "batch_size": 1}, 1),
        ({"engine": "numba", "batch_size": 16, "order": "reshuffle", "dtype": "float32"}, 1),
        pytest.param(
            {"engine": "numba", "batch_size": 16, "order": "with_replacement"}, 2, marks=pytest.mark.system
        ),
        pytest.param({"batch_size": 512, "order": "reshuffle"}, 2, marks=pytest.mark.system),
    ],
)
def test_the_same_bits_as_in_memory(
    training: dict[str, Any], jobs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of steps on all rows and on some, in this process and in others; so does verify."""
    monkeypatch.setattr(problem, "SMALL", 0)  # so that no rows are kept since they are few
    sweep = sweep_of(tmp_path, **training)
    one, other = (
        ls.run(sweep, out=tmp_path / size, jobs=jobs, part_size=1, max_memory=size)
        for size in ("100MB", "10KB")
    )
    assert parts(one) == parts(other)
    assert not ls.verify(other, jobs=1, max_memory="10KB").mismatches


CHILD = """
import json, sys
import linreg_sweep as ls
small, large = map(json.loads, sys.argv[1:])
ls.run(small, out="out", jobs=1)
print(flush=True)
input()
ls.run(large, out="out", jobs=1, max_memory="1MB")
print(flush=True)
input()
"""


@pytest.mark.system
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is told apart by Linux")
@pytest.mark.parametrize("engine", ["numpy", "numba", "torch"])
def test_mini_batches_take_less_memory_than_the_rows(engine: str, tmp_path: Path) -> None:
    """In an order of their own; what is mapped from a file does not count, since it can be given back.

    What reading takes, of a file in groups of a million rows, is given back before they train.
    """
    n_rows, n_features = 2_000_000, 10
    sweeps = []
    for count in (5_000, n_rows):
        x = np.random.default_rng(5).normal(1, 3, (count, n_features))
        columns = {f"x{place}": column for place, column in enumerate(x.T)}
        parquet.write_table(pa.table({**columns, "y": x.sum(axis=1)}), tmp_path / f"{count}.parquet")
        training = {"engine": engine, "epochs": 1, "batch_size": 256, "order": "reshuffle"}
        data = {"path": str(tmp_path / f"{count}.parquet"), "y": "y", "standardize": True}
        rates = {"learning_rate": {"values": [0.01, 0.02]}}
        sweeps.append(
            {"name": "s", "data": data, "method": "grid", "training": training, "parameters": rates}
        )
    command = [sys.executable, "-c", CHILD, *map(json.dumps, sweeps)]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True, cwd=tmp_path) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        before = peak = _own_memory(child.pid)
        print(file=child.stdin, flush=True)
        while not select([child.stdout], [], [], 0.002)[0]:
            peak = max(peak, _own_memory(child.pid))
        assert child.stdout.readline() == "\n"
        after = _own_memory(child.pid)
        child.communicate("\n")
    n_bytes = n_rows * (n_features + 1) * 8
    assert peak - before < 0.75 * n_bytes
    assert after - before < 0.35 * n_bytes


def _own_memory(process: int) -> int:
    """Returns the bytes of memory of a process that lie in no file."""
    said = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    found = re.search(r"RssAnon:\s+([0-9]+) kB", said)
    assert found is not None
    return int(found[1]) * 1024


def test_what_is_no_size_is_refused_of_built_in_data_too(tmp_path: Path) -> None:
    """Before anything is read."""
    with pytest.raises(ConfigError, match="--max-memory: must be a size"):
        ls.plan(
            {"name": "s", "data": {"name": "tutorial"}, "method": "grid", "parameters": {"learning_rate": 1}},
            max_memory="much",
        )
