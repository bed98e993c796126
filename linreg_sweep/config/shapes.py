"""From `parameters:` of a sweep to parameters: each is checked by the shape that its keys belong to.

The shapes are those of `parameters.py`, made for the kind of the parameter. What is written here is what
two keys must hold together, and what was meant where they do not, as text to paste that was read before.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import MISSING, dataclass, field, fields, replace
from functools import cache
from math import floor, isfinite
from typing import Any, Generic

from pydantic import TypeAdapter, ValidationError

from linreg_sweep.config.faults import MAX_COMPLAINTS, Fault
from linreg_sweep.config.messages import NUMBER, fault_of, suggest
from linreg_sweep.config.nodes import MAX_ITEMS
from linreg_sweep.config.parameters import (
    MAX_DECIMALS,
    MAX_INTEGER,
    STABILITY_LIMIT,
    Declared,
    Normal,
    Parameter,
    Points,
    Steps,
    Tuples,
    Uniform,
    Unit,
    V,
    Values,
)
from linreg_sweep.config.scalars import ScalarError, read_scalar
from linreg_sweep.config.suggestions import (
    FEW,
    LONGEST,
    ONE_NUMBER,
    SYNONYMS,
    block,
    called,
    distribution,
)
from linreg_sweep.config.varied import KINDS, Kind, kind_of
from linreg_sweep.config.words import KeyPath, show
from linreg_sweep.kinds import Count, Positive

MAX_POINTS = 10**6
"""Points of one parameter that are still suggested."""

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
        shapes += [_made(Range, kind.type)] if name == "seed" else []
    elif kind.is_number:
        shapes += [_made(Uniform, kind.type), *([] if _is_bounded(kind) else [Normal])]
    return {getattr(shape, "__origin__", shape).__name__: shape for shape in shapes}


def _made(shape: Any, *types: Any) -> Any:
    return shape[types]


def _is_bounded(kind: Kind) -> bool:
    return kind.is_whole or not kind.takes(1e300)


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def _keys(shape: Any) -> tuple[str, ...]:
    return tuple(each.name for each in fields(getattr(shape, "__origin__", shape)) if each.name != "unit")


def _needs(shape: Any) -> list[str]:
    own = fields(getattr(shape, "__origin__", shape))
    return [each.name for each in own if each.default is MISSING]


ALL_KEYS = {
    method: {
        key for shape in shapes_of("seed", KINDS["learning_rate"], method).values() for key in _keys(shape)
    }
    for method in METHODS
}
"""Every key of a parameter under each method."""


@dataclass
class _Reading:
    """One parameter's declaration while it is read.

    Attributes:
        name: of the parameter.
        kind: of its values.
        method: of the sweep.
        given: its keys but for the unit.
        unit: as it is given, if it is.
        hints: whether faults are to say what to write; that is read, too, before it is said.
        faults: what was found wrong with it.
    """

    name: str
    kind: Kind
    method: str
    given: Mapping[str, Any]
    unit: Mapping[str, Any] = field(default_factory=dict)
    hints: bool = True
    faults: list[Fault] = field(default_factory=list)

    def refuse(self, path: str | KeyPath, text: str, hint: str = "", *, at_key: bool = False) -> None:
        """Notes a fault below this parameter."""
        self.faults.append(Fault(path if isinstance(path, tuple) else (path,), text, hint, at_key))

    def write(self, *choices: Mapping[str, Any], then: str = "") -> str:
        """Returns a hint to write one of some declarations, of those that can be read."""
        found = list(dict.fromkeys(filter(None, (self._block({**each, **self.unit}) for each in choices))))
        return f"write {' or '.join(found)}{then}" if found else ""

    def _block(self, keys: Mapping[str, Any]) -> str:
        if not self.hints or _read(self.name, dict(keys), self.method, self.kind, hints=False)[1]:
            return ""
        return block(self.name, keys)

    def shown(self, key: str) -> str:
        """Returns what is given at a key, as messages show it."""
        return show(self.given[key])

    @property
    def shapes(self) -> dict[str, Any]:
        """The shapes in which the parameter can be declared."""
        return shapes_of(self.name, self.kind, self.method)


def read_parameter(
    names: tuple[str, ...], declared: Any, method: str, kinds: Mapping[str, Kind]
) -> tuple[Parameter | None, list[Fault]]:
    """Returns what is declared under one name, or under several that belong together, and its faults."""
    found = [kind_of(name, kinds) for name in names]
    if None in found:  # of a schedule that is not known
        return None, []
    each = {name: kind for name, kind in zip(names, found, strict=True) if kind is not None}
    if len(names) > 1:
        return _read_tuples(each, declared)
    return _read(names[0], declared, method, each[names[0]])


def _read_tuples(kinds: Mapping[str, Kind], declared: Any) -> tuple[Tuples | None, list[Fault]]:
    """Reads `{values: [[0.1, 0], [0.01, 0.9]]}`."""
    hint = f"write {{values: [[{', '.join('...' for _ in kinds)}], ...]}}"
    if not isinstance(declared, dict) or "values" not in declared:
        return None, [Fault((), f"must have values, a list of rows, got {show(declared)}", hint)]
    faults = [
        Fault((key,), "unknown key", "several together have values alone", at_key=True)
        for key in declared
        if key not in ("values", "unit")
    ]
    unit, found = _read_unit("learning_rate" if "learning_rate" in kinds else "", declared)
    faults += found
    rows: dict[tuple[Any, ...], int] = {}
    given = declared["values"]
    if not isinstance(given, list) or not given or len(given) > MAX_ITEMS:
        text = f"must be a list of 1 to {MAX_ITEMS:,} rows, got {show(given)}"
        return None, [*faults, Fault(("values",), text, hint)]
    for place, row in enumerate(given):
        if len(faults) > MAX_COMPLAINTS:
            break
        if not isinstance(row, list) or len(row) != len(kinds):
            text = f"must be a list of {len(kinds)}, one for each name, got {show(row)}"
            faults.append(Fault(("values", place), text))
            continue
        values = []
        for (name, kind), cell in zip(kinds.items(), row, strict=True):
            value, found = checked(kind.adapter, cell)
            faults += [each.below([*kinds].index(name)).below(place).below("values") for each in found]
            values.append(value)
        if rows.setdefault(tuple(values), place) != place:
            faults.append(Fault(("values", place), f"must not repeat a row, got {show(row)} again"))
    return (None if faults else Tuples(tuple(kinds), tuple(rows), unit)), faults


def checked(adapter: TypeAdapter[Any], value: Any) -> tuple[Any, list[Fault]]:
    """Returns a value as its kind has it, or what is wrong with it."""
    try:
        return adapter.validate_python(value), []
    except ValidationError as error:
        return None, [fault_of(each) for each in error.errors(include_url=False)[: MAX_COMPLAINTS + 1]]


def _read_unit(name: str, declared: Mapping[str, Any]) -> tuple[Unit, list[Fault]]:
    """Returns the unit of a declaration's values, and what is wrong with it."""
    given = declared.get("unit")
    if "unit" not in declared:
        return None, []
    if name != "learning_rate":
        return None, [Fault(("unit",), "goes with learning_rate alone", "remove it", at_key=True)]
    if given == STABILITY_LIMIT:
        return STABILITY_LIMIT, []
    hint = suggest(given, (STABILITY_LIMIT,)) if isinstance(given, str) else ""
    return None, [Fault(("unit",), f"must be {STABILITY_LIMIT}, got {show(given)}", hint)]


def _read(
    name: str, declared: Any, method: str, kind: Kind, *, hints: bool = True
) -> tuple[Parameter | None, list[Fault]]:
    """Returns the parameter that is declared, or None, and what is wrong with it."""
    if not isinstance(declared, dict) or (not kind.is_number and not declared.keys() & {"value", "values"}):
        return _read_bare(_Reading(name, kind, method, {"value": declared}, hints=hints), declared)
    unit, faults = _read_unit(name, declared)
    given = {key: value for key, value in declared.items() if key != "unit"}
    kept = {"unit": declared["unit"]} if "unit" in declared else {}
    reading = _Reading(name, kind, method, given, kept, hints, faults)
    shape = _choose_shape(reading)
    known = {key: value for key, value in given.items() if key in _keys(shape)} if shape else {}
    if not known or not shape or not all(_is_list_or_short(reading, key) for key in known):
        return None, reading.faults
    parameter, found = checked(_adapter(shape), known)
    reading.faults += [each for each in found if each.text != "is required"]
    if not reading.faults:
        parameter = _settled(reading, parameter)
        _check(reading, parameter)
        if unit is not None:
            parameter = type(parameter)(**(vars(parameter) | {"unit": unit}))
    reading.faults[:] = [_with_better_hint(reading, each) for each in reading.faults]
    return (None if reading.faults else parameter), reading.faults


def _with_better_hint(reading: _Reading, found: Fault) -> Fault:
    """Returns a fault of a step that falls, or is on a log scale, with points to write instead."""
    given = reading.given
    numbers = [given.get(key) for key in ("min", "max", "step")]
    if "step" not in given or not all(type(each) in (int, float) for each in numbers) or not given["step"]:
        return found
    low, high = sorted((given["min"], given["max"]))
    num = max(2, round((high - low) / abs(given["step"])) + 1) if isfinite(high - low) else FEW
    if found.path == ("step",) and given["step"] < 0:
        ends = {"min": low, "max": high}
        hint = reading.write({**ends, "step": -given["step"]}, {**ends, "num": FEW})
        return replace(found, hint=hint or found.hint)
    if found.path == ("scale",) and given["scale"] == "log":
        hint = reading.write({"min": low, "max": high, "num": min(num, 41), "scale": "log"})
        return replace(found, hint=hint or "use num for a log scale")
    return found


def _read_bare(reading: _Reading, declared: Any) -> tuple[Parameter | None, list[Fault]]:
    """Reads `0`, or another value alone."""
    if isinstance(declared, list):
        text = f"must be a number or a block of keys, got {show(declared)}"
        hint = reading.write({"values": declared}) or "write {values: [...]}"
        return None, [Fault((), text, hint)]
    value, faults = checked(reading.kind.adapter, declared)
    hint = _hinted(reading, declared) if faults and reading.kind.is_number else ""
    if faults:
        return None, [Fault(each.path, each.text, hint or each.hint, each.at_key) for each in faults]
    return Values((value,)), []


def _settled(reading: _Reading, parameter: Any) -> Any:
    """Returns one value as values, and whole numbers from min to max as steps of 1."""
    if isinstance(parameter, Value):
        return Values((parameter.value,))
    return Steps(parameter.min, parameter.max, 1) if isinstance(parameter, Range) else parameter


def _is_list_or_short(reading: _Reading, key: str) -> bool:
    """Notes values that are no list, or too many; else returns that they can be looked at."""
    given = reading.given[key]
    if key != "values":
        return True
    if not isinstance(given, list) or not given:
        listed = as_list(given)
        hint = f"write {listed}" if listed else _hinted(reading, given)
        what = "number" if reading.kind.is_number else "value"
        reading.refuse(key, f"must be a list of at least one {what}, got {show(given)}", hint)
        return False
    if len(given) > MAX_ITEMS:
        text = f"must be a list of at most {MAX_ITEMS:,}, got {len(given):,}"
        reading.refuse(key, text, "use num, step or a random sweep")
        return False
    return True


def _choose_shape(reading: _Reading) -> Any:
    """Returns the shape that the keys of a declaration belong to, and notes those that do not."""
    given, shapes = reading.given, list(reading.shapes.values())
    known = [key for key in given if any(key in _keys(shape) for shape in shapes)]
    for key in given:
        if key not in known:
            if key in ("mu", "sigma") and reading.method == RANDOM and given.get("distribution") == "normal":
                continue  # the distribution is refused, below
            hint = _random(reading, given[key]) if key == "distribution" else ""
            reading.refuse(key, "unknown key", hint or _unknown_key(reading, key), at_key=True)
    if "distribution" in known:
        named = given["distribution"]
        named_so = [shape for name, shape in reading.shapes.items() if name.lower() == named]
        if not named_so:
            text, hint = f"must be uniform or normal, got {show(named)}", ""
            if named == "normal":
                why = "is a whole number" if reading.kind.is_whole else "has a largest value"
                text, hint = f"must be uniform, because {reading.name} {why}", "use min and max"
            reading.refuse("distribution", text, hint or _random(reading, named))
            return None
        shapes = named_so
    best = max(shapes, key=lambda shape: len({*known} & {*_keys(shape)}))
    strangers = [key for key in known if key not in _keys(best)]
    for key in strangers:
        together = [other for other in known if other in _keys(best) and not _is_shape(reading, {key, other})]
        rival = together[0] if together else f"distribution: {given.get('distribution')}"
        reading.refuse(key, f"does not go with {rival}", "keep one of them", at_key=True)
    if strangers:
        return best
    fitting = [shape for shape in shapes if {*known} <= {*_keys(shape)}]
    lacking = [[key for key in _needs(shape) if key not in known] for shape in fitting]
    if all(lacking):
        if len(known) == len(given):
            text = f"needs {', or '.join(map(_listed, lacking))}"
            keys = {**given}
            with suppress(KeyError, TypeError):
                keys["min"], keys["max"] = sorted((keys["min"], keys["max"]))
            reading.refuse((), text, reading.write({**keys, "num": FEW}) or reading.write({**keys, "num": 2}))
        return best
    return fitting[lacking.index([])]


def _is_shape(reading: _Reading, keys: set[str]) -> bool:
    return any(keys <= {*_keys(shape)} for shape in reading.shapes.values())


def _random(reading: _Reading, given: Any) -> str:
    """Returns a hint for the distribution of another tool, or for one in a grid."""
    if str(given).lower() in ("choice", "categorical", "discrete"):
        return "write values: [...], a list"
    keys = distribution(given, reading.given)
    if keys is None or reading.method == RANDOM:
        return reading.write(keys or {})
    grid = {key: value for key, value in keys.items() if key in ("min", "max", "scale")} | {"num": FEW}
    hint = reading.write(grid)
    return f"this key is for method random; in a grid {hint}" if hint else ""


def _listed(keys: list[str]) -> str:
    return " and ".join([", ".join(keys[:-1]), keys[-1]]) if len(keys) > 1 else keys[0]


def _unknown_key(reading: _Reading, key: str) -> str:
    own = {key for shape in reading.shapes.values() for key in _keys(shape)}
    if not reading.kind.is_number and key in ALL_KEYS[reading.method]:
        return f"{reading.name} is no number: write values: [...]"
    for method, keys in ALL_KEYS.items():
        if method != reading.method and key in keys:
            return f"this key is for method {method}"
    if key.lower() in SYNONYMS:
        return f"write {SYNONYMS[key.lower()]}"
    return suggest(key, own)


# --- what keys must hold together


def _check(reading: _Reading, parameter: Parameter) -> None:
    """Notes what is wrong between the keys of a declaration, each of which is right by itself."""
    match parameter:
        case Values():
            _check_distinct(reading)
        case Points():
            if _check_ends(reading, parameter):
                _check_points(reading, parameter)
        case Steps():
            if _check_ends(reading, parameter):
                _check_steps(reading, parameter)
        case Uniform():
            _check_ends(reading, parameter)
        case Normal():
            _check_normal(reading, parameter)


def _check_distinct(reading: _Reading) -> None:
    first: dict[Any, int] = {}
    given = reading.given.get("values", ())
    for place, item in enumerate(given):
        if len(reading.faults) > MAX_COMPLAINTS:
            return
        value = reading.kind.adapter.validate_python(item)
        if first.setdefault(value, place) != place:
            reading.refuse(("values", place), f"must not repeat a value, got {show(item)} again")


def _check_ends(reading: _Reading, parameter: Points[Any] | Steps[Any, Any] | Uniform[Any]) -> bool:
    """Notes ends that no scale has, or that are not in order; returns whether there are none such."""
    low, high = parameter.min, parameter.max
    if parameter.scale == "log":
        for key, end in (("min", low), ("max", high)):
            if end <= 0:
                reading.refuse(
                    key,
                    f"must be above 0 when scale is log, got {reading.shown(key)}",
                    "give a range above 0, or scale: linear",
                )
    if not isfinite(high - low):
        reading.refuse("max", f"must be less than 1.8e308 above min, got {reading.shown('max')}")
    may_be_one = isinstance(parameter, Points) and parameter.num == 1
    if low > high or (low == high and not may_be_one):
        if low == high:
            hint = reading.write({"value": reading.given["min"]})
        else:
            first, last = sorted((reading.given["min"], reading.given["max"]))
            then = "; `values: [...]` keeps an order of its own" if reading.method == GRID else ""
            hint = reading.write({**reading.given, "min": first, "max": last}, then=then)
        reading.refuse("max", f"must be above min ({reading.shown('min')}), got {reading.shown('max')}", hint)
    return not reading.faults


def _check_points(reading: _Reading, points: Points[Any]) -> None:
    low, high, num = points.min, points.max, points.num
    if low < high and num == 1:
        reading.refuse("num", "must be at least 2 where min and max differ, got 1", "use value for one point")
    elif reading.kind.is_whole and points.scale == "log":
        ratio = (high / max(low, 1)) ** (1 / max(num - 1, 1))
        places = range(num) if 1 < num <= 1000 else ()
        near = sorted({min(high, max(low, round(low * ratio**place))) for place in places})
        hint = reading.write({"values": near}) or "use values"
        reading.refuse("scale", f"must be linear, because {reading.name} is a whole number", hint)
    elif reading.kind.is_whole and num > 1 and (high - low) % (num - 1):
        apart = f"{(high - low) / (num - 1):.6g} apart"
        text = f"must make whole numbers, but {num} points from {low} to {high} lie {apart}"
        reading.refuse("num", text, reading.write(*_whole_points(low, high, num)) or "use step or values")


def _check_steps(reading: _Reading, steps: Steps[Any, Any]) -> None:
    low, high, step = steps.min, steps.max, steps.step
    if steps.decimals > MAX_DECIMALS or max(-steps.first, steps.last, steps.stride) > MAX_INTEGER:
        text = f"must make numbers of which a float holds every digit, got {show(step)}"
        reading.refuse("step", text, reading.write(*_whole_steps(low, high, step)) or "use num")
        return
    behind = (steps.last - steps.first) % steps.stride
    if behind:
        lower = steps.last - behind
        near = [end / steps.denominator for end in (lower, lower + steps.stride) if end > steps.first]
        shown = " or ".join(show(int(end) if end == int(end) else end) for end in near)
        given = [reading.shown(key) for key in ("step", "min", "max")]
        text = "must be met by a step of {} from {}, got {}".format(*given)
        num = max(2, round((high - low) / step) + 1)
        ends_at = [{"min": low, "max": end, "step": step} for end in near]
        points = (
            _whole_points(low, high, num)
            if reading.kind.is_whole
            else [{"min": low, "max": high, "num": num}]
        )
        written = reading.write(*ends_at, *points)
        nearest = f"the nearest end{' is' if len(near) == 1 else 's are'} {shown}"
        reading.refuse("max", text, f"{nearest}: {written}" if written else nearest)


def _check_normal(reading: _Reading, normal: Normal) -> None:
    if normal.scale == "linear" and not reading.kind.takes(-1.0):
        key, how = (
            ("scale", "be log") if "scale" in reading.given else ("distribution", "come with scale: log")
        )
        hint = reading.write({**reading.given, "scale": "log"})
        key = key if key in reading.given else "mu"
        reading.refuse(key, f"must {how}, because {reading.name} is never below 0", hint)
    elif abs(normal.mu) + 10 * normal.sigma > (700 if normal.scale == "log" else 1e304):
        text = f"must keep mu +- 10 sigma in the range of a float, got {reading.shown('sigma')}"
        reading.refuse("sigma", text)


def _whole_points(low: int, high: int, num: int) -> list[dict[str, Any]]:
    """Returns about so many points from low to high that are whole numbers."""
    near = sorted(range(2, min(high - low, 10_000) + 2), key=lambda each: abs(each - num))
    found = [each for each in near if (high - low) % (each - 1) == 0][:1]
    return [{"min": low, "max": high, "num": each} for each in found]


def _whole_steps(low: float, high: float, step: float) -> list[dict[str, Any]]:
    """Returns points from low on, about a step apart: to high, or to the nearest ends that steps meet."""
    steps = (high - low) / step
    if not isfinite(steps) or steps > MAX_POINTS:
        return []
    if steps > 1 and abs(steps - round(steps)) <= 1e-9 * steps:
        return [{"min": low, "max": high, "num": round(steps) + 1}]
    ends = [count for count in (floor(steps), floor(steps) + 1) if count]
    met = [{"min": low, "max": low + count * step, "num": count + 1} for count in ends]
    return [*met, {"min": low, "max": high, "num": max(2, round(steps) + 1)}]


# --- what a text was meant as


def as_list(given: Any) -> str:
    """Returns the list that a text of numbers with commas between them was meant as, or nothing."""
    parts = [part.strip() for part in given.split(",")] if isinstance(given, str) else []
    is_list = len(parts) > 1 and all(NUMBER.fullmatch(part) for part in parts)
    return f"[{', '.join(parts)}]" if is_list else ""


def _hinted(reading: _Reading, given: Any) -> str:
    """Returns a hint for a text that calls a function of NumPy, or lists numbers."""
    keys = called(given)
    if keys is None:
        return reading.write({"values": _numbers(given)}) if _numbers(given) else ""
    if reading.method == RANDOM and "value" not in keys:
        keys = {key: value for key, value in keys.items() if key not in ("num", "step")}
    return reading.write(keys)


def _numbers(given: Any) -> list[Any]:
    """Returns the numbers that a text such as `0.1, 0.2` or `0.1 0.2` lists."""
    if not isinstance(given, str) or len(given) > LONGEST or ONE_NUMBER.fullmatch(given.strip()):
        return []
    parts = given.replace(",", " ").split()
    if len(parts) < 2 or not all(map(NUMBER.fullmatch, parts)):
        return []
    with suppress(ScalarError):  # 007
        return [read_scalar(part) for part in parts]
    return []
