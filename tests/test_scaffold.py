"""Facts about first configs and sweeps; the oracles are the project's strict reader and a literal loop."""

import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

import linreg_sweep as ls
from linreg_sweep.config import GridSweep, load_config, load_sweep
from linreg_sweep.config.parameters import Points, Values
from linreg_sweep.config.schema import OutcomeConfig
from linreg_sweep.data import Data, from_arrays, from_file, tutorial
from linreg_sweep.errors import DataError
from linreg_sweep.scaffold.files import write_scaffold
from linreg_sweep.scaffold.texts import scaffold_texts

FOLDER = Path(__file__).parent.parent / "data"
TARGETS = {
    "norris": "y",
    "longley": "y",
    "faithful": "eruptions",
    "cars": "dist",
    "mtcars": "mpg",
    "penguins": "body_mass_g",
    "diabetes": "target",
    "google_mlcc_mpg": "mpg",
    "brownlee": "y",
    "d2l_quadratic": "y",
    "nedrich": "y",
    "pontius": "y",
}


def load(folder: Path, texts: tuple[str, str], name: str = "first") -> GridSweep:
    """Writes both files where `init` would, and returns the sweep as the project reads it."""
    for kind, text in zip(("configs", "sweeps"), texts, strict=True):
        (folder / kind).mkdir(exist_ok=True)
        (folder / kind / f"{name}.yaml").write_text(text, encoding="utf-8")
    load_config(folder / "configs" / f"{name}.yaml")
    sweep = load_sweep(folder / "sweeps" / f"{name}.yaml").config
    assert isinstance(sweep, GridSweep)
    return sweep


def first_epochs(
    x: NDArray[np.float64], y: NDArray[np.float64], rate: float, start: float, epochs: int
) -> int | None:
    """Descends row by row as the tutorial does; returns the first converged epoch, -1 where it diverged."""
    a = np.column_stack([x, np.ones(len(x))])
    best = np.mean((y - a @ np.linalg.lstsq(a, y, rcond=None)[0]) ** 2)
    theta = np.append(np.full(x.shape[1], start), 0.0)
    first_cost = np.mean((y - a @ theta) ** 2)
    for epoch in range(epochs + 1):
        error = a @ theta - y
        cost = np.mean(error**2)
        if cost - best <= 1e-6 * y.var():
            return epoch
        if cost > 1e6 * max(first_cost, y.var()):
            return -1
        theta = theta - rate * (a.T @ error) / len(x)
    return None


def texts_of(data: Data, path: str | None) -> tuple[str, str]:
    """Returns what `init` writes of data."""
    return scaffold_texts(
        data, name="first", data_path=path, x=None, y=None if path is None else data.y_names
    )


@pytest.mark.parametrize("name", [None, "brownlee", "google_mlcc_mpg", "norris"])
def test_some_diverge_and_the_config_converges_when_it_says(name: str | None, tmp_path: Path) -> None:
    """A literal loop over the rows: the highest rate diverges, the config's trial converges at its epoch."""
    path = None if name is None else str(FOLDER / f"{name}.csv")
    data = tutorial() if path is None else from_file(path, y=TARGETS[name or ""])
    texts = texts_of(data, path)
    sweep = load(tmp_path, texts)
    x = (data.x[:] - data.x[:].mean(axis=0)) / data.x[:].std(axis=0) if sweep.data.standardize else data.x[:]
    rates = sweep.parameters["learning_rate"]
    assert isinstance(rates, Points)
    claimed = re.search(r"converges\s+(?:# )?at epoch ([0-9,]+);", texts[0])
    assert claimed
    y, epochs = data.y[:, 0], sweep.training.epochs
    took = first_epochs(x, y, sweep.training.learning_rate, 0.0, epochs)
    assert took == pytest.approx(int(claimed[1].replace(",", "")), abs=1)
    assert first_epochs(x, y, rates.max, 1.0, epochs) == -1


def made(kind: str) -> Data:
    """Returns data of my own making: of two targets, near-collinear, or of many columns of any size."""
    random = np.random.default_rng(len(kind))
    x = random.normal(5, 2, (60, 3))
    if kind == "two targets":
        return from_arrays(x, np.stack([x @ [1, 2, 3], x @ [-1, 0, 500] + random.normal(size=60)], axis=1))
    if kind == "near-collinear":
        x[:, 2] = x[:, 0] - x[:, 1] + 1e-3 * random.normal(size=60)
        return from_arrays(x, x @ [1, 2, 3] + random.normal(size=60))
    x = random.normal(size=(200, 60)) * 10.0 ** random.uniform(-3, 3, 60)
    return from_arrays(x, (x / x.std(axis=0)).sum(axis=1) + random.normal(size=200))


@pytest.mark.parametrize("name", [None, *TARGETS, "two targets", "near-collinear", "many columns"])
def test_most_cells_of_a_first_map_say_something(name: str | None, tmp_path: Path) -> None:
    """At most a third of the trials of the sweep that `init` writes are unfinished, some end either way."""
    path = str(FOLDER / f"{name}.csv") if name in TARGETS else None
    if path is not None:
        data = from_file(path, y=TARGETS[name or ""])
    else:
        data = tutorial() if name is None else made(name)
    texts = texts_of(data, path)
    load(tmp_path, texts)
    given = None if name in TARGETS or name is None else (data.x, data.y)
    sweep = str(tmp_path / "sweeps" / "first.yaml")
    outcomes = ls.plan(sweep, overrides=["training.engine=closed_form"], data=given).forecast.outcomes
    assert sum(outcomes.values()) == 125
    assert outcomes["unfinished"] <= 125 / 3
    assert outcomes["converged"] > 125 / 2
    assert outcomes["diverged"] >= 5
    said = re.search(r"epochs (\d+) of the sweep's 125", " ".join(texts[0].replace("#", " ").split()))
    assert said is not None
    assert int(said[1]) == outcomes["unfinished"]


def test_what_would_take_long_is_not_iterated(tmp_path: Path) -> None:
    """The engine is closed_form where numpy would take minutes, and numpy where it takes a moment."""
    sweep = load(tmp_path, texts_of(made("near-collinear"), None))
    assert sweep.training.engine == "closed_form"
    assert sweep.training.epochs > 200_000
    assert "engine" not in texts_of(tutorial(), None)[0]


@pytest.mark.parametrize("name", TARGETS)
def test_every_file_gets_a_valid_start(name: str, tmp_path: Path) -> None:
    """Every file in data/ gets a config and a sweep that load, with 25 rates around its stability limit."""
    path = FOLDER / f"{name}.csv"
    data = from_file(path, y=TARGETS[name])
    sweep = load(
        tmp_path, scaffold_texts(data, name="first", data_path=str(path), x=data.x_names, y=data.y_names)
    )
    assert (sweep.data.x, sweep.data.y) == (data.x_names, data.y_names)
    again = from_file(path, data.x_names, data.y_names, standardize=sweep.data.standardize)
    a = np.column_stack([again.seen()[:], np.ones(len(again.x))])
    limit = 2 * len(a) / np.linalg.svd(a, compute_uv=False)[0] ** 2
    rates = sweep.parameters["learning_rate"]
    assert isinstance(rates, Points)
    assert (rates.num, rates.scale) == (25, "log")
    assert rates.min == pytest.approx(limit / 30, rel=0.06)
    assert rates.max == pytest.approx(1.2 * limit, rel=0.06)
    assert rates.max > 1.1 * limit
    assert sweep.training.learning_rate == pytest.approx(0.75 * limit, rel=0.06)
    best = np.linalg.lstsq(a, again.y[:], rcond=None)[0][:-1]
    starts = sweep.parameters["initial_weight"]
    assert isinstance(starts, Values)
    assert 3 <= len(starts.values) <= 5
    assert starts.values[0] <= best.min() <= best.max() <= starts.values[-1]


# --- the columns that init leaves out


ROWS = ["50,1,17,red,,100", "80,1,23,blue,5,170", "120,1,31,red,x,230", "200,1,5,green,7,420"]
"""Of area, country, id, color, note and price."""


@pytest.mark.parametrize(
    ("header", "rows", "kept", "said"),
    [
        ("area,country,id,color,note,price", ROWS, ["area"], ["country", "color", "note", "id"]),
        ("row,area,price", ["0,50,1", "1,80,2", "2,120,3", "3,10,4"], ["area"], ["row"]),
        ("n,area,price", ["1,50,1", "2,80,2", "3,120,3", "4,10,4", "5,11,5"], ["area"], ["n"]),
        ("customerID,x,price", ["7,50,1", "3,80,2", "9,120,3", "4,10,4"], ["x"], ["customerID"]),
        ("year,x,price", ["1947,5,1", "1948,8,2", "1949,1,3", "1950,0,4"], None, []),
        ("t,price", ["0,1", "1,2", "2,5", "3,7"], None, []),
        ("km,paid,price", ["900,50,1", "100,80,2", "400,120,3", "200,10,4"], None, []),
        ("const,price", ["3,1", "3,2", "3,5", "3,7"], None, []),
    ],
)
def test_columns_that_spoil_a_first_fit_are_left_out(
    header: str, rows: list[str], kept: list[str] | None, said: list[str], tmp_path: Path
) -> None:
    """The config names the columns that stay, its first lines those that went; so does a note."""
    path = tmp_path / "a.csv"
    path.write_text("\n".join([header, *rows, ""]))
    config, _, notes = write_scaffold(tmp_path, data=str(path), x=[], y=["price"], name=None)
    text = config.read_text()
    assert yaml.safe_load(text)["data"].get("x") == kept
    heads = [line.removeprefix("# ") for line in text.splitlines() if line.startswith("# Left out")]
    assert sorted(name for line in heads for name in line.rpartition(": ")[2].split(", ")) == sorted(said)
    assert [line.lower() for line in heads] == [note.lower() for note in notes if note.startswith("left out")]
    assert text.startswith("# Left out") == bool(said)
    load_config(config)


def test_columns_that_are_named_stay(tmp_path: Path) -> None:
    """But for those that do not vary, whose effect is the bias's."""
    path = tmp_path / "a.csv"
    path.write_text("n,id,c,price\n1,7,4,1\n2,9,4,3\n3,8,4,4\n4,1,4,9\n")
    config, _, notes = write_scaffold(tmp_path, data=str(path), x=["n", "id", "c"], y=["price"], name=None)
    assert yaml.safe_load(config.read_text())["data"]["x"] == ["n", "id"]
    assert notes == ("left out, the same in all rows: c",)


def test_tutorial_texts() -> None:
    """For the tutorial the texts are these, to the letter."""
    config, sweep = scaffold_texts(tutorial(), name="tutorial", data_path=None, x=None, y=None)
    assert config == TUTORIAL_CONFIG
    assert sweep == TUTORIAL_SWEEP


def test_hopeless_data_are_standardized() -> None:
    """Norris has condition number 731,407: the config standardizes it, and says what it spares."""
    data = from_file(FOLDER / "norris.csv", y="y")
    config, sweep = scaffold_texts(data, name="norris", data_path="../data/norris.csv", x=None, y=["y"])
    told = " ".join(line.strip(" #") for line in config.splitlines())
    assert "condition number 731,407" in told
    # ln(1000) / ln((kappa + 1)/(kappa - 1)) epochs
    needed = np.log(1000) / (2 * np.arctanh(1 / 731407))
    assert f"about {float(f'{needed:.2g}'):,.0f} epochs to come a thousand times closer" in told
    assert "Standardized, it is 1 standardize: true" in told
    assert "# per standard deviation of a column" in config
    assert "stability limit 2," in sweep


def test_easy_data_stay_as_they_are() -> None:
    """Below a condition number of 10,000 nothing is standardized unasked."""
    config, _ = scaffold_texts(tutorial(), name="t", data_path=None, x=None, y=None)
    assert "standardize" not in config


def test_data_standardized_already_stay_so() -> None:
    """Data that come standardized are written so, and their limit is that of the z-scores."""
    config, sweep = scaffold_texts(tutorial(standardize=True), name="t", data_path=None, x=None, y=None)
    assert "  standardize: true" in config.splitlines()
    assert "stability limit 2," in sweep


def test_odd_names_survive(tmp_path: Path) -> None:
    """Whatever a column and a file are called, the strict reader and plain YAML read the same text back."""
    for name in (
        "no",
        "1",
        "a: b",
        "null",
        "1e3",
        "- x",
        "#c",
        "a, b]",
        '"q"',
        "back\\slash",
        "{}",
        "Größe",
        "x y",
        "~",
        "é",
        "?",
    ):
        data = from_arrays(np.arange(5.0), np.arange(5.0), x_names=[name])
        texts = scaffold_texts(data, name="first", data_path=f"../data/{name}.csv", x=[name], y=["y"])
        sweep = load(tmp_path, texts)
        assert sweep.data.x == (name,)
        assert Path(sweep.data.path or "").resolve() == tmp_path.resolve() / "data" / f"{name}.csv"
        plain = yaml.safe_load(texts[0])["data"]
        assert (plain["x"], plain["path"]) == ([name], f"../data/{name}.csv")


def test_a_constant_target_starts_from_zero(tmp_path: Path) -> None:
    """Where y does not vary beyond rounding its best weight is mere rounding: no start is made of it."""
    data = from_arrays(np.array([1.0, 2.0, 4.0, 7.0]), np.array([0.3, 0.1 + 0.2, 0.3, 0.3]))
    texts = scaffold_texts(data, name="first", data_path="a.csv", x=["x"], y=["y"])
    sweep = load(tmp_path, texts)
    assert sweep.parameters["initial_weight"] == Values((0.0,))
    assert "# y does not vary beyond rounding, so that no weight is better than 0" in texts[1]
    assert texts[1].startswith("# 25 learning rates by 1 start: 25 trials\n")


def test_a_target_of_zeros_starts_elsewhere(tmp_path: Path) -> None:
    """Where y is 0 throughout a start at 0 would be the end as well."""
    data = from_arrays(np.array([1.0, 2.0, 4.0]), np.zeros(3))
    sweep = load(tmp_path, scaffold_texts(data, name="first", data_path="a.csv", x=["x"], y=["y"]))
    assert sweep.parameters["initial_weight"] == Values((-1.0, -0.5, 0.0, 0.5, 1.0))


def test_the_tolerance_is_the_default(tmp_path: Path) -> None:
    """The config's tolerance is the one with which its epochs are computed, and the default of configs."""
    texts = scaffold_texts(tutorial(), name="first", data_path=None, x=None, y=None)
    assert load(tmp_path, texts).outcome.tolerance == OutcomeConfig().tolerance


def test_init_names_files_after_odd_data(tmp_path: Path) -> None:
    """A data file whose name has no letter that a sweep's may have gets one all the same."""
    path = tmp_path / "---.csv"
    path.write_text("x,y\n1,2\n2,3\n3,5\n", encoding="utf-8")
    config, sweep, _ = write_scaffold(tmp_path, data=str(path), x=[], y=["y"], name=None)
    assert (config.name, sweep.name) == ("data.yaml", "data.yaml")


def test_init_tells_of_a_missing_header(tmp_path: Path) -> None:
    """A file without column names loses its first row, and `init` says so."""
    path = tmp_path / "a.csv"
    path.write_text("1,2\n2,3\n3,5\n4,4\n", encoding="utf-8")
    _, _, notes = write_scaffold(tmp_path, data=str(path), x=[], y=["2"], name=None)
    assert notes == ("the first row (1, 2) was taken as column names",)


def test_a_newline_in_a_file_name_stays_in_its_comment(tmp_path: Path) -> None:
    """The comment that names the file is one line, whatever the file is called."""
    path = tmp_path / "a\nseed: 3 #.csv"
    path.write_text("x,y\n1,2\n2,3\n3,5\n", encoding="utf-8")
    config, _ = scaffold_texts(from_file(path, y="y"), name="n", data_path="p.csv", x=None, y=None)
    assert config.splitlines()[0] == "# One trial: y on x, 3 rows of a seed: 3 #.csv"
    assert "seed" not in yaml.safe_load(config)


def test_an_unprintable_path_survives() -> None:
    """A path with control characters is escaped so that plain YAML reads it back."""
    path = "../data/a\tb\x85c\u2028d\U0001f427.csv"
    config, _ = scaffold_texts(tutorial(), name="n", data_path=path, x=None, y=None)
    assert yaml.safe_load(config)["data"]["path"] == path


def test_odd_sweep_names(tmp_path: Path) -> None:
    """A sweep whose name looks like a number or a boolean keeps it as a name."""
    for name in ("1e5", "true", "7", "a.b-c_d"):
        texts = scaffold_texts(tutorial(), name=name, data_path=None, x=None, y=None)
        assert load(tmp_path, texts, name).name == name


def test_what_would_not_run_is_not_written(tmp_path: Path) -> None:
    """A target 1e15 spreads from 0 is refused by `init` as by `run`, and no file is left."""
    file = tmp_path / "far.csv"
    file.write_text("a,y\n" + "".join(f"{row},{10**15 + row % 3}\n" for row in range(9)))
    with pytest.raises(DataError, match="column 'y' must not lie so far from 0"):
        write_scaffold(tmp_path, data=str(file), x=(), y=["y"], name=None)
    assert [each.name for each in tmp_path.iterdir()] == ["far.csv"]


def test_overflow_is_a_data_error() -> None:
    """Data whose squares overflow are refused with what to do about it."""
    data = from_arrays(np.array([1e200, 2e200, 4e200]), np.array([1.0, 2.0, 3.0]))
    with pytest.raises(DataError, match="the squares of the data must stay finite"):
        scaffold_texts(data, name="n", data_path="p.csv", x=None, y=None)


TUTORIAL_CONFIG = """\
# One trial: y on x, 30 rows of tutorial (built in)
# Run it with: linreg-sweep train configs/tutorial.yaml
data:
  name: tutorial
training:
  loss: half_mse
  # Stable below 2/lambda_max = 0.006331; this is three quarters of it
  learning_rate: 0.0047
  initial_weight: 0
  initial_bias: 0
  # Condition number 1,332: this trial converges at epoch 3,059; with this many epochs 13 of
  # the sweep's 125 trials are unfinished
  epochs: 50000
outcome:
  tolerance: 1e-06  # converged: within this share of the variance of y
"""

TUTORIAL_SWEEP = """\
# 25 learning rates by 5 starts: 125 trials
# Run it with: linreg-sweep run sweeps/tutorial.yaml
name: tutorial
extends: ../configs/tutorial.yaml
method: grid
parameters:
  # From a thirtieth of the stability limit 0.006331, which is slow, to 1.2 times it, which diverges
  learning_rate: {min: 0.00021, max: 0.0076, num: 25, scale: log}
  # On both sides of zero; the best weight is 0.8789
  initial_weight: {values: [-2, -1, 0, 1, 2]}
  initial_bias: 0
"""
