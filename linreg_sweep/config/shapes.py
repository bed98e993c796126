"""The shapes in which a parameter can be declared, each made for the kind of its values."""

from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import Any, Generic

from pydantic import TypeAdapter

from linreg_sweep.config.parameters import Declared, Normal, Points, Steps, Uniform, Unit, V, Values
from linreg_sweep.config.varied import KINDS, Kind
from linreg_sweep.kinds import Count, Positive

METHODS = GRID, RANDOM = "grid", "random"
"""Those under which parameters are declared one by one."""


@dataclass(frozen=True)
class Value(Declared, Generic[V]):
    """One value."""

    value: V
    """The one value."""
    unit: Unit = None
    """stability_limit: multiples of the rate above which descent diverges."""


@dataclass(frozen=True)
class Range(Declared, Generic[V]):
    """Whole numbers from min to max, both included."""

    min: V
    """The first."""
    max: V
    """The last."""


@cache
def shapes_of(name: str, kind: Kind, method: str) -> dict[str, Any]:
    """Returns the shapes in which a parameter can be declared, made for its kind, by their names."""
    shapes = [_made(Value, kind.type), _made(Values, kind.type)]
    if kind.is_number and method == GRID:
        step = Count if kind.is_whole else Positive
        shapes += [_made(Points, kind.type), _made(Steps, kind.type, step)]
        shapes += [_made(Range, kind.type)] if name in ("seed", "fold") else []
    elif kind.is_number:
        is_bounded = kind.is_whole or not kind.takes(1e300)
        shapes += [_made(Uniform, kind.type), *([] if is_bounded else [Normal])]
    return {getattr(shape, "__origin__", shape).__name__: shape for shape in shapes}


def _made(shape: Any, *types: Any) -> Any:
    return shape[types]


@cache
def adapter_of(shape: Any) -> TypeAdapter[Any]:
    """Returns what reads the keys of a shape."""
    return TypeAdapter(shape)


def keys_of(shape: Any) -> tuple[str, ...]:
    """Returns the keys of a shape, but for the unit."""
    return tuple(each.name for each in fields(getattr(shape, "__origin__", shape)) if each.name != "unit")


def needs_of(shape: Any) -> list[str]:
    """Returns the keys that a shape cannot do without."""
    own = fields(getattr(shape, "__origin__", shape))
    return [each.name for each in own if each.default is MISSING]


ALL_KEYS = {
    method: {
        key for shape in shapes_of("seed", KINDS["learning_rate"], method).values() for key in keys_of(shape)
    }
    for method in METHODS
}
"""Every key of a parameter under each method."""
