"""Facts about the maps of a report: every cell is that of pandas, and they stay few and small."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import linreg_sweep as ls
from linreg_sweep.plots.cells import Cells
from linreg_sweep.reports import gather as gathering
from linreg_sweep.reports.gather import gather
from linreg_sweep.reports.payload import plain
from linreg_sweep.runs.results import Run
from tests.reported import SWEEP, cells_by_pandas, made, page_of, run

__all__ = ["run"]


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
    limit = run.metadata["edge"]["stability_limit"]
    assert limit is not None
    assert 0.0063 < limit < 0.0064  # where the fifth of seven equal cells ends
    assert [at for at, _ in found["edge"]["points"]] == [4.5, 4.5]
    assert found["x"]["values"] == SWEEP["parameters"]["learning_rate"]["values"]
    assert found["x"]["edges"] == plain(np.arange(8) - 0.5)
    assert found["regimes"][0] == "low"
    assert found["regimes"][-1] == "too high"


def test_of_many_trials_the_first_of_each_cell_and_the_best_are_listed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the one that the laboratory begins with; the page says of how many these are."""
    monkeypatch.setattr(gathering, "MAX_NUMBERS", 100)
    monkeypatch.setattr(gathering, "BEST", 3)
    found = gather(run)
    assert found.blocks == [1, 1]
    firsts = {
        int(trial) for cells in found.maps for trial in cells.first_trial[cells.trials > 0].ravel().tolist()
    }
    expected = firsts | set(run.best(3)["trial"]) | {found.best}
    assert found.trials["trial"].tolist() == sorted(expected)
    pd.testing.assert_frame_equal(
        found.trials, run.trials[run.trials["trial"].isin(expected)].reset_index(drop=True)
    )
    assert found.others.empty
    [payload] = page_of(tmp_path, run).data
    assert payload["all_listed"] is False
    assert payload["n_trials"] == 70


def test_of_more_cells_one_trial_a_block_is_listed_and_of_the_others_what_varies(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks are squares, cut off at the ends: seven by five cells are twelve of two by two."""
    monkeypatch.setattr(gathering, "MAX_NUMBERS", 100)
    monkeypatch.setattr(gathering, "BEST", 3)
    monkeypatch.setattr(gathering, "MAX_LISTED", 30)
    found = gather(run)
    assert found.blocks == [2, 1]
    expected = set(run.best(3)["trial"])
    for cells, block in zip(found.maps, found.blocks, strict=True):
        firsts = pd.DataFrame(cells.first_trial)
        rows, columns = firsts.index // block, firsts.columns // block
        expected |= set(firsts.groupby(rows).min().T.groupby(columns).min().to_numpy().ravel())
    assert set(found.trials["trial"]) == expected
    every = {trial for cells in found.maps for trial in cells.first_trial.ravel()}
    others = run.trials[run.trials["trial"].isin(every - expected)].reset_index(drop=True)
    pd.testing.assert_frame_equal(found.others, others[["trial", *run.varied]])


@pytest.mark.parametrize(
    ("most", "expected"), [(2**16, [(60, 200), (30, 200)]), (6000, [(54, 54), (30, 100)])]
)
def test_maps_are_as_fine_as_the_data_and_stay_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, expected: list[tuple[int, int]]
) -> None:
    """A cell a value, or ranges, so that all of a run's maps together have at most MAX_CELLS cells."""
    parameters: dict[str, Any] = {
        "learning_rate": {"min": 0.001, "max": 0.006, "num": 200},
        "initial_weight": {"min": -1, "max": 1, "num": 60},
        "initial_bias": {"min": -1, "max": 1, "num": 30},
    }
    training = {"epochs": 1, "engine": "closed_form"}
    monkeypatch.setattr(gathering, "MAX_CELLS", most)
    found = gather(ls.run(SWEEP | {"training": training, "parameters": parameters}, out=tmp_path, jobs=1))
    assert [each.trials.shape for each in found.maps] == expected
    assert [each.trials.sum() for each in found.maps] == [360_000] * 2


def test_maps_of_trials_at_random_have_some_in_each_cell(tmp_path: Path) -> None:
    """Of 2,000 trials there are cells for 500, where each parameter takes 2,000 values."""
    between = {"distribution": "uniform", "min": 0.001, "max": 0.006}
    sweep = SWEEP | {
        "method": "random",
        "trials": 2000,
        "seed": 1,
        "training": {"epochs": 1, "engine": "closed_form"},
    }
    parameters = {"learning_rate": between, "initial_weight": between | {"min": -1, "max": 1}}
    found = gather(ls.run(sweep | {"parameters": parameters}, out=tmp_path, jobs=1))
    assert [each.trials.shape for each in found.maps] == [(22, 22)]


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


def test_first_trials_are_the_lowest_numbers_of_cells(run: Run) -> None:
    """Whatever the parts; a cell without a trial has none."""
    found: Cells = gather(run).maps[0]
    assert (
        found.first_trial.ravel().tolist()
        == cells_by_pandas(run, "learning_rate", "initial_weight")["first_trial"].tolist()
    )
