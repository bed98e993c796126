"""What holds for trials whose batches lie in file order: their epochs are one affine map."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Floats, Indices
from linreg_sweep.theory.epoch_limits import Growth, first_limits, islands
from linreg_sweep.theory.epoch_map import EpochMaps, epoch_maps, joined
from linreg_sweep.theory.epoch_steps import RUN, Batches, batches_of, n_groups
from linreg_sweep.theory.in_batches import InBatches, Values, alike, deciding
from linreg_sweep.theory.quadratic import Quadratic

TABLE = 2**21
"""Numbers of batches and maps that are held at once."""

MAPS = 2**22
"""Numbers of maps that are kept: 64 MB with all that belongs to them."""

ALWAYS, USUAL = 2**23, 128
"""Steps of an epoch times P**2, and P, up to which theory is always worked out."""

LONG, LONGEST = 1e6, 4e9
"""Nanoseconds from which a map is kept, and up to which it is worked out: a limit takes 100 times that."""

EIGENVALUES_NS, NUMBER_NS = 20.0, 1.0
"""Nanoseconds of what a map shows of a trial, times P**3, and of a row's number in an epoch of training."""


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

    def maps(self, quadratic: Quadratic, values: Values, batches: Batches | None = None) -> EpochMaps:
        """Returns what an epoch does to trials [K]; of a long one, once for all that are alike.

        Args:
            quadratic: what trials descend.
            values: of the trials, [K] each.
            batches: theirs, where they are at hand.
        """
        rate, momentum = values["learning_rate"], self.momentum(values)

        def found(some: Indices | slice) -> EpochMaps:
            steps = (batches or self.batches(quadratic, values)).take(some)
            with np.errstate(all="ignore"):  # absurd rates overflow
                return epoch_maps(steps, rate[some], None if momentum is None else momentum.take(some))

        if self.map_ns < LONG or not len(rate):
            return found(slice(None))
        numbers = np.column_stack(deciding(values, "learning_rate"))
        keys, known = [(*self.key, each.tobytes()) for each in numbers], self.known.setdefault("maps", {})
        if len(known) * self.n_moving(values) ** 2 > MAPS:
            known.clear()
        new = {key: k for k, key in enumerate(keys) if key not in known}
        if new:
            maps = found(np.array([*new.values()]))
            known.update((key, maps.take([place])) for place, key in enumerate(new))
        return joined([known[key] for key in keys])

    @property
    def map_ns(self) -> float:
        """Nanoseconds that it takes to work out what an epoch does to a trial, about."""
        size = self.problem.shape[0] * (2 if "momentum" in self.method.active else 1)
        return self.n_steps * (1500 + 0.3 * size**3)

    def is_worth_it(self, epochs: int | None) -> bool:
        """Returns whether the map of an epoch is worked out: in little time, or in less than training takes.

        Args:
            epochs: of the longest trial; None: as many as it takes.
        """
        n, takes = self.problem.shape[0], self.map_ns + EIGENVALUES_NS * self.problem.shape[0] ** 3
        training = np.inf if epochs is None else NUMBER_NS * epochs * self.problem.n_rows * n
        return (self.n_steps * n**2 <= ALWAYS and n <= USUAL) or takes <= min(LONGEST, training)

    def blocks(self, values: Values, each: int = 1) -> Iterator[slice]:
        """Yields slices of the trials that are worked on together.

        Args:
            values: of the trials, [K] each.
            each: maps that are held of a trial.
        """
        (n_parameters, n_targets), count = self.problem.shape, len(values["learning_rate"])
        size = self.n_moving(values)
        own = min(self.n_steps * n_parameters**2, RUN) if self.method.is_penalised else 0
        each += 4 * n_groups(self.n_steps, n_parameters)
        width = max(1, TABLE // (own + each * size * (size + n_targets)))
        yield from (slice(first, first + width) for first in range(0, count, width))

    def _of_each(self, of_maps: Any, quadratic: Quadratic, values: Values) -> Floats:
        """Returns what holds for the map of each trial [K]: found once for all whose maps are alike."""
        found = np.empty(len(values["learning_rate"]))
        groups = alike(deciding(values, "learning_rate"), len(found)) if len(found) else []
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
        width = max(1, TABLE // min(self.n_steps * self.problem.shape[0] ** 2, RUN))

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
