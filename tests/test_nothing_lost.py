"""Facts about runs that something happens to, on a disk or in a store: damage is named and mended."""

import os
import shutil
import subprocess
import sys
import uuid
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from pyarrow import parquet as pq

import linreg_sweep as ls
from linreg_sweep import cli
from linreg_sweep.errors import ResultsError
from linreg_sweep.execution.versions import result_versions
from linreg_sweep.runs import opening
from linreg_sweep.runs.status import RUNNING, read_status
from linreg_sweep.storage import files
from linreg_sweep.storage.checksum import BLANK, with_checksum
from tests.kept import SWEEP, content, copy, made, whole

__all__ = ["copy", "whole"]

pytestmark = pytest.mark.system


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
