"""Facts about reports: every table of a page is that of pandas, to the bit, and says which run it is of."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import linreg_sweep as ls
from linreg_sweep.analysis import tables
from linreg_sweep.cli import main
from linreg_sweep.reports.payload import plain
from linreg_sweep.runs.reopening import reopen
from linreg_sweep.runs.results import Run
from linreg_sweep.text.advice import format_advice
from linreg_sweep.theory.outcome import OUTCOMES
from linreg_sweep.trials.advice import advise
from tests.pages import Page, Table, number, unpacked
from tests.reported import SWEEP, made, page_of, run

__all__ = ["run"]


def test_the_run_has_what_is_hard_to_show(run: Run) -> None:
    """Every outcome, infinities, NaN and missing epochs; else the facts below show little."""
    numbers = run.trials.select_dtypes("float64").to_numpy()
    assert np.isinf(numbers).any()
    assert np.isnan(numbers).any()
    assert set(run.trials["outcome"]) == set(OUTCOMES)


def same_table(found: Table, frame: pd.DataFrame) -> None:
    """Holds a page's table to be a DataFrame without its empty columns: every cell, numbers to the bit."""
    frame = frame.dropna(axis="columns", how="all")
    assert found.columns == [str(name) for name in frame.columns]
    assert len(found.rows) == len(frame)
    for row, expected in zip(found.rows, frame.itertuples(index=False), strict=True):
        for (text, exact), value in zip(row, expected, strict=True):
            if pd.isna(value):
                assert text == ""
            elif isinstance(value, float):
                assert number(exact) == value
                assert text == f"{value:.6g}"
            else:
                assert text == str(value)
                assert exact is None


@pytest.mark.parametrize("by", ["learning_rate", "initial_weight", "initial_bias"])
def test_the_summaries_of_a_page_are_those_of_pandas(run: Run, tmp_path: Path, by: str) -> None:
    """A table by each parameter, cell by cell that of `tables.summary` over the whole table."""
    [found] = page_of(tmp_path, run).tables[f"summary-{by}"]
    same_table(found, tables.summary(run.trials, [by]))


def test_a_page_tells_rates_apart_as_a_terminal_does(tmp_path: Path) -> None:
    """However close they are; what no row has, as no trial converged here, is no column."""
    rates = {"learning_rate": {"values": [0.001, 0.0010000001]}}
    [found] = page_of(tmp_path, made(tmp_path, parameters=rates, training={"epochs": 2})).tables[
        "summary-learning_rate"
    ]
    assert [row[0][0] for row in found.rows] == ["0.001", "0.0010000001"]
    assert "median_converged_at" not in found.columns


def test_the_page_says_what_was_swept(run: Run, tmp_path: Path) -> None:
    """Each parameter with its ends, as `plan` tells it."""
    page = page_of(tmp_path, run)
    [found] = page.tables["swept"]
    assert [[text for text, _ in row] for row in found.rows] == [
        ["learning_rate", "7", "0.0005", "1e+200", "the values given"],
        ["initial_weight", "5", "-10", "10", "evenly spaced, linear scale"],
        ["initial_bias", "2", "0", "5", "the values given"],
    ]
    assert any(
        "70 trials of linear regression by gradient descent on tutorial (built in): 30 rows" in text
        for text in page.texts["p"]
    )


def test_the_page_advises_where_most_trials_did_not_converge(run: Run, tmp_path: Path) -> None:
    """In the words of `run`, its options as code, under the answer; nowhere else."""
    cures = [line.split(" --set ") for line in format_advice(advise(reopen(run)), "even the farthest start")]
    texts = page_of(tmp_path, run).texts
    assert [words.strip() for words in texts["advice"]] == [words for words, *_ in cures]
    assert texts["code"] == [f"--set {setting}" for _, *settings in cures for setting in settings]
    cured = made(tmp_path, parameters={"learning_rate": {"values": [0.005]}}, training={"epochs": 10_000})
    assert "advice" not in page_of(tmp_path, cured).texts


def test_the_tables_of_a_comparison_are_those_of_compare(run: Run, tmp_path: Path) -> None:
    """Every table that has a row, cell by cell; lists of trials stop after twenty, and say so."""
    other = made(tmp_path, name="told", training={"epochs": 8000, "loss": "mse"})
    page, found = page_of(tmp_path, run, other), ls.compare(run, other)
    shown = {name.removeprefix("comparison-") for name in page.tables if name.startswith("comparison-")}
    assert shown == set(found.tables())
    for name, frame in found.tables().items():
        alone = (
            frame.drop(columns="run")
            if name in ("transitions", "epochs", "values", "by", "changed")
            else frame
        )
        same_table(page.tables[f"comparison-{name}"][0], alone.head(20) if name == "changed" else alone)
    assert [payload["name"] for payload in page.data] == list(found.runs) == [run.path.name, other.path.name]
    assert len(found.changed) > 20
    assert "These are the first 20; linreg-sweep compare lists more." in page.texts["aside"]
    assert any("2 times as long" in text for text in page.texts["li"])


def test_runs_that_share_no_trial_are_told_by_their_summaries(run: Run, tmp_path: Path) -> None:
    """It says so, and does not list all trials of both."""
    rates = SWEEP["parameters"] | {"learning_rate": {"values": [0.002, 0.004]}}
    page = page_of(tmp_path, run, made(tmp_path, name="apart", parameters=rates))
    assert any("compared by their summaries" in text for text in page.texts["p"])
    assert "comparison-only" not in page.tables


def test_the_trials_of_a_page_are_those_of_the_run(run: Run, tmp_path: Path) -> None:
    """Every column and cell, to the bit; the page says that all are there."""
    [payload] = page_of(tmp_path, run).data
    assert [column["name"] for column in payload["trials"]] == list(run.trials.columns)
    for column in payload["trials"]:
        expected = run.trials[column["name"]]
        cells = [None if pd.isna(cell) else cell for cell in expected.tolist()]
        assert unpacked(column) == cells, column["name"]
        assert column["number"] == (str(expected.dtype) != "category")
        assert column["whole"] == (expected.dtype.kind == "i")
    assert payload["all_listed"] is True
    assert payload["n_trials"] == 70


def test_columns_of_few_values_name_each_once(run: Run, tmp_path: Path) -> None:
    """Others hold a cell per row."""
    [payload] = page_of(tmp_path, run).data
    columns = {column["name"]: column for column in payload["trials"]}
    assert columns["initial_bias"]["different"] == [0, 5]
    assert columns["initial_bias"]["rows"] == [0, 1] * 35
    assert "different" not in columns["weight"]


def test_what_was_left_out_of_the_data_is_said_in_a_sentence(tmp_path: Path) -> None:
    """It begins with a capital letter and ends with a point, as what stands beside it."""
    (tmp_path / "gaps.csv").write_text("x,y\n1,2\n,3\n2,5\n4,7\n", encoding="utf-8")
    data = {"path": str(tmp_path / "gaps.csv"), "y": "y", "missing": "drop"}
    sweep = {"name": "gaps", "data": data, "method": "grid", "training": {"epochs": 2}}
    run = ls.run(sweep | {"parameters": {"learning_rate": {"values": [0.01, 0.02]}}}, out=tmp_path, jobs=1)
    assert "Left out, a cell missing: 1 of 4 rows (x 1)." in page_of(tmp_path, run).texts["aside"]


def test_a_run_that_is_not_finished_says_so(tmp_path: Path) -> None:
    """The page is of the trials that are there."""
    run = made(tmp_path)
    run.store.part(run.store.trials, 2).unlink()
    page = page_of(tmp_path, ls.load(run.path))
    assert "61 of 70 trials are done: the sweep is not finished." in page.texts["aside"]
    assert page.data[0]["n_trials"] == 61
    assert page.data[0]["all_listed"] is True


def test_the_page_says_how_to_run_it_again(run: Run, tmp_path: Path) -> None:
    """The command, versions, hashes and the whole declaration, which runs by itself to the same run."""
    page = page_of(tmp_path, run)
    command, config = page.texts["pre"][-2:]
    assert command == f"linreg-sweep run {run.path / 'config.yaml'}"
    assert config == run.store.config.read_text(encoding="utf-8")
    facts = " ".join(page.texts["td"])
    assert run.path.name in facts
    assert run.metadata["data"]["sha256"] in facts
    assert f"numpy {run.metadata['versions']['numpy']}" in facts
    again = tmp_path / "again.yaml"
    again.write_text(config, encoding="utf-8")
    assert ls.run(again, out=tmp_path, jobs=1).path.name == run.path.name


def test_numbers_of_a_page_are_exact() -> None:
    """Infinities are text, NaN is null, whole numbers are short, and -0 stays itself."""
    values = [0.1, 1e300, 5e-324, 3.0, -0.0, math.inf, -math.inf, math.nan, 2.0**60]
    said = plain(np.array(values))
    assert said[:4] == [0.1, 1e300, 5e-324, 3]
    assert isinstance(said[3], int)
    assert str(said[4]) == "-0.0"
    assert said[5:8] == ["Infinity", "-Infinity", None]
    assert said[8] == 2.0**60


def test_a_page_without_data_is_light(tmp_path: Path) -> None:
    """Well under 1 MB."""
    run = made(tmp_path, parameters={"learning_rate": {"values": [0.001]}}, training={"epochs": 2})
    assert ls.report(run, file=tmp_path / "page.html").stat().st_size < 150_000


def test_the_same_runs_have_the_same_page(run: Run, tmp_path: Path) -> None:
    """To the byte, whenever it is made."""
    first, second = (ls.report(run, file=tmp_path / name) for name in ("a.html", "b.html"))
    assert first.read_bytes() == second.read_bytes()


def test_the_command_writes_the_page_here(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Named after the run, or where it is told; the last line is the file."""
    monkeypatch.chdir(tmp_path)
    assert main(["report", str(run.path)]) == 0
    assert capsys.readouterr().out == "told-report.html\n"
    assert Page(Path("told-report.html").read_text(encoding="utf-8")).texts["h1"] == ["told"]
    assert main(["report", str(run.path), "-o", "elsewhere.html"]) == 0
    assert capsys.readouterr().out == "elsewhere.html\n"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nothing"], 1, "there is no such directory"),
        (["{run}", "{run}"], 2, "is given twice"),
        (["{run}", "-o", "no/such/folder/page.html"], 2, "there is no folder no/such/folder"),
    ],
)
def test_what_cannot_be_reported_on_is_said_in_one_line(
    run: Run, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    """And the exit code tells whose fault it is."""
    assert main(["report", *(each.format(run=run.path) for each in arguments)]) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err
    assert "Traceback" not in told.err


def test_a_report_of_nothing_is_refused() -> None:
    """There has to be a run."""
    with pytest.raises(ls.ConfigError, match="a run is needed to report on"):
        ls.report()
