"""Facts about runs that somebody else makes or has made: right now, killed since, or with a newer version."""

import json
import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import linreg_sweep as ls
from linreg_sweep import cli
from linreg_sweep.runs.status import RUNNING, Status, now
from linreg_sweep.storage import files
from linreg_sweep.storage.store import FORMAT_VERSION
from tests.shells import handlers
from tests.small_run import SWEEP, content, made

__all__ = ["handlers"]

pytestmark = pytest.mark.system

LONG: dict[str, Any] = SWEEP | {
    "name": "long",
    "training": {"epochs": 5_000, "early_stop": False},
    "history": {"every": 0},
    "parameters": {"learning_rate": {"min": 0.001, "max": 0.002, "num": 100}},
}
"""Five parts of 20 trials, a moment of work each."""


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """The command that makes the long run."""
    sweep = tmp_path / "sweep.yaml"
    sweep.write_text(json.dumps(LONG))  # JSON is YAML
    options = ["--out", str(tmp_path), "--jobs", "1", "--part-size", "20"]
    return [sys.executable, "-m", "linreg_sweep", "run", str(sweep), *options]


@pytest.mark.skipif(os.name == "nt", reason="a process cannot be halted there")
def test_the_second_of_two_is_told_who_makes_the_run(words: list[str], tmp_path: Path) -> None:
    """In one line, with the number and the machine of the first, which finishes as if alone."""
    first = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        while not list(tmp_path.glob("long-*/trials/part-*")):
            assert first.poll() is None
            time.sleep(0.01)
        first.send_signal(signal.SIGSTOP)  # it holds the run for as long as the second takes to start
        second = subprocess.run(words, capture_output=True, text=True, check=False)
        first.send_signal(signal.SIGCONT)
        told, errors = first.communicate()
    finally:
        first.kill()
    (path,) = tmp_path.glob("long-*")
    (line,) = second.stderr.splitlines()
    assert (second.returncode, second.stdout) == (1, "")
    assert line.startswith(f"{path}: process {first.pid} on {platform.node()}, since ")
    assert line.endswith(
        f", is making this run. Hint: wait for it; `linreg-sweep status {path}` shows how far it is"
    )
    assert first.returncode == 0, errors
    assert told.splitlines()[-1] == str(path)
    alone = ls.run(LONG, out=tmp_path / "alone", jobs=1, part_size=20)
    assert content(path) == content(alone.path)


def test_the_number_of_a_killed_maker_may_be_another_process_now(tmp_path: Path) -> None:
    """A status that says it is still at it holds nobody up, whoever has its number since."""
    run = made(tmp_path)
    right = content(run.path)
    for pid in (1, os.getpid(), os.getppid(), 2**22):
        run.store.part(run.store.trials, 1).unlink()
        status = Status(RUNNING, pid, platform.node(), "", now(), now(), 2, 1, 2, 1, 0)
        files.write(run.store.status, status.content())
        assert content(made(tmp_path).path) == right


COMMANDS = (
    *("run {config} --out {out}", "show {run}", "status {run}", "verify {run}", "compare {run} {run}"),
    *("report {run} -o {out}/a.html", "export {run} --to csv -o {out}/a.csv", "plot {run} -o {out}/a.png"),
)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_newer_format_is_refused_by_every_command(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line, and no file is touched."""
    run = made(tmp_path)
    run.store.write_metadata(run.metadata | {"format_version": FORMAT_VERSION + 1})
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert cli.main(command.format(run=run.path, config=run.store.config, out=tmp_path).split()) == 1
    text = f"the run's format is {FORMAT_VERSION + 1}, this version reads up to {FORMAT_VERSION}"
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == [f"{run.path}: {text}. Hint: update linreg-sweep"]
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


@pytest.mark.usefixtures("handlers")
def test_list_names_a_run_of_a_newer_format_beside_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The others are listed."""
    newer, other = made(tmp_path), made(tmp_path, overrides=["name=other"])
    newer.store.write_metadata(newer.metadata | {"format_version": FORMAT_VERSION + 1})
    assert cli.main(["list", str(tmp_path)]) == 0
    told = capsys.readouterr()
    assert other.path.name in told.out
    assert told.err.startswith(f"{newer.path}: the run's format is {FORMAT_VERSION + 1}")
