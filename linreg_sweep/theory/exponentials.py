"""Where sums of exponentials change their sign, told without a search where rules of signs tell it.

`f(t) = sum_j weight_j exp(rate_j t)`, from the slowest rate to the fastest, has no more zeros after t = 0
than the partial sums of its weights have changes of sign, from the slowest one on; and no more before t = 0
than those from the fastest one on. Both hold from any other t as well, with the terms there as weights.
Between two ends whose signs differ the number of zeros is odd, between two of one sign it is even.

Source: Jameson, Counting zeros of generalised polynomials: Descartes' rule of signs and Laguerre's
extensions, Math. Gazette 90, 2006.
"""

from collections.abc import Sequence
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
        rate: relative to the slowest one's [n, k], the first 0 and none above: only signs are of interest.
    """

    weight: Floats
    rate: Floats

    @classmethod
    def of(cls, weight: Sequence[Floats], rate: Floats, alike: Integers | None = None) -> "Exponentials":
        """Returns those with these weights and rates, in any order.

        Args:
            weight: of each of the n exponentials at t = 0 [k].
            rate: of each trial [n, k], or of trials that lie together [n, r].
            alike: how many these are [r]; None: one each.
        """
        alike = np.ones(rate.shape[1], np.int64) if alike is None else alike
        order = np.argsort(-rate, axis=0)
        rate = np.take_along_axis(rate, order, 0)
        if (order == order[:, :1]).all():
            weights = np.stack([weight[each] for each in order[:, 0]])
        else:
            weights = np.take_along_axis(np.stack(weight), np.repeat(order, alike, axis=1), 0)
        if weights[0].all():
            return cls(weights, np.repeat(rate - rate[0], alike, axis=1))
        rate = np.repeat(rate, alike, axis=1)
        return cls(weights, np.minimum(rate - folded(np.maximum, np.where(weights == 0, -np.inf, rate)), 0.0))

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
        return _changes(self.weight, _doubt(self.weight))

    def zeros(self, epoch: Floats) -> tuple[Integers, "Changes"]:
        """Returns how many zeros a sum has at most before epochs [..., k] and, among others, after them.

        Before and after are after t = 0; the numbers are MANY where they are not known.
        """
        terms = self.terms(epoch)
        doubt = _doubt(terms)
        after, before = _changes(terms, doubt), _changes(terms[::-1], doubt[::-1])
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
        now, terms = begin.copy(), some.terms(begin) if begin.any() else weight.copy()
        slow, change = _last_above(terms), np.zeros_like(terms)
        place = slow * len(active) + np.arange(len(active))
        while len(active):
            np.multiply(terms[1:], rate[1:], out=change[1:])
            over, both = _up_to(place, terms)
            under = over - both
            slope, of_both = _up_to(place, change)
            guess = np.ceil(now - np.log(over / under) / (slope / over - (slope - of_both) / under))
            is_up = both >= 0
            np.copyto(begin, now, where=~is_up)
            np.copyto(end, now, where=is_up)
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
            if 4 * np.count_nonzero(goes_on) <= 3 * len(active):  # few are kept sooner than all copied
                found[active] = end
                left = np.flatnonzero(goes_on)
                active, slow = active[left], slow[left]
                now, begin, end = now[left], begin[left], end[left]
                weight, rate = weight.take(left, axis=1), rate.take(left, axis=1)
                terms, change = weight.copy(), np.zeros_like(weight)
                place = slow * len(active) + np.arange(len(active))
            later = np.multiply(rate[1:], now, out=terms[1:])
            np.exp(later, out=later)
            later *= weight[1:]
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


def _doubt(terms: Floats) -> Floats:
    """Returns what each term adds to the size that a sum has at least where its sign is not rounding's."""
    doubt = np.abs(terms)
    doubt *= SURE
    return doubt


def _changes(terms: Floats, doubts: Floats) -> Changes:
    """Returns how often partial sums of terms [n, k] change their sign, from the first on; see _doubt."""
    partial, doubt = terms[0].copy(), doubts[0].copy()
    below, all_begun = partial < 0, bool(doubt.all())
    count = np.zeros(partial.shape, np.int8 if len(terms) < 128 else np.int64)
    are_sure = is_sure = np.ones(partial.shape, np.bool_)
    for term, more in zip(terms[1:], doubts[1:], strict=True):
        partial += term
        now_below = partial < 0
        changed = now_below != below
        if not all_begun:
            changed &= doubt > 0
        count += changed.view(np.int8)
        doubt += more
        is_sure = np.abs(partial) >= doubt
        are_sure = are_sure & is_sure
        below = now_below
    is_finite = np.isfinite(partial)
    return Changes(count.astype(np.int64), are_sure & is_finite, below, is_sure & is_finite)


def _last_above(terms: Floats) -> Indices:
    """Returns up to which of the terms [n, k] their partial sums come to more than 0 for the last time."""
    partial, last = terms[0].copy(), np.zeros(terms.shape[1], np.intp)
    for number, term in enumerate(terms[1:], 1):
        partial += term
        np.copyto(last, number, where=partial > 0)
    return last


def _up_to(place: Indices, terms: Floats) -> tuple[Floats, Floats]:
    """Returns the sums [k] of terms [n, k] up to a place of each, and of all; the terms are used up."""
    for so_far, term in pairwise(terms):
        term += so_far
    return np.take(terms, place), terms[-1]
