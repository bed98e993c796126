"""The epoch of each trial's first event, from the closed form of its cost and no iteration over epochs.

The excess cost is `f(t) = sum_i energy_i p_t[i]**2`, i over the eigenvectors. Without momentum it
is a sum of exponentials, so convex in t: the epochs at or below a level are an interval, and its
ends are found from the modes' own crossings, then by halving. With momentum modes swing, and f is
not convex: stretches of doubling length are skipped as long as bounds show that nothing can have
happened in them, and halved where they do not.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from linreg_sweep.array_types import Flags, Floats, Indices, Integers
from linreg_sweep.theory.modes import MomentumModes, PlainModes
from linreg_sweep.theory.outcome import MISSING
from linreg_sweep.theory.sums import folded, total

Chosen = Indices | slice

ALL = slice(None)

TINY = np.finfo(np.float64).tiny

ROUNDING = 1e-9
"""Relative width, far above rounding, within which a guessed epoch is tried rather than believed."""

LONGEST = 62
"""Stretches are at most 2 to this power epochs long."""


@dataclass(frozen=True)
class Levels:
    """Between which costs k trials have no event.

    Attributes:
        low: [k], at or below this excess cost a trial has converged.
        high: [k], above this, or where it is not finite, a trial has diverged; finite.
        last: [k], the epoch at which each trial ends if nothing ends it before; whole numbers.
    """

    low: Floats
    high: Floats
    last: Floats

    def take(self, columns: Indices) -> "Levels":
        """Returns those of some trials."""
        return Levels(self.low[columns], self.high[columns], self.last[columns])


def constant_events(
    modes: PlainModes | MomentumModes, energy: Floats, levels: Levels, *, early_stop: bool
) -> tuple[Integers, Integers, Integers]:
    """Returns converged_at, diverged_at and the epochs done of trials at a constant rate; see Results.

    Args:
        modes: of k trials, those without energy still.
        energy: [P, k], each mode's share of the excess cost at the start.
        levels: of k trials.
        early_stop: a trial ends at its first event; else at divergence or its last epoch.
    """
    if isinstance(modes, PlainModes):
        converged, diverged = plain_events(modes.log, energy, levels)
    else:
        converged, diverged = momentum_events(modes, energy, levels, early_stop=early_stop)
    end = np.where(diverged == MISSING, levels.last.astype(np.int64), diverged)
    if early_stop:
        end = np.where(converged == MISSING, end, np.minimum(converged, end))
    converged[converged > end] = MISSING
    diverged[diverged > end] = MISSING
    return converged, diverged, end


def plain_events(log: Floats, energy: Floats, levels: Levels) -> tuple[Integers, Integers]:
    """Returns the first epoch [k] at which each trial had converged and diverged, MISSING where never.

    Args:
        log: [P, k], see PlainModes; 0 for modes without energy.
        energy: [P, k], each mode's share of the excess cost at the start.
        levels: of k trials.
    """
    start = total(energy)
    converged = np.where(start <= levels.low, 0, MISSING)
    diverged = np.where(start <= levels.high, MISSING, 0)
    grows = folded(np.maximum, log) > 0

    falling = np.flatnonzero((start > levels.low) & (start <= levels.high) & ~grows)
    converged[falling] = _falls_to(log[:, falling], energy[:, falling], levels.take(falling))

    rising = np.flatnonzero((start <= levels.high) & grows)
    rise, of_rise, between = log[:, rising], energy[:, rising], levels.take(rising)
    diverged[rising] = _rises_above(rise, of_rise, between)

    # above the limit a trial can converge first, where it starts close to the optimum of what grows
    kept = total(np.where(rise > 0, of_rise, 0.0))
    dips = np.flatnonzero((kept <= between.low) & (start[rising] > between.low))
    dipping, between = rising[dips], between.take(dips)
    if len(dips):
        end = np.where(diverged[dipping] == MISSING, between.last, diverged[dipping])
        converged[dipping] = _dips_to(rise[:, dips], of_rise[:, dips], between.low, end)
    return converged, diverged


def _excess(log: Floats, energy: Floats, epoch: Floats) -> Floats:
    """Returns the excess cost [k] at each trial's epoch [k]."""
    factors = np.multiply(log, epoch)
    np.exp(factors, out=factors)
    return total(_costs(energy, factors))


def _costs(energy: Floats, factors: Floats) -> Floats:
    """Returns energy * factors**2 [P, k]; a square may overflow where its cost does not."""
    cost = energy * factors
    cost *= factors
    return cost


def _falls_to(log: Floats, energy: Floats, levels: Levels) -> Integers:
    """Returns the first epoch [k] at which a cost that starts above low and never grows is at most low."""
    low = levels.low
    # each mode alone must be at most low; the last that gets there is mostly the only one left
    alone = np.log(np.maximum(energy, low) / low) / np.maximum(-2.0 * log, TINY)
    guess = np.ceil(folded(np.maximum, alone))
    first = np.full(len(low), MISSING)
    within = np.flatnonzero(guess <= levels.last * (1 + ROUNDING) + 1)  # the others are above low for longer
    log, energy, levels = log[:, within], energy[:, within], levels.take(within)
    first[within] = _first_true(
        lambda some, epoch: _excess(log[:, some], energy[:, some], epoch) <= levels.low[some],
        guess[within],
        levels.last,
    )
    return first


def _rises_above(log: Floats, energy: Floats, levels: Levels) -> Integers:
    """Returns the first epoch [k] at which a cost that starts at most high, and grows, is above it."""
    # one mode alone would be above high; the first that gets there is mostly all there is
    ratio = np.log(levels.high / np.maximum(energy, TINY)) / np.maximum(2.0 * log, TINY)
    alone = np.where((log > 0) & (energy > 0), ratio, np.inf)
    return _first_true(
        lambda some, epoch: ~(_excess(log[:, some], energy[:, some], epoch) <= levels.high[some]),
        np.floor(folded(np.minimum, alone)) + 1.0,
        levels.last,
    )


def _dips_to(log: Floats, energy: Floats, low: Floats, end: Floats) -> Integers:
    """Returns the first epoch [k] up to end at which a cost that falls and then rises is at most low."""

    def rises(some: Chosen, epoch: Floats) -> Flags:
        slope = _excess(log[:, some], energy[:, some] * np.expm1(2.0 * log[:, some]), epoch)
        return np.asarray(slope >= 0)

    turn = _first_true(rises, np.floor(end / 2), end)
    bottom = np.where(rises(ALL, np.zeros(len(end))), 0.0, np.where(turn == MISSING, end, turn))
    first = _first_true(
        lambda some, epoch: _excess(log[:, some], energy[:, some], epoch) <= low[some],
        bottom,
        bottom,
    )
    return np.where(bottom > 0, first, MISSING)


def _first_true(true: Callable[[Chosen, Floats], Flags], guess: Floats, last: Floats) -> Integers:
    """Returns the first epoch [k] from 1 to last at which something comes true and stays so, else MISSING.

    Args:
        true: tells it of some trials, at an epoch each.
        guess: [k], an epoch close to the first; from there steps of doubling length lead away.
        last: [k]; trials whose last epoch is 0 have no such epoch.
    """
    probe = np.clip(guess, 1.0, np.maximum(last, 1.0))
    found = true(ALL, probe)
    exact = found & ((probe == 1.0) | ~true(ALL, probe - 1.0))
    low, high = np.where(found, 0.0, probe), np.where(found, probe, last + 1.0)
    step = 1.0
    active = np.flatnonzero(~exact & (high - low > 1))
    while len(active):
        below, above = low[active], high[active]
        middle = np.floor((below + above) / 2)
        outward = np.where(found[active], np.maximum(above - step, middle), np.minimum(below + step, middle))
        holds = true(active, outward)
        high[active] = np.where(holds, outward, above)
        low[active] = np.where(holds, below, outward)
        found[active] = holds
        step *= 2
        active = active[high[active] - low[active] > 1]
    return np.where(high > last, MISSING, high).astype(np.int64)


def momentum_events(
    modes: MomentumModes, energy: Floats, levels: Levels, *, early_stop: bool
) -> tuple[Integers, Integers]:
    """Returns the first epoch [k] at which each trial had converged and diverged, MISSING where never.

    Args:
        modes: of k trials with momentum.
        energy: [P, k], see plain_events.
        levels: of k trials.
        early_stop: what comes after a trial has converged is of no interest.
    """
    count = len(levels.last)
    converged, diverged = np.full(count, MISSING), np.full(count, MISSING)
    low = levels.low.copy()
    epoch, length = np.zeros(count), np.zeros(count, np.int64)
    active = np.arange(count)
    while len(active):
        every = len(active) == count
        chosen = modes if every else modes.take(active)
        of_chosen, here = energy if every else energy[:, active], epoch[active]
        until = np.minimum(here + 2.0 ** length[active] - 1, levels.last[active])
        least, most = _excess_bounds(chosen, of_chosen, here, until)
        clear = (least > low[active]) & (most <= levels.high[active])

        one = until == here
        came_down = active[one & (most <= low[active])]
        converged[came_down], low[came_down] = epoch[came_down], -np.inf
        gone_up = active[one & ~(most <= levels.high[active])]
        diverged[gone_up] = epoch[gone_up]

        passed = clear | one
        epoch[active] = np.where(passed, until + 1, here)
        # what is cut short by the last epoch is halved from its own length
        fits = np.minimum(length[active], np.ceil(np.log2(until - here + 1)).astype(np.int64))
        longer = np.where(here == 0, 0, np.minimum(length[active] + 1, LONGEST))
        length[active] = np.where(clear, longer, np.maximum(fits - 1, 0))
        goes_on = (epoch[active] <= levels.last[active]) & (diverged[active] == MISSING)
        if early_stop:
            goes_on &= converged[active] == MISSING
        active = active[goes_on]
    return converged, diverged


def _excess_bounds(
    modes: MomentumModes, energy: Floats, first: Floats, last: Floats
) -> tuple[Floats, Floats]:
    """Returns bounds [k] on the excess cost from each trial's first epoch to its last; exact for one."""
    one = first == last
    lone, wide = np.flatnonzero(one), np.flatnonzero(~one)
    lowest, highest = np.empty(len(first)), np.empty(len(first))
    if len(lone):
        of_lone = energy[:, lone]
        cost = _costs(of_lone, modes.take(lone).factors(first[lone]))
        lowest[lone] = highest[lone] = total(np.where(of_lone > 0, cost, 0.0))
    if len(wide):
        of_wide = energy[:, wide]
        bounds = modes.take(wide).bounds(np.maximum(first[wide], 2.0), np.maximum(last[wide], 2.0))
        for bound, factors in zip((lowest, highest), bounds, strict=True):
            bound[wide] = total(np.where(of_wide > 0, _costs(of_wide, factors), 0.0))
    return lowest, highest
