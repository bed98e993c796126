"""Sweeps declared, what they vary in words and numbers, what is refused of them, and their YAML read back."""

from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from linreg_sweep.config import Sweep, as_mapping, load_sweep, to_yaml
from linreg_sweep.config.json_schema import json_schema
from linreg_sweep.errors import ConfigError
from linreg_sweep.trials.space import Space, make_space

DATA = {"name": "tutorial"}


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test stands in a folder of its own."""
    monkeypatch.chdir(tmp_path)


def sweep(parameters: Any, method: str = "grid", **more: Any) -> Sweep:
    """Returns a sweep."""
    return load_sweep({"data": DATA, "method": method, "parameters": parameters} | more).config


def space(parameters: Any, method: str = "grid", **more: Any) -> Space:
    """Returns what a sweep varies."""
    return make_space(sweep(parameters, method, **more))


def refused(parameters: Any, method: str = "grid", **more: Any) -> list[str]:
    """Returns what is said about a sweep, hints left out."""
    with pytest.raises(ConfigError) as caught:
        sweep(parameters, method, **more)
    return [str(complaint).partition(". Hint")[0] for complaint in caught.value.complaints]


def shown(of: Space) -> list[tuple[Any, ...]]:
    """Returns the values of every trial in words and numbers; None where its product does not vary them."""
    columns = of.values(0, of.n_trials)
    return [
        tuple(
            None if np.isnan(value) else of.choices[name][int(value)] if name in of.choices else value
            for name, value in zip(columns, row, strict=True)
        )
        for row in zip(*(column.tolist() for column in columns.values()), strict=True)
    ]


@cache
def validator() -> jsonschema.Draft202012Validator:
    """Returns what knows the JSON Schema."""
    return jsonschema.Draft202012Validator(json_schema())


def written_and_read(config: Sweep) -> None:
    """Holds that a sweep's YAML reads back as the same sweep, and that an editor accepts it."""
    text = to_yaml(as_mapping(config))
    Path("config.yaml").write_text(text, encoding="utf-8")
    again = load_sweep("config.yaml").config
    assert again == config
    assert to_yaml(as_mapping(again)) == text
    assert validator().is_valid(as_mapping(config))
