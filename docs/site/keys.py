"""The reference of keys, from the JSON Schema that checks them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter
from tables import table

from linreg_sweep.config.json_schema import json_schema
from linreg_sweep.config.shapes import METHODS, shapes_of
from linreg_sweep.config.varied import KINDS

Schema = Mapping[str, Any]

HEAD = ("key", "takes", "default", "meaning")

ENOUGH = 2**53
"""A largest whole number from here on, or a count's, is no bound that anybody meets."""


def text() -> str:
    """Returns a table for each block of a config, then for what a sweep adds."""
    schema = json_schema()
    definitions = schema["$defs"]
    config = definitions["Config"]["properties"]
    parts: list[str] = []
    plain = {}
    for name, each in config.items():
        block = _block(each, definitions)
        if block is None:
            plain[name] = each
        else:
            parts += [f"\n### {name}\n", _described(each, block), "", table(HEAD, _rows(block, definitions))]
    parts += ["\n### At the top of a config\n", table(HEAD, _rows({"properties": plain}, definitions))]
    parts += ["\n### Schedules\n", "`training.schedule`: a word, or a block with its `name`.\n"]
    parts += _variants(config, definitions, "schedule", "name")
    parts += ["\n### Averages\n", "`training.average`: a word, or a block with its `kind`.\n"]
    parts += _variants(config, definitions, "average", "kind")
    parts += ["\n## Sweeps\n", "A sweep has all keys of a config, and"]
    for method in ("Grid", "Random", "List"):
        sweep = definitions[f"{method}Sweep"]
        own = {name: each for name, each in sweep["properties"].items() if name not in config}
        required = [name for name in sweep["required"] if name in own]
        parts += [f"\n### method: {method.lower()}\n", sweep["description"], ""]
        parts += [table(HEAD, _rows({"properties": own, "required": required}, definitions))]
    parts += ["\n### How a parameter is written\n"]
    parts += [table(("method", "key", "takes", "default", "meaning"), _shapes())]
    return "\n".join(parts)


def _block(schema: Schema, definitions: Schema) -> Schema | None:
    """Returns the block of keys that a key holds; None: it holds a value."""
    if "$ref" not in schema:
        return None
    found: Schema = definitions[schema["$ref"].rpartition("/")[2]]
    return found if "properties" in found else None


def _described(schema: Schema, block: Schema) -> str:
    return str(schema.get("description") or block.get("description", ""))


def _rows(block: Schema, definitions: Schema, above: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Yields a row a key, those of blocks within it among them."""
    for name, each in block["properties"].items():
        below = _block(each, definitions)
        if below is not None:
            yield from _rows(below, definitions, f"{above}{name}.")
            continue
        default = "required" if name in block.get("required", ()) else _default(each)
        yield f"`{above}{name}`", _takes(each, definitions), default, each.get("description", "")


def _default(schema: Schema) -> str:
    value = schema.get("default")
    if isinstance(value, dict):
        value = value.get("name") or value.get("kind") or value
    if "default" not in schema or value is None:
        return ""
    return f"`{json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value}`"


def _takes(schema: Schema, definitions: Schema) -> str:
    """Returns what a key takes, in words."""
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(
            f"`{json.dumps(each) if not str(each)[:1].isalnum() else each}`" for each in schema["enum"]
        )
    if "$ref" in schema:
        return "a block"
    if "oneOf" in schema:
        return "a block"
    if "anyOf" in schema:
        options = dict.fromkeys(_takes(each, definitions) for each in schema["anyOf"])
        return ", or ".join(options)
    kind = schema.get("type")
    if kind == "array":
        return f"a list of {_plural(_takes(schema.get('items', {}), definitions))}"
    if kind in ("integer", "number"):
        return _range("whole number" if kind == "integer" else "number", schema)
    words = {"string": "text", "boolean": "`true`, `false`", "null": "`null`", "object": "a block"}
    return words.get(str(kind), "see below")


def _plural(takes: str) -> str:
    noun, comma, range_ = takes.partition(",")
    return f"{noun}{'' if noun.endswith('s') or noun in ('text', 'see below') else 's'}{comma}{range_}"


def _range(noun: str, schema: Schema) -> str:
    bounds = [
        ("above", schema.get("exclusiveMinimum")),
        ("at least", schema.get("minimum")),
        ("below", schema.get("exclusiveMaximum")),
        ("at most", schema.get("maximum")),
    ]
    told = [f"{word} {bound:,}" for word, bound in bounds if bound is not None and not bound >= 10**12]
    return f"{noun}, {' and '.join(told)}" if told else noun


def _variants(config: Schema, definitions: Schema, key: str, tag: str) -> Iterator[str]:
    """Yields a table of the kinds of a block, with the keys of each."""
    declared = definitions["TrainingConfig"]["properties"][key]
    names = [each["$ref"].rpartition("/")[2] for each in _refs(declared)]
    rows: list[tuple[str, ...]] = []
    for name in names:
        block = definitions[name]
        word = block["properties"][tag]
        first = f"`{word['const']}`"
        rows.append((first, "", "", "", word.get("description", "")))
        own = {name: each for name, each in block["properties"].items() if name not in (tag, "warmup")}
        rows += [("", *row) for row in _rows({**block, "properties": own}, definitions)]
    if "warmup" in definitions[names[0]]["properties"]:
        warmup = _rows(definitions["Warmup"], definitions, "warmup.")
        rows += [("any" if place == 0 else "", *row) for place, row in enumerate(warmup)]
    yield table((key, *HEAD), rows)


def _refs(schema: Any) -> Iterator[Schema]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema
        for each in schema.values() if "$ref" not in schema else ():
            yield from _refs(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from _refs(each)


def _shapes() -> Iterator[tuple[str, ...]]:
    """Yields the keys of a parameter in each of its ways of being written, for a learning rate."""
    for method in METHODS:
        seen: set[tuple[str, ...]] = set()
        for shape in shapes_of("learning_rate", KINDS["learning_rate"], method).values():
            schema = TypeAdapter(shape).json_schema()
            keys = tuple(schema["properties"])
            if keys in seen:
                continue
            seen.add(keys)
            first = method
            for row in _rows(schema, schema.get("$defs", {})):
                yield (first, *row)
                first = ""
