"""The epoch at which the cost on held-out rows is least, without momentum.

The cost is a sum of exponentials, of even and of odd epochs apart where errors swing, and so is its change
from one epoch to the next. Where as many changes of its sign are seen as rules of signs allow
(`exponentials.py`), the cost has no other turns, and the least one is at one of them or at an end. Where not,
stretches of epochs are split: the second derivative of the cost has a bound over any of them, and one whose
ends lie so high that none within can be the least is passed over (branch and bound, as in Hansen, Global
Optimization Using Interval Analysis, 1992, ch. 8).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.theory.exponentials import Exponentials
from linreg_sweep.theory.modes import PlainModes
from linreg_sweep.theory.residuals import Best, Cost, Residuals
from linreg_sweep.theory.sums import total

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]
Indices = NDArray[np.intp]

SAMPLES = 16
"""Epochs at which trials are looked at that may have several turns."""


def least_plain(
    modes: PlainModes, residuals: Residuals, last: Integers, cost_at: Cost
) -> tuple[Integers, Floats]:
    """Returns epoch and cost [k] of the least cost without momentum, even and odd epochs apart.

    Args:
        modes: of k trials.
        residuals: of theirs.
        last: their last epochs.
        cost_at: their costs.
    """
    best = Best(len(last))
    stride: Integers = 1 + np.asarray(modes.odd.any(axis=0), np.int64)
    with np.errstate(all="ignore"):  # diverged trials overflow
        for parity in (0, 1):
            there = np.flatnonzero((parity < stride) & (parity <= last))
            if len(there):
                of_them = modes.take(there), residuals.take(there), there, parity, stride[there]
                Course.of(*of_them).search((last[there] - parity) // stride[there], cost_at, best)
    return best.epoch, best.cost


@dataclass(frozen=True)
class Course:
    """Every epoch of some trials, or every other one, along which each factor is an exponential.

    Attributes:
        trial: which they are [k].
        parity: the first epoch.
        stride: from one epoch to the next [k].
        change: of the cost, from each of these epochs to the one after.
        log: of each factor from one to the next [P, k].
        reach: the length of what each error adds to the residuals at the first [P, k].
        n_entries: see Residuals.
    """

    trial: Indices
    parity: int
    stride: Integers
    change: Exponentials
    log: Floats
    reach: Floats
    n_entries: int

    @classmethod
    def of(
        cls, modes: PlainModes, residuals: Residuals, trial: Indices, parity: int, stride: Integers
    ) -> "Course":
        """Returns that of trials with these modes, see Course."""
        begin, log = modes.factors(np.full(len(trial), float(parity))), modes.log * stride
        linear, square = residuals.quadratic_form(begin)
        one, other = np.triu_indices(len(log))
        rate = np.concatenate([log, log[one] + log[other]])
        change = Exponentials.of(np.concatenate([linear, square]) * np.expm1(rate), rate)
        return cls(trial, parity, stride, change, log, residuals.reach * np.abs(begin), residuals.n_entries)

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

        place, end = np.arange(len(last)), np.maximum(last - 1, 0).astype(np.float64)
        zeros = self.change.zeros(end)
        ends = Samples(np.stack([0 * end, end]), np.stack([zeros.below_first, zeros.below_last]))
        left = self._see_turns(place, last, zeros.most, ends, see)
        samples = Samples.of(self.change.take(left), end[left], ends.falls[0, left])
        left = left[self._see_turns(left, last[left], zeros.most[left], samples, see)]
        self._bounded(left, last[left], see, best)

    def _see_turns(
        self, place: Indices, last: Integers, most: Integers, samples: "Samples", see: Cost
    ) -> Indices:
        """Sees the least costs of trials that turn nowhere else than between samples; returns the others."""
        falls = samples.falls
        known = most - (falls[1:] != falls[:-1]).sum(axis=0) <= 1
        begins, ends = np.flatnonzero(known & ~falls[0]), np.flatnonzero(known & falls[-1])
        see(place[begins], np.zeros(len(begins), np.int64))
        see(place[ends], last[ends])
        number, turns = np.nonzero(known & falls[:-1] & ~falls[1:])
        low, high = samples.at[number, turns], samples.at[number + 1, turns]
        see(place[turns], self.change.take(place[turns]).first_from(low, high).astype(np.int64))
        return np.flatnonzero(~known)

    def _bounded(self, place: Indices, high: Integers, see: Cost, best: Best) -> None:
        """Looks for the least cost of some trials by branch and bound, from 0 to `high` [k]."""
        low = np.zeros_like(high)
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
        moving = np.exp(np.maximum(log * low, log * high)) * self.reach.take(place, axis=1)
        slope, bend = total(np.abs(log) * moving), total(log * log * moving)
        size = np.sqrt(lower * self.n_entries) + slope * wide
        return lower - 2 * (slope * slope + size * bend) * wide * wide / (8 * self.n_entries)


@dataclass(frozen=True)
class Samples:
    """Some epochs of each trial, from its first to its last but one.

    Attributes:
        at: which, ascending [s, k].
        falls: whether the cost falls from there to the next [s, k].
    """

    at: Floats
    falls: Flags

    @classmethod
    def of(cls, change: Exponentials, last: Floats, falls: Flags) -> "Samples":
        """Returns those at even ratios up to the last [k]; whether the first falls is known."""
        at, seen = [0 * last], [falls]
        for number in range(1, SAMPLES + 1):
            at.append(np.minimum(np.round((last + 1) ** (number / SAMPLES)), last))
            seen.append(change.below(at[-1], seen[-1]))
        return cls(np.stack(at), np.stack(seen))
