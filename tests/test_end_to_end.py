"""Facts about whole sweeps, from declaration to tables: the same bits however they are run or stopped."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import linreg_sweep as ls
from linreg_sweep.errors import ConfigError
from linreg_sweep.trials.loading import Arrays
from tests import literal
from tests.hearing import hear_signals

GRID: dict[str, Any] = {
    "name": "grid",
    "data": {"name": "tutorial"},
    "method": "grid",
    "training": {"epochs": 120},
    "history": {"every": "log"},
    "parameters": {
        "learning_rate": {"min": 1e-4, "max": 1e-2, "num": 21, "scale": "log"},
        "initial_weight": {"min": -10, "max": 10, "step": 5},
        "momentum": {"values": [0, 0.5]},
    },
}

RANDOM: dict[str, Any] = {
    "name": "random",
    "data": {"name": "tutorial"},
    "method": "random",
    "trials": 150,
    "seed": 7,
    "training": {"epochs": 60, "shuffle": True},
    "history": {"every": 25},
    "parameters": {
        "learning_rate": {"min": 1e-4, "max": 1e-2, "scale": "log"},
        "initial_weight": {"distribution": "normal", "mu": 0, "sigma": 3},
        "batch_size": {"values": [7, 30]},
        "epochs": {"min": 20, "max": 60},
    },
}

SWEEPS = {
    "grid, numpy": GRID,
    "grid, torch": GRID | {"training": {"epochs": 40, "engine": "torch", "dtype": "float32"}},
    "random, numpy": RANDOM,
    "random, torch": RANDOM
    | {"trials": 60, "training": {"epochs": 20, "engine": "torch"}}
    | {"parameters": RANDOM["parameters"] | {"epochs": {"min": 1, "max": 20}}},
}


def assert_same_run(one: ls.Run, other: ls.Run) -> None:
    """Asserts that two runs have the same tables, to the bit."""
    pd.testing.assert_frame_equal(one.trials, other.trials, check_exact=True)
    pd.testing.assert_frame_equal(one.history, other.history, check_exact=True)
    for name in one.trials.select_dtypes("float64"):
        assert one.trials[name].to_numpy().tobytes() == other.trials[name].to_numpy().tobytes()
    assert (one.path / "summary.csv").read_bytes() == (other.path / "summary.csv").read_bytes()
    assert (one.path / "config.yaml").read_bytes() == (other.path / "config.yaml").read_bytes()
    assert one.path.name == other.path.name
    for key in ("outcomes", "best", "data"):
        assert one.metadata[key] == other.metadata[key]


def parts_of(run: ls.Run) -> dict[Path, tuple[bytes, int]]:
    """Returns the content and time of every part."""
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in sorted(run.path.glob("*/part-*"))}


# --- the same bits


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


# --- resuming


def test_a_lost_part_is_made_anew_and_no_other(tmp_path: Path) -> None:
    """The same call makes what is missing, with the same bytes, and leaves the rest untouched."""
    run = ls.run(GRID, out=tmp_path, jobs=1, part_size=50)
    before = parts_of(run)
    summary = (run.path / "summary.csv").read_bytes()
    lost = run.path / "trials" / "part-00002.parquet"
    lost.unlink()
    assert ls.load(run.path).n_trials_done == 160
    told: list[tuple[int, int]] = []
    again = ls.run(GRID, out=tmp_path, watch=lambda done, total: told.append((done, total)))
    assert told == [(160, 210), (210, 210)]
    after = parts_of(again)
    assert {path: content for path, (content, _) in after.items()} == {
        path: content for path, (content, _) in before.items()
    }
    made = {path.name for path in after if after[path][1] != before[path][1]}
    assert made == {"part-00002.parquet"}
    assert (run.path / "summary.csv").read_bytes() == summary


def test_a_stop_between_two_files_of_a_part_loses_no_history(tmp_path: Path) -> None:
    """A part's history is written before its trials, which are what makes it finished."""
    run = ls.run(GRID, out=tmp_path, jobs=1, part_size=50)
    complete = parts_of(run)
    (run.path / "trials" / "part-00001.parquet").unlink()  # as if stopped after the history
    ls.run(GRID, out=tmp_path, jobs=1)
    assert [content for content, _ in parts_of(run).values()] == [content for content, _ in complete.values()]


@pytest.mark.parametrize("lost", ["history/part-00002.parquet", "trials/part-00000.parquet", "summary.csv"])
def test_any_lost_file_is_made_again(tmp_path: Path, lost: str) -> None:
    """Whatever was deleted from a finished run comes back, byte for byte; until then it is not finished."""
    run = ls.run(GRID, out=tmp_path, jobs=1, part_size=50)
    content = (run.path / lost).read_bytes()
    (run.path / lost).unlink()
    assert ls.load(run.path).finished == (lost == "summary.csv")
    again = ls.run(GRID, out=tmp_path, jobs=1)
    assert (run.path / lost).read_bytes() == content
    assert again.finished
    assert again.metadata["outcomes"] == run.metadata["outcomes"]


def test_a_finished_run_is_not_touched(tmp_path: Path) -> None:
    """Running it again trains nothing and writes nothing but its log, and the same run is returned."""
    run = ls.run(GRID, out=tmp_path, jobs=1)

    def times() -> dict[Path, int]:
        told = ("run.log", "run.lock", "status.json")
        files = [path for path in run.path.rglob("*.*") if path.name not in told]
        return {path: path.stat().st_mtime_ns for path in files}

    before = times()
    told: list[tuple[int, int]] = []
    again = ls.run(GRID, out=tmp_path, watch=lambda done, total: told.append((done, total)))
    assert told == [(210, 210)]
    assert times() == before
    assert_same_run(run, again)


def test_a_run_keeps_its_size_of_parts(tmp_path: Path) -> None:
    """Another size is refused, with the way out; none is fine."""
    run = ls.run(GRID, out=tmp_path, jobs=1, part_size=50)
    ls.run(GRID, out=tmp_path, jobs=1, part_size=50)
    with pytest.raises(ConfigError) as caught:
        ls.run(GRID, out=tmp_path, jobs=1, part_size=60)
    assert str(caught.value) == (
        f"{run.path}: the run's parts have 50 trials each, got a part size of 60. "
        "Hint: leave it out, or use another --out"
    )


# --- which directory


@pytest.mark.parametrize(
    "override",
    [
        *("seed=1", "training.epochs=121", "loss=mse", "engine=torch", "tolerance=1e-5"),
        *("parameters.initial_bias=0", "standardize=true", "history.every=3"),
        "parameters.momentum.values=[0.5, 0]",
    ],
)
def test_another_declaration_has_another_directory(tmp_path: Path, override: str) -> None:
    """Whatever can change a trial, a number or an order changes the eight digits."""
    few = GRID | {"parameters": {"learning_rate": {"values": [0.005]}, "momentum": {"values": [0, 0.5]}}}
    one = ls.run(few, out=tmp_path, jobs=1)
    two = ls.run(few, overrides=[override], out=tmp_path, jobs=1)
    assert one.path != two.path
    assert two.path.name.startswith("grid-")


def test_the_same_declaration_has_the_same_directory(tmp_path: Path) -> None:
    """However it is written: defaults said or not, numbers as 1e-3 or 0.001, whatever the most trials are."""
    few = GRID | {"parameters": {"learning_rate": {"values": [0.001]}}}
    one = ls.run(few, out=tmp_path, jobs=1)
    said = few | {"seed": 0, "max_trials": 10, "outcome": {"tolerance": 1e-06}}
    said |= {"training": {"momentum": 0, "epochs": 1.2e2, "engine": "numpy"}}
    two = ls.run(said, out=tmp_path, overrides=["parameters.learning_rate.values=[1e-3]"], jobs=1)
    assert one.path == two.path
    assert len(list(tmp_path.iterdir())) == 1


def test_a_data_file_is_known_by_its_content(tmp_path: Path) -> None:
    """Moved or renamed it has the same directory; with one number changed it has another."""
    rows = "x,y\n1,2\n2,3.5\n3,7\n"
    for name, text in (("a.csv", rows), ("b.csv", rows), ("c.csv", rows.replace("7", "8"))):
        (tmp_path / name).write_text(text)
    few = {"name": "few", "method": "grid", "parameters": {"learning_rate": {"values": [0.01]}}}
    a, b, c = (
        ls.run(few | {"data": {"path": str(tmp_path / name), "y": "y"}}, out=tmp_path / "results", jobs=1)
        for name in ("a.csv", "b.csv", "c.csv")
    )
    assert a.path == b.path != c.path


# --- data from Python, and a run's own declaration


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


# --- stopping


LONG = """
name: long
data: {name: tutorial}
method: grid
training: {epochs: 8000, early_stop: false}
parameters:
  learning_rate: {min: 1e-4, max: 1e-2, num: 12, scale: log}
  initial_weight: {min: -10, max: 10, num: 10}
"""


def workers_of(session: int) -> list[str]:
    """Returns the command lines of the processes of a session that still run."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            state, *fields = (process / "stat").read_text().rpartition(")")[2].split()
            if int(fields[2]) == session and state not in "ZX":
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except (OSError, ValueError):
            continue
    return found


def wait_until(holds: Any, seconds: float = 20.0) -> bool:
    """Waits until something holds; returns whether it came to."""
    end = time.monotonic() + seconds
    while not (true := holds()) and time.monotonic() < end:
        time.sleep(0.02)
    return bool(true)


def started(
    folder: Path, jobs: int, preexec_fn: Callable[[], object] = hear_signals
) -> subprocess.Popen[str]:
    """Starts the long sweep in a session of its own, and waits for its second part."""
    (folder / "long.yaml").write_text(LONG)
    command = [sys.executable, "-m", "linreg_sweep", "run", "long.yaml", "--part-size", "5"]
    process = subprocess.Popen(
        [*command, "--jobs", str(jobs)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        start_new_session=True,
        preexec_fn=preexec_fn,
    )
    if not wait_until(lambda: len(list(folder.glob("results/long-*/trials/part-*"))) >= 2):
        process.kill()
        raise AssertionError(process.communicate())
    return process


QUICK = (signal.SIGTERM, 2, False)
"""The one interruption that is not left to the long tests."""


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> ls.Run:
    """The long sweep, run in one go."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    (folder / "long.yaml").write_text(LONG)
    return ls.run(folder / "long.yaml", out=folder / "results", jobs=1)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
@pytest.mark.parametrize(
    ("number", "jobs", "to_all"),
    [
        pytest.param(*case, marks=[] if case == QUICK else pytest.mark.system)
        for case in product((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), (1, 2), (False, True))
    ],
)
def test_a_stopped_run_goes_on_where_it_was(
    tmp_path: Path, uninterrupted: ls.Run, number: signal.Signals, jobs: int, to_all: bool
) -> None:
    """Ctrl+C, SIGTERM, a closed terminal, to the command or to all its processes: told, no worker left."""
    process = started(tmp_path, jobs)
    (os.killpg if to_all else os.kill)(process.pid, number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert out == ""
    assert "Traceback" not in err
    assert wait_until(lambda: workers_of(process.pid) == [], 5), workers_of(process.pid)
    (path,) = (tmp_path / "results").iterdir()
    stopped = ls.load(path)
    assert not stopped.finished
    assert 10 <= stopped.n_trials_done < 120
    # joblib's keeper of semaphores may say that it had to tidy up
    tidied = ("resource_tracker", "warn(")
    lines = [line for line in err.splitlines() if line and not any(word in line for word in tidied)]
    if number == signal.SIGINT:
        assert lines.pop(0) == "Stopping when what is in flight is done. Ctrl+C again stops at once."
    lost = [line for line in lines if line.startswith("lost: part ")]
    assert len(lost) <= (jobs if to_all and number != signal.SIGINT else 0), err
    assert len(lines) == 1 + len(lost), err
    told = re.fullmatch(
        r"Stopped\. (\d+) of 120 trials are done: the same command finishes the rest\.", lines[-1]
    )
    assert told is not None, err
    # the signal may come between a part's last byte and the word that it is there
    assert int(told[1]) in (stopped.n_trials_done, stopped.n_trials_done - 5)
    assert [file for file in path.rglob("*") if file.name.startswith(".")] == []
    assert stopped.trials["trial"].is_monotonic_increasing
    if to_all or jobs == 1:
        return
    finished = ls.run(tmp_path / "long.yaml", out=tmp_path / "results", jobs=1)
    assert finished.path == path
    pd.testing.assert_frame_equal(finished.trials, uninterrupted.trials, check_exact=True)
    assert (path / "summary.csv").read_bytes() == (uninterrupted.path / "summary.csv").read_bytes()


@pytest.mark.system
@pytest.mark.parametrize("jobs", [1, 2])
def test_under_nohup_a_closed_terminal_ends_nothing(tmp_path: Path, uninterrupted: ls.Run, jobs: int) -> None:
    """Neither the command nor a worker that it starts later: what was ignored stays so."""
    process = started(tmp_path, jobs, lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    os.killpg(process.pid, signal.SIGHUP)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    (run,) = ls.list_runs(tmp_path / "results")
    assert (run.path / "summary.csv").read_bytes() == (uninterrupted.path / "summary.csv").read_bytes()


@pytest.mark.system
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
def test_ctrl_c_twice_stops_at_once(tmp_path: Path) -> None:
    """What the first lets be finished, the second does not wait for."""
    process = started(tmp_path, 2)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    asked = "Stopping when what is in flight is done. Ctrl+C again stops at once.\n"
    assert process.stderr.readline() == asked
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "trials are done: the same command finishes the rest." in err
    assert wait_until(lambda: workers_of(process.pid) == [], 5), workers_of(process.pid)


@pytest.mark.system
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
def test_a_killed_run_leaves_no_workers(tmp_path: Path) -> None:
    """Even where the command is killed without warning, its workers end within seconds."""
    process = started(tmp_path, 2)
    assert len(workers_of(process.pid)) >= 3
    process.kill()
    assert wait_until(lambda: workers_of(process.pid) == [], 10), workers_of(process.pid)
    process.communicate()
    (path,) = (tmp_path / "results").iterdir()
    assert ls.load(path).n_trials_done >= 10
