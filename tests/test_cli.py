"""Facts about the command line: help, options of any command, a first session, and what it does not load."""

import json
import re
from pathlib import Path

import click
import numpy as np
import pytest

import linreg_sweep as ls
from linreg_sweep import cli
from linreg_sweep.commands.show import show
from linreg_sweep.storage.parquet import read_arrays
from tests.shells import Shell, path, python, shell
from tests.words import encoded

__all__ = ["path", "shell"]

HEAVY = [
    *("torch", "pandas", "numpy", "pyarrow", "matplotlib", "joblib", "pydantic", "yaml", "tqdm"),
    *("threadpoolctl", "tabulate"),
]

COMMANDS = [
    *(
        "train",
        "plan",
        "run",
        "status",
        "edge",
        "list",
        "show",
        "compare",
        "report",
        "plot",
        "export",
        "predict",
        "importance",
        "verify",
        "init",
        "schema",
    ),
]


def test_help_loads_nothing_heavy() -> None:
    """It answers at once, because it imports click and the standard library alone."""
    code = f"""
import sys
from linreg_sweep.cli import main
code = main(["--help"])
print(code, *({set(HEAVY)} & sys.modules.keys()), file=sys.stderr)
"""
    done = python("-c", code)
    assert done.stderr == "0\n"
    assert "Commands:" in done.stdout


def test_every_command_has_help(shell: Shell) -> None:
    """It says how it is used and what each option does, on stdout, and exits with 0."""
    for command in ([], *([name] for name in COMMANDS)):
        told = shell(*command, "--help")
        assert told.out.startswith(f"Usage: linreg-sweep {' '.join(command)}".rstrip())
        assert told.err == ""
        assert all(len(line) <= 110 for line in told.out.splitlines())
    assert shell("show", "-h").out == shell("show", "--help").out


def test_help_lists_every_command(shell: Shell) -> None:
    """And no option is without words."""
    assert set(cli.cli.commands) == set(COMMANDS)
    listed = shell("--help").out
    for name, command in cli.cli.commands.items():
        assert re.search(rf"^  {name} +[A-Z]", listed, re.MULTILINE)
        for parameter in command.params:
            assert not isinstance(parameter, click.Option) or parameter.help, f"{name} {parameter.name}"


def test_the_version_is_the_packages(shell: Shell) -> None:
    """`--version` says which is installed."""
    assert shell("--version").out == f"linreg-sweep, version {ls.__version__}\n"


def test_the_module_is_the_command() -> None:
    """`python -m linreg_sweep` does the same, and hands on the exit code."""
    assert python("-m", "linreg_sweep", "--version").stdout == f"linreg-sweep, version {ls.__version__}\n"
    assert python("-m", "linreg_sweep", "bogus").returncode == 2


def test_an_option_without_effect_is_refused(shell: Shell, path: Path) -> None:
    """One line that names the pair, before anything is printed."""
    cases: list[tuple[list[str], str]] = [
        (
            ["train", "config.yaml", "--steps", "3", "--every", "1"],
            "--every: cannot be combined with --steps.",
        ),
        (
            ["train", "config.yaml", "--steps", "1", "--format", "csv"],
            "--format: cannot be combined with --steps.",
        ),
        (
            ["show", "RUN", "--by", "learning_rate", "--trials"],
            "--trials: cannot be combined with --by, which summarises.",
        ),
        (
            ["show", "RUN", "--trials", "--bins", "3"],
            "--bins: groups the rows of a summary, not trials.",
        ),
        (["show", "RUN", "--top", "1", "--bins", "3"], "--bins: groups the rows of a summary, not trials."),
    ]
    for arguments, message in cases:
        told = shell(*(path if argument == "RUN" else argument for argument in arguments), code=2)
        assert told.out == ""
        assert told.err.startswith(message)
        assert told.err.count("\n") == 1


def test_init_run_and_show_is_a_first_session(shell: Shell) -> None:
    """What init writes can be run as it says, and has trials of more than one outcome."""
    told = shell("init")
    assert told.out.splitlines() == [
        "Wrote configs/tutorial.yaml",
        "Wrote sweeps/tutorial.yaml",
        "Next: linreg-sweep run sweeps/tutorial.yaml",
    ]
    shell("train", "configs/tutorial.yaml")
    run = ls.load(shell("run", "sweeps/tutorial.yaml", "--set", "epochs=200").out.splitlines()[-1])
    assert run.trials["outcome"].nunique() >= 2


def test_init_takes_a_file(shell: Shell) -> None:
    """Into another folder, from which the data are found."""
    Path("pets.csv").write_text("legs,weight\n4,20\n2,0.1\n4,5\n3,9\n")
    told = shell("init", "project", "--data", "pets.csv", "--y", "weight", "--name", "pets")
    assert told.out.splitlines()[-1] == "Next: linreg-sweep run project/sweeps/pets.yaml"
    assert shell("plan", "project/sweeps/pets.yaml").out.startswith("pets: ")


def test_schema_is_json(shell: Shell) -> None:
    """For editors, as JSON alone."""
    assert json.loads(shell("schema").out)["$schema"].startswith("https://json-schema.org/")


def test_an_option_takes_several_values_at_once_or_one_at_a_time(shell: Shell, path: Path) -> None:
    """`--by a b` and `--by a,b` are `--by a --by b`, and `--set a=1 b=2` likewise; no other rest is taken."""
    at_once = shell("show", path, "--by", "learning_rate", "initial_weight", "--format", "csv")
    one_by_one = shell("show", path, "--by", "learning_rate", "--by", "initial_weight", "--format", "csv")
    as_columns = shell("show", path, "--by", "learning_rate,initial_weight", "--format", "csv")
    assert at_once.out == one_by_one.out == as_columns.out
    assert len(at_once.table) == 9
    trained = shell("plan", "small.yaml", "--set", "epochs=7", "loss=mse")
    assert "loss mse, engine numpy, up to 7 epochs" in trained.out
    assert "unexpected extra argument (learning_rate)" in shell("show", path, "learning_rate", code=2).err
    assert (
        "unexpected extra arguments (a b)"
        in shell("plan", "small.yaml", "--set", "epochs=7", "a", "b", code=2).err
    )


def test_a_line_that_is_half_typed_is_completed_and_not_refused() -> None:
    """As the Tab key asks for it, with more arguments than there may be in the end."""
    context = show.make_context("show", ["a", "b"], resilient_parsing=True)
    assert context.params["run"] == "a"


def test_verify_says_what_it_found_and_fails_on_it(shell: Shell) -> None:
    """Nothing on stdout where every row is right; else the wrong numbers, one a line, and exit code 1."""
    path = Path(shell("run", "small.yaml").out.splitlines()[-1])
    told = shell("verify", path)
    assert told.out == ""
    assert told.err.endswith(" trials trained again and compared: every number is the same.\n")
    part = path / "trials" / "part-00000.parquet"
    columns = read_arrays(part)
    columns["weight"] = columns["weight"].copy()
    columns["weight"][2] = np.nextafter(columns["weight"][2], 9)
    part.write_bytes(encoded(columns))
    with pytest.raises(SystemExit) as stopped:
        shell("verify", path, "--format", "csv")
    assert stopped.value.code == 1


@pytest.mark.system
def test_edge_prints_what_was_measured_beside_theory(shell: Shell) -> None:
    """As a table for people with what it means, exact for machines; permuted batches have no theory."""
    lines = shell("edge", "small.yaml").out.splitlines()
    assert lines[0].split() == [
        *("largest_stable", "smallest_unstable", "stability_limit", "relative_difference"),
    ]
    assert lines[2].split()[2] == "0.0063305255565"
    assert lines[4].startswith("Measured with engine numpy, loss half_mse, float64: ")
    told = shell("edge", "small.yaml", "--set", "batch_size=5", "order=reshuffle", "--format", "csv")
    assert told.table[0]["stability_limit"] == ""
    assert float(told.table[0]["largest_stable"]) < float(told.table[0]["smallest_unstable"])
    words = shell("edge", "small.yaml", "--set", "batch_size=5", "order=reshuffle", "dtype=float32").out
    assert "Rows are drawn at random" in words
    assert "No limit is known where each epoch has a permutation of its own" in words
    assert "as close as float32 and its rounding can tell apart" in words
