"""Facts about trials that cannot be trained: they are named, counted nowhere, and tried again."""

import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import linreg_sweep as ls
from linreg_sweep import cli, sweep
from linreg_sweep.analysis import tables
from linreg_sweep.errors import SweepError
from linreg_sweep.execution import parts
from linreg_sweep.execution.parts import Part
from linreg_sweep.execution.ranges import TrialRange
from linreg_sweep.exporting import To
from linreg_sweep.plots.cells import cells
from linreg_sweep.plots.descents import default_trials
from linreg_sweep.plots.kinds import KindName
from linreg_sweep.trials.experiment import Experiment
from tests.kept import SWEEP, content, made, whole

__all__ = ["whole"]

pytestmark = pytest.mark.system


def deadly(experiment: Experiment, part_size: int, trial_range: TrialRange) -> Part:
    """Makes a part, but runs out of memory over trial 13 and dies over trial 30."""
    if trial_range.first <= 13 < trial_range.stop:
        raise MemoryError("no room")
    if trial_range.first <= 30 < trial_range.stop:
        os.kill(os.getpid(), signal.SIGKILL)
    return parts.make_part(experiment, part_size, trial_range)


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> ls.Run:
    """A run of which two trials could not be trained."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweep, "make_part", deadly)
        return made(tmp_path_factory.mktemp("failing"), jobs=2)


def test_trials_that_cannot_be_trained_are_named_and_the_others_are_there(
    failing: ls.Run, whole: ls.Run
) -> None:
    """In the table they have the outcome `failed` and no results; the others are to the bit what they are."""
    assert failing.finished
    assert failing.failures == {
        13: "MemoryError: no room",
        30: "its worker process was killed (SIGKILL(-9))",
    }
    table, right = failing.trials, whole.trials
    assert table["trial"].tolist() == list(range(40))
    assert list(table["outcome"].cat.categories) == ["converged", "unfinished", "diverged", "failed"]
    failed = table["outcome"] == "failed"
    assert table.index[failed].tolist() == [13, 30]
    pd.testing.assert_frame_equal(
        table[~failed].astype({"outcome": str}), right[~failed].astype({"outcome": str}), check_exact=True
    )
    hyperparameters = ["trial", "learning_rate", "initial_weight", "initial_bias"]
    pd.testing.assert_frame_equal(table[hyperparameters], right[hyperparameters], check_exact=True)
    others = table.loc[failed].drop(columns=[*hyperparameters, "outcome", "epochs"])
    assert others.isna().all(axis=None)
    assert list(whole.trials["outcome"].cat.categories) == ["converged", "unfinished", "diverged"]


def test_failed_trials_are_in_no_count(failing: ls.Run, whole: ls.Run) -> None:
    """Summaries, pictures' cells and histories pass them over; counts add up to what was trained."""
    summary = failing.summary(by="learning_rate")
    assert summary["trials"].sum() == 38
    assert (summary[["converged", "unfinished", "diverged"]].sum(axis=1) == summary["trials"]).all()
    assert set(failing.history["trial"]) == set(whole.history["trial"]) - {13, 30}
    assert ls.verify(failing.path).n_missing == 2
    assert ls.verify(failing.path).mismatches == ()


def test_verify_counts_the_failed_trials_of_an_unfinished_run(failing: ls.Run, tmp_path: Path) -> None:
    """Those of the parts that are there, whatever metadata.json says."""
    run = failing_copy(failing, tmp_path)
    run.store.part(run.store.trials, 1).unlink()  # with trial 13
    checked = ls.verify(run.path)
    assert (checked.n_trials, checked.n_missing) == (31, 9)


def test_everything_that_reads_trials_reads_a_run_with_failed_ones(failing: ls.Run, tmp_path: Path) -> None:
    """They are the last choice of the best, no one's neighbours in a summary, and in no picture."""
    best = failing.best(40)
    assert best["outcome"].tolist()[-2:] == ["failed", "failed"]
    assert failing.pick(np.array([13, 14, 30]))["outcome"].tolist()[::2] == ["failed", "failed"]
    chosen = failing.where("learning_rate < 1")
    pd.testing.assert_frame_equal(tables.summary(chosen, ["learning_rate"]), failing.summary())
    assert cells(failing, "learning_rate", "initial_weight").trials.sum() == 38
    assert not {13, 30} & set(default_trials(failing))
    to: To
    for to in ("csv", "json", "markdown", "latex", "excel", "parquet"):
        assert ls.export(failing, to, tmp_path / f"trials.{to}").stat().st_size
    assert pd.read_csv(tmp_path / "trials.csv")["outcome"].tolist().count("failed") == 2
    kind: KindName
    for kind in ("map", "epochs", "cost", "paths", "slice", "parallel"):
        ls.plot(failing, kind=kind)
    assert ls.report(failing, file=tmp_path / "page.html").stat().st_size
    changed = ls.compare(failing, failing_copy(failing, tmp_path))
    assert changed.n_changed == 0


def failing_copy(run: ls.Run, folder: Path) -> ls.Run:
    """Returns a copy of a run."""
    shutil.copytree(run.path, folder / "copy")
    return ls.load(folder / "copy")


def never(experiment: Experiment, part_size: int, trial_range: TrialRange) -> Part:
    """Runs out of memory over all trials from 8 to 23."""
    if trial_range.first < 24 and trial_range.stop > 8:
        raise MemoryError("no room")
    return parts.make_part(experiment, part_size, trial_range)


@pytest.mark.parametrize("history", [0, 25])
def test_parts_of_which_nothing_can_be_trained(
    history: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are whole, with their reasons; the run is finished, and a later one brings every trial."""
    sweep_ = SWEEP | {"history": {"every": history}}
    with monkeypatch.context() as patch:
        patch.setattr(sweep, "make_part", never)
        run = ls.run(sweep_, out=tmp_path / "one", jobs=1, part_size=8)
        assert run.finished
        assert run.failures == dict.fromkeys(range(8, 24), "MemoryError: no room")
        assert run.summary()["trials"].sum() == 24
        assert ls.verify(run.path).n_missing == 16
        again = ls.run(sweep_, out=tmp_path / "one", jobs=1)
        assert again.n_failed == 16
    right = ls.run(sweep_, out=tmp_path / "two", jobs=1, part_size=8)
    assert content(ls.run(sweep_, out=tmp_path / "one", jobs=1)) == content(right)


def test_a_later_run_tries_the_failed_trials_alone(
    failing: ls.Run, whole: ls.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once they can be trained, every byte is that of a run that nothing happened to."""
    shutil.copytree(failing.path, tmp_path / failing.path.name)
    tried: list[tuple[int, int]] = []

    def noting(experiment: Experiment, part_size: int, trial_range: TrialRange) -> Part:
        tried.append((trial_range.first, trial_range.stop))
        return parts.make_part(experiment, part_size, trial_range)

    monkeypatch.setattr(sweep, "make_part", noting)
    again = made(tmp_path)
    assert tried == [(13, 14), (30, 31)]
    assert again.failures == {}
    assert content(again) == content(whole)


def test_a_sweep_with_failed_trials_says_so(
    failing: ls.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The summary comes as ever; then which failed and why, and the exit code is 1."""
    monkeypatch.setattr(sweep, "make_part", deadly)
    shutil.copytree(failing.path, tmp_path / failing.path.name)
    config = str(tmp_path / failing.path.name / "config.yaml")
    with pytest.raises(SystemExit, match="1"):
        cli.main(["run", config, "--out", str(tmp_path), "--jobs", "2"])
    told = capsys.readouterr()
    assert told.out.splitlines()[-1].startswith(str(tmp_path / "kept-"))
    assert told.err.splitlines()[-4:] == [
        "2 trials could not be trained, and the tables above leave them out:",
        "  trial 13: MemoryError: no room",
        "  trial 30: its worker process was killed (SIGKILL(-9))",
        "The same command tries them again.",
    ]


def test_where_no_trial_can_be_trained_the_sweep_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing to sum up; the reason is said."""

    def hopeless(experiment: Experiment, part_size: int, trial_range: TrialRange) -> Part:
        raise MemoryError("no room")

    monkeypatch.setattr(sweep, "make_part", hopeless)
    with pytest.raises(SweepError, match="no trial could be trained, the first for this reason: MemoryError"):
        made(tmp_path, overrides=["parameters={learning_rate: {values: [0.1, 0.2]}}"])


def test_trials_and_history_of_two_trainings_are_no_part(
    failing: ls.Run, whole: ls.Run, tmp_path: Path
) -> None:
    """Such as a retry leaves that is killed between its files: its history beside the trials of before."""
    shutil.copytree(failing.path, tmp_path / failing.path.name)
    part = Path("history", "part-00001.parquet")  # of trial 13
    shutil.copy(whole.path / part, tmp_path / failing.path.name / part)
    assert content(made(tmp_path)) == content(whole)
