"""What holds for batches in file order under a schedule: a map for each rate, as far as these are few."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Floats, Indices
from linreg_sweep.schedules import declared as schedules
from linreg_sweep.theory.changing_maps import KEPT
from linreg_sweep.theory.course import Table
from linreg_sweep.theory.file_order import FileOrder
from linreg_sweep.theory.in_batches import InBatches, Values
from linreg_sweep.theory.quadratic import Quadratic

MOST_WORK = 10_000
"""Epochs of a trial, and steps that its maps are made of, times the square of what a step moves:
a millisecond."""

TABLE = 2**20
"""Rates that are held at once."""


@dataclass(frozen=True)
class ScheduledOrder(InBatches):
    """An epoch is the same affine map whenever its rate comes again."""

    word = "epoch_map"
    reason = "steps see mini-batches under a schedule"

    @property
    def constant(self) -> FileOrder:
        """What holds at a constant rate."""
        return FileOrder(self.method, self.problem)

    def rates(self, quadratic: Quadratic, values: Values, epochs: NDArray[Any], dtype: str) -> Table:
        """Returns the rates of trials in each epoch, as their descent's precision has them."""
        factors, rate = self._factors(quadratic, values, epochs), values["learning_rate"]

        def found(columns: Indices, first: int, n_epochs: int) -> Floats:
            exact = factors(columns, first, n_epochs) * rate[columns]
            rounded = exact.astype(dtype).astype(np.float64)
            return np.asarray(np.broadcast_to(rounded, (n_epochs, len(columns))))

        return found

    def _factors(self, quadratic: Quadratic, values: Values, epochs: NDArray[Any]) -> Table:
        def found(columns: Indices, first: int, n_epochs: int) -> Floats:
            some, own = quadratic.take(columns), {name: each[columns] for name, each in values.items()}
            run, schedule = np.asarray(epochs, np.float64)[columns], self.method.schedule
            return schedules.factors(schedule, first, n_epochs, run, some.flattest, some.steepest, own)

        return found

    def n_maps(self, quadratic: Quadratic, values: Values, epochs: NDArray[Any]) -> Floats:
        """Returns how many maps trials make, one a rate or, of many rates, one an epoch [k].

        Infinite: they have too many rates, or epochs, to go through these.
        """
        factors, most = self._factors(quadratic, values, epochs), MOST_WORK // self.n_moving(values) ** 2
        found = np.full(len(epochs), np.inf)
        short = np.flatnonzero(epochs + self.n_steps <= most)
        longest = int(epochs[short].max(initial=1))
        width = max(1, TABLE // longest)
        for first in range(0, len(short), width):
            some = short[first : first + width]
            table, own = factors(some, 0, longest), epochs[some]
            if table.shape[1] > 1 or (own != longest).any():
                table = np.where(np.arange(longest)[:, None] < own, table, table[0])
            table = np.sort(table, axis=0)
            n_rates = 1 + (table[1:] != table[:-1]).sum(axis=0)
            n_maps = np.where(n_rates <= KEPT, n_rates, own)
            found[some] = np.where(own + n_maps * self.n_steps <= most, n_maps, np.inf)
        return found

    def _long_run(self, values: Values, epochs: NDArray[Any] | None) -> Floats:
        """Returns the factor that a schedule tends to [k]; NaN: it is 0, infinite or repeats itself."""
        count = len(values["learning_rate"])
        run = np.ones(count) if epochs is None else np.asarray(epochs, np.float64)
        factor = schedules.long_run(self.method.schedule, run, values).factor
        usable = (factor > 0) & np.isfinite(factor)
        return np.broadcast_to(np.where(usable, factor, np.nan), (count,))

    def stability_limit(
        self, quadratic: Quadratic, values: Values, epochs: NDArray[Any] | None = None
    ) -> Floats:
        """Returns the limit [k] of a constant rate over the factor that a schedule tends to; NaN: unknown."""
        factor = self._long_run(values, epochs)
        if np.isnan(factor).all():
            return factor
        return np.asarray(self.constant.stability_limit(quadratic, values) / factor)

    def limit_reason(self, values: Values, epochs: NDArray[Any] | None = None) -> str | None:
        """Returns why some trial has no stability limit, as half a sentence; None: all have one."""
        unknown = np.isnan(self._long_run(values, epochs)).any()
        return "steps see mini-batches under a schedule that tends to no rate" if unknown else None

    def plateau(self, quadratic: Quadratic, values: Values, epochs: NDArray[Any]) -> Floats:
        """Returns the excess at which trials come to rest [k]; NaN: they do not, or their rates do not."""
        found = self._long_run(values, epochs).copy()
        known = np.flatnonzero(~np.isnan(found))
        own = {name: each[known] for name, each in values.items()}
        own["learning_rate"] = own["learning_rate"] * found[known]
        if len(known):
            found[known] = self.constant.plateau(quadratic.take(known), own)
        return found
