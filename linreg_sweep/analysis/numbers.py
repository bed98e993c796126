"""Numbers in groups, gathered part by part in bounded memory: exact quantiles, means, standard deviations.

Up to HELD numbers are held as they come; where members of a group lie together, those of the last group. More
of them take further passes over the parts: the first one leaves some numbers of each group, the second counts
how many lie between which of these (`ranks.py`), and a third picks out those that a quantile lies among.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from linreg_sweep.analysis.groups import between, in_order, order_of, starts_of
from linreg_sweep.analysis.ranks import Ranks
from linreg_sweep.array_types import Flags, Floats, Integers

HELD = 2**20
"""Numbers that are held at once."""

PIVOTS = 2**16
"""Numbers that others are counted between, or more where these are not A_GROUP of each group."""

A_GROUP = 64


@dataclass
class Sums:
    """What is known of each group [G].

    Attributes:
        keys: of the groups [G, k].
        count: how many numbers it has.
        total: their sum.
        squares: the sum of the squares of what they lie from their mean.
        quantiles: [G, s]; NaN as long as they are not known.
    """

    keys: Floats
    count: Integers
    total: Floats
    squares: Floats
    quantiles: Floats

    @classmethod
    def of(cls, keys: Floats, n_shares: int) -> "Sums":
        """Returns those of groups without a number."""
        n = len(keys)
        return cls(keys, np.zeros(n, np.int64), np.zeros(n), np.zeros(n), np.full((n, n_shares), np.nan))

    def __len__(self) -> int:
        return len(self.keys)

    @classmethod
    def joined(cls, parts: Sequence["Sums"]) -> "Sums":
        """Returns the groups of all."""
        columns = zip(*(vars(part).values() for part in parts), strict=True)
        return cls(*(np.concatenate(each) for each in columns))

    def chosen(self, which: Flags) -> "Sums":
        """Returns some groups."""
        return Sums(*(each[which] for each in vars(self).values()))

    @property
    def mean(self) -> Floats:
        """The mean of each group."""
        with np.errstate(invalid="ignore", over="ignore"):  # no number, and infinities
            return self.total / self.count

    def places(self, keys: Floats) -> Integers:
        """Returns where different keys [g, k] stand among those of the groups; len(self): nowhere."""
        both = np.concatenate([self.keys, keys])
        order = order_of(both)
        starts = starts_of(both[order])
        place = np.empty(len(both), np.int64)
        place[order] = np.repeat(order[starts], np.diff(np.append(starts, len(both))))
        return np.minimum(place[len(self) :], len(self))

    def add(self, group: Integers, numbers: Floats) -> None:
        """Counts numbers [n] of groups [n], and adds them up, one by one, so that no part changes a bit."""
        self.count += np.bincount(group, minlength=len(self))
        with np.errstate(invalid="ignore", over="ignore"):  # infinities
            np.add.at(self.total, group, numbers)

    def add_squares(self, group: Integers, numbers: Floats) -> None:
        """Adds up the squares, once all numbers are counted."""
        with np.errstate(invalid="ignore", over="ignore"):
            np.add.at(self.squares, group, (numbers - self.mean[group]) ** 2)


class Numbers:
    """Numbers of groups in the making: see the module."""

    def __init__(self, k: int, shares: Sequence[float], most: int = HELD) -> None:
        """Begins with no number.

        Args:
            k: columns of a group's key.
            shares: the quantiles that will be asked for.
            most: how many numbers are held at once.
        """
        self._shares, self._most = np.array(shares), most
        self._sums = Sums.of(np.empty((0, k)), len(shares))
        self._settled = [self._sums]
        self._waiting: list[tuple[Floats, Integers, Floats]] = []
        self._group, self._numbers, self._are_all = np.empty(0, np.int64), np.empty(0), True
        self._ranks: Ranks | None = None

    def __len__(self) -> int:
        """How many numbers are held."""
        held = self._numbers if self._ranks is None else self._ranks
        return len(held) + sum(len(numbers) for _, _, numbers in self._waiting)

    def add(self, groups: Floats, group: Integers, numbers: Floats, *, goes_on: Floats | None = None) -> None:
        """Takes numbers of a part, in each pass again; for the arguments see `Frequencies.add`."""
        if self._ranks is not None:
            which = self._sums.places(groups)[group]
            left = which < len(self._sums)
            if not self._ranks.are_counted:
                self._sums.add_squares(which[left], numbers[left])
            self._ranks.add(which[left], numbers[left])
            return
        self._waiting.append((groups, group, numbers))
        if goes_on is not None and self._are_all:
            self._gather()
            self._settle(np.arange(len(self._sums)) != self._sums.places(goes_on[None]))
        if len(self) > self._most:
            self._gather()
            if len(self) > max(self._most, 2 * len(self._sums)):
                self._thin(self._most // 2)

    def ends_pass(self) -> bool:
        """Ends a pass over all parts; returns whether they are to come once more."""
        self._gather()
        sums = self._sums
        if self._ranks is None:
            if self._are_all:
                self._settle(np.ones(len(sums), np.bool_))
                return False
            self._thin(max(PIVOTS, A_GROUP * len(sums)))
            self._ranks = Ranks(self._group, self._numbers, len(sums), self._most)
            self._group, self._numbers = self._group[:0], self._numbers[:0]
            return True
        place: Floats = self._shares * (sums.count[:, None] - 1)
        below = np.floor(place)
        if self._ranks.ends_pass(np.stack([below, np.minimum(below + 1, sums.count[:, None] - 1)])):
            return True
        sums.quantiles = between(self._ranks.numbers[0], self._ranks.numbers[1], place - below)
        self._ranks, self._are_all = None, True
        return False

    def found(self, keys: Floats) -> Floats:
        """Returns quantiles, mean and standard deviation of a sample [g, s + 2] of groups [g] by their keys.

        NaN of groups without a number; the deviation of a single one is as well.
        """
        sums = Sums.joined([*self._settled, self._sums])
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            deviation = np.sqrt(sums.squares / (sums.count - 1))
        told = np.column_stack([sums.quantiles, sums.mean, deviation])
        return np.concatenate([told, np.full((1, told.shape[1]), np.nan)])[sums.places(keys)]

    def _gather(self) -> None:
        """Takes what waits, and what groups are new in it."""
        if not self._waiting:
            return
        keys = np.concatenate([groups for groups, _, _ in self._waiting])
        order = order_of(keys)
        different = keys[order][starts_of(keys[order])]
        new = different[self._sums.places(different) == len(self._sums)]
        self._sums = Sums.joined([self._sums, Sums.of(new, len(self._shares))])
        group = np.concatenate([self._sums.places(groups)[group] for groups, group, _ in self._waiting])
        numbers = np.concatenate([numbers for _, _, numbers in self._waiting])
        self._waiting = []
        self._sums.add(group, numbers)
        self._group, self._numbers = np.append(self._group, group), np.append(self._numbers, numbers)

    def _settle(self, is_over: Flags) -> None:
        """Turns held numbers into quantiles; none of these groups [G] comes any more, and all are held."""
        sums, chosen = self._sums, is_over[self._group]
        group, numbers = self._group[chosen], self._numbers[chosen]
        sums.add_squares(group, numbers)
        group, numbers = in_order(group, numbers, len(sums))
        there = is_over & (sums.count > 0)
        count = sums.count[there, None]
        first = np.searchsorted(group, np.flatnonzero(there))[:, None]
        place: Floats = self._shares * (count - 1)
        below = np.floor(place).astype(np.int64)
        second = numbers[first + np.minimum(below + 1, count - 1)]
        sums.quantiles[there] = between(numbers[first + below], second, place - np.floor(place))
        self._settled.append(sums.chosen(is_over))
        self._sums = sums.chosen(~is_over)
        self._group = (np.cumsum(~is_over) - 1)[self._group[~chosen]]
        self._numbers = self._numbers[~chosen]

    def _thin(self, most: int) -> None:
        """Leaves about so many numbers, and of each group about as many as of others, from the least on."""
        group, numbers = in_order(self._group, self._numbers, len(self._sums))
        while len(group) > max(most, len(self._sums)):
            held = np.bincount(group, minlength=len(self._sums))
            place = np.arange(len(group)) - (np.cumsum(held) - held)[group]
            stays = (held < held[held > 0].mean())[group] | (place % 2 == 0)
            group, numbers = group[stays], numbers[stays]
        self._group, self._numbers, self._are_all = group, numbers, False
