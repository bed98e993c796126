"""Facts about rows that miss a cell: refused, or left out and counted where `missing: drop` says so."""

from pathlib import Path
from typing import Any

import pyarrow as pa

import linreg_sweep as ls
from linreg_sweep.config import load_config
from linreg_sweep.trials.loading import load_data
from tests.data_files import read_by, refusals, write

GAPS = "a,b,c,y\n1,2,u,1\nNA,3,v,2\n4,-200,w,3\n5,6,x,\n7,8,,5\n9,-200.0,z,?\n"


def test_rows_that_miss_a_cell_are_left_out_if_asked(tmp_path: Path) -> None:
    """They are counted, column by column; only cells of chosen columns count."""
    block = 'missing: drop, format: {missing: ["?", "-200"]}'
    data = read_by(tmp_path, "a.csv", GAPS, block)
    assert data.x[:].tolist() == [[1, 2], [7, 8]]
    assert data.y[:].tolist() == [[1], [5]]
    assert data.notes == (
        "left out, not numeric: c",
        "left out, a cell missing: 4 of 6 rows (y 2, a 1, b 2)",
        "fewer rows than parameters (2 and 3): many solutions fit equally well",
    )
    data = read_by(tmp_path, "a.csv", GAPS, f"x: a, {block}")
    assert data.x[:].tolist() == [[1], [4], [7]]
    found = refusals(tmp_path, "a.csv", GAPS, 'format: {missing: ["?", "-200"]}')
    assert [each.partition(" (")[0].partition(". Hint")[0] for each in found] == [
        "F:3: row 2 of column 'a' must be a number, got 'NA'",
        "F:4: row 3 of column 'b' must be a number, got '-200'",
        "F:5: row 4 of column 'y' must be a number, the cell is empty",
    ]


def test_what_is_no_number_and_not_missing_is_refused_all_the_same(tmp_path: Path) -> None:
    """In rows that would be left out, too; and a file of which no row is left."""
    (found,) = refusals(tmp_path, "a.csv", "x,y\n1,2\nq,\n3,4\n", "missing: drop")
    assert found.startswith("F:3: row 2 of column 'x' must be a number, got 'q'")
    (found,) = refusals(tmp_path, "a.csv", "x,z,y\n1,,2\n,3,4\n", "missing: drop")
    assert found.startswith("F:1: every row misses a cell of a chosen column")
    assert "2 of 2 rows (x 1, z 1)" in found


def test_a_parquet_file_may_miss_cells_as_well(tmp_path: Path) -> None:
    """Nulls and NaN."""
    from pyarrow import parquet

    columns = {"x": [1.0, None, 3.0, float("nan"), 5.0], "y": [1, 2, None, 4, 5]}
    parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
    config = tmp_path / "c.yaml"
    config.write_text("data: {path: a.parquet, y: y, missing: drop}\n")
    data = load_data(load_config(config))
    assert (data.x[:].tolist(), data.y[:].tolist()) == ([[1], [5]], [[1], [5]])
    assert data.notes[0] == "left out, a cell missing: 3 of 5 rows (y 1, x 2)"


def test_a_run_records_what_was_left_out(tmp_path: Path) -> None:
    """In its metadata; it is verified, and the complete file makes the same run."""
    rows = [f"{i},{i * i % 7},{2 * i}" for i in range(1, 9)]
    write(tmp_path / "a.csv", "\n".join(["a;b;y", *rows, "3,?,6", "5,4,", ""]).replace(",", ";"))
    write(tmp_path / "b.csv", "\n".join(["a,b,y", *rows, ""]))
    sweep: dict[str, Any] = {"name": "a", "method": "grid", "parameters": {"learning_rate": 0.01}}
    form = {"separator": ";", "missing": ["?"]}
    block = {"path": str(tmp_path / "a.csv"), "y": "y", "format": form, "missing": "drop"}
    run = ls.run(sweep | {"data": block}, out=tmp_path / "runs")
    assert run.metadata["data"]["notes"] == ["left out, a cell missing: 2 of 10 rows (y 1, b 1)"]
    assert run.metadata["data"]["rows"] == 8
    assert ls.verify(run).mismatches == ()
    plain = ls.run(sweep | {"data": {"path": str(tmp_path / "b.csv"), "y": "y"}}, out=tmp_path / "runs")
    assert plain.path == run.path
