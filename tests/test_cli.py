"""Facts about the command line: what it prints where, how it exits, and what it does not load."""

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
import pytest
import yaml

import linreg_sweep as ls
from linreg_sweep import cli
from linreg_sweep.storage.parquet import read_arrays
from linreg_sweep.theory.outcome import OUTCOMES
from tests.words import encoded

ROOT = Path(__file__).parents[1]

SWEEP = """
data: {name: tutorial}
method: grid
training: {epochs: 100}
parameters:
  learning_rate: {values: [0.001, 0.005, 0.007]}
  initial_weight: {min: -10, max: 10, step: 10}
"""

CONFIG = "data: {name: tutorial}\ntraining: {epochs: 1000}\n"

HEAVY = [
    *("torch", "pandas", "numpy", "pyarrow", "matplotlib", "joblib", "pydantic", "yaml", "tqdm"),
    *("threadpoolctl", "tabulate"),
]

COMMANDS = [
    *(
        "train",
        "plan",
        "run",
        "status",
        "edge",
        "list",
        "show",
        "compare",
        "report",
        "plot",
        "export",
        "verify",
        "init",
        "schema",
    ),
]


class Told:
    """What a command did: its exit code, what it printed, and what it noted."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def table(self) -> list[dict[str, str]]:
        """The rows of CSV that were printed."""
        return list(csv.DictReader(io.StringIO(self.out)))


class Shell:
    """Runs commands in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str | Path, code: int = 0) -> Told:
        """Runs one, which has to exit with this code."""
        self._capsys.readouterr()
        exit_code = cli.main([str(argument) for argument in arguments])
        out, err = self._capsys.readouterr()
        assert exit_code == code, err
        return Told(exit_code, out, err)


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    """A shell in an empty folder with a sweep and a config."""
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(SWEEP)
    Path("config.yaml").write_text(CONFIG)
    handler = signal.getsignal(signal.SIGTERM)
    yield Shell(capsys)
    signal.signal(signal.SIGTERM, handler)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a finished run of nine trials."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "small.yaml").write_text(SWEEP)
    return ls.run(folder / "small.yaml", out=folder / "results", jobs=1).path


def python(*arguments: str, folder: Path = ROOT, **more: Any) -> subprocess.CompletedProcess[str]:
    """Runs a fresh Python that knows the package."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment | more,
        capture_output=True,
        text=True,
        check=False,
    )


# --- help


def test_help_loads_nothing_heavy() -> None:
    """It answers at once, because it imports click and the standard library alone."""
    code = f"""
import sys
from linreg_sweep.cli import main
code = main(["--help"])
print(code, *({set(HEAVY)} & sys.modules.keys()), file=sys.stderr)
"""
    done = python("-c", code)
    assert done.stderr == "0\n"
    assert "Commands:" in done.stdout


def test_every_command_has_help(shell: Shell) -> None:
    """It says how it is used and what each option does, on stdout, and exits with 0."""
    for command in ([], *([name] for name in COMMANDS)):
        told = shell(*command, "--help")
        assert told.out.startswith(f"Usage: linreg-sweep {' '.join(command)}".rstrip())
        assert told.err == ""
        assert all(len(line) <= 110 for line in told.out.splitlines())
    assert shell("show", "-h").out == shell("show", "--help").out


def test_help_lists_every_command(shell: Shell) -> None:
    """And no option is without words."""
    assert set(cli.cli.commands) == set(COMMANDS)
    listed = shell("--help").out
    for name, command in cli.cli.commands.items():
        assert re.search(rf"^  {name} +[A-Z]", listed, re.MULTILINE)
        for parameter in command.params:
            assert not isinstance(parameter, click.Option) or parameter.help, f"{name} {parameter.name}"


def test_the_version_is_the_packages(shell: Shell) -> None:
    """`--version` says which is installed."""
    assert shell("--version").out == f"linreg-sweep, version {ls.__version__}\n"


def test_the_module_is_the_command() -> None:
    """`python -m linreg_sweep` does the same, and hands on the exit code."""
    assert python("-m", "linreg_sweep", "--version").stdout == f"linreg-sweep, version {ls.__version__}\n"
    assert python("-m", "linreg_sweep", "bogus").returncode == 2


# --- train


def test_train_prints_as_the_tutorial_does(shell: Shell) -> None:
    """Ten lines, then how it ended and why; nothing on stderr."""
    told = shell("train", "config.yaml")
    lines = told.out.splitlines()
    assert lines[0] == "Epoch : 100, Weight : 0.858, Bias : -0.011, Cost : 1.415"
    assert lines[9].startswith("Epoch : 1000, Weight : 0.872, Bias : -0.290, Cost : 1.377")
    assert lines[10] == ""
    assert lines[11].startswith("Unfinished at epoch 1,000: ")
    assert lines[12] == "Least possible cost 1.3722."
    assert lines[14] == "Least squares:  y = 0.878899 * x - 0.435931"
    assert lines[15].startswith("The flattest direction needs about ")
    assert lines[16].startswith("Steepest direction: good (learning rate 0.79 of the stability limit): ")
    assert told.err == ""


@pytest.mark.parametrize("style", ["csv", "json"])
def test_train_gives_exact_rows(shell: Shell, style: str) -> None:
    """The same rows for a machine are those of Python, to the bit, and nothing else is printed."""
    told = shell("train", "config.yaml", "--every", "250", "--format", style)
    rows = told.table if style == "csv" else json.loads(told.out)
    expected = ls.train("config.yaml", every=250).frame.to_dict("records")
    assert [{name: float(value) for name, value in row.items()} for row in rows] == expected
    assert [int(row["epoch"]) for row in rows] == [250, 500, 750, 1000]


def test_set_changes_a_value(shell: Shell) -> None:
    """`--set` as often as needed, by the key's end alone."""
    told = shell("train", "config.yaml", "--set", "epochs=2", "--set", "training.learning_rate=1")
    assert told.out.splitlines()[0] == "Epoch : 1, Weight : 270.243, Bias : 13.187, Cost : 233.14"
    assert "Diverged at epoch 2: " in told.out


def test_steps_show_autograd(shell: Shell) -> None:
    """Gradient and weights at the four moments of each epoch."""
    lines = shell("train", "config.yaml", "--steps", "2", "--set", "learning_rate=0.001").out.splitlines()
    moments = ["before zero_grad", "after zero_grad", "after backward", "after step"]
    assert [line.split("  ")[1] for line in lines if line.startswith("  ")] == moments * 2
    assert [line for line in lines if not line.startswith("  ")] == ["Epoch : 1", "Epoch : 2"]
    assert "Weight.grad : None" in lines[1]
    assert "Weight.grad : -270.2427" in lines[3]
    assert "Weight : 0.27024" in lines[4]


# --- plan and run


def test_plan_tells_and_writes_nothing(shell: Shell, tmp_path: Path) -> None:
    """Trials, axes with their ends, and theory; the folder stays as it was."""
    before = sorted(tmp_path.rglob("*"))
    told = shell("plan", "small.yaml")
    assert told.out.startswith("small: 9 trials on tutorial (built in), 30 rows, loss half_mse, engine numpy")
    assert re.search(r"^initial_weight +3 +-10 +10 +in steps of 10$", told.out, re.MULTILINE)
    assert "Stability limit: 0.00633053; " in told.out
    assert "Best fixed learning rate: 0.00632578; " in told.out
    assert "Condition number: 1,332 " in told.out
    assert sorted(tmp_path.rglob("*")) == before


def test_run_ends_with_its_directory(shell: Shell) -> None:
    """The summary first; the last line of stdout is the run's directory, there and complete."""
    told = shell("run", "small.yaml")
    lines = told.out.splitlines()
    path = Path(lines[-1])
    assert re.fullmatch(r"results/small-[0-9a-f]{8}", lines[-1])
    assert {entry.name for entry in path.iterdir()} == {
        *("config.yaml", "metadata.json", "summary.csv", "trials", "run.log", "status.json", "run.lock"),
    }
    assert lines[0].startswith("small: 9 trials on tutorial (built in), 30 rows")
    assert "2 converged, 4 unfinished, 3 diverged." in lines
    assert told.err == ""


def test_run_again_says_that_nothing_is_missing(shell: Shell) -> None:
    """On stderr; stdout is the same."""
    first, second = shell("run", "small.yaml"), shell("run", "small.yaml")
    assert second.out == first.out
    assert second.err == "Nothing to do: every trial was done before.\n"


def test_a_damaged_part_is_named_and_made_again(shell: Shell) -> None:
    """On stderr, with where it is now; the table is the same."""
    before = shell("run", "small.yaml").out
    path = Path(before.splitlines()[-1])
    (path / "trials" / "part-00000.parquet").write_bytes(b"PAR1")
    told = shell("run", "small.yaml")
    assert told.out == before
    assert told.err == (
        f"damaged: {path}/trials/part-00000.parquet is not what was written; "
        f"it is now {path}/damaged/trials-part-00000.parquet, and will be made again\n"
    )
    assert shell("run", "small.yaml").err == "Nothing to do: every trial was done before.\n"


def test_a_run_whose_numbers_overflow_is_told(shell: Shell) -> None:
    """The absurdest rates are a result: the best trial's cost is not finite."""
    told = shell("run", "small.yaml", "--set", "parameters={learning_rate: {values: [1e300, 1e305]}}")
    assert (
        "Best trial: 0 (learning_rate 1e+300): no trial converged; this one came nearest, cost not finite."
    ) in told.out.splitlines()


def test_a_run_ends_with_the_fitted_line(shell: Shell) -> None:
    """In the units of the file, whatever the trials saw; the oracle is numpy.polyfit."""
    rows = np.array([[1, 9.5], [2, 7.25], [4, 3.0], [7, -4.0]])
    np.savetxt("shop.csv", rows, delimiter=",", header="price,sold", comments="")
    Path("shop.yaml").write_text(
        "data: {path: shop.csv, y: sold, standardize: true}\nmethod: grid\n"
        "parameters: {learning_rate: {values: [0.5, 1]}}\n"
    )
    slope, intercept = np.polyfit(rows[:, 0], rows[:, 1], 1)
    lines = shell("run", "shop.yaml").out.splitlines()
    best = next(number for number, line in enumerate(lines) if line.startswith("Best trial: "))
    assert lines[best + 2] == f"Least squares:  sold = {slope:.6g} * price + {intercept:.6g}"


def test_a_run_of_one_trial_is_told_in_the_singular(shell: Shell) -> None:
    """One trial, one row of data, one epoch."""
    Path("one.csv").write_text("x,y\n1,2\n")
    Path("one.yaml").write_text(
        "data: {path: one.csv, y: y}\nmethod: grid\nparameters: {learning_rate: {values: [0.5, 0.1]}}\n"
    )
    lines = shell("run", "one.yaml").out.splitlines()
    assert lines[0].startswith("one: 2 trials on one.csv, 1 row, ")
    assert any(line.startswith("Best trial: 0 (learning_rate 0.5): converged at epoch 1, ") for line in lines)


def test_run_takes_its_options(shell: Shell) -> None:
    """Where to, how many workers, how large the parts, how many trials, and what else."""
    Path("random.yaml").write_text(
        "data: {name: tutorial}\nmethod: random\ntrials: 1000\n"
        "parameters: {learning_rate: {min: 1e-4, max: 1e-2}}\n"
    )
    options = [
        "--out",
        "elsewhere",
        "--jobs",
        "2",
        "--part-size",
        "10",
        "--trials",
        "35",
        "--set",
        "epochs=7",
    ]
    told = shell("run", "random.yaml", *options)
    run = ls.load(told.out.splitlines()[-1])
    assert run.path.parent == Path("elsewhere")
    assert (run.n_trials, run.metadata["part_size"], run.metadata["n_parts"]) == (35, 10, 4)
    assert run.trials["epochs"].max() <= 7
    assert yaml.safe_load((run.path / "config.yaml").read_text())["trials"] == 35


def test_notes_on_the_data_go_to_stderr(shell: Shell) -> None:
    """What a person should know of their file is no part of the result."""
    Path("pets.csv").write_text("name,legs,weight\nRex,4,20\nTweety,2,0.1\nTom,4,5\n")
    Path("pets.yaml").write_text(
        "data: {path: pets.csv, y: weight}\nmethod: grid\nparameters: {learning_rate: 0.01}\n"
    )
    for command in ("plan", "run"):
        told = shell(command, "pets.yaml")
        assert told.err.startswith("Note: left out, ")
        assert told.err.endswith(": name.\n")
        assert "Note" not in told.out


# --- list and show


@pytest.mark.parametrize("style", ["table", "csv", "json", "markdown"])
def test_list_shows_runs_in_every_format(shell: Shell, path: Path, style: str) -> None:
    """Name, trials, outcomes, the best, when and where."""
    told = shell("list", path.parent, "--format", style)
    assert told.err == ""
    if style in ("csv", "json"):
        (row,) = told.table if style == "csv" else json.loads(told.out)
        assert {name: str(row[name]) for name in ("name", "trials", "done", *OUTCOMES, "run")} == {
            "name": "small",
            "trials": "9",
            "done": "9",
            "converged": "2",
            "unfinished": "4",
            "diverged": "3",
            "run": str(path),
        }
        assert float(row["best_learning_rate"]) == 0.005
    else:
        assert re.search(r"small\b.*\b9\b.*\b9\b.*\b2\b.*\b4\b.*\b3\b", told.out)


def test_list_of_nothing_says_so(shell: Shell) -> None:
    """A note with the next step, and nothing on stdout; for a machine an empty table."""
    Path("none").mkdir()
    told = shell("list", "none", "--format", "json")
    assert json.loads(told.out) == []
    assert told.err == "No runs under none. Hint: linreg-sweep run SWEEP makes one.\n"
    assert shell("list", "--format", "csv").table == []
    told = shell("list")
    assert told.out == ""
    assert told.err == "No runs under results. Hint: linreg-sweep run SWEEP makes one.\n"


def test_list_of_a_directory_that_is_not_there(shell: Shell) -> None:
    """A name that was typed has to be right."""
    told = shell("list", "nodir", code=2)
    assert (told.out, told.err) == ("", "nodir: there is no such directory\n")


def test_list_shows_an_unfinished_run_with_whole_numbers(shell: Shell, path: Path, tmp_path: Path) -> None:
    """What is not known of one run turns no count of another into 9.0 or 1e+06."""
    ls.run(tmp_path / "small.yaml", out="results", jobs=1)
    ls.run(tmp_path / "small.yaml", overrides=["seed=1"], out="results", jobs=1, part_size=5)
    (second,) = (run for run in ls.list_runs("results") if run.metadata["part_size"] == 5)
    metadata = {
        key: value for key, value in second.metadata.items() if key not in ("finished", "outcomes", "best")
    }
    second.store.write_metadata(metadata)
    (second.path / "trials" / "part-00001.parquet").unlink()
    rows = {row["run"]: row for row in shell("list", "--format", "csv").table}
    assert sorted((row["done"], row["converged"], row["best_trial"]) for row in rows.values()) == [
        ("5", "", ""),
        ("9", "2", "5"),
    ]
    told = shell("show", second.path)
    note = f"{second.path}: 5 of 9 trials are done: the sweep is not finished.\n"
    assert told.err == note
    for words in (("export", "--to", "csv"), ("plot",), ("report",)):
        assert shell(words[0], second.path, *words[1:]).err == note


def test_list_shows_the_other_runs_beside_damaged_ones(shell: Shell, tmp_path: Path) -> None:
    """Runs that cannot be read are named, each for itself, and hide no other."""
    good = ls.run(tmp_path / "small.yaml", out="results", jobs=1)
    for name in ("bad", "folder", "y" * 200):
        (tmp_path / "results" / name).mkdir()
    (tmp_path / "results" / "bad" / "metadata.json").write_text("{")
    (tmp_path / "results" / "folder" / "metadata.json").mkdir()
    shutil.copytree(good.path, tmp_path / "results" / "changed")
    (tmp_path / "results" / "changed" / "config.yaml").write_text("x: [")
    told = shell("list", "results" + "/../results" * 360, "--format", "csv")  # y's files have too long a path
    assert [row["name"] for row in told.table] == [good.name] * 2
    assert f"{'y' * 200}/metadata.json: cannot read it: File name too long" in told.err
    assert "bad/metadata.json: is damaged" in told.err
    assert "folder/metadata.json: cannot read it: Is a directory" in told.err
    assert "changed/config.yaml: is damaged" in told.err


def test_list_says_how_runs_of_one_name_differ(shell: Shell, tmp_path: Path) -> None:
    """By their settings, as YAML names them; a run with a name of its own needs no word."""
    for overrides in (
        [],
        ["seed=3"],
        ["parameters.initial_weight.max=20", "training.loss=mse"],
        ["name=other"],
    ):
        ls.run(tmp_path / "small.yaml", overrides=overrides, out="results", jobs=1)
    found = {(row["name"], row["differs"]) for row in shell("list", "--format", "csv").table}
    assert found == {
        ("small", "initial_weight.max=10, loss=half_mse, seed=0"),
        ("small", "initial_weight.max=10, loss=half_mse, seed=3"),
        ("small", "initial_weight.max=20, loss=mse, seed=0"),
        ("other", ""),
    }


@pytest.mark.parametrize("style", ["table", "csv", "json", "markdown"])
def test_show_gives_the_summary_in_every_format(shell: Shell, path: Path, style: str) -> None:
    """The same three rows; for people with a word on each column, in tables alone."""
    told = shell("show", path, "--format", style)
    expected = ls.load(path).summary()
    if style == "csv":
        found = pd.read_csv(io.StringIO(told.out))
        pd.testing.assert_frame_equal(found, expected, check_dtype=False, check_exact=True)
    elif style == "json":
        assert [row["learning_rate"] for row in json.loads(told.out)] == [0.001, 0.005, 0.007]
    else:
        assert [line.split()[0 if style == "table" else 1] for line in told.out.splitlines()[2:5]] == [
            *("0.001", "0.005", "0.007"),
        ]
        assert ("the step per unit of gradient" in told.out) == (style == "table")


def test_show_trials_is_exact(shell: Shell, path: Path) -> None:
    """All trials as CSV read back as they are, to the bit."""
    told = shell("show", path, "--trials", "--format", "csv")
    trials = ls.load(path).trials
    assert [float(row["cost"]) for row in told.table] == trials["cost"].tolist()
    assert [row["outcome"] for row in told.table] == trials["outcome"].tolist()


def test_show_chooses_and_sorts_trials(shell: Shell, path: Path) -> None:
    """By a comparison, by a column either way with missing last, and the best first."""
    cases: list[tuple[list[str], list[int]]] = [
        (["--trials"], list(range(9))),
        (["--where", "learning_rate == 0.007"], [6, 7, 8]),
        (["--where", "outcome = converged and epochs < 25"], [5]),
        (["--top", "2"], [5, 2]),
        (["--sort", "initial_weight", "--top", "4"], [0, 3, 6, 1]),
        (["--sort", "-initial_weight", "--top", "4"], [2, 5, 8, 1]),
        (["--sort", "converged_at"], [5, 2, 0, 1, 3, 4, 6, 7, 8]),
        (["--sort", "-converged_at"], [2, 5, 0, 1, 3, 4, 6, 7, 8]),
        (["--where", "trial > 3", "--sort", "-trial", "--top", "2"], [8, 7]),
        (["--where", "trial > 3 and learning_rate < 0.006", "--top", "1"], [5]),
    ]
    for options, numbers in cases:
        told = shell("show", path, *options, "--format", "csv")
        assert [int(row["trial"]) for row in told.table] == numbers


def test_show_summarises_by_what_is_asked(shell: Shell, path: Path) -> None:
    """By one parameter, gathered or not, of chosen trials, sorted and cut."""
    cases: list[tuple[list[str], list[tuple[str, str]]]] = [
        (["--by", "initial_weight"], [("-10", "3"), ("0", "3"), ("10", "3")]),
        (["--by", "initial_weight", "--sort", "-initial_weight", "--top", "1"], [("10", "3")]),
        (["--by", "initial_weight", "--bins", "2"], [("-10 to 0", "3"), ("0 to 10", "6")]),
        (["--by", "initial_weight", "--where", "trial < 4"], [("-10", "2"), ("0", "1"), ("10", "1")]),
        (["--by", "outcome"], [("converged", "2"), ("unfinished", "4"), ("diverged", "3")]),
        (["--by", "regime", "--bins", "1"], [("low", "3"), ("good", "3"), ("too_high", "3")]),
    ]
    for options, rows in cases:
        table = shell("show", path, *options, "--format", "csv").table
        assert [(row[options[1]], row["trials"]) for row in table] == rows


@pytest.mark.parametrize(
    ("command", "head", "first"),
    [
        (["show", "RUN", "--columns", "outcome,trial", "--sort", "-trial"], "outcome,trial", "diverged,8"),
        (["show", "RUN", "--columns", "trial", "--top", "1"], "trial", "5"),
        (["show", "RUN", "--by", "initial_weight", "--columns", "trials"], "trials", "3"),
        (["list", "DIR", "--columns", "trials, name"], "trials,name", "9,small"),
        (["status", "RUN", "--columns", "state"], "state", "finished"),
        (["train", "config.yaml", "--columns", "epoch", "--sort", "-epoch", "--top", "1"], "epoch", "20"),
        (["verify", "RUN", "--columns", "part,trial"], "part,trial", ""),
        (["edge", "small.yaml", "--columns", "stability_limit", "--top", "1"], "stability_limit", "0.00633"),
        (
            ["compare", "RUN", "OTHER", "--columns", "learning_rate,matched", "--top", "1"],
            "learning_rate,matched",
            "0.001,3",
        ),
    ],
)
def test_every_table_gives_the_columns_asked_for(
    shell: Shell, path: Path, command: list[str], head: str, first: str
) -> None:
    """In their order; sorted and cut as asked."""
    Path("config.yaml").write_text("data: {name: tutorial}\ntraining: {epochs: 20}\n")
    other = ls.run("small.yaml", overrides=["seed=9"], out="results", jobs=1).path
    places = {"RUN": path, "DIR": path.parent, "OTHER": other}
    told = shell(*(places.get(word, word) for word in command), "--format", "csv")
    lines = told.out.splitlines()
    assert lines[0] == head
    assert (lines[1] if len(lines) > 1 else "").startswith(first)


@pytest.mark.parametrize("command", ["show RUN", "list DIR", "export RUN --to csv", "compare RUN OTHER"])
def test_an_unknown_column_is_an_error_that_names_the_nearest(shell: Shell, path: Path, command: str) -> None:
    """One line; a column of the summary asked of trials says how to get it."""
    other = ls.run("small.yaml", overrides=["seed=9"], out="results", jobs=1).path
    places = {"RUN": path, "DIR": path.parent, "OTHER": other}
    words = [places.get(word, word) for word in command.split()]
    told = shell(*words, "--columns", "outcom,trails,learning_ratte", code=2)
    assert re.fullmatch(r"there is no column '\w+'\. Hint: (did you mean|known here).*\n", told.err)
    told = shell("show", path, "--columns", "best_cost", code=2)
    assert told.err.startswith("--columns: best_cost is a column of the summary. Hint: name the parameter")


def test_show_by_two_parameters(shell: Shell, path: Path) -> None:
    """One row a pair."""
    table = shell("show", path, "--by", "initial_weight", "--by", "learning_rate", "--format", "csv").table
    assert len(table) == 9
    assert [row["trials"] for row in table] == ["1"] * 9


def test_many_values_are_gathered_for_people_alone(shell: Shell) -> None:
    """More than 60 values are 12 ranges in a table, all of them in CSV or where 0 ranges are asked for."""
    shell("run", "small.yaml", "--set", "parameters={learning_rate: {min: 1e-3, max: 2e-3, num: 100}}")
    (run,) = ls.list_runs()
    assert len(shell("show", run.path, "--format", "csv").table) == 100
    assert shell("show", run.path).out.count(" to ") >= 12
    assert "0.001 to 0.00108" in shell("show", run.path).out
    assert re.search(r"^ *0\.0010101 ", shell("show", run.path, "--bins", "0").out, re.MULTILINE)


def test_nothing_left_to_show_is_told(shell: Shell, path: Path) -> None:
    """A comparison that holds for no trial gives an empty table and a note."""
    told = shell("show", path, "--where", "trial > 100", "--format", "csv")
    assert told.table == []
    assert told.out.startswith("trial,learning_rate,")
    assert told.err == "No trial is left to show.\n"


def test_one_trial_is_shown_line_by_line(shell: Shell, path: Path) -> None:
    """Name and value of what is known of it, and then what the names mean."""
    lines = shell("show", path, "--where", "trial == 5").out.splitlines()
    shown = dict(line.split(maxsplit=1) for line in lines[: lines.index("")])
    trial = ls.load(path).trials.iloc[5]
    assert shown["outcome"] == "converged"
    assert shown["cost"] == f"{trial['cost']:.6g}"
    assert "diverged_at" not in shown
    assert list(shown) == list(trial.dropna().index)


def test_an_option_without_effect_is_refused(shell: Shell, path: Path) -> None:
    """One line that names the pair, before anything is printed."""
    cases: list[tuple[list[str], str]] = [
        (["train", "config.yaml", "--steps", "3", "--every", "1"], "--every: does not go with --steps."),
        (["train", "config.yaml", "--steps", "1", "--format", "csv"], "--format: does not go with --steps."),
        (
            ["show", "RUN", "--by", "learning_rate", "--trials"],
            "--trials: does not go with --by, which summarises.",
        ),
        (
            ["show", "RUN", "--trials", "--bins", "3"],
            "--bins: gathers the rows of a summary, not trials.",
        ),
        (["show", "RUN", "--top", "1", "--bins", "3"], "--bins: gathers the rows of a summary, not trials."),
    ]
    for arguments, message in cases:
        told = shell(*(path if argument == "RUN" else argument for argument in arguments), code=2)
        assert told.out == ""
        assert told.err.startswith(message)
        assert told.err.count("\n") == 1


@pytest.mark.parametrize("command", [["list"], ["show", "RUN"]])
def test_tables_are_read_without_what_trains(path: Path, command: list[str]) -> None:
    """Neither configs nor engines are loaded where a table is shown."""
    arguments = [str(path.parent) if word == "list" else word.replace("RUN", str(path)) for word in command]
    arguments = ["list", *arguments] if command == ["list"] else arguments
    code = f"""
import sys
from linreg_sweep.cli import main
code = main({arguments!r})
heavy = ["pydantic", "yaml", "torch", "linreg_sweep.planning", "linreg_sweep.training"]
print(code, *(name for name in heavy if name in sys.modules), file=sys.stderr)
"""
    assert python("-c", code).stderr == "0\n"


# --- a terminal


def on_terminal(folder: Path, *arguments: str, columns: int = 80, **more: Any) -> tuple[str, str]:
    """Runs a command whose stdout and stderr are terminals; returns what each got."""
    import fcntl
    import pty
    import struct
    import termios
    import threading

    def read(end: int, got: list[bytes]) -> None:
        with suppress(OSError):  # the terminal ends with its process
            while chunk := os.read(end, 4096):
                got.append(chunk)

    out, err = pty.openpty(), pty.openpty()
    for pair in (out, err):
        fcntl.ioctl(pair[1], termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-m", "linreg_sweep", *arguments],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(ROOT)} | more,
        stdout=out[1],
        stderr=err[1],
    )
    got: tuple[list[bytes], list[bytes]] = ([], [])
    readers = [
        threading.Thread(target=read, args=(pair[0], chunks))
        for pair, chunks in zip((out, err), got, strict=True)
    ]
    for pair, reader in zip((out, err), readers, strict=True):
        os.close(pair[1])
        reader.start()
    assert process.wait(60) == 0
    for pair, reader in zip((out, err), readers, strict=True):
        reader.join(10)
        os.close(pair[0])
    texts = [b"".join(chunks).decode().replace("\r\n", "\n") for chunks in got]
    return texts[0], texts[1]


needs_terminal = pytest.mark.skipif(os.name == "nt", reason="there are no pseudo-terminals")


@needs_terminal
@pytest.mark.parametrize(("columns", "left_out"), [(100, 4), (200, 0)])
def test_a_narrow_terminal_goes_without_some_columns(path: Path, columns: int, left_out: int) -> None:
    """As many as need be; how many is told on stderr, and what stays says what the sweep found."""
    out, err = on_terminal(ROOT, "show", str(path), columns=columns)
    head, rule, *_ = out.splitlines()
    everything = ls.load(path).summary().columns
    assert len(rule) <= columns
    assert len(head.split()) == len(everything) - left_out
    assert {"learning_rate", "trials", "converged", "median_converged_at", "regime"} <= set(head.split())
    assert err == (f"{left_out} columns left out: widen the terminal, or --format csv\n" if left_out else "")
    assert ("share_converged" in out) == (left_out == 0)


@needs_terminal
def test_a_run_on_a_narrow_terminal_still_finds_the_best(tmp_path: Path) -> None:
    """What is left out of the table is not left out of the answer."""
    (tmp_path / "small.yaml").write_text(SWEEP)
    out, err = on_terminal(tmp_path, "run", "small.yaml", columns=60)
    assert "share_converged" not in out
    assert (
        "On the whole learning_rate 0.005 does best: 1 of 3 trials converged, after a median of 20 epochs."
        in out
    )
    assert re.search(r"4 columns left out: widen the terminal, or linreg-sweep show \S+ --format csv", err)


@needs_terminal
@pytest.mark.parametrize(("value", "bar"), [("1", False), ("", True)])
def test_no_color_turns_the_bar_off(tmp_path: Path, value: str, bar: bool) -> None:
    """Where it is set and not empty, even on a terminal."""
    (tmp_path / "small.yaml").write_text(SWEEP)
    _, err = on_terminal(tmp_path, "run", "small.yaml", "--part-size", "1", columns=200, NO_COLOR=value)
    assert ("trials" in err) == bar


def test_a_pipe_gets_all_columns(path: Path) -> None:
    """However narrow COLUMNS says that a terminal is."""
    done = python("-m", "linreg_sweep", "show", str(path), COLUMNS="40")
    assert "share_converged" in done.stdout
    assert done.stderr == ""


def test_a_long_training_says_that_it_is_at_work(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal, so that nobody takes it for stuck; how to stop it, too."""
    monkeypatch.setattr("linreg_sweep.terminal.progress.PATIENCE", 0.0)
    assert shell("train", "config.yaml").err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    told = shell("train", "config.yaml", "--set", "epochs=20000")
    assert told.err == "training ... press Ctrl+C to stop\n"


@pytest.mark.skipif(os.name == "nt", reason="there is no such signal")
def test_a_training_can_be_stopped(tmp_path: Path) -> None:
    """Ctrl+C ends a long one with a word, 130, and no traceback."""
    (tmp_path / "config.yaml").write_text("data: {name: tutorial}\ntraining: {epochs: 1000000000}\n")
    code = (
        "import signal, sys, threading, os\n"
        "from linreg_sweep import cli, training\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a background job is deaf to it
        "threading.Timer(1.0, os.kill, [os.getpid(), signal.SIGINT]).start()\n"
        "sys.exit(cli.main(['train', 'config.yaml', '--every', '500000000']))"
    )
    done = python("-c", code, folder=tmp_path)
    assert done.returncode == 130
    said, stopped = filter(None, done.stderr.splitlines())
    assert re.match("This takes about [0-9]+ h .* on one core with engine numpy; ", said)
    assert stopped == "Stopped."
    assert done.stdout == ""


# --- init and schema


def test_init_run_and_show_is_a_first_session(shell: Shell) -> None:
    """What init writes can be run as it says, and has trials of more than one outcome."""
    told = shell("init")
    assert told.out.splitlines() == [
        "Wrote configs/tutorial.yaml",
        "Wrote sweeps/tutorial.yaml",
        "Next: linreg-sweep run sweeps/tutorial.yaml",
    ]
    shell("train", "configs/tutorial.yaml")
    run = ls.load(shell("run", "sweeps/tutorial.yaml", "--set", "epochs=200").out.splitlines()[-1])
    assert run.trials["outcome"].nunique() >= 2


def test_init_takes_a_file(shell: Shell) -> None:
    """Into another folder, from which the data are found."""
    Path("pets.csv").write_text("legs,weight\n4,20\n2,0.1\n4,5\n3,9\n")
    told = shell("init", "project", "--data", "pets.csv", "--y", "weight", "--name", "pets")
    assert told.out.splitlines()[-1] == "Next: linreg-sweep run project/sweeps/pets.yaml"
    assert shell("plan", "project/sweeps/pets.yaml").out.startswith("pets: ")


def test_schema_is_json(shell: Shell) -> None:
    """For editors, as JSON alone."""
    assert json.loads(shell("schema").out)["$schema"].startswith("https://json-schema.org/")


# --- streams


@pytest.mark.skipif(os.name == "nt", reason="pipes end otherwise there")
@pytest.mark.parametrize("arguments", [["schema"], ["show", "RUN", "--trials", "--format", "csv"]])
def test_a_reader_that_leaves_is_no_failure(path: Path, tmp_path: Path, arguments: list[str]) -> None:
    """`| head -1` gets its line, and no traceback or warning follows."""
    command = [sys.executable, "-m", "linreg_sweep", *(str(path) if a == "RUN" else a for a in arguments)]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()  # gone before the first byte
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 0
    assert err == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_behind_stdout_is_told(path: Path) -> None:
    """Where the output cannot be written, the command fails with one line."""
    done = subprocess.run(
        f"{sys.executable} -m linreg_sweep show {path} > /dev/full",
        shell=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "cannot write the output: No space left on device\n"


def test_an_error_of_the_system_is_named(shell: Shell, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not of writing the output is not called so."""

    def fail(path: str) -> None:
        raise PermissionError(13, "Permission denied", "a/file")

    monkeypatch.setattr("linreg_sweep.runs.results.load", fail)
    assert shell("show", path, code=1).err == "a/file: Permission denied\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_help_that_cannot_be_written_is_told() -> None:
    """One line, and no traceback."""
    done = subprocess.run(
        f"{sys.executable} -m linreg_sweep --help > /dev/full",
        shell=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "cannot write the output: No space left on device\n"


def test_pipes_get_plain_text(path: Path, tmp_path: Path) -> None:
    """No colours, no bars, and nothing that plain ASCII cannot hold."""
    (tmp_path / "small.yaml").write_text(SWEEP)
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    for environment, *arguments in (
        ({}, "run", "small.yaml"),
        (ascii_only, "run", "small.yaml"),
        (ascii_only, "show", str(path)),
        (ascii_only, "--help"),
        (ascii_only, "bogus"),
    ):
        done = python("-m", "linreg_sweep", *arguments, folder=tmp_path, **environment)
        assert "\x1b" not in done.stdout + done.stderr
        assert "\r" not in done.stdout + done.stderr
        assert (done.stdout + done.stderr).isascii()


def test_data_with_other_letters_can_be_shown(shell: Shell) -> None:
    """Names of columns are whatever a person's file calls them."""
    Path("straße.csv").write_text("größe,preis €\n1,2\n2,4.5\n3,5\n", encoding="utf-8")
    Path("straße.yaml").write_text(
        "data: {path: straße.csv, y: preis €, x: größe}\nmethod: grid\nparameters: {learning_rate: 0.1}\n",
        encoding="utf-8",
    )
    told = shell("run", "straße.yaml")
    assert "straße.csv" in told.out
    path = told.out.splitlines()[-1]
    assert Path(path).is_dir()
    assert shell("show", path, "--trials").err == ""


def test_an_option_takes_several_values_at_once_or_one_at_a_time(shell: Shell, path: Path) -> None:
    """`--by a b` is `--by a --by b`, and `--set a=1 b=2` likewise; anything else left over is refused."""
    at_once = shell("show", path, "--by", "learning_rate", "initial_weight", "--format", "csv")
    one_by_one = shell("show", path, "--by", "learning_rate", "--by", "initial_weight", "--format", "csv")
    assert at_once.out == one_by_one.out
    assert len(at_once.table) == 9
    trained = shell("plan", "small.yaml", "--set", "epochs=7", "loss=mse")
    assert "loss mse, engine numpy, up to 7 epochs" in trained.out
    assert "unexpected extra argument (learning_rate)" in shell("show", path, "learning_rate", code=2).err
    assert (
        "unexpected extra arguments (a b)"
        in shell("plan", "small.yaml", "--set", "epochs=7", "a", "b", code=2).err
    )


# --- theory


def test_verify_says_what_it_found_and_fails_on_it(shell: Shell) -> None:
    """Nothing on stdout where every row is right; else the wrong numbers, one a line, and exit code 1."""
    path = Path(shell("run", "small.yaml").out.splitlines()[-1])
    told = shell("verify", path)
    assert told.out == ""
    assert told.err.endswith(" trials trained again and compared: every number is the same.\n")
    part = path / "trials" / "part-00000.parquet"
    columns = read_arrays(part)
    columns["weight"] = columns["weight"].copy()
    columns["weight"][2] = np.nextafter(columns["weight"][2], 9)
    part.write_bytes(encoded(columns))
    with pytest.raises(SystemExit) as stopped:
        shell("verify", path, "--format", "csv")
    assert stopped.value.code == 1


def test_edge_prints_what_was_measured_beside_theory(shell: Shell) -> None:
    """As a table for people with what it means, exact for machines; mini-batches have no theory."""
    lines = shell("edge", "small.yaml").out.splitlines()
    assert lines[0].split() == [
        *("largest_stable", "smallest_unstable", "stability_limit", "relative_difference"),
    ]
    assert lines[2].split()[2] == "0.0063305255565"
    assert lines[4].startswith("Measured with engine numpy, loss half_mse, float64: ")
    told = shell("edge", "small.yaml", "--set", "batch_size=5", "shuffle=true", "--format", "csv")
    assert told.table[0]["stability_limit"] == ""
    assert float(told.table[0]["largest_stable"]) < float(told.table[0]["smallest_unstable"])
    words = shell("edge", "small.yaml", "--set", "batch_size=5", "shuffle=true", "dtype=float32").out
    assert "Mini-batches are shuffled" in words
    assert "Mini-batches have no limit by theory" in words
    assert "as close as float32 has rates" in words


def test_plan_warns_of_a_grid_that_is_wasted(shell: Shell) -> None:
    """And says what theory expects, or why it tells nothing."""
    rates = "parameters.learning_rate.values=[0.005, 0.02, 0.03, 0.04]"
    told = shell("plan", "small.yaml", "--set", rates, "--set", "epochs=10000").out
    assert "Theory expects, of the trials: " in told
    assert "Warning: 75 % of the trials cannot converge. " in told
    assert "have learning rate 0.005; " in told
    none = shell("plan", "small.yaml", "--set", rates, "--set", "epochs=1").out
    assert "Warning: no trial can converge within its epochs." in none
    assert (
        "Theory predicts nothing for any of the trials: "
        in shell("plan", "small.yaml", "--set", "batch_size=5").out
    )
