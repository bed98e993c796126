"""What holds for trials whose batches lie in file order: their epochs are one affine map."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.method import Method
from linreg_sweep.theory.epoch_limits import Growth, first_limits, islands
from linreg_sweep.theory.epoch_map import EpochMaps, epoch_maps
from linreg_sweep.theory.epoch_steps import RUN, Batches, batches_of, n_groups
from linreg_sweep.theory.in_batches import DECIDING, InBatches, Indices, Values, alike
from linreg_sweep.theory.problem import Problem
from linreg_sweep.theory.quadratic import Quadratic

Floats = NDArray[np.float64]

TABLE = 2**21
"""Numbers of batches and maps that are held at once."""

ALWAYS, USUAL, MOST_WORK = 2**23, 128, 2**34
"""Steps of an epoch times P**2, and P, up to which theory is always worked out, and multiplications of a map
up to which it ever is: seconds, of which the limit takes some hundred times as many."""

A_STEP, A_MAP, A_ROW = 2**10, 64, 4
"""Multiplications whose time what they stand for takes: to handle a step of a map; the cube of what it moves,
to work out from the map what trials do; a number of a row, to train."""


def is_worth_it(method: Method, problem: Problem, epochs: int | None) -> bool:
    """Returns whether the map of an epoch is worked out: in little time, or in less than training takes.

    Args:
        method: the descent.
        problem: what is descended.
        epochs: of the longest trial; None: as many as it takes.
    """
    (n_rows, n), batch_size = (problem.n_rows, problem.shape[0]), method.batch_size or problem.n_rows
    n_steps, size = -(-n_rows // batch_size), n * (2 if "momentum" in method.active else 1)
    work = n_steps * (size**3 + A_STEP) + A_MAP * size**3
    is_short = epochs is None or work <= A_ROW * epochs * n_rows * n
    return (n_steps * n**2 <= ALWAYS and n <= USUAL) or (work <= MOST_WORK and is_short)


@dataclass(frozen=True)
class FileOrder(InBatches):
    """An epoch is the same affine map every time."""

    word = "epoch_map"

    def batches(self, quadratic: Quadratic, values: Values) -> Batches:
        """Returns the steps of an epoch, of each trial [K] or alike for all."""
        decay = values.get("weight_decay", np.zeros(1))
        decay = decay[:1] if quadratic.is_shared else decay
        bias = self.method.decays_bias
        return batches_of(self.problem, self.batch_size, quadratic, decay, decay_bias=bias)

    def maps(self, quadratic: Quadratic, values: Values) -> EpochMaps:
        """Returns what an epoch does to trials [K]."""
        with np.errstate(all="ignore"):  # absurd rates overflow
            batches = self.batches(quadratic, values)
            return epoch_maps(batches, values["learning_rate"], self.momentum(values))

    def blocks(self, values: Values, each: int = 1) -> Iterator[slice]:
        """Yields slices of the trials that are worked on together.

        Args:
            values: of the trials, [K] each.
            each: maps that are held of a trial.
        """
        (n_parameters, n_targets), count = self.problem.shape, len(values["learning_rate"])
        size = (2 if self.momentum(values) is not None else 1) * n_parameters
        own = min(self.n_steps * n_parameters**2, RUN) if self.method.is_penalised else 0
        each += 4 * n_groups(self.n_steps, n_parameters)
        width = max(1, TABLE // (own + each * size * (size + n_targets)))
        yield from (slice(first, first + width) for first in range(0, count, width))

    def _of_each(self, of_maps: Any, quadratic: Quadratic, values: Values) -> Floats:
        """Returns what holds for the map of each trial [K]: found once for all whose maps are alike."""
        found = np.empty(len(values["learning_rate"]))
        deciding = [values[name] for name in ("learning_rate", *DECIDING) if name in values]
        groups = alike(deciding, len(found)) if len(found) else []
        first = np.array([group[0] for group in groups], np.intp)
        quadratic, own = quadratic.take(first), {name: each[first] for name, each in values.items()}
        with np.errstate(all="ignore"):
            for block in self.blocks(own):
                these = {name: each[block] for name, each in own.items()}
                different = of_maps(self.maps(quadratic.take(block), these))
                for group, value in zip(groups[block], different, strict=True):
                    found[group] = value
        return found

    def plateau(self, quadratic: Quadratic, values: Values) -> Floats:
        """Returns the excess at which trials come to rest, at the end of an epoch [K]; NaN: they do not."""
        return self._of_each(EpochMaps.plateau, quadratic, values)

    def stability_limit(
        self, quadratic: Quadratic, values: Values, epochs: NDArray[Any] | None = None
    ) -> Floats:
        """Returns the learning rate [K] above which trials first stop being stable; see epoch_limits."""
        width = max(1, TABLE // min(self.n_steps * self._n**2, RUN))

        def find(these: Indices) -> Floats:
            found = []
            for some in np.split(these, range(width, len(these), width)):
                own = {name: each[some] for name, each in values.items()}
                found.append(first_limits(self._growth(quadratic.take(some), own), len(some)))
            return np.concatenate(found)

        return self.limits(values, find)

    def _growth(self, quadratic: Quadratic, values: Values) -> Growth:
        return Growth(self.batches(quadratic, values), self.momentum(values))

    def islands(self, quadratic: Quadratic, values: Values) -> list[tuple[float, float]]:
        """Returns the ranges of rates above its limit at which one trial is stable again."""
        limit = float(self.stability_limit(quadratic, values)[0])
        return islands(self._growth(quadratic, values), limit)

    def contraction(
        self,
        quadratic: Quadratic,
        values: Values,
        epochs: NDArray[Any] | None = None,
        settle_epochs: float = 0.0,
    ) -> Floats:
        """Returns the factor [K] of an epoch on the direction that lies nearest the steepest one.

        It counts as negative where it is complex; where an epoch grows at all, it is minus its radius.
        """
        return self._of_each(_nearest, quadratic, values)

    @property
    def _n(self) -> int:
        return self.problem.shape[0]


def _nearest(maps: EpochMaps) -> Floats:
    """Returns the factor [k] of the eigenvector nearest the last coordinate, of those in theta."""
    delta, n = maps.every.delta, maps.n_parameters
    found = -np.sqrt(1 + maps.growth)
    stable = np.flatnonzero(maps.growth <= 0)
    moved, vectors = np.linalg.eig(delta[stable])
    part = vectors
    if maps.ahead is not None:
        part = vectors[:, :n] + maps.ahead[stable, None, None] * vectors[:, n:]
    weight = np.broadcast_to(maps.scale[:, :n], (len(delta), n))[stable, :, None]
    size = np.divide(np.abs(part), weight, out=np.zeros(part.shape), where=weight > 0)
    share = np.nan_to_num(size[:, -1] / np.sqrt((size**2).sum(axis=1)))
    place = share.argmax(axis=1)
    factor = 1 + moved[np.arange(len(stable)), place]
    is_plain = (factor.imag == 0) & (factor.real >= 0)
    found[stable] = np.where(is_plain, factor.real, -np.abs(factor))
    return np.asarray(found)
