"""A Dask scheduler and its workers, each a process of its own, which can be killed and started again."""

import random
import socket
import threading
from pathlib import Path

from chaos.life import Life

N_WORKERS = 2

A_WHILE = 2.0
"""Seconds at most until what has ended is started again."""


class Cluster:
    """A scheduler with two workers of one thread, each of which is started again where it ends.

    Attributes:
        address: of the scheduler, however often it is started.
    """

    def __init__(self, folder: Path) -> None:
        """Starts it.

        Args:
            folder: for what they say.
        """
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self._port}"
        self._folder = folder
        self._n_started = 0
        self._scheduler = self._start_scheduler()
        self._workers = [self._start_worker() for _ in range(N_WORKERS)]
        self._is_closed = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def kill(self, victims: str, rng: random.Random) -> None:
        """Kills a worker, the workers, the scheduler, or the whole cluster."""
        lost = rng.sample(self._workers, 1) if victims == "worker" else self._workers
        dying = {"scheduler": [self._scheduler], "cluster": [self._scheduler, *lost]}.get(victims, lost)
        for each in dying:
            each.kill_all()

    def close(self) -> None:
        """Ends it."""
        self._is_closed.set()
        self._keeper.join()
        for each in (*self._workers, self._scheduler):
            each.kill_all()
            each.ended()

    def _keep(self) -> None:
        """Starts again what has ended: also workers that ended since they had lost their scheduler."""
        whiles = random.Random(self._port)
        while not self._is_closed.wait(whiles.uniform(0, A_WHILE)):
            if self._scheduler.has_ended:
                self._scheduler = self._start_scheduler()
            self._workers = [self._start_worker() if each.has_ended else each for each in self._workers]

    def _start_scheduler(self) -> Life:
        return self._start("dask_scheduler", "--host", "127.0.0.1", "--port", str(self._port))

    def _start_worker(self) -> Life:
        return self._start("dask_worker", self.address, "--no-nanny", "--nthreads", "1")

    def _start(self, command: str, *options: str) -> Life:
        self._n_started += 1
        folder = self._folder / f"{command}-{self._n_started}"
        folder.mkdir(parents=True)
        return Life(["-m", f"distributed.cli.{command}", "--no-dashboard", *options], folder)
