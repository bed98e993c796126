"""The ways a parameter can vary: plain data, whose fields are at once what a declaration may hold.

Each is generic in the kind of its values, so that `Points[Positive]` is checked, and described in the JSON
Schema, by the kind of the parameter it is declared for. `samplers/` turns them into numbers.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeAlias, TypeVar

import numpy as np
from pydantic import ConfigDict, Field

from linreg_sweep.config.nodes import MAX_ITEMS
from linreg_sweep.kinds import Count, Number, Positive

Scale = Literal["linear", "log"]

STABILITY_LIMIT: Literal["stability_limit"] = "stability_limit"
Unit = Literal["stability_limit"] | None

OWN_WEIGHT = "initial_weight_"
"""Begins the name of one feature's own start, which varies as well; see own_weight."""

MAX_INTEGER = 2**53
"""Whole numbers up to this are exact as floats."""

MAX_DECIMALS = 22
"""Powers of ten up to 10**22 are exact as floats, so that a whole number over one rounds once."""

V = TypeVar("V")
S = TypeVar("S")


def own_weight(feature: str) -> str:
    """Returns the name of a feature's own start: `initial_weight_size`."""
    return f"{OWN_WEIGHT}{feature}"


class Declared:
    """What all ways have in common: no other keys, and the way back to a declaration."""

    __pydantic_config__: ClassVar = ConfigDict(
        extra="forbid", allow_inf_nan=False, hide_input_in_errors=True, use_attribute_docstrings=True
    )

    def spec(self) -> dict[str, Any]:
        """Returns the declaration, as YAML would say it."""
        return {key: written(value) for key, value in vars(self).items() if value is not None}


def written(value: Any) -> Any:
    """Returns a value as YAML would hold it."""
    if isinstance(value, tuple):
        return [written(item) for item in value]
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value


@dataclass(frozen=True)
class Values(Declared, Generic[V]):
    """These values and no others: the points of a grid, or what a random sweep chooses from."""

    values: Annotated[
        tuple[V, ...],
        Field(json_schema_extra={"minItems": 1, "maxItems": MAX_ITEMS, "uniqueItems": True}),
    ]
    """These values."""
    unit: Unit = None
    """stability_limit: multiples of the rate above which descent diverges."""


@dataclass(frozen=True)
class Points(Declared, Generic[V]):
    """A number of points from min to max, both included, evenly spaced on the scale."""

    min: V
    """The lower end, included."""
    max: V
    """The upper end, included."""
    num: Count
    """How many points, both ends among them."""
    scale: Scale = "linear"
    """log: evenly spaced in the logarithm."""
    unit: Unit = None
    """stability_limit: multiples of the rate above which descent diverges."""


@dataclass(frozen=True)
class Steps(Declared, Generic[V, S]):
    """The points min, min + step, ... max, in decimal arithmetic.

    Point i is (first + i * stride) / denominator, a quotient of whole numbers that are exact as floats.
    """

    min: V
    """The lower end, included."""
    max: V
    """The upper end, included."""
    step: S
    """From one point to the next, in decimals."""
    scale: Literal["linear"] = "linear"
    """Steps are even; for a log scale use num."""
    unit: Unit = None
    """stability_limit: multiples of the rate above which descent diverges."""

    @property
    def decimals(self) -> int:
        """Digits after the point that the ends and the step need."""
        return max(map(_decimals, (self.min, self.max, self.step)))

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

    def _scaled(self, number: Any) -> int:
        return int(Fraction(repr(float(number))) * self.denominator)


@dataclass(frozen=True)
class Uniform(Declared, Generic[V]):
    """Evenly spread over a range on the scale; of whole numbers, both ends among them, where these are."""

    min: V
    """The lower end, included."""
    max: V
    """The upper end, included."""
    scale: Scale = "linear"
    """log: evenly spread in the logarithm."""
    unit: Unit = None
    """stability_limit: multiples of the rate above which descent diverges."""
    distribution: Literal["uniform"] = "uniform"
    """How values spread."""


@dataclass(frozen=True)
class Normal(Declared):
    """Normal about mu; with scale log it is the natural logarithm of the value that is normal."""

    mu: Number
    """The mean; with scale log that of the natural logarithm."""
    sigma: Positive
    """The standard deviation; with scale log that of the natural logarithm."""
    scale: Scale = "linear"
    """log: log-normal."""
    unit: Unit = None
    """stability_limit: multiples of the rate above which descent diverges."""
    distribution: Literal["normal"] = "normal"
    """How values spread."""


@dataclass(frozen=True)
class Tuples(Declared):
    """Values of several parameters that belong together: a row is one point of all of them."""

    names: tuple[str, ...]
    """Of the parameters."""
    values: tuple[tuple[Any, ...], ...]
    """Rows with a value for each."""
    unit: Unit = None
    """stability_limit: learning rates are multiples of the rate above which descent diverges."""

    def column(self, name: str) -> tuple[Any, ...]:
        """Returns the value of one parameter in each row."""
        place = self.names.index(name)
        return tuple(row[place] for row in self.values)

    def spec(self) -> dict[str, Any]:
        """Returns the declaration, as YAML would say it; the names are its key."""
        return {key: value for key, value in super().spec().items() if key != "names"}


Parameter: TypeAlias = Values[Any] | Points[Any] | Steps[Any, Any] | Uniform[Any] | Normal | Tuples

Product: TypeAlias = dict[str, Parameter]
"""What is varied together, in the declared order; the key of a `Tuples` is its names, with ', ' between."""


def names_of(product: Product) -> tuple[str, ...]:
    """Returns the names of all that a product varies, in the declared order."""
    return tuple(
        name
        for key, parameter in product.items()
        for name in (parameter.names if isinstance(parameter, Tuples) else (key,))
    )


def has_unit(product: Product) -> bool:
    """Returns whether the learning rates of a product are declared as multiples of a stability limit."""
    return any(each.unit and "learning_rate" in names_of({key: each}) for key, each in product.items())


def each_alone(product: Product) -> dict[str, Parameter]:
    """Returns the parameters of a product by their names, those that belong together each by itself."""
    alone: dict[str, Parameter] = {}
    for key, parameter in product.items():
        if isinstance(parameter, Tuples):
            for name in parameter.names:
                unit = parameter.unit if name == "learning_rate" else None
                alone[name] = Values(tuple(dict.fromkeys(parameter.column(name))), unit)
        else:
            alone[key] = parameter
    return alone


def merged(products: Iterable[Product]) -> dict[str, Parameter]:
    """Returns every parameter by its name, as the first product that varies it has it."""
    alone: dict[str, Parameter] = {}
    for product in products:
        alone = each_alone(product) | alone
    return {name: alone[name] for product in products for name in names_of(product)}


def count(parameter: Parameter) -> int:
    """Returns how many points a grid has along a parameter."""
    match parameter:
        case Values(values):
            return len(values)
        case Tuples(_, rows):
            return len(rows)
        case Points() | Steps():
            return parameter.num
    raise TypeError(f"{parameter} has no points")


def ends(parameter: Parameter) -> tuple[float, float]:
    """Returns the smallest and the largest value a parameter can take; a normal one has no ends."""
    match parameter:
        case Values(values):
            return min(values), max(values)
        case Normal(scale=scale):
            return (0.0 if scale == "log" else -math.inf), math.inf
        case Tuples(names):
            raise TypeError(f"{', '.join(names)} are several")
    return parameter.min, parameter.max


def largest(parameter: Parameter) -> float:
    """Returns a number that no value of a parameter is above; a normal one is never drawn 10 sigma away."""
    match parameter:
        case Normal(mu, sigma, scale):
            highest = mu + 10 * sigma
            return float(np.exp(highest)) if scale == "log" else highest  # infinite where it overflows
    return ends(parameter)[1]


def _decimals(number: Any) -> int:
    exponent = Decimal(repr(float(number))).normalize().as_tuple().exponent
    return max(0, -int(exponent))
