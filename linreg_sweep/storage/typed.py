"""Whether a value that was read from JSON is of a type.

Types are those of annotations: classes, `Literal`, unions, lists, mappings, typed mappings, and `Annotated`
types, whose notes are conditions. So what is said of a file is said once, to readers, checkers and editors;
and a table is shown without loading what checks declarations.
"""

from collections.abc import Mapping
from functools import cache
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)


def fits(value: Any, kind: Any) -> bool:
    """Returns whether a value is of a type, strictly: True is no whole number, and 1 no float."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is NotRequired:
        return fits(value, inner[0])
    if origin is Annotated:
        return fits(value, inner[0]) and all(condition(value) for condition in inner[1:])
    if origin in (Union, UnionType):
        return any(fits(value, each) for each in inner)
    if origin is Literal:
        return isinstance(value, str) and value in inner
    if origin is list:
        return isinstance(value, list) and all(fits(each, inner[0]) for each in value)
    if origin in (dict, Mapping):
        return isinstance(value, dict) and all(fits(each, inner[1]) for each in value.values())
    if is_typeddict(kind):
        return isinstance(value, dict) and not misfits(value, kind)
    return type(value) is (NoneType if kind is None else kind)


def misfits(value: Mapping[str, Any], kind: Any) -> list[str]:
    """Returns the keys of a mapping that are not there or do not fit; others may be there as well."""
    types, needed = types_of(kind), kind.__required_keys__
    return [
        key
        for key, each in types.items()
        if not (fits(value[key], each) if key in value else key not in needed)
    ]


@cache
def types_of(kind: Any) -> dict[str, Any]:
    """Returns the types of a typed mapping's keys, or of a dataclass's attributes."""
    return get_type_hints(kind, include_extras=True)
