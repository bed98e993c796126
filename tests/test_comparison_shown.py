"""Facts about how a comparison is shown: formats, tables of a notebook, what is left out, what is refused."""

import json
import re
from pathlib import Path

import pytest

import linreg_sweep as ls
from linreg_sweep.cli import main
from linreg_sweep.comparing import pair
from linreg_sweep.storage.parquet import read_arrays
from linreg_sweep.text import comparisons as text_comparisons
from tests.compared import ROOT, Make, make, nudged
from tests.words import encoded

__all__ = ["make"]


def test_changes_that_matter_are_listed_first(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many trials differ in last bits alone, one with another number is among the first."""
    monkeypatch.setattr(pair, "MAX_LISTED", 2)
    first, second = make(), make()
    for trial in range(10):
        nudged(second, trial, "weight")
    part, row = divmod(30, second.part_size)
    file = second.store.part(second.store.trials, part)
    columns = {name: values.copy() for name, values in read_arrays(file).items()}
    columns["weight"][row] += 1.0
    file.write_bytes(encoded(columns))
    assert ls.compare(first, second).changed["trial"].tolist() == [30, 0]


def test_the_tutorials_two_sweeps_explain_themselves(tmp_path: Path) -> None:
    """The loss makes torch's step twice as long, and halves the limit and the epochs."""
    runs = [ls.run(ROOT / "sweeps" / f"rates_{name}.yaml", out=tmp_path) for name in ("numpy", "torch")]
    found = ls.compare(*runs)
    settings = found.settings.set_index("setting")
    assert list(settings.loc["training.loss"]) == ["half_mse", "mse"]
    assert "training.learning_rate" not in settings.index
    assert any("its step is 2 times as long" in note for note in found.notes)
    limits = "The stability limit by theory is 0.00633053 in rates-numpy, 0.00316526 in rates-torch"
    assert limits in found.notes
    assert found.epochs["median_epochs_ratio"].tolist() == pytest.approx([0.5], abs=1e-3)


def test_of_three_runs_each_row_names_its_own_and_each_note_is_told_once(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    """Even where a table has rows of one run alone; of two runs there is one that a row can be of."""
    runs = [
        make(),
        make(training={"engine": "closed_form"}),
        make(training={"engine": "closed_form", "epochs": 1}),
    ]
    for count, head in ((2, "  both_converged"), (3, "run ")):
        capsys.readouterr()
        assert main(["compare", *(str(run.path) for run in runs[:count])]) == 0
        out = capsys.readouterr().out
        assert out.split("Epochs to convergence")[1].splitlines()[2].startswith(head)
        assert out.count("Engine numpy against closed_form") == 1


def test_more_changes_than_are_listed_are_counted(
    make: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The list has an end, the count has none; and what is shown says how many there are."""
    monkeypatch.setattr(pair, "MAX_LISTED", 5)
    monkeypatch.setattr(text_comparisons, "MAX_SHOWN", 2)
    first, second = make(), make(training={"loss": "mse"})
    found = ls.compare(first, second)
    assert found.n_changed == 35
    assert len(found.changed) == 5
    main(["compare", str(first.path), str(second.path), "--only-changed"])
    assert "... and 33 more: --format csv lists 5\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("style", "only"),
    [("table", False), ("csv", False), ("csv", True), ("json", True), ("markdown", True), ("latex", False)],
)
def test_every_format_tells_it(
    make: Make, capsys: pytest.CaptureFixture[str], style: str, only: bool
) -> None:
    """CSV is one table, JSON has them all; LaTeX is booktabs, and its sentences are comments."""
    paths = [str(make().path), str(make(training={"loss": "mse"}).path)]
    capsys.readouterr()
    assert main(["compare", *paths, "--format", style, *(["--only-changed"] if only else [])]) == 0
    out = capsys.readouterr().out
    if style == "json":
        told = json.loads(out)
        assert told["runs"] == ["run0", "run1"]
        assert ("changed" in told["tables"]) == only
    elif style == "csv":
        assert out.startswith("run,trial,learning_rate" if only else "run,learning_rate,matched,changed")
    elif style == "latex":
        tables = re.sub(r"(?s)\\begin\{tabular\}.*?\\end\{tabular\}\n", "", out)
        assert tables != out
        assert all(line.startswith("% ") for line in tables.splitlines() if line)
        assert "its step is 2 times as long" in tables
        assert re.search(
            r"(?m)^% 35 trials matched: \d+ with a different outcome, .* 0 only in run1\.$", tables
        )
    else:
        assert "0.0063" in out
        assert ("Trials that changed" in out) == only


def test_only_changed_leaves_rows_without_a_change_out(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    """One learning rate has the changed trial, and stands alone."""
    first, second = make(), make()
    nudged(second, 17, "cost")
    capsys.readouterr()
    main(["compare", str(first.path), str(second.path), "--only-changed", "--format", "json"])
    tables = json.loads(capsys.readouterr().out)["tables"]
    assert [row["learning_rate"] for row in tables["by"]] == [0.003]


def test_what_cannot_be_compared_is_said(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, one line."""
    places = {"a": str(make().path), "b": str(make(training={"loss": "mse"}).path)}
    cases: list[tuple[list[str], str]] = [
        ([], "two runs or more are needed to compare, got 1"),
        (["{a}"], "{a}: is given twice"),
        (["{b}", "--tolerance", "-1"], "--tolerance: must be at least 0 and below 1, got -1"),
        (["{b}", "--tolerance", "nan"], "--tolerance: must be at least 0 and below 1, got nan"),
        (
            ["{b}", "--by", "learning_rat"],
            "there is no column 'learning_rat'. Hint: did you mean 'learning_rate'?",
        ),
    ]
    for arguments, message in cases:
        capsys.readouterr()
        assert main(["compare", places["a"], *(argument.format(**places) for argument in arguments)]) == 2
        assert capsys.readouterr().err.startswith(message.format(**places))


def test_a_notebook_shows_every_table(make: Make) -> None:
    """As HTML, with names of runs escaped by pandas."""
    found = ls.compare(make(), make(training={"loss": "mse"}))
    html = found._repr_html_()
    assert html.count("<table") == len(found.tables())
    assert repr(found) == "<Comparison of run0 with run1: 35 trials differ>"
