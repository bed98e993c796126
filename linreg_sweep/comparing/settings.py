"""What configs, data and versions of several runs say otherwise."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from linreg_sweep.analysis.formats import whole as whole_number
from linreg_sweep.config import Config, as_mapping
from linreg_sweep.config.training import OPTIMIZER_KEYS
from linreg_sweep.runs.reopening import declaration_of
from linreg_sweep.runs.results import Run
from linreg_sweep.words import shorten

NOT_SETTINGS = ("name", "max_trials", "data.path", "data.format", "data.missing", "trials.path")
"""What a config says that changes no result."""

WHOLE = ("parameters.", "training.schedule", "training.average", "data.format")
"""What a config says in several words that are one setting."""

PLACES = {"max_epochs": "training.epochs", "standardize": "data.standardize", "seed": "seed"}
"""Where a config has hyperparameters that are not in its `training` by their own name."""

_SECTION = re.compile(r"^(training|parameters)\.")


def settings_of(run: Run) -> dict[str, Any]:
    """Returns a run's config as `training.loss: half_mse`; what varies, schedule and average stay whole.

    Raises:
        ConfigError: its config.yaml cannot be read.
    """
    return _flat(as_mapping(declaration_of(run).config))


def _flat(mapping: Mapping[str, Any], before: str = "", *, whole: bool = True) -> dict[str, Any]:
    """Returns a config as `training.loss: half_mse`; if so, what stands in WHOLE stays whole."""
    flat: dict[str, Any] = {}
    for key, value in mapping.items():
        name = f"{before}{key}"
        if isinstance(value, Mapping) and not (whole and name.startswith(WHOLE)):
            flat |= _flat(value, f"{name}.", whole=whole)
        else:
            flat[name] = value
    return flat


def with_data(run: Run, config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the settings that decide a run's results, and its data."""
    data = run.metadata["data"]
    kept = {key: value for key, value in config.items() if key not in NOT_SETTINGS}
    told = {"data": data["source"], "data.rows": data["rows"], "data.sha256": data["sha256"][:12]}
    varied = [key.removeprefix("parameters.") for key in kept if key.startswith("parameters.")]
    varied += [key for block in kept.get("parameters", ()) for key in block]
    replaced = {PLACES.get(name, f"training.{name}") for key in varied for name in re.split(r",\s*", key)}
    return {key: value for key, value in (told | kept).items() if key not in replaced}


def declared(config: Config, name: str, optimizer: str | None = None) -> Any:
    """Returns what a config's set-up has for a hyperparameter, by its column; None: it has none.

    Keys of optimizers are those of the one that is named; None: of the set-up's own.
    """
    *blocks, key = PLACES.get(name, f"training.{name}").split(".")
    value: Any = config
    for block in blocks:
        value = getattr(value, block, None)
    if value is config.training and key in OPTIMIZER_KEYS:
        value = value.of(optimizer or value.optimizer)
    return getattr(value, key, None)


def single_settings(run: Run) -> dict[str, Any]:
    """Returns what decides a run's results, each key by itself: `parameters.learning_rate.max`.

    Raises:
        ResultsError: its declaration is damaged or gone.
        ConfigError: it cannot be read.
    """
    return _flat(with_data(run, settings_of(run)), whole=False)


def distinguishing(settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Returns what tells each of several runs from the others: `epochs=500, learning_rate.max=0.02`."""
    labels = list(map(str, range(len(settings))))
    table = differing(labels, settings)
    return [
        ", ".join(
            f"{_SECTION.sub('', setting)}={shorten(value)}"
            for setting, value in zip(table["setting"], table[label], strict=True)
            if value
        )
        for label in labels
    ]


def differing(labels: Sequence[str], settings: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Returns the settings that differ, a row each and a column per run."""
    names = list(dict.fromkeys(name for one in settings for name in one))
    rows = []
    for name in names:
        values = [as_yaml(one.get(name)) if name in one else "" for one in settings]
        if len(set(values)) > 1:
            rows.append({"setting": name, **dict(zip(labels, values, strict=True))})
    return pd.DataFrame(rows, columns=["setting", *labels])


def as_yaml(value: object) -> str:
    """Returns a value of a config as YAML says it, without what within it is null."""
    if isinstance(value, Mapping):
        told = [f"{key}: {as_yaml(each)}" for key, each in value.items() if each is not None]
        return "{" + ", ".join(told) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(as_yaml, value)) + "]"
    words = {None: "null", True: "true", False: "false"}
    return words[value] if value is None or isinstance(value, bool) else str(whole_number(value))
