"""What a schedule is: the keys that can be declared for it, and its factor on the learning rate.

Everything is elementwise over N epochs and K trials, and of the same bits whatever stands beside a trial:
sums, products and quotients are so by themselves, powers and cosines by `power` and `cos`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.schedules.warmup import Warmup
from linreg_sweep.variants import Variant

Floats: TypeAlias = NDArray[np.float64]

Numbers: TypeAlias = Mapping[str, Any]
"""The settings of a schedule by their names: numbers [k] or [1], a list [m], a word as it is."""

_LANES = 16
"""Numbers that the widest loop takes at once, and more."""


class Settings(Variant):
    """What every schedule has; a subclass adds `name` and its own keys. A number can be varied by a sweep."""

    tag = "name"
    warmup: Warmup | None = None
    """Epochs before the schedule in which the rate grows; the schedule's own clock begins after them."""


@dataclass(frozen=True)
class Clock:
    """Where K trials stand in N epochs on the clock of a schedule, which begins after the warm-up.

    Attributes:
        epoch: whole epochs done on it, from 0 [n, k] or [n, 1].
        epochs: that the schedule takes [k] or [1]: as declared, else each trial's own less the warm-up.
        flattest: the least curvature apart from 0 of what each trial descends [k] or [1].
        steepest: the largest curvature of what each trial descends [k] or [1].
    """

    epoch: Floats
    epochs: Floats
    flattest: Floats
    steepest: Floats


@dataclass(frozen=True)
class LongRun:
    """What the factor comes to when descent goes on for ever, each [k] or [1].

    Attributes:
        factor: what it tends to: a positive number, 0, infinity where it has no bound, or NaN where it
            repeats itself.
        period: epochs after which it repeats itself; 0 where it does not.
        begins: epochs after which it is that exactly; infinity where it only tends to it.
    """

    factor: Floats
    period: Floats
    begins: Floats


@dataclass(frozen=True)
class Schedule:
    """How the learning rate changes from epoch to epoch; one file of this folder makes one.

    Attributes:
        settings: its keys, their ranges, defaults and meanings; `name` among them, a literal.
        factor: `(clock, h) -> factor` on the learning rate, [n, k] or [n, 1].
        long_run: `(epochs, h) -> LongRun`; epochs as in Clock.
    """

    settings: type[Settings]
    factor: Callable[[Clock, Numbers], Floats]
    long_run: Callable[[Floats, Numbers], LongRun]

    @property
    def name(self) -> str:
        """The word that declares it."""
        (name,) = self.settings.model_fields["name"].annotation.__args__  # type: ignore[union-attr]
        return str(name)


def settles(factor: Any, begins: Any = np.inf) -> LongRun:
    """Returns the long run of a factor that tends to a number, to 0 or to infinity."""
    return _long_run(factor, 0.0, begins)


def repeats(period: Any) -> LongRun:
    """Returns the long run of a factor that repeats itself from the first epoch on."""
    return _long_run(np.nan, period, 0.0)


def long_run_of_powers(base: Any) -> LongRun:
    """Returns the long run of powers that go on and on, of a base [k] or [1]."""
    limit = np.where(base < 1, 0.0, np.where(base > 1, np.inf, 1.0))
    return settles(limit, np.where(base == 1, 0.0, np.inf))


def _long_run(*parts: Any) -> LongRun:
    return LongRun(
        *(np.array(part, dtype=np.float64) for part in np.broadcast_arrays(*map(np.atleast_1d, parts)))
    )


def power(base: Any, exponent: Any) -> Floats:
    """Returns powers, elementwise."""
    return _elementwise(np.power, base, exponent)


def cos(angle: Any) -> Floats:
    """Returns cosines, elementwise."""
    return _elementwise(np.cos, angle)


def _elementwise(function: Any, *operands: Any) -> Floats:
    """Applies a function so that each element goes through the same loop, whatever its neighbours are.

    NumPy takes another loop for an operand of one element (`x ** 2` becomes `x * x`), and may for what is
    not contiguous or is left over when whole vectors are done. So all operands become whole vectors.
    """
    broadcast = np.broadcast_arrays(*operands)
    size = broadcast[0].size
    vectors = []
    for operand in broadcast:
        vector = np.ones(-(-size // _LANES) * _LANES)
        vector[:size] = operand.ravel()
        vectors.append(vector)
    result: Floats = function(*vectors)[:size].reshape(broadcast[0].shape)
    return result
