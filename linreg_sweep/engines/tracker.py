"""What an iterating engine keeps track of: which trials still run, and how the others ended.

An engine trains a chunk of epochs, keeps the excess of each state, and hands these to `look_back`,
which finds the first event of each trial by the definitions in outcome.py.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Flags, Floats, Indices, Integers
from linreg_sweep.averages import begins
from linreg_sweep.engines.interface import Page, Results, TrainOptions, Trials, history_of
from linreg_sweep.theory.best_epoch import SAME, settled
from linreg_sweep.theory.outcome import MISSING
from linreg_sweep.theory.quadratic import TOGETHER, Quadratic

Array = NDArray[np.floating]


SAME_IN_SINGLE = 1e-6
"""What theory.best_epoch.SAME is for a descent in float32."""


@dataclass(frozen=True)
class Events:
    """What happened within a chunk of states, to the trials to which something happened.

    Attributes:
        columns: [s], which of the chunk's trials these are; all others had no event.
        converged: [s], the first state that had converged, counted from 0, or MISSING.
        diverged: [s], likewise diverged.
        end: [s], the state in which the trial ended, or MISSING: it goes on.
    """

    columns: Indices
    converged: Integers
    diverged: Integers
    end: Integers


def look_back(excess: Floats, low: Floats, high: Floats, left: Integers, *, early_stop: bool) -> Events:
    """Finds the first event of each trial within a chunk.

    Args:
        excess: [m, k], of m states in a row.
        low: [k], at or below this a trial has converged; -inf where it is known to have already.
        high: [k], above this, or where the cost is not finite, a trial has diverged; finite.
        left: [k], how many epochs after the first state each trial may still do.
        early_stop: a trial ends at its first event; else at divergence or its last epoch.
    """
    m = len(excess)
    touched = (excess.min(axis=0) <= low) | ~(excess.max(axis=0) <= high) | (left < m)
    columns = np.flatnonzero(touched)
    seen, left = excess[:, columns], left[columns]
    allowed = np.arange(m)[:, None] <= left
    converged = _first((seen <= low[columns]) & allowed)
    diverged = _first(~(seen <= high[columns]) & allowed)
    end = np.minimum(diverged, left)
    if early_stop:
        end = np.minimum(end, converged)
    return Events(
        columns,
        np.where((converged <= end) & (converged < m), converged, MISSING),
        np.where((diverged <= end) & (diverged < m), diverged, MISSING),
        np.where(end < m, end, MISSING),
    )


def _first(true: Flags) -> Integers:
    """Returns the first row [k] that is true in each column of [m, k]; m where none is."""
    return np.where(true.any(axis=0), true.argmax(axis=0), len(true)).astype(np.int64)


def excess_of(quadratic: Quadratic, states: Array) -> Floats:
    """Returns the excess [m, k] of states [P, O, m, k], in float64 whatever they are in."""
    excess = np.empty(states.shape[2:])
    rows = max(1, TOGETHER // max(1, states[:, :, :1].size))
    for first in range(0, len(excess), rows):
        some = states[:, :, first : first + rows].astype(np.float64, order="C")
        excess[first : first + rows] = quadratic.excess_of_columns(some)
    return excess


class Tracker:
    """Results in the making, for K trials of which some still run.

    Attributes:
        live: [k], the indices of the trials that still run, ascending.
        last: [k], the epoch at which each must end.
        low: [k], see look_back.
        high: [k], see look_back.
    """

    def __init__(self, trials: Trials, options: TrainOptions) -> None:
        """Begins with K trials that all run."""
        count = len(trials)
        self._history_epochs = options.history_epochs
        self._theta = trials.start.copy()
        self._epochs = np.zeros(count, np.int64)
        self._converged_at = np.full(count, MISSING, np.int64)
        self._diverged_at = np.full(count, MISSING, np.int64)
        self._contraction = np.full(count, np.nan)
        self._start = trials.start
        self._after_one = np.zeros_like(trials.start)
        self._pages: list[Page] = []
        average = options.method.average
        self._average = None if average is None else np.full_like(trials.start, np.nan)
        self._begins = np.zeros(1) if average is None else begins(average, trials.values)
        self._same = SAME if options.dtype == "float64" else SAME_IN_SINGLE
        self._least = None if options.held_out is None else np.full(count, np.inf)
        self._least_at, self._last_cost = np.zeros(count, np.int64), np.full(count, np.nan)
        self._done = np.zeros(count, np.bool_)
        self.live: Indices = np.arange(count)
        self.last = trials.epochs
        self.low = np.full(count, options.converged_excess)
        self.high = np.minimum(options.diverged_excess, np.finfo(np.float64).max)

    def steps_from(self, epoch: int, most: int) -> int:
        """Returns how many epochs may be trained before the next look: at most `most`, 0 at the end."""
        following = np.searchsorted(self._history_epochs, epoch, side="right")
        stops = [*self._history_epochs[following : following + 1].tolist(), 1, 2]
        until_stop = min((stop - epoch for stop in stops if stop > epoch), default=most)
        return int(min(most, until_stop, self.last.max() - epoch))

    def snapshot(self, epoch: int, theta: Array) -> None:
        """Keeps the state [P, O, k] of the live trials, where this epoch is one to be kept."""
        in_history = np.searchsorted(self._history_epochs, [epoch, epoch + 1])
        if epoch not in (1, 2) and in_history[0] == in_history[1]:
            return
        state = np.moveaxis(theta, -1, 0).astype(np.float64)
        if in_history[0] < in_history[1]:
            self._pages.append((self.live, epoch, state))
        if epoch == 1:
            self._after_one[self.live] = state
        if epoch == 2:
            before = self._after_one[self.live]
            first, second = before - self._start[self.live], state - before
            self._contraction[self.live] = _inner(second, first) / _inner(first, first)

    def record(
        self, epoch: int, events: Events, columns: Indices, reached: Array, averages: Array | None = None
    ) -> Indices:
        """Records the events of a chunk of states.

        Args:
            epoch: of the chunk's first state.
            events: of the trials that were looked at.
            columns: [c], which of the live trials these are.
            reached: [P, O, m, c], their states.
            averages: [P, O, m, c], the averages of their states; None: none are kept.

        Returns:
            The columns among the live trials that ended, [e]; give them to `drop`.
        """
        columns = columns[events.columns]
        trials = self.live[columns]
        came = events.converged != MISSING
        self._converged_at[trials[came]] = epoch + events.converged[came]
        self.low[columns[came]] = -np.inf
        came = events.diverged != MISSING
        self._diverged_at[trials[came]] = epoch + events.diverged[came]
        came = events.end != MISSING
        self._epochs[trials[came]] = epoch + events.end[came]
        self._done[trials[came]] = True
        last = reached[:, :, events.end[came], events.columns[came]]
        self._theta[trials[came]] = np.moveaxis(last, -1, 0)
        if self._average is not None and averages is not None:
            last = averages[:, :, events.end[came], events.columns[came]]
            self._average[trials[came]] = np.moveaxis(last, -1, 0)
        ended: Indices = columns[came]
        return ended

    def compare(self, epoch: int, columns: slice, costs: Floats) -> None:
        """Compares the costs on held-out rows [m, k] of a chunk of states, once its events are recorded.

        Args:
            epoch: of the chunk's first state.
            columns: which of the live trials these are.
            costs: of each state; those after a trial's end are passed over.
        """
        if self._least is None:
            return
        trials = self.live[columns]
        stop = np.where(self._done[trials], self._epochs[trials] - epoch, len(costs))
        rows = np.arange(len(costs))[:, None]
        seen = np.where((rows <= stop) & ~np.isnan(costs), costs, np.inf)
        at = seen.argmin(axis=0)
        lowest = seen[at, np.arange(len(trials))]
        lower = lowest < self._least[trials]
        self._least[trials[lower]], self._least_at[trials[lower]] = lowest[lower], epoch + at[lower]
        ends = np.flatnonzero(self._done[trials])
        self._last_cost[trials[ends]] = costs[stop[ends], ends]

    def drop(self, ended: Indices) -> Indices:
        """Drops columns from the live trials; returns the columns that go on."""
        going_on: Indices = np.delete(np.arange(len(self.live)), ended)
        self.live, self.last = self.live[going_on], self.last[going_on]
        self.low, self.high = self.low[going_on], self.high[going_on]
        return going_on

    def results(self) -> Results:
        """Returns what became of all K trials, once none is live."""
        if self._average is not None:
            self._average[self._epochs <= self._begins] = np.nan
        return Results(
            self._theta,
            self._epochs,
            self._converged_at,
            self._diverged_at,
            self._contraction,
            history_of(self._pages, (self._theta.shape[1], self._theta.shape[2])),
            self._average,
            None
            if self._least is None
            else settled(self._least_at, self._least, self._epochs, self._last_cost, self._same),
        )


def _inner(a: Floats, b: Floats) -> Floats:
    """Returns the inner product [k] of states [k, P, O], summed in a fixed order."""
    products = np.moveaxis(a * b, 0, -1).reshape(-1, len(a))
    total: Floats = products[0].copy()
    for term in products[1:]:
        total += term
    return total
