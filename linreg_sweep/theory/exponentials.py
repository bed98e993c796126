"""Where sums of exponentials change their sign, told without a search where rules of signs tell it.

`f(t) = sum_j weight_j exp(rate_j t)`, from the slowest rate to the fastest, has no more zeros after t = 0
than the partial sums of its weights have changes of sign, from the slowest one on; and no more before t = 0
than those from the fastest one on. Both hold from any other t as well, with the terms there as weights.
Between two ends whose signs differ the number of zeros is odd, between two of one sign it is even.

Source: Jameson, Counting zeros of generalised polynomials: Descartes' rule of signs and Laguerre's
extensions, Math. Gazette 90, 2006.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.theory.sums import folded, total

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]
Indices = NDArray[np.intp]

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
    def of(cls, weight: Floats, rate: Floats) -> "Exponentials":
        """Returns those with these weights and rates [n, k] in any order."""
        order = _slowest_first(rate)
        if order.shape[1] == 1:
            weight, rate = weight[order[:, 0]], rate[order[:, 0]]
        else:
            weight, rate = (np.take_along_axis(each, order, 0) for each in (weight, rate))
        slowest = folded(np.maximum, np.where(weight == 0, -np.inf, rate))
        return cls(weight, np.minimum(rate - slowest, 0.0))

    def take(self, columns: Indices) -> "Exponentials":
        """Returns those of some trials."""
        return Exponentials(self.weight.take(columns, axis=1), self.rate.take(columns, axis=1))

    def terms(self, epoch: Floats) -> Floats:
        """Returns the exponentials [n, k] of each trial at its epoch [k]."""
        terms = self.rate * epoch
        np.exp(terms, out=terms)
        terms *= self.weight
        return terms

    def zeros(self, last: Floats) -> "Zeros":
        """Returns what rules of signs say of the zeros of each sum from t = 0 to the last [k]."""
        after, before = _changes(self.weight), _changes(self.terms(last)[::-1])
        holds = before.are_sure & (self.rate[-1] * last > VANISHED)
        most = np.where(holds, before.count, MANY)
        most = np.minimum(most, np.where(after.are_sure, after.count, MANY))
        return Zeros(np.where(after.end_is_sure & before.end_is_sure, most, MANY), after.below, before.below)

    def below(self, epoch: Floats, otherwise: Flags) -> Flags:
        """Returns whether sums are below 0 at their epochs [k], something else where rounding decides."""
        terms = self.terms(epoch)
        value = total(terms)
        return np.where(np.abs(value) >= SURE * total(np.abs(terms)), value < 0, otherwise)

    def first_from(self, low: Floats, high: Floats) -> Floats:
        """Returns the first whole number [k] at which a sum is not below 0.

        Args:
            low: where it is below 0 [k].
            high: where it is not, with one change of sign in between [k].

        There what is slow, and above 0, comes up to what is fast, and below: of two exponentials the
        logarithms are straight lines, so that a few of Newton's steps lead to where they meet.
        """
        low, high = low.copy(), high.copy()
        active, step = np.flatnonzero(high - low > 1), 0
        some, now = self.take(active), low[active]
        rate, shrunk = some.rate, np.exp(some.rate * now)
        slow = np.where(_is_slow(some.weight * shrunk), some.weight, 0.0)
        fast = slow - some.weight
        while len(active):
            above, below = shrunk * slow, shrunk * fast
            over, under = total(above), total(below)
            above *= rate
            below *= rate
            guess = now - np.log(over / under) / (total(above) / over - total(below) / under)
            is_up = over >= under
            begin, end = np.where(is_up, low[active], now), np.where(is_up, now, high[active])
            low[active], high[active] = begin, end
            guess, half = np.where(is_up, np.floor(guess), np.ceil(guess)), np.floor((begin + end) / 2)
            near = np.clip(guess, begin + 1, end - 1)
            now = half if step > STRAIGHT and step % 2 else np.where(np.abs(guess - near) <= 1, near, half)
            step += 1
            goes_on = end - begin > 1
            if not goes_on.all():
                left = np.flatnonzero(goes_on)
                active, now = active[left], now[left]
                slow, fast, rate = (each.take(left, axis=1) for each in (slow, fast, rate))
            shrunk = np.exp(rate * now)
        return high


@dataclass(frozen=True)
class Zeros:
    """What rules of signs say of the zeros of sums from t = 0 to a last one.

    Attributes:
        most: how many each has at most [k]; MANY where it is not known.
        below_first: whether it is below 0 at t = 0 [k].
        below_last: whether it is at the last [k].
    """

    most: Integers
    below_first: Flags
    below_last: Flags


@dataclass(frozen=True)
class _Changes:
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


def _changes(terms: Floats) -> _Changes:
    """Returns how often the partial sums of terms [n, k] change their sign, from the first on."""
    partial, size = terms[0].copy(), np.abs(terms[0])
    below = partial < 0
    count, are_sure = np.zeros(len(partial), np.int64), np.ones(len(partial), np.bool_)
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
    return _Changes(count, are_sure & is_finite, below, is_sure & is_finite)


def _is_slow(terms: Floats) -> Flags:
    """Returns which terms [n, k] are among the first ones that come to more than 0 for the last time."""
    partial = np.zeros(terms.shape[1])
    is_slow = np.empty(terms.shape, np.bool_)
    for term, flags in zip(terms, is_slow, strict=True):
        partial += term
        np.greater(partial, 0, out=flags)
    for flags, after in zip(is_slow[-2::-1], is_slow[:0:-1], strict=True):
        flags |= after
    return is_slow


def _slowest_first(rate: Floats) -> Integers:
    """Returns the order [n, k] in which rates [n, k] descend, or the one [n, 1] in which all do."""
    new = np.append(True, (rate[:, 1:] != rate[:, :-1]).any(axis=0))
    runs = np.argsort(-rate[:, new], axis=0)
    if (runs == runs[:, :1]).all():
        return runs[:, :1]
    return runs[:, np.cumsum(new) - 1]
