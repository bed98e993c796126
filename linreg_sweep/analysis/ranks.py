"""The numbers at given ranks in groups, found in two passes or more over numbers that are not held.

In the first they are counted between some of them, the pivots, in the others those are picked out that lie
between the same two pivots as a number that is asked for, as many at once as may be held.

Source: Munro and Paterson, Selection and sorting with limited storage, Theoretical Computer Science 12, 1980.
"""

import numpy as np

from linreg_sweep.array_types import Floats, Integers


class Ranks:
    """Numbers of groups in the making.

    A number has the code 2 i of pivot i that it equals, or 2 i + 1 if that is the next one below it.
    """

    def __init__(self, group: Integers, numbers: Floats, n_groups: int, most: int) -> None:
        """Begins to count.

        Args:
            group: of each pivot [m].
            numbers: the pivots [m].
            n_groups: G.
            most: how many numbers are held at once.
        """
        every = np.append(np.arange(n_groups), group)
        pivots = every.astype(np.complex128)  # they ascend by the real part, then by the imaginary one
        pivots.imag = np.append(np.full(n_groups, -np.inf), numbers)
        pivots.sort()
        self._pivots, self._most = pivots[np.append(True, pivots[1:] != pivots[:-1])], most
        self._first = np.searchsorted(self._pivots.real, np.arange(n_groups))
        self._counts = np.zeros(2 * len(self._pivots), np.int64)
        self._codes: Integers = np.empty((2, n_groups, 0), np.int64)
        self._offsets = self._codes
        self._is_wanted = np.empty(0, np.bool_)
        self._picked: list[tuple[Integers, Floats]] = []
        self.are_counted = False
        self.numbers: Floats = np.empty((2, n_groups, 0))

    def __len__(self) -> int:
        """How many numbers are held."""
        return sum(len(numbers) for _, numbers in self._picked)

    def add(self, group: Integers, numbers: Floats) -> None:
        """Takes numbers [n] of groups [n], in each pass again."""
        each = group.astype(np.complex128)
        each.imag = numbers
        place = np.searchsorted(self._pivots, each, side="right") - 1
        codes = 2 * place + (self._pivots.imag[place] != numbers)
        if not self.are_counted:
            self._counts += np.bincount(codes, minlength=len(self._counts))
            return
        chosen = self._is_wanted[codes]
        self._picked.append((codes[chosen], numbers[chosen]))

    def ends_pass(self, ranks: Floats) -> bool:
        """Ends a pass; returns whether the numbers are to come once more, as not all are found.

        Args:
            ranks: what is asked for [2, G, s], from 0 on in each group; NaN: nothing.
        """
        if not self.are_counted:
            self._place(ranks)
        else:
            codes = np.concatenate([codes for codes, _ in self._picked])
            numbers = np.concatenate([numbers for _, numbers in self._picked])
            order = np.lexsort((numbers, codes))
            here = self._is_wanted[self._codes] & np.isnan(self.numbers)
            at = np.searchsorted(codes[order], self._codes[here]) + self._offsets[here]
            self.numbers[here] = numbers[order][at]
            self._picked = []
        left = np.flatnonzero(np.bincount(self._codes[np.isnan(self.numbers) & ~np.isnan(ranks)]))
        self._is_wanted = np.zeros(len(self._counts), np.bool_)
        self._is_wanted[left[np.cumsum(self._counts[left]) <= self._most]] = True
        self._is_wanted[left[:1]] = True
        return len(left) > 0

    def _place(self, ranks: Floats) -> None:
        """Finds between which pivots each number lies, and those that equal one."""
        self.are_counted = True
        reached = np.cumsum(self._counts)
        before = np.append(0, reached)[2 * self._first]
        asked = ~np.isnan(ranks)
        at = np.where(asked, ranks, 0).astype(np.int64) + before[:, None]
        self._codes = np.minimum(np.searchsorted(reached, at, side="right"), len(reached) - 1)
        self._offsets = at - np.append(0, reached)[self._codes]
        is_pivot = asked & (self._codes % 2 == 0)
        self.numbers = np.where(is_pivot, self._pivots.imag[self._codes // 2], np.nan)
