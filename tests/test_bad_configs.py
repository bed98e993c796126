"""Every bad file or config has its one message, location included: a table of them."""

import pytest

from tests.refusals import DATA, config_message, own_folder

__all__ = ["own_folder"]

START = "a config starts with 'data:', a sweep with 'name:'"

FILES = [
    ("", f"x.yaml:1:1: the file is empty. Hint: {START}"),
    (
        ("- a\n"),
        f"x.yaml:1:1: the top level must be keys with values, got a list. Hint: {START}",
    ),
    (
        "tutorial",
        (f"x.yaml:1:1: the top level must be keys with values, got 'tutorial'. Hint: {START}"),
    ),
    (("data: [1, 2\n"), "x.yaml:2:1: a comma or ] is missing"),
    (("data: {name: tutorial\nseed: 1\n"), "x.yaml:2:5: a comma or } is missing"),
    (
        "data: name: tutorial",
        (
            "x.yaml:1:11: a ':' is not allowed here. Hint: check the indentation, and put text that "
            "holds ': ' in quotes"
        ),
    ),
    (("data:\n\tname: tutorial"), "x.yaml:2:1: a tab cannot indent. Hint: use spaces"),
    (
        ("data: 'tut\nseed: 1"),
        "x.yaml:1:7: a quote is opened here and never closed. Hint: add the closing quote",
    ),
    (
        ("data:\n  name: tutorial\n seed: 1\n"),
        (
            "x.yaml:3:2: this does not fit the lines above it. Hint: keys of one block start in the "
            "same column, and a value follows on its line or further in"
        ),
    ),
    ("data: @home", "x.yaml:1:7: a value cannot start with @. Hint: put it in quotes"),
    (
        ("data: {name: tutorial}\nseed\n"),
        "x.yaml:3:1: a ':' is missing after the key above. Hint: write 'key: value'",
    ),
    (
        'data: {path: "C:\\data.csv", y: b}',
        ("x.yaml:1:18: a backslash before d means nothing in double quotes. Hint: use single quotes"),
    ),
    (
        ("data: {name: tutorial}\nseed: 010\n"),
        (
            "x.yaml:2:7: seed: a whole number does not start with 0, got 010. Hint: write 10, 0o10 "
            "for octal or '010' in quotes for text"
        ),
    ),
    (
        ("data: {name: tutorial}\nseed: 089\n"),
        (
            "x.yaml:2:7: seed: a whole number does not start with 0, got 089. Hint: write 89 or "
            "'089' in quotes for text"
        ),
    ),
    (
        ("<<: {seed: 1}\n"),
        (
            "x.yaml:1:1: merge keys (<<) are not accepted. Hint: write the keys out, or put what is "
            "shared into a config and extend it"
        ),
    ),
    (("data: &d {name: tutorial}\n"), "x.yaml:1:7: data: anchors (&d) are not accepted. Hint: remove it"),
    (("data: *d\n"), "x.yaml:1:7: data: aliases (*d) are not accepted. Hint: write the value out"),
    (
        ("data: !!map {name: tutorial}\n"),
        "x.yaml:1:7: data: tags (!) are not accepted. Hint: write the plain value",
    ),
    (
        ("data: {name: tutorial}\nseed: 1\nseed: 2\n"),
        "x.yaml:3:1: seed: this key is given twice, first on line 2. Hint: keep one of them",
    ),
    (("1: 2\n"), "x.yaml:1:1: a key must be text, got 1. Hint: put it in quotes: '1'"),
    (("? [a]\n: 1\n"), "x.yaml:1:3: a key must be text, got a list or a mapping"),
    (": 1", "x.yaml:1:1: a key is missing before this ':'. Hint: write 'key: value'"),
    (("data: {}\n---\ndata: {}\n"), "x.yaml:2:1: only one document is accepted. Hint: remove the line '---'"),
    ("data: {name: a\x07}", "x.yaml:1:15: control character U+0007. Hint: remove it"),
    ('data: {name: "a\\0"}', "x.yaml:1:14: data.name: control character U+0000. Hint: remove it"),
    ("data: ]", "x.yaml:1:7: a value is missing"),
    (
        ("%YAML 3.0\n---\nseed: 1"),
        "x.yaml:1:1: only YAML 1.1 and 1.2 can be read. Hint: remove the %YAML line",
    ),
    (("data: {name: tutorial}\n...\nseed: 1\n"), "x.yaml:3:1: nothing may follow the end of the document"),
    (
        ("training: {epochs: 1}\n"),
        (
            "x.yaml:1:1: data: is required. Hint: give name: tutorial, or path and y, or extend a "
            "config that does"
        ),
    ),
    (
        ("data: {}\n"),
        (
            "x.yaml:1:1: data.path: is required where there is no name. Hint: give name: tutorial, "
            "or path and y"
        ),
    ),
    (
        ("data: {name: tutrial}\n"),
        "x.yaml:1:14: data.name: must be tutorial, got 'tutrial'. Hint: did you mean 'tutorial'?",
    ),
    (
        ("data: {name: tutorial, path: a.csv, y: b}\n"),
        "x.yaml:1:30: data.path: cannot be combined with name, got 'a.csv'. Hint: give name or path",
    ),
    (
        ("data: {name: tutorial, x: [a]}\n"),
        (
            "x.yaml:1:27: data.x: cannot be combined with name: built-in data has its own columns. "
            "Hint: remove it"
        ),
    ),
    (
        ("data: {path: a.csv}\n"),
        ("x.yaml:1:1: data.y: is required with path. Hint: name the target column, as in y: [price]"),
    ),
    (("data: {path: '', y: b}\n"), "x.yaml:1:14: data.path: must not be empty, got ''"),
    (("data: {path: a.csv, y: []}\n"), "x.yaml:1:24: data.y: must name at least one column"),
    (("data: {path: a.csv, y: [b, b]}\n"), "x.yaml:1:24: data.y: must name each column once, got 'b' twice"),
    (
        ("data: {path: a.csv, x: [a, b], y: b}\n"),
        "x.yaml:1:35: data.y: must not share columns with x, got 'b' in both",
    ),
    (("data: {path: a.csv, y: 5}\n"), "x.yaml:1:24: data.y: must be a text or a list of texts, got 5"),
    (("data: {path: a.csv, y: [5]}\n"), "x.yaml:1:25: data.y[0]: must be text, got 5"),
    (
        ("data: {name:tutorial}\n"),
        (
            "x.yaml:1:1: data.path: is required where there is no name. Hint: give name: tutorial, "
            "or path and y\n"
            "x.yaml:1:8: data.'name:tutorial': unknown key. Hint: put a space after the ':'"
        ),
    ),
    (("data: tutorial\n"), "x.yaml:1:7: data: must be a block of keys, got 'tutorial'"),
    (("name: a\ndata: {name: tutorial}\n"), "x.yaml:1:1: name: unknown key. Hint: did you mean data.name?"),
    (("extends: 5\n"), "x.yaml:1:10: extends: must be the path of a config, got 5"),
    (("extends: none.yaml\n"), "x.yaml:1:10: extends: none.yaml: no such file"),
    (("extends: x.yaml\n"), "x.yaml:1:10: extends: must not form a cycle, got x.yaml again"),
    (
        ("extends: sweep.yaml\n"),
        "x.yaml:1:10: extends: must be a config, but sweep.yaml is a sweep (it has parameters)",
    ),
]
"""Whole files, given as configs."""

CONFIGS = [
    (
        ("training:\n  learnig_rate: 1\n"),
        "x.yaml:3:3: training.learnig_rate: unknown key. Hint: did you mean 'learning_rate'?",
    ),
    (
        ("learning_rate: 1\n"),
        "x.yaml:2:1: learning_rate: unknown key. Hint: did you mean training.learning_rate?",
    ),
    (
        ("training: null\n"),
        (
            "x.yaml:2:11: training: must be a block of keys, got null. Hint: leave the key out, or "
            "give it keys"
        ),
    ),
    (("training: {epochs: 1.5}\n"), "x.yaml:2:20: training.epochs: must be a whole number, got 1.5"),
    (("training: {epochs: true}\n"), "x.yaml:2:20: training.epochs: must be a whole number, got true"),
    (
        ("training: {epochs: '10'}\n"),
        ("x.yaml:2:20: training.epochs: must be a whole number, got '10'. Hint: write 10 without quotes"),
    ),
    (("training: {epochs: -1}\n"), "x.yaml:2:20: training.epochs: must be at least 0, got -1"),
    (
        ("training: {epochs: 1e13}\n"),
        "x.yaml:2:20: training.epochs: must be at most 1,000,000,000,000, got 10000000000000",
    ),
    (("training: {batch_size: 0}\n"), "x.yaml:2:24: training.batch_size: must be at least 1, got 0"),
    (("training: {learning_rate: 0}\n"), "x.yaml:2:27: training.learning_rate: must be above 0, got 0"),
    (
        ("training: {learning_rate: .inf}\n"),
        "x.yaml:2:27: training.learning_rate: must be a finite number, got inf",
    ),
    (
        ("training: {learning_rate: 0,5}\n"),
        "x.yaml:2:29: training: a key must be text, got 5. Hint: put it in quotes: '5'",
    ),
    (("training: {momentum: 1}\n"), "x.yaml:2:22: training.momentum: must be below 1, got 1"),
    (
        ("training: {nesterov: true}\n"),
        (
            "x.yaml:2:22: training.nesterov: must be false where momentum is 0, got true. Hint: set "
            "momentum, for example to 0.9"
        ),
    ),
    (
        ("training: {decay_bias: yes}\n"),
        "x.yaml:2:24: training.decay_bias: must be true or false, got 'yes'. Hint: write true",
    ),
    (
        ("training: {shuffle: true}\n"),
        (
            "x.yaml:2:12: training.shuffle: unknown key. Hint: write order: reshuffle; shuffle is called"
            " order now"
        ),
    ),
    (
        ("training: {order: shuffled}\n"),
        (
            "x.yaml:2:19: training.order: must be file, reshuffle, independent or with_replacement, got"
            " 'shuffled'. Hint: did you mean 'reshuffle'?"
        ),
    ),
    (
        ("training: {device: cuda}\n"),
        ("x.yaml:2:20: training.device: must be cpu with engine numpy, got 'cuda'. Hint: use engine: torch"),
    ),
    (
        ("training: {engine: exact}\n"),
        "x.yaml:2:20: training.engine: must be numpy, torch, closed_form or numba, got 'exact'",
    ),
    (
        ("training: {loss: halfmse}\n"),
        (
            "x.yaml:2:18: training.loss: must be half_mse, mse or sse, got 'halfmse'. Hint: did you "
            "mean 'half_mse'?"
        ),
    ),
    (("training: {dtype: 64}\n"), "x.yaml:2:19: training.dtype: must be float32 or float64, got 64"),
    (
        ("training: {initial_weight: []}\n"),
        "x.yaml:2:28: training.initial_weight: must be a number or a list of numbers, got []",
    ),
    (
        ("training: {initial_weight: [1, a]}\n"),
        "x.yaml:2:32: training.initial_weight[1]: must be a number, got 'a'",
    ),
    (
        ("training: {initial_bias: .nan}\n"),
        "x.yaml:2:26: training.initial_bias: must be a finite number, got nan",
    ),
    (("outcome: {tolerance: 0}\n"), "x.yaml:2:22: outcome.tolerance: must be above 0, got 0"),
    (("outcome: {divergence: 1}\n"), "x.yaml:2:23: outcome.divergence: must be above 1, got 1"),
    (("outcome: {settle: {fraction: 1}}\n"), "x.yaml:2:30: outcome.settle.fraction: must be below 1, got 1"),
    (("outcome: {settle: {epochs: 0}}\n"), "x.yaml:2:28: outcome.settle.epochs: must be at least 1, got 0"),
    (
        ("history: {every: lgo}\n"),
        "x.yaml:2:18: history.every: must be 0, a number of epochs or log, got 'lgo'",
    ),
    (("history: {every: -1}\n"), "x.yaml:2:18: history.every: must be at least 0, got -1"),
    (("seed: -1\n"), "x.yaml:2:7: seed: must be at least 0, got -1"),
    (
        ("seed: 9223372036854775808\n"),
        "x.yaml:2:7: seed: must be at most 9,223,372,036,854,775,807, got 9.22337e+18",
    ),
]
"""What follows the line `data: {name: tutorial}` of a config."""


def test_file() -> None:
    """A file that is invalid is refused with its line and column."""
    for text, message in FILES:
        assert config_message(text) == message


def test_config() -> None:
    """A config with a bad value is refused at the value."""
    for text, message in CONFIGS:
        assert config_message(DATA + text) == message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("parameters:\n  learning_rate:{values: [0.001]}\n", "x.yaml:2:17: {} Hint: write 'learning_rate: '"),
        ("training:{epochs: 1, momentum: 0}\n", "x.yaml:1:10: {} Hint: write 'training: '"),
        ("a:[1, 2]\nb: 3\n", "x.yaml:1:3: {} Hint: write 'a: '"),
        ("training:\n  epochs:5\n  seed: 1\n", "x.yaml:2:10: {} Hint: write 'epochs: '"),
    ],
)
def test_a_blank_is_missing_after_a_colon(text: str, said: str) -> None:
    """A value glued to its key is named, and not the line that YAML stumbles over."""
    message = said.format("a space is missing after the ':'.")
    assert config_message(text) == f"{message} before its value"
