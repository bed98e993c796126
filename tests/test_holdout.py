"""Facts about rows that are held out: which they are, that nothing of them leaks, and the cost on them."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold, cross_val_score, train_test_split

import linreg_sweep as ls
from linreg_sweep.config import as_mapping, load_config, load_sweep
from linreg_sweep.config.writer import to_yaml
from linreg_sweep.holdout import TRAINED, Holdout
from linreg_sweep.theory.problem import Problem
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.loading import load_data
from linreg_sweep.trials.prepare import prepare
from tests.exactly import products, solve

Floats = NDArray[np.float64]

DATA = Path(__file__).parents[1] / "data"

SETS = {
    "cars": ["dist"],
    "diabetes": ["target"],
    "faithful": ["eruptions"],
    "google_mlcc_mpg": ["mpg"],
    "mtcars": ["mpg"],
    "nedrich": ["y"],
    "penguins": ["body_mass_g"],
}


def experiment_of(name: str, y: list[str], holdout: dict[str, Any], **block: Any) -> Experiment:
    """Returns what is trained of a data set."""
    declared = load_config({"data": {"path": str(DATA / f"{name}.csv"), "y": y, "holdout": holdout, **block}})
    return prepare(declared, load_data(declared))


def arrays_of(name: str, y: list[str]) -> tuple[Floats, Floats]:
    """Returns x and y of a data set, as pandas reads them."""
    frame = pd.read_csv(DATA / f"{name}.csv", dtype=np.float64)
    return frame.drop(columns=y).to_numpy(), frame[y].to_numpy()


def cost_at_optimum(problem: Problem) -> float:
    """Returns the held-out cost of the state that least squares fits."""
    return float(problem.held_out_cost(problem.optimum[None])[0])


@pytest.mark.parametrize("seed", [None, 0, 3])
@pytest.mark.parametrize("n_rows", [7, 30, 53])
def test_rows_are_held_out_as_scikit_learn_does(n_rows: int, seed: int | None) -> None:
    """KFold's and train_test_split's rows, each in its fold; the last ones where none are drawn."""
    for n_folds in range(2, 8):
        found = Holdout(folds=n_folds, seed=seed).rows(n_rows)
        rule = KFold(n_folds, shuffle=seed is not None, random_state=seed)
        for fold, (_, held) in enumerate(rule.split(np.empty(n_rows))):
            assert np.flatnonzero(found == fold).tolist() == sorted(held)
    for share in (0.1, 0.25, 1 / 3, 0.5):
        block = {"last": share} if seed is None else {"fraction": share, "seed": seed}
        found = Holdout.model_validate(block).rows(n_rows)
        drawn = None if seed is None else seed
        kept, held = train_test_split(
            np.arange(n_rows), test_size=share, shuffle=seed is not None, random_state=drawn
        )
        assert np.flatnonzero(found == 0).tolist() == sorted(held)
        assert np.flatnonzero(found == TRAINED).tolist() == sorted(kept)


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("name", SETS)
def test_held_out_costs_are_those_of_scikit_learn(name: str, standardize: bool) -> None:
    """Of one part of the rows and of the mean over folds, with the R squared: to 1e-10 on seven data sets."""
    x, y = arrays_of(name, SETS[name])
    block = {"standardize": standardize}
    problem = experiment_of(name, SETS[name], {"fraction": 0.4, "seed": 1}, **block).problem
    x_kept, x_held, y_kept, y_held = train_test_split(x, y, test_size=0.4, random_state=1)
    model = LinearRegression().fit(x_kept, y_kept)
    cost = cost_at_optimum(problem)
    assert cost == pytest.approx(((model.predict(x_held) - y_held) ** 2).mean(), rel=1e-10)
    assert problem.held_out is not None
    r2 = 1 - cost / problem.held_out.variance
    assert r2 == pytest.approx(model.score(x_held, y_held), abs=1e-10 * max(1, abs(r2)))
    folds = experiment_of(name, SETS[name], {"folds": 3, "seed": 5}, **block)
    found = [cost_at_optimum(problem) for problem in folds.problems.values()]
    rule = KFold(3, shuffle=True, random_state=5)
    expected = cross_val_score(LinearRegression(), x, y, cv=rule, scoring="neg_mean_squared_error")
    assert found == pytest.approx((-expected).tolist(), rel=1e-10)
    assert np.mean(found) == pytest.approx(-expected.mean(), rel=1e-10)


@pytest.mark.parametrize(("name", "loss"), [("norris", 2e-13), ("longley", 7e-12)])
def test_few_digits_are_lost(name: str, loss: float) -> None:
    """The held-out cost of least squares on the other rows, against fractions: it squares no condition."""
    x, y = arrays_of(name, ["y"])
    problem = experiment_of(name, ["y"], {"folds": 4, "seed": None}).problem
    design = np.column_stack([x, np.ones(len(x))])
    held = len(x) // 4
    kept_design, kept_y = design[held:].tolist(), y[held:].tolist()
    ones = Fraction(1)
    theta = solve(products(kept_design, kept_design, ones), products(kept_design, kept_y, ones))
    total = Fraction(0)
    for row, target in zip(design[:held].tolist(), y[:held, 0].tolist(), strict=True):
        fitted = sum((Fraction(a) * b[0] for a, b in zip(row, theta, strict=True)), Fraction(0))
        total += (fitted - Fraction(target)) ** 2
    assert cost_at_optimum(problem) == pytest.approx(float(total / held), rel=loss)


FRAME = pd.DataFrame(
    {
        "size": [1.0, 2.0, 4.0, 3.0, 7.0, 5.0, 6.0, 9.0],
        "age": [3.0, 1.0, 2.0, 5.0, 4.0, 9.0, 7.0, 8.0],
        "price": [2.0, 3.5, 7.0, 5.0, 12.0, 9.0, 10.0, 15.5],
        "split": ["train"] * 5 + ["test", "test", "test"],
    }
)
SWEEP: dict[str, Any] = {
    "method": "grid",
    "training": {"epochs": 30},
    "parameters": {"learning_rate": {"values": [0.001, 0.01]}},
}
STATES = ["weight_size", "weight_age", "bias", "cost", "converged_at"]


def run_on(frame: pd.DataFrame, folder: Path, holdout: Any, **block: Any) -> ls.Run:
    """Returns the run of a small sweep on a table in a file."""
    folder.mkdir(exist_ok=True)
    frame.to_csv(folder / "data.csv", index=False)
    data = {"path": str(folder / "data.csv"), "x": ["size", "age"], "y": ["price"], "holdout": holdout}
    return ls.run({**SWEEP, "name": "held", "data": {**data, **block}}, out=folder / "out", jobs=1)


def test_nothing_of_held_out_rows_leaks(tmp_path: Path) -> None:
    """Other numbers in held-out rows change no state, cost, epoch or scaling; only the held-out cost."""
    other = FRAME.copy()
    other.loc[5:, ["size", "age", "price"]] *= 1e3
    kinds: dict[str, Any] = {"last": 0.375}
    for standardize in (False, True):
        first, second = (
            run_on(frame, tmp_path / f"{place}{standardize}", kinds, standardize=standardize)
            for place, frame in enumerate((FRAME, other))
        )
        names = [*STATES, *(f"{name}_unscaled" for name in STATES[:3] if standardize)]
        pd.testing.assert_frame_equal(first.trials[names], second.trials[names], check_exact=True)
        assert (first.trials["held_out_cost"] != second.trials["held_out_cost"]).all()
        assert first.metadata["data"]["sha256"] != second.metadata["data"]["sha256"]


def test_every_way_holds_the_same_rows_out(tmp_path: Path) -> None:
    """Rows named by a share, a column of text, numbers or booleans, or another file: the same bits."""
    FRAME.iloc[5:].to_csv(tmp_path / "test.csv", index=False)
    marked = FRAME.assign(test=[0] * 5 + [1] * 3, held=[False] * 5 + [True] * 3)
    ways: list[tuple[pd.DataFrame, dict[str, Any]]] = [
        (FRAME, {"last": 0.375}),
        (FRAME, {"column": "split", "value": "test"}),
        (marked, {"column": "test", "value": 1}),
        (marked, {"column": "held", "value": True}),
        (marked.assign(test=1 - marked["test"]), {"column": "test", "value": 0}),
        (marked.assign(held=~marked["held"]), {"column": "held", "value": False}),
        (FRAME.iloc[:5], {"path": str(tmp_path / "test.csv")}),
    ]
    runs = [run_on(frame, tmp_path / str(place), way) for place, (frame, way) in enumerate(ways)]
    for run in runs[1:]:
        assert run.path.name == runs[0].path.name
        pd.testing.assert_frame_equal(run.trials, runs[0].trials, check_exact=True)
    for run in runs:  # also where a run keeps its data, and its own declaration of what is held out
        assert ls.verify(run, jobs=1).mismatches == ()
        again = ls.run(str(run.path / "config.yaml"), out=tmp_path / "again", jobs=1)
        assert again.path.name == run.path.name


def test_a_column_that_holds_rows_out_is_no_x(tmp_path: Path) -> None:
    """Where x is not named, all other numbers are; a row that misses a cell takes its mark with it."""
    marked = FRAME.drop(columns="split").assign(test=[0] * 5 + [1] * 3)
    marked.loc[2, "age"] = np.nan
    holdout = {"column": "test", "value": 1}
    run = run_on(marked, tmp_path, holdout, x=None, missing="drop")
    assert run.metadata["data"]["features"] == ["size", "age"]
    expected = run_on(marked.drop(index=2), tmp_path / "whole", holdout)
    pd.testing.assert_frame_equal(run.trials, expected.trials, check_exact=True)
    marked.to_csv(tmp_path / "gap.csv", index=False)
    of_file = run_on(FRAME, tmp_path / "file", {"path": str(tmp_path / "gap.csv")}, missing="drop")
    assert "of gap.csv, left out, a cell missing: 1 of 8 rows (age 1)" in of_file.metadata["data"]["notes"]


def test_each_trial_is_one_in_every_fold(tmp_path: Path) -> None:
    """Of a grid, of draws, of a union of draws and of a list; unless the sweep says which folds it has."""
    x, y = np.arange(12.0), np.arange(12.0) ** 2
    rates = {"learning_rate": {"min": 0.001, "max": 0.002}}
    columns = {"learning_rate": [0.001, 0.004]}
    ways: dict[str, Any] = {
        "grid": {"method": "grid", "parameters": {"learning_rate": {"values": [0.001, 0.002]}}},
        "draws": {"method": "random", "trials": 3, "parameters": rates},
        "union": {
            "method": "random",
            "trials": 3,
            "parameters": [rates, {**rates, "initial_weight": {"min": 1, "max": 2}}],
        },
        "list": {"method": "list", "trials": {"columns": columns}},
        "some": {"method": "grid", "parameters": {"fold": {"values": [2, 0]}, "learning_rate": 0.001}},
    }
    for name, way in ways.items():
        declared = {"name": name, "data": {"holdout": {"folds": 4}}, "training": {"epochs": 3}, **way}
        whole = ls.run(declared, data=(x, y), out=tmp_path, jobs=1)
        few = ls.run(declared, data=(x, y), out=tmp_path / "few", jobs=1, part_size=3)
        pd.testing.assert_frame_equal(whole.trials, few.trials, check_exact=True)
        trials = whole.trials
        if name == "some":
            assert trials["fold"].tolist() == [2, 0]
            continue
        assert trials["fold"].tolist() == list(range(4)) * (len(trials) // 4)
        for column in ("learning_rate", "initial_weight"):
            settings = trials[column].to_numpy().reshape(-1, 4)
            assert (settings == settings[:, :1]).all()
        without = ls.run({**declared, "data": {}}, data=(x, y), out=tmp_path, jobs=1).trials
        assert trials["learning_rate"][::4].tolist() == without["learning_rate"].tolist()
        assert trials["initial_weight"][::4].tolist() == without["initial_weight"].tolist()


def test_a_limit_is_that_of_the_own_fold(tmp_path: Path) -> None:
    """Rates in stability limits, what counts as converged and mini-batches are those of a fold's own rows."""
    generator = np.random.default_rng(4)
    x, y = generator.normal(size=(11, 2)) * [1, 3], generator.normal(size=11)
    declared = {
        "name": "own",
        "data": {"holdout": {"folds": 3, "seed": 2}},
        "method": "grid",
        "training": {"epochs": 4000},
        "parameters": [
            {"learning_rate": {"values": [0.5, 1.5], "unit": "stability_limit"}},
            {"learning_rate": 0.01, "batch_size": {"values": [3, 7, 20]}},
        ],
    }
    trials = ls.run(declared, data=(x, y), out=tmp_path, jobs=1).trials
    for fold, (kept, _) in enumerate(KFold(3, shuffle=True, random_state=2).split(x)):
        alone = {**declared, "name": "alone", "data": {}}
        expected = ls.run(alone, data=(x[kept], y[kept]), out=tmp_path, jobs=1).trials
        found = trials[trials["fold"] == fold]
        for column in ("learning_rate", "converged_at", "weight_x1", "bias", "cost", "stability_ratio"):
            np.testing.assert_array_equal(found[column], expected[column])


@pytest.mark.parametrize(
    "holdout", [{"folds": 5}, {"folds": 5, "seed": None}, {"fraction": 0.25, "seed": 7}, {"last": 0.5}, None]
)
def test_what_is_declared_reads_back(holdout: Any) -> None:
    """As it was, from the YAML that is written of it."""
    declared = load_sweep({"data": {"name": "tutorial", "holdout": holdout}, **SWEEP}).config
    text = to_yaml(as_mapping(declared))
    path = Path("written.yaml")
    assert "fold:" not in text
    try:
        path.write_text(text, encoding="utf-8")
        assert load_sweep(path).config == declared
    finally:
        path.unlink()


REFUSED: list[tuple[Any, str]] = [
    ({}, "must have one of fraction, last, path, column, folds, got none of them"),
    ({"fraction": 0.2, "last": 0.2}, "got fraction and last"),
    ({"fraction": 1.5}, "must be below 1"),
    ({"fraction": 0.2, "seed": None}, "write last"),
    ({"last": 0.2, "seed": 3}, "applies to fraction and folds only"),
    ({"folds": 1}, "at least 2"),
    ({"folds": 31}, "a row for each of 31 folds, got 30 rows. Hint: take fewer folds"),
    ({"fraction": 0.99}, "leave a row to train on, got 30 rows"),
    ({"column": "split"}, "needs value with column"),
    ({"value": 1, "folds": 3}, "needs column beside it"),
    ({"column": "split", "value": "test"}, "must be a column of a file, the data are tutorial"),
    ({"path": "nothing.csv"}, "none has this name"),
]


@pytest.mark.parametrize(("holdout", "said"), REFUSED)
def test_what_cannot_be_held_out_is_one_clear_error(holdout: Any, said: str, tmp_path: Path) -> None:
    """Whether a declaration or the data show it."""
    with pytest.raises((ls.ConfigError, ls.DataError)) as caught:
        ls.run({**SWEEP, "data": {"name": "tutorial", "holdout": holdout}}, out=tmp_path, jobs=1)
    assert said in str(caught.value)


def test_what_a_file_shows_to_be_wrong_is_said_with_its_columns(tmp_path: Path) -> None:
    """A column that is not there, is an x, or never has the value; one that is constant in a fold."""
    wrong = {
        "missing": ({"column": "splti", "value": "test"}, "did you mean 'split'"),
        "used": ({"column": "age", "value": 1}, "must be neither x nor y"),
        "never": ({"column": "split", "value": "tset"}, "it holds test, train"),
    }
    for name, (holdout, said) in wrong.items():
        with pytest.raises(ls.DataError) as caught:
            run_on(FRAME, tmp_path / name, holdout)
        assert said in str(caught.value)
    flat = FRAME.assign(age=[0.0] * 5 + [1.0, 2.0, 3.0])
    with pytest.raises(ls.DataError, match="rows to train on: a column must vary to be standardized"):
        run_on(flat, tmp_path / "flat", {"last": 0.375}, standardize=True)


def test_folds_that_there_are_not_are_refused(tmp_path: Path) -> None:
    """By the sweep that asks for them."""
    for holdout, said in ((None, "data.holdout makes no folds"), ({"folds": 3}, "from 0 to 2, got 3")):
        declared = {**SWEEP, "data": {"name": "tutorial", "holdout": holdout}, "parameters": {"fold": 3}}
        with pytest.raises(ls.ConfigError, match=said):
            ls.run(declared, out=tmp_path, jobs=1)


def test_another_way_replaces_the_one_extended(tmp_path: Path) -> None:
    """A sweep's holdout takes the place of its config's: keys of both would contradict each other."""
    (tmp_path / "base.yaml").write_text("data: {name: tutorial, holdout: {fraction: 0.2, seed: 3}}\n")
    text = "extends: base.yaml\nmethod: grid\ndata: {holdout: {folds: 4}}\nparameters: {learning_rate: 1}\n"
    (tmp_path / "sweep.yaml").write_text(text)
    assert load_sweep(tmp_path / "sweep.yaml").config.data.holdout == Holdout(folds=4)
