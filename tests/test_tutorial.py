"""The tutorial, digit for digit, through the real command line; beyond its pages, against literal loops."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from linreg_sweep.cli import main
from linreg_sweep.data import tutorial

HERE = Path(__file__).parent
CONFIG = str(HERE.parent / "configs" / "tutorial.yaml")
TORCH_CONFIG = str(HERE.parent / "configs" / "tutorial_torch.yaml")
PRINTED = json.loads((HERE / "facts" / "tutorial_printed.json").read_text(encoding="utf-8"))
STEPS = PRINTED["torch_steps"]
FAR = 100000.0

Capture = pytest.CaptureFixture[str]
Row = tuple[int, float, float, float]
"""Epoch, weight and bias after its update, cost before it."""


def call(capsys: Capture, *arguments: str) -> list[str]:
    """Returns what a command line that must succeed prints, line by line."""
    assert main(arguments) == 0
    return capsys.readouterr().out.splitlines()


def frame(capsys: Capture, *arguments: str) -> pd.DataFrame:
    """Returns the rows of a `train` command, exact."""
    return pd.read_csv(io.StringIO("\n".join(call(capsys, *arguments, "--format", "csv"))))


def line(row: Row | list[Any]) -> str:
    """Returns a row as the tutorial prints it."""
    epoch, weight, bias, cost = row
    return f"Epoch : {epoch}, Weight : {weight:.3f}, Bias : {bias:.3f}, Cost : {cost:.3f}"


def settings(**values: float | str) -> list[str]:
    """Returns `--set training.key=value` for each."""
    return [word for key, value in values.items() for word in ("--set", f"training.{key}={value}")]


def numpy_loop(learning_rate: float, start: float, epochs: int) -> Iterator[Row]:
    """Yields the tutorial's NumPy loop, written out: every epoch goes over all rows."""
    data = tutorial()
    x, y = data.x[:, 0], data.y[:, 0]
    weight = bias = start
    for epoch in range(1, epochs + 1):
        y_hat = weight * x + bias
        cost = float(np.mean((y - y_hat) ** 2))
        weight = weight - learning_rate * float(np.mean((y_hat - y) * x))
        bias = bias - learning_rate * float(np.mean(y_hat - y))
        yield epoch, weight, bias, cost


def torch_loop(learning_rate: float, epochs: int, every: int) -> Iterator[Row]:
    """Yields some rows of the tutorial's PyTorch loop, written out, one trial in float32."""
    data = tutorial()
    x, y = torch.tensor(data.x, dtype=torch.float32), torch.tensor(data.y, dtype=torch.float32)
    weight, bias = torch.zeros(1, requires_grad=True), torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([weight, bias], lr=learning_rate)
    for epoch in range(1, epochs + 1):
        cost = torch.mean((weight * x + bias - y) ** 2)
        optimizer.zero_grad()
        cost.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if epoch % every == 0:
            yield epoch, weight.item(), bias.item(), cost.item()


@pytest.mark.parametrize(
    "run", PRINTED["numpy"], ids=lambda run: f"{run['learning_rate']}-{run['epochs']}-epochs"
)
def test_every_printed_row_of_the_numpy_runs(run: dict[str, Any], capsys: Capture) -> None:
    """`train` prints the tutorial's rows, every digit of weight, bias and cost."""
    keys = ("learning_rate", "initial_weight", "initial_bias", "epochs")
    lines = call(capsys, "train", CONFIG, *settings(**{key: run[key] for key in keys}))
    assert lines[: len(run["rows"])] == [line(row) for row in run["rows"]]
    assert lines[len(run["rows"])] == ""


@pytest.mark.parametrize(
    ("learning_rate", "regime"), [(0.001, "low"), (0.005, "good"), (0.006, "high"), (0.007, "too high")]
)
def test_a_learning_rate_has_the_tutorials_word(learning_rate: float, regime: str, capsys: Capture) -> None:
    """The sentence below the rows calls the four learning rates what the tutorial calls them."""
    lines = call(capsys, "train", CONFIG, *settings(learning_rate=learning_rate, epochs=10))
    assert any(line.startswith(f"Steepest direction: {regime} (") for line in lines)


def test_the_high_rate_zigzags_like_the_literal_loop(capsys: Capture) -> None:
    """At 0.006, of which the tutorial prints no rows, the printed rows are those of its loop."""
    lines = call(capsys, "train", CONFIG, *settings(learning_rate=0.006, epochs=10))
    expected = list(numpy_loop(0.006, 0.0, 10))
    assert lines[:10] == [line(row) for row in expected]
    weights = np.array([row[1] for row in expected])
    assert (np.diff(weights)[1:] * np.diff(weights)[:-1] < 0).all()


def test_a_far_start_decreases_and_is_not_there_after_10000_epochs(capsys: Capture) -> None:
    """From weight and bias 100,000 every row is that of the literal loop, and the trial is unfinished."""
    start = settings(initial_weight=FAR, initial_bias=FAR, epochs=10000)
    rows = frame(capsys, "train", CONFIG, *start, "--every", "1000")
    expected = np.array([row for row in numpy_loop(0.005, FAR, 10000) if row[0] % 1000 == 0])
    # H and C against the rows: rounding errors of 1e-16 of a start of 1e5, over the steps of the far bias
    np.testing.assert_allclose(rows.to_numpy(), expected, rtol=1e-8, atol=0)
    assert (np.diff(rows["cost"]) < 0).all()
    assert "Unfinished at epoch 10,000" in "\n".join(call(capsys, "train", CONFIG, *start))


def test_every_printed_number_of_the_torch_steps(capsys: Capture) -> None:
    """Gradient (4 decimals) and weight (5) before and after zero_grad, backward and step, for two epochs."""
    set_up = settings(**{key: STEPS[key] for key in ("learning_rate", "initial_weight", "initial_bias")})
    printed = call(capsys, "train", TORCH_CONFIG, *set_up, "--steps", "2")
    expected = []
    for number, moments in enumerate(STEPS["epochs"], start=1):
        expected.append(f"Epoch : {number}")
        for moment, (gradient, weight) in zip(STEPS["moments"], moments, strict=True):
            shown = "None" if gradient is None else f"{gradient:.4f}"
            expected.append(f"  {moment:<16}  Weight.grad : {shown}, Weight : {weight:.5f}")
    assert [text.split(", Bias.grad")[0] for text in printed] == expected


def test_gradients_would_add_up_without_zero_grad(capsys: Capture) -> None:
    """The two printed gradients add up to the one that the tutorial warns of, -739.4672."""
    printed = call(capsys, "train", TORCH_CONFIG, "--steps", "2")
    after = [text for text in printed if text.startswith("  after backward")]
    gradients = [float(text.split("Weight.grad : ")[1].split(",")[0]) for text in after]
    # two numbers of four decimals, in float32
    assert sum(gradients) == pytest.approx(STEPS["second_gradient_if_not_zeroed"], abs=1.5e-4)


@pytest.mark.system
def test_torch_over_10000_epochs_is_the_plain_torch_loop(capsys: Capture) -> None:
    """At 0.001 in float32 with mse, the rows are those of one trial's plain loop with torch.optim.SGD."""
    rows = frame(capsys, "train", TORCH_CONFIG, "--every", "1000")
    expected = np.array(list(torch_loop(0.001, 10000, 1000)))
    assert rows["epoch"].tolist() == expected[:, 0].tolist()
    # a step's rounding, 3e-8 of the bias, may add up over 1/(0.001 * 0.474) epochs: 6e-5
    np.testing.assert_allclose(rows[["weight", "bias"]], expected[:, 1:3], rtol=0, atol=1e-4)
    np.testing.assert_allclose(rows["cost"], expected[:, 3], rtol=1e-5)


@pytest.mark.parametrize("loss", ["half_mse", "mse"])
def test_torch_and_numpy_agree_under_the_same_loss(loss: str, capsys: Capture) -> None:
    """In float64 the engines differ by rounding alone: it is the loss that makes the tutorial's differ."""
    same = settings(loss=loss, learning_rate=0.002, epochs=1000, dtype="float64")
    by_numpy = frame(capsys, "train", CONFIG, *same, *settings(engine="numpy"), "--every", "1")
    by_torch = frame(capsys, "train", CONFIG, *same, *settings(engine="torch"), "--every", "1")
    np.testing.assert_allclose(by_torch.to_numpy(), by_numpy.to_numpy(), rtol=1e-10, atol=0)


def test_mse_at_half_the_rate_is_half_mse(capsys: Capture) -> None:
    """The tutorial's PyTorch steps at 0.001 are its NumPy steps at 0.002: twice the gradient."""
    half = frame(capsys, "train", CONFIG, *settings(learning_rate=0.002, epochs=1000))
    whole = frame(capsys, "train", CONFIG, *settings(loss="mse", learning_rate=0.001, epochs=1000))
    np.testing.assert_allclose(whole.to_numpy(), half.to_numpy(), rtol=1e-12, atol=0)
