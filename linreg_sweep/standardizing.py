"""Columns as z-scores: their means and scales, to more digits than float64 has where these would show."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from linreg_sweep.array_types import Floats
from linreg_sweep.blocks import Rows, each_block, ends
from linreg_sweep.errors import Complaint
from linreg_sweep.words import shorten

VISIBLE = 2.0**-40
"""Share of a standard deviation below which what rounding left off a mean is lost among other roundings."""


@dataclass(frozen=True, eq=False)
class Standardized:
    """The z-scores of columns [n, F], computed of those rows that are asked for.

    Attributes:
        x: the columns.
        mean: [F].
        mean_low: [F] what rounding left off it.
        scale: [F] their population standard deviation.
    """

    x: Rows
    mean: Floats
    mean_low: Floats
    scale: Floats

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, F)."""
        return self.x.shape

    @property
    def parts(self) -> tuple[Rows]:
        """What they are made of."""
        return (self.x,)

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: Any, /) -> Floats:
        return self.of(self.x[rows])

    def of(self, x: Floats) -> Floats:
        """Returns the z-scores of some rows [k, F]."""
        z: Floats = x - self.mean
        z -= self.mean_low
        z /= self.scale
        return z


def moments(x: Rows) -> tuple[Floats, Floats, Floats]:
    """Returns mean, what rounding left off it, and population SD, each [F], of columns [n, F].

    Columns are first divided by a power of two, which is exact, so that no square overflows or underflows;
    the mean is corrected once by the mean of what is left (Chan, Golub and LeVeque 1983, eq. 1.7). The SD is
    0 where all entries are the same, and only there; it is infinite where their distance is. What is left off
    the mean is 0 where it would not show.
    """
    low, high = ends(x)
    exponent = np.frexp(np.maximum(np.abs(low), np.abs(high)))[1]
    nothing = np.zeros(x.shape[1])

    def around(mean: Floats) -> Iterator[Floats]:
        return (np.ldexp(block, -exponent) - mean for block in each_block(x))

    def mean_of(parts: Iterable[Floats]) -> Floats:
        return sum(parts, nothing) / len(x)

    mean = mean_of(unit.sum(axis=0) for unit in around(nothing))
    correction = mean_of(rest.sum(axis=0) for rest in around(mean))
    mean = np.where(low < high, mean + correction, np.ldexp(x[:1][0], -exponent))
    sums = [(rest.sum(axis=0), (rest**2).sum(axis=0)) for rest in around(mean)]
    mean_low, square = map(mean_of, zip(*sums, strict=True))
    mean_low = np.where(np.abs(mean_low) > VISIBLE * np.sqrt(square), mean_low, 0.0)
    if mean_low.any():
        square = mean_of(((rest - mean_low) ** 2).sum(axis=0) for rest in around(mean))
    deviation = np.sqrt(square)
    with np.errstate(over="ignore"):
        deviation = np.where(np.isfinite(high - low), np.ldexp(deviation, exponent), np.inf)
    return np.ldexp(mean, exponent), np.ldexp(mean_low, exponent), deviation


def level_names(names: Sequence[str], scale: Floats) -> str:
    """Returns the names of columns that do not vary, by their standard deviations [F]."""
    level = [name for name, low in zip(names, scale == 0, strict=True) if low]
    return ", ".join(map(repr, map(shorten, level[:8]))) + (", ..." if len(level) > 8 else "")


def flat_complaints(where: str, names: Sequence[str], scale: Floats) -> list[Complaint]:
    """Returns the complaints about columns that cannot be standardized, by their standard deviations [F]."""
    complaints = []
    if flat := level_names(names, scale):
        text = f"a column must vary to be standardized, these do not: {flat}"
        complaints.append(Complaint(where, text, "leave it out of x"))
    endless = [name for name, wide in zip(names, ~np.isfinite(scale), strict=True) if wide]
    if endless:
        text = f"a column's range must be finite, but that of {shorten(endless[0])!r} is not"
        complaints.append(Complaint(where, text, "choose another unit"))
    return complaints
