"""Who works on pieces of the data's rows: this process, or the workers of a cluster, to the same bits."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from operator import itemgetter
from threading import Lock
from typing import Generic, TypeVar

from linreg_sweep.blocks import InOrder, one_by_one
from linreg_sweep.workers.interface import Workers, WorkersLostError

Item = TypeVar("Item")
Result = TypeVar("Result")

WORTH_SENDING = 2**20
"""Numbers of the data from which on workers are given pieces of them."""

LIBRARIES = ("linreg-sweep", "numpy")
"""Whose versions must be on the workers what they are here."""

OpenWorkers = Callable[[Iterable[str]], AbstractContextManager[Workers]]


@contextmanager
def gatherers(
    open_workers: OpenWorkers | None, n_numbers: int, report: Callable[[str], None]
) -> Iterator[InOrder]:
    """Gives what works on pieces of the data, for as long as the context is open.

    Args:
        open_workers: starts those that may, given whose versions decide bits; None: this process alone.
        n_numbers: of the data; workers are not started for few.
        report: told if workers are lost.
    """
    if open_workers is None or n_numbers < WORTH_SENDING:
        yield one_by_one
        return
    with open_workers(LIBRARIES) as workers:
        yield in_order(workers, report)


def in_order(workers: Workers, report: Callable[[str], None]) -> InOrder:
    """Returns what has workers work on items, and does so itself, as it reports, where they are lost."""

    def each(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        made, place = dict[int, Result](), 0
        for number, result in _made(workers, work, _Sent(items), report):
            made[number] = result
            while place in made:
                yield made.pop(place)
                place += 1

    return each


def _made(
    workers: Workers, work: Callable[[Item], Result], sent: "_Sent[Item]", report: Callable[[str], None]
) -> Iterator[tuple[int, Result]]:
    """Yields what work makes of each item, with the item's number, as it comes."""
    try:
        for number, result in workers.each(partial(_numbered, work), sent):
            del sent.held[number]
            yield number, result
    except WorkersLostError as error:
        report(f"workers are lost ({error}): the rest of the data is gathered here")
        for number, item in sent.left():
            yield number, work(item)


class _Sent(Generic[Item]):
    """Items with their numbers, taken by any thread; those whose results have not come are kept."""

    def __init__(self, items: Iterable[Item]) -> None:
        """Takes none yet."""
        self.held: dict[int, Item] = {}
        self._numbered, self._lock, self._is_over = enumerate(items), Lock(), False

    def __iter__(self) -> Iterator[tuple[int, Item]]:
        while (pair := self._next()) is not None:
            yield pair

    def _next(self) -> tuple[int, Item] | None:
        with self._lock:
            pair = None if self._is_over else next(self._numbered, None)
            if pair is not None:
                self.held[pair[0]] = pair[1]
            return pair

    def left(self) -> Iterator[tuple[int, Item]]:
        """Yields those that are kept and those that nobody has taken, in their order; others get no more."""
        with self._lock:
            self._is_over = True
        yield from sorted(self.held.items(), key=itemgetter(0))
        yield from self._numbered


def _numbered(work: Callable[[Item], Result], pair: tuple[int, Item]) -> tuple[int, Result]:
    """Returns what work makes of an item, with the item's number."""
    return pair[0], work(pair[1])
