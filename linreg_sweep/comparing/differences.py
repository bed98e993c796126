"""What differs between matched trials of two runs, gathered block by block: a row a group of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.analysis.groups import Frequencies, Rows, as_cells, grouped, merged
from linreg_sweep.array_types import Flags, Floats
from linreg_sweep.theory.outcome import CONVERGED, DIVERGED, MISSING, OUTCOMES

Column = NDArray[np.generic]
Columns = Mapping[str, Column]

RATIO_STEP = 1e-6
"""Ratios of epochs are counted in steps of this many hundred percent, so that memory stays bounded."""

EVENTS = ("converged_at", "diverged_at")
"""Columns of epochs that are compared."""

COMPARED = ("outcome", "converged_at", "diverged_at", "cost")
"""Columns that are compared beside the parameters that were fitted."""

KINDS = ("outcome_changed", "epoch_changed", "numbers_changed", "last_bits", "identical")
OUTCOME, EPOCH, NUMBERS, LAST_BITS, IDENTICAL = range(len(KINDS))
"""How a matched trial differs, by the first that holds: another outcome, another epoch of an event, other
final numbers, numbers that agree in half of their digits and more, nothing at all."""

COUNTS = ("matched", "changed", *KINDS, "sooner", "same_epoch", "later")
MOVES = len(COUNTS)
SAME_BITS = MOVES + len(OUTCOMES) ** 2
"""Where a group's sums stand: the counts first, from here on the moves from outcome to outcome, and from
there the values that are the same to the bit."""


class Differences:
    """Differences between two runs, in the making.

    Attributes:
        values: the columns of numbers that are compared, the cost first.
    """

    def __init__(
        self,
        k: int,
        values: Sequence[str],
        fitted: Sequence[str],
        tolerance: float,
        epsilon: float,
        *,
        same_data: bool,
    ) -> None:
        """Begins with no trial.

        Args:
            k: columns of a group's key; none: one group.
            values: see the attribute.
            fitted: those of them that are fitted numbers of one size, so that differences are shares of
                their largest.
            tolerance: the relative difference up to which two numbers count as the same.
            epsilon: from 1 to the next number, in the coarser precision of both descents.
            same_data: so that the same fitted numbers have the same cost.
        """
        self.values, self._fitted = list(values), list(fitted)
        self._tolerance, self._near = tolerance, epsilon**0.5
        self._same_data = same_data
        v = len(self.values)
        self._rows = Rows(np.empty((0, k)), np.empty((0, SAME_BITS + v), np.int64), np.empty((0, v + 1)))
        self._later = Frequencies(k, (0.5,))
        self._ratios = Frequencies(k, (0.5,))

    def add(self, first: Columns, second: Columns, keys: Floats) -> None:
        """Takes matched trials, [m] each column, with the keys [m, k] of their groups."""
        if not len(keys):
            return
        groups, group = grouped(keys + 0.0)
        move = np.asarray(first["outcome"], np.int64) * len(OUTCOMES) + np.asarray(
            second["outcome"], np.int64
        )
        both = move == CONVERGED * len(OUTCOMES) + CONVERGED
        before = np.asarray(first["converged_at"], np.int64)
        after = np.asarray(second["converged_at"], np.int64)
        kinds, gaps = self.kinds(first, second)
        flags = [  # COUNTS, then from MOVES and from SAME_BITS
            np.ones(len(keys), np.bool_),
            self.changed(first, second),
            *(kinds == kind for kind in range(len(KINDS))),
            both & (after < before),
            both & (after == before),
            both & (after > before),
            *(move == code for code in range(len(OUTCOMES) ** 2)),
            *(same_bits(first[name], second[name]) for name in self.values),
        ]
        sums = [np.bincount(group, weights=flag, minlength=len(groups)).astype(np.int64) for flag in flags]
        bounded = (first["outcome"] != DIVERGED) & (second["outcome"] != DIVERGED)
        least = np.full((len(groups), len(self.values) + 1), np.nan)
        for column, name in enumerate(self.values):
            apart = -np.abs(_floats(first[name])[bounded] - _floats(second[name])[bounded])
            np.fmin.at(least[:, column], group[bounded], apart)
        np.fmin.at(least[:, -1], group[kinds > EPOCH], -gaps[kinds > EPOCH])
        self._rows = merged([self._rows, Rows(groups, np.column_stack(sums), least)])
        self._later.add(groups, group[both], (after - before)[both])
        known = both & (before > 0) & (after > 0)
        ratios = np.log(after[known] / before[known]) / RATIO_STEP
        self._ratios.add(groups, group[known], np.rint(ratios).astype(np.int64))

    def changed(self, first: Columns, second: Columns) -> Flags:
        """Returns which matched trials [m] ended otherwise, at another epoch, or in other numbers."""
        found: Flags = np.asarray(first["outcome"] != second["outcome"])
        for name in (*EVENTS, *self.values):
            found = found | self.differs(name, first, second)
        return found

    def kinds(self, first: Columns, second: Columns) -> tuple[NDArray[np.int8], Floats]:
        """Returns how matched trials [m] differ, as places in KINDS, and by which share their numbers do.

        The share is of the trial's largest fitted number: one of them may be next to zero, and all its
        digits rounding. So may the cost; it is looked at where the fitted numbers do not decide it.
        """
        same = np.logical_and.reduce([same_bits(first[name], second[name]) for name in self.values])
        rows, gaps = np.flatnonzero(~same), np.zeros(len(same))
        cost, *others = self.values
        measured = [name for name in others if name not in self._fitted]
        alone = [*measured, *([] if self._same_data and self._fitted else [cost])]
        for names in [*([name] for name in alone), *([self._fitted] if self._fitted else [])]:
            sides = (np.array([_floats(side[name][rows]) for name in names]) for side in (first, second))
            gaps[rows] = np.maximum(gaps[rows], _share(*sides))
        kinds = np.where(same, IDENTICAL, np.where(gaps <= self._near, LAST_BITS, NUMBERS)).astype(np.int8)
        for name in EVENTS:
            kinds[np.asarray(first[name] != second[name])] = EPOCH
        kinds[np.asarray(first["outcome"] != second["outcome"])] = OUTCOME
        return kinds, gaps

    def differs(self, name: str, first: Columns, second: Columns) -> Flags:
        """Returns in which matched trials [m] a column of numbers differs."""
        if not self._tolerance:
            return ~same_bits(first[name], second[name])
        return ~_close(_floats(first[name], name), _floats(second[name], name), self._tolerance)

    def table(self) -> dict[str, list[Any]]:
        """Returns a row a group, in the order of the keys, without the keys."""
        rows = self._rows
        ratio = self._ratios.quantiles(rows.keys)[:, 0]
        moves = {
            f"{before}_to_{after}": rows.sums[:, MOVES + len(OUTCOMES) * i + j].tolist()
            for i, before in enumerate(OUTCOMES)
            for j, after in enumerate(OUTCOMES)
        }
        return {
            **{name: rows.sums[:, place].tolist() for place, name in enumerate(COUNTS)},
            "median_epochs_later": as_cells(self._later.quantiles(rows.keys)[:, 0]),
            "median_epochs_ratio": as_cells(np.exp(ratio * RATIO_STEP)),
            **moves,
            **{
                f"same_bits_{name}": rows.sums[:, SAME_BITS + place].tolist()
                for place, name in enumerate(self.values)
            },
            **{
                f"largest_difference_{name}": as_cells(-rows.least[:, place])
                for place, name in enumerate(self.values)
            },
            "largest_relative_difference": as_cells(-rows.least[:, -1]),
        }

    @property
    def keys(self) -> Floats:
        """The keys [g, k] of the groups, in their order."""
        return self._rows.keys


def same_bits(first: Column, second: Column) -> Flags:
    """Returns where numbers [m] are the same to the bit, or both are no number."""
    if first.dtype.kind != "f":
        return np.asarray(first == second)
    return np.asarray((first.view(np.int64) == second.view(np.int64)) | (np.isnan(first) & np.isnan(second)))


def _share(first: Floats, second: Floats) -> Floats:
    """Returns the largest difference [m] of numbers [v, m], as a share of the largest; inf for no number."""
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.where(
            (first == second) | (np.isnan(first) & np.isnan(second)), 0.0, np.abs(first - second)
        )
        largest = np.fmax(np.abs(first), np.abs(second)).max(axis=0)
        share = np.divide(apart.max(axis=0), largest, out=np.zeros(len(largest)), where=largest > 0)
    return np.where(np.isnan(apart).any(axis=0) | np.isnan(share), np.inf, share)


def _close(first: Floats, second: Floats, tolerance: float) -> Flags:
    """Returns where two numbers [m] differ by at most this share of the larger; infinities by their sign."""
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.abs(first - second) <= tolerance * np.maximum(np.abs(first), np.abs(second))
    finite = np.isfinite(first) & np.isfinite(second)
    return np.asarray((near & finite) | (first == second) | (np.isnan(first) & np.isnan(second)))


def _floats(values: Column, name: str = "") -> Floats:
    numbers = np.asarray(values, np.float64)
    return np.where(numbers == MISSING, np.nan, numbers) if name in EVENTS else numbers
