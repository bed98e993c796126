"""A connection to a Dask scheduler that leaves nothing behind, not even where it fails."""

import asyncio
import logging
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING

from linreg_sweep.errors import Complaint, ConfigError, SweepError
from linreg_sweep.workers.greeting import require_scheduler
from linreg_sweep.workers.interface import PATIENCE

if TYPE_CHECKING:
    from distributed import Client

SECONDS_TO_ANSWER = 10.0
"""How long a scheduler may take to take connections, or to come back, before it is taken for gone."""


@contextmanager
def connect(scheduler: str, patience: float = PATIENCE) -> "Iterator[Client]":
    """Gives a client of a scheduler, for as long as the context is open.

    Args:
        scheduler: its address, `tcp://HOST:PORT`.
        patience: seconds that it may take to say its first words, where it takes connections.

    Raises:
        ConfigError: that is no address, or Dask is not installed.
        SweepError: no scheduler answers there.
    """
    address = re.fullmatch(r"(tcp|tls)://\[?(\S+?)\]?:(\d{1,5})", scheduler)
    if not address or int(address[3]) > 65535:
        raise ConfigError(Complaint("--scheduler", f"must be tcp://HOST:PORT, got {scheduler!r}"))
    try:
        from distributed import Client
    except ImportError:
        hint = "pip install -c constraints.txt -e '.[dask]'"
        raise ConfigError(Complaint("", "Dask is not installed", hint)) from None
    with _quiet("distributed", "distributed.client", "tornado.application"), _loop() as loop:

        async def connected() -> Client:
            client = Client(scheduler, timeout=seconds, asynchronous=True, set_as_default=False)
            try:
                async with asyncio.timeout(patience):  # what is silent once it has taken the connection
                    return await client
            except BaseException:  # also where the loop ends, since who waits here was told to end
                await client.close(timeout=1)
                raise

        seconds = min(SECONDS_TO_ANSWER, patience)
        try:
            if address[1] == "tcp":
                _require_scheduler(scheduler, address[2], int(address[3]), seconds, patience)
            client = asyncio.run_coroutine_threadsafe(connected(), loop).result()
        except SweepError:
            raise
        except Exception as error:
            text = f"no Dask scheduler answers within {seconds:g} seconds"
            hint = "start one with `dask scheduler`; it says its address"
            if not isinstance(error, OSError):  # such as of tls:// without certificates
                text, hint = f"cannot connect to a Dask scheduler: {error}", "see Dask's configuration"
            raise SweepError(Complaint(scheduler, text, hint)) from error
        try:
            yield client
        finally:
            client.close(timeout=SECONDS_TO_ANSWER)


def _require_scheduler(scheduler: str, host: str, port: int, seconds: float, patience: float) -> None:
    """Waits for a scheduler to greet, and so many seconds for it to take connections; see greeting."""
    until = time.monotonic() + seconds
    while True:
        try:
            return require_scheduler(scheduler, host, port, patience)
        except OSError:
            if time.monotonic() > until:
                raise
        time.sleep(0.1)


@contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Runs a loop in a thread that ends with the context; a client's own stays if it loses its scheduler."""
    running: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def run() -> None:
        stop = asyncio.Event()
        running.set_result((asyncio.get_running_loop(), stop))
        await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="Dask client", daemon=True)
    thread.start()
    loop, stop = running.result()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(SECONDS_TO_ANSWER)


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
