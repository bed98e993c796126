"""Facts about whole sweeps, from declaration to tables: the same bits however they are run."""

import shutil
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import linreg_sweep as ls
from linreg_sweep.trials.loading import Arrays
from tests import literal
from tests.whole_sweeps import GRID, RANDOM, assert_same_run, parts_of

SWEEPS = {
    "grid, numpy": GRID,
    "grid, torch": GRID | {"training": {"epochs": 40, "engine": "torch", "dtype": "float32"}},
    "random, numpy": RANDOM,
    "random, torch": RANDOM
    | {"trials": 60, "training": {"epochs": 20, "engine": "torch"}}
    | {"parameters": RANDOM["parameters"] | {"epochs": {"min": 1, "max": 20}}},
}


@pytest.fixture(scope="module", params=SWEEPS)
def sweep_and_run(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], ls.Run]:
    """A sweep, and its run in one process with parts of the default size."""
    sweep = SWEEPS[request.param]
    return sweep, ls.run(sweep, out=tmp_path_factory.mktemp("results"), jobs=1)


@pytest.mark.parametrize(
    ("jobs", "part_size"),
    [
        (2, 7),
        *(
            pytest.param(*case, marks=pytest.mark.system)
            for case in ((1, 7), (2, 1), (2, 100), (2, None), (None, 100))
        ),
    ],
)
def test_neither_workers_nor_parts_change_a_bit(
    sweep_and_run: tuple[dict[str, Any], ls.Run], tmp_path: Path, jobs: int | None, part_size: int | None
) -> None:
    """Any number of workers and any size of parts give the same tables and summary file, to the bit."""
    sweep, reference = sweep_and_run
    if part_size == 1:
        few = (
            {"trials": 25}
            if "trials" in sweep
            else {
                "parameters": {
                    "learning_rate": {"values": [0.001, 0.005, 0.007]},
                    "initial_weight": {"min": -10, "max": 10, "num": 5},
                }
            }
        )
        sweep = sweep | few
        reference = ls.run(sweep, out=tmp_path / "reference", jobs=1)
    run = ls.run(sweep, out=tmp_path, jobs=jobs, part_size=part_size)
    if part_size is not None:
        assert len(list((run.path / "trials").iterdir())) == -(-run.n_trials // part_size)
    assert_same_run(run, reference)


def test_every_part_is_a_pure_function_of_its_number(tmp_path: Path) -> None:
    """Parts of the same size have the same bytes, whoever made them."""
    one = ls.run(GRID, out=tmp_path / "one", jobs=1, part_size=50)
    two = ls.run(GRID, out=tmp_path / "two", jobs=2, part_size=50)
    contents = [[content for content, _ in parts_of(run).values()] for run in (one, two)]
    assert len(contents[0]) == 10
    assert contents[0] == contents[1]


def test_trials_are_those_of_a_literal_loop(tmp_path: Path) -> None:
    """A sample of a sweep's trials is what a loop over the rows in plain Python gives."""
    run = ls.run(GRID, out=tmp_path, jobs=1)
    declared = ls.plan(GRID)
    assert declared.n_trials == len(run.trials) == 210
    path = Path(ls.__file__).parent / "datasets" / "tutorial.csv"
    data = pd.read_csv(path)
    for number in (0, 33, 77, 105, 150, 172, 187, 209):
        row = run.trials.iloc[number]
        oracle = literal.train(
            data[["x"]].to_numpy(float),
            data[["y"]].to_numpy(float),
            [[row["initial_weight"]], [row["initial_bias"]]],
            learning_rate=row["learning_rate"],
            rule=partial(literal.Sgd, momentum=row["momentum"]),
            epochs=120,
        )
        assert row["epochs"] == oracle.epochs
        for event, at in (("converged_at", oracle.converged_at), ("diverged_at", oracle.diverged_at)):
            assert (literal.NEVER if pd.isna(row[event]) else row[event]) == at
        assert [row["weight"], row["bias"]] == pytest.approx(oracle.theta.ravel().tolist(), rel=1e-9)
        assert row["contraction"] == pytest.approx(oracle.contraction, rel=1e-9)


def some_arrays(n_features: int | None, n_targets: int | None) -> Arrays:
    """Returns x (n,) or (n, F) and y (n,) or (n, O)."""
    generator = np.random.default_rng(9)
    x = generator.standard_normal((12, n_features or 1))
    y = x @ generator.standard_normal((n_features or 1, n_targets or 1)) + 1
    return (x if n_features else x.ravel()), (y if n_targets else y.ravel())


@pytest.mark.parametrize("n_features", [None, 1, 3])
@pytest.mark.parametrize("n_targets", [None, 1, 2])
def test_data_from_python_of_any_shape(tmp_path: Path, n_features: int | None, n_targets: int | None) -> None:
    """(n,) is one column; the optimum that trials converge to is numpy.linalg.lstsq's."""
    x, y = some_arrays(n_features, n_targets)
    sweep = GRID | {
        "parameters": {"learning_rate": {"values": [0.5]}},
        "training": {"epochs": 3000},
        "outcome": {"tolerance": 1e-20},
    }
    run = ls.run(sweep, data=(x, y), out=tmp_path, jobs=1)
    design = np.column_stack([x, np.ones(12)])
    best = np.linalg.lstsq(design, y.reshape(12, -1), rcond=None)[0]
    row = run.trials.iloc[0]
    assert row["outcome"] == "converged"
    names = [name for name in run.columns if name.startswith(("weight", "bias"))]
    assert len(names) == best.size
    assert row[names].to_numpy(float) == pytest.approx(best.ravel(), abs=1e-8)


def test_one_column_and_a_flat_array_are_the_same_data(tmp_path: Path) -> None:
    """(n,) and (n, 1) have one directory."""
    x, y = some_arrays(None, None)
    flat = ls.run(GRID, data=(x, y), out=tmp_path, jobs=1)
    columns = ls.run(GRID, data=(x[:, None], y[:, None].tolist()), out=tmp_path, jobs=1)
    assert flat.path == columns.path


@pytest.mark.parametrize("source", ["tutorial", "file", "arrays", "standardized"])
def test_a_runs_own_config_is_a_sweep_that_gives_the_same(tmp_path: Path, source: str) -> None:
    """config.yaml leaves nothing to a default: run from anywhere it is the same sweep, and the same run."""
    sweep, data = dict(GRID), None
    if source == "file":
        frame = pd.DataFrame({"size": [1.0, 2.0, 4.0], "rooms": [2.0, 1.0, 1.0], "price": [3.0, 5.0, 8.0]})
        frame.to_csv(tmp_path / "houses.csv", index=False)
        sweep |= {"data": {"path": str(tmp_path / "houses.csv"), "y": "price"}}
    elif source == "arrays":
        data = some_arrays(2, 2)
    elif source == "standardized":
        data = some_arrays(2, 1)
        sweep |= {"data": {"name": "tutorial", "standardize": True}}
    run = ls.run(sweep, data=data, out=tmp_path / "results", jobs=1)
    again = ls.run(run.path / "config.yaml", out=tmp_path / "results")
    assert again.path == run.path
    elsewhere = ls.run(run.path / "config.yaml", out=tmp_path / "elsewhere", jobs=1)
    pd.testing.assert_frame_equal(elsewhere.trials, run.trials, check_exact=True)
    assert elsewhere.path.name == run.path.name
    if source == "arrays":  # a run that is moved takes its data along
        moved = tmp_path / "moved"
        shutil.move(run.path, moved)
        third = ls.run(moved / "config.yaml", out=tmp_path / "third", jobs=1)
        pd.testing.assert_frame_equal(third.trials, run.trials, check_exact=True)


def test_more_random_trials_extend_a_sweep(tmp_path: Path) -> None:
    """The first trials of a longer random sweep are those of the shorter one."""
    few = ls.run(RANDOM, overrides=["trials=40"], out=tmp_path, jobs=1)
    many = ls.run(RANDOM, out=tmp_path, jobs=1)
    pd.testing.assert_frame_equal(few.trials, many.trials.iloc[:40], check_exact=True)
