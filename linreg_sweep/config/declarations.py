"""From `parameters:` of a sweep to parameters: each is checked by the shape that its keys belong to."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from linreg_sweep.config.faults import MAX_COMPLAINTS, at
from linreg_sweep.config.messages import fault_of, suggest
from linreg_sweep.config.nodes import MAX_ITEMS
from linreg_sweep.config.parameters import STABILITY_LIMIT, Parameter, Steps, Tuples, Unit, Values
from linreg_sweep.config.reading import Reading
from linreg_sweep.config.reading_checks import check
from linreg_sweep.config.reading_hints import (
    as_list,
    for_unknown_key,
    meant,
    of_distribution,
    with_better_hint,
)
from linreg_sweep.config.shapes import RANDOM, Range, Value, adapter_of, keys_of, needs_of
from linreg_sweep.config.suggestions import FEW
from linreg_sweep.config.varied import Kind, kind_of
from linreg_sweep.errors import Complaint
from linreg_sweep.words import joined, show


def read_parameter(
    names: tuple[str, ...], declared: Any, method: str, kinds: Mapping[str, Kind]
) -> tuple[Parameter | None, list[Complaint]]:
    """Returns what is declared under one name, or under several that belong together, and its faults."""
    found = [kind_of(name, kinds) for name in names]
    if None in found:  # of a schedule that is not known
        return None, []
    each = {name: kind for name, kind in zip(names, found, strict=True) if kind is not None}
    if len(names) > 1:
        return _read_tuples(each, declared)
    return _read(names[0], declared, method, each[names[0]])


def _read_tuples(kinds: Mapping[str, Kind], declared: Any) -> tuple[Tuples | None, list[Complaint]]:
    """Reads `{values: [[0.1, 0], [0.01, 0.9]]}`."""
    hint = f"write {{values: [[{', '.join('...' for _ in kinds)}], ...]}}"
    if not isinstance(declared, dict) or "values" not in declared:
        return None, [at((), f"must have values, a list of rows, got {show(declared)}", hint)]
    faults = [
        at((key,), "unknown key", "several together have values alone", at_key=True)
        for key in declared
        if key not in ("values", "unit")
    ]
    unit, found = _read_unit("learning_rate" if "learning_rate" in kinds else "", declared)
    faults += found
    rows: dict[tuple[Any, ...], int] = {}
    given = declared["values"]
    if not isinstance(given, list) or not given or len(given) > MAX_ITEMS:
        text = f"must be a list of 1 to {MAX_ITEMS:,} rows, got {show(given)}"
        return None, [*faults, at(("values",), text, hint)]
    for place, row in enumerate(given):
        if len(faults) > MAX_COMPLAINTS:
            break
        if not isinstance(row, list) or len(row) != len(kinds):
            text = f"must be a list of {len(kinds)}, one for each name, got {show(row)}"
            faults.append(at(("values", place), text))
            continue
        values = []
        for (name, kind), cell in zip(kinds.items(), row, strict=True):
            value, found = checked(kind.adapter, cell)
            faults += [each.below("values", place, [*kinds].index(name)) for each in found]
            values.append(value)
        if rows.setdefault(tuple(values), place) != place:
            faults.append(at(("values", place), f"must not repeat a row, got {show(row)} again"))
    return (None if faults else Tuples(tuple(kinds), tuple(rows), unit)), faults


def checked(adapter: TypeAdapter[Any], value: Any) -> tuple[Any, list[Complaint]]:
    """Returns a value as its kind has it, or what is wrong with it."""
    try:
        return adapter.validate_python(value), []
    except ValidationError as error:
        return None, [fault_of(each) for each in error.errors(include_url=False)[: MAX_COMPLAINTS + 1]]


def _read_unit(name: str, declared: Mapping[str, Any]) -> tuple[Unit, list[Complaint]]:
    """Returns the unit of a declaration's values, and what is wrong with it."""
    given = declared.get("unit")
    if "unit" not in declared:
        return None, []
    if name != "learning_rate":
        return None, [at(("unit",), "applies to learning_rate only", "remove it", at_key=True)]
    if given == STABILITY_LIMIT:
        return STABILITY_LIMIT, []
    hint = suggest(given, (STABILITY_LIMIT,)) if isinstance(given, str) else ""
    return None, [at(("unit",), f"must be {STABILITY_LIMIT}, got {show(given)}", hint)]


def _read(
    name: str, declared: Any, method: str, kind: Kind, *, hints: bool = True
) -> tuple[Parameter | None, list[Complaint]]:
    """Returns the parameter that is declared, or None, and what is wrong with it."""

    def reads(keys: dict[str, Any]) -> bool:
        return hints and not _read(name, keys, method, kind, hints=False)[1]

    if not isinstance(declared, dict) or (not kind.is_number and not declared.keys() & {"value", "values"}):
        return _read_bare(Reading(name, kind, method, {"value": declared}, reads), declared)
    unit, faults = _read_unit(name, declared)
    given = {key: value for key, value in declared.items() if key != "unit"}
    kept = {"unit": declared["unit"]} if "unit" in declared else {}
    reading = Reading(name, kind, method, given, reads, kept, faults)
    shape = _choose_shape(reading)
    known = {key: value for key, value in given.items() if key in keys_of(shape)} if shape else {}
    if not known or not shape or not all(_is_list_or_short(reading, key) for key in known):
        return None, reading.faults
    parameter, found = checked(adapter_of(shape), known)
    # a key of the shape that is not there is told of below
    reading.faults += [each for each in found if len(each.path) > 1 or each.text != "is required"]
    if not reading.faults:
        parameter = _settled(reading, parameter)
        check(reading, parameter)
        if unit is not None:
            parameter = type(parameter)(**(vars(parameter) | {"unit": unit}))
    reading.faults[:] = [with_better_hint(reading, each) for each in reading.faults]
    return (None if reading.faults else parameter), reading.faults


def _read_bare(reading: Reading, declared: Any) -> tuple[Parameter | None, list[Complaint]]:
    """Reads `0`, or another value alone."""
    if isinstance(declared, list):
        text = f"must be a number or a block of keys, got {show(declared)}"
        hint = reading.write({"values": declared}) or "write {values: [...]}"
        return None, [at((), text, hint)]
    value, faults = checked(reading.kind.adapter, declared)
    hint = meant(reading, declared) if faults and reading.kind.is_number else ""
    if faults:
        return None, [replace(each, hint=hint or each.hint) for each in faults]
    return Values((value,)), []


def _settled(reading: Reading, parameter: Any) -> Any:
    """Returns one value as values, and whole numbers from min to max as steps of 1."""
    if isinstance(parameter, Value):
        return Values((parameter.value,))
    return Steps(parameter.min, parameter.max, 1) if isinstance(parameter, Range) else parameter


def _is_list_or_short(reading: Reading, key: str) -> bool:
    """Notes values that are no list, or too many; else returns that they can be looked at."""
    given = reading.given[key]
    if key != "values":
        return True
    if not isinstance(given, list) or not given:
        listed = as_list(given)
        hint = f"write {listed}" if listed else meant(reading, given)
        what = "number" if reading.kind.is_number else "value"
        reading.refuse(key, f"must be a list of at least one {what}, got {show(given)}", hint)
        return False
    if len(given) > MAX_ITEMS:
        text = f"must be a list of at most {MAX_ITEMS:,}, got {len(given):,}"
        reading.refuse(key, text, "use num, step or a random sweep")
        return False
    return True


def _choose_shape(reading: Reading) -> Any:
    """Returns the shape that the keys of a declaration belong to, and notes those that do not."""
    given, shapes = reading.given, list(reading.shapes.values())
    known = [key for key in given if any(key in keys_of(shape) for shape in shapes)]
    for key in given:
        if key not in known:
            if key in ("mu", "sigma") and reading.method == RANDOM and given.get("distribution") == "normal":
                continue  # the distribution is refused, below
            hint = of_distribution(reading, given[key]) if key == "distribution" else ""
            reading.refuse(key, "unknown key", hint or for_unknown_key(reading, key), at_key=True)
    if "distribution" in known:
        named = given["distribution"]
        named_so = [shape for name, shape in reading.shapes.items() if name.lower() == named]
        if not named_so:
            text, hint = f"must be uniform or normal, got {show(named)}", ""
            if named == "normal":
                why = "is a whole number" if reading.kind.is_whole else "has a largest value"
                text, hint = f"must be uniform, because {reading.name} {why}", "use min and max"
            reading.refuse("distribution", text, hint or of_distribution(reading, named))
            return None
        shapes = named_so
    best = max(shapes, key=lambda shape: len({*known} & {*keys_of(shape)}))
    strangers = [key for key in known if key not in keys_of(best)]
    for key in strangers:
        together = [
            other for other in known if other in keys_of(best) and not _is_shape(reading, {key, other})
        ]
        rival = together[0] if together else f"distribution: {given.get('distribution')}"
        reading.refuse(key, f"cannot be combined with {rival}", "keep one of them", at_key=True)
    if strangers:
        return best
    fitting = [shape for shape in shapes if {*known} <= {*keys_of(shape)}]
    lacking = [[key for key in needs_of(shape) if key not in known] for shape in fitting]
    if all(lacking):
        if len(known) == len(given):
            text = f"needs {', or '.join(map(joined, lacking))}"
            keys = {**given}
            with suppress(KeyError, TypeError):
                keys["min"], keys["max"] = sorted((keys["min"], keys["max"]))
            reading.refuse((), text, reading.write({**keys, "num": FEW}) or reading.write({**keys, "num": 2}))
        return best
    return fitting[lacking.index([])]


def _is_shape(reading: Reading, keys: set[str]) -> bool:
    return any(keys <= {*keys_of(shape)} for shape in reading.shapes.values())
