"""Every example opens with its question, and trains or runs to its end."""

import re
from pathlib import Path

import pytest

import linreg_sweep as ls
from linreg_sweep.cli import main
from tests.answers import comment

pytestmark = pytest.mark.system

ROOT = Path(__file__).parent.parent
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))
SWEEPS = sorted((ROOT / "sweeps").glob("*.yaml"))

Capture = pytest.CaptureFixture[str]


def name_of(path: Path) -> str:
    """Returns what a test of an example is called."""
    return path.stem


@pytest.mark.parametrize("path", CONFIGS + SWEEPS, ids=name_of)
def test_an_example_opens_with_its_question(path: Path) -> None:
    """Question, how to run it, how to read it, the answer: in this order, and the question asks."""
    parts = comment(path)
    assert list(parts) == ["Question", "Run", "Read", "Answer"]
    assert parts["Question"].endswith("?")
    assert f"{path.parent.name}/{path.name}" in parts["Run"]


@pytest.mark.parametrize("path", CONFIGS, ids=name_of)
def test_every_config_trains(path: Path, capsys: Capture) -> None:
    """`train` goes through every config and ends with how and why the trial ended."""
    assert main(["train", str(path)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("Epoch : ")
    assert re.search(r"\n(Converged|Unfinished|Diverged) at epoch [\d,]+: ", printed)


@pytest.mark.parametrize("path", SWEEPS, ids=name_of)
def test_every_sweep_runs_to_its_end(path: Path, capsys: Capture, tmp_path: Path) -> None:
    """`run` leaves as many trials as `plan` tells; its last line is the run's directory."""
    assert main(["run", str(path), "--out", str(tmp_path), "--jobs", "1"]) == 0
    run = ls.load(capsys.readouterr().out.splitlines()[-1])
    assert run.finished
    assert run.path.parent == tmp_path
    assert run.name == path.stem.replace("_", "-")
    assert len(run.trials) == run.n_trials == ls.plan(path).n_trials
