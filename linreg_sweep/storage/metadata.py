"""What metadata.json says of a run, and whether what was read can be that.

A run may come from anywhere, and a checksum is no signature: whoever changes a file can seal it again.
So nothing of it names a file, is counted or is computed with before its kind is known.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from linreg_sweep.guards.names import is_name

Kind: TypeAlias = "Callable[[Any], bool] | list[Any] | dict[Any, Any]"
"""Of a value: what tells; of a list: the kind of each item; of a mapping: by key, `...` for all others."""

LARGEST = 2**63 - 1
"""The largest whole number that a column holds."""

_HALVES = re.compile("[\ud800-\udfff]")
"""Halves of characters, which no file in UTF-8 can take."""


def is_count(value: Any) -> bool:
    """Returns whether a value is a number of things."""
    return type(value) is int and 0 <= value <= LARGEST


def _some(value: Any) -> bool:
    return is_count(value) and value > 0


def _number(value: Any) -> bool:
    is_whole = type(value) is int and abs(value) <= LARGEST
    return is_whole or (type(value) is float and math.isfinite(value))


def is_text(value: Any) -> bool:
    """Returns whether a value is a text that a file can take."""
    return isinstance(value, str) and not _HALVES.search(value)


def _name(value: Any) -> bool:
    return isinstance(value, str) and is_name(value)


def _any_text(value: Any) -> bool:
    return isinstance(value, str)


def _rate(value: Any) -> bool:
    return value is None or value == math.inf or _number(value)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _loss(value: Any) -> bool:
    return value in ("half_mse", "mse", "sse")


def _columns(value: Any) -> bool:
    return bool(value) and fits(value, [is_text])


def _cell(value: Any) -> bool:
    return value is None or is_text(value) or _number(value)


def _nothing(value: Any) -> bool:
    return False


def _or_none(kind: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or kind(value)


BEGUN: dict[str, Kind] = {
    "name": _name,
    "created": is_text,
    "versions": {...: is_text},
    "checksums": {...: is_text},
    "data": {
        "source": is_text,
        "sha256": is_text,
        "rows": _some,
        "features": _columns,
        "targets": _columns,
        "notes": [is_text],
    },
    "engine": is_text,
    "loss": _loss,
    "method": is_text,
    "varied": [is_text],
    "log_scaled": [is_text],
    "spans": {...: [_number]},
    "hyperparameters": [is_text],
    "parameters": [is_text],
    "history": _flag,
    "regime_measured": _flag,
    "settle": {"epochs": _number, "fraction": _number},
    "divergence": _number,
    "n_trials": _some,
    "part_size": _some,
    "n_parts": _some,
}
"""What is said from the beginning."""

FOUND: dict[str, Kind] = {
    "finished": is_text,
    "failed": {"count": is_count, "first": [{"trial": is_count, "reason": _any_text}]},
    "outcomes": dict.fromkeys(("converged", "unfinished", "diverged"), is_count),
    "best": {
        **dict.fromkeys(("trial", "epochs"), is_count),
        "outcome": is_text,
        "converged_at": _or_none(is_count),
        "cost": _or_none(_number),
        ...: _or_none(_number),
    },
    "edge": dict.fromkeys(("largest_stable", "smallest_diverged", "stability_limit"), _rate),
    "agreement": {
        **dict.fromkeys(("predicted", "same_outcome", "same_epoch", "largest_gap"), is_count),
        **dict.fromkeys(("lost_in_rounding", "mini_batches"), is_count),
        "others": [
            {
                **dict.fromkeys(("trial", "learning_rate", "outcome", "converged_at", "diverged_at"), _cell),
                **dict.fromkeys(("predicted_outcome", "predicted_at"), _cell),
                ...: _nothing,
            }
        ],
    },
}
"""What is said of a finished run."""

ADDED: dict[str, Kind] = {"least_squares": {"cost": _number, "parameters": {...: _or_none(_number)}}}
"""What is said of a finished run, too, but for older ones of the same format."""

SINCE_FORMAT_3 = ("checksums", "failed")


def fault(metadata: Mapping[str, Any]) -> str:
    """Returns what is wrong with what metadata.json says; nothing where a run can be read by it.

    Args:
        metadata: what it says, in one of the formats that can be read.
    """
    kinds = BEGUN | FOUND
    needed = kinds if "finished" in metadata else BEGUN
    old = SINCE_FORMAT_3 if metadata["format_version"] < 3 else ()
    lacking = [key for key in needed if key not in metadata and key not in old]
    if lacking:
        return f"it lacks {', '.join(lacking)}"
    known = kinds | ADDED
    wrong = [key for key in known if key in metadata and not fits(metadata[key], known[key])]
    if wrong:
        return f"what it says of {', '.join(wrong)} cannot be"
    if metadata["n_parts"] != -(-metadata["n_trials"] // metadata["part_size"]):
        return "its parts do not make up its trials"
    best = metadata.get("best")
    if best is not None and not best.keys() >= {*metadata["varied"], *metadata["parameters"]}:
        return "its best trial lacks columns"
    return ""


def fits(value: Any, kind: Kind) -> bool:
    """Returns whether a value that was read from JSON is of a kind."""
    if isinstance(kind, list):
        return isinstance(value, list) and all(fits(each, kind[0]) for each in value)
    if isinstance(kind, dict):
        others = kind.get(..., lambda value: True)
        return (
            isinstance(value, dict)
            and value.keys() >= kind.keys() - {...}
            and all(fits(each, kind.get(key, others)) for key, each in value.items())
        )
    return kind(value)
