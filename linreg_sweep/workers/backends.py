"""From what a person asks for to the workers that do it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from math import inf
from typing import Literal, get_args

from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.workers.in_process import InProcess
from linreg_sweep.workers.interface import PATIENCE, Workers
from linreg_sweep.workers.processes import Processes, require_room

Backend = Literal["processes", "dask"]
"""What may do work: processes of this machine, or a Dask cluster."""

PROCESSES: Backend = "processes"
DASK: Backend = "dask"
BACKENDS: tuple[Backend, ...] = get_args(Backend)


def check_backend(backend: Backend, jobs: int | None, scheduler: str | None, patience: float | None) -> None:
    """Checks what a person asks for, before anything is done.

    Raises:
        ConfigError: there is no such backend, or an option goes with another one alone.
    """
    wrong = []
    if backend not in BACKENDS:
        known = ", ".join(BACKENDS)
        wrong.append(Complaint("--backend", f"must be one of {known}, got {backend!r}"))
    elif backend == DASK and scheduler is None:
        hint = "--scheduler tcp://HOST:PORT, as `dask scheduler` says it"
        wrong.append(Complaint("--scheduler", "is required with --backend dask", hint))
    elif backend == PROCESSES and scheduler is not None:
        wrong.append(Complaint("--scheduler", "applies to --backend dask only"))
    if patience is not None and backend == PROCESSES:
        wrong.append(Complaint("--patience", "applies to --backend dask only"))
    elif patience is not None and not 0 < patience < inf:
        wrong.append(Complaint("--patience", f"must be a number of seconds above 0, got {patience}"))
    if jobs is not None and not (isinstance(jobs, int) and jobs > 0):
        wrong.append(Complaint("--jobs", f"must be a whole number from 1 up, got {jobs!r}"))
    elif backend == DASK and jobs is not None:
        hint = "leave it out: all workers of the cluster are used"
        wrong.append(Complaint("--jobs", "cannot be combined with --backend dask", hint))
    if wrong:
        raise ConfigError(*wrong)


@contextmanager
def open_backend(
    backend: Backend,
    jobs: int | None,
    scheduler: str | None,
    patience: float = PATIENCE,
    libraries: Iterable[str] = (),
) -> Iterator[Workers]:
    """Yields workers, for as long as the context is open.

    Joblib keeps its processes for others that may ask, until they are idle for minutes or this one ends.

    Args:
        backend: one of BACKENDS.
        jobs: how many processes; 1: this one alone; None: one a core.
        scheduler: the address of a cluster's.
        patience: seconds to wait for a cluster's workers where there are none.
        libraries: whose versions must be on a cluster's workers what they are here.

    Raises:
        ConfigError: what reaches the cluster is not installed, or that is no address.
        SweepError: the cluster does not answer, or there is no space to start processes.
    """
    if backend == DASK:
        from linreg_sweep.workers.dask_cluster import DaskCluster

        with DaskCluster.connect(str(scheduler), patience, libraries) as cluster:
            yield cluster
    elif jobs == 1:
        yield InProcess()
    else:
        require_room()
        from joblib import cpu_count

        yield Processes(jobs or cpu_count())
