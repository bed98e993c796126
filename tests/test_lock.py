"""Facts about who makes a run: one at a time, who it is, and whether they are still there."""

import multiprocessing
import os
import platform
import signal
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from linreg_sweep import files
from linreg_sweep.errors import ResultsError
from linreg_sweep.lock import STALE, held, is_alive
from linreg_sweep.status import FINISHED, RUNNING, Status, moment, now, read_status
from linreg_sweep.store import Store

SPAWN = multiprocessing.get_context("spawn")


def status(state: str = RUNNING, pid: int = 1, updated: str | None = None) -> Status:
    """Returns what the maker of a run may say."""
    return Status(state, pid, platform.node(), "", now(), updated or now(), 4, 1, 8, 2, 0)


def hold(path: Path, ready: object) -> None:
    """Holds a run for ever, in another process."""
    store = Store(path)
    with held(store):
        files.jot(store.status, status(pid=os.getpid()).content())
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
        f", is making this run. Hint: wait for it; `linreg-sweep status {store.path}` tells how far it is"
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
        files.jot(store.status, status(FINISHED).content())
    with held(store) as was_killed:
        assert not was_killed


def test_in_a_store_who_said_something_a_moment_ago_holds_the_run() -> None:
    """It has no locks: for a while nobody else may, and then anybody."""
    store = Store(files.place_of(f"memory://{uuid.uuid4()}"))
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


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A file in its place is one such."""
    (tmp_path / "run").touch()
    with pytest.raises(ResultsError, match=r"run\.lock: cannot write it"), held(Store(tmp_path / "run")):
        pass
