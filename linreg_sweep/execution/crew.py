"""Who makes what of a sweep: the first parts here, the rest by workers, and at last what failed before."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeAlias

from linreg_sweep.execution.runner import Order, Runner
from linreg_sweep.execution.spans import Span, runs_of
from linreg_sweep.workers.in_process import InProcess
from linreg_sweep.workers.interface import Workers

Hire: TypeAlias = Callable[[], AbstractContextManager[Workers]]


@dataclass(frozen=True)
class Missing:
    """What is missing of a sweep.

    Attributes:
        parts: those that are not there.
        trials: of parts that are there, the trials that could not be trained, with the reasons.
        read_part: returns such a part.
    """

    parts: Sequence[Span]
    trials: Mapping[Span, Mapping[int, str]]
    read_part: Callable[[Span], Any]

    def __bool__(self) -> bool:
        return bool(self.parts or self.trials)


def trained(
    order: Order,
    missing: Missing,
    hire: Hire,
    say: Callable[[str], None],
    *,
    alone_first: bool,
) -> Generator[Any, None, None]:
    """Yields each missing part as it comes in.

    Args:
        order: how parts are made.
        missing: which.
        hire: starts workers, and ends them.
        say: told who trains, in words.
        alone_first: begin in this process, and hire only if that would pay.

    Raises:
        SweepError: workers die whatever they are given, or none are left.
    """
    runner, parts = Runner(order), missing.parts
    if alone_first:
        parts = yield from runner.one_by_one(parts, InProcess())
    if order.stop() or not (parts or missing.trials):
        return
    with hire() as workers:
        say(str(workers))
        yield from runner.made(parts, workers)
        for span, failures in missing.trials.items():
            if order.stop():
                return
            tried = list(runner.made(list(runs_of(span.part, failures)), workers, whatever=True))
            left = dict(failures)
            for piece in tried:
                for trial in range(piece.span.first, piece.span.stop):
                    left.pop(trial)
                left |= piece.facts.failures
            yield order.put_together(span, [missing.read_part(span), *tried], left)
