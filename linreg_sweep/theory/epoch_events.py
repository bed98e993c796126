"""The first events of k trials whose epochs are one affine map each, without going through the epochs.

From a state z at epoch t the next are `z + (1 + B + B**2 + ...) g` with g = B z - z and B the map of two
epochs, so that modes which swing from epoch to epoch do not swing in it; even and odd epochs are looked at
apart. Along each eigenvector of B its part of g bounds how far the excess may move within 2**j epochs. So
each state says how many epochs after it hold no event, and the map of so many, made by doubling, leads past
them.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Floats, Indices, Integers
from linreg_sweep.theory.affine import Affine, led, times
from linreg_sweep.theory.epoch_map import EpochMaps, norms
from linreg_sweep.theory.first_events import Levels
from linreg_sweep.theory.outcome import MISSING

MARGIN = 1e-6
"""Relative width, far above rounding, by which bounds are widened."""


@dataclass(frozen=True)
class Ladder:
    """What 2**j epochs do to k trials.

    Attributes:
        maps: of the epochs.
        rungs: of 1, 2, 4, ... epochs.
        gathered: a bound on what an error of length 1 in theta, added in each of 2**j epochs, comes to
            [rungs, k].
    """

    maps: EpochMaps
    rungs: list[Affine]
    gathered: Floats

    def after(self, start: Floats, epochs: Integers) -> Floats:
        """Returns the states [k, D, O] in which trials that start at one are after so many epochs [k]."""
        return led(self.maps.first, self.rungs, start, epochs)

    def gathered_within(self, epochs: Integers) -> Floats:
        """Returns the same bound [k] for as many epochs as each trial does."""
        rung = np.ceil(np.log2(np.maximum(epochs, 1))).astype(np.intp)
        found: Floats = self.gathered[np.minimum(rung, len(self.rungs) - 1), np.arange(len(epochs))]
        return found


def ladder_of(maps: EpochMaps, last: int) -> Ladder:
    """Returns the powers of maps that lead to any epoch up to the last."""
    rungs, n_rungs = [maps.every], max(2, int(last).bit_length())
    gathered = [maps.scale.max(axis=1) + 0 * maps.spread]
    for _ in range(n_rungs - 1):
        gathered.append(gathered[-1] * (1 + norms(rungs[-1].delta, maps.scale)))
        rungs.append(rungs[-1].twice())
    return Ladder(maps, rungs, np.nan_to_num(np.stack(gathered), nan=np.inf))


@dataclass(frozen=True)
class Bounds:
    """How far errors of k trials may move within 2**j epochs, looked at every other epoch.

    Attributes:
        coordinates: of what two epochs move [k, D, D], along the eigenvectors.
        reach: the length of each eigenvector's error, times what 2**j epochs sum up [rungs - 1, k, D].
        weight: the length of each eigenvector's error, times its part in one of length 1 in theta [k, D].
        log: the logarithm of each eigenvalue's modulus [k, D].
    """

    coordinates: NDArray[np.complex128]
    reach: Floats
    weight: Floats
    log: Floats

    def moved(self, step: Floats, trial: Indices) -> Floats:
        """Returns how far errors may lie apart within each rung's epochs [rungs - 1, k], from 2 epochs on.

        Args:
            step: what the next two epochs move the states of some trials by [k, D, O].
            trial: which these are [k].
        """
        parts = np.abs(self.coordinates[trial] @ step)
        size = np.sqrt((parts**2).sum(axis=2))
        found = np.nan_to_num((self.reach[:, trial] * size).sum(axis=2), nan=np.inf)
        return np.asarray(found * (1 + MARGIN))

    def gathered_within(self, epochs: Integers) -> Floats:
        """Returns a bound on what an error of length 1 in theta, added in each epoch, comes to [k]."""
        sums = summed(self.log, epochs[:, None].astype(np.float64))
        return np.asarray(np.nan_to_num((self.weight * sums).sum(axis=1), nan=np.inf))


def summed(log: Floats, steps: Floats | float) -> Floats:
    """Returns 1 + x + x**2 + ..., so many terms, of numbers by their logarithms."""
    safe = np.where(log == 0, 1.0, log)
    return np.where(log == 0, steps, np.expm1(safe * steps) / np.expm1(safe))


def bounds_of(ladder: Ladder) -> Bounds:
    """Returns how far errors may move, of the trials of a ladder; infinitely far where nothing is known."""
    maps, n_rungs = ladder.maps, len(ladder.rungs)
    delta = ladder.rungs[0].delta
    count, size = delta.shape[:2]
    coordinates, weight, logs = (
        np.zeros((count, size, size), np.complex128),
        *np.full((2, count, size), np.inf),
    )
    reach = np.full((n_rungs - 1, count, size), np.inf)
    reach[0] = 0
    known = np.flatnonzero(np.isfinite(delta).all(axis=(1, 2)))
    moved, vectors = np.linalg.eig(delta[known])
    regular = np.linalg.cond(vectors) < 1 / np.finfo(np.float64).eps
    known, moved, vectors = known[regular], moved[regular], vectors[regular]
    coordinates[known] = np.linalg.inv(vectors)
    n = maps.n_parameters
    ahead = 0.0 if maps.ahead is None else maps.ahead[known, None, None]
    seen = vectors if maps.ahead is None else vectors[:, :n] + ahead * vectors[:, n:]
    length = np.sqrt((np.abs(seen) ** 2).sum(axis=1))
    distance = np.abs(moved * (2 + moved))  # of the eigenvalue of two epochs from 1
    log = np.log1p(np.maximum(2 * moved.real + np.abs(moved) ** 2, -1.0))  # of the modulus of that
    scale = np.broadcast_to(maps.scale, (count, size))[known, None]
    weight[known] = length * np.sqrt((np.abs(coordinates[known] * scale) ** 2).sum(axis=2))
    logs[known] = log / 2
    for rung in range(1, n_rungs - 1):
        steps = 2.0**rung - 1
        powers = np.exp(np.maximum(log, log * steps))  # the largest of those up to so many steps
        reach[rung][known] = length * np.fmin(summed(log, steps), (1 + powers) / distance)
    return Bounds(coordinates, np.nan_to_num(reach, nan=np.inf, posinf=np.inf), weight, logs)


def epoch_events(
    ladder: Ladder, bounds: Bounds, start: Floats, levels: Levels, *, early_stop: bool
) -> tuple[Integers, Integers, Integers]:
    """Returns converged_at, diverged_at and the epochs done of trials; see Results.

    Args:
        ladder: of k trials, up to the last epoch of all.
        bounds: of the same.
        start: where they begin [k, D, O].
        levels: of k trials.
        early_stop: a trial ends at its first event; else at divergence or its last epoch.
    """
    last, count = levels.last.astype(np.int64), len(levels.last)
    at_start = (ladder.maps.errors(start) ** 2).sum(axis=(1, 2))
    converged = np.where(at_start <= levels.low, 0, MISSING)
    diverged = np.where(at_start <= levels.high, MISSING, 0)
    if early_stop:
        last = np.where(converged == 0, 0, last)
    last = np.where(diverged == 0, 0, last)
    for first in (1, 2):
        these = np.flatnonzero(last >= first)
        state = ladder.after(start, np.full(count, first))
        sought = np.where(converged == 0, -np.inf, levels.low)
        found = _search(ladder, bounds, state, first, replace(levels, low=sought), last, these, early_stop)
        for whole, part in zip((converged, diverged), found, strict=True):
            earlier = (part != MISSING) & ((whole == MISSING) | (part < whole))
            whole[earlier] = part[earlier]
        end = np.where(diverged == MISSING, last, diverged)
        last = np.where(converged == MISSING, end, np.minimum(converged, end)) if early_stop else end
    converged[converged > last] = MISSING
    diverged[diverged > last] = MISSING
    return converged, diverged, last


def _search(
    ladder: Ladder,
    bounds: Bounds,
    state: Floats,
    first: int,
    levels: Levels,
    last: Integers,
    trial: Indices,
    early_stop: bool,
) -> tuple[Integers, Integers]:
    """Returns the first epochs among first, first + 2, ... at which trials had converged and diverged.

    Args:
        ladder: of k trials.
        bounds: of k trials.
        state: theirs in the first of these epochs [k, D, O].
        first: its number.
        levels: between which no event lies.
        last: the epoch up to which it is looked for [k].
        trial: the trials that are looked at.
        early_stop: whether no divergence counts once a trial has converged.
    """
    count = len(last)
    converged, diverged = np.full(count, MISSING), np.full(count, MISSING)
    low = levels.low.copy()
    root_high = np.sqrt(levels.high)
    deltas, shifts = (np.stack([getattr(rung, name) for rung in ladder.rungs]) for name in ("delta", "shift"))
    epoch, state = np.full(len(trial), first, np.int64), state[trial]
    while len(trial):
        error = ladder.maps.errors(state, trial)
        excess = (error**2).sum(axis=(1, 2))
        came, gone = excess <= low[trial], ~(excess <= levels.high[trial])
        converged[trial[came]], low[trial[came]] = epoch[came], -np.inf
        diverged[trial[gone]] = epoch[gone]
        goes_on = ~gone & ~(came & early_stop)
        trial, epoch, state, root = trial[goes_on], epoch[goes_on], state[goes_on], np.sqrt(excess[goes_on])
        step = times(deltas[1, trial], state) + shifts[1, trial]
        above = np.where(low[trial] >= 0, root - np.sqrt(np.maximum(low[trial], 0)), np.inf)
        room = np.minimum(above, root_high[trial] - root)
        is_clear = bounds.moved(step, trial) < room
        rung = np.maximum(np.minimum.accumulate(is_clear, axis=0).sum(axis=0), 1)
        state = state + (times(deltas[rung, trial], state) + shifts[rung, trial])
        epoch = epoch + (1 << rung)
        within = epoch <= last[trial]
        trial, epoch, state = trial[within], epoch[within], state[within]
    return converged, diverged
