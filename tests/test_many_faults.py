"""All that is wrong with a config is said at once, in the order of its lines, and no fault hides another."""

from pathlib import Path

import pytest

from tests.refusals import DATA, GRID, config_message, own_folder, sweep_message, unhinted

__all__ = ["own_folder"]


def test_all_at_once_in_file_order() -> None:
    """All that is wrong with a file is said at once, in the order of its lines."""
    text = """\
    seed: -1
    trainig: {}
    parameters:
      momentum: {values: [2]}
      learning_rate:
        scale: log
        max: -1
        min: -0.1
        num: 0
    method: grid
    training: {nesterov: no, epochs: 1.5}
    data: {path: a.csv, x: [a, a]}
    """
    assert sweep_message(text).splitlines() == [
        "x.yaml:1:11: seed: must be at least 0, got -1",
        "x.yaml:2:5: trainig: unknown key. Hint: did you mean 'training'?",
        "x.yaml:4:27: parameters.momentum.values[0]: must be below 1, got 2",
        "x.yaml:7:14: parameters.learning_rate.max: must be above 0, got -1",
        "x.yaml:8:14: parameters.learning_rate.min: must be above 0, got -0.1",
        "x.yaml:9:14: parameters.learning_rate.num: must be at least 1, got 0",
        "x.yaml:11:26: training.nesterov: must be true or false, got 'no'. Hint: write false",
        "x.yaml:11:38: training.epochs: must be a whole number, got 1.5",
        "x.yaml:12:5: data.y: is required with path. Hint: name the target column, as in y: [price]",
        "x.yaml:12:28: data.x: must name each column once, got 'a' twice",
    ]


def test_reader_reports_all_at_once() -> None:
    """All that strict YAML refuses in a file is said at once, in the order of its lines."""
    text = "data: &a {name: tutorial}\nseed: 010\nseed: *a\n1: !!str 2\ntraining: [\n"
    assert [line.split(": ")[0] for line in config_message(text).splitlines()] == [
        "x.yaml:1:7",
        "x.yaml:2:7",
        "x.yaml:3:1",
        "x.yaml:3:7",
        "x.yaml:4:1",
        "x.yaml:4:4",
        "x.yaml:6:1",
    ]


@pytest.mark.parametrize("method", ["", "method: gird\n", "method: 3\n"])
def test_parameters_are_checked_without_a_method(method: str) -> None:
    """Without a method that there is, the parameters are checked as the likely method's."""
    text = f"{DATA}{method}parameters:\n  learning_rate: {{min: 2, max: 1, num: 3}}\n  momentum: 2\n"
    first, *rest = sweep_message(text).splitlines()
    assert "method: " in first
    assert [unhinted(line).split(":", 3)[3] for line in rest] == [
        " parameters.learning_rate.max: must be above min (2), got 1",
        " parameters.momentum: must be below 1, got 2",
    ]


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("trials: 0\n", "trials: must be at least 1, got 0"),
        ("", "trials: is required. Hint: say how many, for example trials: 1000"),
        ("method: radom\n", "trials: is required. Hint: say how many, for example trials: 1000"),
    ],
)
def test_a_random_sweep_is_recognised(head: str, said: str) -> None:
    """Trials, a distribution or a name that is close tell that a sweep is meant to be random."""
    text = f"{head}{DATA}parameters: {{initial_bias: {{distribution: normal, mu: 0, sigma: -1}}}}\n"
    lines = sweep_message(text).splitlines()
    assert len(lines) == 3
    assert any(line.endswith(said) for line in lines)
    assert lines[-1].endswith("parameters.initial_bias.sigma: must be above 0, got -1")


def test_a_grid_is_recognised_by_its_name() -> None:
    """A misspelt method that is close to grid is one, whatever else is there."""
    text = f"{DATA}method: gird\ntrials: 5\nparameters: {{momentum: {{min: 0, max: 2, num: 3}}}}\n"
    assert sweep_message(text).splitlines() == [
        "x.yaml:2:9: method: must be grid, random or list, got 'gird'. Hint: did you mean 'grid'?",
        "x.yaml:3:1: trials: cannot be combined with method: grid",
        "x.yaml:4:38: parameters.momentum.max: must be below 1, got 2",
    ]


def test_a_misspelt_parameter_is_checked_as_the_one_meant() -> None:
    """What stands under a misspelt name is checked as well."""
    assert sweep_message(f"{GRID}learning_rat: {{mn: 1, scale: logg}}\n").splitlines() == [
        "x.yaml:4:3: parameters.learning_rat: unknown parameter. Hint: did you mean 'learning_rate'?",
        "x.yaml:4:18: parameters.learning_rat.mn: unknown key. Hint: did you mean 'min'?",
        "x.yaml:4:32: parameters.learning_rat.scale: must be linear or log, got 'logg'. "
        "Hint: did you mean 'log'?",
    ]
    assert sweep_message(f"{GRID}epoch: 2.5\n").splitlines() == [
        "x.yaml:4:3: parameters.epoch: unknown parameter. Hint: did you mean 'epochs'?",
        "x.yaml:4:10: parameters.epoch: must be a whole number, got 2.5",
    ]


def test_keys_are_checked_where_others_are_missing() -> None:
    """What is there is checked although something is missing."""
    assert sweep_message(f"{GRID}learning_rate: {{min: -1, max: 2, scale: log}}\n").splitlines() == [
        "x.yaml:4:18: parameters.learning_rate: needs num, or step",
        "x.yaml:4:24: parameters.learning_rate.min: must be above 0, got -1",
    ]


def test_what_the_reader_refuses_hides_nothing() -> None:
    """A scalar, tag, anchor or second key that is refused stands among all that is wrong."""
    text = (
        f"{DATA}seed: 010\nseed: 1\nmethod: grid\nparameters:\n"
        "  learning_rate: {values: [0.001, 010, -1]}\n  momentum: &m 2\n"
        "  epochs: {min: 012, max: 5.5, num: !a 0}\ntrainig: 1\n"
    )
    assert [line.split(". Hint")[0] for line in sweep_message(text, "epochs=x", "bar").splitlines()] == [
        "x.yaml:2:7: seed: a whole number does not start with 0, got 010",
        "x.yaml:3:1: seed: this key is given twice, first on line 2",
        "x.yaml:6:35: parameters.learning_rate.values[1]: a whole number does not start with 0, got 010",
        "x.yaml:6:40: parameters.learning_rate.values[2]: must be above 0, got -1",
        "x.yaml:7:13: parameters.momentum: anchors (&m) are not accepted",
        "x.yaml:8:17: parameters.epochs.min: a whole number does not start with 0, got 012",
        "x.yaml:8:27: parameters.epochs.max: must be a whole number, got 5.5",
        "x.yaml:8:37: parameters.epochs.num: tags (!) are not accepted",
        "x.yaml:9:1: trainig: unknown key",
        "--set epochs=x: training.epochs: must be a whole number, got 'x'",
        "--set epochs=x: training.epochs: epochs is varied by the sweep",
        "--set bar: must be key=value",
    ]


def test_a_refused_value_alone_is_refused() -> None:
    """A file in which nothing but a refused value is wrong does not load."""
    text = f"{DATA}training: {{batch_size: 010}}\n"
    assert config_message(text).startswith("x.yaml:2:24: training.batch_size: a whole number does not start")
    assert len(config_message(text).splitlines()) == 1


def test_refused_values_of_extended_files_are_told_along() -> None:
    """What the reader refuses in one file hides nothing of another."""
    Path("base.yaml").write_text(f"{DATA}seed: 010\ntraining: {{epochs: -1}}\n", encoding="utf-8")
    text = "extends: base.yaml\nmethod: grid\nparameters: {learning_rate: 010, momentum: 2}\n"
    assert [line.split(": ")[0] for line in sweep_message(text).splitlines()] == [
        "x.yaml:3:29",
        "x.yaml:3:44",
        "base.yaml:2:7",
        "base.yaml:3:20",
    ]
    assert [
        line.split(": ")[:2] for line in config_message("extends: bse.yaml\nseed: 010\n").splitlines()
    ] == [
        ["x.yaml:2:7", "seed"],
        ["x.yaml:1:10", "extends"],
    ]
    assert config_message("extends: 010\n").splitlines() == [
        "x.yaml:1:10: extends: a whole number does not start with 0, got 010. "
        "Hint: write 10, 0o10 for octal or '010' in quotes for text"
    ]
