"""The ways a parameter can vary, settled: plain data that says what a sweep's values are.

`space.py` turns these into numbers; nothing here needs pydantic or NumPy.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

Scale = Literal["linear", "log"]

STABILITY_LIMIT: Literal["stability_limit"] = "stability_limit"
Unit = Literal["stability_limit"] | None
"""What the values are multiples of; None: of the parameter's own unit."""

OWN_WEIGHT = "initial_weight_"
"""Begins the name of one feature's own start, which varies as well; see own_weight."""

WHOLE = frozenset({"epochs", "batch_size"})
"""Parameters that are whole numbers: so are their steps and random values, both ends of a range included."""

MOST_INTEGER = 2**53
"""Whole numbers up to this are exact as floats."""

MOST_DECIMALS = 22
"""Powers of ten up to 10**22 are exact as floats, so that a whole number over one rounds once."""


def own_weight(feature: str) -> str:
    """Returns the name of a feature's own start: `initial_weight_size`."""
    return f"{OWN_WEIGHT}{feature}"


@dataclass(frozen=True)
class Values:
    """These values and no others: the points of a grid, or what a random sweep chooses from."""

    values: tuple[float, ...]
    unit: Unit = None

    def spec(self) -> dict[str, Any]:
        """Returns the declaration, as YAML would say it."""
        return _keys(self) | {"values": list(self.values)}


@dataclass(frozen=True)
class Points:
    """A number of points from min to max, both included, evenly spaced on the scale."""

    min: float
    max: float
    num: int
    scale: Scale = "linear"
    unit: Unit = None

    def spec(self) -> dict[str, Any]:
        """Returns the declaration, as YAML would say it."""
        return _keys(self)


@dataclass(frozen=True)
class Steps:
    """The points min, min + step, ... max, in decimal arithmetic.

    Point i is (first + i * stride) / denominator, a quotient of whole numbers that are exact as floats.
    """

    min: float
    max: float
    step: float
    unit: Unit = None

    @property
    def decimals(self) -> int:
        """Digits after the point that the ends and the step need."""
        return max(_decimals(number) for number in (self.min, self.max, self.step))

    @property
    def denominator(self) -> int:
        """What the whole numbers are divided by, a power of ten."""
        return int(10**self.decimals)

    @property
    def first(self) -> int:
        """Min times the denominator."""
        return self._scaled(self.min)

    @property
    def last(self) -> int:
        """Max times the denominator."""
        return self._scaled(self.max)

    @property
    def stride(self) -> int:
        """Step times the denominator."""
        return self._scaled(self.step)

    @property
    def num(self) -> int:
        """How many points there are up to max."""
        return (self.last - self.first) // self.stride + 1

    def _scaled(self, number: float) -> int:
        return int(Fraction(repr(float(number))) * self.denominator)

    def spec(self) -> dict[str, Any]:
        """Returns the declaration, as YAML would say it."""
        return _keys(self)


@dataclass(frozen=True)
class Uniform:
    """Evenly spread over a range on the scale; whole numbers where the parameter is a count."""

    min: float
    max: float
    scale: Scale = "linear"
    unit: Unit = None

    def spec(self) -> dict[str, Any]:
        """Returns the declaration, as YAML would say it."""
        return {"distribution": "uniform"} | _keys(self)


@dataclass(frozen=True)
class Normal:
    """Normal about mu; with scale log it is the natural logarithm of the value that is normal."""

    mu: float
    sigma: float
    scale: Scale = "linear"
    unit: Unit = None

    def spec(self) -> dict[str, Any]:
        """Returns the declaration, as YAML would say it."""
        return {"distribution": "normal"} | _keys(self)


def _keys(parameter: "Parameter") -> dict[str, Any]:
    """Returns the fields of a parameter, without a unit that there is not."""
    return {name: value for name, value in vars(parameter).items() if value is not None}


Parameter = Values | Points | Steps | Uniform | Normal


def count(parameter: Parameter) -> int:
    """Returns how many points a grid has along a parameter."""
    match parameter:
        case Values(values):
            return len(values)
        case Points() | Steps():
            return parameter.num
    raise TypeError(f"{parameter} has no points")


def _decimals(number: float) -> int:
    exponent = Decimal(repr(float(number))).normalize().as_tuple().exponent
    return max(0, -int(exponent))
