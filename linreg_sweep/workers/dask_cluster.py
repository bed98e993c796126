"""Work on the workers of a Dask scheduler, by joblib's Dask backend."""

import pickle
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from linreg_sweep.workers import dask_client
from linreg_sweep.workers.checked import check
from linreg_sweep.workers.interface import PATIENCE, Item, Result, WorkersLostError, gone
from linreg_sweep.workers.unordered import unordered

if TYPE_CHECKING:
    from distributed import Client, Future

A_THREAD = 2
"""Items in flight for each thread of the workers, so that none waits for its next."""

_THERE = ("pending", "finished")


class DaskCluster:
    """Does work on whatever workers a scheduler has; made by connect.

    Args:
        client: connected to the scheduler.
        patience: seconds to wait for workers where there are none.
        libraries: whose versions must be on every worker what they are here.
    """

    def __init__(self, client: "Client", patience: float, libraries: Iterable[str]) -> None:
        self._client = client
        self._patience = patience
        self._libraries = tuple(libraries)
        self._sent: tuple[object, Future] | None = None

    @classmethod
    @contextmanager
    def connect(
        cls, scheduler: str, patience: float = PATIENCE, libraries: Iterable[str] = ()
    ) -> Iterator[Self]:
        """Gives the cluster of a scheduler for as long as the context is open; see dask_client.connect."""
        with dask_client.connect(scheduler, patience) as client:
            yield cls(client, patience, libraries)

    @property
    def count(self) -> int:
        """How many threads the workers have together, now; 1 where there are none."""
        try:
            identity = self._client.scheduler.identity
            about = self._client.sync(identity, n_workers=0, callback_timeout=dask_client.SECONDS_TO_ANSWER)
        except (OSError, RuntimeError, AttributeError):  # closed, or silent: `each` raises what is wrong
            return 1
        return max(1, int(about["total_threads"]))

    def __str__(self) -> str:
        return f"{self.count} threads of a Dask cluster"

    def each(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yields what work makes of each item as it comes; see Workers.

        A worker that dies costs no more than time: Dask gives its items to others, until the fourth
        death over one of them.
        """
        from joblib import delayed

        from linreg_sweep.workers.guarded_dask import GuardedDask

        self._require_scheduler()
        threads = self.count
        backend = GuardedDask(self._client, threads, self._patience)
        parallel = unordered(backend=backend, pre_dispatch=A_THREAD * threads)
        try:
            sent = self._send(work)
            do = delayed(lambda sent, item: pickle.loads(sent)(item))
            yield from parallel(do(sent, item) for item in items)
        except WorkersLostError:
            self._require_scheduler()
            raise

    def _send(self, work: Callable[[Item], Result]) -> "Future":
        """Returns the work as Dask has it: sent once to the scheduler, and once to each worker from there.

        It is the result of a task rather than scattered, so that the scheduler can have it made again when
        every worker that had it is gone. It stays bytes, and what opens them is a lambda, which is sent
        whole: a worker that has not this package could not read more, and would end without a word.
        """
        import dask

        if self._sent is None or self._sent[0] is not work or self._sent[1].status not in _THERE:
            sent = pickle.dumps(check(work, self._libraries))
            with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TB"}):
                future = self._client.submit(lambda sent: pickle.loads(sent) and sent, sent, pure=False)
            self._sent = work, future
        return self._sent[1]

    def _require_scheduler(self) -> None:
        """Waits while the client looks for a scheduler that it lost; raises SweepError if it finds none."""
        until = time.monotonic() + 2 * dask_client.SECONDS_TO_ANSWER
        while self._client.status == "connecting" and time.monotonic() < until:
            time.sleep(0.1)
        if self._client.status != "running":
            raise gone("the scheduler is gone")
