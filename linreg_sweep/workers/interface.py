"""What does work: this process, others on this machine, or a cluster; all look the same from outside."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

from linreg_sweep.errors import Complaint, SweepError

Item = TypeVar("Item")
Result = TypeVar("Result")

PATIENCE = 60.0
"""Seconds to wait for workers of a cluster while there are none, where nothing else is said."""


class WorkersLostError(Exception):
    """Workers died with work in flight, for the reason that it says.

    What was yielded before is done. The rest may be given again: the workers are new, or back.
    """


class Workers(Protocol):
    """What does work."""

    @property
    def count(self) -> int:
        """How many items are worked on at once, at least 1; on a cluster this may change."""

    def each(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yields what work makes of each item, in the order in which it is made.

        Args:
            work: can be pickled where workers are other processes. What it raises is raised here.
            items: taken as workers become free, so that few are in flight if it ends early.

        Raises:
            WorkersLostError: a worker died. What was in flight is lost, on this or another worker.
            SweepError: there is nothing left to work with, and waiting for it has not helped.
        """


def gone(trouble: str) -> SweepError:
    """Returns the error for a cluster with which there is no going on."""
    hint = "finished parts are kept: once the cluster is back, the same command does the rest"
    return SweepError(Complaint("", trouble, hint))
