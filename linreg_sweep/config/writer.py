"""From a model back to a mapping complete with every default, and from a mapping to YAML.

What is written reads back as the same model, to the bit of every float: floats are written by repr, and
every text that is not a plain word is put in double quotes.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from linreg_sweep.config.nodes import Source, plain
from linreg_sweep.config.reader import read_value
from linreg_sweep.config.scalars import ScalarError, read_scalar
from linreg_sweep.config.schema import Config
from linreg_sweep.config.sweeps import ListSweep, ProductSweep
from linreg_sweep.config.training import OPTIMIZER_KEYS, keys_of
from linreg_sweep.errors import ConfigError

_ORDER = ("name", "method", "trials", "max_trials", "best", "parameters")
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]{0,60}")


def as_mapping(config: Config) -> dict[str, Any]:
    """Returns everything a config or a sweep says, nothing left to a default, as YAML would hold it.

    Keys come in the order of the documentation: first what is the sweep's, then the config's.
    """
    is_list = isinstance(config, ListSweep)
    plain = config.model_dump(mode="json", exclude={"declared", "trials"} if is_list else {"declared"})
    known = {key for optimizer in config.optimizers for key in keys_of(optimizer)}
    training = plain["training"]
    plain["training"] = {key: training[key] for key in training if key in known or key not in OPTIMIZER_KEYS}
    if isinstance(config, ListSweep):
        plain["trials"] = config.trials.spec()
    elif isinstance(config, ProductSweep):
        blocks = [{key: parameter.spec() for key, parameter in each.items()} for each in config.declared]
        plain["parameters"] = blocks if len(blocks) > 1 else blocks[0]
    first = [key for key in _ORDER if key in plain]
    return {key: plain[key] for key in [*first, *(key for key in plain if key not in first)]}


def to_yaml(mapping: Mapping[str, Any]) -> str:
    """Returns the YAML of plain data, in the order of its keys."""
    return yaml.dump(
        dict(mapping),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=2**20,
        default_flow_style=False,
    )


def quoted(text: str) -> str:
    """Returns a text as YAML holds it on a line or in a list on one line.

    It stands in double quotes unless it is read as itself without, by us (for whom `1e-3` is a number) and
    by others (for whom `no` is false).
    """
    listed = f"[{text}]"
    try:
        is_itself = plain(read_value(listed, Source("", Path()))) == yaml.safe_load(listed) == [text]
        if is_itself and yaml.safe_load(f"value: {text}") == {"value": text}:  # where `-` begins a list
            return text
    except (ConfigError, yaml.YAMLError):
        pass
    return str(yaml.safe_dump(text, default_style='"', allow_unicode=True, width=2**20)).rstrip("\n")


class _Dumper(yaml.SafeDumper):
    """Writes text so that no reader takes it for anything else, and lists on one line."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if _is_plain(text) else '"')


def _list(dumper: _Dumper, items: list[Any] | tuple[Any, ...]) -> yaml.Node:
    are_blocks = any(isinstance(item, dict) for item in items)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=not are_blocks)


def _is_plain(text: str) -> bool:
    try:
        return bool(_PLAIN.fullmatch(text)) and isinstance(read_scalar(text), str)
    except ScalarError:
        return False


_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _list)
_Dumper.add_representer(tuple, _list)
