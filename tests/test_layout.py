"""Facts about parts that come from anywhere: sealed or not, they are what metadata.json says or refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import compute as pc
from pyarrow import parquet as pq

import linreg_sweep as ls
from linreg_sweep import cli
from linreg_sweep.kinds import MAX_COUNT
from linreg_sweep.storage.checksum import BLANK, with_checksum
from linreg_sweep.storage.layout import HISTORY, MAX_EPOCHS, TRIALS
from linreg_sweep.storage.parquet import FACTS, SEAL
from linreg_sweep.storage.store import MADE_AGAIN
from tests.shells import handlers
from tests.small_run import SWEEP, content, facts_of, made

__all__ = ["handlers"]

Change = Callable[[pa.Table], pa.Table]

PART = {"part_size": 2, "overrides": ["parameters.learning_rate.values=[0.001, 0.002, 0.003, 0.5]"]}
"""Two parts of two trials."""

NUMBERS = {
    "text": pa.array(["x"] * 2),
    "list": pa.array([[1.0]] * 2),
    "struct": pa.array([{"a": 1}] * 2),
    "bool": pa.array([True] * 2),
    "time": pa.array([1] * 2, pa.timestamp("ns")),
    "gaps": pa.array([None] * 2, pa.float64()),
}


def put(name: str, column: pa.Array) -> Change:
    """Returns what puts another column in the place of one."""
    return lambda table: table.set_column(table.column_names.index(name), name, column)


def words(*cells: str | None) -> pa.Array:
    """Returns a column of words as a part has it."""
    return pa.array(cells, pa.string()).dictionary_encode().cast(pa.dictionary(pa.int8(), pa.string()))


TABLES: dict[str, tuple[Change, str]] = {
    **{
        f"{kind} cost": (
            put("cost", cells),
            "its column cost has gaps" if kind == "gaps" else "its column cost is of another type",
        )
        for kind, cells in NUMBERS.items()
    },
    "no cost": (lambda table: table.drop(["cost"]), "its columns are not those of the run"),
    "two costs": (
        lambda table: table.append_column("cost", table["cost"]),
        "its columns are not those of the run",
    ),
    "no rows": (lambda table: table.slice(0, 0), "it must have 2 rows, and has 0"),
    "many rows": (lambda table: pa.concat_tables([table] * 99), "it must have 2 rows, and has 198"),
    "NaN": (put("learning_rate", pa.array([0.1, np.nan])), "what it says of learning_rate cannot be"),
    "infinity": (put("learning_rate", pa.array([0.1, np.inf])), "what it says of learning_rate cannot be"),
    "no outcome": (put("outcome", words(None, None)), "what it says of outcome cannot be"),
    "whole outcome": (put("outcome", pa.array([1, 1])), "its column outcome is of another type"),
    "other outcome": (put("outcome", words("<b>", "diverged")), ""),
    "negative": (put("epochs", pa.array([-(2**62), 1])), "what it says of epochs cannot be"),
    "too many": (put("converged_at", pa.array([2**62, 1])), "what it says of converged_at cannot be"),
    "other trial": (put("trial", pa.array([0, 2**62])), "what it says of trial cannot be"),
}
"""What a part may hold, and what is then said of it."""

COMMANDS = ("show", "show --trials", "show --top 1", "verify", "plot -o x.png", "report -o x.html")
MORE = ("export --to excel -o x.xlsx", "compare OTHER")


@pytest.fixture(autouse=True)
def own_folder(handlers: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files go to a folder of the test."""
    monkeypatch.chdir(tmp_path)


def written(table: pa.Table, told: Any) -> bytes:
    """Returns a part as somebody may write it, sealed."""
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema, compression="lz4") as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({FACTS: json.dumps(told), SEAL: BLANK})
    return with_checksum(bytes(sink.getvalue()))


def part_of(run: ls.Run, table: str = TRIALS) -> Path:
    """Returns the file of a run's first part."""
    return Path(str(run.path)) / table / "part-00000.parquet"


def exit_code(line: str) -> int:
    """Returns with what a command ends."""
    try:
        return cli.main(line.split())
    except SystemExit as stopped:  # verify found something
        return int(str(stopped.code))


@pytest.mark.parametrize("name", TABLES)
def test_a_part_that_cannot_be_the_runs_is_refused(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By every command that reads what is wrong, in one line that says why; `verify` names the number."""
    change, why = TABLES[name]
    run, other = made(tmp_path / "a", **PART), made(tmp_path / "b", **PART)
    part = part_of(run)
    part.write_bytes(written(change(pq.read_table(part)), facts_of(part)))
    refused = f"{part}: is damaged{why and ': '}{why}. Hint: {MADE_AGAIN}\n"
    for command in (*COMMANDS, *MORE):
        verb, *options = command.replace("OTHER", str(other.path)).split()
        capsys.readouterr()
        code = exit_code(" ".join([verb, str(run.path), *options]))
        told = capsys.readouterr()
        if verb == "verify":
            assert code == 1
            assert part.name in told.out or told.err == refused
        elif code or options[:1] == ["--trials"]:
            assert (code, told.err) == (1, refused), command


def test_words_may_be_listed_in_any_order(tmp_path: Path) -> None:
    """They are the same words, so codes mean the same, and the best trial is the best."""
    run = made(tmp_path, **PART)
    part, before, best = part_of(run), run.trials, run.best(4)
    table = pq.read_table(part)
    backwards = pa.array(["diverged", "unfinished", "converged"])
    codes = pc.index_in(table["outcome"].cast(pa.string()), backwards).combine_chunks().cast(pa.int8())
    column = pa.DictionaryArray.from_arrays(codes, backwards)
    part.write_bytes(written(put("outcome", column)(table), facts_of(part)))
    after = ls.load(str(run.path))
    pd.testing.assert_frame_equal(after.trials, before)
    pd.testing.assert_frame_equal(after.best(4), best)


@pytest.mark.parametrize("name", TABLES)
def test_the_next_run_makes_it_again(name: str, tmp_path: Path) -> None:
    """Whatever its numbers are, and though its seal is right."""
    run = made(tmp_path, **PART)
    before, part = content(Path(str(run.path))), part_of(run)
    part.write_bytes(written(TABLES[name][0](pq.read_table(part)), facts_of(part)))
    told: list[str] = []
    made(tmp_path, report=told.append, **PART)
    assert [line.split(" is ")[0] for line in told] == [f"damaged: {part}"]
    assert content(Path(str(run.path))) == before


@pytest.mark.parametrize(
    "other",
    [
        {"outcomes": {"converged": "x"}},
        {"outcomes": [1]},
        {"outcomes": {"converged": 2, "unfinished": 0, "diverged": 0}},
        {"versions": 7},
        {"failures": {"x": [[0, 2**62]]}},
        {"failures": {"x": [[0, 1]]}},
        {"failures": {"x": [[0]]}},
        {"failures": [1]},
        {"part": -1},
        {"part": True},
        {"part_size": 0},
    ],
    ids=str,
)
def test_facts_that_cannot_be_are_not_believed(other: dict[str, Any], tmp_path: Path) -> None:
    """Of another kind, or other than the rows are: the part is made again, also without metadata.json."""
    run = made(tmp_path, **PART)
    part = part_of(run)
    before, table = part.read_bytes(), pq.read_table(part)
    for is_told in (True, False):
        part.write_bytes(written(table, (facts_of(part) or {}) | other))
        if not is_told:
            run.store.metadata.unlink()
        made(tmp_path, **PART)
        assert part.read_bytes() == before


def test_a_history_is_looked_at_too(tmp_path: Path) -> None:
    """Its columns, its trials and its epochs."""
    run = made(tmp_path, **PART)
    part = part_of(run, HISTORY)
    before, table, told = part.read_bytes(), pq.read_table(part), facts_of(part)
    n = table.num_rows
    for change in (
        put("cost", pa.array(["x"] * n)),
        put("trial", pa.array([7] * n)),
        put("epoch", pa.array([-1] * n)),
    ):
        part.write_bytes(written(change(table), told))
        with pytest.raises(ls.ResultsError, match="is damaged: "):
            _ = ls.load(str(run.path)).history
        made(tmp_path, **PART)
        assert part.read_bytes() == before


def test_a_small_file_does_not_unpack_to_a_large_one(tmp_path: Path) -> None:
    """Neither by its rows, which are more than it has bytes for, nor by what packs it."""
    run = made(tmp_path, **PART)
    part = part_of(run, HISTORY)
    table, told = pq.read_table(part), facts_of(part)
    many = table.take(pa.array(np.zeros(300_000, np.int64)))
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, many.schema, compression="zstd", use_dictionary=True) as writer:
        writer.write_table(many)
        writer.add_key_value_metadata({FACTS: json.dumps(told), SEAL: BLANK})
    part.write_bytes(with_checksum(bytes(sink.getvalue())))
    with pytest.raises(ls.ResultsError, match="it is too small for 300,000 rows"):
        _ = run.history
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema, compression="zstd") as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({FACTS: json.dumps(told), SEAL: BLANK})
    part.write_bytes(with_checksum(bytes(sink.getvalue())))
    with pytest.raises(ls.ResultsError, match="it is not packed as parts are"):
        _ = ls.load(str(run.path)).history


def test_data_that_a_run_takes_along_are_looked_at_too(tmp_path: Path) -> None:
    """As they have to be columns of floats."""
    run = made(tmp_path, data=([0.0, 1.0, 2.0], [1.0, 3.0, 6.0]))
    file = Path(str(run.path)) / "data.parquet"
    table = pq.read_table(file)
    file.write_bytes(written(table.set_column(0, "x", pa.array(["a"] * 3)), {}))
    with pytest.raises(ls.ResultsError, match="its column x is of another type"):
        ls.verify(str(run.path))


@pytest.mark.parametrize("name", ["outcome", "theory", "converged_at", "trial"])
def test_data_may_be_called_like_results(name: str, tmp_path: Path) -> None:
    """They are numbers all the same, and come back to the bit."""
    frame = pd.DataFrame({name: [1.0, -1.0, 3.0], "y": [1.0, 2.0, 4.0]})
    run = ls.run({**SWEEP, "data": {}}, data=(frame[[name]], frame["y"]), out=tmp_path, jobs=1)
    assert ls.verify(str(run.path)).mismatches == ()


def test_what_is_written_fits(tmp_path: Path) -> None:
    """The columns of a run's tables are those that are asked of others."""
    run = made(tmp_path, **PART)
    assert list(run.trials) == list(run.layout(TRIALS).types)
    assert list(run.history) == list(run.layout(HISTORY).types)
    assert MAX_EPOCHS == MAX_COUNT


def test_rates_that_no_axis_can_show_are_not_drawn(tmp_path: Path) -> None:
    """Also where metadata.json does not describe them, as of random ones."""
    rates = {"learning_rate": {"min": 1e-300, "max": 1e-200, "scale": "log"}}
    random = SWEEP | {"method": "random", "trials": 5, "parameters": rates}
    run = ls.run(random, out=tmp_path, jobs=1)
    assert exit_code(f"plot {run.path} -o x.png") == 2


def test_rates_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    """Such as those in limits of data so small that they overflow, since no picture has room for them."""
    rates = {"learning_rate": {"values": [0.5, 1e10], "unit": "stability_limit"}}
    sweep = SWEEP | {"data": {"standardize": False, "fit_bias": False}, "parameters": rates}
    x = np.array([1.0, 2.0, 3.0])
    with pytest.raises(ls.ConfigError, match=r"unit: the data's stability limit is so large"):
        ls.run(sweep, data=(x * 1e-150, x), out=tmp_path, jobs=1)
    assert np.isfinite(ls.run(sweep, data=(x, x), out=tmp_path, jobs=1).trials["learning_rate"]).all()
