"""Facts about work in other processes on this machine."""

import os
import signal
from types import FrameType
from typing import Any

import pytest
from joblib.externals.loky import get_reusable_executor, process_executor

from linreg_sweep.workers.processes import Processes


def is_deaf(item: int) -> bool:
    """Returns whether Ctrl+C is held back from this process."""
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_workers_are_born_deaf_to_an_interrupt() -> None:
    """A terminal sends Ctrl+C to all processes: what it means is for the command to say, which hears it."""
    assert list(Processes(2).each(is_deaf, range(4))) == [True] * 4
    assert not is_deaf(0)


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
