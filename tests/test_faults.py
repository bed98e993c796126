"""Facts about calls to the disk that fail, each in turn: nothing wrong is kept, and the next run finishes.

As SQLite is tested: the Nth call fails, for N = 1, 2, 3, ... until a run meets no fault any more. With
EXHAUSTIVE=1 in the environment that is every call in every test; without it, in some tests, one in a few.
"""

import errno
import multiprocessing
import os
import re
import shutil
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import linreg_sweep as ls
from linreg_sweep.errors import ResultsError
from linreg_sweep.runs import journal
from tests.disk import Call, told
from tests.small_run import PYTHON, content, damage, made, parts, some_of

pytestmark = pytest.mark.system

WRITING = ("open", "write", "mkdir")
CHANGING = (*WRITING, "replace", "unlink")
EVERY = (*CHANGING, "read", "fsync")

LINE = re.compile(
    r"(?P<place>[^:\n]+): cannot (?P<verb>read|write) it: (?P<why>[A-Z][a-z/ -]+)"
    r"(?P<hint>\. Hint: what was finished before is intact; fix this and run the same command again)?"
)


@dataclass
class Fault:
    """Fails a call.

    Attributes:
        at: which, from 1; 0: none.
        verbs: the calls that count.
        error: with what it fails.
        for_good: so do all after it.
        half: a write writes half before.
        crash: the process ends instead.
        count: how many calls there were.
    """

    at: int
    verbs: tuple[str, ...] = EVERY
    error: int = errno.EIO
    for_good: bool = False
    half: bool = False
    crash: bool = False
    count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, call: Call) -> None:
        """Fails the call, or lets it pass."""
        if call.verb not in self.verbs:
            return
        with self._lock:
            self.count += 1
            here = self.count
        if here == self.at or (self.for_good and here > self.at > 0):
            if self.half and call.verb == "write":
                call.write_half()
            if self.crash:
                os._exit(1)
            raise OSError(self.error, os.strerror(self.error), str(call.path))


@pytest.fixture(autouse=True)
def no_pulse(monkeypatch: pytest.MonkeyPatch) -> None:
    """The status is written when something happens, not when time has passed: each run has the same calls."""
    monkeypatch.setattr(journal, "SECONDS_A_STATUS", 1e6)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing happened to."""
    return made(tmp_path_factory.mktemp("whole"), data=PYTHON).path


def disk_in(folder: Path, number: int) -> Path:
    """Returns an empty folder that stands for a disk."""
    disk = folder / str(number)
    disk.mkdir()
    return disk


def run_on(disk: Path, fault: Fault) -> ls.Run:
    """Makes the run on a disk with a fault."""
    with told(disk, fault):
        return made(disk / "results", data=PYTHON)


def error_of(disk: Path, fault: Fault) -> str:
    """Returns what a run on a disk with a fault ends with; empty: well."""
    try:
        run_on(disk, fault)
    except ResultsError as error:
        return str(error)
    return ""


def n_calls(folder: Path, verbs: tuple[str, ...]) -> int:
    """Returns how many calls a whole run makes."""
    fault = Fault(0, verbs)
    run_on(disk_in(folder, 0), fault)
    return fault.count


def check_and_finish(disk: Path, whole: Path) -> None:
    """Checks that what is there is right, and that the same command makes the rest of it."""
    path, right = disk / "results" / whole.name, content(whole)
    for name, bytes_there in parts(path).items():
        assert bytes_there == right[name]
    with suppress(ResultsError):  # there is no run yet, or no part of it
        table = ls.load(path).trials
        assert table.equals(ls.load(whole).trials.iloc[: len(table)])
    said: list[str] = []
    assert content(made(disk / "results", data=PYTHON, report=said.append).path) == right
    assert said == []


@pytest.mark.parametrize(
    ("kind", "step"),
    [
        pytest.param({"error": errno.EIO}, 1, id="one call"),
        pytest.param({"error": errno.ENOSPC, "verbs": ("write",), "half": True}, 1, id="half a write"),
        pytest.param(
            {"error": errno.ENOSPC, "verbs": WRITING, "half": True, "for_good": True}, 3, id="a full disk"
        ),
        pytest.param(
            {"error": errno.EROFS, "verbs": CHANGING, "for_good": True}, 5, id="a disk turned read-only"
        ),
        pytest.param({"error": errno.EIO, "for_good": True}, 7, id="a broken disk"),
    ],
)
def test_a_call_that_fails_loses_nothing(
    kind: dict[str, object], step: int, whole: Path, tmp_path: Path
) -> None:
    """Each in turn: one line says what, where and what to do; what is there is right; the next run finishes.

    Over what may be lost, such as the log, a run goes on.
    """
    last, n_failed = n_calls(tmp_path, Fault(0, **kind).verbs), 0  # type: ignore[arg-type]
    for number in [*some_of(range(1, last + 1), step), last + 1]:
        disk, fault = disk_in(tmp_path, number), Fault(number, **kind)  # type: ignore[arg-type]
        error = error_of(disk, fault)
        if error:
            n_failed += 1
            line = LINE.fullmatch(error)
            assert line is not None, error
            assert Path(line["place"]).is_relative_to(disk)
            assert line["why"] == os.strerror(fault.error)
            assert bool(line["hint"]) == (line["verb"] == "write")
        assert (fault.count < number) == (number > last)
        check_and_finish(disk, whole)
    assert n_failed
    print(f"{last} calls, {n_failed} runs failed")


@pytest.mark.parametrize("name", ["config.yaml", "trials/part-00001.parquet", "summary.csv"])
def test_a_call_that_fails_while_damage_is_mended_loses_nothing(
    name: str, whole: Path, tmp_path: Path
) -> None:
    """The next run mends it, and what was damaged is still there to be looked at."""
    number, met = 0, True
    while met:
        number += 1
        disk, fault = disk_in(tmp_path, number), Fault(number)
        path = Path(shutil.copytree(whole, disk / "results" / whole.name))
        damaged = damage(path / name)
        error = error_of(disk, fault)
        assert not error or LINE.fullmatch(error), error
        made(disk / "results", data=PYTHON)
        assert content(path) == content(whole)
        assert (path / "damaged" / name.replace("/", "-")).read_bytes() == damaged
        met = fault.count >= number
    assert number > 20
    print(f"{number - 1} calls")


def crash(number: int, disk: Path) -> None:
    """Makes the run, and ends in the middle of a call."""
    journal.SECONDS_A_STATUS = 1e6
    run_on(disk, Fault(number, crash=True, half=True))


@pytest.mark.skipif(os.name == "nt", reason="processes cannot be forked there")
def test_a_process_that_ends_in_a_call_loses_nothing(whole: Path, tmp_path: Path) -> None:
    """At each in turn: what is there is right, and the next run finishes."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["linreg_sweep.sweep", "tests.test_faults"])
    last = n_calls(tmp_path, EVERY)
    assert last > 50
    for number in [*some_of(range(1, last + 1), 7), last + 1]:
        disk = disk_in(tmp_path, number)
        process = context.Process(target=crash, args=(number, disk))
        process.start()
        process.join()
        assert process.exitcode == (1 if number <= last else 0)
        check_and_finish(disk, whole)
    print(f"{last} calls")
