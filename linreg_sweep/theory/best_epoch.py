"""The epoch at which the cost on held-out rows is least, of descents whose errors move in closed form.

The residuals on held-out rows are `r_t = r_end + sum_i p_i(t) g_i` with a factor p_i(t) along each
eigenvector, so their cost can be told of any epoch alone. Without momentum abs(p_i) is an exponential and, of
even and of odd epochs apart, so is p_i: then the second derivative of the cost has a bound over any stretch
of epochs, and a stretch whose ends lie so high that none within can be the least is passed over (branch and
bound, as in Hansen, Global Optimization Using Interval Analysis, 1992, ch. 8). With momentum errors may
swing, and epochs are looked at one by one, until what is left of all errors cannot matter any more.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.theory.held_out import HeldOut, combined
from linreg_sweep.theory.modes import MomentumModes, PlainModes
from linreg_sweep.theory.quadratic import Quadratic

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Indices = NDArray[np.intp]

SAME = 1e-12
"""Share of the last cost below which a lower one is told from it by rounding alone."""

LOOKED_AT = 64
"""Epochs with momentum that are looked at together."""


@dataclass(frozen=True)
class Least:
    """The least cost on held-out rows of K trials.

    Attributes:
        epoch: the first at which it is the least [K]; the last one where it still falls there.
        cost: the mean squared error there [K]; NaN where it still falls at the end.
    """

    epoch: Integers
    cost: Floats


def settled(epoch: Integers, cost: Floats, last: Integers, last_cost: Floats, same: float = SAME) -> Least:
    """Returns the least cost of trials [K] from the least that was seen, and that of the last epoch.

    Args:
        epoch: of the least.
        cost: the least.
        last: the last epoch.
        last_cost: the cost there.
        same: share of it below which a lower one is no lower.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        is_lower = (epoch < last) & ~(cost >= last_cost * (1 - same))
    is_lower |= last == 0
    return Least(np.where(is_lower, epoch, last), np.where(is_lower, cost, np.nan))


@dataclass(frozen=True)
class Residuals:
    """Residuals on held-out rows of k trials along their eigenvectors, in the axes of the rows' triangle.

    Attributes:
        end: where all errors are gone [m, O, k or 1].
        along: what a unit along each eigenvector adds [m, P, k or 1].
        errors: at the start, along the eigenvectors [P, O, k].
        n_entries: held-out rows times targets.
    """

    end: Floats
    along: Floats
    errors: Floats
    n_entries: int

    @classmethod
    def of(cls, held_out: HeldOut, quadratic: Quadratic, errors: Floats) -> "Residuals":
        """Returns those of trials that descend this with these errors at the start [P, O, k]."""
        one = (1,)
        away = quadratic.optimum - held_out.optimum.reshape(*held_out.optimum.shape, *one)
        away = away + (quadratic.optimum_low - held_out.optimum_low.reshape(*held_out.optimum.shape, *one))
        triangle = held_out.triangle[..., None]
        end = held_out.rest[..., None] - combined(triangle, away)
        along = -combined(triangle, quadratic.eigenvectors)
        return cls(end, along, errors, held_out.n_rows * held_out.rest.shape[1])

    def take(self, columns: Indices) -> "Residuals":
        """Returns those of some trials."""
        end, along = (each if each.shape[-1] == 1 else each[..., columns] for each in (self.end, self.along))
        return Residuals(end, along, self.errors[..., columns], self.n_entries)

    def cost(self, factors: Floats) -> Floats:
        """Returns the cost [k] of trials whose errors these factors [P, k] have shrunk."""
        total: Floats = np.zeros(factors.shape[1])
        with np.errstate(all="ignore"):  # diverged trials overflow
            for row, ends in zip(self.along, self.end, strict=True):
                for target, left in enumerate(ends):
                    residual = left + np.zeros(factors.shape[1])
                    for vector, factor, error in zip(row, factors, self.errors[:, target], strict=True):
                        residual += vector * factor * error
                    total += residual * residual
            total /= self.n_entries
        return total

    @property
    def reach(self) -> Floats:
        """The length of what each error adds to the residuals at the start [P, k]."""
        lengths: Floats = np.zeros(self.along.shape[1:])
        for row in self.along:
            lengths += row * row
        errors = np.zeros((len(self.errors), self.errors.shape[-1]))
        for target in range(self.errors.shape[1]):
            errors += self.errors[:, target] ** 2
        return np.sqrt(lengths) * np.sqrt(errors)


def least_cost(modes: PlainModes | MomentumModes, residuals: Residuals, last: Integers) -> Least:
    """Returns the least cost on held-out rows of k trials from epoch 0 to the last [k]."""

    def cost_at(columns: Indices, epoch: Integers) -> Floats:
        return residuals.take(columns).cost(modes.take(columns).factors(epoch.astype(np.float64)))

    every = np.arange(len(last))
    last_cost = cost_at(every, last)
    if isinstance(modes, PlainModes):
        epoch, cost = _plain(modes, residuals, last, cost_at)
    else:
        epoch, cost = _one_by_one(modes, residuals, last, cost_at)
    return settled(epoch, cost, last, last_cost)


Cost = Callable[[Indices, Integers], Floats]


class _Best:
    """The least cost so far of k trials; of equal ones the first."""

    def __init__(self, count: int) -> None:
        self.epoch = np.zeros(count, np.int64)
        self.cost = np.full(count, np.inf)

    def see(self, columns: Indices, epoch: Integers, cost: Floats) -> None:
        """Notes costs of trials, of which some may be there several times."""
        if (columns[1:] <= columns[:-1]).any():
            columns, epoch, cost = self._one_each(columns, epoch, cost)
        lower = (cost < self.cost[columns]) | ((cost == self.cost[columns]) & (epoch < self.epoch[columns]))
        self.epoch[columns[lower]], self.cost[columns[lower]] = epoch[lower], cost[lower]

    def _one_each(self, columns: Indices, epoch: Integers, cost: Floats) -> tuple[Indices, Integers, Floats]:
        """Returns the least cost of each trial, of equal ones the first."""
        for_each = np.lexsort((epoch, cost, columns))
        first = np.append(True, columns[for_each][1:] != columns[for_each][:-1])
        rows = for_each[first]
        return columns[rows], epoch[rows], cost[rows]


def _plain(modes: PlainModes, residuals: Residuals, last: Integers, cost_at: Cost) -> tuple[Integers, Floats]:
    """Returns epoch and cost [k] of the least cost without momentum, even and odd epochs apart."""
    every: Indices = np.arange(len(last))
    best = _Best(len(last))
    stride: Integers = 1 + np.asarray(modes.odd.any(axis=0), np.int64)
    for parity in (0, 1):
        there = every[(parity < stride) & (parity <= last)]
        low = np.full(len(there), parity)
        high = parity + (last[there] - parity) // stride[there] * stride[there]
        at_low, at_high = cost_at(there, low), cost_at(there, high)
        best.see(there, low, at_low)
        best.see(there, high, at_high)
        _bounded(modes, residuals, cost_at, best, stride, (there, low, high, at_low, at_high))
    return best.epoch, best.cost


def _bounded(
    modes: PlainModes,
    residuals: Residuals,
    cost_at: Cost,
    best: _Best,
    stride: Integers,
    stretch: tuple[Indices, Integers, Integers, Floats, Floats],
) -> None:
    """Looks for the least cost of some trials without momentum within stretches of epochs.

    Args:
        modes: of all trials.
        residuals: of theirs.
        cost_at: their costs.
        best: takes what is found.
        stride: from one epoch to the next [k].
        stretch: trials, each with its first and last epoch, and the costs there.
    """
    column, low, high, at_low, at_high = stretch
    reach, speed = residuals.reach, np.abs(modes.log)
    with np.errstate(all="ignore"):
        while len(column):
            wide = (high - low).astype(np.float64)
            power = np.exp(np.maximum(modes.log[:, column] * low, modes.log[:, column] * high))
            moving = power * reach[:, column]
            slope, bend = np.zeros(len(column)), np.zeros(len(column))
            for each, pace in zip(moving, speed[:, column], strict=True):
                slope += pace * each
                bend += pace * pace * each
            lower = np.minimum(at_low, at_high)
            size = np.sqrt(lower * residuals.n_entries) + slope * wide
            dip = 2 * (slope * slope + size * bend) * wide * wide / (8 * residuals.n_entries)
            splits = (high - low > stride[column]) & ~(lower - dip >= best.cost[column])
            splits &= np.isfinite(at_low)  # what has overflown only grows
            column, low, high = column[splits], low[splits], high[splits]
            at_low, at_high = at_low[splits], at_high[splits]
            steps = (high - low) // stride[column]
            middle = low + np.where(low > 4 * steps, steps // 2, np.maximum(1, steps // 8)) * stride[column]
            at_middle = cost_at(column, middle)
            best.see(column, middle, at_middle)
            column = np.concatenate([column, column])
            low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
            at_low, at_high = np.concatenate([at_low, at_middle]), np.concatenate([at_middle, at_high])


def _one_by_one(
    modes: MomentumModes, residuals: Residuals, last: Integers, cost_at: Cost
) -> tuple[Integers, Floats]:
    """Returns epoch and cost [k] of the least cost of trials that may swing."""
    live: Indices = np.arange(len(last))
    best, epoch = _Best(len(last)), 0
    end = residuals.cost(np.zeros_like(modes.log))
    reach, root = residuals.reach, np.sqrt(end * residuals.n_entries)
    while len(live):
        for now in range(epoch, epoch + LOOKED_AT):
            there = live[last[live] >= now]
            at = np.full(len(there), now)
            best.see(there, at, cost_at(there, at))
        epoch += LOOKED_AT
        live = live[last[live] >= epoch]
        some = modes.take(live)
        with np.errstate(all="ignore"):
            _, most = some.bounds(np.full(len(live), float(max(2, epoch))), last[live].astype(np.float64))
            left = np.zeros(len(live))
            for factor, length in zip(np.where(some.still, 1.0, most), reach[:, live], strict=True):
                left += factor * length
            tail = (2 * root[live] * left + left * left) / residuals.n_entries
            decided = (best.cost[live] < end[live] - tail - SAME * end[live]) | (tail <= SAME * end[live])
        live = live[~decided]
    return best.epoch, best.cost
