"""Facts about a run read back: its tables, their types, and what is said where they cannot be read."""

import io
import json
import math
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import linreg_sweep as ls
from linreg_sweep.errors import ConfigError, ResultsError
from linreg_sweep.storage.store import FORMAT_VERSION
from linreg_sweep.theory.outcome import OUTCOMES, REGIMES
from tests.small_run import PYTHON, made

SWEEP: dict[str, Any] = {
    "name": "rates-and-starts",
    "data": {"name": "tutorial"},
    "method": "grid",
    "training": {"epochs": 400},
    "history": {"every": 100},
    "parameters": {
        "learning_rate": {"values": [0.001, 0.005, 0.006, 0.007]},
        "initial_weight": {"min": -10, "max": 10, "step": 10},
        "epochs": {"values": [100, 400]},
    },
}

TYPES = {
    "trial": "int64",
    "learning_rate": "float64",
    "initial_weight": "float64",
    "initial_bias": "float64",
    "max_epochs": "Int64",
    "outcome": "category",
    "epochs": "int64",
    "converged_at": "Int64",
    "diverged_at": "Int64",
    "weight": "float64",
    "bias": "float64",
    "cost": "float64",
    "excess_cost": "float64",
    "contraction": "float64",
    "regime": "category",
    "regime_source": "category",
    "stability_ratio": "float64",
    "predicted_outcome": "category",
    "predicted_at": "Int64",
    "theory": "category",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> ls.Run:
    """A finished run of 24 trials in parts of 7."""
    return ls.run(SWEEP, out=tmp_path_factory.mktemp("results"), jobs=1, part_size=7)


def test_the_trials_table_has_the_promised_columns_and_types(run: ls.Run) -> None:
    """One row a trial, sorted by trial, through our reader and through pandas alone."""
    for trials in (run.trials, pd.read_parquet(run.path / "trials")):
        assert trials.dtypes.astype(str).to_dict() == TYPES
        assert list(trials) == list(TYPES)
        assert trials["trial"].tolist() == list(range(24))
        assert tuple(trials["outcome"].cat.categories) == OUTCOMES
        assert tuple(trials["regime"].cat.categories) == REGIMES


def test_the_trials_are_the_grid(run: ls.Run) -> None:
    """The last declared parameter turns fastest."""
    trials = run.trials
    rates = [rate for rate in (0.001, 0.005, 0.006, 0.007) for _ in range(6)]
    assert trials["learning_rate"].tolist() == rates
    assert trials["initial_weight"].tolist() == [-10.0, -10.0, 0.0, 0.0, 10.0, 10.0] * 4
    assert trials["max_epochs"].tolist() == [100.0, 400.0] * 12


def test_the_history_is_one_row_a_kept_state(run: ls.Run) -> None:
    """Sorted by trial and epoch; it begins at the start, and ends where the trial did."""
    history = run.history
    assert history.dtypes.astype(str).to_dict() == {
        "trial": "int64",
        "epoch": "int64",
        "weight": "float64",
        "bias": "float64",
        "cost": "float64",
    }
    assert list(history[["trial", "epoch"]].itertuples(index=False, name=None)) == [
        (trial, epoch)
        for trial, done in zip(run.trials["trial"], run.trials["epochs"], strict=True)
        for epoch in range(0, done + 1, 100)
    ]
    begin = history[history["epoch"] == 0]
    assert begin["weight"].tolist() == run.trials["initial_weight"].tolist()
    last = history.merge(run.trials, left_on=["trial", "epoch"], right_on=["trial", "epochs"])
    assert len(last) > 4
    for name in ("weight", "bias", "cost"):
        assert last[f"{name}_x"].tolist() == last[f"{name}_y"].tolist()


def test_what_a_run_says_of_itself(run: ls.Run) -> None:
    """Name, size, what varies, and that it is finished; the same when loaded again."""
    for found in (run, ls.load(run.path), ls.load(str(run.path)), *ls.list_runs(run.path.parent)):
        assert (found.name, found.n_trials, found.n_trials_done) == ("rates-and-starts", 24, 24)
        assert found.finished
        assert found.varied == ["learning_rate", "initial_weight", "max_epochs"]
        assert found.columns == list(TYPES)
        pd.testing.assert_frame_equal(found.trials, run.trials, check_exact=True)


def test_metadata_are_plain_json(run: ls.Run) -> None:
    """Versions, data, times, outcomes and the best trial, without NaN or infinity."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    metadata = json.loads((run.path / "metadata.json").read_text(), parse_constant=refuse)
    assert metadata["format_version"] == FORMAT_VERSION
    assert metadata["versions"].keys() >= {"python", "linreg-sweep", "numpy", "torch"}
    assert metadata["data"]["source"] == "tutorial (built in)"
    assert (metadata["data"]["rows"], metadata["data"]["features"], metadata["data"]["targets"]) == (
        30,
        ["x"],
        ["y"],
    )
    assert len(metadata["data"]["sha256"]) == 64
    assert pd.Timestamp(metadata["created"]) <= pd.Timestamp(metadata["finished"])
    assert (metadata["n_trials"], metadata["part_size"], metadata["n_parts"]) == (24, 7, 4)
    counts = run.trials["outcome"].value_counts().to_dict()
    assert metadata["outcomes"] == {name: counts[name] for name in OUTCOMES}
    best = run.best(1).iloc[0]
    assert metadata["best"]["trial"] == best["trial"]
    assert metadata["best"]["cost"] == best["cost"]


def test_the_best_where_all_diverged_has_no_infinite_number_in_json(tmp_path: Path) -> None:
    """What is missing or infinite is null there."""
    absurd = SWEEP | {
        "parameters": {"learning_rate": {"values": [1e300]}, "initial_weight": {"values": [1e150]}},
        "history": {},
    }
    run = ls.run(absurd, out=tmp_path, jobs=1)
    assert run.metadata["outcomes"] == {"converged": 0, "unfinished": 0, "diverged": 1}
    assert run.metadata["best"]["converged_at"] is None
    assert not math.isfinite(run.trials["cost"][0])
    assert run.metadata["best"]["cost"] is None


def test_a_summary_goes_by_what_varies(run: ls.Run, tmp_path: Path) -> None:
    """By what is named; else by the learning rate; where that does not vary, by all that does."""
    assert list(run.summary())[:2] == ["learning_rate", "trials"]
    assert run.summary("max_epochs")["trials"].tolist() == [12, 12]
    both = run.summary(["initial_weight", "learning_rate"])
    assert list(both)[:3] == ["initial_weight", "learning_rate", "trials"]
    assert both["trials"].tolist() == [2] * 12
    starts = SWEEP | {"parameters": {"initial_weight": {"values": [1, 2]}, "momentum": {"values": [0, 0.5]}}}
    other = ls.run(starts, out=tmp_path, jobs=1)
    assert list(other.summary())[:3] == ["initial_weight", "momentum", "trials"]


def test_summary_csv_is_the_summary(run: ls.Run) -> None:
    """The file holds the same table, every float to the bit, whole numbers without a point."""
    text = (run.path / "summary.csv").read_text()
    pd.testing.assert_frame_equal(
        pd.read_csv(io.StringIO(text)), run.summary(), check_dtype=False, check_exact=True
    )
    assert ",28,28," in text


def test_a_summary_is_gathered_where_asked(run: ls.Run) -> None:
    """`bins` gathers what has more values than that."""
    table = run.summary("initial_weight", bins=2)
    assert table["initial_weight"].astype(str).tolist() == ["-10 to 0", "0 to 10"]
    assert table["trials"].tolist() == [8, 16]


def test_values_are_counted(run: ls.Run) -> None:
    """How many rows a summary would have."""
    assert run.has_more_values(["learning_rate", "initial_weight"], 11)
    assert not run.has_more_values(["learning_rate", "initial_weight"], 12)


def test_where_and_best_choose_trials(run: ls.Run) -> None:
    """Both give rows of the trials table."""
    assert run.where("learning_rate == 0.007")["outcome"].unique().tolist() == ["diverged"]
    assert run.best(3)["outcome"].tolist() == ["converged"] * 3


def test_an_unknown_parameter_is_named(run: ls.Run) -> None:
    """With the nearest that there is."""
    with pytest.raises(ConfigError, match=r"^there is no column 'lr'\. Hint: known here: bias, "):
        run.summary(["lr"])


def test_a_run_without_history_says_so(tmp_path: Path) -> None:
    """And how to get one."""
    run = ls.run(SWEEP | {"history": {}}, out=tmp_path, jobs=1)
    with pytest.raises(ResultsError) as caught:
        _ = run.history
    assert str(caught.value) == (
        f"{run.path}: this run keeps no history. Hint: declare history: {{every: 100}} and run the sweep"
    )


def test_a_run_without_parts_says_so(tmp_path: Path) -> None:
    """Nothing can be told of a run that was stopped before its first part."""
    run = ls.run(SWEEP, out=tmp_path, jobs=1)
    for part in (run.path / "trials").iterdir():
        part.unlink()
    again = ls.load(run.path)
    assert again.n_trials_done == 0
    with pytest.raises(ResultsError) as caught:
        _ = again.trials
    assert str(caught.value) == f"{run.path}: no trial is finished yet. Hint: run the sweep"


def test_a_damaged_part_is_named(tmp_path: Path) -> None:
    """The rest of the run cannot be shown as if it were all."""
    run = ls.run(SWEEP, out=tmp_path, jobs=1, part_size=7)
    part = run.path / "trials" / "part-00002.parquet"
    part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(ResultsError) as caught:
        _ = ls.load(run.path).trials
    hint = "run the sweep again: what is damaged is set aside and made again"
    assert str(caught.value) == f"{part}: is damaged. Hint: {hint}"


def test_a_run_is_a_table_in_a_notebook(run: ls.Run) -> None:
    """Its name and the summary, escaped."""
    html = run._repr_html_()
    assert html.startswith("<p>rates-and-starts: ")
    assert html.count("<tr") == 5


def test_there_are_no_runs_where_there_is_nothing(tmp_path: Path) -> None:
    """An empty or missing directory has none, and no run can be loaded from it."""
    assert ls.list_runs(tmp_path) == ls.list_runs(tmp_path / "nowhere") == []
    with pytest.raises(ResultsError, match="metadata"):
        ls.load(tmp_path)


@pytest.mark.parametrize("library", ["duckdb", "polars"])
def test_other_readers_see_one_table(run: ls.Run, library: str) -> None:
    """The folder of parts is one table to them, with the same rows."""
    module = import_module(library)
    pattern = str(run.path / "trials" / "*.parquet")
    frame = module.read_parquet(pattern)
    table = frame.df() if library == "duckdb" else frame.to_pandas()
    assert table["trial"].tolist() == run.trials["trial"].tolist()
    assert table["cost"].tolist() == run.trials["cost"].tolist()
    assert table["outcome"].astype(str).tolist() == run.trials["outcome"].astype(str).tolist()


def test_summary_by_epochs_goes_by_what_was_declared(run: ls.Run) -> None:
    """`epochs`, where it varies, is the parameter, not the column of epochs done."""
    table = run.summary(by="epochs")
    assert table["max_epochs"].tolist() == [100.0, 400.0]
    assert table["trials"].tolist() == [12, 12]
    assert run.trials["epochs"].nunique() > 2


def test_a_run_whose_history_is_gone_is_not_finished(tmp_path: Path) -> None:
    """A part counts with both of its files; running again brings the history back."""
    run = ls.run(SWEEP, out=tmp_path, jobs=1, part_size=7)
    before = run.history
    for part in run.store.history.iterdir():
        part.unlink()
    run.store.history.rmdir()
    assert not ls.load(run.path).finished
    assert ls.run(SWEEP, out=tmp_path, jobs=1).history.equals(before)


def test_a_part_that_no_trial_belongs_to_is_not_counted(tmp_path: Path) -> None:
    """As one that was copied there; the next run sets it aside."""
    run = made(tmp_path, data=PYTHON)
    table = run.trials
    for folder in (run.store.trials, run.store.history):
        shutil.copy(run.store.part(folder, 0), run.store.part(folder, 99999))
    again = ls.load(run.path)
    assert (again.finished, again.n_trials_done) == (True, run.n_trials)
    assert again.trials.equals(table)
    said: list[str] = []
    made(tmp_path, data=PYTHON, report=said.append)
    assert len(said) == 2
    assert again.store.part_numbers(again.store.trials) == {0, 1}


def test_a_run_says_in_a_line_what_it_is(run: ls.Run) -> None:
    """Its name, how far it is, and where it is."""
    assert repr(run) == f"<Run 'rates-and-starts': 24 of 24 trials, {run.path}>"


def test_the_names_of_the_package_are_listed() -> None:
    """Completion in a notebook finds what there is to call, and nothing else."""
    assert {"run", "plan", "train", "load", "list_runs"} <= set(dir(ls))
    assert "import_module" not in dir(ls)


def test_a_random_sweep_without_learning_rates_is_summarised_by_its_first_parameter(tmp_path: Path) -> None:
    """By all of them, each row would be a trial."""
    sweep = {
        "name": "starts",
        "data": {"name": "tutorial"},
        "training": {"epochs": 5},
        "method": "random",
        "trials": 50,
        "parameters": {"initial_bias": {"min": 0, "max": 1}, "initial_weight": {"min": 0, "max": 1}},
    }
    run = ls.run(sweep, out=tmp_path, jobs=1)
    assert run.default_by() == ["initial_bias"]
    assert pd.read_csv(run.store.summary)["trials"].sum() == 50


def test_a_scale_by_ratio_is_that_of_any_product(tmp_path: Path) -> None:
    """Whichever product of a union declares it, the first or a later one."""
    linear: dict[str, Any] = {"values": [0.001, 0.002]}
    log: dict[str, Any] = {"min": 1e-6, "max": 1e-3, "num": 3, "scale": "log"}
    for place, products in enumerate([[linear, log], [log, linear], [linear, linear]]):
        sweep = SWEEP | {"parameters": [{"learning_rate": each} for each in products]}
        run = ls.run(sweep, out=tmp_path / str(place), jobs=1)
        assert run.metadata["log_scaled"] == ["learning_rate"] * (log in products)
