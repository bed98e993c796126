"""Facts about disks that are full, that may only be read, or that lose a folder while a run is made."""

import shlex
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import linreg_sweep as ls
from linreg_sweep.errors import ResultsError, SweepError
from linreg_sweep.workers.processes import Processes
from tests.small_run import PYTHON, content, made, parts
from tests.tmpfs import PAGE, disk, mount, need_own_shared_memory

__all__ = ["disk"]

pytestmark = pytest.mark.system

INTACT = "Hint: what was finished before is intact; fix this and run the same command again"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> ls.Run:
    """A run that nothing happened to."""
    return made(tmp_path_factory.mktemp("whole"), data=PYTHON)


def command(*words: object) -> subprocess.CompletedProcess[str]:
    """Runs `linreg-sweep` with some words."""
    return subprocess.run(
        [sys.executable, "-m", "linreg_sweep", *map(str, words)], capture_output=True, text=True, check=False
    )


def test_a_disk_that_fills_up_loses_nothing(disk: Path, whole: ls.Run) -> None:
    """Wherever it fills up, and again and again: parts that are there are whole, and the last run is, too."""
    right = content(whole.path)
    errors = []
    for pages in range(1, 50):
        mount(disk, f"remount,size={pages * PAGE}")
        try:
            run = made(disk, data=PYTHON)
        except ResultsError as error:
            errors.append(str(error))
            for name, found in parts(disk / whole.path.name).items():
                assert found == right[name]
        else:
            break
    assert all(each.endswith(f": cannot write it: No space left on device. {INTACT}") for each in errors)
    names = {Path(each.partition(":")[0]).name for each in errors}
    assert {"config.yaml", "metadata.json", "part-00001.parquet"} <= names
    assert content(run.path) == right
    print(f"{len(errors)} times full, over {', '.join(sorted(names))}")


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_full_disk_is_told_in_a_line_and_the_same_command_finishes(
    jobs: int, disk: Path, whole: ls.Run
) -> None:
    """By the command line: exit code 1, then 0."""
    mount(disk, f"remount,size={6 * PAGE}")
    words = ("run", whole.store.config, "--out", disk, "--jobs", jobs, "--part-size", 1)
    told = command(*words)
    path = disk / whole.path.name
    assert (told.returncode, told.stdout) == (1, "")
    (line,) = told.stderr.splitlines()
    assert line.startswith(f"{path}/")
    assert line.endswith(f": cannot write it: No space left on device. {INTACT}")
    mount(disk, f"remount,size={50 * PAGE}")
    told = command(*words)
    assert told.returncode == 0, told.stderr
    assert parts(path) == parts(whole.path)


LONG = {
    "name": "long",
    "data": {"name": "tutorial"},
    "method": "grid",
    "parameters": {"learning_rate": {"min": 1e-4, "max": 5e-3, "num": 200}},
}
"""A sweep of many parts."""


def test_a_folder_that_vanishes_ends_a_sweep_and_its_workers(tmp_path: Path) -> None:
    """While parts are in flight, and also where the error is kept, which holds on to all that led to it."""
    threads = set(threading.enumerate())

    def vanish(done: int, total: int) -> None:
        if done:
            shutil.rmtree(tmp_path / "results", ignore_errors=True)

    with pytest.raises(ResultsError, match="cannot write it: No such file or directory") as kept:
        ls.run(LONG, out=tmp_path / "results", jobs=2, part_size=1, watch=vanish)
    assert kept.value.__traceback__ is not None
    deadline = time.monotonic() + 20
    while (left := set(threading.enumerate()) - threads) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left


def test_no_room_for_the_data_of_workers_is_told(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Joblib lays what is larger than 1 MB into a folder that all see."""
    monkeypatch.setenv("JOBLIB_TEMP_FOLDER", str(disk))
    with pytest.raises(SweepError) as caught:
        list(Processes(2).each(partial(sum_with, np.zeros(10**6)), range(4)))
    text = "cannot hold the data for worker processes: OSError: [Errno 28] No space left on device"
    assert str(caught.value).startswith(f"{disk}: {text}. Hint: free some space there")


def sum_with(numbers: np.ndarray[Any, np.dtype[np.float64]], number: int) -> float:
    """Returns the sum of numbers and one more."""
    return float(numbers.sum()) + number


def test_a_finished_run_on_a_disk_that_may_only_be_read(disk: Path, whole: ls.Run, tmp_path: Path) -> None:
    """All that reads it does, and `run` says that nothing is missing."""
    mount(disk, f"remount,size={50 * PAGE}")
    path = shutil.copytree(whole.path, disk / whole.path.name)
    (path / "run.lock").unlink()
    mount(disk, "remount,ro")
    again = made(disk, data=PYTHON)
    assert again.finished
    assert content(path) == content(whole.path)
    told = command("run", path / "config.yaml", "--out", disk)
    assert told.returncode == 0, told.stderr
    assert "Nothing to do" in told.stderr
    for words in (
        ("list", disk),
        ("show", path),
        ("status", path),
        ("verify", path),
        ("report", path, "-o", tmp_path / "report.html"),
        ("export", path, "--to", "csv", "-o", tmp_path / "trials.csv"),
    ):
        told = command(*words)
        assert told.returncode == 0, told.stderr


def interrupt(done: int, total: int) -> None:
    """Ends a run after its first part."""
    if done:
        raise InterruptedError


def test_an_unfinished_run_on_a_disk_that_may_only_be_read(disk: Path, whole: ls.Run) -> None:
    """Nothing is trained in vain: the lock cannot be written, and that is said."""
    mount(disk, f"remount,size={50 * PAGE}")
    with pytest.raises(InterruptedError):
        made(disk, data=PYTHON, watch=interrupt)
    mount(disk, "remount,ro")
    trained: list[int] = []
    with pytest.raises(ResultsError) as caught:
        made(disk, data=PYTHON, watch=lambda done, total: trained.append(done))
    lock = disk / whole.path.name / "run.lock"
    assert str(caught.value) == f"{lock}: cannot write it: Read-only file system. {INTACT}"
    assert trained == []
    with pytest.raises(ResultsError, match=r"other/small-\w+: cannot write it: Read-only file system"):
        made(disk / "other", data=PYTHON)
    assert len(ls.load(disk / whole.path.name).trials) == 1
    mount(disk, "remount,rw")
    assert content(made(disk, data=PYTHON).path) == content(whole.path)


def gone(path: Path) -> None:
    """The folder is moved away."""
    path.rename(path.with_name("moved"))


def emptied(path: Path) -> None:
    """An empty folder takes its place."""
    gone(path)
    path.mkdir()


def a_file(path: Path) -> None:
    """A file takes its place."""
    gone(path)
    path.touch()


def a_copy(path: Path) -> None:
    """A copy takes its place."""
    gone(path)
    shutil.copytree(path.with_name("moved"), path)


@pytest.mark.parametrize("what", [gone, emptied, a_file, a_copy])
def test_a_folder_that_is_replaced_while_a_run_is_made(
    what: Callable[[Path], None], whole: ls.Run, tmp_path: Path
) -> None:
    """It is told, unless a copy takes its place; what was moved is whole, and can be finished anywhere."""
    path = tmp_path / whole.path.name

    def act(done: int, total: int) -> None:
        if done == 1 and not (tmp_path / "moved").exists():
            what(path)

    if what is a_copy:
        assert content(made(tmp_path, data=PYTHON, watch=act).path) == content(whole.path)
        return
    with pytest.raises(ResultsError) as caught:
        made(tmp_path, data=PYTHON, watch=act)
    assert str(caught.value).startswith(f"{path}/")
    assert ": cannot write it: No" in str(caught.value)
    if path.is_file():
        with pytest.raises(ResultsError, match=f"{path}: cannot write it: Not a directory"):
            made(tmp_path, data=PYTHON)
        path.unlink()
    assert content(made(tmp_path, data=PYTHON).path) == content(whole.path)
    shutil.rmtree(path)
    (tmp_path / "moved").rename(path)
    assert content(made(tmp_path, data=PYTHON).path) == content(whole.path)


@pytest.mark.system
def test_no_room_in_shared_memory_is_told_with_the_place(tmp_path: Path, whole: ls.Run) -> None:
    """Of a process that sees another /dev/shm, which has no room: one line, and what to do."""
    need_own_shared_memory()
    small = "mount -t tmpfs -o size=4k tmpfs /dev/shm"
    python = [sys.executable, "-m", "linreg_sweep", "run", str(whole.store.config), "--out", str(tmp_path)]
    line = f"{small} && {shlex.join([*python, '--jobs', '2', '--part-size', '1'])}"
    done = subprocess.run(["unshare", "-m", "bash", "-c", line], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    (told,) = done.stderr.splitlines()
    assert "/dev/shm" in told
    assert told.endswith("No space left on device. Hint: free some space there, or use --jobs 1")
