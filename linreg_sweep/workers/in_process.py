"""Work in this process, one item after the other."""

from collections.abc import Callable, Iterable, Iterator

from linreg_sweep.workers.interface import Item, Result


class InProcess:
    """Does work right here."""

    count = 1

    def each(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yields what work makes of each item, when it is asked for."""
        return map(work, items)

    def __str__(self) -> str:
        return "this process"
