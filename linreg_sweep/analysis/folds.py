"""Settings that were trained in several folds: what is measured of each, in the mean over its folds.

The trials of a setting come one after the other, one a fold, so that parts are gathered as they come and
no more than one setting waits for its last folds.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Floats, Integers
from linreg_sweep.column_types import ranking

Columns = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True)
class Setting:
    """A setting in the mean over its folds.

    Attributes:
        first: the number of its first trial.
        mean: of what is measured.
        deviation: the standard deviation over folds, of a sample.
        n_folds: how many folds there are.
    """

    first: int
    mean: float
    deviation: float
    n_folds: int

    @property
    def standard_error(self) -> float:
        """How far the mean of so many folds may lie off, if folds were independent."""
        return self.deviation / float(np.sqrt(self.n_folds))


@dataclass(frozen=True)
class Settings:
    """S settings.

    Attributes:
        first: the number of the first trial of each [S].
        mean: of what is measured, over its folds [S].
        deviation: over its folds [S].
        columns: the columns of the first trial of each, [S] each.
    """

    first: Integers
    mean: Floats
    deviation: Floats
    columns: Columns


def settings_of(parts: Iterable[Columns], by: str, n_folds: int) -> Iterator[Settings]:
    """Yields the settings of which every fold was trained, part by part.

    Args:
        parts: columns of trials, in their order: `trial`, what is measured, and whatever else.
        by: what is measured.
        n_folds: trials a setting, one after the other.
    """
    waiting: dict[str, NDArray[np.generic]] = {}
    for part in parts:
        rows = {name: np.concatenate([waiting[name], part[name]]) if waiting else part[name] for name in part}
        setting = np.asarray(rows["trial"], np.int64) // n_folds
        starts = np.flatnonzero(np.append(True, setting[1:] != setting[:-1]))
        counts = np.diff(np.append(starts, len(setting)))
        goes_on = slice(int(starts[-1]) if counts[-1] < n_folds else len(setting), None)
        waiting = {name: values[goes_on] for name, values in rows.items()}
        starts = starts[counts == n_folds]
        folds = ranking(rows, by)[starts[:, None] + np.arange(n_folds)]
        with np.errstate(over="ignore", invalid="ignore"):  # diverged trials hold infinities
            mean = _sum(folds) / n_folds
            deviation = np.sqrt(_sum((folds - mean[:, None]) ** 2) / max(1, n_folds - 1))
        columns = {name: values[starts] for name, values in rows.items()}
        yield Settings(np.asarray(columns["trial"], np.int64), mean, deviation, columns)


def _sum(folds: Floats) -> Floats:
    """Returns the sum of each row, in the order of the folds."""
    total = np.zeros(len(folds))
    for column in folds.T:
        total += column
    return total


def ranked(parts: Iterable[Settings], n: int) -> Integers:
    """Returns the first trials of the n settings of least mean, the best first."""
    mean, first = np.empty(0), np.empty(0, np.int64)
    for part in parts:
        mean, first = np.append(mean, part.mean), np.append(first, part.first)
        order = np.lexsort((first, np.where(np.isnan(mean), np.inf, mean)))[:n]
        mean, first = mean[order], first[order]
    return first


def least(
    parts: Iterable[Settings],
    n_folds: int,
    rank: Callable[[Settings], Floats] = lambda part: part.mean,
    *,
    most: float = np.inf,
) -> Setting | None:
    """Returns the setting of least rank among those whose mean is at most so much; None: there is none.

    Args:
        parts: the settings.
        n_folds: trials a setting.
        rank: [S]; of equal ones the least mean, then the first decides.
        most: the largest mean.
    """
    best: tuple[float, float, int] | None = None
    deviation = 0.0
    for part in parts:
        allowed = np.flatnonzero(part.mean <= most)
        if not len(allowed):
            continue
        order = np.lexsort((part.first[allowed], part.mean[allowed], rank(part)[allowed]))
        row = allowed[order[0]]
        found = float(rank(part)[row]), float(part.mean[row]), int(part.first[row])
        if best is None or found < best:
            best, deviation = found, float(part.deviation[row])
    return None if best is None else Setting(best[2], best[1], deviation, n_folds)
