"""Facts about models by themselves: what they predict, their files, and what new rows have to look like."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, Ridge

import linreg_sweep as ls
from tests.shells import Shell, python, shell

__all__ = ["shell"]

MTCARS = Path(__file__).parents[1] / "data" / "mtcars.csv"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> ls.Run:
    """Returns a run on cars of which every fourth is held out."""
    declared = {
        "name": "cars",
        "data": {"path": str(MTCARS), "y": "mpg", "standardize": True, "holdout": {"fraction": 0.25}},
        "method": "grid",
        "training": {"engine": "closed_form", "epochs": 10**6, "early_stop": False},
        "parameters": {"learning_rate": {"values": [0.1, 1.0, 1e3]}},
    }
    return ls.run(declared, out=tmp_path_factory.mktemp("cars"), jobs=1)


@pytest.fixture(scope="module")
def cars() -> pd.DataFrame:
    """Returns the cars, as pandas reads them."""
    return pd.read_csv(MTCARS, dtype=np.float64)


def test_a_model_predicts_what_scikit_learn_does(run: ls.Run, cars: pd.DataFrame) -> None:
    """Of rows in any order of columns, of arrays, and of one row; the best trial is at rest."""
    from sklearn.model_selection import train_test_split

    kept, _ = train_test_split(cars, test_size=0.25, random_state=0)
    expected = LinearRegression().fit(kept[["wt", "hp"]], kept["mpg"]).predict(cars[["wt", "hp"]])
    model = run.model()
    assert model.trained["trial"] == run.metadata["best"]["trial"]
    for rows in (cars, cars[["hp", "mpg", "wt"]], cars[["wt", "hp"]].to_numpy()):
        np.testing.assert_allclose(model.predict(rows), expected, rtol=1e-9)
    assert model.predict([[2.0, 100.0]]).shape == (1,)
    assert (model.low.tolist(), model.high.tolist()) == (
        kept[["wt", "hp"]].min().tolist(),
        kept[["wt", "hp"]].max().tolist(),
    )


def test_one_feature_may_be_a_row_of_numbers_and_targets_are_columns(tmp_path: Path) -> None:
    """[m] for one feature; [m, O] of several targets; without a bias the line goes through 0."""
    x = np.arange(1.0, 9.0)
    y = np.column_stack([2 * x, -x])
    sweep = {
        "name": "m",
        "method": "grid",
        "data": {"fit_bias": False},
        "parameters": {"learning_rate": 0.05},
    }
    made = ls.run(sweep, data=(x, y), out=tmp_path, jobs=1).model()
    assert made.predict([0.0, 1.0]) == pytest.approx(np.array([[0, 0], [2, -1]]), abs=1e-2)
    assert not made.fit_bias


def test_a_models_file_holds_it_to_the_last_bit(run: ls.Run, tmp_path: Path) -> None:
    """Written by the command and by Python, read back: the same numbers, names and history."""
    for trial in (None, 1):
        file = ls.export(run, "model", tmp_path / "model.json", trial=trial)
        read, made = ls.read_model(Path(str(file))), run.model(trial)
        for name in ("weights", "bias", "low", "high"):
            assert getattr(read, name).tobytes() == getattr(made, name).tobytes()
        assert (read.features, read.targets, read.fit_bias) == (made.features, made.targets, True)
        assert read.trained == made.trained
        assert read.as_json() == made.as_json()
    assert made.trained["outcome"] == run.trials["outcome"][1]
    assert made.trained["rows"] == 24
    assert made.trained["data"]["sha256"] == run.metadata["data"]["sha256"]


def test_over_folds_the_best_setting_is_trained_on_all_rows(cars: pd.DataFrame, tmp_path: Path) -> None:
    """What no fold's trial has seen counts again: ridge regression on every row, at the best penalty."""
    declared = {
        "name": "folded",
        "data": {"holdout": {"folds": 4}},
        "method": "grid",
        "training": {"engine": "closed_form", "epochs": 10**6, "early_stop": False},
        "parameters": {
            "weight_decay": {"values": [1e-3, 10.0]},
            "learning_rate": {"values": [0.5], "unit": "stability_limit"},
        },
    }
    x, y = cars[["wt", "hp"]] - cars[["wt", "hp"]].mean(), cars["mpg"]
    made = ls.run(declared, data=(x, y), out=tmp_path, jobs=1)
    model = made.model()
    penalty = model.trained["weight_decay"]
    assert penalty == made.metadata["folds"]["best"]["setting"]["weight_decay"]
    expected = Ridge(alpha=penalty * len(x)).fit(x, y)
    np.testing.assert_allclose(model.weights[:, 0], expected.coef_, rtol=1e-8)
    assert (model.trained["rows"], model.trained["best_of_folds"]) == (32, 4)
    assert made.model(0).trained["rows"] == 24


def wrong_rows(cars: pd.DataFrame) -> list[tuple[Any, str]]:
    """Returns rows that cannot be predicted, and what is said of each."""
    return [
        (cars[["wt"]], "must have the column 'hp'"),
        (cars.rename(columns={"hp": "HP"}), "known here: HP, mpg, wt"),
        (pd.concat([cars, cars["hp"]], axis=1), "must have the column 'hp' once"),
        (cars.assign(wt="heavy"), "row 1 of column 'wt' must be a finite number, got 'heavy'"),
        (cars.assign(wt=np.nan), "row 1 of column 'wt' must be a finite number, got nan"),
        (cars.to_numpy(), "must have 2 columns (wt, hp), got 3"),
        ([1.0, 2.0], "must have 2 columns"),
        ([[1.0, 2.0], [3.0]], "must be numbers in rows of equal length"),
    ]


@pytest.mark.parametrize("place", range(8))
def test_rows_are_checked_as_strictly_as_data(run: ls.Run, cars: pd.DataFrame, place: int) -> None:
    """Columns that are missing or there twice, text and gaps: a DataError that names them."""
    rows, said = wrong_rows(cars)[place]
    with pytest.raises(ls.DataError) as caught:
        run.model().predict(rows)
    assert said in str(caught.value)


def test_what_columns_there_are_is_told_once(run: ls.Run, cars: pd.DataFrame) -> None:
    """However many are missing."""
    with pytest.raises(ls.DataError, match=r"^x: .*'wt'.* Hint: known here: mpg\nx: .*'hp', .* trained on$"):
        run.model().predict(cars[["mpg"]])


def test_predict_writes_a_files_own_cells_and_a_column(run: ls.Run, shell: Shell) -> None:
    """As they are written, by a run or by its model; notes count what lies outside, and measure the fit."""
    Path("new.csv").write_text(
        'car,hp,wt,mpg\n"a, b",110.0,2.620,21\nheavy,93,99,22.8\ne,1e2,2.5,20\n', encoding="utf-8"
    )
    done = shell("predict", run.path, "new.csv")
    assert done.out == "new-predicted.csv\n"
    assert "columns that the model does not use: car" in done.err
    assert "1 of 3 rows lie outside the range of the training rows, in wt (1, trained from" in done.err
    assert re.search(r"R2 \S+, RMSE \S+ on the 3 rows with a target", done.err)
    text = Path("new-predicted.csv").read_text(encoding="utf-8")
    assert text.splitlines()[0] == "car,hp,wt,mpg,predicted_mpg"
    assert text.splitlines()[1].startswith('"a, b",110.0,2.620,21,')
    found = pd.read_csv("new-predicted.csv")
    assert found["predicted_mpg"].tolist() == run.model().predict(pd.read_csv("new.csv")).tolist()
    shell("export", run.path, "--to", "model", "-o", "model.json")
    words = ("-m", "linreg_sweep", "predict", "model.json", "new.csv", "-o", "-")
    assert python(*words, folder=Path.cwd()).stdout == text
    assert json.loads(Path("model.json").read_text())["features"] == ["wt", "hp"]
    pd.read_csv("new.csv").to_parquet("new.parquet")
    shell("predict", run.path, "new.parquet", "-o", "again.csv")
    again = pd.read_csv("again.csv")
    assert again["predicted_mpg"].tolist() == found["predicted_mpg"].tolist()
    Path("unknown.csv").write_text("hp,wt,mpg\n110,2.62,21\n93,3,\n100,2.5,NA\n", encoding="utf-8")
    done = shell("predict", run.path, "unknown.csv")
    assert "RMSE" in done.err
    assert "on the 1 row with a target" in done.err
    assert pd.read_csv("unknown-predicted.csv")["predicted_mpg"].notna().all()
    Path("unknown.csv").write_text("hp,wt,mpg\n110,2.62,\n93,3,\n", encoding="utf-8")
    assert "RMSE" not in shell("predict", run.path, "unknown.csv").err
    Path("german.csv").write_text("hp;wt\n110,0;2,62\n", encoding="utf-8")
    done = shell("predict", run.path, "german.csv", "-o", "g.csv")
    assert "read with values separated by semicolons, a comma before decimals" in done.err
    assert Path("g.csv").read_text(encoding="utf-8").startswith('hp,wt,predicted_mpg\n"110,0","2,62",')
    with Path("there.csv").open("w") as there:  # what is there is replaced whole
        there.write("old" * 1000)
    shell("predict", run.path, "new.csv", "-o", "there.csv")
    assert Path("there.csv").read_text(encoding="utf-8") == text


REFUSED: list[tuple[list[str], str]] = [
    (["predict", "RUN", "nothing.csv"], "none has this name"),
    (["predict", "RUN", "text.csv"], "row 2 of column 'wt'"),
    (["predict", "RUN", "less.csv"], "must have the column 'hp'"),
    (["predict", "RUN", "again.csv"], "has a column 'predicted_mpg' already"),
    (["predict", "RUN", "gap.csv"], "row 1 of column 'hp' must be a number, the cell is empty"),
    (["predict", "RUN", "less.csv", "--trial", "9"], "must be a trial of the run, 0 to 2, got 9"),
    (["export", "RUN", "--to", "model", "--trial", "2", "-o", "m.json"], "trial 2 has no model: it diverged"),
    (["export", "RUN", "--to", "model", "--by", "learning_rate"], "has no effect on --to model"),
    (["export", "RUN", "--to", "csv", "--trial", "1"], "has no effect on --to csv"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED)
def test_what_cannot_be_predicted_is_one_clear_error(
    words: list[str], said: str, run: ls.Run, shell: Shell
) -> None:
    """Exit code 2, and nothing is written."""
    for name, text in {
        "text.csv": "hp,wt\n1,2\n3,x\n",
        "less.csv": "wt\n1\n",
        "again.csv": "hp,wt,predicted_mpg\n1,2,3\n",
        "gap.csv": "hp,wt\n,2\n",
    }.items():
        Path(name).write_text(text, encoding="utf-8")
    before = {*Path().iterdir()}
    told = shell(*[str(run.path) if word == "RUN" else word for word in words], code=2)
    assert said in told.err
    assert "; data." not in told.err  # no config has these rows
    assert told.out == ""
    assert {*Path().iterdir()} == before


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told | {"kind": "other"},
        lambda told: {key: told[key] for key in told if key != "coefficients"},
        lambda told: told | {"bias": {"mpg": "x"}},
        lambda told: told | {"targets": []},
        lambda told: [told],
        lambda told: told | {"version": 99},
    ],
)
def test_a_file_that_holds_no_model_is_refused(
    change: Callable[[Any], Any], run: ls.Run, tmp_path: Path
) -> None:
    """Whatever it says instead."""
    told = json.load(io.StringIO(run.model().as_json()))
    file = tmp_path / "model.json"
    file.write_text(json.dumps(change(told)), encoding="utf-8")
    with pytest.raises(ls.ResultsError):
        ls.read_model(file)
    with pytest.raises(ls.ResultsError, match="holds no model"):
        ls.read_model(MTCARS)
