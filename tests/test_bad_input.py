"""Every bad input has one clear message and the right exit code, prints no traceback and writes nothing."""

from pathlib import Path

import pytest

from linreg_sweep import cli
from linreg_sweep.storage.store import MADE_AGAIN
from tests.data_files import RECIPE
from tests.refused import SWEEP, folder, refused, template

__all__ = ["folder", "template"]

VALUES = "{values: [0.001, 0.005]}"

KNOWN = (
    "Hint: known here: bias, contraction, converged_at, cost, diverged_at, epochs, excess_cost, "
    "initial_bias, initial_weight, learning_rate, outcome, predicted_at, predicted_outcome, regime, "
    "regime_source, stability_ratio, theory, trial, weight"
)
NAME = "must be up to 100 letters, digits, '-', '_' and '.', with no '.' at its start"
LETTERS = "Hint: letters are A to Z and a to z: such as"

USAGE = {
    "shw": "No such command 'shw'. Did you mean 'show'?",
    "run": "Missing argument 'SWEEP'.",
    "run sweep.yaml extra": "Got unexpected extra argument (extra)",
    "run sweep.yaml --job 2": "No such option '--job'. (Did you mean one of: '--jobs', '--out'?)",
    "run sweep.yaml --jobs 0": "Invalid value for '--jobs': 0 is not in the range x>=1.",
    "run sweep.yaml --jobs": "Option '--jobs' requires an argument.",
    "run random.yaml --trials 1e3": "Invalid value for '--trials': '1e3' is not a valid integer.",
    "list --format xml": (
        "Invalid value for '--format': 'xml' is not one of 'table', 'csv', 'json', 'markdown'."
    ),
}
"""Command lines that click refuses, with the last line of what it says; above it stands the usage."""

COMMANDS: list[tuple[list[str], str, int]] = [
    (["run", "sweep.yaml", "--trials", "5"], "--trials 5: trials: cannot be combined with method: grid", 2),
    (["train", "config.yaml", "--every", "0"], "--every: must be at least 1, got 0", 2),
    (["train", "config.yaml", "--steps", "0"], "--steps: must be at least 1, got 0", 2),
    (
        ["train", "config.yaml", "--every", "1", "--set", "epochs=1e7"],
        "--every: must leave at most 500,000 rows to print, got 10,000,000. Hint: print fewer",
        2,
    ),
    # --set
    (
        ["plan", "sweep.yaml", "--set", "num=3"],
        "--set num=3: num: unknown key. Hint: known here: alpha, amsgrad, average, batch_size, beta1, beta2, "
        "by, centered, dampening, decay_bias, decimal, decoupled_weight_decay, device, divergence, dtype, "
        "early_stop, encoding, engine, epochs, eps, every, fit_bias, fraction, header, holdout, "
        "initial_bias, initial_weight, learning_rate, loss, lr_decay, ...",
        2,
    ),
    (
        ["run", "sweep.yaml", "--set", "engine=jax", "--set", "momentum=2"],
        "--set engine=jax: training.engine: must be numpy, torch, closed_form or numba, got 'jax'\n"
        "--set momentum=2: training.momentum: must be below 1, got 2",
        2,
    ),
    (
        ["train", "config.yaml", "--steps", "1", "--set", "batch_size=3"],
        "--set batch_size=3: training.batch_size: must be null with --steps, got 3. "
        "Hint: --set batch_size=null",
        2,
    ),
    (
        ["run", "sweep.yaml", "--set", "history.every=1", "--set", "epochs=1e12"],
        "--set history.every=1: history.every: must keep at most 1,000,000 states of a trial, "
        "got 1,000,000,000,001. Hint: keep fewer, or use every: log",
        2,
    ),
    (
        ["run", "sweep.yaml", "--set", "initial_weight=[1, 2]"],
        "--set initial_weight=[1, 2]: training.initial_weight: must have one number for each of the "
        "1 features (x), got 2. Hint: or give one number for all of them",
        2,
    ),
    # files
    (["run", "swep.yaml"], "swep.yaml: no such file. Hint: did you mean 'sweep.yaml'?", 2),
    # runs
    (
        ["show", "nowhere"],
        "nowhere: there is no such directory. Hint: `linreg-sweep list` shows the runs",
        1,
    ),
    (
        ["show", "empty"],
        "empty: not a run's directory: it has no metadata.json. Hint: `linreg-sweep list` shows the runs",
        1,
    ),
    (
        ["show", "damaged"],
        f"damaged/metadata.json: is damaged. Hint: {MADE_AGAIN}",
        1,
    ),
    (
        ["show", "cut"],
        f"cut/trials/part-00000.parquet: is damaged. Hint: {MADE_AGAIN}",
        1,
    ),
    (["list", "ok.csv"], "ok.csv: cannot read it: Not a directory", 1),
    (["show", "done", "--by", "lr"], f"there is no column 'lr'. {KNOWN}", 2),
    (["show", "done", "--sort", "-costs"], "there is no column 'costs'. Hint: did you mean 'cost'?", 2),
    (["show", "done", "--sort", "--top"], f"there is no column '-top'. {KNOWN}", 2),
    (
        ["show", "done", "--where", "lr < 1"],
        f"--where 'lr < 1': character 1: there is no column 'lr'. {KNOWN}",
        2,
    ),
    # where to write
    (
        ["run", "sweep.yaml", "--out", "ok.csv"],
        "ok.csv/RUN: cannot write it: Not a directory. "
        "Hint: what was finished before is intact; fix this and run the same command again",
        1,
    ),
    (
        ["run", "sweep.yaml", "--out", "memory://x"],
        "--out: memory:// ends with the command, and all results with it. "
        "Hint: give a folder, or a URL such as s3://BUCKET/FOLDER",
        2,
    ),
    (
        ["run", "sweep.yaml", "--out", "s3_x://b/x"],
        "s3_x://b/x: s3_x:// cannot be reached: there is no such kind of store. "
        "Hint: pip install s3fs for s3://, gcsfs for gs://, adlfs for abfs://; or give a path",
        2,
    ),
    (
        ["init", "ok.csv"],
        "ok.csv: must be a folder, it is a file. Hint: --data ok.csv --y COLUMN, if these are your data",
        2,
    ),
    (["init", "ok.csv", "--data", "ok.csv", "--y", "y"], "ok.csv: must be a folder, it is a file", 2),
    # init
    (["init", "--y", "a"], "--x and --y: apply to --data only: the tutorial's columns are x and y", 2),
    (
        ["init", "--data", "ok.csv"],
        "--y: is required with --data: the column to predict. Hint: the columns are x, y",
        2,
    ),
    (["init", "--name", "a/b"], f"--name: {NAME}, got 'a/b'. {LETTERS} b", 2),
    (["init", "--name", "a\n"], f"--name: {NAME}, got 'a\\n'. {LETTERS} a", 2),
    (
        ["init", "--name", "con.a"],
        f"--name: must not be what Windows calls a device, got 'con.a'. {LETTERS} my-sweep",
        2,
    ),
    (
        ["init", "--name", "\u6570 2024\U0001f389"],
        f"--name: {NAME}, got '\u6570 2024\U0001f389'. {LETTERS} 2024",
        2,
    ),
    (["init", "--name", ""], f"--name: {NAME}, got ''. {LETTERS} my-sweep", 2),
    (
        ["init", "--data", "empty", "--y", "y"],
        "empty: a folder of data must have files in .csv, .tsv, .txt (or .gz of these), .parquet, .pq or"
        " .xlsx, but this one has none",
        2,
    ),
]
"""Command lines, with all that they print on stderr, and their exit code."""

SWEEPS = [
    ("data: [1, 2\n", "x.yaml:2:1: a comma or ] is missing"),
    (
        SWEEP.replace(VALUES, "{min: 1, max: 2, step: 0.3}"),
        "x.yaml:5:32: parameters.learning_rate.max: must be reachable in steps of 0.3 from 1, got 2. "
        "Hint: the nearest ends are 1.9 or 2.2: write learning_rate: {min: 1, max: 1.9, step: 0.3}"
        " or learning_rate: {min: 1, max: 2.2, step: 0.3} or learning_rate: {min: 1, max: 2, num: 4}",
    ),
    (
        f"{SWEEP}  initial_weight_z: 1\n",
        "x.yaml:6:21: parameters.initial_weight_z: must name a feature of the data. "
        "Hint: did you mean 'initial_weight_x'?",
    ),
    (
        SWEEP.replace("tutorial}", "tutorial, fit_bias: false}") + "  initial_bias: 1\n",
        "x.yaml:6:17: parameters.initial_bias: nothing to start: data.fit_bias is false. "
        "Hint: leave initial_bias out, or fit a bias",
    ),
    (
        SWEEP.replace("epochs: 20", "epochs: yes, dtype: float16, momentum: 1"),
        "x.yaml:3:20: training.epochs: must be a whole number, got 'yes'\n"
        "x.yaml:3:32: training.dtype: must be float32 or float64, got 'float16'. "
        "Hint: did you mean 'float64'?\n"
        "x.yaml:3:51: training.momentum: must be below 1, got 1",
    ),
]
"""What a sweep's file can say, and what is said of it: one of a kind, test_bad_sweeps.py has all."""

DATA = [
    (None, "y: y", "F: data must be a file, but none has this name. Hint: did you mean 'ok.csv'?"),
    (
        "x,y\n1,2\n,3\n",
        "y: y",
        "F:3: row 2 of column 'x' must be a number, the cell is empty. "
        "Hint: fill the cell in or remove the row",
    ),
    (
        "x,y\n1,2\n1,3\n",
        "y: y, standardize: true",
        "F: a column must vary to be standardized, these do not: 'x'. Hint: leave it out of x",
    ),
    (
        "x,y\n1e200,1\n2,3\n",
        "y: y",
        "data: the squares of the data must stay finite, the largest value of column 'x' is 1e+200. "
        "Hint: choose another unit, or write standardize: true in the config's data block",
    ),
]
"""What a data file can hold (None: there is none), what is asked of it, and what is said; F is the file.

One of a kind; test_bad_csv.py, test_tabular.py and test_bad_arrays.py have all.
"""


@pytest.mark.parametrize("line", USAGE)
def test_a_command_line_that_cannot_be_meant(
    line: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and the last line says what is wrong with it."""
    code, err = refused(line.split(), folder, capsys)
    assert code == 2
    *usage, last = err.splitlines()
    assert last == f"Error: {USAGE[line]}"
    assert usage == [] or usage[0].startswith("Usage: linreg-sweep ")


@pytest.mark.parametrize(
    ("arguments", "message", "code"), COMMANDS, ids=[" ".join(arguments)[:60] for arguments, _, _ in COMMANDS]
)
def test_a_command_that_is_refused(
    arguments: list[str],
    message: str,
    code: int,
    folder: Path,
    template: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What is wrong, where, and the way out: one line a complaint, and nothing else."""
    message = message.replace("/RUN", f"/{template.name}")
    assert refused(arguments, folder, capsys) == (code, f"{message}\n")


@pytest.mark.parametrize(("text", "message"), SWEEPS, ids=[message[:60] for _, message in SWEEPS])
def test_a_sweep_that_cannot_be_meant(
    text: str, message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """File, line and column of each complaint, whether it is run or only planned."""
    Path("x.yaml").write_text(text)
    for command in ("run", "plan"):
        assert refused([command, "x.yaml"], folder, capsys) == (2, f"{message}\n")


@pytest.mark.parametrize(("content", "block", "message"), DATA, ids=[message[:60] for *_, message in DATA])
def test_data_that_cannot_be_fitted(
    content: str | None, block: str, message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """File and line of the first bad cell, and what to do about it."""
    if content is not None:
        Path("data.csv").write_text(content)
    name = "okk.csv" if content is None else "data.csv"
    message = message.replace("F:", f"{name}:", 1) if message.startswith("F:") else message
    for command, sweep in (("run", "method: grid\nparameters: {learning_rate: 0.01}\n"), ("train", "")):
        Path("x.yaml").write_text(f"{sweep}data: {{path: {name}, {block}}}\n")
        code, told = refused([command, "x.yaml"], folder, capsys)
        assert (code, RECIPE.sub("", told)) == (2, f"{message}\n")


def test_a_part_size_that_a_run_does_not_have(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run that is there keeps its parts."""
    assert cli.main(["run", "sweep.yaml", "--part-size", "1"]) == 0
    path = capsys.readouterr().out.splitlines()[-1]
    assert refused(["run", "sweep.yaml", "--part-size", "2"], folder, capsys) == (
        2,
        f"{path}: the run was made with a part size of 1, got 2. Hint: leave it out, or use another --out\n",
    )


def test_more_parts_than_a_run_can_have(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A sweep that nobody can wait for takes neither time nor memory."""
    many = "{min: 0.001, max: 0.01, num: 3000000000}"
    text = "name: many\ndata: {name: tutorial}\nmethod: grid\nmax_trials: 9000000000000000000\n"
    text += f"parameters: {{learning_rate: {many}, initial_bias: {many}}}\n"
    Path("many.yaml").write_text(text)
    assert refused(["run", "many.yaml"], folder, capsys) == (
        2,
        "9,000,000,000,000,000,000 trials in parts of 65,536 are more than the 1,000,000 parts of a run. "
        "Hint: declare it as several sweeps, or give a larger --part-size\n",
    )
