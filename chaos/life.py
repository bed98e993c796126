"""One life of a command: a process and its workers, in a session of their own, from start to end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.hearing import hear_signals

ROOT = Path(__file__).parents[1]

A_MOMENT = 0.01
"""Seconds between two looks."""

LONGEST = 180.0
"""Seconds after which a life that should have ended hangs."""


class Life:
    """A command that was started, and all its processes."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        """Starts it.

        Args:
            command: what Python is to run, such as `-m linreg_sweep list`.
            folder: where, and where to put what it says.
        """
        self._told = {name: folder / f"{name}.txt" for name in ("stdout", "stderr")}
        with self._told["stdout"].open("wb") as out, self._told["stderr"].open("wb") as err:
            self._process = subprocess.Popen(
                [sys.executable, "-X", "faulthandler", *command],
                cwd=folder,
                stdout=out,
                stderr=err,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                start_new_session=True,
                preexec_fn=hear_signals,
            )
        self.pid = self._process.pid
        self._began = time.monotonic()

    @property
    def age(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._began

    @property
    def has_ended(self) -> bool:
        """Whether its first process has."""
        return self._process.poll() is not None

    def lasts_until(self, true: Callable[[], object]) -> bool:
        """Waits for something; returns whether it came before the end."""
        while not true():
            if self.has_ended:
                return False
            time.sleep(A_MOMENT)
        return not self.has_ended

    def ended(self) -> int | None:
        """Waits for its end and returns the exit code; None: it hangs, says where, and is killed now."""
        try:
            return self._process.wait(LONGEST)
        except subprocess.TimeoutExpired:
            kill(self.pid, signal.SIGABRT)  # which faulthandler answers with what each thread does
            time.sleep(1)
            self.kill_all()
            self._process.wait()
            return None

    def said(self, where: str = "stderr") -> str:
        """Returns what it wrote to stdout or stderr."""
        return self._told[where].read_text(encoding="utf-8", errors="replace")

    def kill_all(self) -> None:
        """Kills whatever of it is left."""
        for pid in self.processes():
            kill(pid, signal.SIGKILL)

    def processes(self) -> dict[int, str]:
        """Returns the command lines of its processes that still run, by number."""
        return {pid: line for pid, session, line in _running() if session == self.pid}

    def workers(self) -> list[int]:
        """Returns the numbers of its worker processes."""
        return [pid for pid, line in self.processes().items() if "LokyProcess" in line]


def kill(pid: int, number: int) -> bool:
    """Sends a signal to a process; returns whether it was there."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def _running() -> Iterator[tuple[int, int, str]]:
    """Yields number, session and command line of every process."""
    for process in Path("/proc").iterdir():
        try:
            state, *fields = (process / "stat").read_text().rpartition(")")[2].split()
            if state not in "ZX":
                yield int(process.name), int(fields[2]), (process / "cmdline").read_text().replace("\0", " ")
        except (OSError, ValueError):
            continue
