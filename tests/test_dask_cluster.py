"""Facts about work on a real Dask scheduler and its workers, processes that nannies replace."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

import pytest

from linreg_sweep.errors import SweepError
from linreg_sweep.workers import guarded_dask
from linreg_sweep.workers.dask_cluster import DaskCluster
from linreg_sweep.workers.interface import Workers, WorkersLostError
from tests.bounded import bounded
from tests.clusters import (
    ROOT,
    SQUARES,
    Cluster,
    Counted,
    Deadly,
    cluster,
    lose_touch,
    process,
    refuse,
    square,
    square_slowly,
    until,
)

__all__ = ["bounded"]

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler with two workers, which nannies replace when they die."""
    with cluster(tmp_path_factory.mktemp("standing")) as started:
        started.start_worker()
        started.start_worker()
        yield started


@pytest.fixture
def workers(standing: Cluster) -> Iterator[DaskCluster]:
    """The two workers, once both are there."""
    with DaskCluster.connect(standing.address, patience=20) as connected:
        until(lambda: connected.count == 2)
        yield connected


def tasks_left(workers: DaskCluster) -> int:
    """Returns how many tasks the scheduler's workers are to do, or do."""
    return sum(map(len, workers._client.processing().values()))


def test_every_item_comes_once(workers: DaskCluster) -> None:
    """Whether there are none, one or many."""
    like_all: Workers = workers
    for items in ([], [7], list(range(40))):
        assert sorted(like_all.each(square, items)) == [item * item for item in items]


def test_work_is_done_by_the_workers(workers: DaskCluster) -> None:
    """By both."""
    assert len(set(workers.each(process, range(12)))) == 2


def test_work_travels_once_to_each_worker(workers: DaskCluster, tmp_path: Path) -> None:
    """However many items and calls there are; 20 MB raise no warning."""
    work = Counted(tmp_path, bytes(20_000_000))
    for _ in range(2):
        assert sorted(workers.each(work, range(12))) == SQUARES
    assert len(list(tmp_path.iterdir())) == 2
    first = workers._sent
    assert next(workers.each(work, [3])) == 9
    assert workers._sent is first


def test_few_items_are_taken_at_once(workers: DaskCluster) -> None:
    """Those in flight, so that endless items end as soon as who takes results has enough."""
    taken = []
    items = (taken.append(item) or item for item in count())  # type: ignore[func-returns-value]
    results = workers.each(square_slowly, items)
    assert len(list(islice(results, 3))) == 3
    results.close()  # type: ignore[attr-defined]
    assert len(taken) <= 3 + 2 * 2 + 1


def test_nothing_is_left_of_a_call_that_is_closed(workers: DaskCluster) -> None:
    """No task, and no future but the work's own; the next call is as the first."""
    results = workers.each(square_slowly, range(1000))
    next(results)
    results.close()  # type: ignore[attr-defined]
    until(lambda: tasks_left(workers) == 0, 5)
    until(lambda: len(workers._client.futures) == 1, 5)
    assert sorted(workers.each(square_slowly, range(12))) == SQUARES


def test_no_thread_is_left_of_a_connection(standing: Cluster) -> None:
    """Nor a silenced logger; but for a thread that Dask keeps for the life of a process."""
    before = {thread.name for thread in threading.enumerate()}
    with DaskCluster.connect(standing.address) as connected:
        assert next(connected.each(square, range(12))) in SQUARES
        assert logging.getLogger("distributed").level == logging.CRITICAL
    until(lambda: {thread.name for thread in threading.enumerate()} - before <= {"Dask-Offload_0"}, 5)
    assert logging.getLogger("distributed").level < logging.CRITICAL


def test_what_work_raises_is_raised(workers: DaskCluster) -> None:
    """As it is."""
    with pytest.raises(SweepError, match="no use"):
        list(workers.each(refuse, range(4)))


def test_what_items_raise_is_raised(workers: DaskCluster) -> None:
    """As it is."""

    def items() -> Iterator[int]:
        yield 1
        raise KeyError("no more")

    with pytest.raises(KeyError, match="no more"):
        list(workers.each(square_slowly, items()))


def test_a_worker_that_finds_nobody_is_told_as_lost(workers: DaskCluster) -> None:
    """What joblib itself meets on a worker, as when the scheduler is too busy to answer there."""
    with pytest.raises(WorkersLostError, match="a worker lost its connection: timed out"):
        list(workers.each(lose_touch, range(4)))


def test_work_that_kills_each_worker_is_told(workers: DaskCluster) -> None:
    """Soon; what was yielded before is whole, and the workers are there again for the next call."""
    begun = time.monotonic()
    with pytest.raises(WorkersLostError, match="2 workers died over it"):
        list(workers.each(Deadly(5), range(12)))
    assert time.monotonic() - begun < 20
    assert sorted(workers.each(Deadly(99), range(12))) == SQUARES


@pytest.mark.parametrize("told", [False, True])
def test_a_task_that_is_lost_is_told(
    workers: DaskCluster, monkeypatch: pytest.MonkeyPatch, told: bool
) -> None:
    """As one may be while the scheduler dies and another comes; joblib would wait for ever."""
    monkeypatch.setattr(guarded_dask, "SECONDS_TO_ARRIVE", 1.0)
    send = workers._client._send_to_scheduler
    graphs = count()

    def lose(message: dict[str, object]) -> None:
        if message["op"] != "update-graph" or next(graphs) == 0:  # the first is of what the tasks need
            send(message)
        elif told:
            raise ConnectionError

    monkeypatch.setattr(workers._client, "_send_to_scheduler", lose)
    with pytest.raises(WorkersLostError, match="does not know of it"):
        list(workers.each(square, range(4)))


def test_joblib_alone_still_waits_for_ever(standing: Cluster) -> None:
    """Where it fails, joblib has mended its backend: GuardedDask needs no submit of its own then."""
    bare = """
import os, sys, threading, time
from distributed import Client
from joblib import Parallel, delayed
from tests.clusters import Deadly

client = Client(sys.argv[1], set_as_default=False)

def watch():
    while not any(future.status == "error" for future in list(client.futures.values())):
        time.sleep(0.1)
    time.sleep(2)
    print("waits", flush=True)
    os._exit(0)

threading.Thread(target=watch, daemon=True).start()
from joblib import parallel_config
try:
    with parallel_config(backend="dask", client=client):
        Parallel()(delayed(Deadly(0))(item) for item in range(4))
except BaseException as error:
    print(repr(error), flush=True)
os._exit(0)
"""
    command = [sys.executable, "-c", bare, standing.address]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=40, check=False)
    mended = "joblib's Dask backend no longer waits for ever: see GuardedDask, which guards against it"
    assert done.stdout == "waits\n", f"{mended}\n{done.stdout}{done.stderr}"
