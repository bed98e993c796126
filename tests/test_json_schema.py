"""The JSON Schema of configs and sweeps: it accepts what loads, and refuses mistakes."""

import subprocess
import sys
from functools import cache
from pathlib import Path

import jsonschema

from linreg_sweep.config import as_mapping, load_config, load_sweep
from linreg_sweep.config.json_schema import json_schema
from linreg_sweep.config.nodes import Source, plain
from linreg_sweep.config.reader import read_file, read_text
from tests.resolved import own_folder

__all__ = ["own_folder"]


@cache
def validator() -> jsonschema.Draft202012Validator:
    """Returns what knows the JSON Schema."""
    return jsonschema.Draft202012Validator(json_schema())


def schema_accepts(data: object) -> bool:
    """Returns whether the JSON Schema accepts plain data."""
    return validator().is_valid(data)


def test_json_schema_is_one() -> None:
    """The JSON Schema is valid under draft 2020-12, and describes every key of every block."""
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    for block in schema["$defs"].values():
        assert block["additionalProperties"] is False
        assert all({"description", "$ref"} & key.keys() for key in block["properties"].values())


def test_json_schema_accepts_what_loads() -> None:
    """The JSON Schema accepts files that load, and what they resolve to."""
    for name in ("configs/tutorial", "configs/houses", "sweeps/grid", "sweeps/random"):
        assert schema_accepts(plain(read_file(Path(f"{name}.yaml"))))
        load = load_config if name.startswith("configs") else load_sweep
        assert schema_accepts(as_mapping(load(f"{name}.yaml").config))


def test_json_schema_refuses_mistakes() -> None:
    """The JSON Schema refuses what an editor should underline."""
    for text in (
        "seed: 1",
        "data: {name: tutrial}",
        "data: {name: tutorial}\nsede: 1",
        "data: {name: tutorial}\ntraining: {epochs: 1.5}",
        "data: {name: tutorial}\nmethod: grid",
        "extends: a.yaml\nmethod: grid\nparameters: {}",
        "extends: a.yaml\nmethod: random\nparameters: {epochs: 1}",
        "extends: a.yaml\nmethod: grid\nparameters: {learnig_rate: 1}",
        "extends: a.yaml\nmethod: grid\nparameters: {learning_rate: 0}",
        "extends: a.yaml\nmethod: grid\nparameters: {learning_rate: {min: 1, max: 2}}",
        "extends: a.yaml\nmethod: grid\nparameters: {epochs: {values: [1.5]}}",
    ):
        assert not schema_accepts(plain(read_text(text, Source("", Path("/"))))), text


def test_loading_a_config_does_not_load_the_schema_generator() -> None:
    """Only who asks for the JSON Schema loads what makes it."""
    code = "import sys, linreg_sweep.config; assert 'linreg_sweep.config.json_schema' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_json_schema_refuses_lists_that_are_too_long() -> None:
    """An editor refuses more values than the loader does, and no fewer."""
    values = list(range(1, 10_001))
    sweep = {
        "data": {"name": "tutorial"},
        "method": "grid",
        "parameters": {"learning_rate": {"values": values}},
    }
    assert schema_accepts(sweep)
    values.append(10_001)
    assert not schema_accepts(sweep)
