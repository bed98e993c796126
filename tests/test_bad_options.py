"""Every bad `--set` has its one message, under its own name: a table of them."""

from tests.refusals import DATA, GRID, config_message, own_folder, sweep_message

__all__ = ["own_folder"]

OPTIONS = [
    ("x", "--set x: must be key=value. Hint: write for example --set training.epochs=500"),
    ("a..b=1", "--set a..b=1: must be key=value. Hint: write for example --set training.epochs=500"),
    ("training.epoch=5", "--set training.epoch=5: training.epoch: unknown key. Hint: did you mean 'epochs'?"),
    ("epochs=", "--set epochs=: training.epochs: a value is missing after '='. Hint: write null for none"),
    ("epochs=[1", "--set epochs=[1: a comma or ] is missing"),
    (
        "seed=010",
        (
            "--set seed=010: a whole number does not start with 0, got 010. Hint: write 10, 0o10 for "
            "octal or '010' in quotes for text"
        ),
    ),
    (
        "training.epochs.x=5",
        "--set training.epochs.x=5: training.epochs: must be a whole number, got {'x': 5}",
    ),
    ("extends=a.yaml", "--set extends=a.yaml: extends: only a file can say what it extends"),
    ("trainig.epochs=5", "--set trainig.epochs=5: trainig.epochs: unknown key. Hint: did you mean 'epochs'?"),
    ("momentum=&a 1", "--set momentum=&a 1: anchors (&a) are not accepted. Hint: remove it"),
    ("training=5", "--set training=5: training: must be a block of keys, got 5"),
    (
        "data.path=a.csv",
        ("x.yaml:1:1: data.y: is required with path. Hint: name the target column, as in y: [price]"),
    ),
]
"""`--set` on a config of the line `data: {name: tutorial}`."""

SWEEP_OPTIONS = [
    (
        "training.learning_rate=1",
        (
            "--set training.learning_rate=1: training.learning_rate: learning_rate is varied by the "
            "sweep. Hint: set parameters.learning_rate"
        ),
    ),
    (
        "training={learning_rate: 1}",
        (
            "--set training={learning_rate: 1}: training.learning_rate: learning_rate is varied by "
            "the sweep. Hint: set parameters.learning_rate"
        ),
    ),
    (
        "parameters.learning_rate.values=5",
        (
            "--set parameters.learning_rate.values=5: parameters.learning_rate.values: "
            "parameters.learning_rate is a value and has no keys"
        ),
    ),
    ("trials=5", "--set trials=5: trials: cannot be combined with method: grid"),
    ("method=random", "x.yaml:1:1: trials: is required. Hint: say how many, for example trials: 1000"),
]
"""`--set` on a grid that varies learning_rate."""


def test_option() -> None:
    """A bad --set is refused under its own name."""
    for text, message in OPTIONS:
        assert config_message(DATA, text) == message


def test_sweep_option() -> None:
    """A --set that a sweep cannot take is refused under its own name."""
    for text, message in SWEEP_OPTIONS:
        assert sweep_message(f"{GRID}learning_rate: 1\n", text) == message


def test_file_comes_before_options() -> None:
    """What is wrong with the file is said before what is wrong with options, and those in their order."""
    messages = config_message(f"{DATA}seed: -1\n", "foo=1", "epochs=-1", "bar").splitlines()
    assert [message.split(": ")[0] for message in messages] == [
        "x.yaml:2:7",
        "--set foo=1",
        "--set epochs=-1",
        "--set bar",
    ]
