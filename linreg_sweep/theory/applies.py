"""What theory applies to trials, decided once for all that share a method: everybody asks this."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.method import Method
from linreg_sweep.theory.outcome import stability_limit, steepest_contraction
from linreg_sweep.theory.quadratic import Quadratic

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NoTheory:
    """Why nothing is known of trials.

    Attributes:
        word: as the column `theory` has it.
        reason: half a sentence, such as "its steps see mini-batches".
    """

    word: str
    reason: str


@dataclass(frozen=True)
class LinearTheory:
    """An epoch is a linear map of the error along each eigenvector of the curvature.

    Attributes:
        method: the descent.
    """

    method: Method

    def stability_limit(self, quadratic: Quadratic, values: Mapping[str, Floats]) -> Floats:
        """Returns the learning rate [K] above which each trial's descent grows; NaN: there is none.

        Args:
            quadratic: what they descend.
            values: of the trials, see Trials.
        """
        steepest, momentum = quadratic.steepest, values.get("momentum", np.zeros(1))
        return stability_limit(steepest, momentum, nesterov="nesterov" in self.method.flags)

    def contraction(self, quadratic: Quadratic, values: Mapping[str, Floats]) -> Floats:
        """Returns the factor [K] of the steepest direction in an epoch; see steepest_contraction."""
        momentum, nesterov = values.get("momentum", 0.0), "nesterov" in self.method.flags
        rate = values["learning_rate"]
        return steepest_contraction(rate, quadratic.steepest, momentum, nesterov=nesterov)


def theory_of(method: Method, n_rows: int) -> LinearTheory | NoTheory:
    """Returns what is known of trials that descend by a method on so many rows."""
    if method.batch_size is not None and method.batch_size < n_rows:
        return NoTheory("mini_batches", "its steps see mini-batches")
    if method.optimizer != "sgd":
        return NoTheory("adaptive", f"{method.optimizer} scales each step by its own gradients")
    return LinearTheory(method)
