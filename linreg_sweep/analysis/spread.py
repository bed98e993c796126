"""How columns spread over the trials of each group, gathered in bounded memory: exact quantiles and moments.

What is missing counts as above every number: a trial that never converged did so later than any that did.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.analysis.aggregate import Ranges, keys_of
from linreg_sweep.analysis.groups import Rows, grouped, merged
from linreg_sweep.analysis.numbers import HELD, Numbers
from linreg_sweep.array_types import Floats
from linreg_sweep.column_types import Array, Types, ranked_by, ranking

SHARES = (0.5, 0.1, 0.9, 0.0, 1.0)
"""The quantiles, in the order of the first fields of Spread."""


@dataclass(frozen=True)
class Spread:
    """How a column spreads, [g] each: g groups.

    Attributes:
        median: the middle one.
        p10: the 10th percentile.
        p90: the 90th percentile.
        least: the smallest.
        most: the largest.
        mean: over all.
        deviation: the standard deviation, of a sample; NaN of a single trial.
    """

    median: Floats
    p10: Floats
    p90: Floats
    least: Floats
    most: Floats
    mean: Floats
    deviation: Floats


Found = tuple[Floats, NDArray[np.int64], dict[str, Spread]]


class Spreads:
    """The spread of some columns by others, in the making."""

    def __init__(
        self,
        by: Sequence[str],
        of: Sequence[str],
        types: Types,
        ranges: Mapping[str, Ranges] | None = None,
        *,
        together: bool = False,
        most: int = HELD,
    ) -> None:
        """Begins with no trial.

        Args:
            by: the columns that groups are told apart by; none: one group.
            of: the columns that are looked at.
            types: what all of them hold.
            ranges: of columns whose values are gathered into ranges.
            together: the trials of a group lie together, so that one that is left never comes back.
            most: how many numbers of a column are held at once.
        """
        self._by = list(by)
        self._types, self._ranges, self._together = types, dict(ranges or {}), together
        self._counts = Rows(np.empty((0, len(by))), np.empty((0, 1), np.int64), np.empty((0, 0)))
        self._each = {name: Numbers(len(by), SHARES, most) for name in of}
        self._are_left = list(of)

    def gathered(self, read: Callable[[list[str]], Iterable[Mapping[str, Array]]]) -> Found:
        """Returns the groups' keys [g, k], ascending, how many trials each has [g], and each column's spread.

        A key is a number, the code of a word or the place of a range; NaN where a trial has no value.

        Args:
            read: yields some columns of all trials, a part at a time, codes for words; called once a pass.
        """
        passes = 0
        while passes == 0 or self._are_left:
            reads = dict.fromkeys([*self._by, *(each for name in self._are_left for each in ranked_by(name))])
            for columns in read(list(reads)):
                self._add(columns, is_first=passes == 0)
            passes += 1
            self._are_left = [name for name in self._are_left if self._each[name].ends_pass()]
        keys = self._counts.keys
        spreads = {name: Spread(*each.found(keys).T) for name, each in self._each.items()}
        return keys, self._counts.sums[:, 0], spreads

    def _add(self, columns: Mapping[str, Array], *, is_first: bool) -> None:
        keys = keys_of(self._by, self._types, self._ranges, columns)
        groups, group = grouped(keys)
        if is_first:
            counts = np.bincount(group, minlength=len(groups))[:, None]
            self._counts = merged([self._counts, Rows(groups, counts, np.empty((len(groups), 0)))])
        goes_on = keys[-1] if self._together else None
        for name in self._are_left:
            values = self._types[name].keys(ranking(columns, name))
            self._each[name].add(groups, group, np.where(np.isnan(values), np.inf, values), goes_on=goes_on)
