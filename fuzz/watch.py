"""Processes that are fed cases, watched: one that takes too long or dies is replaced, and its case named."""

import multiprocessing
import os
import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

_CONTEXT = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Limits:
    """What a case may take.

    Attributes:
        seconds: of time.
        memory: bytes of address space of the process that is fed.
    """

    seconds: float
    memory: int


@dataclass(frozen=True)
class Outcome:
    """What came of a case.

    Attributes:
        number: of the case.
        kind: of its content.
        verdict: `accepted`, or as what it was refused; empty where something escaped.
        escape: what escaped: a traceback, or how the process ended.
        seconds: it took.
        peak: bytes that the process has held at most, so far.
        grown: bytes by which this case raised that.
    """

    number: int
    kind: str
    verdict: str
    escape: str
    seconds: float
    peak: int
    grown: int


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    next: int
    since: float


def watched(seed: int, cases: int, jobs: int, limits: Limits) -> Iterator[Outcome]:
    """Yields what came of every case, in no order: worker j is fed the cases j, j + jobs, j + 2 jobs, ..."""
    workers = [_start(seed, j, cases, jobs, limits) for j in range(min(jobs, cases))]
    try:
        while workers:
            ready = wait([worker.pipe for worker in workers], timeout=1)
            for worker in list(workers):
                ended = time.monotonic() - worker.since > limits.seconds
                if ended:
                    worker.process.kill()
                elif worker.pipe in ready:
                    try:
                        outcome = worker.pipe.recv()
                        worker.next, worker.since = outcome.number + jobs, time.monotonic()
                        yield outcome
                    except EOFError:
                        ended = True
                if ended:
                    workers.remove(worker)
                    worker.process.join()
                    if worker.next < cases:
                        code = worker.process.exitcode
                        how = f"took longer than {limits.seconds:g} s, or ended the process ({code})"
                        yield Outcome(worker.next, "", "", how, time.monotonic() - worker.since, 0, 0)
                        if worker.next + jobs < cases:
                            workers.append(_start(seed, worker.next + jobs, cases, jobs, limits))
    finally:
        for worker in workers:
            worker.process.kill()


def _start(seed: int, first: int, cases: int, jobs: int, limits: Limits) -> _Worker:
    ours, theirs = _CONTEXT.Pipe(duplex=False)
    arguments = (theirs, seed, range(first, cases, jobs), limits.memory)
    process = _CONTEXT.Process(target=_work, args=arguments, daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours, first, time.monotonic() + 60)  # imports take a while


def _work(pipe: Connection, seed: int, numbers: range, memory: int) -> None:
    from fuzz.cases import case
    from fuzz.targets import feed, make_folder

    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    with tempfile.TemporaryDirectory() as folder:
        make_folder(Path(folder))
        os.chdir(folder)
        peak = _peak()
        for number in numbers:
            kind, content = case(seed, number)
            before, peak = max(peak, _peak()), 0
            verdict = escape = ""
            started = time.perf_counter()
            try:
                with warnings.catch_warnings(action="error"):
                    verdict = feed(kind, content)
            except KeyboardInterrupt:
                return
            except BaseException:
                escape = traceback.format_exc()
            seconds, peak = time.perf_counter() - started, _peak()
            pipe.send(Outcome(number, kind, verdict, escape, seconds, peak, peak - before))
        os.chdir("/")


def _peak() -> int:
    """Returns the most bytes that this process has held at once."""
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held if sys.platform == "darwin" else held * 1024
