"""What metadata.json says of a run, and whether what was read can be that.

A run may come from anywhere, and a checksum is no signature: whoever changes a file can seal it again.
So nothing of it names a file, is counted or is computed with before its kind is known.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, get_args

from linreg_sweep import column_types
from linreg_sweep.column_types import Role
from linreg_sweep.guards.names import is_name
from linreg_sweep.kinds import BestBy, Loss
from linreg_sweep.theory.outcome import OUTCOME_WORDS, OUTCOMES, REGIME_SOURCES, REGIMES, THEORY

Kind: TypeAlias = "Callable[[Any], bool] | list[Any] | dict[Any, Any]"
"""Of a value: what tells; of a list: the kind of each item; of a mapping: by key, `...` for all others."""

LARGEST = 2**63 - 1
"""The largest whole number that a column holds."""

MAX_WORDS = 2**15 - 1
"""Words that the codes of a column stand for."""

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


def _columns(value: Any) -> bool:
    return bool(value) and fits(value, [is_text])


def _cell(value: Any) -> bool:
    return value is None or is_text(value) or _number(value)


def _nothing(value: Any) -> bool:
    return False


def _words(value: Any) -> bool:
    return bool(value) and fits(value, [is_text]) and len(set(value)) == len(value) <= MAX_WORDS


def _among(words: Any) -> Callable[[Any], bool]:
    """Returns what tells whether a value is one of the words of a Literal."""
    return lambda value: value in get_args(words)


def _table(value: Any) -> bool:
    kinds = {"kind": _among(column_types.Kind), "role": _among(Role)}
    plain: dict[Any, Kind] = {"name": is_text, **kinds, ...: _nothing}
    worded = plain | {"words": _words}
    if not isinstance(value, list) or not all(fits(of, plain) or fits(of, worded) for of in value):
        return False
    return len({of["name"] for of in value}) == len(value)


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
    "loss": _among(Loss),
    "method": is_text,
    "varied": [is_text],
    "log_scaled": [is_text],
    "spans": {...: [_number]},
    "hyperparameters": [is_text],
    "parameters": [is_text],
    "columns": {"trials": _table, "history": _table},
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
    "outcomes": dict.fromkeys(OUTCOMES, is_count),
    "best": {
        **dict.fromkeys(("trial", "epochs"), is_count),
        "outcome": is_text,
        "converged_at": _or_none(is_count),
        "cost": _or_none(_number),
        ...: _cell,
    },
    "edge": dict.fromkeys(("largest_stable", "smallest_diverged", "stability_limit"), _rate),
    "agreement": {
        **dict.fromkeys(("predicted", "same_outcome", "same_epoch", "largest_gap"), is_count),
        **dict.fromkeys(("lost_in_rounding", "mini_batches"), is_count),
        ...: is_count,
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

ADDED: dict[str, Kind] = {
    "best_by": _among(BestBy),
    "least_squares": {"cost": _number, "parameters": {...: _or_none(_number)}},
}
"""What is said of a finished run, too, but for older ones of the same format."""

SINCE = {"checksums": 3, "failed": 3, "columns": 4}
"""What runs of an older format than this do not say."""

READ_BY_PLACE = {
    "outcome": OUTCOME_WORDS,
    "regime": REGIMES,
    "regime_source": REGIME_SOURCES,
    "predicted_outcome": OUTCOMES,
    "theory": THEORY,
}
"""Columns whose codes are read as places among these words."""

NEEDED = {
    **dict.fromkeys(("trial", "epochs"), "count"),
    **dict.fromkeys(("converged_at", "diverged_at", "predicted_at"), "epoch"),
    **dict.fromkeys(("learning_rate", "cost", "stability_ratio"), "number"),
    **dict.fromkeys(READ_BY_PLACE, "words"),
}
"""Columns that every trials table has, with their kinds."""


def fault(metadata: Mapping[str, Any]) -> str:
    """Returns what is wrong with what metadata.json says; nothing where a run can be read by it.

    Args:
        metadata: what it says, in one of the formats that can be read.
    """
    kinds = BEGUN | FOUND
    needed = kinds if "finished" in metadata else BEGUN
    old = [key for key, since in SINCE.items() if metadata["format_version"] < since]
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
    if best is not None and not all(
        _or_none(_number)(value) for name, value in best.items() if name.startswith(("weight", "bias"))
    ):
        return "what it says of its best trial's parameters cannot be"
    has_columns = "columns" in metadata and "columns" not in old
    return "what it says of columns cannot be" if has_columns and not _go_together(metadata) else ""


def _go_together(metadata: Mapping[str, Any]) -> bool:
    """Returns whether the columns that are told of are those that readers ask for."""
    trials, history = (
        {each["name"]: each for each in metadata["columns"][of]} for of in ("trials", "history")
    )
    all_columns, parameters = [*trials.values(), *history.values()], metadata["parameters"]

    def of_role(role: Role) -> list[str]:
        return [name for name, each in trials.items() if each["role"] == role]

    return (
        all(name in trials and trials[name]["kind"] == kind for name, kind in NEEDED.items())
        and all(bool(each.get("words")) == (each["kind"] == "words") for each in all_columns)
        and all(each["kind"] == "number" for each in all_columns if each["role"] == "state")
        and all(_begins(trials[name]["words"], words) for name, words in READ_BY_PLACE.items())
        and of_role("key") == ["trial"]
        and of_role("hyperparameter") == metadata["hyperparameters"]
        and of_role("state") == parameters
        and {*metadata["varied"]} <= {*metadata["hyperparameters"]}
        and (not metadata["history"] or history.keys() >= {"trial", "epoch", *parameters, "cost"})
    )


def _begins(told: list[str], words: Sequence[str]) -> bool:
    """Returns whether words that are told of are the first of those known, all but the last at least."""
    return len(told) >= len(words) - 1 and told == list(words[: len(told)])


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
