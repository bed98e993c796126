"""What theories of mini-batches have in common: the steps of an epoch, and what a limit depends on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Floats, Indices
from linreg_sweep.method import Method
from linreg_sweep.theory.epoch_map import Momentum
from linreg_sweep.theory.problem import Problem

Values = Mapping[str, Floats]

KEPT = 2**16
"""Limits that are kept, for trials that share what they depend on: some 20 MB."""

DECIDING = ("momentum", "dampening", "weight_decay")
"""What a limit depends on, beside the method."""


@dataclass(frozen=True)
class InBatches:
    """Trials whose steps see mini-batches.

    Attributes:
        method: the descent.
        problem: what is descended.
    """

    method: Method
    problem: Problem

    @property
    def known(self) -> dict[Any, Any]:
        """What has been found, by what it depends on."""
        return self.problem.known

    @property
    def batch_size(self) -> int:
        """Rows a step."""
        return min(self.method.batch_size or self.problem.n_rows, self.problem.n_rows)

    @property
    def n_steps(self) -> int:
        """Steps an epoch."""
        return -(-self.problem.n_rows // self.batch_size)

    def momentum(self, values: Values) -> Momentum | None:
        """Returns how trials carry their velocity on [K]; None: none of the declaration has any."""
        momentum = values.get("momentum")
        if "momentum" not in self.method.active or momentum is None:
            return None
        gain = 1 - values["dampening"] if "dampening" in self.method.active else np.ones_like(momentum)
        return Momentum(momentum, gain, "nesterov" in self.method.flags)

    def n_moving(self, values: Values) -> int:
        """Returns how many numbers a step moves for each target: parameters, and velocities if any."""
        return self.problem.shape[0] * (1 if self.momentum(values) is None else 2)

    @property
    def key(self) -> tuple[Any, ...]:
        """What all that is known of trials depends on, beside their numbers."""
        method = self.method
        return method.batch_size, method.order, method.flags, method.active

    def limit_reason(self, values: Values, epochs: NDArray[Any] | None = None) -> str | None:
        """Returns why some trial has no stability limit, as half a sentence; None: all have one."""
        return None

    def n_limits(self, values: Values) -> int:
        """Returns how many limits trials have, which some share."""
        return len(alike(deciding(values), len(values["learning_rate"])))

    def limits(self, values: Values, find: Callable[[Indices], Floats]) -> Floats:
        """Returns a limit of each trial [K], which is found once for all that share what it depends on.

        Args:
            values: of the trials, [K] each.
            find: given the first trials of those whose limits are not known, returns these.
        """
        found, numbers = np.empty(len(values["learning_rate"])), deciding(values)
        groups = alike(numbers, len(found)) if len(found) else []
        keys = [(*self.key, *(float(each[group[0]]) for each in numbers)) for group in groups]
        known = self.known.setdefault("limits", {})
        if len(known) > KEPT:
            known.clear()
        new = {key: group[0] for key, group in zip(keys, groups, strict=True) if key not in known}
        if new:
            known.update(zip(new, find(np.array([*new.values()])).tolist(), strict=True))
        for key, group in zip(keys, groups, strict=True):
            found[group] = known[key]
        return found


def deciding(values: Values, *others: str) -> list[Floats]:
    """Returns what a limit of each trial depends on, after other numbers, of those that there are."""
    return [values[name] for name in (*others, *DECIDING) if name in values]


def alike(columns: Sequence[Floats], count: int) -> list[Indices]:
    """Returns which trials have the same numbers in all columns [count], ascending in each group."""
    keys = np.zeros(count, np.int64)
    for column in columns:
        different, places = np.unique(column, return_inverse=True)
        keys = np.unique(keys * len(different) + places, return_inverse=True)[1]
    if not count or (keys == keys[0]).all():
        return [np.arange(count)]
    order = np.argsort(keys, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(keys[order])) + 1)
