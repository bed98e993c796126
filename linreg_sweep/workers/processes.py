"""Work in other processes on this machine, by joblib's loky."""

import os
import re
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator

from linreg_sweep.workers.interface import Item, Result, WorkersLostError

SECONDS_A_LOOK = 0.5
"""How often a worker looks whether its parent is still there."""


class Processes:
    """Does work in so many processes, which end with this one.

    Attributes:
        count: how many.
    """

    def __init__(self, count: int) -> None:
        """Starts none yet.

        Args:
            count: how many; at least 2, since joblib's one is this process.
        """
        self.count = max(2, count)

    def __str__(self) -> str:
        return f"{self.count} processes"

    def each(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yields what work makes of each item as it comes; see Workers."""
        from joblib import Parallel, delayed
        from joblib.externals.loky.process_executor import TerminatedWorkerError

        _start_tidier()
        # who stops a sweep needs no advice on how to iterate
        warnings.filterwarnings("ignore", r"\d+ tasks (which|have)", UserWarning, "joblib")
        parallel = Parallel(
            n_jobs=self.count,
            backend="loky",
            batch_size=1,
            pre_dispatch="n_jobs",
            return_as="generator_unordered",
            initializer=_end_with,
            initargs=(os.getpid(),),
        )
        try:
            yield from parallel(delayed(work)(item) for item in items)
        except TerminatedWorkerError as error:
            raise WorkersLostError(_how(str(error))) from error


def _how(message: str) -> str:
    """Returns how workers ended, from what loky says of it."""
    codes = re.search(r"exit codes of the workers are \{(.*)\}", message)
    how = f" ({codes[1]})" if codes else ""
    return f"its worker process was killed{how}"


def _start_tidier() -> None:
    """Starts the process that tidies up after all others, deaf to the closing of the terminal.

    It is deaf to Ctrl+C and SIGTERM by itself; ended by SIGHUP, its successor would complain of what it
    does not know.
    """
    from joblib.externals.loky.backend import resource_tracker

    if not hasattr(signal, "SIGHUP") or threading.current_thread() is not threading.main_thread():
        return
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        resource_tracker.ensure_running()
    finally:
        signal.signal(signal.SIGHUP, before)


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
