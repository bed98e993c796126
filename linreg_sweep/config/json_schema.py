"""One JSON Schema for configs and sweeps, so that an editor completes and checks while one writes.

It knows what a schema can say of single files: keys, types and ranges. What depends on two keys, or on
the file that is extended, is for the loader.
"""

import json
from typing import Any

from pydantic import TypeAdapter

from linreg_sweep.config.nodes import MAX_ITEMS
from linreg_sweep.config.parameters import OWN_WEIGHT, STABILITY_LIMIT
from linreg_sweep.config.schema import Config, DataConfig
from linreg_sweep.config.shapes import METHODS, shapes_of
from linreg_sweep.config.sweeps import GridSweep, ListSweep, RandomSweep
from linreg_sweep.config.training import TrainingConfig
from linreg_sweep.config.varied import BLOCKS, KINDS

_EXTENDS = {
    "type": "string",
    "minLength": 1,
    "description": "A config, relative to this file, whose values hold where this file has none.",
}

_FOLD = "Which of data.holdout's folds is held out; without, each trial is one in every fold."

_MODELS: dict[str, Any] = {model.__name__: model for model in (Config, GridSweep, RandomSweep, ListSweep)}


def json_schema() -> dict[str, Any]:
    """Returns the JSON Schema (draft 2020-12) of configs and sweeps."""
    shapes = {
        (method, name, place): shape
        for method in METHODS
        for name, kind in KINDS.items()
        for place, shape in enumerate([kind.type, *shapes_of(name, kind, method).values()])
    }
    asked = [*shapes.items(), *(((name, "", 0), model) for name, model in _MODELS.items())]
    made, schema = TypeAdapter.json_schemas([(key, "validation", TypeAdapter(each)) for key, each in asked])
    definitions = schema["$defs"]
    for name in _MODELS:
        definition = definitions[name]
        definition["properties"]["extends"] = _EXTENDS
        required = [key for key in definition["required"] if key not in ("data", "name")]
        definition["required"] = required
        definition["anyOf"] = [{"required": ["data"]}, {"required": ["extends"]}]
    definitions["TrialList"]["required"] = []
    for method in METHODS:
        found: dict[str, list[Any]] = {name: [] for name in KINDS}
        for of, name, place in shapes:
            if of == method:
                found[name].append(made[(of, name, place), "validation"])
        title = method.capitalize()
        definitions[f"{title}Parameters"] = _block(found)
        block = {"$ref": f"#/$defs/{title}Parameters"}
        described = definitions[f"{title}Sweep"]["properties"]["parameters"]
        described["anyOf"] = [block, {"type": "array", "items": block, "minItems": 1}]
    return _with_short_names(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "A config or a sweep of linreg-sweep",
            "anyOf": [{"$ref": f"#/$defs/{name}"} for name in _MODELS],
            "$defs": definitions,
        }
    )


def _block(shapes: dict[str, list[Any]]) -> dict[str, Any]:
    """Returns the schema of what is varied together, from the shapes of each parameter."""
    fields = Config.model_fields | DataConfig.model_fields | TrainingConfig.model_fields
    told = {name: field.description for name, field in fields.items()} | {"fold": _FOLD}
    named = {name: {"anyOf": found, "description": told[name]} for name, found in shapes.items()}
    dotted = {
        f"{'data' if name in DataConfig.model_fields else 'training'}.{name}": each
        for name, each in named.items()
        if name not in ("seed", "fold")
    }
    rows = {"type": "array", "items": {"type": "array"}, "minItems": 1, "maxItems": MAX_ITEMS}
    together = {
        "type": "object",
        "properties": {"values": rows, "unit": {"const": STABILITY_LIMIT}},
        "required": ["values"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": named | dotted,
        "patternProperties": {
            f"^(training[.])?{OWN_WEIGHT}.": named["initial_weight"],
            f"^({'|'.join(each[:-1] for each in BLOCKS)})[.]": named["initial_weight"],
            f"^(?!{OWN_WEIGHT})[^,]+(,[^,]+)+$": together,
        },
    }


def _with_short_names(schema: dict[str, Any]) -> dict[str, Any]:
    """Returns a schema in which no definition is called after all that its type consists of."""
    text = json.dumps(schema)
    for number, name in enumerate(name for name in schema["$defs"] if "_" in name):
        text = text.replace(f'/{name}"', f'/{name.partition("_")[0]}{number}"')
        text = text.replace(f'"{name}":', f'"{name.partition("_")[0]}{number}":')
    short: dict[str, Any] = json.loads(text)
    return short
