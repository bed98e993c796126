"""What signals do to a command: Ctrl+C once and twice, SIGTERM, a closed terminal."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from linreg_sweep.terminal.console import note_at_once

INTERRUPTED, TERMINATED, HUNG_UP = 130, 143, 129

_CODES = {
    getattr(signal, name): code
    for name, code in (("SIGINT", INTERRUPTED), ("SIGTERM", TERMINATED), ("SIGHUP", HUNG_UP))
    if hasattr(signal, name)
}
"""The exit codes of signals that end a command, of those that this system has."""

SECONDS_TO_END = 10.0
"""How long a command that is to stop at once may take to do so in good order."""


def heed_signals() -> None:
    """Lets a signal end a command in good order: as KeyboardInterrupt or SystemExit, before long in any case.

    What is ignored, as by nohup or in the background of a shell, stays so.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in _CODES.keys() - {signal.SIGINT}:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _terminate)


def _terminate(signum: int, frame: FrameType | None) -> None:
    _end_soon(_CODES[signum])
    raise SystemExit(_CODES[signum])


def _end_soon(code: int) -> None:
    """Ends this process before long, even where it still waits for a disk or a store that does not answer."""
    timer = threading.Timer(SECONDS_TO_END, os._exit, [code])
    timer.daemon = True
    timer.start()


@contextmanager
def asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Yields whether Ctrl+C was pressed; pressed once more, it is a KeyboardInterrupt.

    A job in the background of a shell is deaf to it, and stays so.
    """
    asked = threading.Event()
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        yield asked.is_set
        return

    def ask(signum: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, again)
        asked.set()
        note_at_once("Stopping when what is in flight is done. Ctrl+C again stops at once.")

    def again(signum: int, frame: FrameType | None) -> None:
        _end_soon(INTERRUPTED)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def ended_at_once() -> Iterator[None]:
    """Lets signals end this process at once, where nothing is left to be saved.

    What they raise otherwise may come where Python can only print it, as while an object is taken apart.
    """

    def end(signum: int, frame: FrameType | None) -> None:
        if signum == signal.SIGINT:
            note_at_once("Stopped.")
        os._exit(_CODES[signum])

    heard = [number for number in _CODES if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, end) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
