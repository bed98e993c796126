"""Work in other processes on this machine, by joblib's loky."""

import errno
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from pickle import PicklingError
from typing import Any

from linreg_sweep.errors import Complaint, SweepError
from linreg_sweep.workers.guarded_loky import watched
from linreg_sweep.workers.interface import Item, Result, WorkersLostError
from linreg_sweep.workers.unordered import unordered

SECONDS_A_LOOK = 0.5
"""How often a worker looks whether its parent is still there."""

_LOCK = threading.Lock()

_hooks: list[Any] = []
"""What reported errors in threads before each of those who are quiet; see _quiet."""


class Processes:
    """Does work in so many processes, which end with this one.

    Attributes:
        count: how many.
    """

    def __init__(self, count: int) -> None:
        """Starts none yet, of at least 2, since joblib's one is this process."""
        self.count = max(2, count)

    def __str__(self) -> str:
        return f"{self.count} processes"

    def each(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yields what work makes of each item as it comes; see Workers."""
        from joblib import delayed
        from joblib.externals.loky.process_executor import BrokenProcessPool, ShutdownExecutorError

        _start_tidiers()
        parallel = unordered(
            n_jobs=self.count,
            backend="loky",
            pre_dispatch="n_jobs",
            initializer=_end_with,
            initargs=(os.getpid(),),
        )
        try:
            with _quiet(), ExitStack() as at_last:
                with _undisturbed(), _deaf("SIGINT"):
                    begun = parallel(delayed(work)(item) for item in items)
                    results = at_last.enter_context(closing(begun))
                at_last.enter_context(watched(getattr(parallel._backend, "_workers", None)))
                yield from results
        except (BrokenProcessPool, MemoryError) as error:  # what came back is too large, too
            raise WorkersLostError(_how(error)) from error
        except PicklingError as error:
            raise _not_handed_over(error) from error
        except OSError as error:  # of a semaphore: work itself returns its errors
            raise _no_semaphores(error) from error
        except RuntimeError as error:
            if not isinstance(error.__context__, ShutdownExecutorError):
                raise
            text = "another sweep of this program ended its worker process"  # all share loky's
            raise WorkersLostError(text) from error


def require_room() -> None:
    """Checks that worker processes can be started: without a semaphore joblib would warn, and start none.

    Raises:
        SweepError: there is no space for a semaphore.
    """
    try:
        from _multiprocessing import SemLock  # type: ignore[import-not-found]

        SemLock(0, 0, 1, f"/linreg-sweep-{os.getpid()}-{threading.get_ident()}", True)
    except (ImportError, OSError) as error:
        if getattr(error, "errno", None) == errno.ENOSPC:
            raise _no_semaphores(error) from error


def _no_semaphores(error: Exception) -> SweepError:
    text = f"cannot hold the semaphores of worker processes: {getattr(error, 'strerror', None) or error}"
    return SweepError(Complaint("/dev/shm", text, "free some space there, or use --jobs 1"))


def _not_handed_over(error: Exception) -> SweepError:
    """Returns the error that workers cannot be given what they need, as where a disk is full."""
    from joblib._memmapping_reducer import _get_temp_dir

    folder = str(Path(_get_temp_dir("")[0]))
    told = str(error.__cause__ or error)  # a traceback of another thread
    last = [line for line in told.splitlines() if line.strip(' "')][-1]
    text = f"cannot hold the data for worker processes: {last}"
    hint = "free some space there, or name another folder in the variable JOBLIB_TEMP_FOLDER"
    return SweepError(Complaint(folder, text, hint))


def _how(error: Exception) -> str:
    """Returns how work was lost, from what loky says of it."""
    codes = re.search(r"exit codes of the workers are \{(.*)\}", str(error))
    if codes:
        return f"its worker process was killed ({codes[1]})"
    return f"{type(error).__name__}: {error}".splitlines()[0]


def _start_tidiers() -> None:
    """Starts the processes that tidy up after all others, deaf to the closing of the terminal.

    They are deaf to Ctrl+C and SIGTERM by themselves; ended by SIGHUP, their successors would complain of
    what they do not know. Python's, once started, hears Ctrl+C again in whoever started it.
    """
    from multiprocessing import resource_tracker as of_python

    from joblib.externals.loky.backend import resource_tracker as of_loky

    with _deaf("SIGHUP"):
        of_loky.ensure_running()
        of_python.ensure_running()


@contextmanager
def _deaf(name: str) -> Iterator[None]:
    """Holds a signal back from this thread until the end, and from processes started meanwhile for ever.

    A terminal sends it to all; a worker that is only starting would answer Ctrl+C with a traceback, and die.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [getattr(signal, name)])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps back the traceback of loky's thread, which trips over work that is called off as it comes.

    Several may be open at once, in threads of their own: the last puts back what there was.
    """
    with _LOCK:
        _hooks.append(threading.excepthook)
        threading.excepthook = _report
    try:
        yield
    finally:
        with _LOCK:
            hook = _hooks.pop()
            if not _hooks:
                threading.excepthook = hook


def _report(failure: threading.ExceptHookArgs) -> None:
    """Tells of an error in a thread as it would have been, but for loky's."""
    if failure.thread is None or failure.thread.name != "ExecutorManagerThread":
        _hooks[0](failure)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Puts off until the end what this process does about signals.

    Whatever they raise in the midst of the start of workers, joblib cannot clean up after it.
    """
    came: list[int] = []
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():  # no other thread is told of signals
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and callable(signal.getsignal(number)):
                before[number] = signal.signal(number, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in came:
            signal.raise_signal(number)


def _end_with(parent: int) -> None:
    """Lets this worker process end once its parent is gone, even where that was killed.

    Ctrl+C reaches a worker too; what it means is for the parent to say.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(SECONDS_A_LOOK)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
