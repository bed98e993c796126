"""Facts about sweeps that signals stop or kill: no process stays, no result is lost, and they go on."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import linreg_sweep as ls
from tests.hearing import hear_signals

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
