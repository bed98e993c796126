"""The epoch at which the cost on held-out rows is least, without momentum.

The cost is a sum of exponentials, of even and of odd epochs apart where errors swing, and so is its change
from one epoch to the next. Where rules of signs (`exponentials.py`) allow it one change of its sign, the cost
has one turn, and the least one is there or at an end. Where they allow more, they are asked again at some
epochs between: in a stretch with one change at most there is one turn or none. What is left is split: the
second derivative of the cost has a bound over any stretch, and one whose ends lie so high that none within
can be the least is passed over (branch and bound, as in Hansen, Global Optimization Using Interval Analysis,
1992, ch. 8).
"""

from dataclasses import dataclass

import numpy as np

from linreg_sweep.array_types import Flags, Floats, Indices, Integers
from linreg_sweep.theory.exponentials import Exponentials
from linreg_sweep.theory.modes import PlainModes
from linreg_sweep.theory.residuals import Best, Cost, Residuals
from linreg_sweep.theory.sums import total

SAMPLES = 10
"""Stretches of epochs, at whose ends trials are looked at that may have several turns."""

TELLING = 100
"""Exponentials up to which rules of signs between epochs tell enough to be asked."""


def least_plain(modes: PlainModes, residuals: Residuals, last: Integers, cost_at: Cost, best: Best) -> None:
    """Finds the least cost without momentum, even and odd epochs apart.

    Args:
        modes: of k trials.
        residuals: of theirs.
        last: their last epochs.
        cost_at: their costs.
        best: what is known, the last epochs' costs; takes what is found.
    """
    stride: Integers = 1 + np.asarray(modes.odd.any(axis=0), np.int64)
    with np.errstate(all="ignore"):  # diverged trials overflow
        every = np.arange(len(last))
        CostCourse.of(modes, residuals, every, 0, stride).search(last // stride, cost_at, best)
        there = np.flatnonzero((stride == 2) & (last >= 1))
        if len(there):
            some, stride = modes.take(there), stride[there]
            shrunk = residuals.take(there).shrunk(some.factors(np.ones(len(there))))
            CostCourse.of(some, shrunk, there, 1, stride).search((last[there] - 1) // stride, cost_at, best)


@dataclass(frozen=True)
class CostCourse:
    """Every epoch of some trials, or every other one, along which each factor is an exponential.

    Attributes:
        trial: which they are [k].
        parity: the first epoch.
        stride: from one epoch to the next [k].
        change: of the cost, from each of these epochs to the one after.
        log: of each factor from one to the next [P, k].
        residuals: at the first.
    """

    trial: Indices
    parity: int
    stride: Integers
    change: Exponentials
    log: Floats
    residuals: Residuals

    @classmethod
    def of(
        cls, modes: PlainModes, residuals: Residuals, trial: Indices, parity: int, stride: Integers
    ) -> "CostCourse":
        """Returns that of trials with these modes and residuals at its first epoch, see CostCourse."""
        log = modes.log * stride
        new = np.append(True, (log[:, 1:] != log[:, :-1]).any(axis=0))  # trials of a rate often lie together
        alike, few, (one, other) = np.cumsum(new) - 1, log[:, new], np.triu_indices(len(log))
        grown = np.expm1(few)
        both = grown[one] * grown[other] + grown[one] + grown[other]
        weight = np.concatenate(residuals.quadratic_form())
        weight *= np.concatenate([grown, both]).take(alike, axis=1)
        change = Exponentials.of(weight, np.concatenate([few, few[one] + few[other]]), alike)
        return cls(trial, parity, stride, change, log, residuals)

    def search(self, last: Integers, cost_at: Cost, best: Best) -> None:
        """Looks for the least cost of the trials.

        Args:
            last: how many of these epochs come after the first of each [k].
            cost_at: their costs.
            best: takes what is found.
        """

        def see(place: Indices, at: Integers) -> Floats:
            columns, epoch = self.trial[place], self.parity + at * self.stride[place]
            cost = cost_at(columns, epoch)
            best.see(columns, epoch, cost)
            return cost

        zeros = self.change.zeros_after_first()
        is_one = zeros.are_sure & (zeros.count <= 1)
        down, left = np.flatnonzero(is_one & zeros.below), np.flatnonzero(~is_one)
        first, end = np.zeros(len(last), np.int64), last[down].astype(np.float64)
        first[down] = self.change.take(down).first_from(0 * end, end)
        see(np.arange(len(last)), first)
        ends = np.flatnonzero(~(is_one & zeros.below) & (self.stride == 2))  # of others they are known
        see(ends, last[ends])
        if len(self.change.rate) > TELLING:
            self._bounded(left, 0 * left, last[left], see, best)
        elif len(left):
            self._see_turns(left, last[left], see, best)

    def _see_turns(self, place: Indices, last: Integers, see: Cost, best: Best) -> None:
        """Sees the least costs of trials that may turn several times."""
        change = self.change.take(place)
        samples = Samples.of(change, np.maximum(last - 1, 0).astype(np.float64))
        at, falls = samples.at, samples.falls
        number, turns = np.nonzero(~samples.are_open & falls[:-1] & ~falls[1:])
        found = change.take(turns).first_from(at[number, turns], at[number + 1, turns])
        see(place[turns], found.astype(np.int64))
        number, still = np.nonzero(samples.are_open)
        low, high = (at[each, still].astype(np.int64) for each in (number, number + 1))
        high = np.where(number + 1 == len(at) - 1, last[still], high)
        self._bounded(place[still], low, high, see, best)

    def _bounded(self, place: Indices, low: Integers, high: Integers, see: Cost, best: Best) -> None:
        """Looks for the least cost of some trials by branch and bound, from `low` to `high` [k]."""
        at_low, at_high = see(place, low), see(place, high)
        while len(place):
            bound = self._bound(place, low, high, np.minimum(at_low, at_high))
            splits = ~(bound >= best.cost[self.trial[place]]) & (high - low > 1)
            splits &= np.isfinite(at_low)  # what has overflown only grows
            place, low, high = place[splits], low[splits], high[splits]
            at_low, at_high = at_low[splits], at_high[splits]
            steps = high - low
            middle = low + np.where(low > 4 * steps, steps // 2, np.maximum(1, steps // 8))
            at_middle = see(place, middle)
            place, low, high = np.tile(place, 2), np.append(low, middle), np.append(middle, high)
            at_low, at_high = np.append(at_low, at_middle), np.append(at_middle, at_high)

    def _bound(self, place: Indices, low: Integers, high: Integers, lower: Floats) -> Floats:
        """Returns what no cost within stretches is below, by the lower one of their ends' costs."""
        log, wide = self.log.take(place, axis=1), (high - low).astype(np.float64)
        moving = np.exp(np.maximum(log * low, log * high)) * self.residuals.reach.take(place, axis=1)
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
