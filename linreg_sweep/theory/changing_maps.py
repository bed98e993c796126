"""Epochs over mini-batches in file order at rates that change from epoch to epoch: a map for each rate.

Rounding adds an error to the state in each epoch, of which the epochs after it make a product of their maps.
As norms would multiply to far more than that, what is led along is R, the sum of these products times their
transposed, by the square of each error: `R' = M R M^T` and what the epoch adds. All errors of t epochs come
together to at most the root of t times the trace of R (Cauchy and Schwarz).

Trials lie last, and all is elementwise over them.
"""

import numpy as np

from linreg_sweep.array_types import Floats, Indices
from linreg_sweep.theory.affine import Affine
from linreg_sweep.theory.course import Table
from linreg_sweep.theory.epoch_map import EpochMaps, Momentum, epoch_maps
from linreg_sweep.theory.epoch_steps import Batches
from linreg_sweep.theory.rounding import Steps
from linreg_sweep.theory.sums import combined, total
from linreg_sweep.theory.watching import Seen

KEPT = 128
"""Maps of a trial that are kept, for rates that come again."""

NEARLY = 1e-200
"""A rate instead of 0, at which no error moves and velocities do."""

ENOUGH = 2.0
"""How far above those looked at the size of a state in between may lie."""


def _numbers(map_: Affine, maps: EpochMaps) -> Floats:
    """Returns delta, shift, spread, risen and peak of k maps, one after the other [k, m]; see EpochMaps."""
    parts = (map_.delta, map_.shift, maps.spread, maps.risen, maps.peak)
    return np.concatenate([each.reshape(len(each), -1) for each in parts], axis=1)


class Epochs:
    """The excess of k trials, epoch by epoch; see watching.Descents."""

    def __init__(
        self,
        batches: Batches,
        momentum: Momentum | None,
        rates: Table,
        error: Floats,
        steps: Steps,
        held: int,
    ) -> None:
        """Begins at the starts.

        Args:
            batches: the steps of an epoch.
            momentum: of the trials.
            rates: theirs in each epoch.
            error: of their starts, in theta [k, P, O].
            steps: what a step rounds.
            held: maps of each trial that are kept.
        """
        self.batches, self.momentum, self.rates, self.steps = batches, momentum, rates, steps
        self.live, (count, n, n_targets) = np.arange(len(error)), error.shape
        along = batches.frame.into @ error
        still = error - batches.frame.back @ along  # along what is flat
        self.error, self.still = (np.ascontiguousarray(np.moveaxis(each, 0, -1)) for each in (along, still))
        self.size = np.linalg.norm(error, axis=(1, 2))
        self.n, size = n, n if momentum is None else 2 * n
        self.state = np.zeros((size, *self.error.shape[1:]))
        self.state[:n] = self.error
        self.gathered, self.pace = np.zeros((size, size, count)), np.zeros(count)
        self.rate = np.full(count, np.nan)
        self.kept = np.empty((held, size * (size + n_targets) + 3, count))
        self.met, self.n_met = np.full((held, count), np.nan), np.zeros(count, np.intp)

    def take(self, columns: Indices) -> None:
        """Keeps some of the trials that are left."""
        self.batches, self.steps = self.batches.take(columns), self.steps.take(columns)
        self.momentum = None if self.momentum is None else self.momentum.take(columns)
        of_each = "live state error still size gathered pace rate kept met n_met"
        for name in of_each.split():
            setattr(self, name, getattr(self, name)[..., columns])

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

    def _map(self, rate: Floats, *, is_first: bool) -> tuple[Floats, Floats, Floats]:
        """Returns delta, shift and the others [3] of an epoch, trials last; made where a rate is new."""
        is_met = self.met[: self.n_met.max() + 1] == rate
        place = np.where(is_met.any(axis=0), is_met.argmax(axis=0), np.minimum(self.n_met, len(self.met) - 1))
        new = np.flatnonzero(~is_met.any(axis=0))
        if len(new):
            momentum = None if self.momentum is None else self.momentum.take(new)
            maps = epoch_maps(self.batches.take(new), rate[new], momentum)
            self.kept[place[new], :, new] = _numbers(maps.every, maps)
            self.met[place[new], new] = rate[new]
            self.n_met[new] += 1
        if is_first:  # of all
            found = _numbers(maps.first, maps).T
        elif (place == place[0]).all():
            found = self.kept[place[0]]
        else:
            found = self.kept[place, :, np.arange(len(rate))].T
        size, n_targets = self.state.shape[:2]
        delta, shift = found[: size * size], found[size * size : -3]
        return delta.reshape(size, size, -1), shift.reshape(size, n_targets, -1), found[-3:]

    def _move(self, rate: Floats, *, is_first: bool) -> None:
        delta, shift, (spread, risen, peak) = self._map(rate, is_first=is_first)
        self.state = self.state + (combined(delta, self.state) + shift)
        self.error = self.state[: self.n]
        if self.momentum is not None:
            self.error = self.error + self.momentum.ahead * self.state[self.n :]
        back, before = np.moveaxis(self.batches.frame.back, 0, -1), self.size
        moved = self.still + combined(back, self.error)
        self.size = np.sqrt(total((moved**2).reshape(-1, len(rate))))
        size = ENOUGH * np.maximum(before, self.size)
        self._gather(delta, rate, np.where(size * peak < self.steps.most, size * risen, np.inf), spread, peak)

    def _gather(self, delta: Floats, rate: Floats, size: Floats, spread: Floats, peak: Floats) -> None:
        """Adds what an epoch rounds, of errors of a size [k] in theta."""
        steps, n, scale = self.steps, self.n, np.sqrt(self.batches.frame.weight.T)
        moved = self.gathered + combined(delta, self.gathered)
        self.gathered = moved + combined(delta, moved.swapaxes(0, 1)).swapaxes(0, 1)
        added = steps.rounding(rate, size) * spread
        diagonal = np.arange(n)
        self.gathered[diagonal, diagonal] += (added * scale) ** 2
        if self.momentum is not None:  # velocities round by what makes them, times the rate
            pull = rate * steps.unit * (steps.steepest * (steps.optimum + size) + steps.constant)
            added = pull / (1 - steps.momentum) * spread * peak
            self.gathered[n + diagonal, n + diagonal] += (added * scale) ** 2
        self.pace = self.pace + self.batches.n_steps * steps.pace(rate)

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
