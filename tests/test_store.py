"""Facts about a run's files: their names, whole or not at all, and what is said of damage."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from linreg_sweep.errors import ResultsError
from linreg_sweep.store import FORMAT_VERSION, Store, find_runs, run_path
from linreg_sweep.store import METADATA as KEYS

METADATA = dict.fromkeys(KEYS, 1) | {"format_version": FORMAT_VERSION}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty run's directory."""
    return Store(tmp_path / "run")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB, where one may be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small disk can only be mounted as root")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_every_file_has_its_name(store: Store) -> None:
    """The names are those that the documentation promises."""
    names = {
        store.config: "config.yaml",
        store.metadata: "metadata.json",
        store.summary: "summary.csv",
        store.data: "data.parquet",
        store.part(store.trials, 0): "trials/part-00000.parquet",
        store.part(store.history, 12): "history/part-00012.parquet",
        store.part(store.trials, 1234567): "trials/part-1234567.parquet",
    }
    assert {str(path.relative_to(store.path)) for path in names} == set(names.values())
    assert [str(path.relative_to(store.path)) for path in names] == list(names.values())


def test_a_runs_directory_is_its_name_and_eight_digits() -> None:
    """Name and the first 8 hex digits of the digest, under the results' directory."""
    assert run_path(Path("results"), "a.b_c-1", "0123456789abcdef") == Path("results/a.b_c-1-01234567")


def test_what_is_written_is_there(store: Store) -> None:
    """Folders are made on the way, an old file is replaced, and nothing else is left behind."""
    path = store.part(store.trials, 0)
    store.write(path, b"one")
    store.write(path, b"two")
    assert path.read_bytes() == b"two"
    assert [entry.name for entry in store.trials.iterdir()] == ["part-00000.parquet"]


def test_a_full_disk_leaves_the_old_file_and_nothing_else(small_disk: Path) -> None:
    """The disk fills up in the middle of a file: the file before it stays whole, and no half one appears."""
    store = Store(small_disk / "run")
    path = store.part(store.trials, 0)
    store.write(path, b"whole")
    for number in (0, 1):
        with pytest.raises(ResultsError) as caught:
            store.write(store.part(store.trials, number), bytes(100_000))
        assert str(caught.value) == (
            f"{store.part(store.trials, number)}: cannot write it: No space left on device. "
            "Hint: what was finished before is intact; mend this and run the same command again"
        )
    assert path.read_bytes() == b"whole"
    assert [entry.name for entry in store.trials.iterdir()] == ["part-00000.parquet"]
    assert store.part_numbers(store.trials) == {0}
    store.write(store.part(store.trials, 1), b"now it fits")


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    """Nothing can be written below a file; the message says so, and the file stays."""
    (tmp_path / "run").write_text("mine")
    store = Store(tmp_path / "run")
    with pytest.raises(ResultsError, match=r"config\.yaml: cannot write it: (Not a directory|File exists)"):
        store.write(store.config, b"")
    assert (tmp_path / "run").read_text() == "mine"


def test_a_folder_where_the_file_should_be(store: Store) -> None:
    """A rename onto a folder fails, and the temporary file is taken away."""
    store.config.mkdir(parents=True)
    with pytest.raises(ResultsError, match=r"config\.yaml: cannot write it: Is a directory"):
        store.write(store.config, b"")
    assert list(store.path.iterdir()) == [store.config]


def test_only_whole_parts_count(store: Store) -> None:
    """Temporary and foreign files are no parts; gaps are allowed; numbers may have more than five digits."""
    assert store.part_numbers(store.trials) == set()
    store.trials.mkdir(parents=True)
    names = ["part-00002.parquet", "part-00000.parquet", "part-123456.parquet"]
    others = [".part-00001.parquet.99", "part-1.parquet", "part-00003.parquet.tmp", "notes.txt"]
    for name in names + others:
        (store.trials / name).touch()
    assert store.part_numbers(store.trials) == {0, 2, 123456}


def test_a_file_where_the_trials_should_be(store: Store) -> None:
    """It is named, rather than taken for no parts."""
    store.path.mkdir()
    store.trials.touch()
    with pytest.raises(ResultsError, match=r"run/trials: cannot read it: Not a directory"):
        store.part_numbers(store.trials)


def test_metadata_come_back(store: Store) -> None:
    """What is written is read, as JSON that anyone can read."""
    store.write_metadata(METADATA)
    assert store.read_metadata() == METADATA == json.loads(store.metadata.read_text())


@pytest.mark.parametrize("there", [True, False])
def test_a_directory_that_is_no_run(store: Store, there: bool) -> None:
    """Without metadata it is no run; the hint says how to find the runs."""
    text = "there is no such directory"
    if there:
        store.path.mkdir()
        text = "not a run's directory: it has no metadata.json"
    with pytest.raises(ResultsError) as caught:
        store.read_metadata()
    assert str(caught.value) == f"{store.path}: {text}. Hint: `linreg-sweep list` shows the runs"


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"null", b"5", b"\xff\xfe", b'"format_version"'),
        json.dumps(METADATA).encode()[:-10],
    ],
)
def test_damaged_metadata(store: Store, content: bytes) -> None:
    """Cut short, empty or something else: the file is named, and the way out."""
    store.path.mkdir()
    store.metadata.write_bytes(content)
    with pytest.raises(ResultsError) as caught:
        store.read_metadata()
    assert str(caught.value) == (
        f"{store.metadata}: is damaged. Hint: move the run's directory away and run the sweep again"
    )


def test_metadata_that_lack_something_are_damaged(store: Store) -> None:
    """What is missing is named."""
    store.write_metadata({key: value for key, value in METADATA.items() if key not in ("history", "varied")})
    with pytest.raises(ResultsError, match=r"metadata\.json: is damaged: it lacks varied, history\. Hint"):
        store.read_metadata()


def test_a_newer_format_is_refused(store: Store) -> None:
    """A run that a later version wrote is not misread."""
    store.write_metadata({**METADATA, "format_version": FORMAT_VERSION + 1})
    with pytest.raises(ResultsError) as caught:
        store.read_metadata()
    assert str(caught.value) == (
        f"{store.path}: the run's format is {FORMAT_VERSION + 1}, this version reads {FORMAT_VERSION}. "
        "Hint: update linreg-sweep"
    )


def test_metadata_that_cannot_be_read(store: Store) -> None:
    """A folder in its place is named with the system's reason."""
    store.metadata.mkdir(parents=True)
    with pytest.raises(ResultsError, match=r"metadata\.json: cannot read it: Is a directory"):
        store.read_metadata()


def test_runs_are_found_by_their_metadata(tmp_path: Path) -> None:
    """Ordered by name; other folders and files beside them are left alone."""
    for name in ("b-1", "a-2", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "README.md").touch()
    for name in ("b-1", "a-2"):
        Store(tmp_path / name).write_metadata(METADATA)
    assert [store.path.name for store in find_runs(tmp_path)] == ["a-2", "b-1"]
    assert find_runs(tmp_path / "nowhere") == []


def test_a_file_has_no_runs_under_it(tmp_path: Path) -> None:
    """A file in place of the results' directory is named."""
    (tmp_path / "results").touch()
    with pytest.raises(ResultsError, match=r"results: cannot read it: Not a directory"):
        find_runs(tmp_path / "results")


@pytest.mark.skipif(os.name == "nt", reason="a folder cannot be flushed there")
def test_what_is_written_can_be_read_by_others(store: Store) -> None:
    """A file has the rights of any other new file."""
    store.write(store.config, b"")
    other = store.path / "other"
    other.touch()
    assert store.config.stat().st_mode == other.stat().st_mode


def test_a_write_that_is_stopped_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl+C in the middle of a write takes the temporary file away."""

    def stop(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        store.write(store.config, b"half")
    assert list(store.path.iterdir()) == []
