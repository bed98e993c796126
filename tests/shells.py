"""Commands run in this process or a fresh one: a small sweep and config, a finished run, what is told."""

import csv
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import linreg_sweep as ls
from linreg_sweep import cli

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


@contextmanager
def kept_handlers() -> Iterator[None]:
    """Puts back what a signal does: the command line sets that."""
    names = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.getsignal(name) for name in names}
    yield
    for name, handler in before.items():
        signal.signal(name, handler)


@pytest.fixture
def handlers() -> Iterator[None]:
    """What a signal does is put back."""
    with kept_handlers():
        yield


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    """A shell in an empty folder with a sweep and a config."""
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(SWEEP)
    Path("config.yaml").write_text(CONFIG)
    with kept_handlers():
        yield Shell(capsys)


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
