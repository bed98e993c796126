"""Facts about hints: what they say to write is text that can be pasted into the file, which then loads."""

import re
from pathlib import Path

import numpy as np
import pytest

from linreg_sweep.config import load_sweep
from linreg_sweep.errors import ConfigError
from linreg_sweep.trials.space import grid_space

SWEEP = "name: a\ndata: {{name: tutorial}}\nmethod: {method}\n{trials}parameters:\n  {parameter}\n"


def sweep(folder: Path, parameter: str, method: str) -> Path:
    """Writes a sweep of one parameter."""
    trials = "trials: 10\n" if method == "random" else ""
    (folder / "a.yaml").write_text(SWEEP.format(method=method, trials=trials, parameter=parameter))
    return folder / "a.yaml"


def pasted(folder: Path, parameter: str, method: str) -> list[str]:
    """Returns what the hints say to write, after each was written and loaded."""
    with pytest.raises(ConfigError) as caught:
        load_sweep(sweep(folder, parameter, method))
    hints = [complaint.hint for complaint in caught.value.complaints]
    written = [text for hint in hints for text in re.findall(r"\w+: \{.*?\}", hint)]
    name = parameter.partition(":")[0]
    written += [
        f"{name}: {text}" for hint in hints for text in re.findall(r"^write ([-.0-9][-.0-9e]*)", hint)
    ]
    for text in written:
        load_sweep(sweep(folder, text, method))
    return written


GRID = """
learning_rate: {distribution: log_uniform, min: 1e-4, max: 1e-2}
    {min: 0.0001, max: 0.01, scale: log, num: 11}
initial_bias: {distribution: uniform, min: -1, max: 1}
    {min: -1, max: 1, num: 11}
learning_rate: logspace(-4, -6, 5)
    {min: 1e-06, max: 0.0001, num: 5, scale: log}
learning_rate: {values: np.logspace(-4, -2, num=3)}
    {min: 0.0001, max: 0.01, num: 3, scale: log}
learning_rate: {values: 'np.geomspace(0.1, 1, 4)'}
    {min: 0.1, max: 1, num: 4, scale: log}
initial_weight: numpy.linspace(-1, 1)
    {min: -1, max: 1, num: 50}
initial_weight: torch.linspace(1, -1, steps=5)
    {min: -1, max: 1, num: 5}
initial_weight: np.arange(0, 1, 0.1)
    {min: 0, max: 0.9, step: 0.1}
epochs: range(10, 0, -3)
    {min: 1, max: 10, step: 3}
learning_rate: 10**-3
    0.001
learning_rate: 1/3
    0.3333333333333333
momentum: 5%
    0.05
epochs: 10,000
    10000
learning_rate: 0,1
    0.1
learning_rate: 0.1 0.2 0.3
    {values: [0.1, 0.2, 0.3]}
learning_rate: [0.1, 0.2]
    {values: [0.1, 0.2]}
learning_rate: {min: 1, max: 0.1, num: 5, scale: log}
    {min: 0.1, max: 1, num: 5, scale: log}
learning_rate: {min: 2, max: 0.5, num: 4, unit: stability_limit}
    {min: 0.5, max: 2, num: 4, unit: stability_limit}
initial_bias: {min: 1, max: -1, step: -0.5}
    {min: -1, max: 1, step: 0.5}
initial_bias: {min: 1, max: 1, num: 3}
    {value: 1}
initial_bias: {min: 1, max: -1}
    {min: -1, max: 1, num: 11}
initial_bias: {min: 0, max: 1, step: 0.3}
    {min: 0, max: 0.9, step: 0.3}
initial_weight: {min: 0, max: 6.283185307179586, step: 1.5707963267948966}
    {min: 0, max: 6.283185307179586, num: 5}
initial_weight: {min: 0, max: 6.2, step: 1.5707963267948966}
    {min: 0, max: 4.71238898038469, num: 4}
epochs: {min: 10, max: 100, step: 40}
    {min: 10, max: 90, step: 40}
epochs: {min: 10, max: 100, num: 5}
    {min: 10, max: 100, num: 4}
epochs: {min: 1, max: 1000, num: 4, scale: log}
    {values: [1, 10, 100, 1000]}
learning_rate: {min: 0.1, max: 1, step: 0.1, scale: log}
    {min: 0.1, max: 1, num: 10, scale: log}
"""
"""What is written of a parameter, and below it what the first hint says to write instead."""

RANDOM = """
learning_rate: {distribution: loguniform, min: 1e-4, max: 1e-2}
    {min: 0.0001, max: 0.01, scale: log}
learning_rate: {distribution: log_uniform_values, min: 1e-4, max: 1}
    {min: 0.0001, max: 1, scale: log}
initial_bias: {distribution: gaussian, mu: 1, sigma: 2}
    {distribution: normal, mu: 1, sigma: 2}
batch_size: {distribution: int_uniform, min: 1, max: 30}
    {min: 1, max: 30}
learning_rate: {distribution: normal, mu: 0, sigma: 1}
    {distribution: normal, mu: 0, sigma: 1, scale: log}
learning_rate: logspace(-4, -6, 5)
    {min: 1e-06, max: 0.0001, scale: log}
learning_rate: {values: np.logspace(-4, -2, 5)}
    {min: 0.0001, max: 0.01, scale: log}
learning_rate: {min: 1, max: 0.1}
    {min: 0.1, max: 1}
"""
"""Likewise of a random sweep."""


@pytest.mark.parametrize("method", ["grid", "random"])
def test_what_a_hint_says_to_write_is_read(tmp_path: Path, method: str) -> None:
    """Every text of every hint loads, and the first is what was meant."""
    lines = (GRID if method == "grid" else RANDOM).strip().splitlines()
    for parameter, meant in zip(lines[::2], lines[1::2], strict=True):
        name = parameter.partition(":")[0]
        assert pasted(tmp_path, parameter, method)[0] == f"{name}: {meant.strip()}", parameter


def test_what_a_call_stands_for_are_its_numbers(tmp_path: Path) -> None:
    """NumPy's own, in rising order."""
    for call, numbers in (
        ("np.logspace(-4, -6, 5)", np.logspace(-4, -6, 5)),
        ("np.linspace(-1, 2, 7)", np.linspace(-1, 2, 7)),
        ("np.geomspace(3, 0.2, 4)", np.geomspace(3, 0.2, 4)),
        ("np.arange(0.5, -2, -0.25)", np.arange(0.5, -2, -0.25)),
        ("range(3, 8, 2)", np.arange(3, 8, 2)),
    ):
        (text,) = pasted(tmp_path, f"initial_weight: {call}", "grid")
        space = grid_space(load_sweep(sweep(tmp_path, text, "grid")).config.parameters)
        found = space.values(0, len(numbers))["initial_weight"]
        np.testing.assert_allclose(found, np.sort(numbers), rtol=1e-15)


def test_a_comma_that_may_be_either_is_called_so(tmp_path: Path) -> None:
    """1,000 is a thousand or one; what it is not is changed without a word."""
    with pytest.raises(ConfigError) as caught:
        load_sweep(sweep(tmp_path, "learning_rate: 1,000", "grid"))
    assert caught.value.complaints[0].hint == "write 1000, or 1.000 where the comma marks decimals"


@pytest.mark.parametrize(
    ("key", "ours"), [("low", "min"), ("upper", "max"), ("std", "sigma"), ("log", "scale: log")]
)
def test_the_keys_of_other_tools_are_translated(tmp_path: Path, key: str, ours: str) -> None:
    """By what they mean, where no letter is alike."""
    with pytest.raises(ConfigError, match=f"unknown key. Hint: write {ours}"):
        load_sweep(sweep(tmp_path, f"learning_rate: {{{key}: 1}}", "random"))


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\u202e", "\u2066"])
def test_a_line_end_or_a_mark_of_direction_is_no_text(tmp_path: Path, mark: str) -> None:
    """Not in the name of a column, whatever YAML takes for printable."""
    file = sweep(tmp_path, "learning_rate: 0.1", "grid")
    with pytest.raises(ConfigError, match="must be text without control characters"):
        load_sweep(file, [f'data={{path: a.csv, y: "a{mark}b"}}'])
