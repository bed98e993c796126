"""Which content a case is: a pure function of (seed, number)."""

from collections.abc import Callable
from functools import partial
from random import Random

from fuzz.declarations import declaration
from fuzz.parts import part
from fuzz.runs import metadata, status
from fuzz.tables import csv_file, excel_file, parquet_file
from fuzz.typed import command, comparison, option

MAKERS: dict[str, Callable[[Random], bytes]] = {
    "config": partial(declaration, kind="configs"),
    "sweep": partial(declaration, kind="sweeps"),
    "csv": csv_file,
    "parquet": parquet_file,
    "excel": excel_file,
    "option": option,
    "comparison": comparison,
    "command": command,
    "metadata": metadata,
    "status": status,
    "part": part,
}

_TURN = (
    *(*["config"] * 5, *["sweep"] * 5, *["csv"] * 4, *["parquet"] * 3, "excel", "metadata", "status", "part"),
    *("option", "comparison", "command"),
)
"""Of twenty-four cases, twenty-one are files."""


def case(seed: int, number: int) -> tuple[str, bytes]:
    """Returns the kind and the content of a case."""
    kind = _TURN[number % len(_TURN)]
    return kind, MAKERS[kind](Random(f"{seed}:{number}"))
