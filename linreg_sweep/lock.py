"""One process at a time makes a run; another is told which.

On a disk the system's own lock is held, which ends with the process, however that ends. An object store
has none: there it counts who has said a moment ago that they are at it. Two at once would do no harm but
waste: they write the same bytes.
"""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager

from linreg_sweep import files
from linreg_sweep.errors import Complaint, ResultsError
from linreg_sweep.status import RUNNING, Status, moment, now, read_status
from linreg_sweep.store import Store

PATIENCE = 0.5
"""Seconds for which a lock is waited for: someone may only have looked whether it is free."""

STALE = 90.0
"""Seconds after which one who has said nothing in an object store has gone."""


@contextmanager
def held(store: Store) -> Iterator[bool]:
    """Holds a run, whose directory is there; yields whether who held it last ended without a word.

    Raises:
        ResultsError: another process holds it, or the directory cannot be written.
    """
    if not files.is_local(store.lock):
        status = read_status(store)
        if is_alive(store, status) and not _is_own(status):
            raise _held_by(store, status)
        yield status is not None and status.state == RUNNING
        return
    from filelock import FileLock, Timeout

    lock = FileLock(store.lock, timeout=PATIENCE)
    try:
        lock.acquire()
    except Timeout:
        raise _held_by(store, read_status(store)) from None
    except OSError as error:
        raise files.unusable(store.lock, "write", error) from error
    try:
        status = read_status(store)
        yield status is not None and status.state == RUNNING
    finally:
        lock.release()


def is_alive(store: Store, status: Status | None) -> bool:
    """Returns whether a process makes this run right now, by what status.json says and by the lock."""
    if status is None or status.state != RUNNING:
        return False
    if not files.is_local(store.lock):
        return (moment(now()) - moment(status.updated)).total_seconds() < STALE
    from filelock import FileLock, Timeout

    try:
        with FileLock(store.lock, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:  # a folder that may only be read, at least from here
        return False


def holder() -> tuple[int, str]:
    """Returns the number of this process, and the name of this machine."""
    return os.getpid(), platform.node()


def _is_own(status: Status | None) -> bool:
    return status is not None and (status.pid, status.host) == holder()


def _held_by(store: Store, status: Status | None) -> ResultsError:
    who = "another process"
    if status is not None and status.state == RUNNING:
        who = f"process {status.pid} on {status.host}, since {status.started},"
    hint = f"wait for it; `linreg-sweep status {store.path}` tells how far it is"
    return ResultsError(Complaint(str(store.path), f"{who} is making this run", hint))
