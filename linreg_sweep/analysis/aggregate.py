"""The summary of trials, gathered part by part: memory grows with its rows, not with the trials.

Each part is boiled down to sums and extremes a group, and to how often each epoch of convergence
came, from which medians are exact. Where the trials of a group lie together, as those of a grid's
slowest parameter do, a group's epochs are kept no longer than its trials last. Of a column whose
numbers hardly repeat, medians of many trials take further passes over the parts (`numbers.py`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from linreg_sweep.analysis.groups import MAX_PENDING, Frequencies, Rows, as_cells, grouped, merged
from linreg_sweep.analysis.numbers import Numbers
from linreg_sweep.array_types import Floats, Integers
from linreg_sweep.column_types import Array, Types, ranked_by, ranking
from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.theory.outcome import CONVERGED, MISSING, OUTCOMES, REGIMES
from linreg_sweep.words import did_you_mean

Table = Mapping[str, Sequence[Any]]
"""Arrays by their names, a cell per row; None is missing."""

SUMMARISED = ("outcome", "converged_at", "cost", "regime", "stability_ratio")
"""The columns of the trials table that a summary reads, beside those it groups by."""

SPREAD = ("median", "p10", "p90", "mean", "sd")
"""What is told of the spread of a column, as the names of the summary's columns begin."""

TRIALS, RATIOS = 0, 1 + len(OUTCOMES)
ENDED = slice(1, RATIOS)
"""Where a group's sums stand: its trials, those that ended in each outcome, those with a known ratio."""

COST, LOW_REGIME, HIGH_REGIME, LOW_RATIO, HIGH_RATIO, TRIAL = range(6)
"""Where its least numbers stand; of what is to be the highest, the negative is kept."""


NEAR = 1e-12
"""Relative distance up to which two values of a parameter lie in one cell of a map."""


@dataclass(frozen=True)
class Ranges:
    """The ranges that the values of a parameter are gathered into.

    Attributes:
        edges: one more than there are ranges.
        names: the words for each; none: its two ends.
    """

    edges: Floats
    names: tuple[str, ...] = ()

    def place(self, values: Floats) -> Floats:
        """Returns the number of the range that each value lies in; NaN where the value is missing."""
        which = np.clip(np.digitize(values, self.edges) - 1, 0, len(self.edges) - 2)
        return np.where(np.isnan(values), np.nan, which)

    @property
    def labels(self) -> list[str]:
        """The words for each range, with as few digits as tell the ranges apart."""
        if self.names:
            return list(self.names)
        for digits in (3, 6, 17):
            labels = [f"{a:.{digits}g} to {b:.{digits}g}" for a, b in pairwise(self.edges.tolist())]
            if len(set(labels)) == len(labels):
                break
        return labels


def ranges_of(distinct: Floats, bins: int | None, *, log: bool) -> Ranges | None:
    """Returns ranges for a parameter with more values than there are to be ranges, else None.

    Values that differ by their rounding alone, as the same points of two products may, share a range, too.

    Args:
        distinct: at least its smallest and largest value and, as far as bins + 1 go, the others.
        bins: how many ranges; None: none.
        log: whether they are evenly spaced by ratio.
    """
    if not bins:
        return None
    finite = distinct[np.isfinite(distinct)]
    apart = np.append(True, np.diff(finite) > NEAR * np.abs(finite[1:]))
    if apart.sum() <= bins:
        return None if apart.all() else _around(finite[apart], log=log)
    low, high = float(finite.min()), float(finite.max())
    return Ranges((np.geomspace if log and low > 0 else np.linspace)(low, high, bins + 1))


def _around(values: Floats, *, log: bool) -> Ranges:
    """Returns a range around each of some ascending values, the next begins halfway."""
    log = log and values[0] > 0
    places = np.log(values) if log else values
    half = np.diff(places) / 2 if len(places) > 1 else np.ones(1)
    edges = np.concatenate(
        [places[:1] - half[0], places[1:] - half[: len(places) - 1], places[-1:] + half[-1]]
    )
    return Ranges(np.exp(edges) if log else edges, tuple(f"{value:.6g}" for value in values))


def as_key(name: str, numbers: Floats) -> Floats:
    """Returns values of a column as they are told apart: shares of a limit by twelve digits, others by all.

    A rate that is declared in stability limits is rounded with the limit, which each momentum has for itself.
    """
    if name != "stability_ratio":
        return numbers
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        power = 10.0 ** (11 - np.floor(np.log10(np.abs(numbers))))
        rounded = np.round(numbers * power) / power
    return np.where(np.isfinite(rounded), rounded, numbers)


def keys_of(
    by: Sequence[str], types: Types, ranges: Mapping[str, Ranges], columns: Mapping[str, Array]
) -> Floats:
    """Returns the key [K, k] of each trial: a number, the code of a word or the place of a range."""
    keys = np.empty((len(next(iter(columns.values()))), len(by)))
    for number, name in enumerate(by):
        values = as_key(name, types[name].keys(columns[name]))
        keys[:, number] = ranges[name].place(values) if name in ranges else values
    return keys + 0.0  # one zero, not two


class Distinct:
    """The different values of a column, as far as a bound, and in any case the smallest and largest."""

    def __init__(self, most: int) -> None:
        """Keeps at least so many."""
        self._most = most
        self.values: Floats = np.empty(0)

    def add(self, values: Array) -> None:
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
class Found:
    """A summary as arrays, a row a group.

    Attributes:
        keys: [g, k], NaN where a value is missing, codes for words, numbers of ranges.
        trials: [g], how many.
        outcomes: [outcomes, g], how many ended in each.
        median_converged_at: [g], NaN where none converged.
        best_cost: [g].
        low_regime: [g], the code of the lowest; NaN where it is not known.
        high_regime: [g], that of the highest.
        first_trial: [g], the lowest number; NaN where parts came without the column.
    """

    keys: Floats
    trials: Integers
    outcomes: Integers
    median_converged_at: Floats
    best_cost: Floats
    low_regime: Floats
    high_regime: Floats
    first_trial: Floats


class Aggregate:
    """A summary in the making: one row per value of each named column.

    Attributes:
        by: the columns that it groups by.
        ranges: those of them whose values are gathered into ranges.
        spread: a column whose spread is told, beside the epochs of convergence; None: no other.
    """

    def __init__(
        self,
        by: Sequence[str],
        types: Types,
        ranges: Mapping[str, Ranges] | None = None,
        *,
        together: bool = False,
        spread: str | None = None,
    ) -> None:
        """Begins a summary.

        Args:
            by: hyperparameter columns; none: one row for all trials.
            types: what they hold, among others.
            ranges: of the parameters whose values are gathered into ranges.
            together: the trials of a group lie together, so that one that is left never comes back.
            spread: see above.
        """
        self.by = list(by)
        self.ranges = dict(ranges or {})
        self._together = together
        self._types = types
        k = len(self.by)
        self._groups = Rows(np.empty((0, k)), np.empty((0, RATIOS + 1), np.int64), np.empty((0, TRIAL + 1)))
        self._waiting: list[Rows] = []
        self._epochs = Frequencies(k, (0.5, 0.9))
        self.spread = spread
        self._spread = None if spread is None else Numbers(k, (0.5, 0.1, 0.9))
        self._is_counted = False

    @property
    def reads(self) -> list[str]:
        """The columns that a pass over the parts must bring."""
        spread = () if self.spread is None else ranked_by(self.spread)
        return list(dict.fromkeys([*self.by, *(() if self._is_counted else SUMMARISED), *spread]))

    def add(self, columns: Mapping[str, Array]) -> None:
        """Takes a part, in each pass again: at least the columns that are read, codes for words, [K] each."""
        groups, group = grouped(keys_of(self.by, self._types, self.ranges, columns))
        last = {name: value[-1:] for name, value in columns.items()} if self._together else None
        goes_on = None if last is None else keys_of(self.by, self._types, self.ranges, last)[0]
        if not self._is_counted:
            self._waiting.append(_boiled_down(columns, groups, group))
            if sum(map(len, self._waiting)) > max(MAX_PENDING, len(self._groups)):
                self._merge()
            came = columns["outcome"] == CONVERGED
            at = np.asarray(columns["converged_at"], np.int64)[came]
            self._epochs.add(groups, group[came], at, goes_on=goes_on)
        if self._spread is not None:
            values = ranking(columns, self.spread or "")
            known = ~np.isnan(values)
            self._spread.add(groups, group[known], values[known], goes_on=goes_on)

    def _merge(self) -> Rows:
        """Returns the rows so far."""
        if self._waiting:
            self._groups, self._waiting = merged([self._groups, *self._waiting]), []
        return self._groups

    def ends_pass(self) -> bool:
        """Ends a pass over all parts; returns whether they are to come once more."""
        self._is_counted = True
        return self._spread is not None and self._spread.ends_pass()

    def found(self) -> "Found":
        """Returns the summary as arrays, of each row what a map shows of it."""
        rows = self._merge()
        return Found(
            rows.keys,
            rows.sums[:, TRIALS],
            rows.sums[:, ENDED].T,
            self._epochs.quantiles(rows.keys)[:, 0],
            rows.least[:, COST],
            rows.least[:, LOW_REGIME],
            -rows.least[:, HIGH_REGIME],
            rows.least[:, TRIAL],
        )

    def table(self) -> dict[str, list[Any]]:
        """Returns the summary, once no further pass is asked for: see tables.summary."""
        rows = self._merge()
        trials, outcomes = rows.sums[:, TRIALS], rows.sums[:, ENDED]
        quantiles = self._epochs.quantiles(rows.keys)
        regimes = zip(rows.least[:, LOW_REGIME].tolist(), rows.least[:, HIGH_REGIME].tolist(), strict=True)
        ratio = rows.least[:, LOW_RATIO]
        with np.errstate(invalid="ignore"):
            is_one = (ratio == -rows.least[:, HIGH_RATIO]) & (rows.sums[:, RATIOS] == trials)
        columns: dict[str, list[Any]] = {
            name: self._cells(name, rows.keys[:, number]) for number, name in enumerate(self.by)
        }
        later: dict[str, list[Any]] = {
            "trials": trials.tolist(),
            **{name: outcomes[:, code].tolist() for code, name in enumerate(OUTCOMES)},
            "share_converged": (outcomes[:, CONVERGED] / trials).tolist(),
            "median_converged_at": as_cells(quantiles[:, 0]),
            "p90_converged_at": as_cells(quantiles[:, 1]),
            "best_cost": as_cells(rows.least[:, COST]),
            **self._told_spread(rows.keys),
            "regime": [regimes_between(low, -high) for low, high in regimes],
            "stability_ratio": as_cells(np.where(is_one, ratio, np.nan)),
        }
        return columns | {name: value for name, value in later.items() if name not in columns}

    def _told_spread(self, keys: Floats) -> dict[str, list[Any]]:
        """Returns the columns of the summary on the spread of a column."""
        if self._spread is None:
            return {}
        found = self._spread.found(keys)
        return {f"{measure}_{self.spread}": as_cells(found[:, place]) for place, measure in enumerate(SPREAD)}

    def _cells(self, name: str, keys: Floats) -> list[Any]:
        """Returns the cells of a column that the summary goes by."""
        if name in self.ranges:
            labels = self.ranges[name].labels
            return [None if np.isnan(key) else labels[int(key)] for key in keys]
        return [self._types[name].cell(key) for key in (keys + 0.0).tolist()]


def _boiled_down(columns: Mapping[str, Array], groups: Floats, group: Integers) -> Rows:
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
    trial = np.asarray(columns["trial"], np.float64) if "trial" in columns else np.full(len(cost), np.nan)
    extremes = [cost, regime, -regime, ratio, -ratio, trial]  # from COST to TRIAL
    return Rows(
        groups,
        np.column_stack([outcomes.sum(axis=1), outcomes, known]),  # TRIALS, ENDED, RATIOS
        np.column_stack([np.fmin.reduceat(values[order], starts) for values in extremes]),
    )


def regimes_between(lowest: float, highest: float) -> str | None:
    """Returns the regime of a row of the summary, or the range of its regimes; None: not known."""
    if np.isnan(lowest):
        return None
    low, high = REGIMES[int(lowest)], REGIMES[int(highest)]
    return low if low == high else f"{low} to {high}"


def check_column(name: str, known: Iterable[str]) -> None:
    """Raises a ConfigError where a name is not among those of a table's columns."""
    names = list(known)
    if name not in names:
        raise ConfigError(Complaint("", f"there is no column {name!r}", did_you_mean(name, names)))
