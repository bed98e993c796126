"""Rows gathered by their keys, part by part: sums and extremes a key, and counts of whole numbers.

Memory grows with the different keys, and with the different numbers in each, not with what was added.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Floats, Integers

MAX_CODES = 2**62

MAX_EXACT = 2**53
"""Whole numbers up to this are exact as floats."""

MAX_CELLS = 2**16
"""Keys, whether they occur or not, up to which each has its place in an array."""

FEW_IN_A_GROUP = 32
"""Members of a group up to which sorting all at once is faster than one group after the other."""

MAX_PENDING = 2**15
"""Rows that wait to be merged with those before them; or as many as those are, so each is merged seldom."""


@dataclass(frozen=True)
class Rows:
    """Sums and extremes, a row a key.

    Attributes:
        keys: [r, k].
        sums: [r, s], added up where rows of one key are merged.
        least: [r, m], of which the smallest stays.
    """

    keys: Floats
    sums: Integers
    least: Floats

    def __len__(self) -> int:
        return len(self.keys)

    def chosen(self, which: NDArray[np.bool_]) -> "Rows":
        """Returns some rows."""
        return Rows(self.keys[which], self.sums[which], self.least[which])


def merged(parts: Sequence[Rows]) -> Rows:
    """Returns the rows of all, one a key, in the order of the keys."""
    keys = np.concatenate([rows.keys for rows in parts])
    if not len(keys):
        return parts[0]
    order = order_of(keys)
    keys = keys[order]
    starts = starts_of(keys)
    return Rows(
        keys[starts],
        np.add.reduceat(np.concatenate([rows.sums for rows in parts])[order], starts, axis=0),
        np.fmin.reduceat(np.concatenate([rows.least for rows in parts])[order], starts, axis=0),
    )


def order_of(keys: Floats) -> Integers:
    """Returns the order in which keys [r, k] ascend, column by column."""
    coded = _coded(keys, MAX_EXACT)
    if coded is not None:
        return np.argsort(coded[0], kind="stable")
    return np.lexsort(keys.T[::-1]) if keys.shape[1] else np.arange(len(keys))


def starts_of(keys: Floats) -> Integers:
    """Returns where in sorted keys [r, k] a new key begins."""
    if not len(keys):
        return np.empty(0, np.int64)
    new = np.ones(len(keys), np.bool_)
    before, after = keys[:-1], keys[1:]
    new[1:] = ((before != after) & ~(np.isnan(before) & np.isnan(after))).any(axis=1)
    return np.flatnonzero(new)


def _coded(keys: Floats, most: int) -> tuple[Integers, Floats, tuple[int, ...]] | None:
    """Returns keys [n, k] of whole numbers as one number [n] each, which sorts far faster and alike.

    Beside it the least of each column [k], and how far each reaches [k]; None: they are no whole
    numbers, or would reach over more than so many codes.
    """
    if not keys.size or (keys[0] != np.floor(keys[0])).any():
        return None
    columns = np.ascontiguousarray(keys.T)
    least = columns.min(axis=1)
    with np.errstate(over="ignore", invalid="ignore"):  # infinities, and what lies as far apart
        reach = columns.max(axis=1) - least + 1
        few = reach.prod() <= most
    if not few or (columns != np.floor(columns)).any():
        return None
    shape = tuple(reach.astype(np.int64).tolist())
    return np.ravel_multi_index(tuple((columns - least[:, None]).astype(np.int64)), shape), least, shape


def grouped(keys: Floats) -> tuple[Floats, Integers]:
    """Returns the different keys [g, k] among many [n, k], ascending, and the place [n] of each in them."""
    coded = _coded(keys, MAX_CELLS)
    if coded is not None:
        codes, least, shape = coded
        there = np.bincount(codes) > 0
        found = np.stack(np.unravel_index(np.flatnonzero(there), shape), axis=1) + least
        return found, (np.cumsum(there) - 1)[codes]
    new = starts_of(keys)
    runs = keys[new]
    order = order_of(runs)
    begins = starts_of(runs[order])
    group_of_run = np.empty(len(runs), np.int64)
    group_of_run[order] = np.repeat(np.arange(len(begins)), np.diff([*begins, len(runs)]))
    return runs[order][begins], np.repeat(group_of_run, np.diff([*new, len(keys)]))


class Frequencies:
    """How often each number came in each group, from which quantiles are exact."""

    def __init__(self, k: int, shares: Sequence[float]) -> None:
        """Begins with no number.

        Args:
            k: columns of a group's key.
            shares: the quantiles that will be asked for.
        """
        self._k, self._shares = k, shares
        self._counted = _nothing(k + 1)
        self._waiting: list[Rows] = []
        self._settled: list[tuple[Floats, Floats]] = []

    def __len__(self) -> int:
        """How many counts are kept."""
        return len(self._counted)

    def add(
        self, groups: Floats, group: Integers, numbers: Integers | Floats, *, goes_on: Floats | None = None
    ) -> None:
        """Takes numbers.

        Args:
            groups: [g, k], the keys of the groups.
            group: [n], the group of each number.
            numbers: [n], none missing.
            goes_on: [k], where members of a group come one after the other: the key of the one
                group that goes on after these; all others never come back.
        """
        least, span = 0, MAX_CODES + 1
        if numbers.dtype.kind == "i":
            least = int(numbers.min(initial=0))
            span = int(numbers.max(initial=0)) - least + 1
        if span > MAX_CODES // max(1, len(groups)):  # a pair is no whole number
            which, where, counts = _pairs(group, np.asarray(numbers, np.float64), len(groups))
        else:
            codes, counts = np.unique(group * span + (numbers - least), return_counts=True)
            which, where = np.divmod(codes, span)
            where += least
        pairs = np.column_stack([groups[which], where.astype(np.float64)])
        rows = Rows(pairs, counts[:, None], np.empty((len(pairs), 0)))
        if goes_on is not None:
            self._go_on(rows, goes_on)
            return
        self._waiting.append(rows)
        if sum(map(len, self._waiting)) > max(MAX_PENDING, len(self._counted)):
            self._merge()

    def _go_on(self, rows: Rows, goes_on: Floats) -> None:
        """Takes sorted rows of groups of which all but one end with them; of those before one was left."""
        came_back = _of_group(rows, self._counted.keys[0, :-1]) if len(self._counted) else None
        parts = [rows]
        if came_back is not None:
            parts = [merged([self._counted, rows.chosen(came_back)]), rows.chosen(~came_back)]
        stays = [_of_group(part, goes_on) for part in parts]
        for part, stay in zip(parts, stays, strict=True):
            self._settle(part.chosen(~stay))
        self._counted = merged([part.chosen(stay) for part, stay in zip(parts, stays, strict=True)])

    def _merge(self) -> None:
        self._counted = merged([self._counted, *self._waiting])
        self._waiting = []

    def _settle(self, rows: Rows) -> None:
        """Turns counted numbers into quantiles; nothing of these groups comes any more."""
        if not len(rows):
            return
        starts = starts_of(rows.keys[:, :-1])
        ends = np.append(starts[1:], len(rows))
        reached, numbers = np.cumsum(rows.sums[:, 0]), rows.keys[:, -1]
        before = np.append(0, reached)[starts]
        n = reached[ends - 1] - before
        found = [_quantile(share, numbers, reached, before, n) for share in self._shares]
        self._settled.append((rows.keys[starts, :-1], np.column_stack(found)))

    def quantiles(self, keys: Floats) -> Floats:
        """Returns what was asked for [g, s] of groups with these keys [g, k]; NaN of one without a number."""
        self._merge()
        self._settle(self._counted)
        self._counted = _nothing(self._k + 1)
        both = np.concatenate([keys, *(found for found, _ in self._settled)])
        none = np.full((len(keys), len(self._shares)), np.nan)
        filled = np.concatenate([none, *(values for _, values in self._settled)])
        order = order_of(both)
        return np.fmin.reduceat(filled[order], starts_of(both[order]), axis=0) if len(both) else filled


def as_cells(values: Floats) -> list[float | None]:
    """Returns numbers as the cells of a table: None for what is missing, and one zero, not two."""
    return [None if value != value else value for value in (values + 0.0).tolist()]


def in_order(group: Integers, numbers: Floats, n_groups: int) -> tuple[Integers, Floats]:
    """Returns groups and numbers [n], by group and then by number."""
    if n_groups * FEW_IN_A_GROUP > len(numbers):
        order = np.lexsort((numbers, group))
        return group[order], numbers[order]
    if (group[1:] < group[:-1]).any():
        order = np.argsort(group.astype(np.uint16) if n_groups < 2**16 else group, kind="stable")
        group, numbers = group[order], numbers[order]
    numbers = numbers.copy()
    ends = [0, *(np.flatnonzero(group[1:] != group[:-1]) + 1).tolist(), len(group)]
    for begin, end in pairwise(ends):
        numbers[begin:end].sort()
    return group, numbers


def _pairs(group: Integers, numbers: Floats, n_groups: int) -> tuple[Integers, Floats, Integers]:
    """Returns the different pairs of a group and a number, ascending, and how often each is there."""
    group, numbers = in_order(group, numbers, n_groups)
    new = np.flatnonzero((group[1:] != group[:-1]) | (numbers[1:] != numbers[:-1])) + 1
    starts = np.append(np.zeros(min(1, len(numbers)), np.int64), new)
    return group[starts], numbers[starts], np.diff(starts, append=len(numbers))


def _of_group(rows: Rows, key: Floats) -> NDArray[np.bool_]:
    """Returns which rows [r] of groups and numbers are of the group with this key [k]."""
    keys = rows.keys[:, :-1]
    return np.asarray(((keys == key) | (np.isnan(keys) & np.isnan(key))).all(axis=1))


def _nothing(k: int) -> Rows:
    return Rows(np.empty((0, k)), np.empty((0, 1), np.int64), np.empty((0, 0)))


def _quantile(share: float, epochs: Floats, reached: Integers, before: Integers, n: Integers) -> Floats:
    """Returns a quantile [g] of counted epochs, between two of them as numpy.quantile takes it."""
    place = share * (n - 1)
    below = np.floor(place).astype(np.int64)
    first = epochs[np.searchsorted(reached, before + below, side="right")]
    second = epochs[np.searchsorted(reached, before + np.minimum(below + 1, n - 1), side="right")]
    return between(first, second, place - below)


def between(first: Floats, second: Floats, share: Floats) -> Floats:
    """Returns what lies so far between a number and the next one, as numpy.quantile takes it."""
    with np.errstate(invalid="ignore"):  # of infinities
        is_one = (first == second) | (share == 0)
        found: Floats = np.where(is_one, first, first + (second - first) * share)
        return found
