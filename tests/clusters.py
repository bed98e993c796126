"""A Dask scheduler and workers as processes of their own, and work for them to do.

Workers import this file, so it needs little.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]

SQUARES = [item * item for item in range(12)]

NO_NANNY = "--no-nanny"
"""For workers that are to stay dead."""


def square(item: int) -> int:
    """Returns the item squared."""
    return item * item


def square_slowly(item: int) -> int:
    """Returns the item squared, a while later."""
    time.sleep(0.1)
    return item * item


def process(item: int) -> int:
    """Returns the number of the process that does this."""
    time.sleep(0.05)
    return os.getpid()


def refuse(item: int) -> int:
    """Raises what this package raises."""
    from linreg_sweep.errors import Complaint, SweepError

    raise SweepError(Complaint("here", "no use"))


def lose_touch(item: int) -> int:
    """Raises what Dask raises where a connection cannot be made."""
    raise OSError("timed out")


@dataclass(frozen=True)
class Deadly:
    """Squares items slowly; one item kills whoever takes it."""

    item: int

    def __call__(self, item: int) -> int:
        """Returns the item squared, or does not return."""
        if item == self.item:
            os.kill(os.getpid(), signal.SIGKILL)
        return square_slowly(item)


@dataclass(frozen=True)
class Homesick:
    """Squares items, the later ones in one process only; any other dies of them."""

    home: int

    def __call__(self, item: int) -> int:
        """Returns the item squared, or does not return."""
        if item >= 6 and os.getpid() != self.home:
            os.kill(os.getpid(), signal.SIGKILL)
        return square_slowly(item)


@dataclass(frozen=True)
class Counted:
    """Squares items; writes a file whenever it is opened from its pickle."""

    folder: Path
    ballast: bytes

    def __setstate__(self, state: dict[str, object]) -> None:
        """Leaves a file with a name of its own."""
        self.__dict__.update(state)
        (self.folder / f"{os.getpid()}-{time.monotonic_ns()}").touch()

    def __call__(self, item: int) -> int:
        """Returns the item squared."""
        return square_slowly(item)


def until(true: Callable[[], object], seconds: float = 20.0) -> None:
    """Waits until something is true, and fails where it is not in time."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


@dataclass
class Cluster:
    """A scheduler and its workers; the address is `tcp://127.0.0.1:PORT`."""

    address: str
    scheduler: "subprocess.Popen[bytes]"
    folder: Path
    workers: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def start_worker(self, *options: str, path: Path | None = None) -> "subprocess.Popen[bytes]":
        """Starts a worker of one thread, with a folder in front of all that it imports from."""
        environment = {} if path is None else {"PYTHONPATH": str(path)}
        options = ("--nworkers", "1", "--nthreads", "1", "--death-timeout", "10", *options)
        self.workers.append(_start("dask_worker", self.address, *options, cwd=self.folder, **environment))
        return self.workers[-1]

    def kill_workers(self) -> None:
        """Ends every worker at once: those started without a nanny, which would start another."""
        for worker in self.workers:
            worker.kill()
            worker.wait()
        self.workers.clear()


def _start(module: str, *options: str, cwd: Path, **environment: str) -> "subprocess.Popen[bytes]":
    python_path = os.pathsep.join([*environment.values(), str(ROOT)])
    settings = {"PYTHONPATH": python_path, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
    with (cwd / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{module}", "--no-dashboard", *options],
            cwd=cwd,
            env=os.environ | settings,
            stdout=log,
            stderr=log,
        )


@contextmanager
def cluster(folder: Path, port: int = 0) -> Iterator[Cluster]:
    """Starts a scheduler with no workers, and ends it and all its workers at last."""
    about = folder / "scheduler.json"
    about.unlink(missing_ok=True)
    options = ("--host", "127.0.0.1", "--port", str(port), "--scheduler-file", str(about))
    scheduler = _start("dask_scheduler", *options, cwd=folder)
    started = Cluster("", scheduler, folder)
    try:
        until(lambda: about.exists() and about.read_text().rstrip().endswith("}"))
        started.address = json.loads(about.read_text())["address"]
        yield started
    finally:
        scheduler.send_signal(signal.SIGCONT)
        for worker in started.workers:
            worker.terminate()
        for worker in started.workers:
            try:
                worker.wait(5)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
        scheduler.kill()
        scheduler.wait()
