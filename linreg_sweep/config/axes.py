"""From `parameters:` of a sweep to parameters: the table of the ways to write one under each method.

A new key (a unit, say) is an entry of the table's shapes; a new method is an entry of METHODS.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from linreg_sweep.config.faults import MOST_COMPLAINTS, Fault
from linreg_sweep.config.kinds import VARIABLE
from linreg_sweep.config.messages import suggest
from linreg_sweep.config.parameters import OWN_WEIGHT, STABILITY_LIMIT, Parameter, Unit
from linreg_sweep.config.specs import (
    Spec,
    hinted,
    settle_normal,
    settle_points,
    settle_steps,
    settle_uniform,
    settle_value,
    settle_values,
)
from linreg_sweep.config.suggestions import FEW, SYNONYMS, distribution
from linreg_sweep.config.words import show
from linreg_sweep.errors import closest


@dataclass(frozen=True)
class Shape:
    """One way to write a parameter.

    Attributes:
        needs: its keys.
        may: keys it can do without.
        settle: makes the parameter, or notes faults.
        distribution: what the key `distribution` says, where it is given.
    """

    needs: tuple[str, ...]
    settle: Callable[[Spec], Parameter | None]
    may: tuple[str, ...] = ()
    distribution: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """Returns every key that may be given."""
        return self.needs + self.may


_VALUE = Shape(("value",), settle_value)
_VALUES = Shape(("values",), settle_values)
_POINTS = Shape(("min", "max", "num"), settle_points, ("scale",))
_STEPS = Shape(("min", "max", "step"), settle_steps, ("scale",))
_UNIFORM = Shape(("min", "max"), settle_uniform, ("scale", "distribution"), "uniform")
_NORMAL = Shape(("distribution", "mu", "sigma"), settle_normal, ("scale",), "normal")

METHODS: dict[str, tuple[Shape, ...]] = {
    "grid": (_VALUE, _VALUES, _POINTS, _STEPS),
    "random": (_VALUE, _VALUES, _UNIFORM, _NORMAL),
}
"""The ways to write a parameter under each method."""

_NAMES = (*VARIABLE, f"{OWN_WEIGHT}<x>")


def read_parameters(given: Any, method: str) -> tuple[dict[str, Parameter], list[Fault]]:
    """Returns a sweep's parameters in their declared order, and everything that is wrong with them."""
    if not isinstance(given, dict) or not given:
        text = f"must be a block of at least one parameter, got {show(given)}"
        return {}, [Fault((), text, "write for example learning_rate: {values: [0.001, 0.005]}")]
    parameters: dict[str, Parameter] = {}
    faults: list[Fault] = []
    for name, declared in given.items():
        if len(faults) > MOST_COMPLAINTS:
            break
        known = name in VARIABLE or (name.startswith(OWN_WEIGHT) and name != OWN_WEIGHT)
        if not known:
            hint = suggest(name, _NAMES)
            faults.append(Fault((name,), "unknown parameter", hint, at_key=True))
            meant = closest(name, _NAMES)
            faults += _read_parameter(name, meant, declared, method)[1] if meant else []
            continue
        if name.startswith(OWN_WEIGHT) and "initial_weight" in given:
            text = "does not go with initial_weight, which is the start of every feature"
            faults.append(Fault((name,), text, "give each feature its own, or all of them one", at_key=True))
        parameter, found = _read_parameter(name, name, declared, method)
        faults += found
        if parameter is not None:
            parameters[name] = parameter
    return parameters, faults


def _read_parameter(
    name: str, meant: str, declared: Any, method: str, *, hints: bool = True
) -> tuple[Parameter | None, list[Fault]]:
    """Reads the declaration that stands under a name, as that of the parameter that is meant.

    Args:
        name: what it stands under.
        meant: the parameter.
        declared: the declaration.
        method: of the sweep.
        hints: whether faults are to say what to write; that is read, too, before it is said.
    """

    def reads(keys: Mapping[str, Any]) -> bool:
        return hints and not _read_parameter(meant, meant, dict(keys), method, hints=False)[1]

    if not isinstance(declared, dict):
        spec = Spec(meant, {"value": declared}, method, reads=reads)
        if isinstance(declared, list):
            text = f"must be a number or a block of keys, got {show(declared)}"
            return None, [Fault((name,), text, spec.write({"values": declared}) or "write {values: [...]}")]
        value, hint = settle_value(spec), hinted(spec, declared)
        return value, [Fault((name,), fault.text, hint or fault.hint) for fault in spec.faults]
    given = {key: value for key, value in declared.items() if key != "unit"}
    spec = Spec(meant, given, method, {key: declared[key] for key in declared.keys() - given}, reads)
    unit = _read_unit(spec, declared)
    shape = _choose_shape(spec, method)
    parameter = shape.settle(spec) if shape else None
    if parameter is not None:
        parameter = replace(parameter, unit=unit)
    return parameter, [
        Fault((name, *fault.path), fault.text, fault.hint, fault.at_key) for fault in spec.faults
    ]


def _read_unit(spec: Spec, declared: Mapping[str, Any]) -> Unit:
    """Returns the unit of a declaration's values, and notes one that is invalid."""
    if "unit" not in declared:
        return None
    if spec.name != "learning_rate":
        text, hint = "goes with learning_rate alone", "remove it"
        spec.faults.append(Fault(("unit",), text, hint, at_key=True))
        return None
    given = declared["unit"]
    if given == STABILITY_LIMIT:
        return STABILITY_LIMIT
    hint = suggest(given, (STABILITY_LIMIT,)) if isinstance(given, str) else ""
    spec.refuse("unit", f"must be {STABILITY_LIMIT}, got {show(given)}", hint)
    return None


def _choose_shape(spec: Spec, method: str) -> Shape | None:
    """Returns the shape that the keys of a declaration belong to, and notes those that do not."""
    shapes = METHODS[method]
    known = [key for key in spec.given if any(key in shape.keys for shape in shapes)]
    for key in spec.given:
        if key not in known:
            hint = _random(spec, spec.given[key]) if key == "distribution" else ""
            spec.faults.append(Fault((key,), "unknown key", hint or _unknown_key(key, method), at_key=True))
    named = spec.given.get("distribution")
    if "distribution" in known:
        shapes = tuple(shape for shape in shapes if named and shape.distribution == named)
        if not shapes:
            text = f"must be uniform or normal, got {show(named)}"
            spec.refuse("distribution", text, _random(spec, named))
            return None
    best = max(shapes, key=lambda shape: len(set(known) & set(shape.keys)))
    strangers = [key for key in known if key not in best.keys]
    for key in strangers:
        rivals = [
            other
            for other in known
            if other in best.keys and not any({key, other} <= set(shape.keys) for shape in METHODS[method])
        ]
        rival = rivals[0] if rivals else f"distribution: {named}"
        spec.faults.append(Fault((key,), f"does not go with {rival}", "keep one of them", at_key=True))
    if strangers:
        return best
    fitting = [shape for shape in shapes if set(known) <= set(shape.keys)]
    lacking = [[key for key in shape.needs if key not in known] for shape in fitting]
    if all(lacking):
        if len(known) == len(spec.given):
            text = f"needs {', or '.join(map(_listed, lacking))}"
            given = {**spec.given}
            with suppress(KeyError, TypeError):
                given["min"], given["max"] = sorted((given["min"], given["max"]))
            spec.refuse((), text, spec.write({**given, "num": FEW}) or spec.write({**given, "num": 2}))
        return best
    return fitting[lacking.index([])]


def _random(spec: Spec, given: Any) -> str:
    """Returns a hint for the distribution of another tool, or for one in a grid."""
    if str(given).lower() in ("choice", "categorical", "discrete"):
        return "write values: [...], a list"
    keys = distribution(given, spec.given)
    if keys is None or spec.method == "random":
        return spec.write(keys or {})
    grid = {key: value for key, value in keys.items() if key in ("min", "max", "scale")} | {"num": FEW}
    hint = spec.write(grid)
    return f"this key is for method random; in a grid {hint}" if hint else ""


def _listed(keys: list[str]) -> str:
    keys = ["distribution: normal" if key == "distribution" else key for key in keys]
    return " and ".join([", ".join(keys[:-1]), keys[-1]]) if len(keys) > 1 else keys[0]


def _unknown_key(key: str, method: str) -> str:
    for other, shapes in METHODS.items():
        if other != method and any(key in shape.keys for shape in shapes):
            return f"this key is for method {other}"
    if key.lower() in SYNONYMS:
        return f"write {SYNONYMS[key.lower()]}"
    return suggest(key, {name for shape in METHODS[method] for name in shape.keys})
