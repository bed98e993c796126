"""Facts about sweeps that something happens to: damage is mended, failures are named and tried again."""

import os
import shutil
import signal
import subprocess
import sys
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet as pq

import linreg_sweep as ls
from linreg_sweep import cli, sweep
from linreg_sweep.analysis import tables
from linreg_sweep.errors import ResultsError, SweepError
from linreg_sweep.execution import parts
from linreg_sweep.execution.parts import Part
from linreg_sweep.execution.ranges import TrialRange
from linreg_sweep.execution.versions import result_versions
from linreg_sweep.plots.cells import cells
from linreg_sweep.plots.descents import default_trials
from linreg_sweep.runs import opening
from linreg_sweep.runs.status import RUNNING, read_status
from linreg_sweep.storage import files
from linreg_sweep.storage.checksum import BLANK, with_checksum
from linreg_sweep.trials.experiment import Experiment

pytestmark = pytest.mark.system

SWEEP: dict[str, Any] = {
    "name": "kept",
    "data": {"name": "tutorial"},
    "method": "grid",
    "training": {"epochs": 50},
    "history": {"every": 25},
    "parameters": {
        "learning_rate": {"min": 1e-4, "max": 1e-2, "num": 10, "scale": "log"},
        "initial_weight": {"min": -10, "max": 10, "num": 4},
    },
}
"""40 trials; in parts of 8, five."""

TRANSIENT = ("run.log", "status.json", "run.lock", "metadata.json")
"""Files that tell of times and processes."""


def made(out: Path | str, **options: Any) -> ls.Run:
    """Returns a run of the sweep, finished or not."""
    return ls.run(SWEEP, out=out, **({"jobs": 1, "part_size": 8} | options))


def content(run: ls.Run) -> dict[str, bytes]:
    """Returns every file of a run that says the same whoever made it when, and nothing set aside."""
    found = {}
    for folder in (run.path, run.path / "trials", run.path / "history"):
        for name in files.names(folder) - {"trials", "history", "damaged", *TRANSIENT}:
            found[f"{folder.name}/{name}"] = files.read(folder / name)
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> ls.Run:
    """A run that nothing happened to."""
    return made(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def copy(whole: ls.Run, tmp_path: Path) -> ls.Run:
    """The same, for something to happen to it."""
    shutil.copytree(whole.path, tmp_path / whole.path.name)
    return ls.load(tmp_path / whole.path.name)


# --- damage


@pytest.mark.parametrize(
    "name",
    [
        *("config.yaml", "metadata.json", "summary.csv"),
        *("trials/part-00000.parquet", "trials/part-00004.parquet", "history/part-00002.parquet"),
    ],
)
@pytest.mark.parametrize("damage", ["flipped", "cut", "empty", "other"])
def test_a_damaged_file_is_named_set_aside_and_made_again(
    whole: ls.Run, copy: ls.Run, name: str, damage: str
) -> None:
    """The next run of the sweep has every byte of one that nothing happened to, and keeps what it found.

    A whole part in the place of another is damage, too.
    """
    file = copy.path / name
    before = file.read_bytes()
    middle = len(before) // 2
    flipped = before[:middle] + bytes([before[middle] ^ 4]) + before[middle + 1 :]
    other = {"config.yaml": b"name: other\n"}.get(name, whole.store.part(whole.store.trials, 1).read_bytes())
    damaged = {"flipped": flipped, "cut": before[:middle], "empty": b"", "other": other}[damage]
    file.write_bytes(damaged)
    told: list[str] = []
    again = made(copy.path.parent, report=told.append)
    aside = copy.path / "damaged" / name.replace("/", "-")
    assert told == [f"damaged: {file} is not what was written; it is now {aside}, and will be made again"]
    assert aside.read_bytes() == damaged
    assert content(again) == content(whole)
    assert again.finished


def test_a_part_of_another_size_is_made_again(whole: ls.Run, copy: ls.Run, tmp_path: Path) -> None:
    """Though it is whole, of the same sweep and in its place, its trials are others."""
    other = made(tmp_path / "other", part_size=10)
    damaged = [file.relative_to(whole.path) for file in whole.path.glob("*/part-00001.parquet")]
    for name in damaged:
        (copy.path / name).write_bytes((other.path / name).read_bytes())
    told: list[str] = []
    assert content(made(copy.path.parent, report=told.append)) == content(whole)
    assert {line.partition(" is not ")[0] for line in told} == {
        f"damaged: {copy.path / name}" for name in damaged
    }


def test_a_sealed_part_that_cannot_be_read_is_made_again(whole: ls.Run, copy: ls.Run) -> None:
    """The disk has given its bytes; that Arrow cannot read them is damage, and no error of the disk."""
    footer = BLANK.encode()
    part = copy.store.part(copy.store.trials, 0)
    part.write_bytes(with_checksum(b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1"))
    with pytest.raises(OSError, match="Couldn't deserialize thrift"):
        pq.read_metadata(part)
    told: list[str] = []
    assert content(made(copy.path.parent, report=told.append)) == content(whole)
    assert [line.partition(" is not ")[0] for line in told] == [f"damaged: {part}"]


def test_trials_and_history_of_two_trainings_are_no_part(
    failing: ls.Run, whole: ls.Run, tmp_path: Path
) -> None:
    """Such as a retry leaves that is killed between its files: its history beside the trials of before."""
    shutil.copytree(failing.path, tmp_path / failing.path.name)
    part = Path("history", "part-00001.parquet")  # of trial 13
    shutil.copy(whole.path / part, tmp_path / failing.path.name / part)
    assert content(made(tmp_path)) == content(whole)


def test_after_a_kill_workers_train_from_the_beginning(copy: ls.Run) -> None:
    """What killed this process may do so again; a sweep as small as this is trained in it otherwise."""
    part = copy.store.part(copy.store.trials, 3)
    part.unlink()
    made(copy.path.parent, jobs=None)
    assert " processes" not in copy.store.log.read_text()
    part.unlink()
    status = read_status(copy.store)
    assert status is not None
    files.write(copy.store.status, replace(status, state=RUNNING).content())
    made(copy.path.parent, jobs=None)
    assert " processes" in copy.store.log.read_text()


def test_a_part_that_the_run_does_not_have_is_set_aside_for_good(copy: ls.Run, whole: ls.Run) -> None:
    """It is not said to be made again."""
    file = copy.store.trials / "part-100000000000000000000.parquet"
    file.write_bytes(b"PAR1")
    told: list[str] = []
    assert content(made(copy.path.parent, report=told.append)) == content(whole)
    aside = copy.path / "damaged" / f"trials-{file.name}"
    assert told == [f"damaged: {file} is not what was written; it is now {aside}"]


def test_damage_between_two_runs_is_not_read_as_data(copy: ls.Run) -> None:
    """Whatever reads the run names it, with the way out; nothing is shown as if it were all."""
    part = copy.store.part(copy.store.trials, 3)
    part.write_bytes(part.read_bytes()[:-1])
    text = r"part-00003\.parquet: is damaged\. Hint: run the sweep again"
    with pytest.raises(ResultsError, match=text):
        _ = ls.load(copy.path).trials
    with pytest.raises(ResultsError, match=text):
        _ = ls.load(copy.path).summary()


def test_metadata_that_are_gone_are_made_anew_with_the_size_of_parts_there(
    copy: ls.Run, whole: ls.Run
) -> None:
    """Parts tell it, so none of them is trained again."""
    (copy.path / "metadata.json").unlink()
    trained: list[tuple[int, int]] = []
    again = made(copy.path.parent, part_size=None, watch=lambda done, total: trained.append((done, total)))
    assert trained == [(40, 40)]
    assert content(again) == content(whole)


def test_data_from_python_are_sealed_as_well(tmp_path: Path) -> None:
    """Of a run whose data came from Python, the copy that it keeps is mended, too."""
    x = [float(number) for number in range(30)]
    y = [3 * each + 1 for each in x]
    run = made(tmp_path, data=(x, y))
    file = run.path / "data.parquet"
    before = file.read_bytes()
    file.write_bytes(before[:100] + b"?" + before[101:])
    with pytest.raises(ResultsError, match=r"data\.parquet: is damaged"):
        ls.verify(run.path)
    told: list[str] = []
    made(tmp_path, data=(x, y), report=told.append)
    assert [line.split(" is ")[0] for line in told] == [f"damaged: {file}"]
    assert file.read_bytes() == before
    assert ls.verify(run.path).mismatches == ()


def test_a_run_of_other_versions_is_shown_and_not_extended(
    copy: ls.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts of both would not be of the same bits; a finished run needs no more parts."""
    versions = result_versions("numpy")
    monkeypatch.setattr(opening, "result_versions", lambda engine: versions | {"numpy": "1.0"})
    assert made(copy.path.parent).finished
    copy.store.part(copy.store.trials, 3).unlink()
    with pytest.raises(ResultsError) as caught:
        made(copy.path.parent)
    assert str(caught.value) == (
        f"{copy.path}: the run was made with numpy {versions['numpy']}, here it is 1.0: bits could differ. "
        "Hint: install that version to finish it, or run the sweep with another --out"
    )
    assert len(ls.load(copy.path).trials) == 32


def test_versions_are_known_from_parts_where_metadata_are_gone(
    copy: ls.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that no part of another version joins them."""
    versions = result_versions("numpy")
    monkeypatch.setattr(opening, "result_versions", lambda engine: versions | {"numpy": "1.0"})
    monkeypatch.setattr(opening, "installed", lambda: versions | {"numpy": "1.0"})
    copy.store.metadata.unlink()
    copy.store.part(copy.store.trials, 3).unlink()
    with pytest.raises(ResultsError, match=rf"made with numpy {versions['numpy']}, here it is 1\.0"):
        made(copy.path.parent)


def test_a_directory_that_vanishes_is_named(tmp_path: Path) -> None:
    """It is not made again behind one's back, and what is done with it is said."""
    with pytest.raises(
        ResultsError, match=r"part-0000\d\.parquet: cannot write it: No such file or directory"
    ):
        made(tmp_path, watch=lambda done, total: shutil.rmtree(next(tmp_path.iterdir())) if done else None)
    assert list(tmp_path.iterdir()) == []


# --- trials that cannot be trained


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
    for kind in ("csv", "json", "markdown", "latex", "excel", "parquet"):
        assert ls.export(failing, kind, tmp_path / f"trials.{kind}").stat().st_size
    assert pd.read_csv(tmp_path / "trials.csv")["outcome"].tolist().count("failed") == 2
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
        "2 trials could not be trained, and no table above counts them:",
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


# --- elsewhere


def test_an_object_store_keeps_a_run_as_a_disk_does(whole: ls.Run) -> None:
    """Through fsspec: the same bytes, resumed, mended, and read by every command's functions."""
    out = f"memory://{uuid.uuid4()}/results"
    seen: list[int] = []

    def enough(done: int, total: int) -> None:
        seen.append(done)

    stopped = made(out, watch=enough, stop=lambda: len(seen) > 2)
    assert not stopped.finished
    assert 0 < stopped.n_trials_done < 40
    run = made(out, jobs=2)
    assert str(run.path) == f"{out}/{whole.path.name}"
    assert content(run) == content(whole)
    part = run.store.part(run.store.trials, 1)
    files.write(part, files.read(part)[:-3])
    with pytest.raises(ResultsError, match=r"memory://.*part-00001\.parquet: is damaged"):
        _ = ls.load(str(run.path)).trials
    told: list[str] = []
    assert content(made(out, report=told.append)) == content(whole)
    assert len(told) == 1
    loaded = ls.load(str(run.path))
    pd.testing.assert_frame_equal(loaded.trials, whole.trials, check_exact=True)
    assert [each.path for each in ls.list_runs(out)] == [run.path]
    assert cli.main(["list", out]) == cli.main(["status", str(run.path)]) == 0
    assert ls.verify(str(run.path)).mismatches == ()
    assert ls.compare(loaded, whole).n_changed == 0


def test_data_from_python_go_along_into_a_store(tmp_path: Path) -> None:
    """Such a run can be verified wherever it lies."""
    x = [float(number) for number in range(30)]
    run = made(f"memory://{uuid.uuid4()}", data=(x, [3 * each + 1 for each in x]))
    assert ls.verify(str(run.path)).mismatches == ()


SHORT_OF_MEMORY = """
import resource, sys
from pathlib import Path
import linreg_sweep as ls
from linreg_sweep.runs.inspection import facts_in
run = ls.load(sys.argv[1])
part, layout = run.store.part(run.store.trials, 0), run.layout("trials")
facts_in(part)  # loads what that takes, and reads no column
held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + 6 * 2**20, -1))
try:
    print("damaged" if facts_in(part, layout) is None else "whole")
except ls.ResultsError:
    print("not read")
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="says how much memory a process holds")
def test_a_part_is_not_damaged_where_memory_is_short(tmp_path: Path) -> None:
    """Not even for the stack of the thread that unpacks it: it is not read, and not set aside."""
    rates = {"learning_rate": {"min": 1e-4, "max": 1e-2, "num": 60_001}}
    large = SWEEP | {"parameters": rates, "training": {"epochs": 1}}
    del large["history"]
    run = ls.run(large, out=tmp_path, jobs=1, part_size=60_000)
    done = subprocess.run(
        [sys.executable, "-c", SHORT_OF_MEMORY, str(run.path)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"ARROW_DEFAULT_MEMORY_POOL": "system"},
    )
    assert done.stdout == "not read\n"
