"""Facts about `status`: it tells how far a run is, of one in progress as of one that was killed."""

import csv
import io
import json
import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import linreg_sweep as ls
from linreg_sweep import cli
from linreg_sweep.runs.lock import held
from linreg_sweep.runs.status import RUNNING, Status, read_status
from linreg_sweep.text.status import standing

SWEEP: dict[str, Any] = {
    "name": "watched",
    "data": {"name": "tutorial"},
    "method": "grid",
    "training": {"epochs": 20},
    "parameters": {"learning_rate": {"min": 1e-4, "max": 1e-2, "num": 40, "scale": "log"}},
}


@pytest.fixture
def half(tmp_path: Path) -> ls.Run:
    """A run of 40 trials in parts of 10, stopped after two or three of them."""
    seen: list[int] = []
    return ls.run(
        SWEEP,
        out=tmp_path,
        jobs=1,
        part_size=10,
        watch=lambda done, total: seen.append(done),
        stop=lambda: len(seen) > 1,
    )


@contextmanager
def told(run: ls.Run, **change: Any) -> Iterator[Status]:
    """Lets the maker of a run have said something else."""
    status = read_status(run.store)
    assert status is not None
    run.store.status.write_bytes(replace(status, **change).content())
    yield status


def lines_of(run: ls.Run, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Returns what `status` prints."""
    capsys.readouterr()
    assert cli.main(["status", str(run.path)]) == 0
    return capsys.readouterr().out.splitlines()


def test_a_clock_that_was_ahead_is_no_time_below_zero(
    half: ls.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its own time is given."""
    ahead = "2100-01-01T00:00:00.000+00:00"
    with told(half, updated=ahead):
        (line,) = (line for line in lines_of(half, capsys) if "last heard" in line)
    assert line.endswith(f"last heard from {ahead}, by a clock that was ahead")


def test_of_a_run_that_was_stopped(half: ls.Run, capsys: pytest.CaptureFixture[str]) -> None:
    """How much is there, what came of it, who made it, and how to go on."""
    n_done = half.n_trials_done
    lines = lines_of(half, capsys)
    assert lines[0] == "watched: stopped"
    assert lines[1] == f"{n_done} of 40 trials are done ({n_done / 40:.1%}), in {n_done // 10} of 4 parts"
    assert re.fullmatch(r"\d+ converged, \d+ unfinished, \d+ diverged so far", lines[2])
    assert sum(map(int, re.findall(r"\d+", lines[2]))) == n_done
    assert lines[3].startswith(
        f"Last trained by process {os.getpid()} on {platform.node()}, last heard from "
    )
    assert lines[-2] == "Run the same command again to finish the rest."
    assert lines[-1] == f"Log: {half.path / 'run.log'}"


def test_of_a_run_in_progress(half: ls.Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Its rate and the time left, what trains, and what went wrong last."""
    change = {
        "state": RUNNING,
        "started": "2026-11-25T10:00:00.000+00:00",
        "updated": "2026-11-25T10:00:05.000+00:00",
        "trials_done": 20,
        "workers": "2 processes",
        "last_error": "lost: part 2, trials 20 to 29: its worker process was killed",
    }
    with held(half.store), told(half, **change):
        lines = lines_of(half, capsys)
    assert lines[0] == "watched: running"
    assert lines[3].endswith(" since 2026-11-25T10:00:00.000+00:00, 4 trials a second, about 5 s left")
    assert lines[4:6] == [
        "Workers: 2 processes",
        "Last error: lost: part 2, trials 20 to 29: its worker process was killed",
    ]


def test_of_a_run_that_was_killed(half: ls.Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Its maker said that it was at it, and nobody holds the run."""
    with told(half, state=RUNNING):
        assert lines_of(half, capsys)[0] == "watched: killed"
    half.store.status.unlink()
    lines = lines_of(half, capsys)
    assert lines[0] == "watched: killed"
    assert lines[2:] == ["Run the same command again to finish the rest.", f"Log: {half.path / 'run.log'}"]


def test_of_a_finished_run(half: ls.Run, capsys: pytest.CaptureFixture[str]) -> None:
    """There is nothing to go on with, and who only found that has trained nothing."""
    run = ls.run(SWEEP, out=half.path.parent, jobs=1)
    with told(run, pid=1):
        lines = lines_of(run, capsys)
    assert f"Finished {run.metadata['finished']}" in lines
    assert not any("process" in line for line in lines)
    assert lines[:2] == ["watched: finished", "40 of 40 trials are done (100.0%), in 4 of 4 parts"]
    assert not any("finishes the rest" in line or "so far" in line for line in lines)


def test_of_a_finished_run_that_lost_a_part(half: ls.Run, capsys: pytest.CaptureFixture[str]) -> None:
    """It is not called finished, and who looks is told how to go on."""
    run = ls.run(SWEEP, out=half.path.parent, jobs=1)
    run.store.part(run.store.trials, 1).unlink()
    lines = lines_of(run, capsys)
    assert lines[0] == "watched: incomplete"
    assert "Run the same command again to finish the rest." in lines


def test_machines_read_the_same(half: ls.Run, capsys: pytest.CaptureFixture[str]) -> None:
    """One row; what is not known is empty."""
    capsys.readouterr()
    assert cli.main(["status", str(half.path), "--format", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["state"], row["trials_done"], row["trials"]) == ("stopped", half.n_trials_done, 40)
    assert row["seconds_left"] is None
    assert cli.main(["status", str(half.path), "--format", "csv"]) == 0
    (cells,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert cells["run"] == str(half.path)
    assert standing(str(half.path)).state == "stopped"
