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
from typing import Any, TypeAlias

from linreg_sweep.errors import Complaint, SweepError
from linreg_sweep.execution.ranges import TrialRange
from linreg_sweep.workers.interface import Workers, WorkersLostError

WORTH_WORKERS = 3.0
"""Seconds of work left above which starting workers pays: they take about one to start."""

PARTS_A_WAVE = 8
"""Parts a worker is given before all are waited for; bounds what is in flight."""

MAX_IN_A_PART = 256
"""Losses in a row over pieces of one part, after which the rest of it is not tried piece by piece."""

MAX_AT_FIRST, MAX_IN_A_ROW = 40, 1000
"""Losses in a row after which it is not the trials: before anything was made, and later."""


Make: TypeAlias = Callable[[TrialRange], Any]
"""Makes a part of its trials, or a piece of one: anything that has their `trial_range`."""


@dataclass(frozen=True)
class FailedRange:
    """Trials that could not be trained.

    Attributes:
        trial_range: which trials.
        reason: why, in half a sentence.
    """

    trial_range: TrialRange
    reason: str


@dataclass(frozen=True)
class Work:
    """What is to be done for a sweep, whoever does it.

    Attributes:
        make: makes a part, or a piece of one, from its trials; can be pickled where there are workers.
        put_together: makes a part from its trials, its pieces, and why the other trials failed.
        is_proven: whether some of it has been done before, so that it can be.
        stop: whether to begin nothing more.
        report: takes a sentence for the log.
    """

    make: Make
    put_together: Callable[[TrialRange, Sequence[Any], Mapping[int, str]], Any]
    is_proven: bool = False
    stop: Callable[[], bool] = lambda: False
    report: Callable[[str], None] = lambda sentence: None


class Runner:
    """Gives work to workers, and what was lost once more; to be asked once or several times."""

    def __init__(self, work: Work) -> None:
        """Asks for nothing yet."""
        self._work = work
        self._attempt = partial(attempt, work.make)
        self._in_a_row = 0
        self._has_made = work.is_proven

    def one_by_one(
        self, ranges: Sequence[TrialRange], here: Workers
    ) -> Generator[Any, None, Sequence[TrialRange]]:
        """Yields parts made in this process, until they show that workers for the rest would pay.

        Returns:
            The rest.
        """
        began = time.monotonic()
        for done, trial_range in enumerate(ranges):
            left = len(ranges) - done
            seconds_left = (time.monotonic() - began) / max(done, 1) * left
            if self._work.stop() or (left > 1 and seconds_left > WORTH_WORKERS):
                return ranges[done:]
            yield from self.parts([trial_range], here)
        return []

    def parts(
        self, ranges: Sequence[TrialRange], workers: Workers, *, whatever: bool = False
    ) -> Iterator[Any]:
        """Yields each part as it comes in; once told to stop, only those that were begun.

        With `whatever` it goes on however much is lost, as with trials that failed before.

        Raises:
            SweepError: workers die whatever they are given, or none are left. What was yielded is whole.
        """
        left = deque(ranges)
        while left and not self._work.stop():
            lost, rest = yield from self._wave(workers, _taken(left, workers.count * PARTS_A_WAVE))
            left.extendleft(reversed(rest))
            again = deque(each.trial_range for each in lost)
            while again and not self._work.stop():
                twice, rest = yield from self._wave(workers, _taken(again, workers.count))
                again.extendleft(reversed(rest))
                for each in twice:
                    found = []
                    for piece in self._pieces(workers, each, _Budget()):
                        found.append(piece)
                        if not whatever:
                            self._check(each)
                    yield from self._rescued(each.trial_range, found)

    def _wave(
        self, workers: Workers, ranges: Sequence[TrialRange]
    ) -> Generator[Any, None, tuple[list[FailedRange], list[TrialRange]]]:
        """Yields the parts that come back; returns those that were lost, and those never begun."""
        begun: dict[TrialRange, str] = {}
        done: set[TrialRange] = set()
        is_over = False

        def giving() -> Iterator[TrialRange]:
            for trial_range in ranges:
                if is_over or self._work.stop():
                    return
                begun[trial_range] = ""
                yield trial_range

        why = "it did not come back"
        try:
            for result in workers.each(self._attempt, giving()):
                if isinstance(result, FailedRange):
                    begun[result.trial_range] = result.reason
                else:
                    done.add(result.trial_range)
                    yield result
        except WorkersLostError as error:
            why = str(error)
        is_over = True
        given = begun.copy()  # a thread of the workers may be taking one more, which is then begun again
        lost = [
            FailedRange(trial_range, given[trial_range] or why)
            for trial_range in ranges
            if trial_range in given and trial_range not in done
        ]
        for each in lost:
            self._work.report(f"lost: {each.trial_range}: {each.reason}")
        self._has_made = self._has_made or bool(done)
        self._in_a_row = 0 if done else self._in_a_row + bool(lost)
        return lost, [trial_range for trial_range in ranges if trial_range not in given]

    def _check(self, lost: FailedRange) -> None:
        """Raises a SweepError where so much was lost in a row that it cannot be the trials' fault."""
        if self._in_a_row > (MAX_IN_A_ROW if self._has_made else MAX_AT_FIRST):
            text = f"work was lost {self._in_a_row} times in a row: {lost.reason}"
            hint = "finished parts are kept; fix this, or use fewer --jobs if memory ran out, and run again"
            raise SweepError(Complaint("", text, hint))

    def _rescued(self, trial_range: TrialRange, found: Sequence[Any]) -> Iterator[Any]:
        """Yields a part that was lost twice, put together from what could be made of it."""
        if sum(piece.trial_range.n_trials for piece in found) < trial_range.n_trials:
            return  # told to stop on the way
        failures: dict[int, str] = {}
        for piece in found:
            if isinstance(piece, FailedRange):
                self._work.report(f"failed: {piece.trial_range}: {piece.reason}")
                failures |= dict.fromkeys(
                    range(piece.trial_range.first, piece.trial_range.stop), piece.reason
                )
        pieces = [piece for piece in found if not isinstance(piece, FailedRange)]
        yield self._work.put_together(trial_range, pieces, failures)

    def _pieces(self, workers: Workers, lost: FailedRange, budget: "_Budget") -> Iterator[Any]:
        """Yields pieces of what was lost, made one at a time, and the trials that are lost even so."""
        is_one = lost.trial_range.n_trials == 1
        for trial_range in (lost.trial_range,) if is_one else lost.trial_range.halves():
            if budget.is_spent:
                yield FailedRange(
                    trial_range, f"{lost.reason} (not tried alone: {MAX_IN_A_PART} losses in a row)"
                )
                continue
            for result in self._alone(workers, trial_range):
                budget.take(result)
                if isinstance(result, FailedRange) and not is_one:
                    yield from self._pieces(workers, result, budget)
                else:
                    yield result

    def _alone(self, workers: Workers, trial_range: TrialRange) -> list[Any]:
        """Returns what was made of trials while nothing else was, or that they were lost; or nothing."""
        results = []
        wave = self._wave(workers, [trial_range])
        while True:
            try:
                results.append(next(wave))
            except StopIteration as end:
                return [*results, *end.value[0]]


class _Budget:
    """How often in a row pieces of one part may be lost."""

    def __init__(self) -> None:
        self._left = MAX_IN_A_PART

    def take(self, result: Any) -> None:
        """Takes what became of a piece."""
        self._left = self._left - 1 if isinstance(result, FailedRange) else MAX_IN_A_PART

    @property
    def is_spent(self) -> bool:
        return self._left <= 0


def attempt(make: Make, trial_range: TrialRange) -> Any:
    """Returns what work makes of trials, or why it does not: one part's error is not another's.

    Raises:
        SweepError: something that a person can mend, and no fault of these trials.
    """
    try:
        return make(trial_range)
    except SweepError:
        raise
    except Exception as error:
        return FailedRange(trial_range, f"{type(error).__name__}: {error}"[:500])


def _taken(left: deque[TrialRange], most: int) -> list[TrialRange]:
    return [left.popleft() for _ in range(min(most, len(left)))]
