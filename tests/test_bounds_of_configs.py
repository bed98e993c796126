"""What configs may hold is bounded, in files, options and mappings from Python, and so is what is said."""

import time
from pathlib import Path

import pytest

from linreg_sweep.config import as_mapping, load_config, load_sweep, to_yaml
from linreg_sweep.errors import ConfigError
from tests.refusals import DATA, GRID, config_message, own_folder, sweep_message

__all__ = ["own_folder"]


def test_number_too_long() -> None:
    """A number of more than 400 characters is refused before it is read."""
    message = "x.yaml:2:7: seed: a number has at most 400 characters, got 401"
    assert config_message(f"{DATA}seed: {'1' * 401}") == message


def test_number_beyond_floats() -> None:
    """A whole number that no float reaches is refused, and shown by its size."""
    message = config_message(f"{DATA}training: {{learning_rate: 1{'0' * 399}}}")
    assert message == "x.yaml:2:27: training.learning_rate: must be a number below 1.8e308, got 1e+399"


def test_large_numbers_are_shown_by_their_size() -> None:
    """From 1e16 on six digits are shown, below it all of them."""
    said = "x.yaml:2:20: training.epochs: must be at most 1,000,000,000,000, got"
    for given, shown in (
        ("1e300", "1e+300"),
        ("10000000000000000", "1e+16"),
        ("123456789123456789", "1.23457e+17"),
        ("9999999999999999", "9999999999999999"),
    ):
        assert config_message(f"{DATA}training: {{epochs: {given}}}") == f"{said} {shown}"
    assert (
        config_message(f"{DATA}seed: -{'1' * 20}") == "x.yaml:2:7: seed: must be at least 0, got -1.11111e+19"
    )


def test_many_complaints_are_cut_short() -> None:
    """Of very many complaints fifty are said, and that there are more."""
    messages = config_message("".join(f"k{index}: 1\n" for index in range(1000))).splitlines()
    assert len(messages) == 51
    assert messages[-1] == "and more"


LARGE = {
    "equal values": "learning_rate: {values: [" + "1, " * 200_000 + "1]}",
    "equal values that can be read": "learning_rate: {values: [" + "1, " * 9_000 + "1]}",
    "tags": "learning_rate: {values: [" + "!a 1, " * 150_000 + "1]}",
    "leading zeros": "learning_rate: {values: [" + "01, " * 150_000 + "1]}",
    "names": "\n  ".join(f"k{index}: 1" for index in range(9_000)),
}


@pytest.mark.parametrize("case", LARGE)
def test_large_faults_cost_little(case: str) -> None:
    """However many faults a file has, few are collected, in little time."""
    start = time.process_time()
    messages = sweep_message(f"{GRID}{LARGE[case]}\n").splitlines()
    assert time.process_time() - start < 4
    assert len(messages) == (1 if case == "equal values" else 51)
    assert len(messages) == 1 or messages[-1] == "and more"


@pytest.mark.system
def test_many_lists_are_not_read_to_their_end() -> None:
    """Of a text of very many values no more are held in memory than any sweep can need."""
    text = "\n  ".join(f"k{index}: [{'1,' * 9_000}]" for index in range(50))
    message = sweep_message(GRID + text)
    assert message.endswith(": more than 100,000 values in one text")
    assert message.startswith("x.yaml:15:")


def test_a_list_is_not_too_long() -> None:
    """A list of more than 10,000 is refused before it is read to its end."""
    text = "learning_rate: {values: [" + ", ".join(str(number) for number in range(1, 10_002)) + "]}\n"
    assert sweep_message(GRID + text) == (
        "x.yaml:4:27: parameters.learning_rate.values: must be a list of at most 10,000, got more. "
        "Hint: to vary a parameter, use num, step or a random sweep"
    )


def test_values_from_python_are_not_too_many() -> None:
    """More than 10,000 values are refused, as they could not be read back; 10,000 are written and read."""
    values = [1 + number / 3 for number in range(10_001)]
    sweep = {
        "data": {"name": "tutorial"},
        "method": "grid",
        "parameters": {"learning_rate": {"values": values}},
    }
    with pytest.raises(ConfigError) as caught:
        load_sweep(sweep)
    assert str(caught.value) == (
        "parameters.learning_rate.values: must be a list of at most 10,000, got 10,001. "
        "Hint: use num, step or a random sweep"
    )
    values.pop()
    config = load_sweep(sweep).config
    Path("x.yaml").write_text(to_yaml(as_mapping(config)), encoding="utf-8")
    assert load_sweep("x.yaml").config == config


def test_a_text_of_digits_is_not_tried_in_every_way() -> None:
    """Whether a text is nearly a number is told in one pass, however long it is."""
    start = time.process_time()
    message = config_message(f"{DATA}training: {{learning_rate: '{'1' * 1_000_000}x'}}")
    assert time.process_time() - start < 4
    assert message.startswith("x.yaml:2:27: training.learning_rate: must be a number, got '111")
    assert len(message) < 200


def test_many_columns_are_compared_once_each() -> None:
    """Ten thousand columns in x and in y, all different, cost one look at each."""
    x, y = ([f"{role}{index}" for index in range(10_000)] for role in "xy")
    start = time.process_time()
    with pytest.raises(ConfigError) as caught:
        load_config({"data": {"path": "a.csv", "x": x, "y": [*y, "x9999"]}})
    assert time.process_time() - start < 0.7
    assert str(caught.value) == "data.y: must not share columns with x, got 'x9999' in both"


def test_long_words_are_cut_short() -> None:
    """A column or path of nearly a mebibyte is told by its ends."""
    long = "c" * 400_000
    message = config_message(f"data: {{path: a.csv, y: b, x: [{long}, {long}]}}")
    assert message == f"x.yaml:1:30: data.x: must name each column once, got '{'c' * 57}...' twice"
    assert len(config_message(f"extends: {long}")) < 1200


def test_an_option_is_not_nested_for_ever() -> None:
    """A key of `--set` has as many levels as a file."""
    message = config_message(DATA, f"training{'.a' * 3000}=1")
    assert message == f"--set training{'.a' * 24}....: more than 20 levels of nesting"


def test_mappings_from_python_have_the_bounds_of_files() -> None:
    """One that holds itself ends, and numbers that Python does not print are told."""
    endless: dict[str, object] = {}
    endless |= {"a": endless, "b": endless}
    for given, said in (
        (endless, "more than 20 levels of nesting"),
        ({"data": [{}] * 200_000}, "more than 100,000 values"),
        ({"data": {"name": "tutorial"}, "seed": [10**5000]}, "seed: must be a whole number, got a list"),
    ):
        with pytest.raises(ConfigError) as caught:
            load_config(given)
        assert str(caught.value) == said


@pytest.mark.parametrize("name", ["con", "NUL", "aux.a", "Com1", "lpt9.txt.gz"])
def test_names_of_devices(name: str) -> None:
    """A sweep is not called what Windows calls a device, nor named after a file that is."""
    text = f"{GRID}learning_rate: 1\n"
    said = f"name: must not be what Windows calls a device, got '{name}'"
    assert sweep_message(f"name: {name}\n{text}") == f"x.yaml:1:7: {said}"
    Path(f"{name}.yaml").write_text(text, encoding="utf-8")
    stem = Path(f"{name}.yaml").stem
    assert load_sweep(f"{stem}.yaml").config.name == "sweep"
