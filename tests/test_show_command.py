"""Facts about `show`: summaries and trials as they are asked for, exact for machines."""

import io
import json
import re
from pathlib import Path

import pandas as pd
import pytest

import linreg_sweep as ls
from tests.shells import Shell, path, python, shell

__all__ = ["path", "shell"]


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
    told = shell("show", path, "--sort", "-median_converged_at", code=2)
    assert told.err.startswith("--sort: median_converged_at is a column of the summary. Hint: name the")


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
