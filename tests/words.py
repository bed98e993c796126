"""What every trials table has that is words, or epochs; and parts as somebody may write them."""

from collections.abc import Mapping
from typing import Any

from linreg_sweep.column_types import Array, ColumnType
from linreg_sweep.storage.parquet import encode
from linreg_sweep.trials.columns import NAMED

CATEGORIES = {name: column.words for name, column in NAMED.items() if column.kind == "words"}
"""The words that codes stand for."""

EVENTS = tuple(name for name, column in NAMED.items() if column.kind == "epoch")


def types_of(columns: Mapping[str, Array]) -> dict[str, ColumnType]:
    """Returns what columns of these names hold; those that no table has are numbers."""
    plain = ColumnType("number", role="hyperparameter")
    return {name: NAMED[name].type if name in NAMED else plain for name in columns}


def encoded(columns: Mapping[str, Array], told: dict[str, Any] | None = None) -> bytes:
    """Returns a table of trials as the bytes of a part."""
    return encode(columns, told, types_of(columns))
