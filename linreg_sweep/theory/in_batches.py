"""What theories of mini-batches have in common: the steps of an epoch, and what a limit depends on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.method import Method
from linreg_sweep.theory.epoch_map import Momentum
from linreg_sweep.theory.problem import Problem

Floats = NDArray[np.float64]
Values = Mapping[str, Floats]

MOST_PARAMETERS = 128
"""Parameters up to which what an epoch or a draw does is worked out."""

DECIDING = ("momentum", "dampening", "weight_decay")
"""What a limit depends on, beside the method."""


@dataclass(frozen=True)
class InBatches:
    """Trials whose steps see mini-batches.

    Attributes:
        method: the descent.
        problem: what is descended.
        known: what has been found, by what it depends on.
    """

    method: Method
    problem: Problem
    known: dict[Any, Any] = field(default_factory=dict)

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
