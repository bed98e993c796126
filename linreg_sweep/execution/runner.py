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
from linreg_sweep.execution.spans import Span
from linreg_sweep.workers.interface import Workers, WorkersLostError

WORTH_WORKERS = 3.0
"""Seconds of work left above which starting workers pays: they take about one to start."""

PARTS_A_WAVE = 8
"""Parts a worker is given before all are waited for; bounds what is in flight."""

MOST_IN_A_PART = 256
"""Losses in a row over pieces of one part, after which the rest of it is not tried piece by piece."""

MOST_AT_FIRST, MOST_IN_A_ROW = 40, 1000
"""Losses in a row after which it is not the trials: before anything was made, and later."""


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
        is_proven: whether some of it has been done before, so that it can be.
        stop: whether to begin nothing more.
        tell: takes a sentence for the log.
    """

    make: Make[Any]
    put_together: PutTogether[Any]
    is_proven: bool = False
    stop: Callable[[], bool] = lambda: False
    tell: Callable[[str], None] = lambda sentence: None


class Runner:
    """Gives work to workers, and what was lost once more; to be asked once or several times."""

    def __init__(self, order: Order) -> None:
        """Asks for nothing yet.

        Args:
            order: what is to be done.
        """
        self._order = order
        self._attempt = partial(attempt, order.make)
        self._in_a_row = 0
        self._has_made = order.is_proven

    def one_by_one(self, spans: Sequence[Span], here: Workers) -> Generator[Any, None, Sequence[Span]]:
        """Yields parts made in this process, until they show that workers for the rest would pay.

        Args:
            spans: the parts.
            here: this process.

        Returns:
            The rest.
        """
        began = time.monotonic()
        for done, span in enumerate(spans):
            left = len(spans) - done
            seconds_left = (time.monotonic() - began) / max(done, 1) * left
            if self._order.stop() or (left > 1 and seconds_left > WORTH_WORKERS):
                return spans[done:]
            yield from self.made([span], here)
        return []

    def made(self, spans: Sequence[Span], workers: Workers, *, whatever: bool = False) -> Iterator[Any]:
        """Yields each part as it comes in; once told to stop, only those that were begun.

        Args:
            spans: the parts.
            workers: who makes them.
            whatever: go on however much is lost, as of trials that failed before.

        Raises:
            SweepError: workers die whatever they are given, or none are left. What was yielded is whole.
        """
        left = deque(spans)
        while left and not self._order.stop():
            lost, rest = yield from self._wave(workers, _taken(left, workers.count * PARTS_A_WAVE))
            left.extendleft(reversed(rest))
            again = deque(each.span for each in lost)
            while again and not self._order.stop():
                twice, rest = yield from self._wave(workers, _taken(again, workers.count))
                again.extendleft(reversed(rest))
                for each in twice:
                    found = []
                    for piece in self._pieces(workers, each, _Budget()):
                        found.append(piece)
                        if not whatever:
                            self._check(each)
                    yield from self._rescued(each.span, found)

    def _wave(
        self, workers: Workers, spans: Sequence[Span]
    ) -> Generator[Any, None, tuple[list[Lost], list[Span]]]:
        """Yields the parts that come back; returns those that were lost, and those never begun."""
        begun: dict[Span, str] = {}
        done: set[Span] = set()
        is_over = False

        def giving() -> Iterator[Span]:
            for span in spans:
                if is_over or self._order.stop():
                    return
                begun[span] = ""
                yield span

        why = "it did not come back"
        try:
            for result in workers.each(self._attempt, giving()):
                if isinstance(result, Lost):
                    begun[result.span] = result.reason
                else:
                    done.add(result.span)
                    yield result
        except WorkersLostError as error:
            why = str(error)
        is_over = True
        given = begun.copy()  # a thread of the workers may be taking one more, which is then begun anew
        lost = [Lost(span, given[span] or why) for span in spans if span in given and span not in done]
        for each in lost:
            self._order.tell(f"lost: {each.span}: {each.reason}")
        self._has_made = self._has_made or bool(done)
        self._in_a_row = 0 if done else self._in_a_row + bool(lost)
        return lost, [span for span in spans if span not in given]

    def _check(self, lost: Lost) -> None:
        """Raises a SweepError where so much was lost in a row that it cannot be the trials' fault."""
        if self._in_a_row > (MOST_IN_A_ROW if self._has_made else MOST_AT_FIRST):
            text = f"work was lost {self._in_a_row} times in a row: {lost.reason}"
            hint = "finished parts are kept; mend this, or use fewer --jobs if memory ran out, and run again"
            raise SweepError(Complaint("", text, hint))

    def _rescued(self, span: Span, found: Sequence[Any]) -> Iterator[Any]:
        """Yields a part that was lost twice, put together from what could be made of it."""
        if sum(piece.span.n_trials for piece in found) < span.n_trials:
            return  # told to stop on the way
        failures: dict[int, str] = {}
        for piece in found:
            if isinstance(piece, Lost):
                self._order.tell(f"failed: {piece.span}: {piece.reason}")
                failures |= dict.fromkeys(range(piece.span.first, piece.span.stop), piece.reason)
        pieces = [piece for piece in found if not isinstance(piece, Lost)]
        yield self._order.put_together(span, pieces, failures)

    def _pieces(self, workers: Workers, lost: Lost, budget: "_Budget") -> Iterator[Any]:
        """Yields pieces of what was lost, made one at a time, and the trials that are lost even so."""
        is_one = lost.span.n_trials == 1
        for span in (lost.span,) if is_one else lost.span.halves():
            if budget.is_spent:
                yield Lost(span, f"{lost.reason} (not tried alone: {MOST_IN_A_PART} losses in a row)")
                continue
            for result in self._alone(workers, span):
                budget.take(result)
                if isinstance(result, Lost) and not is_one:
                    yield from self._pieces(workers, result, budget)
                else:
                    yield result

    def _alone(self, workers: Workers, span: Span) -> list[Any]:
        """Returns what was made of trials while nothing else was, or that they were lost; or nothing."""
        results = []
        wave = self._wave(workers, [span])
        while True:
            try:
                results.append(next(wave))
            except StopIteration as end:
                return [*results, *end.value[0]]


class _Budget:
    """How often in a row pieces of one part may be lost."""

    def __init__(self) -> None:
        self._left = MOST_IN_A_PART

    def take(self, result: Any) -> None:
        """Takes what became of a piece."""
        self._left = self._left - 1 if isinstance(result, Lost) else MOST_IN_A_PART

    @property
    def is_spent(self) -> bool:
        return self._left <= 0


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
