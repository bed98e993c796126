"""Parts of a sweep over joblib: in process where the sweep is small, in processes where it pays.

A part's work is a pure function of its number, so how many workers there are and in which order
parts come back changes nothing but the time.
"""

import os
import signal
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from linreg_sweep.errors import Complaint, SweepError

T = TypeVar("T")

WORTH_WORKERS = 3.0
"""Seconds of work left above which starting workers pays: they take about one to start."""

SECONDS_A_LOOK = 0.5
"""How often a worker looks whether its parent is still there."""

PARTS_A_WAVE = 8
"""Parts a worker is given before all are waited for; bounds what is in flight."""


def run_parts(work: Callable[[int], T], numbers: Sequence[int], jobs: int | None = None) -> Iterator[T]:
    """Yields the result of each part as it comes in.

    Args:
        work: makes a part from its number; must be picklable where there are workers.
        numbers: of the parts to make.
        jobs: how many worker processes; 1: none, in process; None: all cores, once the first
            parts show that the rest is worth it.

    Raises:
        SweepError: a worker process was killed. What was yielded before is whole.
    """
    left = deque(numbers)
    if jobs is None:
        started = time.monotonic()
        for done in range(len(numbers)):
            elapsed = time.monotonic() - started
            if done and elapsed / done * len(left) > WORTH_WORKERS and len(left) > 1:
                break
            yield work(left.popleft())
    elif jobs == 1:
        while left:
            yield work(left.popleft())
    if left:
        yield from _in_processes(work, list(left), jobs)


def _in_processes(work: Callable[[int], T], numbers: list[int], jobs: int | None) -> Iterator[T]:
    from joblib import Parallel, cpu_count, delayed
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    # who stops a sweep needs no advice on how to iterate
    warnings.filterwarnings("ignore", r"\d+ tasks (which|have)", UserWarning, "joblib")
    workers = min(jobs or cpu_count(), len(numbers))
    wave = workers * PARTS_A_WAVE
    try:
        with Parallel(
            n_jobs=workers,
            batch_size=1,
            return_as="generator_unordered",
            initializer=_end_with,
            initargs=(os.getpid(),),
        ) as parallel:
            for first in range(0, len(numbers), wave):
                yield from parallel(delayed(work)(number) for number in numbers[first : first + wave])
    except TerminatedWorkerError as error:
        hint = "finished parts are kept; run the same command again, with fewer --jobs if memory ran out"
        raise SweepError(Complaint("", "a worker process was killed", hint)) from error


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
