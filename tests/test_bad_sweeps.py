"""Every bad sweep, grid or random sweep has its one message, location included: a table of them."""

import pytest

from tests.refusals import DATA, GRID, own_folder, sweep_message, unhinted

__all__ = ["own_folder"]

RANDOM = f"{DATA}method: random\ntrials: 10\nparameters:\n  "

SWEEPS = [
    (
        ("data: {name: tutorial}\n"),
        (
            "x.yaml:1:1: this is a config (it has no parameters): use `linreg-sweep train`. Hint: a "
            "sweep has method and parameters"
        ),
    ),
    (
        ("data: {name: tutorial}\nparameters:\n  learning_rate: 1\n"),
        "x.yaml:1:1: method: is required. Hint: write method: grid, random or list",
    ),
    (
        ("data: {name: tutorial}\nmethod: gird\nparameters:\n  learning_rate: 1\n"),
        "x.yaml:2:9: method: must be grid, random or list, got 'gird'. Hint: did you mean 'grid'?",
    ),
    (
        ("data: {name: tutorial}\nmethod: grid\n"),
        (
            "x.yaml:1:1: parameters: is required. Hint: say what varies, for example learning_rate: "
            "{values: [0.001, 0.005]}"
        ),
    ),
    (
        ("data: {name: tutorial}\nmethod: grid\nparameters: {}\n"),
        (
            "x.yaml:3:13: parameters: must be a block of at least one parameter, got {}. Hint: write "
            "for example learning_rate: {values: [0.001, 0.005]}"
        ),
    ),
    (
        ("data: {name: tutorial}\nmethod: random\nparameters:\n  learning_rate: 1\n"),
        "x.yaml:1:1: trials: is required. Hint: say how many, for example trials: 1000",
    ),
    (
        ("data: {name: tutorial}\nmethod: grid\ntrials: 5\nparameters:\n  learning_rate: 1\n"),
        "x.yaml:3:1: trials: cannot be combined with method: grid",
    ),
    (
        ("data: {name: tutorial}\nname: .a\nmethod: grid\nparameters:\n  learning_rate: 1\n"),
        (
            "x.yaml:2:7: name: must be up to 100 letters, digits, '-', '_' and '.', with no '.' at "
            "its start, got '.a'"
        ),
    ),
    (
        ("data: {name: tutorial}\nmethod: random\ntrials: 0\nparameters:\n  initial_bias: 1\n"),
        "x.yaml:3:9: trials: must be at least 1, got 0",
    ),
    (
        ("data: {name: tutorial}\nmethod: random\ntrials: 1e9\nparameters:\n  initial_bias: 1\n"),
        (
            "x.yaml:3:9: trials: must be at most 100,000,000 (max_trials), got 1,000,000,000. Hint: "
            "raise max_trials"
        ),
    ),
    (
        ("data: {name: tutorial}\nmethod: grid\nmax_trials: 0\nparameters:\n  initial_bias: 1\n"),
        "x.yaml:3:13: max_trials: must be at least 1, got 0",
    ),
]
"""Whole files, given as sweeps."""

GRIDS = [
    (
        "learning_rte: 1",
        ("x.yaml:4:3: parameters.learning_rte: unknown parameter. Hint: did you mean 'learning_rate'?"),
    ),
    (
        "engine: torch",
        "x.yaml:4:3: parameters.engine: 'engine' cannot vary. Hint: it is the same in all trials",
    ),
    (
        "initial_weight_: 1",
        ("x.yaml:4:3: parameters.initial_weight_: unknown parameter. Hint: did you mean 'initial_weight'?"),
    ),
    (
        ("initial_weight: 1\n  initial_weight_a: 2"),
        (
            "x.yaml:5:3: parameters.initial_weight_a: cannot be combined with initial_weight, which is the "
            "start of every feature. Hint: give each feature its own, or all of them one"
        ),
    ),
    ("learning_rate: -1", "x.yaml:4:18: parameters.learning_rate: must be above 0, got -1"),
    (
        "learning_rate: [1, 2]",
        ("x.yaml:4:18: parameters.learning_rate: must be a number or a block of keys, got [1, 2]"),
    ),
    ("learning_rate: null", "x.yaml:4:18: parameters.learning_rate: must be a number, got null"),
    (
        "batch_size: {values: [5, null]}",
        (
            "x.yaml:4:28: parameters.batch_size.values[1]: must be a whole number, got null. Hint: for all "
            "rows write how many there are, or any larger number"
        ),
    ),
    (
        "learning_rate: {}",
        (
            "x.yaml:4:18: parameters.learning_rate: needs value, or values, or min, max and num, or "
            "min, max and step"
        ),
    ),
    ("learning_rate: {value: 0}", "x.yaml:4:26: parameters.learning_rate.value: must be above 0, got 0"),
    (
        "learning_rate: {values: []}",
        ("x.yaml:4:27: parameters.learning_rate.values: must be a list of at least one number, got []"),
    ),
    (
        "learning_rate: {values: [1, 1.0]}",
        "x.yaml:4:31: parameters.learning_rate.values[1]: must not repeat a value, got 1.0 again",
    ),
    ("learning_rate: {min: 1, max: 2}", "x.yaml:4:18: parameters.learning_rate: needs num, or step"),
    ("learning_rate: {min: 1, num: 2}", "x.yaml:4:18: parameters.learning_rate: needs max"),
    (
        "learning_rate: {min: 1, max: 2, num: 1}",
        (
            "x.yaml:4:40: parameters.learning_rate.num: must be at least 2 where min and max differ, "
            "got 1. Hint: use value for one point"
        ),
    ),
    (
        "learning_rate: {min: 2, max: 1, num: 5}",
        "x.yaml:4:32: parameters.learning_rate.max: must be above min (2), got 1",
    ),
    (
        "learning_rate: {min: -0.1, max: 1, num: 5, scale: log}",
        "x.yaml:4:24: parameters.learning_rate.min: must be above 0, got -0.1",
    ),
    (
        "initial_weight: {min: 0, max: 1, num: 5, scale: log}",
        (
            "x.yaml:4:25: parameters.initial_weight.min: must be above 0 when scale is log, got 0. "
            "Hint: give a range above 0, or scale: linear"
        ),
    ),
    (
        "learning_rate: {min: 1, max: 2, num: 5, scale: lin}",
        (
            "x.yaml:4:50: parameters.learning_rate.scale: must be linear or log, got 'lin'. Hint: did "
            "you mean 'linear'?"
        ),
    ),
    (
        "learning_rate: {min: 1, max: 2, num: 2.5}",
        "x.yaml:4:40: parameters.learning_rate.num: must be a whole number, got 2.5",
    ),
    (
        "learning_rate: {min: 1, max: 2, num: 5, step: 1}",
        "x.yaml:4:43: parameters.learning_rate.step: cannot be combined with num. Hint: keep one of them",
    ),
    (
        "learning_rate: {values: [1], min: 1}",
        ("x.yaml:4:32: parameters.learning_rate.min: cannot be combined with values. Hint: keep one of them"),
    ),
    (
        "learning_rate: {min: 1, max: 2, nmu: 5}",
        "x.yaml:4:35: parameters.learning_rate.nmu: unknown key. Hint: did you mean 'num'?",
    ),
    (
        "initial_bias: {distribution: normal, mu: 0, sigma: 1}",
        (
            "x.yaml:4:18: parameters.initial_bias.distribution: unknown key. Hint: this key is for "
            "method random\n"
            "x.yaml:4:40: parameters.initial_bias.mu: unknown key. Hint: this key is for method "
            "random\n"
            "x.yaml:4:47: parameters.initial_bias.sigma: unknown key. Hint: this key is for method "
            "random"
        ),
    ),
    (
        "initial_bias: {min: 0, max: 1, step: 0.3}",
        ("x.yaml:4:31: parameters.initial_bias.max: must be reachable in steps of 0.3 from 0, got 1"),
    ),
    (
        "initial_bias: {min: 0, max: 1, step: 0}",
        "x.yaml:4:40: parameters.initial_bias.step: must be above 0, got 0",
    ),
    (
        "initial_bias: {min: 1, max: 1, step: 1}",
        "x.yaml:4:31: parameters.initial_bias.max: must be above min (1), got 1",
    ),
    (
        "initial_bias: {min: 0, max: 1, step: 1e-23}",
        (
            "x.yaml:4:40: parameters.initial_bias.step: must give numbers that a float holds to "
            "every digit, got 1e-23. Hint: use num"
        ),
    ),
    (
        "initial_bias: {min: 0, max: 1, step: 0.5, scale: log}",
        (
            "x.yaml:4:52: parameters.initial_bias.scale: must be linear, got 'log'. Hint: use num for a "
            "log scale"
        ),
    ),
    (
        "initial_bias: {min: -1e308, max: 1e308, num: 5}",
        ("x.yaml:4:36: parameters.initial_bias.max: must be less than 1.8e308 above min, got 1e+308"),
    ),
    (
        "epochs: {values: [1, 2.5]}",
        "x.yaml:4:24: parameters.epochs.values[1]: must be a whole number, got 2.5",
    ),
    (
        "epochs: {min: 1, max: 10, num: 4, scale: log}",
        ("x.yaml:4:44: parameters.epochs.scale: must be linear, because epochs is a whole number"),
    ),
    (
        "epochs: {min: 1, max: 10, num: 3}",
        (
            "x.yaml:4:34: parameters.epochs.num: must give whole numbers, but 3 points from 1 to 10 "
            "are 4.5 apart"
        ),
    ),
    (
        "epochs: {min: 1, max: 10, step: 0.5}",
        "x.yaml:4:35: parameters.epochs.step: must be a whole number, got 0.5",
    ),
    (
        "batch_size: {min: 0, max: 10, step: 5}",
        "x.yaml:4:21: parameters.batch_size.min: must be at least 1, got 0",
    ),
    ("momentum: {values: [0, 1]}", "x.yaml:4:26: parameters.momentum.values[1]: must be below 1, got 1"),
    (
        "epochs: {min: 1, max: 1e9, step: 1}",
        (
            "x.yaml:3:1: parameters: must give at most 100,000,000 trials (max_trials), got "
            "1,000,000,000. Hint: declare fewer points, or raise max_trials"
        ),
    ),
]
"""The parameters of a grid, from line 4 on."""

RANDOMS = [
    (
        "learning_rate: {min: 1, max: 2, num: 5}",
        ("x.yaml:5:35: parameters.learning_rate.num: unknown key. Hint: this key is for method grid"),
    ),
    (
        "learning_rate: {distribution: normal, mu: 0, sigma: 1}",
        (
            "x.yaml:5:33: parameters.learning_rate.distribution: must come with scale: log, because "
            "learning_rate is never below 0"
        ),
    ),
    (
        "momentum: {distribution: normal, mu: 0, sigma: 1}",
        (
            "x.yaml:5:28: parameters.momentum.distribution: must be uniform, because momentum has a "
            "largest value. Hint: use min and max"
        ),
    ),
    (
        "epochs: {distribution: normal, mu: 0, sigma: 1}",
        (
            "x.yaml:5:26: parameters.epochs.distribution: must be uniform, because epochs is a whole "
            "number. Hint: use min and max"
        ),
    ),
    (
        "initial_bias: {distribution: normal, mu: 0, sigma: 0}",
        "x.yaml:5:54: parameters.initial_bias.sigma: must be above 0, got 0",
    ),
    (
        "initial_bias: {distribution: normal, min: 0, max: 1}",
        (
            "x.yaml:5:40: parameters.initial_bias.min: cannot be combined with distribution: normal. Hint: "
            "keep one of them\n"
            "x.yaml:5:48: parameters.initial_bias.max: cannot be combined with distribution: normal. Hint: "
            "keep one of them"
        ),
    ),
    ("initial_bias: {mu: 0}", "x.yaml:5:17: parameters.initial_bias: needs sigma"),
    (
        "initial_bias: {mu: 0, min: 1}",
        "x.yaml:5:18: parameters.initial_bias.mu: cannot be combined with min. Hint: keep one of them",
    ),
    (
        "initial_bias: {distribution: gaussian, mu: 0, sigma: 1}",
        ("x.yaml:5:32: parameters.initial_bias.distribution: must be uniform or normal, got 'gaussian'"),
    ),
    (
        "initial_bias: {distribution: normal, mu: 0, sigma: 100, scale: log}",
        (
            "x.yaml:5:54: parameters.initial_bias.sigma: must keep mu +- 10 sigma in the range of a "
            "float, got 100"
        ),
    ),
]
"""The parameters of a random sweep, from line 5 on."""


def test_sweep() -> None:
    """A sweep with a bad value is refused at the value."""
    for text, message in SWEEPS:
        assert sweep_message(text) == message


def test_grid_parameter() -> None:
    """A parameter that no grid can have is refused at what is wrong with it."""
    for text, message in GRIDS:
        assert unhinted(sweep_message(f"{GRID}{text}\n")) == message


def test_random_parameter() -> None:
    """A parameter that cannot be drawn is refused at what is wrong with it."""
    for text, message in RANDOMS:
        assert unhinted(sweep_message(f"{RANDOM}{text}\n")) == message


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("0.001, 0.002", "parameters.learning_rate: must be a number, got '0.001, 0.002'. {}"),
        ("0.001,0.002", "parameters.learning_rate: must be a number, got '0.001,0.002'. {}"),
    ],
)
def test_numbers_in_a_row(given: str, said: str) -> None:
    """Numbers with commas between them are told how to be a list."""
    hint = "Hint: write learning_rate: {values: [0.001, 0.002]}"
    assert sweep_message(f"{GRID}learning_rate: {given}\n") == f"x.yaml:4:18: {said.format(hint)}"
    told = sweep_message(f"{GRID}learning_rate:\n    values: {given}\n")
    assert told.endswith("Hint: write [0.001, 0.002]")


def test_one_number_with_a_comma() -> None:
    """A decimal comma is a number still."""
    assert sweep_message(f"{GRID}learning_rate: 1,5\n").endswith("got '1,5'. Hint: write 1.5")


def test_nesterov_points_to_the_momentum() -> None:
    """With Nesterov the parameter at fault is named."""
    text = f"{DATA}training: {{nesterov: true}}\nmethod: random\ntrials: 5\nparameters:\n"
    assert sweep_message(f"{text}  momentum: {{min: 0, max: 0.5}}\n") == (
        "x.yaml:6:13: parameters.momentum: must be above 0 with nesterov, got 0.0"
    )
    assert sweep_message(f"{text}  momentum: {{values: [0, 0.5]}}\n") == (
        "x.yaml:6:13: parameters.momentum: must be above 0 with nesterov, got 0.0"
    )
