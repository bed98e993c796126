"""Where sums of exponentials change their sign, told without a search where rules of signs tell it.

`f(t) = sum_j weight_j exp(rate_j t)`, from the slowest rate to the fastest, has no more zeros after t = 0
than the partial sums of its weights have changes of sign, from the slowest one on; and no more before t = 0
than those from the fastest one on. Both hold from any other t as well, with the terms there as weights.
Between two ends whose signs differ the number of zeros is odd, between two of one sign it is even.

Source: Jameson, Counting zeros of generalised polynomials: Descartes' rule of signs and Laguerre's
extensions, Math. Gazette 90, 2006.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from linreg_sweep.array_types import Flags, Floats, Indices, Integers
from linreg_sweep.theory.sums import folded

SURE = 1e-12
"""Share of the size of its terms that a sum is above where its sign is not one of rounding."""

VANISHED = -700.0
"""Logarithm of what is close to too small to be a number."""

STRAIGHT = 8
"""Steps of Newton's method after which every other one halves the stretch."""

MANY = 99
"""Changes of sign, where their number is not known."""


@dataclass(frozen=True)
class Exponentials:
    """A sum of n exponentials for each of k trials, from the slowest to the fastest.

    Attributes:
        weight: at t = 0 [n, k].
        rate: relative to the slowest one's [n, k], none above 0: only signs are of interest.
    """

    weight: Floats
    rate: Floats

    @classmethod
    def of(cls, weight: Floats, rate: Floats, of_trial: Indices | None = None) -> "Exponentials":
        """Returns those with these weights [n, k] and rates [n, r], in any order.

        Args:
            weight: at t = 0.
            rate: of each trial, or of those that differ.
            of_trial: which of these each trial has [k]; None: its own.
        """
        of_trial = np.arange(rate.shape[1]) if of_trial is None else of_trial
        order = np.argsort(-rate, axis=0)
        rate = np.take_along_axis(rate, order, 0)
        if (order == order[:, :1]).all():
            weight = weight[order[:, 0]]
        else:
            weight = np.take_along_axis(weight, order.take(of_trial, axis=1), 0)
        if weight[0].all():
            return cls(weight, (rate - rate[0]).take(of_trial, axis=1))
        rate = rate.take(of_trial, axis=1)
        return cls(weight, np.minimum(rate - folded(np.maximum, np.where(weight == 0, -np.inf, rate)), 0.0))

    def take(self, columns: Indices) -> "Exponentials":
        """Returns those of some trials."""
        return Exponentials(self.weight.take(columns, axis=1), self.rate.take(columns, axis=1))

    def terms(self, epoch: Floats) -> Floats:
        """Returns the exponentials [n, ..., k] of each trial at epochs [..., k]."""
        each = (slice(None), *(None,) * (epoch.ndim - 1))
        terms = self.rate[each] * epoch
        np.exp(terms, out=terms)
        terms *= self.weight[each]
        return terms

    def zeros_after_first(self) -> "Changes":
        """Returns what the rule of signs says of the zeros of each sum after t = 0."""
        return _changes(self.weight)

    def zeros(self, epoch: Floats) -> tuple[Integers, "Changes"]:
        """Returns how many zeros a sum has at most before epochs [..., k] and, among others, after them.

        Before and after are after t = 0; the numbers are MANY where they are not known.
        """
        terms = self.terms(epoch)
        after, before = _changes(terms), _changes(terms[::-1])
        holds = before.are_sure & (self.rate[-1] * epoch > VANISHED)
        count = np.where(after.are_sure, after.count, MANY)
        return np.where(holds, before.count, MANY), replace(after, count=count)

    def first_from(self, low: Floats, high: Floats) -> Floats:
        """Returns the first whole number [k] at which a sum is not below 0; where none is before, `high`.

        Args:
            low: where it is below 0 [k].
            high: up to where it has one change of sign at most [k].

        There what is slow, and above 0, comes up to what is fast, and below: of two exponentials the
        logarithms are straight lines, so that a few of Newton's steps lead to where they meet.
        """
        found, active, step = high.copy(), np.flatnonzero(high - low > 1), 0
        some = self if len(active) == len(low) else self.take(active)
        weight, rate, begin, end = some.weight, some.rate, low[active], high[active]
        now, terms = begin, some.terms(begin) if begin.any() else weight.copy()
        slow = _last_above(terms)
        while len(active):
            change = terms * rate
            over, both = _up_to(slow, terms)
            under = over - both
            slope, of_both = _up_to(slow, change)
            guess = np.ceil(now - np.log(over / under) / (slope / over - (slope - of_both) / under))
            is_up = both >= 0
            begin, end = np.where(is_up, begin, now), np.where(is_up, now, end)
            near = np.minimum(np.maximum(guess, begin + 1), end - 1)
            if not step:
                now = np.where(np.isnan(guess), end - 1, near)  # the sum may be below 0 up to the end
            elif step > STRAIGHT and step % 2:
                now = np.floor((begin + end) / 2)
            else:
                is_near = np.abs(guess - near) <= 1
                now = near if is_near.all() else np.where(is_near, near, np.floor((begin + end) / 2))
            step += 1
            goes_on = end - begin > 1
            if not goes_on.all():
                found[active[~goes_on]] = end[~goes_on]
                left = np.flatnonzero(goes_on)
                active, slow = active[left], slow[left]
                now, begin, end = now[left], begin[left], end[left]
                weight, rate = weight.take(left, axis=1), rate.take(left, axis=1)
            terms = rate * now
            np.exp(terms, out=terms)
            terms *= weight
        return found


@dataclass(frozen=True)
class Changes:
    """Partial sums of k trials.

    Attributes:
        count: how often they change their sign [k].
        are_sure: whether no sign is one of rounding [k].
        below: whether the whole sum is below 0 [k].
        end_is_sure: whether that is not one of rounding [k].
    """

    count: Integers
    are_sure: Flags
    below: Flags
    end_is_sure: Flags


def _changes(terms: Floats) -> Changes:
    """Returns how often the partial sums of terms [n, k] change their sign, from the first on."""
    partial, size = terms[0].copy(), np.abs(terms[0])
    below = partial < 0
    count, are_sure = np.zeros(partial.shape, np.int64), np.ones(partial.shape, np.bool_)
    is_sure = are_sure
    for term in terms[1:]:
        begun = size > 0
        partial += term
        size += np.abs(term)
        now_below = partial < 0
        count += (now_below != below) & begun
        is_sure = np.abs(partial) >= SURE * size
        are_sure &= is_sure
        below = now_below
    is_finite = np.isfinite(partial)
    return Changes(count, are_sure & is_finite, below, is_sure & is_finite)


def _last_above(terms: Floats) -> Indices:
    """Returns up to which of the terms [n, k] their partial sums come to more than 0 for the last time."""
    partial, last = np.zeros(terms.shape[1]), np.zeros(terms.shape[1], np.intp)
    for number, term in enumerate(terms):
        partial += term
        last[partial > 0] = number
    return last


def _up_to(last: Indices, terms: Floats) -> tuple[Floats, Floats]:
    """Returns the sums [k] of terms [n, k] up to the last of each, and of all; the terms are used up."""
    for so_far, term in pairwise(terms):
        term += so_far
    return np.take(terms, last * terms.shape[1] + np.arange(terms.shape[1])), terms[-1]
