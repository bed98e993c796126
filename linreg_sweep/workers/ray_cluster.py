"""Work on a Ray cluster, by Ray's backend for joblib."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any, Self

from linreg_sweep.errors import Complaint, ConfigError, SweepError
from linreg_sweep.workers.checked import check
from linreg_sweep.workers.interface import PATIENCE, Item, Result, WorkersLostError, gone

SECONDS_A_LOOK = 0.01
"""How often it is looked whether tasks are done, and whether there are CPUs."""


class RayCluster:
    """Does work on whatever CPUs a Ray cluster has; made by connect.

    Ray's backend gives results only all together, so as many items as there are CPUs are done at a time.

    Args:
        patience: seconds to wait for CPUs where there are none.
        libraries: whose versions must be on every worker what they are here.
    """

    def __init__(self, patience: float, libraries: Iterable[str]) -> None:
        self._patience = patience
        self._libraries = tuple(libraries)
        self._sent: tuple[object, object] | None = None
        self._parallel: Any = None

    @classmethod
    @contextmanager
    def connect(
        cls, address: str | None = None, patience: float = PATIENCE, libraries: Iterable[str] = ()
    ) -> Iterator[Self]:
        """Gives a Ray cluster for as long as the context is open.

        Args:
            address: of its head, `HOST:PORT`; None: what RAY_ADDRESS says, else a cluster on this machine.
            patience: see the class.
            libraries: see the class.

        Raises:
            ConfigError: Ray is not installed.
            SweepError: nothing answers there.
        """
        try:
            import ray
            from ray.util.joblib import register_ray
        except ImportError:
            hint = "pip install -c constraints.txt -e '.[ray]'"
            raise ConfigError(Complaint("", "Ray is not installed", hint)) from None
        try:
            where = address or os.environ.get("RAY_ADDRESS", "local")
            ray.init(where, log_to_driver=False, logging_level=logging.CRITICAL)
        except Exception as error:
            hint = "start one with `ray start --head`; it says its address"
            raise SweepError(Complaint(address or "", f"no Ray cluster answers: {error}", hint)) from error
        try:
            register_ray()
            workers = cls(patience, libraries)
            yield workers
            workers._close()
        finally:
            ray.shutdown()

    @property
    def count(self) -> int:
        """How many CPUs the cluster has together, now; 1 where there are none."""
        return max(1, _cpus())

    def __str__(self) -> str:
        return f"{self.count} CPUs of a Ray cluster"

    def each(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yields what work makes of each item, as many together as there are CPUs; see Workers."""
        import ray
        from joblib import delayed

        if self._sent is None or self._sent[0] is not work:
            self._sent = work, ray.put(check(work, self._libraries))
        sent = self._sent[1]
        rest = iter(items)
        while some := list(islice(rest, self.count)):
            try:
                yield from self._together([delayed(_do)(sent, item) for item in some])
            except ray.exceptions.RayError as error:
                raise WorkersLostError(str(error).partition("\n")[0]) from error

    def _together(self, tasks: list[Any]) -> list[Any]:
        """Returns what comes of tasks, unless there is nobody to do them for longer than patience."""
        self._require_cpus(lambda: _cpus() > 0)
        done: Future[list[Any]] = Future()

        def run() -> None:
            try:
                done.set_result(self._open()(tasks))
            except BaseException as error:
                self._close()
                done.set_exception(error)

        threading.Thread(target=run, name="Ray tasks", daemon=True).start()
        try:
            self._require_cpus(done.done)
        except BaseException:
            self._parallel = None  # it is still at work
            raise
        return done.result()

    def _open(self) -> Any:
        """Returns joblib's Parallel with actors that serve call after call: to start them takes seconds."""
        from joblib import Parallel

        if self._parallel is None:
            self._parallel = Parallel(n_jobs=self.count, backend="ray", batch_size=1).__enter__()
        return self._parallel

    def _close(self) -> None:
        parallel, self._parallel = self._parallel, None
        if parallel is not None:
            with suppress(Exception):  # what is lost cannot be closed
                parallel.__exit__(None, None, None)

    def _require_cpus(self, enough: Callable[[], bool]) -> None:
        """Waits until it is enough; raises SweepError where there is no CPU for longer than patience."""
        last = time.monotonic()
        while not enough():
            time.sleep(SECONDS_A_LOOK)
            if _cpus():
                last = time.monotonic()
            elif time.monotonic() - last > self._patience:
                raise gone(f"no CPU was there for {self._patience:g} seconds")


def _cpus() -> int:
    import ray

    return int(ray.cluster_resources().get("CPU", 0))


def _do(sent: Any, item: Any) -> Any:
    import ray

    return ray.get(sent)(item)
