"""The epoch at which the cost on held-out rows is least, without momentum.

The cost is a sum of exponentials, of even and of odd epochs apart where errors swing, and so is its change
from one epoch to the next. Where rules of signs (`exponentials.py`) allow it one change of its sign, the cost
has one turn, and the least one is there or at an end. Where they allow more, they are asked again at some
epochs between: in a stretch with one change at most there is one turn or none. What is left, and all of more
than a few parameters, is split: the second derivative of the cost has a bound over any stretch, and one whose
ends lie so high that none within can be the least is passed over (branch and bound, as in Hansen, Global
Optimization Using Interval Analysis, 1992, ch. 8).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np

from linreg_sweep.array_types import Flags, Floats, Indices, Integers
from linreg_sweep.theory.exponentials import Exponentials
from linreg_sweep.theory.modes import PlainModes
from linreg_sweep.theory.residuals import Best, Residuals
from linreg_sweep.theory.sums import total

ALL = slice(None)

SAMPLES = 10
"""Stretches of epochs, at whose ends trials are looked at that may have several turns."""

TELLING = 60
"""Exponentials up to which rules of signs are asked, nine parameters: of more, bounds tell sooner."""

TOGETHER = 2**17
"""Exponentials of trials that are looked at together: few enough for the cache."""


def least_plain(modes: PlainModes, residuals: Residuals, last: Integers, best: Best) -> None:
    """Finds the least cost without momentum, even and odd epochs apart.

    Args:
        modes: of k trials.
        residuals: of theirs.
        last: their last epochs.
        best: what is known, the last epochs' costs; takes what is found.
    """
    with np.errstate(all="ignore"):  # diverged trials overflow
        for course in CostCourse.of(modes, residuals, last):
            if course.n_exponentials > TELLING:
                for some in course.some_at_a_time():
                    course.take(some).see_bounded(best)
                continue
            left = [some.start + course.take(some).see_one_turn(best) for some in course.some_at_a_time()]
            several = course.take(np.concatenate([np.empty(0, np.intp), *left]))
            for some in several.some_at_a_time():
                several.take(some).see_turns(best)


@dataclass(frozen=True)
class CostCourse:
    """Every epoch of some trials, or every other one, along which each factor is an exponential.

    Attributes:
        trial: whose it is [k].
        first: the first epoch.
        stride: from one epoch to the next [k].
        last: how many of these epochs come after the first [k].
        modes: of the trials.
        residuals: of theirs.
    """

    trial: Indices
    first: int
    stride: Integers
    last: Integers
    modes: PlainModes
    residuals: Residuals

    @classmethod
    def of(cls, modes: PlainModes, residuals: Residuals, last: Integers) -> Iterator["CostCourse"]:
        """Yields those of trials with these modes, residuals and last epochs [k], from epoch 0 and from 1."""
        stride: Integers = 1 + np.asarray(modes.odd.any(axis=0), np.int64)
        course = cls(np.arange(len(last)), 0, stride, last // stride, modes, residuals)
        yield course
        odd = course.take(np.flatnonzero((stride == 2) & (last >= 1)))
        yield replace(odd, first=1, last=(last[odd.trial] - 1) // 2)

    def some_at_a_time(self) -> Iterator[slice]:
        """Yields which courses are looked at together."""
        width = max(1, TOGETHER // self.n_exponentials)
        for first in range(0, len(self.trial), width):
            yield slice(first, first + width)

    def take(self, columns: Indices | slice) -> "CostCourse":
        """Returns some."""
        return CostCourse(
            self.trial[columns],
            self.first,
            self.stride[columns],
            self.last[columns],
            self.modes.take(columns),
            self.residuals.take(columns),
        )

    @property
    def n_exponentials(self) -> int:
        """Of how many the cost's change is a sum: one for each parameter, and for each product of two."""
        n_parameters = len(self.modes.log)
        return n_parameters * (n_parameters + 3) // 2

    @cached_property
    def log(self) -> Floats:
        """That of each factor from one epoch to the next [P, k]."""
        return self.modes.log * self.stride

    @cached_property
    def begun(self) -> Residuals:
        """The residuals at the first epochs."""
        if not self.first:
            return self.residuals
        return self.residuals.shrunk(self.modes.factors(np.full(len(self.trial), float(self.first))))

    @cached_property
    def change(self) -> Exponentials:
        """That of the cost, from each of these epochs to the one after."""
        log = self.log
        new = np.append(True, (log[:, 1:] != log[:, :-1]).any(axis=0))  # trials of a rate often lie together
        starts, (one, other) = np.flatnonzero(new), _pairs(len(log))
        few, alike = log[:, starts], np.diff(starts, append=len(new))
        grown = np.expm1(few)
        both = grown[one] * grown[other] + grown[one] + grown[other]
        grown = np.repeat(np.concatenate([grown, both]), alike, axis=1)
        weight = [each * of_it for each, of_it in zip(self.begun.quadratic_form(), grown, strict=True)]
        return Exponentials.of(weight, np.concatenate([few, few[one] + few[other]]), alike)

    def see(self, at: Integers, best: Best, place: Indices | slice = ALL) -> Floats:
        """Returns the costs of some at an epoch each; `best` takes them."""
        epoch = self.first + at * self.stride[place]
        factors = self.modes.take(place).factors(epoch.astype(np.float64))
        cost = self.residuals.take(place).cost(factors)
        best.see(self.trial[place], epoch, cost)
        return cost

    def see_one_turn(self, best: Best) -> Indices:
        """Sees the least costs of those that turn once at most; returns which are the others."""
        zeros = self.change.zeros_after_first()
        is_one = zeros.are_sure & (zeros.count <= 1)
        down = np.flatnonzero(is_one & zeros.below)
        turn, end = np.zeros(len(is_one), np.int64), self.last[down].astype(np.float64)
        turn[down] = self.change.take(down).first_from(0 * end, end)
        self.see(turn, best)
        ends = np.flatnonzero(~(is_one & zeros.below) & (self.stride == 2))  # of others they are known
        self.see(self.last[ends], best, ends)
        return np.flatnonzero(~is_one)

    def see_turns(self, best: Best) -> None:
        """Sees the least costs of those that may turn several times."""
        samples = Samples.of(self.change, np.maximum(self.last - 1, 0).astype(np.float64))
        at, falls = samples.at, samples.falls
        number, turns = np.nonzero(~samples.are_open & falls[:-1] & ~falls[1:])
        found = self.change.take(turns).first_from(at[number, turns], at[number + 1, turns])
        self.see(found.astype(np.int64), best, turns)
        number, still = np.nonzero(samples.are_open)
        low, high = (at[each, still].astype(np.int64) for each in (number, number + 1))
        high = np.where(number + 1 == len(at) - 1, self.last[still], high)
        self._bounded(still, low, high, best)

    def see_bounded(self, best: Best) -> None:
        """Sees the least costs of those whose turns no rule of signs is asked for."""
        self._bounded(np.arange(len(self.last)), 0 * self.last, self.last, best)

    def _bounded(self, place: Indices, low: Integers, high: Integers, best: Best) -> None:
        """Looks for the least cost of some trials by branch and bound, from `low` to `high` [k]."""
        at_low, at_high = self.see(low, best, place), self.see(high, best, place)
        while len(place):
            bound = self._bound(place, low, high, np.minimum(at_low, at_high))
            splits = ~(bound >= best.cost[self.trial[place]]) & (high - low > 1)
            splits &= np.isfinite(at_low)  # what has overflown only grows
            place, low, high = place[splits], low[splits], high[splits]
            at_low, at_high = at_low[splits], at_high[splits]
            steps = high - low
            middle = low + np.where(low > 4 * steps, steps // 2, np.maximum(1, steps // 8))
            at_middle = self.see(middle, best, place)
            place, low, high = np.tile(place, 2), np.append(low, middle), np.append(middle, high)
            at_low, at_high = np.append(at_low, at_middle), np.append(at_middle, at_high)

    def _bound(self, place: Indices, low: Integers, high: Integers, lower: Floats) -> Floats:
        """Returns what no cost within stretches is below, by the lower one of their ends' costs."""
        log, wide = self.log.take(place, axis=1), (high - low).astype(np.float64)
        moving = np.exp(np.maximum(log * low, log * high)) * self.begun.reach.take(place, axis=1)
        slope, bend = total(np.abs(log) * moving), total(log * log * moving)
        size = np.sqrt(lower * self.residuals.n_entries) + slope * wide
        return lower - 2 * (slope * slope + size * bend) * wide * wide / (8 * self.residuals.n_entries)


@dataclass(frozen=True)
class Samples:
    """Some epochs of each trial, from its first to its last but one.

    Attributes:
        at: which, ascending [s + 1, k].
        falls: whether the cost falls from there to the next [s + 1, k].
        are_open: between which of them it may turn more than once [s, k].
    """

    at: Floats
    falls: Flags
    are_open: Flags

    @classmethod
    def of(cls, change: Exponentials, last: Floats) -> "Samples":
        """Returns those at even ratios up to the last [k]."""
        ratios = [np.minimum(np.round((last + 1) ** (n / SAMPLES)), last) for n in range(1, SAMPLES + 1)]
        at = np.stack([0 * last, *ratios])
        before, there = change.zeros(at)
        after, falls = there.count, there.below
        before[0], after[-1] = 0, 0
        for now, is_sure, so_far in zip(falls[1:], there.end_is_sure[1:], falls[:-1], strict=True):
            now[~is_sure] = so_far[~is_sure]
        turns = falls[1:] != falls[:-1]
        elsewhere = turns.sum(axis=0) - turns
        most = np.minimum(np.minimum(after[:-1], before[1:]), (before + after).min(axis=0) - elsewhere)
        return cls(at, falls, most - turns > 1)


@cache
def _pairs(n: int) -> tuple[Indices, ...]:
    """Returns each of n with itself and with those after it, in order."""
    return np.triu_indices(n)
