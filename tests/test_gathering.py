"""Facts about what a Dask cluster's workers gather of the data: the bits of one machine, whoever dies."""

import os
from collections.abc import Iterator
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import linreg_sweep as ls
from linreg_sweep.errors import SweepError
from linreg_sweep.execution.gathering import WORTH_SENDING, gatherers
from linreg_sweep.theory.problem import make_problem
from linreg_sweep.workers.dask_cluster import DaskCluster
from tests.clusters import NO_NANNY, SQUARES, Cluster, Homesick, cluster, process
from tests.whole_sweeps import assert_same_run

pytestmark = pytest.mark.system

N_ROWS = WORTH_SENDING // 4


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler with two workers, which nobody replaces."""
    with cluster(tmp_path) as started:
        started.start_worker(NO_NANNY)
        started.start_worker(NO_NANNY)
        yield started


def rows() -> tuple[Any, Any]:
    """Returns x [n, 3], far from 0 and of many sizes, and y [n, 1]."""
    generator = np.random.default_rng(8)
    x = generator.lognormal(2, 1.5, size=(N_ROWS, 3)) + 100
    return x, x @ [[1.0], [-2.0], [0.5]] + generator.normal(size=(N_ROWS, 1))


@pytest.mark.parametrize("fit_bias", [True, False])
def test_a_problem_is_the_same_to_the_bit(fit_bias: bool, workers: Cluster) -> None:
    """Whoever adds up which rows, and they are worked on elsewhere."""
    x, y = rows()
    settle = partial(make_problem, x, y, loss="half_mse", fit_bias=fit_bias)
    expected, told = settle(), list[str]()
    with gatherers(partial(DaskCluster.connect, workers.address, 60.0), N_ROWS * 4, told.append) as in_order:
        found = settle(in_order=in_order)
        processes = {*in_order(process, range(12))}
    assert len(processes) == 2
    assert os.getpid() not in processes
    for field in fields(expected):
        one, other = (np.asarray(getattr(problem, field.name)) for problem in (expected, found))
        assert one.tobytes() == other.tobytes() or one.dtype == object, field.name
    assert not told


def test_what_dying_workers_leave_is_gathered_here(workers: Cluster) -> None:
    """In the same order, and a person is told."""
    told = list[str]()
    with gatherers(partial(DaskCluster.connect, workers.address, 60.0), N_ROWS * 4, told.append) as in_order:
        assert [*in_order(Homesick(os.getpid()), range(12))] == SQUARES
    assert len(told) == 1
    assert "the rest of the data is gathered here" in told[0]


def test_a_sweep_on_large_data_is_that_of_one_machine(workers: Cluster, tmp_path: Path) -> None:
    """Standardized, with rows held out; without workers it ends before anything is trained."""
    x, y = rows()
    columns = {f"x{place}": column for place, column in enumerate(x.T)}
    parquet.write_table(pa.table({**columns, "y": y[:, 0]}), tmp_path / "a.parquet")
    holdout = {"fraction": 0.25, "seed": 1}
    sweep = {
        "name": "large",
        "data": {"path": str(tmp_path / "a.parquet"), "y": "y", "standardize": True, "holdout": holdout},
        "method": "grid",
        "training": {"epochs": 40},
        "history": {"every": 10},
        "parameters": {"learning_rate": {"values": [0.1, 0.3, 3.0]}},
    }
    afar = partial(ls.run, sweep, backend="dask", scheduler=workers.address)
    expected = ls.run(sweep, out=tmp_path / "here", jobs=1)
    assert_same_run(expected, afar(out=tmp_path / "afar"))
    workers.kill_workers()
    with pytest.raises(SweepError, match="no worker was there for 2 seconds"):
        afar(out=tmp_path / "nowhere", patience=2.0)
    assert not (tmp_path / "nowhere").exists()
