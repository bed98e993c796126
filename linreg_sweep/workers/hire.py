"""From what a person asks for to the workers that do it."""

from collections.abc import Iterator
from contextlib import contextmanager

from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.workers.in_process import InProcess
from linreg_sweep.workers.interface import Workers
from linreg_sweep.workers.processes import Processes

PROCESSES = "processes"
BACKENDS = (PROCESSES,)


@contextmanager
def hired(backend: str, jobs: int | None, scheduler: str | None) -> Iterator[Workers]:
    """Yields workers, and lets them go in the end.

    Args:
        backend: one of BACKENDS.
        jobs: how many processes; 1: this one alone; None: one a core.
        scheduler: the address of a cluster's.

    Raises:
        ConfigError: there is no such backend, or something goes with another one alone.
    """
    if backend not in BACKENDS:
        raise ConfigError(Complaint("backend", f"must be one of {', '.join(BACKENDS)}, got {backend!r}"))
    if jobs == 1:
        yield InProcess()
    else:
        from joblib import cpu_count

        yield Processes(jobs or cpu_count())
