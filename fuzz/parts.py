"""What a part of a run from anywhere may be: its tables with other columns, types, gaps, values and facts."""

import json
from functools import cache
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from fuzz.mutations import mutated
from fuzz.runs import METADATA, TOKENS, changed
from fuzz.tables import odd_column
from linreg_sweep.storage.checksum import BLANK
from linreg_sweep.storage.layout import HISTORY, TRIALS, layout_of
from linreg_sweep.storage.parquet import FACTS, SEAL, encode
from linreg_sweep.trials.columns import NAMED

CELLS: dict[str, list[Any]] = {
    "int64": [-(2**63), -(2**62), -2, -1, 0, 1, 2, 5, 10**12, 10**12 + 1, 2**53 + 1, 2**62, 2**63 - 1],
    "double": [float("nan"), float("inf"), float("-inf"), -1.0, -0.0, 0.0, 5e-324, 0.001, 1.0, 1e300],
    "words": [
        None,
        "",
        "x",
        "failed",
        "<b>",
        "\x1b[2J",
        *(word for column in NAMED.values() for word in column.words),
    ],
}


@cache
def _example(table: str) -> Any:
    """Returns a part as the run in METADATA has it, or one like it."""
    layout = layout_of(METADATA, table)
    n_rows = 1 if table == TRIALS else 3
    columns = {name: np.zeros(n_rows, type_.dtype) for name, type_ in layout.types.items()}
    columns |= {"epochs": np.full(n_rows, 4)} if table == TRIALS else {"epoch": np.arange(n_rows)}
    return parquet.read_table(pa.BufferReader(encode(columns, types=layout.types))).replace_schema_metadata(
        None
    )


def part(random: Random) -> bytes:
    """Returns a part's file, its seal mostly blank."""
    table = random.choice((TRIALS, TRIALS, HISTORY))
    found, facts = _example(table), _facts(random, table)
    for _ in range(random.choice((0, 1, 1, 1, 2, 4))):
        found = random.choice(_CHANGES)(random, found)
    if random.random() < 0.2:
        pandas = random.choice(('{"index_columns": [1]}', "[]", "{", '{"columns": 5, "index_columns": 5}'))
        found = found.replace_schema_metadata({"pandas": pandas})
    sink = pa.BufferOutputStream()
    packing = random.choice((*["lz4"] * 8, "zstd", "none"))
    coded = [name for name in found.column_names if name in NAMED and NAMED[name].words]
    with parquet.ParquetWriter(sink, found.schema, compression=packing, use_dictionary=coded) as writer:
        n_rows = random.choice((None, None, 1 if found.num_rows < 10 else 7000))
        writer.write_table(found, row_group_size=n_rows)
        writer.add_key_value_metadata({FACTS: facts, SEAL: BLANK})
    content = bytes(sink.getvalue())
    if random.random() < 0.3:  # the footer alone, which says what is where
        at = max(4, len(content) - random.choice((12, 1000, 3000)))
        content = content[:at] + mutated(random, content[at:], TOKENS)
    return content


def _facts(random: Random, table: str) -> str:
    outcomes = {"converged": 1, "unfinished": 0, "diverged": 0}
    told = {"table": table, "part": 0, "part_size": 1, "versions": {}, "outcomes": outcomes, "failures": {}}
    if random.random() < 0.2:
        told["failures"] = {
            "x": random.choice(([[0, 1]], [[0, 2**62]], [[1, 0]], [[0]], [0], "x", [[-5, 3]]))
        }
    return changed(random, told).decode("utf-8", "replace") if random.random() < 0.3 else json.dumps(told)


def _other_type(random: Random, table: Any) -> Any:
    if not table.num_columns:
        return table
    place = random.randrange(table.num_columns)
    return table.set_column(place, table.column_names[place], odd_column(random, table.num_rows, odd=1))


def _other_cells(random: Random, table: Any) -> Any:
    if not table.num_columns:
        return table
    place = random.randrange(table.num_columns)
    kind = table.schema.types[place]
    key = "words" if pa.types.is_dictionary(kind) else str(kind)
    if key not in CELLS:
        return table
    cells = [random.choice(CELLS[key]) for _ in range(table.num_rows)]
    column = pa.array(cells, pa.string() if key == "words" else kind)
    if key == "words":
        column = column.dictionary_encode().cast(pa.dictionary(pa.int8(), pa.string()))
    return table.set_column(place, table.column_names[place], column)


def _gaps(random: Random, table: Any) -> Any:
    if not table.num_columns:
        return table
    place = random.randrange(table.num_columns)
    return table.set_column(
        place, table.column_names[place], pa.nulls(table.num_rows, table.schema.types[place])
    )


def _other_columns(random: Random, table: Any) -> Any:
    if not table.num_columns:
        return table
    place = random.randrange(table.num_columns)
    if random.random() < 0.5:
        return table.remove_column(place)
    names = [*table.column_names, "x", "", "a\x1b[2J", "__index_level_0__"]
    if random.random() < 0.5:
        return table.append_column(random.choice(names), table.column(place))
    renamed = list(table.column_names)
    renamed[place] = random.choice(names)
    return table.rename_columns(renamed)


def _other_rows(random: Random, table: Any) -> Any:
    n_rows = random.choice((0, 1, 2, 3, 1000, 100_000))
    return table.take(
        pa.array([row % table.num_rows for row in range(n_rows if table.num_rows else 0)], pa.int64())
    )


_CHANGES = (_other_type, _other_cells, _other_cells, _gaps, _other_columns, _other_rows)
