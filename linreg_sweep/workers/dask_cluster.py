"""Work on the workers of a Dask scheduler, by joblib's Dask backend."""

import logging
import operator
import re
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from linreg_sweep.errors import Complaint, ConfigError, SweepError
from linreg_sweep.workers.checked import LIBRARIES, Checked, check
from linreg_sweep.workers.interface import Item, Result, WorkersLostError

if TYPE_CHECKING:
    from distributed import Client, Future

SECONDS_TO_ANSWER = 10.0
"""How long a scheduler may take to answer, or to come back, before it is taken for gone."""

A_THREAD = 2
"""Items in flight for each thread of the workers, so that none waits for its next."""


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
        cls, scheduler: str, patience: float = 60.0, libraries: Iterable[str] = LIBRARIES
    ) -> Iterator[Self]:
        """Gives the cluster of a scheduler for as long as the context is open.

        Args:
            scheduler: its address, `tcp://HOST:PORT`.
            patience: see the class.
            libraries: see the class.

        Raises:
            ConfigError: that is no address, or Dask is not installed.
            SweepError: no scheduler answers there.
        """
        with _client(scheduler) as client:
            yield cls(client, patience, libraries)

    @property
    def count(self) -> int:
        """How many threads the workers have together, now; 1 where there are none."""
        try:
            identity = self._client.scheduler.identity
            about = self._client.sync(identity, n_workers=0, callback_timeout=SECONDS_TO_ANSWER)
        except (OSError, TimeoutError, AttributeError, RuntimeError):  # each says what there is to say
            return 1
        return max(1, int(about["total_threads"]))

    def each(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yields what work makes of each item as it comes; see Workers.

        A worker that dies costs no more than time: Dask gives its items to others, until the fourth
        death over one of them.
        """
        from joblib import Parallel, delayed

        from linreg_sweep.workers.guarded_dask import GuardedDask

        # who stops a sweep needs no advice on how to iterate
        warnings.filterwarnings("ignore", r"\d+ tasks (which|have)", UserWarning, "joblib")
        threads = self.count
        parallel = Parallel(
            backend=GuardedDask(self._client, threads, self._patience),
            batch_size=1,
            pre_dispatch=A_THREAD * threads,
            return_as="generator_unordered",
        )
        try:
            sent = self._send(work)
            yield from parallel(delayed(operator.call)(sent, item) for item in items)
        except WorkersLostError as error:
            self._require_scheduler(error)
            raise

    def _send(self, work: Callable[[Item], Result]) -> "Future":
        """Returns the work as Dask has it: sent once to the scheduler, and once to each worker from there.

        It is the result of a task rather than scattered, so that the scheduler can have it made again
        when every worker that had it is gone.
        """
        import dask

        if (
            self._sent is None
            or self._sent[0] is not work
            or self._sent[1].status not in ("pending", "finished")
        ):
            checked = check(work, self._libraries)
            with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TB"}):
                self._sent = work, self._client.submit(_itself, checked, pure=False)
        return self._sent[1]

    def _require_scheduler(self, error: Exception) -> None:
        """Waits while the client looks for a scheduler that it lost; raises SweepError if it finds none."""
        from linreg_sweep.workers.guarded_dask import gone

        until = time.monotonic() + 2 * SECONDS_TO_ANSWER
        while self._client.status == "connecting" and time.monotonic() < until:
            time.sleep(0.1)
        if self._client.status != "running":
            raise gone("the scheduler is gone") from error


def _itself(checked: Checked[Item, Result]) -> Checked[Item, Result]:
    return checked


@contextmanager
def _client(scheduler: str) -> "Iterator[Client]":
    if not re.fullmatch(r"\w+://\S+:\d+", scheduler):
        raise ConfigError(Complaint("scheduler", f"must be tcp://HOST:PORT, got {scheduler!r}"))
    try:
        from distributed import Client
    except ImportError:
        hint = "pip install -c constraints.txt -e '.[dask]'"
        raise ConfigError(Complaint("", "Dask is not installed", hint)) from None
    with _quiet("distributed", "distributed.client", "tornado.application"):
        try:
            client = Client(scheduler, timeout=SECONDS_TO_ANSWER, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            text = f"no Dask scheduler answers within {SECONDS_TO_ANSWER:g} seconds"
            hint = "start one with `dask scheduler`; it says its address"
            raise SweepError(Complaint(scheduler, text, hint)) from error
        try:
            yield client
        finally:
            client.close(timeout=SECONDS_TO_ANSWER)


@contextmanager
def _quiet(*names: str) -> Iterator[None]:
    """Keeps back what loggers tell of comings and goings: what matters is raised."""
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
