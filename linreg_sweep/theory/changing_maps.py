"""Epochs over mini-batches in file order at rates that change from epoch to epoch: a map for each rate.

Rounding adds an error to the state in each epoch, of which the epochs after it make a product of their maps.
As norms would multiply to far more than that, what is led along is R, the sum of these products times their
transposed, by the square of each error: `R' = M R M^T` and what the epoch adds. All errors of t epochs come
together to at most the root of t times the trace of R (Cauchy and Schwarz).

Trials lie last, and all is elementwise over them.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.theory.course import Table
from linreg_sweep.theory.epoch_map import Batches, EpochMaps, Momentum, epoch_maps
from linreg_sweep.theory.rounding import Steps
from linreg_sweep.theory.sums import combined, total
from linreg_sweep.theory.watching import Seen

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

KEPT = 32
"""Maps of epochs that are kept, for rates that come again."""

NEARLY = 1e-200
"""A rate instead of 0, at which no error moves and velocities do."""

ENOUGH = 2.0
"""How far above those looked at the size of a state in between may lie."""


class _Map(NamedTuple):
    """What an epoch does to k trials; see EpochMaps."""

    delta: Floats
    """Of every epoch [D, D, k]."""
    shift: Floats
    """[D, O, k]."""
    first_delta: Floats
    """Of the first of all, likewise."""
    first_shift: Floats
    """[D, O, k]."""
    scale: Floats
    """[D, k] or [D, 1]."""
    spread: Floats
    """[k]."""
    peak: Floats
    """[k]."""

    def take(self, columns: Indices) -> "_Map":
        """Returns that of some trials."""
        return _Map(*(each if each.shape[-1] == 1 else each[..., columns] for each in self))


def _map_of(maps: EpochMaps) -> _Map:
    parts = (maps.every.delta, maps.every.shift, maps.first.delta, maps.first.shift, maps.scale)
    last = [np.ascontiguousarray(np.moveaxis(each, 0, -1)) for each in parts]
    return _Map(*[*last, maps.spread, maps.peak])


class Epochs:
    """The excess of k trials, epoch by epoch; see watching.Descents."""

    def __init__(
        self, batches: Batches, momentum: Momentum | None, rates: Table, error: Floats, steps: Steps
    ) -> None:
        """Begins at the starts.

        Args:
            batches: the steps of an epoch.
            momentum: of the trials.
            rates: theirs in each epoch.
            error: of their starts, in theta [k, P, O].
            steps: what a step rounds.
        """
        self.batches, self.momentum, self.rates, self.steps = batches, momentum, rates, steps
        self.live, (count, n, _) = np.arange(len(error)), error.shape
        along = batches.frame.into @ error
        still = error - batches.frame.back @ along  # along what is flat
        self.error, self.still = (np.ascontiguousarray(np.moveaxis(each, 0, -1)) for each in (along, still))
        self.back = np.moveaxis(batches.frame.back, 0, -1)
        self.size = np.linalg.norm(error, axis=(1, 2))
        self.n, size = n, n if momentum is None else 2 * n
        self.state = np.zeros((size, *self.error.shape[1:]))
        self.state[:n] = self.error
        self.gathered, self.pace = np.zeros((size, size, count)), np.zeros(count)
        self.rate = np.full(count, np.nan)
        self.kept = dict[bytes, tuple[Floats, _Map]]()

    def take(self, columns: Indices) -> None:
        """Keeps some of the trials that are left."""
        self.batches, self.steps = self.batches.take(columns), self.steps.take(columns)
        self.momentum = None if self.momentum is None else self.momentum.take(columns)
        for name in ("live", "state", "error", "still", "size", "gathered", "pace", "rate"):
            setattr(self, name, getattr(self, name)[..., columns])
        self.back = self.back if self.back.shape[-1] == 1 else self.back[..., columns]
        left = [(rate[columns], each.take(columns)) for rate, each in self.kept.values()]
        self.kept = {rate.tobytes(): (rate, each) for rate, each in left}

    def run(self, epoch: int, n_states: int) -> Seen:
        """Does so many epochs, the first of number `epoch`; returns what each began with."""
        rates = self.rates(self.live, epoch, n_states)
        root, slack, pace = np.zeros((3, n_states, len(self.live)))
        for place in range(n_states):
            root[place] = np.sqrt(total((self.error**2).reshape(-1, len(self.live))))
            slack[place], pace[place] = self._slack(epoch + place), self.pace
            self._move(self._changed(rates[place]), is_first=epoch + place == 0)
        return Seen(root, slack, self.steps.stretch(pace))

    def _slack(self, epoch: int) -> Floats:
        """Returns how far apart the roots of the two excess costs may lie [k]."""
        diagonal, n = np.arange(self.n), self.n
        trace = self.gathered[diagonal, diagonal]
        if self.momentum is not None:
            ahead, both = self.momentum.ahead, self.gathered[diagonal, n + diagonal]
            trace = trace + ahead * (2 * both + ahead * self.gathered[n + diagonal, n + diagonal])
        found = np.sqrt(epoch * np.maximum(total(trace), 0))
        return np.asarray(np.nan_to_num(found, nan=np.inf))

    def _move(self, rate: Floats, *, is_first: bool) -> None:
        key = rate.tobytes()
        if key not in self.kept:
            if len(self.kept) == KEPT:
                self.kept.clear()
            self.kept[key] = rate, _map_of(epoch_maps(self.batches, rate, self.momentum))
        map_ = self.kept[key][1]
        delta, shift = (map_.first_delta, map_.first_shift) if is_first else (map_.delta, map_.shift)
        self.state = self.state + (combined(delta, self.state) + shift)
        self.error = self.state[: self.n]
        if self.momentum is not None:
            self.error = self.error + self.momentum.ahead * self.state[self.n :]
        before, self.size = (
            self.size,
            np.sqrt(total(((self.still + combined(self.back, self.error)) ** 2).reshape(-1, len(rate)))),
        )
        self._gather(map_, delta, rate, ENOUGH * np.maximum(before, self.size) * map_.peak)

    def _gather(self, map_: _Map, delta: Floats, rate: Floats, size: Floats) -> None:
        """Adds what an epoch rounds, of errors up to a size [k] in theta."""
        steps, n = self.steps, self.n
        moved = self.gathered + combined(delta, self.gathered)
        self.gathered = moved + combined(delta, moved.swapaxes(0, 1)).swapaxes(0, 1)
        added = np.where(size < steps.most, steps.rounding(rate, size) * map_.spread, np.inf)
        diagonal = np.arange(n)
        self.gathered[diagonal, diagonal] += (added * map_.scale[:n]) ** 2
        if self.momentum is not None:  # velocities round by what makes them, times the rate
            pull = rate * steps.unit * (steps.steepest * (steps.optimum + size) + steps.constant)
            added = pull / (1 - steps.momentum) * map_.spread * map_.peak
            self.gathered[n + diagonal, n + diagonal] += (added * map_.scale[:n]) ** 2
        self.pace = self.pace + len(self.batches.pulls) * steps.pace(rate)

    def _changed(self, rate: Floats) -> Floats:
        """Carries velocities on, of which states have the product with the rate, and returns the next [k]."""
        if self.momentum is None:
            return rate
        rate, n = np.where(rate == 0, NEARLY, rate), self.n
        last = np.where(np.isnan(self.rate), rate, self.rate)
        share, self.rate = np.where(last == rate, 1.0, rate / last), rate
        if (share != 1).any():
            turn = self.momentum.ahead * (1 - share)
            for each in (self.state, self.gathered, self.gathered.swapaxes(0, 1)):
                each[:n] += turn * each[n:]
                each[n:] *= share
        return rate
