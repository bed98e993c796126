"""The summary of trials, gathered part by part: memory grows with its rows, not with the trials.

Each part is boiled down to sums and extremes a group, and to how often each epoch of convergence
came, from which medians are exact. Where the trials of a group lie together, as those of a grid's
slowest parameter do, a group's epochs are kept no longer than its trials last.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.errors import Complaint, ConfigError, did_you_mean
from linreg_sweep.outcome import CATEGORIES, EVENTS, MISSING, OUTCOMES, REGIMES

Column = NDArray[np.generic]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Table = Mapping[str, Sequence[Any]]
"""Columns by their names, a cell a row; None is missing."""

SUMMARISED = ("outcome", "converged_at", "cost", "regime", "stability_ratio")
"""The columns of the trials table that a summary reads, beside those it groups by."""

CONVERGED = OUTCOMES.index("converged")

MOST_CODES = 2**62

MOST_PENDING = 2**15
"""Rows that wait to be merged with those before them."""


@dataclass(frozen=True)
class Ranges:
    """The ranges that the values of a parameter are gathered into.

    Attributes:
        edges: one more than there are ranges.
    """

    edges: Floats

    def place(self, values: Floats) -> Floats:
        """Returns the number of the range that each value lies in; NaN where the value is missing."""
        which = np.clip(np.digitize(values, self.edges) - 1, 0, len(self.edges) - 2)
        return np.where(np.isnan(values), np.nan, which)

    @property
    def labels(self) -> list[str]:
        """The words for each range, with as few digits as tell the ranges apart."""
        for digits in (3, 6, 17):
            labels = [f"{a:.{digits}g} to {b:.{digits}g}" for a, b in pairwise(self.edges.tolist())]
            if len(set(labels)) == len(labels):
                break
        return labels


def ranges_of(distinct: Floats, bins: int | None, *, log: bool) -> Ranges | None:
    """Returns ranges for a parameter with more values than there are to be ranges, else None.

    Args:
        distinct: at least its smallest and largest value and, as far as bins + 1 go, the others.
        bins: how many ranges; None: none.
        log: whether they are evenly spaced by ratio.
    """
    if not bins or len(distinct) <= bins:
        return None
    finite = distinct[np.isfinite(distinct)]
    low, high = float(finite.min()), float(finite.max())
    return Ranges((np.geomspace if log and low > 0 else np.linspace)(low, high, bins + 1))


class Distinct:
    """The different values of a column, as far as a bound, and in any case the smallest and largest."""

    def __init__(self, most: int) -> None:
        """Keeps at least so many."""
        self._most = most
        self.values: Floats = np.empty(0)

    def add(self, values: Column) -> None:
        """Takes the values of a part."""
        numbers = np.asarray(values, np.float64)
        found = np.unique(np.concatenate([self.values, _changes(numbers)]))
        finite = found[np.isfinite(found)]
        if len(found) > self._most + 2 and len(finite):
            found = np.unique(np.concatenate([found[: self._most], finite[:1], finite[-1:]]))
        self.values = found[~np.isnan(found)]


def _changes(values: Floats) -> Floats:
    """Returns values without those that only repeat the one before."""
    kept = np.ones(len(values), np.bool_)
    kept[1:] = values[1:] != values[:-1]
    return values[kept]


@dataclass(frozen=True)
class _Rows:
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

    def chosen(self, which: NDArray[np.bool_]) -> "_Rows":
        """Returns some rows."""
        return _Rows(self.keys[which], self.sums[which], self.least[which])


def _merged(parts: Sequence[_Rows]) -> _Rows:
    """Returns the rows of all, one a key, in the order of the keys."""
    keys = np.concatenate([rows.keys for rows in parts])
    if not len(keys):
        return parts[0]
    order = _order(keys)
    keys = keys[order]
    starts = _starts(keys)
    return _Rows(
        keys[starts],
        np.add.reduceat(np.concatenate([rows.sums for rows in parts])[order], starts, axis=0),
        np.fmin.reduceat(np.concatenate([rows.least for rows in parts])[order], starts, axis=0),
    )


def _order(keys: Floats) -> Integers:
    """Returns the order in which keys [r, k] ascend, column by column."""
    return np.lexsort(keys.T[::-1]) if keys.shape[1] else np.arange(len(keys))


def _starts(keys: Floats) -> Integers:
    """Returns where in sorted keys [r, k] a new key begins."""
    if not len(keys):
        return np.empty(0, np.int64)
    new = np.ones(len(keys), np.bool_)
    before, after = keys[:-1], keys[1:]
    new[1:] = ((before != after) & ~(np.isnan(before) & np.isnan(after))).any(axis=1)
    return np.flatnonzero(new)


class Tally:
    """A summary in the making: one row a value of each named column.

    Attributes:
        by: the columns that it groups by.
    """

    def __init__(
        self, by: Sequence[str], ranges: Mapping[str, Ranges] | None = None, *, together: bool = False
    ) -> None:
        """Begins a summary.

        Args:
            by: hyperparameter columns; none: one row for all trials.
            ranges: of the parameters whose values are gathered into ranges.
            together: the trials of a group lie together, so that one that is left never comes back.
        """
        self.by = list(by)
        self._ranges = dict(ranges or {})
        self._together = together
        self._whole: set[str] = set()
        k = len(self.by)
        self._groups = _Rows(np.empty((0, k)), np.empty((0, 5), np.int64), np.empty((0, 5)))
        self._epochs = _nothing(k + 1)
        self._waiting: list[_Rows] = []
        self._quantiles: list[tuple[Floats, Floats]] = []

    def add(self, columns: Mapping[str, Column]) -> None:
        """Takes a part: at least the columns in SUMMARISED and `by`, codes for words, [K] each."""
        keys = self._keys(columns)
        new = _starts(keys)
        runs = keys[new]
        order = _order(runs)
        begins = _starts(runs[order])
        groups = runs[order][begins]
        group_of_run = np.empty(len(runs), np.int64)
        group_of_run[order] = np.repeat(np.arange(len(begins)), np.diff([*begins, len(runs)]))
        group = np.repeat(group_of_run, np.diff([*new, len(keys)]))
        self._groups = _merged([self._groups, _boiled_down(columns, groups, group)])
        self._count(columns, groups, group)

    def _keys(self, columns: Mapping[str, Column]) -> Floats:
        """Returns the key [K, k] of each trial."""
        keys = np.empty((len(columns["cost"]), len(self.by)))
        for number, name in enumerate(self.by):
            values = np.asarray(columns[name], np.float64)
            if columns[name].dtype.kind == "i":
                self._whole.add(name)
            if name in CATEGORIES or name in EVENTS:
                values = np.where(values == MISSING, np.nan, values)
            keys[:, number] = self._ranges[name].place(values) if name in self._ranges else values
        return keys + 0.0  # one zero, not two

    def _count(self, columns: Mapping[str, Column], groups: Floats, group: Integers) -> None:
        """Counts how often each epoch of convergence came in each group."""
        came = columns["outcome"] == CONVERGED
        at = np.asarray(columns["converged_at"], np.int64)[came]
        span = int(at.max(initial=0)) + 1
        if span > MOST_CODES // max(1, len(groups)):  # epochs so late that a pair is no number any more
            epochs, at = np.unique(at, return_inverse=True)
            span = len(epochs)
        else:
            epochs = None
        codes, counts = np.unique(group[came] * span + at, return_counts=True)
        which, where = np.divmod(codes, span)
        pairs = np.column_stack([groups[which], where if epochs is None else epochs[where]])
        found = _Rows(pairs, counts[:, None], np.empty((len(pairs), 0)))
        self._waiting.append(found)
        if self._together:
            self._merge()
            last = self._keys({name: value[-1:] for name, value in columns.items()})[0]
            keys = self._epochs.keys[:, :-1]
            goes_on = ((keys == last) | (np.isnan(keys) & np.isnan(last))).all(axis=1)
            self._settle(self._epochs.chosen(~goes_on))
            self._epochs = self._epochs.chosen(goes_on)
        elif sum(map(len, self._waiting)) > MOST_PENDING:
            self._merge()

    def _merge(self) -> None:
        self._epochs = _merged([self._epochs, *self._waiting])
        self._waiting = []

    def _settle(self, rows: _Rows) -> None:
        """Turns counted epochs into quantiles; nothing of these groups comes any more."""
        if not len(rows):
            return
        starts = _starts(rows.keys[:, :-1])
        ends = np.append(starts[1:], len(rows))
        reached, epochs = np.cumsum(rows.sums[:, 0]), rows.keys[:, -1]
        before = np.append(0, reached)[starts]
        n = reached[ends - 1] - before
        both = [_quantile(share, epochs, reached, before, n) for share in (0.5, 0.9)]
        self._quantiles.append((rows.keys[starts, :-1], np.column_stack(both)))

    def table(self) -> dict[str, list[Any]]:
        """Returns the summary: see tables.summary."""
        self._merge()
        self._settle(self._epochs)
        self._epochs = _nothing(len(self.by) + 1)
        rows = self._groups
        trials, outcomes, least = rows.sums[:, 0], rows.sums[:, 1:4], rows.least
        quantiles = self._placed_quantiles()
        ratio_count = rows.sums[:, 4]
        with np.errstate(invalid="ignore"):
            is_one = (least[:, 3] == -least[:, 4]) & (ratio_count == trials)
        columns: dict[str, list[Any]] = {
            name: self._words(name, rows.keys[:, number]) for number, name in enumerate(self.by)
        }
        later: dict[str, list[Any]] = {
            "trials": trials.tolist(),
            **{name: outcomes[:, code].tolist() for code, name in enumerate(OUTCOMES)},
            "share_converged": (outcomes[:, CONVERGED] / trials).tolist(),
            "median_converged_at": _cells(quantiles[:, 0]),
            "p90_converged_at": _cells(quantiles[:, 1]),
            "best_cost": _cells(least[:, 0]),
            "regime": [_regimes(low, -high) for low, high in least[:, 1:3].tolist()],
            "stability_ratio": _cells(np.where(is_one, least[:, 3], np.nan)),
        }
        return columns | {name: value for name, value in later.items() if name not in columns}

    def _placed_quantiles(self) -> Floats:
        """Returns the quantiles [g, 2] of each group; NaN where none converged."""
        keys = self._groups.keys
        found = [keys_ for keys_, _ in self._quantiles]
        values = [values_ for _, values_ in self._quantiles]
        both = np.concatenate([keys, *found])
        filled = np.concatenate([np.full((len(keys), 2), np.nan), *values])
        order = _order(both)
        return np.fmin.reduceat(filled[order], _starts(both[order]), axis=0) if len(both) else filled

    def _words(self, name: str, keys: Floats) -> list[Any]:
        """Returns the cells of a column that the summary goes by."""
        if name in self._ranges:
            labels = self._ranges[name].labels
            return [None if np.isnan(key) else labels[int(key)] for key in keys]
        if name in CATEGORIES:
            return [None if np.isnan(key) else CATEGORIES[name][int(key)] for key in keys]
        cells = _cells(keys)
        return [None if cell is None else int(cell) for cell in cells] if name in self._whole else cells


def _nothing(k: int) -> _Rows:
    return _Rows(np.empty((0, k)), np.empty((0, 1), np.int64), np.empty((0, 0)))


def _boiled_down(columns: Mapping[str, Column], groups: Floats, group: Integers) -> _Rows:
    """Returns a part's sums and extremes, a row a group."""
    n_groups = len(groups)
    outcome = np.asarray(columns["outcome"], np.int64)
    each = np.bincount(group * len(OUTCOMES) + outcome, minlength=n_groups * len(OUTCOMES))
    outcomes = each.reshape(n_groups, len(OUTCOMES))
    regime = np.asarray(columns["regime"], np.float64)
    regime = np.where(regime == MISSING, np.nan, regime)
    ratio = np.asarray(columns["stability_ratio"], np.float64)
    known = np.bincount(group, weights=~np.isnan(ratio), minlength=n_groups).astype(np.int64)
    order = np.argsort(group, kind="stable") if (group[1:] < group[:-1]).any() else slice(None)
    starts = np.append(0, np.cumsum(outcomes.sum(axis=1)))[:-1]
    cost = np.asarray(columns["cost"], np.float64)
    extremes = [cost, regime, -regime, ratio, -ratio]
    return _Rows(
        groups,
        np.column_stack([outcomes.sum(axis=1), outcomes, known]),
        np.column_stack([np.fmin.reduceat(values[order], starts) for values in extremes]),
    )


def _quantile(share: float, epochs: Floats, reached: Integers, before: Integers, n: Integers) -> Floats:
    """Returns a quantile [g] of counted epochs, between two of them as numpy.quantile takes it."""
    place = share * (n - 1)
    below = np.floor(place).astype(np.int64)
    first = epochs[np.searchsorted(reached, before + below, side="right")]
    second = epochs[np.searchsorted(reached, before + np.minimum(below + 1, n - 1), side="right")]
    return np.asarray(first + (second - first) * (place - below))


def _regimes(lowest: float, highest: float) -> str | None:
    """Returns the regime of a row of the summary, or the range of its regimes; None: not known."""
    if np.isnan(lowest):
        return None
    low, high = REGIMES[int(lowest)], REGIMES[int(highest)]
    return low if low == high else f"{low} to {high}"


def _cells(values: Floats) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]


def check_column(name: str, known: Iterable[str]) -> None:
    """Raises a ConfigError where a name is not among those of a table's columns."""
    names = list(known)
    if name not in names:
        raise ConfigError(Complaint("", f"there is no column {name!r}", did_you_mean(name, names)))
