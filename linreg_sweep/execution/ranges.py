"""Trials in a row: what workers are given, whole parts or, where one fails, pieces of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class TrialRange:
    """Trials in a row.

    Attributes:
        part: the number of the part that they are of.
        first: the first trial.
        stop: the one after the last.
    """

    part: int
    first: int
    stop: int

    @property
    def n_trials(self) -> int:
        """How many they are."""
        return self.stop - self.first

    def __str__(self) -> str:
        which = f"trial {self.first}" if self.n_trials == 1 else f"trials {self.first} to {self.stop - 1}"
        return f"part {self.part}, {which}"

    def halves(self) -> Iterator["TrialRange"]:
        """Yields the first half and the second, the larger where they are odd; at least two trials."""
        middle = (self.first + self.stop) // 2
        yield TrialRange(self.part, self.first, middle)
        yield TrialRange(self.part, middle, self.stop)


def range_of_part(part: int, part_size: int, n_trials: int) -> TrialRange:
    """Returns the trials of a whole part of a sweep of so many trials."""
    return TrialRange(part, part * part_size, min((part + 1) * part_size, n_trials))


def contiguous_ranges(part: int, trials: Iterable[int]) -> Iterator[TrialRange]:
    """Yields the trials of a part as the fewest ranges that hold them all and no other."""
    first = last = -1
    for trial in sorted(trials):
        if trial != last + 1 or first < 0:
            if first >= 0:
                yield TrialRange(part, first, last + 1)
            first = trial
        last = trial
    if first >= 0:
        yield TrialRange(part, first, last + 1)
