"""Facts about exported tables: other readers get back what the run has, to the bit."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

import linreg_sweep as ls
from linreg_sweep import exporting
from linreg_sweep.cli import main
from linreg_sweep.commands.export import EXPORTS
from linreg_sweep.exporting import To
from linreg_sweep.runs.results import Run
from tests.words import CATEGORIES


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Every outcome, in parts of four; the last rates end in infinities and NaN."""
    sweep = {
        "name": "out",
        "data": {"name": "tutorial"},
        "method": "grid",
        "training": {"epochs": 3000},
        "parameters": {
            "learning_rate": {"values": [0.001, 0.005, 0.007, 1e200]},
            "initial_weight": {"min": -10, "max": 10, "num": 3},
        },
    }
    return ls.run(sweep, out=tmp_path_factory.mktemp("out"), jobs=1, part_size=4)


def same(found: pd.DataFrame, run: Run) -> None:
    """Holds a table to be the trials of a run, to the bit of every number."""
    assert list(found.columns) == list(run.trials.columns)
    assert len(found) == run.n_trials
    for name, column in run.trials.items():
        if name in CATEGORIES:
            words = found[name].astype(object).where(found[name].notna(), None)
            assert words.tolist() == column.astype(object).where(column.notna(), None).tolist()
        else:
            numbers = column.astype("float64").to_numpy()
            np.testing.assert_array_equal(found[name].astype("float64").to_numpy(), numbers)


def test_the_run_has_what_is_hard_to_write(run: Run) -> None:
    """Infinities, NaN, missing epochs and missing regimes; else the facts below show little."""
    numbers = run.trials.select_dtypes("float64").to_numpy()
    assert np.isinf(numbers).any()
    assert np.isnan(numbers).any()
    assert run.trials["converged_at"].isna().any()


def test_csv_reads_back_to_the_bit(run: Run, tmp_path: Path) -> None:
    """By pandas."""
    file = ls.export(run, "csv", tmp_path / "a.csv")
    same(pd.read_csv(file, na_values=[""], keep_default_na=False), run)


def test_parquet_reads_back_to_the_bit(run: Run, tmp_path: Path) -> None:
    """As one file, with the types of the trials table."""
    found = pd.read_parquet(ls.export(run, "parquet", tmp_path / "a.parquet"))
    same(found, run)
    assert found.dtypes.astype(str).tolist() == run.trials.dtypes.astype(str).tolist()


def test_json_reads_back_to_the_bit(run: Run, tmp_path: Path) -> None:
    """Strict JSON: a list of records, infinities as text, null for what is missing."""

    def refuse(word: str) -> None:
        raise AssertionError(word)

    text = ls.export(run, "json", tmp_path / "a.json").read_text()
    rows = json.loads(text, parse_constant=refuse)
    infinities = {"Infinity": np.inf, "-Infinity": -np.inf}
    frame = pd.DataFrame(rows, dtype=object)
    same(frame.map(lambda cell: infinities.get(cell, np.nan if cell is None else cell)), run)


def test_excel_reads_back_to_the_bit(run: Run, tmp_path: Path) -> None:
    """By openpyxl; infinities, which Excel has no number for, are words."""
    sheet = openpyxl.load_workbook(ls.export(run, "excel", tmp_path / "a.xlsx"))["trials"]
    header, *rows = sheet.iter_rows(values_only=True)
    words = {"inf": np.inf, "minus inf": -np.inf, None: np.nan}
    frame = pd.DataFrame(rows, columns=list(map(str, header)), dtype=object)
    plain = frame.map(lambda cell: words.get(cell, cell))
    same(plain, run)
    numbers = plain[[name for name in plain if name not in CATEGORIES]]
    assert not numbers.map(lambda cell: isinstance(cell, str)).to_numpy().any()
    assert "f" not in {cell.data_type for row in sheet for cell in row}


@pytest.mark.parametrize(("to", "sign"), [("markdown", "| learning_rate |"), ("latex", r"\toprule")])
def test_documents_get_a_table_that_people_read(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: To, sign: str
) -> None:
    """A summary or trials, and no more of them than anyone reads."""
    text = ls.export(run, to, tmp_path / "a.txt", by=["learning_rate"]).read_text()
    assert sign in " ".join(text.split())
    assert text.count("0.005") == 1
    monkeypatch.setattr(exporting, "MAX_TYPESET", 5)
    with pytest.raises(ls.ConfigError, match=f"--to {to}: has room for 5 rows, got more"):
        ls.export(run, to, tmp_path / "b.txt")
    assert not (tmp_path / "b.txt").exists()


def test_a_sheet_that_is_full_is_an_error(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no file is left behind."""
    monkeypatch.setattr(exporting, "MAX_IN_EXCEL", 7)
    with pytest.raises(ls.ConfigError, match="--to excel: has room for 7 rows"):
        ls.export(run, "excel", tmp_path / "a.xlsx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("to", "read"), [("csv", pd.read_csv), ("excel", pd.read_excel)])
@pytest.mark.parametrize("chosen", ["learning_rate < 0.006", "learning_rate > 0.006", "learning_rate < 0"])
def test_where_chooses_trials_and_by_summarises(
    run: Run, tmp_path: Path, to: To, read: Callable[[Path], pd.DataFrame], chosen: str
) -> None:
    """As show does, under one header, whether the first, the last or no part has such trials."""
    found = read(ls.export(run, to, tmp_path / "a", where=chosen))
    assert found["trial"].tolist() == run.where(chosen)["trial"].tolist()
    for by in ("learning_rate", ["learning_rate"]):
        table = read(ls.export(run, to, tmp_path / f"b-{type(by).__name__}", by=by, where=chosen))
        assert table["trials"].tolist() == [3] * (len(found) // 3)
    assert list(read(ls.export(run, to, tmp_path / "c", columns="trial", where=chosen))) == ["trial"]


@pytest.mark.parametrize("to", ["csv", "excel"])
def test_text_that_a_spreadsheet_would_run_is_escaped(to: str) -> None:
    """A quote before it makes it text; numbers stay numbers."""
    frame = pd.DataFrame({"=name": ["=1+1", "@x", "plain"], "number": [-1.5, 2.0, 3.0]})
    stream = BytesIO()
    exporting.WRITERS[to][1](iter([frame]), stream)
    rows: list[tuple[Any, ...]]
    if to == "csv":
        rows = [tuple(line.split(",")) for line in stream.getvalue().decode().splitlines()]
    else:
        rows = list(openpyxl.load_workbook(stream)["trials"].iter_rows(values_only=True))
    assert [row[0] for row in rows] == ["'=name", "'=1+1", "'@x", "plain"]
    assert [float(row[1]) for row in rows[1:]] == [-1.5, 2.0, 3.0]


def test_the_command_writes_what_it_says(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its last line is the file, named after the run."""
    monkeypatch.chdir(tmp_path)
    for to in EXPORTS:
        assert main(["export", str(run.path), "--to", to]) == 0
        file = Path(capsys.readouterr().out.strip())
        assert file.exists()
        assert file.stem == ("out-model" if to == "model" else "out-trials")
    assert main(["export", str(run.path), "--to", "csv", "--by", "initial_weight"]) == 0
    assert capsys.readouterr().out == "out-summary.csv\n"
    assert set(EXPORTS) == {*exporting.WRITERS, "model"}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--to", "csv", "--by", "weight_"], 2, "there is no column 'weight_'"),
        (["--to", "csv", "--where", "cost <"], 2, "--where 'cost <': character 7: expected a value after <"),
        (["--to", "csv", "-o", "none/a.csv"], 2, "none"),
    ],
)
def test_what_cannot_be_exported_is_said(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    """One line, and no file."""
    monkeypatch.chdir(tmp_path)
    assert main(["export", str(run.path), *arguments]) == code
    assert capsys.readouterr().err.startswith(message)
    assert not list(tmp_path.iterdir())
