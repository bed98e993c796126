"""One JSON Schema for configs and sweeps, so that an editor completes and checks while one writes.

It knows what a schema can say of single files: keys, types and ranges. What depends on two keys, or on
the file that is extended, is for the loader.
"""

from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from linreg_sweep.config.axes import METHODS, Shape
from linreg_sweep.config.kinds import VARIABLE, Count, Number, Positive
from linreg_sweep.config.nodes import MAX_ITEMS
from linreg_sweep.config.parameters import OWN_WEIGHT, STABILITY_LIMIT, WHOLE
from linreg_sweep.config.schema import Config, GridSweep, RandomSweep

_EXTENDS = {
    "type": "string",
    "minLength": 1,
    "description": "A config, relative to this file, whose values hold where this file has none.",
}

_KEYS = {
    "value": "The one value.",
    "values": "These values.",
    "min": "The lower end, included.",
    "max": "The upper end, included.",
    "num": "How many points, both ends among them.",
    "step": "From one point to the next, in decimals.",
    "scale": "log: evenly spaced in the logarithm; normal: log-normal.",
    "distribution": "How values spread.",
    "mu": "The mean; with scale log that of the natural logarithm.",
    "unit": "stability_limit: multiples of the rate above which descent on all rows diverges.",
    "sigma": "The standard deviation; with scale log that of the natural logarithm.",
}


def json_schema() -> dict[str, Any]:
    """Returns the JSON Schema (draft 2020-12) of configs and sweeps."""
    models = (Config, GridSweep, RandomSweep)
    _, schema = models_json_schema([(model, "validation") for model in models])
    definitions = schema["$defs"]
    for model in models:
        definition = definitions[model.__name__]
        definition["properties"]["extends"] = _EXTENDS
        required = [key for key in definition["required"] if key not in ("data", "name")]
        definition["required"] = required
        definition["anyOf"] = [{"required": ["data"]}, {"required": ["extends"]}]
    for method, model in (("grid", GridSweep), ("random", RandomSweep)):
        described = definitions[model.__name__]["properties"]["parameters"]
        described |= _parameters(method)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A config or a sweep of linreg-sweep",
        "anyOf": [{"$ref": f"#/$defs/{model.__name__}"} for model in models],
        "$defs": definitions,
    }


def _parameters(method: str) -> dict[str, Any]:
    return {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {name: _parameter(name, method) for name in VARIABLE},
        "patternProperties": {f"^{OWN_WEIGHT}.": _parameter("initial_weight", method)},
    }


def _parameter(name: str, method: str) -> dict[str, Any]:
    shapes = [
        shape
        for shape in METHODS[method]
        if not (shape.distribution == "normal" and (name in WHOLE or name == "momentum"))
    ]
    return {"anyOf": [_plain(VARIABLE[name]), *(_shape(name, shape) for shape in shapes)]}


def _shape(name: str, shape: Shape) -> dict[str, Any]:
    keys = (*shape.keys, *(["unit"] if name == "learning_rate" else []))
    properties = {key: {**_key(key, name, shape), "description": _KEYS[key]} for key in keys}
    return {
        "type": "object",
        "properties": properties,
        "required": list(shape.needs),
        "additionalProperties": False,
    }


def _key(key: str, name: str, shape: Shape) -> dict[str, Any]:
    kind = _plain(VARIABLE[name])
    return {
        "values": {"type": "array", "items": kind, "minItems": 1, "maxItems": MAX_ITEMS, "uniqueItems": True},
        "num": _plain(Count),
        "step": _plain(Count if name in WHOLE else Positive),
        "scale": {"enum": ["linear"] if "step" in shape.keys else ["linear", "log"]},
        "distribution": {"const": shape.distribution},
        "mu": _plain(Number),
        "sigma": _plain(Positive),
        "unit": {"const": STABILITY_LIMIT},
    }.get(key, kind)


def _plain(kind: Any) -> dict[str, Any]:
    return TypeAdapter(kind).json_schema()
