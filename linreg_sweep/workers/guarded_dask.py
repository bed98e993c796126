"""joblib's Dask backend, with an end to every wait.

Where Dask gives up on a task, joblib 1.6 notes the error but tells nobody, so that Parallel waits for ever
(a test says when that is mended); it waits as long where every worker is gone, and for a task that was on its
way while the scheduler died and another came. Here who waits is told.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any

from distributed import Client, KilledWorker
from joblib._dask import DaskDistributedBackend

from linreg_sweep.errors import Complaint, SweepError
from linreg_sweep.workers.interface import WorkersLostError, gone

SECONDS_A_LOOK = 0.5
"""How often it is looked whether there are workers."""

SECONDS_TO_ARRIVE = 10.0
"""How long a scheduler that answers may not know of a task before the task is taken for lost."""


class GuardedDask(DaskDistributedBackend):  # type: ignore[misc] # joblib ships no types
    """The backend of one call of Parallel.

    Args:
        client: connected to a scheduler.
        n_jobs: how many tasks to work on at once.
        patience: seconds to wait where there is no worker.
    """

    def __init__(self, client: Client, n_jobs: int, patience: float) -> None:
        super().__init__(client=client)
        self._n_jobs = n_jobs
        self._patience = patience
        self._waiting: set[Callable[[Any], None]] = set()

    def effective_n_jobs(self, n_jobs: int) -> int:
        """Returns how many tasks are worked on at once; never 1, which joblib would do in this process."""
        return max(2, self._n_jobs)

    def start_call(self) -> None:
        """Begins to collect results, and to watch."""
        super().start_call()
        self.client.loop.add_callback(self._watch)

    def submit(self, func: Any, callback: Callable[[Any], None]) -> "Future[Any]":
        """Gives Dask a task; the callback gets its result, or the exception that Dask gives instead."""

        def done(job: "Future[Any]") -> None:
            self._waiting.discard(callback)
            if error := job.exception():
                callback(_meaning(error))

        self._waiting.add(callback)
        job: Future[Any] = super().submit(func, callback)
        job.add_done_callback(done)
        return job

    def retrieve_result_callback(self, out: Any) -> Any:
        """Returns a task's results, or raises what it raised."""
        match out:
            case CancelledError():
                raise WorkersLostError("the cluster gave it up") from out
            case OSError():  # joblib connects a client in each worker, and that may fail
                raise WorkersLostError(f"a worker lost its connection: {out}") from out
            case ModuleNotFoundError():
                raise _meaning(out) from out
        return super().retrieve_result_callback(out)

    def abort_everything(self, ensure_ready: bool = True) -> None:
        """Cancels all that is in flight, and ends what collects it."""
        super().abort_everything(ensure_ready)
        self._continue = False
        self.client.loop.add_callback(self._cancel)

    async def _cancel(self) -> None:
        futures = list(self._results)
        self._results.clear()
        self._callbacks.clear()
        self._waiting.clear()
        async with self.waiting_futures.condition:
            self.waiting_futures.condition.notify_all()
        if self.client.status == "running":
            await self.client.cancel(futures, asynchronous=True)

    async def _watch(self) -> None:
        """Fails the call where for longer than patience there was no worker, or no scheduler to ask.

        Also where the scheduler does not know of a task: then that is lost.
        """
        last = time.monotonic()
        unknown: dict[Callable[[Any], None], float] = {}
        while self._continue:
            trouble = await self._trouble()
            if not trouble:
                last = time.monotonic()
                unknown = {each: unknown.get(each, last) for each in await self._unknown()}
                for callback, since in unknown.items():
                    if last - since > SECONDS_TO_ARRIVE:
                        callback(WorkersLostError("the cluster does not know of it"))
            elif self.client.status == "closed":
                self._fail("the scheduler is gone")
            elif time.monotonic() - last > self._patience:
                self._fail(f"{trouble} for {self._patience:g} seconds")
            await asyncio.sleep(SECONDS_A_LOOK)

    def _fail(self, trouble: str) -> None:
        for callback in list(self._waiting):
            callback(gone(trouble))

    async def _unknown(self) -> set[Callable[[Any], None]]:
        """Returns who waits for a task that the scheduler does not know of: not yet, or no more."""
        keys = {callback: future.key for future, callback in self._callbacks.items()}
        try:
            ask = self.client.scheduler.get_task_status(keys=list(keys.values()))
            states = await asyncio.wait_for(ask, self._patience)
        except Exception:  # which the next look will say
            return set()
        return {callback for callback in self._waiting if states.get(keys.get(callback)) is None}

    async def _trouble(self) -> str:
        """Returns why no work can be done now; empty where it can."""
        try:
            about = await asyncio.wait_for(self.client.scheduler.identity(n_workers=0), self._patience)
        except Exception:  # whatever it is: where this ends, nobody watches
            return "the scheduler did not answer"
        return "" if about["n_workers"] else "no worker was there"


def _meaning(error: BaseException) -> Exception:
    """Returns what it means that Dask failed a task."""
    if isinstance(error, KilledWorker):
        return WorkersLostError(f"{error.allowed_failures + 1} workers died over it")
    hint = "install linreg-sweep on the scheduler and on every worker as it is here"
    return SweepError(Complaint("", f"the cluster cannot read the work it was sent: {error}", hint))
