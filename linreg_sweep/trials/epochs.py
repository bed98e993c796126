"""How many epochs trials do at most, and after which of them their states are kept."""

import numpy as np

from linreg_sweep.array_types import Integers
from linreg_sweep.trials.space import Space


def most_epochs(declared: int, space: Space) -> int:
    """Returns the most epochs that any trial may do; declared is the set-up's."""
    if "epochs" not in space.names:
        return declared
    most = int(space.ends("epochs")[1])
    varies_everywhere = all("epochs" in names for names in space.products)
    return most if varies_everywhere else max(most, declared)


def history_epochs(every: int | str, epochs: int) -> Integers:
    """Returns the epochs at which states are kept: none, every so many from 0, or 1, 2, 5, 10, ..."""
    if every == "log":
        decades = 10 ** np.arange(len(str(epochs)), dtype=np.int64)
        steps: Integers = (decades[:, None] * np.array([1, 2, 5])).ravel()
        return steps[steps <= epochs]
    return np.arange(0, epochs + 1, int(every), dtype=np.int64) if every else np.empty(0, np.int64)


def count_states(every: int | str, epochs: int) -> int:
    """Returns how many states of a trial of so many epochs its history holds."""
    if every == "log" or not every:
        return len(history_epochs(every, epochs))
    return epochs // int(every) + 1
