"""Facts about `list`: runs in every format, unfinished and damaged ones too, and how they differ."""

import json
import re
import shutil
from pathlib import Path

import pytest

import linreg_sweep as ls
from linreg_sweep.theory.outcome import OUTCOMES
from tests.shells import Shell, path, shell

__all__ = ["path", "shell"]


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
    assert told.err == "No runs in none. Hint: linreg-sweep run SWEEP makes one.\n"
    assert shell("list", "--format", "csv").table == []
    told = shell("list")
    assert told.out == ""
    assert told.err == "No runs in results. Hint: linreg-sweep run SWEEP makes one.\n"


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
