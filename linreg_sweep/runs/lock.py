"""One process at a time makes a run; another learns which.

On a disk the system's own lock is held, which ends with the process, however that ends. An object store
has none, nor have some file systems: there it counts who has said a moment ago that they are at it, unless
they were of this machine and are gone. Two who begin within the same moment do the work twice, and write
the same parts.
"""

import errno
import os
import platform
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from linreg_sweep.errors import Complaint, ResultsError
from linreg_sweep.runs.status import RUNNING, Status, moment, now, read_status
from linreg_sweep.storage import files
from linreg_sweep.storage.store import Store

PATIENCE = 0.5
"""Seconds for which a lock is waited for: someone may only have looked whether it is free."""

STALE = 90.0
"""Seconds after which one who has said nothing has gone, where there are no locks."""

NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP)
"""What file systems without locks say to who wants one."""


@contextmanager
def held(store: Store) -> Iterator[bool]:
    """Holds a run, whose directory is there; yields whether who held it last ended without a word.

    Raises:
        ResultsError: another process holds it; or it is not finished and cannot be written.
    """
    from filelock import Timeout

    try:
        lock = _locked(store, PATIENCE)
    except Timeout:
        raise _held_by(store, read_status(store)) from None
    except OSError as error:
        if not _is_finished(store):
            raise files.unusable(store.lock, "write", error) from error
        lock = None
    with lock or nullcontext():
        status = read_status(store)
        is_ours = status is not None and (status.pid, status.host) == holder()
        if lock is None and status is not None and _is_at_it(status) and not is_ours:
            raise _held_by(store, status, seconds=STALE - _age(status))
        yield status is not None and status.state == RUNNING


def is_alive(store: Store, status: Status | None) -> bool:
    """Returns whether a process makes this run right now, by what status.json says and by the lock."""
    if status is None or status.state != RUNNING:
        return False
    from filelock import Timeout

    try:
        lock = _locked(store, 0)
    except Timeout:
        return True
    except OSError:  # a folder that may only be read, at least from here
        lock = None
    with lock or nullcontext():
        return lock is None and _is_at_it(status)


def _locked(store: Store, patience: float) -> AbstractContextManager[object] | None:
    """Returns the system's lock of a run, which is held until it is left; None: there are no locks there.

    Raises:
        Timeout: another process holds it.
        OSError: the folder cannot be written.
    """
    if not files.is_local(store.lock):
        return None
    from filelock import FileLock

    try:
        return FileLock(store.lock, timeout=patience, fallback_to_soft=False).acquire()
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        return None


def _is_at_it(status: Status) -> bool:
    """Returns whether who makes a run is still there, by what they said last."""
    is_gone = status.host == platform.node() and not _lives(status.pid)
    return status.state == RUNNING and not is_gone and abs(_age(status)) < STALE


def _age(status: Status) -> float:
    """Returns how many seconds ago a status was written."""
    return (moment(now()) - moment(status.updated)).total_seconds()


def _lives(pid: int) -> bool:
    """Returns whether this machine may have a process of that number; Windows cannot be asked so."""
    if os.name == "nt":
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # somebody else's
        return True
    return True


def holder() -> tuple[int, str]:
    """Returns the number of this process, and the name of this machine."""
    return os.getpid(), platform.node()


def _is_finished(store: Store) -> bool:
    """Returns whether a run lacks nothing by what it says: it can be where nothing can be written."""
    try:
        return "finished" in store.read_metadata()
    except ResultsError:
        return False


def _held_by(store: Store, status: Status | None, *, seconds: float | None = None) -> ResultsError:
    """Returns the error that somebody makes a run; seconds: after which they are taken for gone."""
    who = "another process"
    if status is not None and status.state == RUNNING:
        who = f"process {status.pid} on {status.host}, since {status.started},"
    hint = f"wait for it; `linreg-sweep status {store.path}` shows how far it is"
    if seconds is not None:
        hint += f"; if it was killed, the run is free in {seconds:.0f} s"
    return ResultsError(Complaint(str(store.path), f"{who} is making this run", hint))
