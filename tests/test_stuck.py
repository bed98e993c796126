"""Facts about a command whose surroundings fail it: nobody reads its stderr, or storage does not answer."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

import linreg_sweep as ls
from tests.hearing import hear_signals

pytestmark = pytest.mark.system

LONG = """
name: long
data: {name: tutorial}
training: {epochs: 10000, early_stop: false}
method: grid
parameters: {learning_rate: {min: 0.0001, max: 0.006, num: 100}, initial_weight: {values: [0, 1]}}
"""
RUN = (
    "import sys; from linreg_sweep.cli import main; from linreg_sweep.storage import files;"
    "from linreg_sweep.terminal import progress, signals;"
    "progress.SECONDS_A_LINE = 0.0; {patch};"
    "sys.exit(main(['run', 'long.yaml', '--jobs', '1', '--part-size', '5']))"
)


@contextmanager
def started(folder: Path, stderr: int, patch: str = "pass") -> Iterator["subprocess.Popen[bytes]"]:
    """Starts the sweep, with a word on stderr after each part; at last it is gone."""
    (folder / "long.yaml").write_text(LONG)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    process = subprocess.Popen(
        [sys.executable, "-c", RUN.format(patch=patch)],
        cwd=folder,
        stderr=stderr,
        env=environment | {"PYTHONPATH": str(Path(__file__).parents[1])},
        preexec_fn=hear_signals,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(folder: Path, file: str) -> None:
    """Waits until a file of the run is there."""
    end = time.monotonic() + 30
    while not list(folder.glob(f"results/long-*/{file}")):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_reader_of_stderr_that_leaves_ends_nothing(tmp_path: Path) -> None:
    """As where `2>&1 | tee log` was closed: the sweep goes on to its end."""
    read, write = os.pipe()
    os.close(read)
    with started(tmp_path, write) as process:
        os.close(write)
        assert process.wait(60) == 0
    (run,) = ls.list_runs(tmp_path / "results")
    assert run.finished


def test_ctrl_c_is_heard_while_nobody_reads_stderr(tmp_path: Path) -> None:
    """It comes in the midst of a write to a pipe that is full."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    with suppress(BlockingIOError):
        while True:
            os.write(write, b" ")
    os.set_blocking(write, True)
    with started(tmp_path, write) as process:
        os.close(write)
        wait_for(tmp_path, "run.log")
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        said = b""
        while some := os.read(read, 10_000):
            said += some
        assert process.wait(30) == 130
    assert b"Stopping when what is in flight is done" in said
    assert b"Traceback" not in said


@pytest.mark.parametrize("numbers", [[signal.SIGTERM], [signal.SIGINT, signal.SIGINT]])
def test_at_once_is_soon_where_storage_does_not_answer(tmp_path: Path, numbers: list[signal.Signals]) -> None:
    """Neither the part on its way nor the log is waited for, however long that would take."""
    stuck = "signals.SECONDS_TO_END = 1.0; import time; write = files.write; files.write = "
    stuck += "lambda place, *rest: time.sleep(60) if 'part-00003' in str(place) else write(place, *rest)"
    with started(tmp_path, subprocess.DEVNULL, stuck) as process:
        wait_for(tmp_path, "trials/part-00002.parquet")
        for number in numbers:
            time.sleep(1)
            process.send_signal(number)
        assert process.wait(20) == {signal.SIGTERM: 143, signal.SIGINT: 130}[numbers[0]]
