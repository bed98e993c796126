"""joblib's loky, with an end to every wait.

One thread of loky's looks after its workers. It does not see the death of a worker that was started while it
waited already, and where it dies itself, nobody does: joblib 1.6 then waits for ever. Here it is made to look
again and again, and where it is gone, who waits is told.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import InvalidStateError
from contextlib import contextmanager, suppress
from typing import Any

SECONDS_A_LOOK = 0.5


@contextmanager
def watched(executor: Any) -> Iterator[None]:
    """Watches over the workers of loky's executor for as long as the context is open.

    None: there are none, as where joblib may start no process.
    """
    if executor is None:
        yield
        return
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(SECONDS_A_LOOK):
            _look(executor)

    watching = threading.Thread(target=watch, name="watches over workers", daemon=True)
    watching.start()
    try:
        yield
    finally:
        is_over.set()


def _look(executor: Any) -> None:
    with executor._flags.shutdown_lock:
        thread = executor._executor_manager_thread
        if executor._flags.broken is not None or executor._flags.shutdown or thread is None:
            return
        if thread.is_alive():
            executor._executor_manager_thread_wakeup.wakeup()
            return
    _fail(executor)


def _fail(executor: Any) -> None:
    """Ends an executor that nobody looks after: its workers, and the waits for them."""
    from joblib.externals.loky.process_executor import BrokenProcessPool

    error = BrokenProcessPool("nobody was left to look after its worker process")
    executor._flags.flag_as_broken(error)
    for process in list(executor._processes.values()):
        process.terminate()
    for item in list(executor._pending_work_items.values()):
        with suppress(InvalidStateError):  # called off
            item.future.set_exception(error)
