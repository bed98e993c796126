"""First events of descents whose every epoch is looked at, in chunks, whatever leads from one to the next.

Beside the excess goes what rounding may have added to it, so that events are found at once for the exact
course and for those that rounding may have moved it to (see rounding.py).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from linreg_sweep.array_types import Flags, Floats, Indices, Integers
from linreg_sweep.theory.first_events import Levels
from linreg_sweep.theory.outcome import MISSING

CHUNK = 64
"""Epochs between two looks at the excess."""

WAYS = (0, 1, -1)
"""The exact course, and those that rounding moves up and down."""


@dataclass(frozen=True)
class Ends:
    """How k trials end, along each of several ways that rounding may move them; [ways, k] each.

    Attributes:
        converged: the first epoch at which it had converged, or MISSING.
        diverged: likewise diverged.
        epochs: the updates done when it ended.
        settled: whether the state in which it ended counts as converged.
    """

    converged: Integers
    diverged: Integers
    epochs: Integers
    settled: Flags


@dataclass(frozen=True)
class Seen:
    """What was seen of k trials in n epochs [n, k]; without a watch, slack and stretch are 0 and 1."""

    root: Floats
    """The root of the excess."""
    slack: Floats
    """How far rounding may have moved it."""
    stretch: Floats
    """By which factor it may have moved it besides."""

    def take(self, columns: Indices) -> "Seen":
        """Returns that of some trials."""
        return Seen(self.root[:, columns], self.slack[:, columns], self.stretch[:, columns])


class Descents(Protocol):
    """What leads k trials from epoch to epoch."""

    def run(self, epoch: int, n_states: int) -> Seen:
        """Does so many epochs, the first of number `epoch`; returns what each began with."""

    def take(self, columns: Indices) -> None:
        """Keeps some of the trials that are left."""


def ends_of(descents: Descents, levels: Levels, *, early_stop: bool, overflow: Floats | None = None) -> Ends:
    """Returns how k trials end, along all WAYS where rounding is watched, else along the exact one.

    Args:
        descents: of k trials, at their starts.
        levels: of k trials.
        early_stop: a trial ends at its first event; else at divergence or its last epoch.
        overflow: the excess above which rounding may lead anywhere [k]; None: it is not watched.
    """
    count, n_ways = len(levels.last), 1 if overflow is None else len(WAYS)
    nothing = np.full((n_ways, count), MISSING)
    ends = Ends(nothing.copy(), nothing.copy(), nothing.copy(), np.zeros((n_ways, count), np.bool_))
    last, live, epoch = levels.last.astype(np.int64), np.arange(count), 0
    low, high = np.sqrt(levels.low), np.sqrt(levels.high)  # NaN where no excess is at or below it
    bound = high if overflow is None else np.minimum(high, np.sqrt(overflow))
    sought = np.tile(low, (n_ways, 1))
    while len(live):
        n_states = int(min(CHUNK, last[live].max() - epoch + 1))
        seen = descents.run(epoch, n_states)
        left, widest = last[live] - epoch, seen.stretch[-1]
        near = (seen.root - seen.slack).min(axis=0) <= np.fmax.reduce(sought[:, live]) * widest
        near |= ~((seen.root + seen.slack).max(axis=0) <= bound[live] / widest) | (left < n_states)
        some = np.flatnonzero(near)
        if len(some):
            these = live[some]
            for way, sign in enumerate(WAYS[:n_ways]):
                of_high = (high if sign == 0 else bound)[these]
                of_levels = low[these], sought[way, these], of_high
                found = _look_back(seen.take(some), sign, of_levels, left[some], early_stop=early_stop)
                _book(ends, way, these, epoch, found)
                sought[way, these[found.converged != MISSING]] = np.nan
            goes_on = np.flatnonzero((ends.epochs[:, live] == MISSING).any(axis=0))
            if len(goes_on) < len(live):
                live = live[goes_on]
                descents.take(goes_on)
        epoch += n_states
    return ends


def _look_back(
    seen: Seen, sign: int, levels: tuple[Floats, Floats, Floats], left: Integers, *, early_stop: bool
) -> Ends:
    """Returns what happened to k trials within n epochs, counted from the first of them, along one way.

    Args:
        seen: of the trials.
        sign: of the way.
        levels: the roots [k] of what counts as converged, of what is still waited for of that (NaN:
            nothing), and of what counts as diverged.
        left: how many more epochs each may do [k].
        early_stop: see ends_of.
    """
    low, sought, high = ((level * seen.stretch**sign) + sign * seen.slack for level in levels)
    n_states = len(seen.root)
    allowed = np.arange(n_states)[:, None] <= left
    converged = _first((seen.root <= sought) & (sought >= 0) & allowed)
    diverged = _first(~((seen.root <= high) & np.isfinite(seen.root)) & allowed)
    end = np.minimum(diverged, left)
    if early_stop:
        end = np.minimum(end, converged)
    at = np.minimum(end, n_states - 1), np.arange(len(end))
    return Ends(
        np.where((converged <= end) & (converged < n_states), converged, MISSING),
        np.where((diverged <= end) & (diverged < n_states), diverged, MISSING),
        np.where(end < n_states, end, MISSING),
        seen.root[at] <= low[at],
    )


def _first(true: Flags) -> Integers:
    """Returns the first row [k] that is true in each column of [n, k]; n where none is."""
    return np.where(true.any(axis=0), true.argmax(axis=0), len(true)).astype(np.int64)


def _book(ends: Ends, way: int, these: Indices, epoch: int, found: Ends) -> None:
    """Enters what happened to some trials, unless they have ended that way before."""
    is_open = ends.epochs[way, these] == MISSING
    for whole, part in ((ends.converged, found.converged), (ends.diverged, found.diverged)):
        new = is_open & (part != MISSING)
        whole[way, these[new]] = epoch + part[new]
    new = is_open & (found.epochs != MISSING)
    ends.epochs[way, these[new]] = epoch + found.epochs[new]
    ends.settled[way, these[new]] = found.settled[new]
