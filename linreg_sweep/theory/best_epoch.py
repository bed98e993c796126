"""The epoch at which the cost on held-out rows is least, of descents whose errors move in closed form.

The residuals on held-out rows are `r_t = r_end + sum_i p_i(t) g_i` with a factor p_i(t) along each
eigenvector, so their cost can be told of any epoch alone. Without momentum it is a sum of exponentials
(`least_plain.py`). With momentum errors may swing, and epochs are looked at one by one, until what is left of
all errors cannot matter any more.
"""

from dataclasses import dataclass

import numpy as np

from linreg_sweep.array_types import Floats, Indices, Integers
from linreg_sweep.theory.least_plain import least_plain
from linreg_sweep.theory.modes import MomentumModes, PlainModes
from linreg_sweep.theory.residuals import Best, Residuals
from linreg_sweep.theory.sums import total

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


def least_cost(modes: PlainModes | MomentumModes, residuals: Residuals, last: Integers) -> Least:
    """Returns the least cost on held-out rows of k trials from epoch 0 to the last [k]."""
    last_cost = residuals.cost(modes.factors(last.astype(np.float64)))
    best = Best(last, last_cost)
    if isinstance(modes, PlainModes):
        least_plain(modes, residuals, last, best)
    else:
        _one_by_one(modes, residuals, last, best)
    return settled(best.epoch, best.cost, last, last_cost)


def _one_by_one(modes: MomentumModes, residuals: Residuals, last: Integers, best: Best) -> None:
    """Finds the least cost of trials that may swing."""
    live: Indices = np.arange(len(last))
    epoch = 0
    end = residuals.cost(np.zeros_like(modes.log))
    reach, root = residuals.reach, np.sqrt(end * residuals.n_entries)
    while len(live):
        for now in range(epoch, epoch + LOOKED_AT):
            there = live[last[live] >= now]
            at = np.full(len(there), now)
            cost = residuals.take(there).cost(modes.take(there).factors(at.astype(np.float64)))
            best.see(there, at, cost)
        epoch += LOOKED_AT
        live = live[last[live] >= epoch]
        some = modes.take(live)
        with np.errstate(all="ignore"):
            _, most = some.bounds(np.full(len(live), float(max(2, epoch))), last[live].astype(np.float64))
            left = total(np.where(some.still, 1.0, most) * reach[:, live])
            tail = (2 * root[live] * left + left * left) / residuals.n_entries
            decided = (best.cost[live] < end[live] - tail - SAME * end[live]) | (tail <= SAME * end[live])
        live = live[~decided]
