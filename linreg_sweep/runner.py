"""Parts of a sweep, given to workers in waves: each comes back, or it is known why it does not.

A part's work is a pure function of its trials, so how many workers there are, in which order parts
come back and how often one is begun changes nothing but the time. A part that was lost is given once
more; one that was lost twice is halved, down to the trials that cannot be trained.
"""

import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeAlias, TypeVar

from linreg_sweep.errors import Complaint, SweepError
from linreg_sweep.spans import Span
from linreg_sweep.workers.interface import Workers, WorkersLostError

WORTH_WORKERS = 3.0
"""Seconds of work left above which starting workers pays: they take about one to start."""

PARTS_A_WAVE = 8
"""Parts a worker is given before all are waited for; bounds what is in flight."""

MOST_IN_A_ROW = 40
"""Losses with nothing made in between, after which it is not the trials: to halve the largest part down
to one trial takes about half of them."""


class Made(Protocol):
    """What work makes of trials: a part, or a piece of one."""

    @property
    def span(self) -> Span:
        """Its trials."""


M = TypeVar("M", bound=Made)
Make: TypeAlias = Callable[[Span], M]
PutTogether: TypeAlias = Callable[[Span, Sequence[M], Mapping[int, str]], M]


@dataclass(frozen=True)
class Lost:
    """Trials that could not be trained.

    Attributes:
        span: which trials.
        reason: why, in half a sentence.
    """

    span: Span
    reason: str


@dataclass(frozen=True)
class Order:
    """What is to be done for a sweep, whoever does it.

    Attributes:
        make: makes a part, or a piece of one, from its trials; can be pickled where there are workers.
        put_together: makes a part from its trials, its pieces, and why the other trials failed.
        stop: whether to begin nothing more.
        tell: takes a sentence for the log.
    """

    make: Make[Any]
    put_together: PutTogether[Any]
    stop: Callable[[], bool] = lambda: False
    tell: Callable[[str], None] = lambda sentence: None


def one_by_one(order: Order, spans: Sequence[Span], here: Workers) -> Generator[Any, None, Sequence[Span]]:
    """Yields parts made in this process, until they show that workers for the rest would pay.

    Args:
        order: what is to be done.
        spans: the parts.
        here: this process.

    Returns:
        The rest.
    """
    began = time.monotonic()
    for done, span in enumerate(spans):
        left = len(spans) - done
        seconds_left = (time.monotonic() - began) / max(done, 1) * left
        if order.stop() or (left > 1 and seconds_left > WORTH_WORKERS):
            return spans[done:]
        yield from made(order, [span], here)
    return []


def made(order: Order, spans: Sequence[Span], workers: Workers) -> Iterator[Any]:
    """Yields each part as it comes in; once told to stop, only those that were begun.

    Raises:
        SweepError: workers die whatever they are given, or none are left. What was yielded is whole.
    """
    yield from _Runner(order, workers).made(spans)


class _Runner:
    """Gives work to workers, and what was lost once more."""

    def __init__(self, order: Order, workers: Workers) -> None:
        self._order = order
        self._workers = workers
        self._attempt = partial(attempt, order.make)
        self._in_a_row = 0

    def made(self, spans: Sequence[Span]) -> Iterator[Any]:
        left = deque(spans)
        while left and not self._order.stop():
            lost, rest = yield from self._wave(_taken(left, self._workers.count * PARTS_A_WAVE))
            left.extendleft(reversed(rest))
            again = deque(each.span for each in lost)
            while again and not self._order.stop():
                twice, rest = yield from self._wave(_taken(again, self._workers.count))
                again.extendleft(reversed(rest))
                for each in twice:
                    yield from self._rescued(each)

    def _wave(self, spans: Sequence[Span]) -> Generator[Any, None, tuple[list[Lost], list[Span]]]:
        """Yields the parts that come back; returns those that were lost, and those never begun."""
        begun: dict[Span, str] = {}
        done: set[Span] = set()

        def giving() -> Iterator[Span]:
            for span in spans:
                if self._order.stop():
                    return
                begun[span] = ""
                yield span

        why = "it did not come back"
        try:
            for result in self._workers.each(self._attempt, giving()):
                if isinstance(result, Lost):
                    begun[result.span] = result.reason
                else:
                    done.add(result.span)
                    self._in_a_row = 0
                    yield result
        except WorkersLostError as error:
            why = str(error)
        lost = [Lost(span, begun[span] or why) for span in spans if span in begun and span not in done]
        for each in lost:
            self._note(each)
        return lost, [span for span in spans if span not in begun]

    def _note(self, lost: Lost) -> None:
        self._order.tell(f"lost: {lost.span}: {lost.reason}")
        self._in_a_row += 1
        if self._in_a_row > MOST_IN_A_ROW:
            text = f"{self._in_a_row} times in a row work was lost, whatever it was: {lost.reason}"
            hint = "finished parts are kept; mend this, or use fewer --jobs if memory ran out, and run again"
            raise SweepError(Complaint("", text, hint))

    def _rescued(self, lost: Lost) -> Iterator[Any]:
        """Yields a part that was lost twice, put together from what can be trained of it."""
        found = list(self._pieces(lost))
        pieces = [piece for piece in found if not isinstance(piece, Lost)]
        failures = {piece.span.first: piece.reason for piece in found if isinstance(piece, Lost)}
        if sum(piece.span.n_trials for piece in found) == lost.span.n_trials:  # else told to stop
            for trial, reason in failures.items():
                self._order.tell(f"failed: trial {trial}: {reason}")
            yield self._order.put_together(lost.span, pieces, failures)

    def _pieces(self, lost: Lost) -> Iterator[Any]:
        """Yields pieces of what was lost, made one at a time, and the trials that are lost even so."""
        is_one = lost.span.n_trials == 1
        for span in (lost.span,) if is_one else lost.span.halves():
            for result in self._alone(span):
                if isinstance(result, Lost) and not is_one:
                    yield from self._pieces(result)
                else:
                    yield result

    def _alone(self, span: Span) -> list[Any]:
        """Returns what was made of trials while nothing else was, or that they were lost; or nothing."""
        results = []
        wave = self._wave([span])
        while True:
            try:
                results.append(next(wave))
            except StopIteration as end:
                return [*results, *end.value[0]]


def attempt(make: Make[M], span: Span) -> M | Lost:
    """Returns what work makes of trials, or why it does not: one part's error is not another's.

    Raises:
        SweepError: something that a person can mend, and no fault of these trials.
    """
    try:
        return make(span)
    except SweepError:
        raise
    except Exception as error:
        return Lost(span, f"{type(error).__name__}: {error}"[:500])


def _taken(left: deque[Span], most: int) -> list[Span]:
    return [left.popleft() for _ in range(min(most, len(left)))]
