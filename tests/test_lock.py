"""Facts about who makes a run: one at a time, who it is, and whether they are still there."""

import errno
import multiprocessing
import os
import platform
import re
import signal
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from linreg_sweep.errors import ResultsError
from linreg_sweep.runs.lock import STALE, held, is_alive
from linreg_sweep.runs.status import FINISHED, RUNNING, Status, moment, now, read_status
from linreg_sweep.storage import files
from linreg_sweep.storage.store import Store

SPAWN = multiprocessing.get_context("spawn")


def status(state: str = RUNNING, pid: int = 1, updated: str | None = None) -> Status:
    """Returns what the maker of a run may say."""
    return Status(state, pid, platform.node(), "", now(), updated or now(), 4, 1, 8, 2, 0)


def hold(path: Path, ready: object) -> None:
    """Holds a run for ever, in another process."""
    store = Store(path)
    with held(store):
        files.write_best_effort(store.status, status(pid=os.getpid()).content())
        ready.set()  # type: ignore[attr-defined]
        signal.pause()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """The directory of a run on a disk."""
    return Store(tmp_path)


@pytest.fixture
def held_by(store: Store) -> Iterator[multiprocessing.process.BaseProcess]:
    """Another process, which holds it."""
    ready = SPAWN.Event()
    process = SPAWN.Process(target=hold, args=(store.path, ready))
    process.start()
    assert ready.wait(30)
    yield process
    process.kill()
    process.join()


def test_a_second_process_is_told_who_holds_a_run(
    store: Store, held_by: multiprocessing.process.BaseProcess
) -> None:
    """Its number, its machine and since when; the hint says how to look on."""
    assert is_alive(store, read_status(store))
    with pytest.raises(ResultsError) as caught, held(store):
        pass
    text = f"{store.path}: process {held_by.pid} on {platform.node()}, since "
    assert str(caught.value).startswith(text)
    assert str(caught.value).endswith(
        f", is making this run. Hint: wait for it; `linreg-sweep status {store.path}` shows how far it is"
    )


def test_a_holder_that_was_killed_holds_nothing(
    store: Store, held_by: multiprocessing.process.BaseProcess
) -> None:
    """The lock ends with the process, and the next holder knows that it ended without a word."""
    held_by.kill()
    held_by.join()
    assert not is_alive(store, read_status(store))
    with held(store) as was_killed:
        assert was_killed
        files.write_best_effort(store.status, status(FINISHED).content())
    with held(store) as was_killed:
        assert not was_killed


def test_in_a_store_who_said_something_a_moment_ago_holds_the_run() -> None:
    """It has no locks: for a while nobody else may, and then anybody."""
    store = Store(files.any_path(f"memory://{uuid.uuid4()}"))
    with held(store) as was_killed:
        assert not was_killed
    files.write(store.status, status(pid=1).content())
    with pytest.raises(ResultsError, match=r"process 1 on .* is making this run"), held(store):
        pass
    before = moment(now()).timestamp() - STALE - 1
    old = replace(status(pid=1), updated=moment(now()).fromtimestamp(before).astimezone().isoformat())
    files.write(store.status, old.content())
    assert not is_alive(store, old)
    with held(store) as was_killed:
        assert was_killed


@pytest.fixture(params=["object store", "disk without locks"])
def lockless(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The directory of a run where there are no locks."""
    if request.param == "object store":
        return Store(files.any_path(f"memory://{uuid.uuid4()}"))
    fcntl = pytest.importorskip("fcntl")

    def flock(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", flock)
    return Store(tmp_path)


def test_without_locks_the_second_is_told_when_the_run_is_free(lockless: Store) -> None:
    """Who spoke a moment ago holds it; if they were killed, one need not wait for ever."""
    files.write(lockless.status, replace(status(pid=1), host="elsewhere").content())
    assert is_alive(lockless, read_status(lockless))
    with pytest.raises(ResultsError) as caught, held(lockless):
        pass
    assert str(caught.value).startswith(f"{lockless.path}: process 1 on elsewhere, since ")
    assert re.search(
        r" shows how far it is; if it was killed, the run is free in (89|90) s$", str(caught.value)
    )


def test_without_locks_a_process_of_this_machine_that_is_gone_holds_nothing(lockless: Store) -> None:
    """The system is asked; nobody waits until its last word is old."""
    gone = SPAWN.Process(target=print)
    gone.start()
    gone.join()
    assert gone.pid is not None
    for pid in (gone.pid, 2**62):
        files.write(lockless.status, status(pid=pid).content())
        assert not is_alive(lockless, read_status(lockless))
        with held(lockless) as was_killed:
            assert was_killed
    files.write(lockless.status, status(pid=os.getppid()).content())
    assert is_alive(lockless, read_status(lockless))


def test_a_status_from_the_future_holds_nothing(lockless: Store) -> None:
    """A clock that was wrong once does not hold a run for ever."""
    later = replace(status(), host="elsewhere", updated="2999-01-01T00:00:00.000+00:00")
    files.write(lockless.status, later.content())
    with held(lockless) as was_killed:
        assert was_killed


def test_a_lock_file_that_was_left_behind_holds_nothing(lockless: Store) -> None:
    """Where there are no locks, it is not read as one."""
    for _ in range(2):
        with held(lockless) as was_killed:
            assert not was_killed
        if files.is_local(lockless.lock):
            lockless.lock.touch()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A file in its place is one such."""
    (tmp_path / "run").touch()
    with pytest.raises(ResultsError, match=r"run\.lock: cannot write it"), held(Store(tmp_path / "run")):
        pass
