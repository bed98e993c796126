"""Facts about reports: every figure of a page is that of pandas, and nothing from elsewhere is in it."""

import base64
import hashlib
import json
import math
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import linreg_sweep as ls
from linreg_sweep.analysis import tables
from linreg_sweep.cli import main
from linreg_sweep.plots.cells import Cells
from linreg_sweep.reports import gather as gathering
from linreg_sweep.reports.answer import answer
from linreg_sweep.reports.gather import gather
from linreg_sweep.reports.laboratory import laboratory
from linreg_sweep.reports.page import SCRIPTS, as_json
from linreg_sweep.reports.payload import plain
from linreg_sweep.runs import opening
from linreg_sweep.runs.reopening import reopen
from linreg_sweep.runs.results import Run
from linreg_sweep.terminal.choosing import Choice, choose, listed, summary_to_read
from linreg_sweep.text.advice import format_advice
from linreg_sweep.text.runs import format_run
from linreg_sweep.theory.outcome import OUTCOMES
from linreg_sweep.trials.advice import advise
from tests.pages import Page, Table, loads_from_elsewhere, number, unpacked

SWEEP: dict[str, Any] = {
    "name": "told",
    "data": {"name": "tutorial"},
    "method": "grid",
    "training": {"epochs": 8000},
    "parameters": {
        "learning_rate": {"values": [0.0005, 0.001, 0.003, 0.005, 0.0063, 0.0064, 1e200]},
        "initial_weight": {"min": -10, "max": 10, "num": 5},
        "initial_bias": {"values": [0, 5]},
    },
}

HOSTILE = "</script><img src=x onerror=alert(1)>"


def made(tmp_path: Path, **changes: Any) -> Run:
    """Runs the sweep with these changes."""
    return ls.run(SWEEP | changes, out=tmp_path, jobs=1, part_size=9)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Seven rates, five weights, two biases: every outcome is among them, infinities and NaN too."""
    return ls.run(SWEEP, out=tmp_path_factory.mktemp("told"), jobs=1, part_size=9)


def page_of(tmp_path: Path, *runs: Run) -> Page:
    """Returns the page of some runs, taken apart."""
    return Page(ls.report(*runs, file=tmp_path / "page.html").read_text(encoding="utf-8"))


def test_the_run_has_what_is_hard_to_show(run: Run) -> None:
    """Every outcome, infinities, NaN and missing epochs; else the facts below show little."""
    numbers = run.trials.select_dtypes("float64").to_numpy()
    assert np.isinf(numbers).any()
    assert np.isnan(numbers).any()
    assert set(run.trials["outcome"]) == set(OUTCOMES)


def same_table(found: Table, frame: pd.DataFrame) -> None:
    """Holds a page's table to be a DataFrame: every cell, to the bit where it is a number."""
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
    """In the words of `run`, under the answer; nowhere else."""
    cures = list(format_advice(advise(reopen(run)), "even the farthest start"))
    assert page_of(tmp_path, run).texts["advice"] == cures
    cured = made(tmp_path, parameters={"learning_rate": {"values": [0.005]}}, training={"epochs": 10_000})
    assert "advice" not in page_of(tmp_path, cured).texts


def test_the_tables_of_a_comparison_are_those_of_compare(run: Run, tmp_path: Path) -> None:
    """Every table that has a row, cell by cell; lists of trials stop after twenty, and say so."""
    other = made(tmp_path, name="other", training={"epochs": 8000, "loss": "mse"})
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
    """Others hold a cell a row."""
    [payload] = page_of(tmp_path, run).data
    columns = {column["name"]: column for column in payload["trials"]}
    assert columns["initial_bias"]["different"] == [0, 5]
    assert columns["initial_bias"]["rows"] == [0, 1] * 35
    assert "different" not in columns["weight"]


def cells_by_pandas(run: Run, x: str, y: str) -> pd.DataFrame:
    """Returns what the cells of a map hold, by pandas: one row a pair of values."""
    trials = run.trials.assign(
        came=run.trials["converged_at"].where(run.trials["outcome"] == "converged").astype("float64"),
        **{name: run.trials["outcome"] == name for name in OUTCOMES},
    )
    return trials.groupby([y, x]).agg(
        trials=("trial", "size"),
        **{name: (name, "sum") for name in OUTCOMES},
        median_converged_at=("came", "median"),
        best_cost=("cost", "min"),
        first_trial=("trial", "min"),
    )


@pytest.mark.parametrize(("number_of_map", "y"), [(0, "initial_weight"), (1, "initial_bias")])
def test_the_maps_of_a_page_are_those_of_pandas(run: Run, tmp_path: Path, number_of_map: int, y: str) -> None:
    """Every cell: counts, median, least cost and first trial; one map of the rate with each other."""
    [payload] = page_of(tmp_path, run).data
    assert len(payload["maps"]) == 2
    found, expected = payload["maps"][number_of_map], cells_by_pandas(run, "learning_rate", y)
    assert (found["x"]["name"], found["y"]["name"]) == ("learning_rate", y)
    for name in expected.columns:
        assert found[name] == plain(expected[name].astype("float64").to_numpy()), name
    regimes = run.trials.groupby([y, "learning_rate"])["regime"].first()
    assert found["regime"] == regimes.astype(object).tolist()
    assert found["edge"]["rates"] == [run.metadata["edge"]["stability_limit"]] * len(found["edge"]["rates"])
    assert found["regimes"][0] == "low"
    assert found["regimes"][-1] == "too high"


def test_of_many_trials_the_first_of_each_cell_and_the_best_are_listed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the one that the laboratory begins with; the page says of how many these are."""
    monkeypatch.setattr(gathering, "MAX_NUMBERS", 100)
    monkeypatch.setattr(gathering, "BEST", 3)
    found = gather(run)
    firsts = {
        int(trial) for cells in found.maps for trial in cells.first_trial[cells.trials > 0].ravel().tolist()
    }
    expected = firsts | set(run.best(3)["trial"]) | {found.best}
    assert found.trials["trial"].tolist() == sorted(expected)
    pd.testing.assert_frame_equal(
        found.trials, run.trials[run.trials["trial"].isin(expected)].reset_index(drop=True)
    )
    [payload] = page_of(tmp_path, run).data
    assert payload["all_listed"] is False
    assert payload["n_trials"] == 70


@pytest.mark.parametrize(("values", "cells"), [(60, 60 * 60), (200, 48 * 48 + 48 * 30)])
def test_maps_stay_small_however_many_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: int, cells: int
) -> None:
    """All of a run's maps together have at most MAX_CELLS cells."""
    parameters: dict[str, Any] = {
        "learning_rate": {"min": 0.001, "max": 0.006, "num": values},
        "initial_weight": {"min": -1, "max": 1, "num": 60},
    }
    if values == 200:
        parameters["initial_bias"] = {"min": -1, "max": 1, "num": 30}
    sweep = SWEEP | {"training": {"epochs": 1}, "parameters": parameters}
    found = gather(ls.run(sweep, out=tmp_path, jobs=1))
    assert sum(each.trials.size for each in found.maps) <= gathering.MAX_CELLS
    assert sum(each.trials.size for each in found.maps) == (cells if values == 60 else 36 * 36 + 36 * 30)


def test_many_parameters_have_few_maps_and_all_summaries(tmp_path: Path) -> None:
    """No more than MAX_MAPS; each parameter has its summary all the same."""
    names = [f"x{number}" for number in range(8)]
    rows = np.random.default_rng(0).normal(size=(20, 9))
    table = pd.DataFrame(rows, columns=[*names, "y"])
    sweep = SWEEP | {
        "training": {"epochs": 5},
        "parameters": {f"initial_weight_{name}": {"values": [0, 1]} for name in names},
    }
    del sweep["data"]
    found = gather(ls.run(sweep, data=(table[names], table["y"]), out=tmp_path, jobs=1))
    assert len(found.maps) == gathering.MAX_MAPS
    assert len(found.summaries) == 8


def test_a_parameter_of_one_value_has_no_map(tmp_path: Path) -> None:
    """Nor a summary; unless it is the only one."""
    parameters = {"learning_rate": {"values": [0.001, 0.002]}, "initial_bias": {"value": 1}}
    found = gather(made(tmp_path, training={"epochs": 3}, parameters=parameters))
    assert [each.y for each in found.maps] == [None]
    assert list(found.summaries) == ["learning_rate"]


def one(rates: list[Any], share: list[float], **more: Any) -> dict[str, list[Any]]:
    """Returns a summary by the learning rate of ten trials a row; those that did not converge diverged."""
    table = {
        "learning_rate": rates,
        "trials": [10] * len(rates),
        "converged": [round(10 * each) for each in share],
        "unfinished": [0] * len(rates),
        "diverged": [10 - round(10 * each) for each in share],
        "share_converged": share,
        "median_converged_at": [None if each == 0 else 1000.0 - row for row, each in enumerate(share)],
        "best_cost": [1.0] * len(rates),
    }
    return table | more


BEST = {"trial": 7, "learning_rate": 0.003, "initial_weight": -1.0, "initial_bias": 0.0, "cost": 1.5}
CONVERGED = BEST | {"outcome": "converged", "converged_at": 90}
NEAREST = BEST | {"outcome": "unfinished", "converged_at": None}


@pytest.mark.parametrize(
    ("table", "best", "said"),
    [
        (
            one([0.001, 0.002, 0.003, 0.01], [0.5, 1, 1, 0]),
            CONVERGED,
            "Best trial: 7 (learning rate 0.003, initial weight -1, initial bias 0): converged at epoch 90,"
            " cost 1.5. With learning rate from 0.002 to 0.003 every start converges, on the whole fastest"
            " at 0.003 (half of them within 998 epochs); above 0.00633053 none does.",
        ),
        (
            one([0.001, 0.002], [0.5, 1]),
            CONVERGED,
            "With learning rate 0.002 every start converges, half of them within 999 epochs.",
        ),
        (
            one(["0.001 to 0.002", "0.002 to 0.0062", "0.0062 to 0.02"], [1, 1, 0]),
            CONVERGED,
            "With learning rate from 0.001 to 0.0062 every start converges, on the whole fastest"
            " from 0.002 to 0.0062 (half of them within 999 epochs); above 0.00633053 none does.",
        ),
        (
            one([0.001, 0.002], [0.2, 0.8]),
            CONVERGED,
            "At no learning rate do all trials converge; most do at 0.002: 8 of 10 trials,"
            " half of them within 999 epochs.",
        ),
        (
            one([0.001, 0.002], [0, 0], unfinished=[10, 10], diverged=[0, 0], best_cost=[2.0, 1.0]),
            NEAREST,
            "no trial converged; this one came nearest, cost 1.5.",
        ),
        (one([0.001, 0.002], [0, 0]), NEAREST, "Every trial diverged; the stability limit is 0.00633053."),
    ],
)
def test_the_answer_is_the_best_trial_and_where_all_converge(
    run: Run, table: dict[str, list[Any]], best: dict[str, Any], said: str
) -> None:
    """From where to where all converge, where fastest, and above what none does."""
    told = answer(run, "learning_rate", table, best)
    assert told.startswith("Best trial: 7 (learning rate 0.003")
    assert told.endswith(said)


def test_the_edge_of_the_answer_is_theirs_only_if_no_trial_above_it_descended(run: Run) -> None:
    """Else it is the largest rate with a converged trial."""
    edge = run.metadata["edge"] | {"largest_stable": 0.0064}
    told = Run(run.store)
    told.__dict__["metadata"] = run.metadata | {"edge": edge}
    table = one([0.005, 0.0064, 0.0065], [1, 0.5, 0])
    assert answer(told, "learning_rate", table, CONVERGED).endswith("; above 0.0064 none does.")


RATES = {"min": 0.0005, "max": 0.02, "num": 9, "scale": "log"}
BY_MOMENTUM = {"learning_rate": RATES, "momentum": {"values": [0, 0.5, 0.9, 0.965]}}

KINDS: dict[str, dict[str, Any]] = {
    "by rate alone": {"parameters": {"learning_rate": RATES}},
    "by rate and momentum": {"parameters": BY_MOMENTUM},
    "at random": {
        "method": "random",
        "trials": 80,
        "seed": 3,
        "parameters": {"learning_rate": {"min": 0.001, "max": 0.01}, "momentum": {"min": 0, "max": 0.9}},
    },
    "none converged": {"parameters": BY_MOMENTUM, "training": {"epochs": 20}},
    "all diverged": {"parameters": {"learning_rate": {"values": [0.7, 0.5, 0.6]}}},
    "mini-batches": {
        "parameters": {
            "learning_rate": {"values": [0.0005, 0.002, 0.004]},
            "batch_size": {"values": [5, 30]},
        },
        "outcome": {"tolerance": 0.05},
    },
    "ties": {"parameters": {"learning_rate": {"values": [0.005, 0.003]}}, "training": {"epochs": 0}},
    "not finished": {"parameters": BY_MOMENTUM},
}


@pytest.mark.parametrize("kind", KINDS)
def test_all_that_name_the_best_trial_name_the_same(tmp_path: Path, kind: str) -> None:
    """Page, laboratory, end of `run`, `show --top 1`, `list`, metadata: that of a plain sort by pandas."""
    run = made(tmp_path, **KINDS[kind])
    if kind == "not finished":
        run.store.part(run.store.trials, 1).unlink()
        run = ls.load(run.path)
    trials = run.trials.assign(
        rank=run.trials["outcome"].astype(str).map(list(OUTCOMES).index),
        at=run.trials["converged_at"].where(run.trials["outcome"] == "converged").astype("float64"),
    )
    best = trials.sort_values(["rank", "at", "cost", "trial"]).iloc[0]
    found, number = gather(run), int(best["trial"])
    assert found.best == choose(run, Choice(top=1))["trial"].iloc[0] == number
    assert page_of(tmp_path, run).data[0]["best"] == number
    assert number in found.trials["trial"].tolist()
    settings = ", ".join(f"{name.replace('_', ' ')} {best[name]:.6g}" for name in run.varied)
    how = (
        f"converged at epoch {best['converged_at']:,}"
        if best["outcome"] == "converged"
        else "no trial converged; this one came nearest"
    )
    sentence = f"Best trial: {number} ({settings}): {how}, cost {best['cost']:.6g}."
    assert found.answer.startswith(sentence)
    if run.finished:
        assert run.metadata["best"]["trial"] == listed([run])[0]["best_trial"].iloc[0] == number
        table = summary_to_read(run)
        assert sentence in "\n".join(format_run(run, table, list(table))).replace("_", " ")


@pytest.mark.parametrize("n", [0, -1])
def test_fewer_than_one_best_trial_is_refused(run: Run, n: int) -> None:
    """A count from the end would be all trials but the worst."""
    with pytest.raises(ls.ConfigError, match=f"n: must be at least 1, got {n}"):
        run.best(n)


def test_the_laboratory_has_the_problem_to_the_bit(run: Run, tmp_path: Path) -> None:
    """H, C, optimum and spectrum, by which the page trains trials itself."""
    [payload] = page_of(tmp_path, run).data
    found, experiment = payload["laboratory"], reopen(run)
    found |= found["setups"][0]
    problem = experiment.problem
    for name, expected in {
        "hessian": problem.hessian,
        "constant": problem.constant,
        "optimum": problem.optimum,
        "eigenvalues": problem.eigenvalues,
        "eigenvectors": problem.eigenvectors.T,
    }.items():
        np.testing.assert_array_equal(np.array(found[name], np.float64), expected, err_msg=name)
    assert found["converged_excess"] == experiment.converged_excess
    assert found["cost_min"] == problem.cost_min
    assert [each["name"] for each in found["inputs"]] == [
        *("learning_rate", "initial_weight", "initial_bias"),
        *("momentum", "max_epochs"),
    ]


def test_the_laboratory_says_what_it_does_not_know(tmp_path: Path) -> None:
    """Trial by trial; of those it has the states that were kept, each above its own optimum."""
    sweep = SWEEP | {
        "training": {"epochs": 100},
        "history": {"every": "log"},
        "parameters": {
            "optimizer": {"values": ["adam", "sgd"]},
            "weight_decay": {"values": [0.0, 2.0]},
            "loss": {"values": ["half_mse", "mse"]},
            "learning_rate": {"values": [0.001, 0.002]},
        },
    }
    run = ls.run(sweep, out=tmp_path, jobs=1)
    [payload] = page_of(tmp_path, run).data
    found, trials = payload["laboratory"], run.trials
    ways = [found["ways"][way] if way >= 0 else "" for way in found["way"]]
    adam, decays = trials["optimizer"] == "adam", trials["weight_decay"] > 0
    expected = [
        "adam" * a + " and " * (a and d) + "weight decay" * d for a, d in zip(adam, decays, strict=True)
    ]
    assert ways == expected
    assert len(found["setups"]) == 2
    assert {(loss, setup) for loss, setup in zip(trials["loss"], found["setup"], strict=True)} == {
        ("half_mse", 0),
        ("mse", 1),
    }
    kept = pd.DataFrame({name: found["kept"][name] for name in ("trial", "epoch", "excess")})
    assert set(kept["trial"]) == set(trials["trial"][adam | decays])
    assert (kept.groupby("trial")["epoch"].min() == 0).all()
    last = kept.groupby("trial").last()
    assert (last["epoch"] == 100).all()
    np.testing.assert_allclose(last["excess"], trials["excess_cost"][last.index], rtol=1e-12)
    [table] = page_of(tmp_path, run).tables["of-each"]
    assert [[text for text, _ in row][:2] for row in table.rows] == [
        [optimizer, loss] for optimizer in ("adam", "sgd") for loss in ("half_mse", "mse")
    ]


def test_without_its_data_a_run_has_no_laboratory_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest of the page is there."""
    monkeypatch.setattr(opening, "SMALL", 0)  # else the run would keep them
    file = tmp_path / "rows.csv"
    file.write_text("x,y\n1,2\n2,4.5\n3,5\n", encoding="utf-8")
    run = made(tmp_path, data={"path": str(file), "y": "y"}, training={"epochs": 5})
    file.write_text("x,y\n1,2\n2,4.5\n3,6\n", encoding="utf-8")
    page = page_of(tmp_path, run)
    assert page.data[0]["laboratory"] is None
    assert any(
        text.startswith("There is none: ") and "the data of the run have changed since" in text
        for text in page.texts["aside"]
    )
    assert len(page.data[0]["trials"][0]["cells"]) == 70


def test_a_tolerance_that_every_cost_is_within_can_be_shown(tmp_path: Path) -> None:
    """Its product with the data's scale is no number any more."""
    rates = {"learning_rate": {"values": [0.001, 1.0]}}
    run = made(tmp_path, outcome={"tolerance": 1e308}, training={"epochs": 5}, parameters=rates)
    found = page_of(tmp_path, run).data[0]["laboratory"]
    assert found["converged_excess"] == sys.float_info.max
    ls.plot(run, kind="cost").figure.canvas.draw()


def test_with_many_parameters_there_is_no_laboratory(tmp_path: Path) -> None:
    """A page would wait for each move of a slider."""
    rows = np.random.default_rng(0).normal(size=(60, 41))
    sweep = SWEEP | {"training": {"epochs": 2}, "parameters": {"learning_rate": {"values": [0.1]}}}
    del sweep["data"]
    run = ls.run(sweep, data=(rows[:, :40], rows[:, 40]), out=tmp_path, jobs=1)
    with pytest.raises(ls.ResultsError, match="has 41 parameters a target, a page can train up to 40"):
        laboratory(run, reopen(run), run.trials)


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


def test_the_policy_allows_the_pages_own_style_and_script_alone(run: Run, tmp_path: Path) -> None:
    """By their hashes, taken of the text between the tags; nothing is loaded from elsewhere."""
    file = ls.report(run, file=tmp_path / "page.html")
    page = Page(file.read_text(encoding="utf-8"))
    [style], [script] = page.texts["style"], page.texts["script"]

    def hashed(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    assert page.policy == (
        f"default-src 'none'; style-src 'sha256-{hashed(style)}'; script-src 'sha256-{hashed(script)}';"
        " base-uri 'none'; form-action 'none'"
    )
    assert loads_from_elsewhere(file.read_text(encoding="utf-8")) == []
    assert not any("style" in attributes for _, attributes in page.elements)
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)


def test_what_is_loaded_from_elsewhere_would_be_found() -> None:
    """Else the fact above says nothing."""
    for text in ('<img src="x.png">', "<a href='http://a'>", "@import 'x'", "a { b: url(http://c) }"):
        assert loads_from_elsewhere(text), text
    assert not loads_from_elsewhere('<a href="#comparison">')


def hostile(tmp_path: Path) -> Run:
    """Returns a run whose name, data, columns and notes would all run as HTML."""
    sweep = SWEEP | {"training": {"epochs": 3}, "parameters": {"learning_rate": {"values": [0.1, 0.2]}}}
    table = pd.DataFrame({HOSTILE: [1.0, 2.0, 3.0], "b": [1.0, 0.0, 5.0], f"y{HOSTILE}": [1.0, 2.0, 2.0]})
    del sweep["data"]
    run = ls.run(sweep, data=(table[[HOSTILE, "b"]], table[f"y{HOSTILE}"]), out=tmp_path, jobs=1)
    metadata = json.loads(run.store.metadata.read_text(encoding="utf-8"))
    metadata["data"] |= {"source": HOSTILE, "notes": [HOSTILE]}
    metadata["versions"][HOSTILE] = HOSTILE
    run.store.write_metadata(metadata)
    loaded = ls.load(run.path)
    loaded.metadata["name"] = HOSTILE  # refused where it is read: the page is not to rely on that
    return loaded


def test_nothing_of_a_run_becomes_html(tmp_path: Path) -> None:
    """Names, columns, notes and versions that would run as HTML stay text."""
    page = page_of(tmp_path, hostile(tmp_path))
    assert page.texts["h1"] == [HOSTILE]
    assert HOSTILE in " ".join(page.texts["aside"])
    assert f"weight_{HOSTILE}" in [column["name"] for column in page.data[0]["trials"]]
    assert not {"img", "iframe", "object", "link"} & {tag for tag, _ in page.elements}
    assert len(page.texts["script"]) == len(page.texts["application/json"]) == 1


@pytest.mark.parametrize("text", [HOSTILE, "<!--", "]]>", "\u2028\u2029", "&amp;"])
def test_json_in_a_page_ends_nothing_and_means_the_same(text: str) -> None:
    """It holds none of the characters that HTML or old JavaScript would take for their own."""
    said = as_json({text: [text, 0.1, None]})
    assert not set(said) & set("<>&\u2028\u2029")
    assert json.loads(said) == {text: [text, 0.1, None]}


def test_numbers_of_a_page_are_exact() -> None:
    """Infinities are text, NaN is null, whole numbers are short, and -0 stays itself."""
    values = [0.1, 1e300, 5e-324, 3.0, -0.0, math.inf, -math.inf, math.nan, 2.0**60]
    said = plain(np.array(values))
    assert said[:4] == [0.1, 1e300, 5e-324, 3]
    assert isinstance(said[3], int)
    assert str(said[4]) == "-0.0"
    assert said[5:8] == ["Infinity", "-Infinity", None]
    assert said[8] == 2.0**60


def test_the_scripts_are_all_there_and_end_no_script() -> None:
    """Each file of the folder has its place in the page."""
    folder = resources.files("linreg_sweep.reports").joinpath("scripts")
    assert sorted(file.name for file in folder.iterdir()) == sorted(f"{name}.js" for name in SCRIPTS)
    for name in SCRIPTS:
        source = folder.joinpath(f"{name}.js").read_text(encoding="utf-8")
        assert "</script" not in source
        assert "<!--" not in source
        assert not any(word in source for word in ("innerHTML", "eval(", "fetch(", "document.write"))


def test_a_page_without_data_is_light(tmp_path: Path) -> None:
    """Well under 1 MB."""
    run = made(tmp_path, parameters={"learning_rate": {"values": [0.001]}}, training={"epochs": 2})
    assert ls.report(run, file=tmp_path / "page.html").stat().st_size < 100_000


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


def test_first_trials_are_the_lowest_numbers_of_cells(run: Run) -> None:
    """Whatever the parts; a cell without a trial has none."""
    found: Cells = gather(run).maps[0]
    assert (
        found.first_trial.ravel().tolist()
        == cells_by_pandas(run, "learning_rate", "initial_weight")["first_trial"].tolist()
    )
