"""Facts about whole sweeps on a Dask cluster: the same bytes as on one machine, whatever dies on the way."""

import threading
import time
from collections.abc import Iterator
from math import nan
from pathlib import Path
from typing import Any

import pytest

import linreg_sweep as ls
from linreg_sweep.errors import ConfigError, SweepError
from linreg_sweep.workers.backends import check_backend
from tests.clusters import Cluster, cluster

pytestmark = pytest.mark.system

SWEEP: dict[str, Any] = {
    "name": "afar",
    "data": {"name": "tutorial"},
    "method": "grid",
    "training": {"epochs": 300, "early_stop": False},
    "history": {"every": 100},
    "parameters": {
        "learning_rate": {"min": 1e-4, "max": 1e-2, "num": 20, "scale": "log"},
        "initial_weight": {"min": -10, "max": 10, "num": 10},
    },
}
"""200 trials; in parts of 5, forty."""


@pytest.fixture
def two_workers(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler with two workers, which nobody replaces."""
    with cluster(tmp_path) as started:
        started.start_worker("--no-nanny")
        started.start_worker("--no-nanny")
        yield started


def made(out: Path, address: str, **options: Any) -> ls.Run:
    """Returns the sweep's run, made by the cluster."""
    return ls.run(SWEEP, out=out, part_size=5, backend="dask", scheduler=address, **options)


def content(run: ls.Run) -> dict[str, bytes]:
    """Returns every part and the summary."""
    return {str(file.relative_to(run.path)): file.read_bytes() for file in run.path.glob("*/part-*")} | {
        "summary": run.store.summary.read_bytes()
    }


def test_a_sweep_has_the_same_bytes_though_a_worker_dies(two_workers: Cluster, tmp_path: Path) -> None:
    """What it was at goes to the other; nothing fails, and the log says who trained."""
    reference = ls.run(SWEEP, out=tmp_path / "here", part_size=5, jobs=1)
    killed: list[int] = []

    def kill_one(done: int, total: int) -> None:
        if done >= 30 and not killed:
            killed.append(done)
            two_workers.workers[0].kill()

    run = made(tmp_path / "afar", two_workers.address, watch=kill_one)
    assert killed
    assert run.finished
    assert run.failures == {}
    assert content(run) == content(reference)
    assert "threads of a Dask cluster" in run.store.log.read_text()


def test_a_sweep_outlives_its_scheduler(two_workers: Cluster, tmp_path: Path) -> None:
    """It ends with what to do, in bounded time, and the same sweep goes on elsewhere."""

    def kill_scheduler(done: int, total: int) -> None:
        if done >= 30:
            two_workers.scheduler.kill()

    began = time.monotonic()
    with pytest.raises(SweepError, match="scheduler is gone") as caught:
        made(tmp_path / "afar", two_workers.address, watch=kill_scheduler)
    assert "the same command" in str(caught.value)
    assert time.monotonic() - began < 60
    run = ls.run(SWEEP, out=tmp_path / "afar", jobs=1)
    assert content(run) == content(ls.run(SWEEP, out=tmp_path / "here", part_size=5, jobs=1))
    assert not [thread for thread in threading.enumerate() if "asyncio" in thread.name.lower()]


def test_patience_is_as_long_as_asked(two_workers: Cluster, tmp_path: Path) -> None:
    """A sweep that meets no workers waits so long, no longer."""
    two_workers.kill_workers()
    began = time.monotonic()
    with pytest.raises(SweepError, match="no worker was there for 2 seconds"):
        made(tmp_path, two_workers.address, patience=2.0)
    assert 2 < time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("backend", "jobs", "scheduler", "patience", "message"),
    [
        ("ray", None, None, None, "--backend: must be one of processes, dask, got 'ray'"),
        ("dask", None, None, None, "--scheduler: is required with --backend dask"),
        ("processes", 2, "tcp://here:1", None, "--scheduler: applies to --backend dask only"),
        ("dask", 2, "tcp://here:1", None, "--jobs: cannot be combined with --backend dask"),
        ("processes", 0, None, None, "--jobs: must be a whole number from 1 up, got 0"),
        ("processes", "two", None, None, "--jobs: must be a whole number from 1 up, got 'two'"),
        ("processes", None, None, 60.0, "--patience: applies to --backend dask only"),
        ("dask", None, "tcp://here:1", nan, "--patience: must be a number of seconds above 0, got nan"),
        ("dask", None, "tcp://here:1", 0.0, "--patience: must be a number of seconds above 0, got 0.0"),
    ],
)
def test_options_that_do_not_go_together(
    backend: Any,
    jobs: Any,
    scheduler: str | None,
    patience: float | None,
    message: str,
    tmp_path: Path,
) -> None:
    """They are refused before anything is read or written."""
    with pytest.raises(ConfigError) as caught:
        check_backend(backend, jobs, scheduler, patience)
    assert str(caught.value).startswith(message)
    with pytest.raises(ConfigError, match=message.partition(",")[0]):
        ls.run(
            SWEEP,
            out=tmp_path / "results",
            backend=backend,
            jobs=jobs,
            scheduler=scheduler,
            patience=patience,
        )
    assert not (tmp_path / "results").exists()
