"""At which learning rates an epoch over mini-batches in file order is stable: not always an interval.

Where the spectral radius of the epoch's map passes 1 for the first time, as the rate grows, lies the first
limit. Above it there may be islands: ranges of rates that are stable again. Rates are tried on a grid, its
summits and valleys are followed to between its points, and crossings are narrowed down.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from linreg_sweep.array_types import Floats, Indices
from linreg_sweep.theory.affine import growth_of
from linreg_sweep.theory.epoch_map import Momentum, Step
from linreg_sweep.theory.epoch_steps import GROUP, HELD, Batches

RATIO = 1.015
"""From one rate of the grid to the next."""

TOGETHER = 128
"""Trials whose steps are multiplied at once, at most."""

SPAN = 32
"""Rates of the grid that are tried at once."""

SPANS = 48
"""Times that so many more are tried, before no limit is known."""

FAR = 0.7
"""A summit, or a valley, that lies farther than this from a crossing hides none: half, or twice, a square."""

GONE = 1e-16
"""Square of a spectral radius that is no different from 0."""

NARROWINGS = 20
"""Times that the search for a summit halves its step."""

STEPS = 100
"""Times that a crossing is narrowed down, at most: far more than it takes."""

REACH = 16.0
"""Times the first limit up to which islands are looked for, where nothing says that there are none."""


@dataclass(frozen=True)
class Growth:
    """How errors grow in an epoch, of k trials at any rate.

    Attributes:
        batches: of these trials, or of all.
        momentum: theirs; None: none has any.
    """

    batches: Batches
    momentum: Momentum | None

    def at(self, rates: Floats, trial: Indices) -> Floats:
        """Returns the logarithm of the square of the spectral radius of some trials at rates [m].

        It is nearly straight in the rate, even of so many steps that the radius leaps from 0 to infinity.
        """
        found, own, n = np.empty(len(rates)), self.momentum, self.batches.problem.shape[0]
        numbers = (n if own is None else 2 * n) ** 2 + self.batches.n_held * (not self.batches.is_shared)
        width = min(TOGETHER, max(1, HELD // numbers))
        # trials without momentum go alone, whoever stands beside them
        still = np.full(len(rates), True) if own is None else own.is_still[trial]
        with np.errstate(all="ignore"):
            for some, moved in ((np.flatnonzero(still), None), (np.flatnonzero(~still), own)):
                for first in range(0, len(some), width):
                    block = some[first : first + width]
                    momentum = None if moved is None else moved.take(trial[block])
                    found[block] = _growth_at(self.batches.take(trial[block]), rates[block], momentum)
        return np.log1p(np.maximum(found, GONE - 1))

    def of_one(self, trial: int) -> Callable[[Floats], Floats]:
        """Returns the same of one trial."""
        return lambda rates: self.at(rates, np.full(len(rates), trial))

    def safe(self, count: int) -> Floats:
        """Returns rates of k trials from which to begin: far below where any step overshoots [k]."""
        with np.errstate(divide="ignore"):
            found = 2 / self.batches.steepest
            if self.momentum is not None:
                slowed = (1 - self.momentum.momentum) / self.momentum.gain / 4
                found = found * np.where(self.momentum.is_still, 1.0, slowed)
        return np.broadcast_to(found, (count,))


def _growth_at(batches: Batches, rate: Floats, momentum: Momentum | None) -> Floats:
    """Returns the same as `epoch_maps(...).growth` [k], but for rounding, and far sooner for many steps."""
    step, n = Step(rate, momentum), batches.problem.shape[0]
    size = n if momentum is None else 2 * n
    whole = np.zeros((len(rate), size, size))
    for run, _ in batches.runs():
        groups = run.reshape(max(1, len(run) // GROUP), -1, *run.shape[1:])
        steps = np.zeros((len(groups), *whole.shape))
        for place in reversed(range(groups.shape[1])):
            steps, *_ = step.bent(steps, groups[:, place])
        for later in steps:
            whole = later + whole + later @ whole
    return growth_of(whole, np.tile(batches.frame.is_curved, size // n))


def first_limits(growth: Growth, count: int) -> Floats:
    """Returns the rate at which each of k trials first stops being stable [k]: inf: never; NaN: unknown."""
    begins = growth.safe(count)
    found = np.where(np.isfinite(begins), np.nan, np.inf)
    brackets = np.full((2, count), np.nan)
    rest, steps = np.flatnonzero(np.isfinite(begins)), RATIO ** np.arange(SPAN + 1)
    for span in range(SPANS):
        if not len(rest):
            break
        rates = begins[rest, None] * RATIO ** (span * SPAN) * steps
        seen = growth.at(rates.ravel(), np.repeat(rest, SPAN + 1)).reshape(rates.shape)
        for place, trial in enumerate(rest.tolist()):
            over = np.flatnonzero(seen[place] >= 0)
            until = int(over[0]) if len(over) else SPAN
            low, high = rates[place, max(until - 1, 0)], rates[place, until]
            for top in _summits(growth.of_one(trial), rates[place, : until + 1], seen[place, : until + 1]):
                low, high, over = rates[place, rates[place] < top][-1], top, np.array([0])
                break
            if len(over):
                brackets[:, trial] = low, high
        rest = rest[np.isnan(brackets[0, rest])]
    known = np.flatnonzero(~np.isnan(brackets[0]))
    low, high = brackets[:, known]
    found[known] = crossings(growth.at, low, high, known)[1]
    return found


def islands(growth: Growth, limit: float) -> list[tuple[float, float]]:
    """Returns the ranges of rates above its first limit at which a trial, the only one, is stable again."""
    end = REACH * limit
    if growth.momentum is None:  # beyond this every step takes away less than it adds
        with np.errstate(divide="ignore"):
            end = min(end, float(2 / growth.batches.flattest[0]))
    if not limit < end < np.inf:
        return []
    of_it, n_rates = growth.of_one(0), int(np.log(end / limit) / np.log(RATIO)) + 3
    rates = np.geomspace(limit, end, n_rates)
    seen = np.concatenate([of_it(rates[first : first + SPAN]) for first in range(0, n_rates, SPAN)])
    seen[0] = max(seen[0], 0.0)
    valleys = _summits(lambda some: -of_it(some), rates, -seen)
    summits = _summits(of_it, rates, seen)
    rates = np.append(rates, [*valleys, *summits])
    seen = np.append(seen, [*np.full(len(valleys), -1.0), *np.full(len(summits), 1.0)])
    order = np.argsort(rates, kind="stable")
    rates, stable = rates[order], seen[order] < 0
    edges = np.flatnonzero(stable[1:] != stable[:-1])
    places = np.arange(len(edges))
    sign = np.where(stable[edges], 1.0, -1.0)  # of growth, which passes 0 upwards where a range ends
    sides = crossings(lambda some, edge: sign[edge] * of_it(some), rates[edges], rates[edges + 1], places)
    found = [*np.where(stable[edges], sides[1], sides[0]).tolist(), *[float(rates[-1])] * (len(edges) % 2)]
    return list(zip(found[::2], found[1::2], strict=True))


def _summits(growth: Callable[[Floats], Floats], rates: Floats, seen: Floats) -> list[float]:
    """Returns where between rates of the grid [m] growth passes 0 and comes back, ascending."""
    inner = np.arange(1, len(rates) - 1)
    inner = inner[(seen[inner] >= seen[inner - 1]) & (seen[inner] >= seen[inner + 1])]
    inner = inner[(seen[inner] < 0) & (seen[inner] > -FAR)]
    found = []
    for place in inner.tolist():
        top, step = rates[place], rates[place + 1] - rates[place]
        for _ in range(NARROWINGS):
            tried = np.array([top - step, top, top + step])
            heights = growth(tried)
            if (heights > 0).any():
                found.append(float(tried[heights.argmax()]))
                break
            top, step = tried[heights.argmax()], step / 2
    return found


def crossings(
    growth: Callable[[Floats, Indices], Floats], low: Floats, high: Floats, trial: Indices
) -> tuple[Floats, Floats]:
    """Returns the rates [m] between which trials stop being stable, as close as float64 has them.

    By the secant, of which an end that stays a second time is taken for half as high (Illinois). The upper
    one is NaN where growth is not known at both.

    Args:
        growth: of some trials at rates [m], below 0 where they are stable.
        low: rates at which they are [m].
        high: rates at which they are not [m].
        trial: which these are [m].
    """
    low, high = low.copy(), high.copy()
    at_low, at_high, was_over = growth(low, trial), growth(high, trial), np.full(len(low), np.nan)
    for step in range(STEPS):
        rest = np.flatnonzero(high - low > 2 * np.spacing(low))
        if not len(rest):
            break
        one, other = low[rest], high[rest]
        part = at_low[rest] / (at_low[rest] - at_high[rest])
        middle = one + (other - one) * np.where((part > 0) & (part < 1) & (step % 8 < 7), part, 0.5)
        middle = np.clip(middle, np.nextafter(one, other), np.nextafter(other, one))
        seen = growth(middle, trial[rest])
        is_over = seen >= 0
        low[rest], high[rest] = np.where(is_over, one, middle), np.where(is_over, middle, other)
        stays = np.where(is_over == was_over[rest], 0.5, 1.0)
        at_low[rest] = np.where(is_over, at_low[rest] * stays, seen)
        at_high[rest] = np.where(is_over, seen, at_high[rest] * stays)
        was_over[rest] = is_over
    return low, np.where(np.isnan(at_low + at_high), np.nan, high)
