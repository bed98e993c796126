"""Lists of trials in CSV files: read as the csv module reads them, kept, and refused cell by cell."""

import csv
from pathlib import Path

import pytest

from linreg_sweep.config import Sweep, as_mapping, load_sweep
from linreg_sweep.errors import ConfigError
from linreg_sweep.trials.space import make_space
from tests.varied import own_folder, shown, written_and_read

__all__ = ["own_folder"]


def listed(text: str, more: str = "", name: str = "trials.csv") -> Sweep:
    """Returns the sweep of a CSV file, in a folder beside that of the sweep."""
    Path("tables").mkdir(exist_ok=True)
    Path("sweeps").mkdir(exist_ok=True)
    Path(f"tables/{name}").write_text(text, encoding="utf-8")
    head = f"data: {{name: tutorial}}\nmethod: list\ntrials: {{path: ../tables/{name}}}\n"
    Path("sweeps/a.yaml").write_text(head + more, encoding="utf-8")
    return load_sweep("sweeps/a.yaml").config


def refusal(text: str, more: str = "") -> list[str]:
    """Returns what is said about a list of trials."""
    with pytest.raises(ConfigError) as caught:
        listed(text, more)
    return [line.partition(". Hint")[0] for line in str(caught.value).splitlines()]


CSV = """learning_rate,training.optimizer,"seed",decay_bias,schedule
1e-2,adam,5,true,silver
0.5,sgd,0,false,constant

.25,"adam",7,true,constant
"""


def test_a_list_has_the_trials_of_the_file() -> None:
    """As the csv module reads it, path relative to the sweep; the config needs the file no more."""
    config = listed(CSV)
    made = make_space(config)
    assert made.names == ("learning_rate", "optimizer", "seed", "decay_bias", "schedule")
    with open("tables/trials.csv", encoding="utf-8", newline="") as file:  # noqa: PTH123
        rows = [row for row in csv.reader(file) if row][1:]
    for row, (rate, optimizer, seed, decay_bias, schedule) in zip(rows, shown(made), strict=True):
        assert [float(row[0]), row[1], float(row[2])] == [rate, optimizer, seed]
        assert (row[3] == "true", row[4]) == (decay_bias, schedule.name)
    assert made.values(0, 3)["seed"].tolist() == [5, 0, 7]
    assert made.sample(2)["seed"].shape == (2,)
    Path("tables/trials.csv").unlink()
    written_and_read(config)
    cosine = listed("final,seed\n0.5,1\n0,2\n", "training: {schedule: cosine}\n")
    assert make_space(cosine).values(0, 1) == {"schedule.final": [0.5], "seed": [1]}


def test_a_cell_that_is_missing_or_bad_is_told_with_its_line_and_column() -> None:
    """All of them at once, beside what else is wrong."""
    assert refusal("learning_rate,optimizer\n0.1,adam\n,sgd\n-1,adm\n", "seed: -1\n") == [
        "sweeps/a.yaml:4:7: seed: must be at least 0, got -1",
        "tables/trials.csv:3:1: trials.columns.learning_rate[1]: must have a value",
        "tables/trials.csv:4:1: trials.columns.learning_rate[2]: must be above 0, got -1",
        "tables/trials.csv:4:2: trials.columns.optimizer[2]: must be sgd, adam, adamw, nadam, "
        "rmsprop, adagrad or adadelta, got 'adm'",
    ]
    for text, said in (
        ("learning_rate,lss\n1,2\n", "tables/trials.csv:1:2: trials.columns.lss: unknown parameter"),
        ("learning_rate,loss\n1\n", "tables/trials.csv:2: must have 2 cells, one for each name, got 1"),
        ("learning_rate,learning_rate\n1,2\n", "tables/trials.csv:1: must name each column once"),
        ("learning_rate\n", "tables/trials.csv: must have a line of names and a line for each trial"),
        ("", "tables/trials.csv: must have a line of names and a line for each trial"),
        ("epochs\n010\n", "tables/trials.csv:2:1: a whole number does not start with 0, got 010"),
        ("epochs\n1.5\n", "tables/trials.csv:2:1: trials.columns.epochs[0]: must be a whole number, got 1.5"),
        ('epochs\n"1\n', "tables/trials.csv:2: not readable as CSV"),
        (
            "optimizer,momentum\nadam,0.5\n",
            "tables/trials.csv:2:2: trials.columns.momentum[0]: adam has no momentum",
        ),
        (
            "optimizer,momentum\nadam,\nsgd,\nsgd,0\n",
            "tables/trials.csv:3:2: trials.columns.momentum[1]: must have a value",
        ),
        (
            "optimizer,momentum\nadam,\n",
            "tables/trials.csv:2:2: trials.columns.momentum[0]: must have a value",
        ),
        ("momentum,seed\n,1\n0,2\n", "tables/trials.csv:2:1: trials.columns.momentum[0]: must have a value"),
        ("nesterov,momentum\ntrue,0.5\ntrue,0\n", "sweeps/a.yaml:3:9: trials: momentum must be above 0 with"),
    ):
        (line,) = refusal(text)
        assert line.startswith(said)
    with pytest.raises(ConfigError, match=r"^--set trials.path=no.csv: trials.path: no.csv cannot be read"):
        load_sweep("sweeps/a.yaml", ["trials.path=no.csv"])
    with pytest.raises(ConfigError, match="parameters: cannot be combined with method: list"):
        load_sweep("sweeps/a.yaml", ["parameters.epochs=5"])


def test_an_option_for_a_column_of_a_list_is_refused() -> None:
    """Whichever file the last option names."""
    listed("learning_rate,training.momentum\n0.1,0.5\n")
    with pytest.raises(ConfigError, match=r"^--set momentum=0: .* is varied .*: leave the column out"):
        load_sweep("sweeps/a.yaml", ["momentum=0"])
    Path("tables/b.csv").write_text("learning_rate\n0.1\n", encoding="utf-8")
    load_sweep("sweeps/a.yaml", ["momentum=0", "trials.path=tables/b.csv"])


def test_a_file_of_trials_that_is_too_large_is_not_read() -> None:
    """However few trials it has: here one, and zeros."""
    listed("learning_rate\n1\n")
    with open("tables/trials.csv", "ab") as file:  # noqa: PTH123
        file.truncate(2**28 + 1)
    with pytest.raises(ConfigError, match=r"^sweeps/a.yaml:3:16: trials.path: a file .* 256 MiB at most"):
        load_sweep("sweeps/a.yaml")


def test_of_many_trials_a_config_holds_where_they_are_and_their_checksum() -> None:
    """And refuses a file that has changed."""
    rows = [f"{1 + number / 7!r},{number}" for number in range(6000)]
    config = listed("learning_rate,epochs\n" + "\n".join(rows) + "\n")
    assert make_space(config).values(0, 6000)["learning_rate"].tolist() == [1 + n / 7 for n in range(6000)]
    assert as_mapping(config)["trials"].keys() == {"path", "sha256"}
    written_and_read(config)
    Path("tables/trials.csv").write_text("learning_rate\n1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"^config.yaml:\d+:\d+: trials.sha256: .* has changed since"):
        load_sweep("config.yaml")
