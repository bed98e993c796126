"""Facts about work in other processes on this machine."""

import os
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import InvalidStateError
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from joblib.externals.loky import get_reusable_executor, process_executor

from linreg_sweep.workers.interface import WorkersLostError
from linreg_sweep.workers.processes import Processes
from tests.clusters import ROOT, Deadly, square_slowly
from tests.tmpfs import need_own_shared_memory

pytestmark = pytest.mark.system


def is_deaf(item: int) -> bool:
    """Returns whether Ctrl+C is held back from this process."""
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_workers_are_born_deaf_to_an_interrupt() -> None:
    """A terminal sends Ctrl+C to all processes: what it means is for the command to say, which hears it."""
    assert list(Processes(2).each(is_deaf, range(4))) == [True] * 4
    assert not is_deaf(0)


def bounded(seconds: int) -> Iterator[None]:
    """Lets a wait for ever fail after so many seconds."""

    def late(*_: object) -> None:
        raise AssertionError("this waits for ever")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def in_time() -> Iterator[None]:
    """Half a minute, with new workers."""
    get_reusable_executor().shutdown(kill_workers=True)
    yield from bounded(30)
    get_reusable_executor().shutdown(kill_workers=True)


@pytest.mark.usefixtures("in_time")
def test_a_death_that_loky_does_not_see_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a worker that was started while loky waited already for others."""
    wait, waits = process_executor.wait, count()

    def blind(objects: list[Any]) -> Any:
        return wait(objects if next(waits) > 1 else [each for each in objects if hasattr(each, "recv")])

    monkeypatch.setattr(process_executor, "wait", blind)
    with pytest.raises(WorkersLostError, match="was killed"):
        list(Processes(2).each(Deadly(0), [0]))


@pytest.mark.usefixtures("in_time")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_death_of_the_thread_that_looks_after_workers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the next workers work, though loky would give them to nobody."""
    thread = process_executor._ExecutorManagerThread

    def trip(self: Any, item: Any) -> None:
        raise InvalidStateError

    with monkeypatch.context() as patch:
        patch.setattr(thread, "process_result_item", trip)
        with pytest.raises(WorkersLostError, match="nobody was left"):
            list(Processes(2).each(is_deaf, range(4)))
    assert list(Processes(2).each(is_deaf, range(4))) == [True] * 4


@pytest.mark.usefixtures("in_time")
def test_who_ends_early_costs_others_of_the_program_what_is_in_flight() -> None:
    """All share loky's workers: it is told as lost, so that it is given again, and then it comes."""
    others = Processes(2).each(square_slowly, range(20))
    assert next(others) in (0, 1)
    ended = Processes(2).each(square_slowly, range(20))
    next(ended)
    ended.close()  # type: ignore[attr-defined]
    with pytest.raises(WorkersLostError, match="another sweep of this program ended its worker process"):
        list(others)
    assert sorted(Processes(2).each(square_slowly, range(3))) == [0, 1, 4]


def test_several_may_be_quiet_at_once() -> None:
    """The last puts back what told of errors in threads before."""
    before = threading.excepthook
    first, second = (Processes(2).each(is_deaf, range(4)) for _ in range(2))
    next(first)
    next(second)
    for results in (first, second):
        assert threading.excepthook is not before
        results.close()  # type: ignore[attr-defined]
    assert threading.excepthook is before


INHERITED = """
import multiprocessing, time
from joblib import Parallel, delayed
from linreg_sweep.workers.processes import Processes
from tests.clusters import process, square_slowly

def swept():
    return sorted(Processes(2).each(square_slowly, range(15)))

if __name__ == "__main__":
    mine = Parallel(2)
    before = set()
    while len(before) < 2:  # both have started
        before |= set(mine(delayed(process)(item) for item in range(8)))
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply(swept) == [item * item for item in range(15)]
    assert set(mine(delayed(process)(item) for item in range(8))) <= before
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked there")
def test_workers_of_another_process_are_left_alone() -> None:
    """Those that it was forked with are its parent's, though nobody in it looks after them."""
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", INHERITED],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert told.returncode == 0, told.stderr


def test_who_ends_early_is_not_advised_and_keeps_their_warnings() -> None:
    """The warning that joblib would give is neither given nor filtered, which it would be for all threads."""
    before = list(warnings.filters)
    results = Processes(2).each(is_deaf, range(100))
    next(results)
    assert list(warnings.filters) == before
    results.close()  # type: ignore[attr-defined]
    assert list(warnings.filters) == before


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_while_workers_start_is_heard_once_they_have(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a handler raises comes out as it is, and the next workers work.

    It comes where joblib could not clean up: loky's thread is known already, and not yet started.
    """
    number = signal.Signals[name]
    thread = process_executor._ExecutorManagerThread
    start = thread.start

    def end(signum: int, frame: FrameType | None) -> None:
        raise SystemExit(7)

    def start_late(self: Any) -> None:
        os.kill(os.getpid(), number)
        start(self)

    get_reusable_executor().shutdown()
    monkeypatch.setattr(thread, "start", start_late)
    before = signal.signal(number, end)
    try:
        with pytest.raises(SystemExit, match="7"):
            list(Processes(2).each(is_deaf, range(4)))
        assert signal.getsignal(number) is end
    finally:
        signal.signal(number, before)
    monkeypatch.undo()
    assert list(Processes(2).each(is_deaf, range(4))) == [True] * 4


@pytest.mark.system
def test_no_space_for_semaphores_is_an_error(tmp_path: Path) -> None:
    """Where joblib would warn of it and go on without processes; one alone needs none."""
    (tmp_path / "x.yaml").write_text(
        "name: x\ndata: {name: tutorial}\nmethod: grid\nparameters: {learning_rate: 0.005}\n"
    )
    full = "mount -t tmpfs -o size=64k tmpfs /dev/shm && { cat /dev/zero > /dev/shm/all 2>/dev/null;"
    command = f"{full} {sys.executable} -m linreg_sweep run x.yaml --jobs"
    words = ["unshare", "--mount", "sh", "-c"]
    need_own_shared_memory()
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for jobs, code, said in ((2, 1, "/dev/shm: cannot hold the semaphores"), (1, 0, "")):
        done = subprocess.run(
            [*words, f"{command} {jobs}; }}"], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == code
        assert done.stderr.startswith(said)
        assert done.stderr.count("\n") == code
