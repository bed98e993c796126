"""Facts about `plan` and `run`: what they tell of a sweep, on stdout and on stderr."""

import re
from pathlib import Path

import numpy as np
import yaml

import linreg_sweep as ls
from tests.shells import Shell, shell

__all__ = ["shell"]


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
    assert second.err == "Nothing to do: every trial has been trained already.\n"


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
    assert shell("run", "small.yaml").err == "Nothing to do: every trial has been trained already.\n"


def test_a_run_whose_numbers_overflow_is_told(shell: Shell) -> None:
    """The absurdest rates are a result: the best trial's cost is not finite."""
    told = shell("run", "small.yaml", "--set", "parameters={learning_rate: {values: [1e300, 1e305]}}")
    assert (
        "Best trial: 0 (learning_rate 1e+300): no trial converged; this one came closest, cost not finite."
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


def test_plan_warns_of_a_grid_that_is_wasted(shell: Shell) -> None:
    """And says what theory expects, or why it tells nothing."""
    rates = "parameters.learning_rate.values=[0.005, 0.02, 0.03, 0.04]"
    told = shell("plan", "small.yaml", "--set", rates, "--set", "epochs=10000").out
    assert "Theory expects of the trials: " in told
    assert "Warning: 75 % of the trials cannot converge. " in told
    assert "have learning rate 0.005; " in told
    none = shell("plan", "small.yaml", "--set", rates, "--set", "epochs=1").out
    assert "Warning: no trial can converge within its epochs." in none
    assert (
        "Theory predicts nothing for any of the trials: "
        in shell("plan", "small.yaml", "--set", "batch_size=5", "order=reshuffle").out
    )
