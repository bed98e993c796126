"""Facts about `train`: what it prints for people and for machines, and how it ends."""

import json
import os
import re
import sys
from pathlib import Path

import pytest

import linreg_sweep as ls
from tests.shells import Shell, python, shell

__all__ = ["shell"]


def test_train_prints_as_the_tutorial_does(shell: Shell) -> None:
    """Ten lines, then how it ended and why; nothing on stderr."""
    told = shell("train", "config.yaml")
    lines = told.out.splitlines()
    assert lines[0] == "Epoch : 100, Weight : 0.858, Bias : -0.011, Cost : 1.415"
    assert lines[9].startswith("Epoch : 1000, Weight : 0.872, Bias : -0.290, Cost : 1.377")
    assert lines[10] == ""
    assert lines[11].startswith("Unfinished at epoch 1,000: ")
    assert lines[12] == "Least possible cost 1.3722."
    assert lines[14] == "Least squares:  y = 0.878899 * x - 0.435931"
    assert lines[15].startswith("The flattest direction needs about ")
    assert lines[16].startswith("Steepest direction: good (learning rate 0.79 of the stability limit): ")
    assert told.err == ""


@pytest.mark.parametrize("style", ["csv", "json"])
def test_train_gives_exact_rows(shell: Shell, style: str) -> None:
    """The same rows for a machine are those of Python, to the bit, and nothing else is printed."""
    told = shell("train", "config.yaml", "--every", "250", "--format", style)
    rows = told.table if style == "csv" else json.loads(told.out)
    expected = ls.train("config.yaml", every=250).frame.to_dict("records")
    assert [{name: float(value) for name, value in row.items()} for row in rows] == expected
    assert [int(row["epoch"]) for row in rows] == [250, 500, 750, 1000]


def test_set_changes_a_value(shell: Shell) -> None:
    """`--set` as often as needed, by the key's end alone."""
    told = shell("train", "config.yaml", "--set", "epochs=2", "--set", "training.learning_rate=1")
    assert told.out.splitlines()[0] == "Epoch : 1, Weight : 270.243, Bias : 13.187, Cost : 233.14"
    assert "Diverged at epoch 2: " in told.out


def test_the_average_is_not_taken_for_the_least_possible_cost(shell: Shell) -> None:
    """A sentence of its own says what the averaged state costs."""
    told = shell("train", "config.yaml", "--set", "average=mean")
    assert re.search(r"\nLeast possible cost 1\.3722\.\nThe averaged state costs \d", told.out)


def test_a_training_at_pythons_prompt_is_a_line() -> None:
    """How it ended and where, not the arrays that it holds."""
    trained = ls.train({"data": {"name": "tutorial"}, "training": {"learning_rate": 0.01, "epochs": 5000}})
    epoch = trained.epoch_of("diverged_at")
    assert repr(trained) == f"<Training on tutorial (built in): diverged, {epoch} epochs>"


def test_steps_show_autograd(shell: Shell) -> None:
    """Gradient and weights at the four moments of each epoch."""
    lines = shell("train", "config.yaml", "--steps", "2", "--set", "learning_rate=0.001").out.splitlines()
    moments = ["before zero_grad", "after zero_grad", "after backward", "after step"]
    assert [line.split("  ")[1] for line in lines if line.startswith("  ")] == moments * 2
    assert [line for line in lines if not line.startswith("  ")] == ["Epoch : 1", "Epoch : 2"]
    assert "Weight.grad : None" in lines[1]
    assert "Weight.grad : -270.2427" in lines[3]
    assert "Weight : 0.27024" in lines[4]


def test_a_long_training_says_that_it_is_at_work(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal, so that nobody takes it for stuck; how to stop it, too."""
    monkeypatch.setattr("linreg_sweep.terminal.progress.PATIENCE", 0.0)
    assert shell("train", "config.yaml").err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    told = shell("train", "config.yaml", "--set", "epochs=20000")
    assert told.err == "training ... press Ctrl+C to stop\n"


@pytest.mark.system
@pytest.mark.skipif(os.name == "nt", reason="there is no such signal")
def test_a_training_can_be_stopped(tmp_path: Path) -> None:
    """Ctrl+C ends a long one with a word, 130, and no traceback."""
    (tmp_path / "config.yaml").write_text("data: {name: tutorial}\ntraining: {epochs: 1000000000}\n")
    code = (
        "import signal, sys, threading, os\n"
        "from linreg_sweep import cli, training\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a background job is deaf to it
        "threading.Timer(1.0, os.kill, [os.getpid(), signal.SIGINT]).start()\n"
        "sys.exit(cli.main(['train', 'config.yaml', '--every', '500000000']))"
    )
    done = python("-c", code, folder=tmp_path)
    assert done.returncode == 130
    said, stopped = filter(None, done.stderr.splitlines())
    assert re.match("This takes about [0-9]+ h .* on one core with engine numpy; ", said)
    assert stopped == "Stopped."
    assert done.stdout == ""
