"""Facts about a run's files: their names, whole or not at all, and what is said of damage."""

import json
from pathlib import Path

import pytest

from fuzz.runs import METADATA
from linreg_sweep.errors import ResultsError
from linreg_sweep.storage import files
from linreg_sweep.storage.checksum import checksum
from linreg_sweep.storage.store import FORMAT_VERSION, MADE_AGAIN, DamagedError, Store, find_runs, run_path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty run's directory."""
    (tmp_path / "run").mkdir()
    return Store(tmp_path / "run")


def test_every_file_has_its_name(store: Store) -> None:
    """The names are those that the documentation promises."""
    names = {
        store.config: "config.yaml",
        store.metadata: "metadata.json",
        store.summary: "summary.csv",
        store.data: "data.parquet",
        store.log: "run.log",
        store.status: "status.json",
        store.lock: "run.lock",
        store.part(store.trials, 0): "trials/part-00000.parquet",
        store.part(store.history, 12): "history/part-00012.parquet",
        store.part(store.trials, 1234567): "trials/part-1234567.parquet",
    }
    assert {str(path.relative_to(store.path)) for path in names} == set(names.values())
    assert [str(path.relative_to(store.path)) for path in names] == list(names.values())


def test_a_runs_directory_is_its_name_and_eight_digits() -> None:
    """Name and the first 8 hex digits of the digest, under the results' directory."""
    assert run_path(Path("results"), "a.b_c-1", "0123456789abcdef") == Path("results/a.b_c-1-01234567")


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
    store.trials.touch()
    with pytest.raises(ResultsError, match=r"run/trials: cannot read it: Not a directory"):
        store.part_numbers(store.trials)


def test_metadata_come_back(store: Store) -> None:
    """What is written is read, as JSON that anyone can read, with a checksum."""
    store.write_metadata(METADATA)
    assert store.read_metadata() == METADATA
    told = json.loads(store.metadata.read_text())
    assert told.pop("seal").startswith("linreg-sweep crc32 ")
    assert told == METADATA


@pytest.mark.parametrize("there", [True, False])
def test_a_directory_that_is_no_run(store: Store, there: bool) -> None:
    """Without metadata it is no run; the hint says how to find the runs."""
    text = "not a run's directory: it has no metadata.json"
    if not there:
        store.path.rmdir()
        text = "there is no such directory"
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
    store.metadata.write_bytes(content)
    with pytest.raises(DamagedError) as caught:
        store.read_metadata()
    assert str(caught.value) == f"{store.metadata}: is damaged. Hint: {MADE_AGAIN}"


def test_a_flipped_bit_anywhere_damages_metadata(store: Store) -> None:
    """Of any byte, that of the format's number among them."""
    store.write_metadata(METADATA)
    content = store.metadata.read_bytes()
    for place in range(len(content)):
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        store.metadata.write_bytes(flipped)
        with pytest.raises(DamagedError):
            store.read_metadata()


def test_metadata_that_lack_something_are_damaged(store: Store) -> None:
    """What is missing is named."""
    store.write_metadata({key: value for key, value in METADATA.items() if key not in ("history", "varied")})
    with pytest.raises(ResultsError, match=r"metadata\.json: is damaged: it lacks varied, history\. Hint"):
        store.read_metadata()


def test_a_newer_format_is_refused(store: Store) -> None:
    """A run that a later version wrote is not misread."""
    newer = METADATA | {"format_version": FORMAT_VERSION + 1}
    store.write_metadata(newer)
    for content in (store.metadata.read_bytes(), json.dumps(newer).encode()):  # sealed as now, or otherwise
        store.metadata.write_bytes(content)
        with pytest.raises(ResultsError) as caught:
            store.read_metadata()
        assert str(caught.value) == (
            f"{store.path}: the run's format is {FORMAT_VERSION + 1}, this version reads up to "
            f"{FORMAT_VERSION}. Hint: update linreg-sweep"
        )


def test_an_older_format_is_read_and_the_oldest_refused(store: Store) -> None:
    """Format 2 had no checksum in its metadata, and no failed trials; format 1 had other columns."""
    old = {key: value for key, value in METADATA.items() if key not in ("checksums", "failed")}
    store.metadata.write_text(json.dumps(old | {"format_version": 2}))
    assert store.read_metadata()["format_version"] == 2
    store.metadata.write_text(json.dumps(METADATA | {"format_version": 1}))
    with pytest.raises(ResultsError, match="the run's format is 1, this version reads 2 and later"):
        store.read_metadata()


def test_a_damaged_file_is_set_aside(store: Store) -> None:
    """Under its name and that of its folder, numbered where that was set aside before."""
    place, folder = store.part(store.trials, 3), store.path / "damaged"
    place.parent.mkdir()
    name = "trials-part-00003.parquet"
    for number, aside in enumerate((name, f"{name}.2", f"{name}.3")):
        place.write_bytes(bytes([number]))
        assert store.set_aside(place) == folder / aside
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {
        name: b"\x00",
        f"{name}.2": b"\x01",
        f"{name}.3": b"\x02",
    }
    assert store.part_numbers(store.trials) == set()


def test_a_checksum_tells_whether_a_file_is_as_written(store: Store) -> None:
    """By what metadata.json says; of an older format nothing is known."""
    files.write(store.config, b"as it was")
    told: dict[str, object] = {
        "format_version": FORMAT_VERSION,
        "checksums": {"config.yaml": checksum(b"as it was")},
    }
    assert store.is_as_written(store.config, told)
    files.write(store.config, b"as it is")
    assert not store.is_as_written(store.config, told)
    assert store.is_as_written(store.config, {"format_version": 2})
    assert not store.is_as_written(store.summary, told)


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
