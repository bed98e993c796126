"""A warm-up: the learning rate grows evenly before its schedule begins, as torch's LinearLR has it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.kinds import Count, Model, Share


class Warmup(Model):
    """The keys of a warm-up. A number can be varied by a sweep."""

    epochs: Count
    """Epochs in which the factor grows to 1."""
    start: Share = 0.1
    """Factor on the learning rate in the first of them."""

    def __str__(self) -> str:
        return f"{self.epochs:d} epochs from {self.start!r}"


def warm(epoch: NDArray[np.float64], epochs: Any, start: Any) -> NDArray[np.float64]:
    """Returns the factor after some epochs [n, 1], for epochs and start [k] or [1]; 1 once they are over."""
    factor: NDArray[np.float64] = start + (1 - start) * np.minimum(epoch, epochs) / epochs
    return factor
