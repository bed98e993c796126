"""Facts about files: whole or not at all, on a disk and in an object store, and what is said of failures."""

import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from fsspec import AbstractFileSystem  # type: ignore[import-untyped]
from fsspec.registry import _registry  # type: ignore[import-untyped]

import linreg_sweep as ls
from linreg_sweep.errors import ConfigError, ResultsError
from linreg_sweep.runs.status import read_status
from linreg_sweep.storage import files
from linreg_sweep.storage.files import AnyPath
from linreg_sweep.storage.store import is_own
from tests.small_run import content, made
from tests.tmpfs import mounted


@pytest.fixture(params=["disk", "store"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> AnyPath:
    """An empty folder on a disk, or in fsspec's store in memory."""
    place = tmp_path if request.param == "disk" else files.any_path(f"memory://{uuid.uuid4()}")
    files.make_folder(place / "run")
    return place / "run"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB."""
    with mounted(tmp_path, 16) as disk:
        yield disk


def test_what_is_written_is_there(folder: AnyPath) -> None:
    """An old file is replaced, and nothing else is left behind."""
    files.write(folder / "part", b"one")
    files.write(folder / "part", b"two")
    assert files.read(folder / "part") == b"two"
    assert files.names(folder) == {"part"}


def test_what_is_not_there_has_no_names_and_no_content(folder: AnyPath) -> None:
    """A folder that is not there is empty; a file that is not there is said to be."""
    assert files.names(folder / "nowhere") == set()
    with pytest.raises(FileNotFoundError):
        files.read(folder / "nothing")


def test_a_file_is_moved_over_another(folder: AnyPath) -> None:
    """Into a folder that is made on the way."""
    for text in (b"one", b"two"):
        files.write(folder / "part", text)
        files.move(folder / "part", folder / "damaged" / "part")
    assert files.read(folder / "damaged" / "part") == b"two"
    assert not (folder / "part").exists()


def test_a_log_grows(folder: AnyPath) -> None:
    """What is jotted down stands after what is there, or in its place; where it cannot, nothing is said."""
    files.write_best_effort(folder / "log", b"one\n", after=True)
    files.write_best_effort(folder / "log", b"two\n", after=True)
    assert files.read(folder / "log") == b"one\ntwo\n"
    files.write_best_effort(folder / "log", b"three\n")
    assert files.read(folder / "log") == b"three\n"


def test_nothing_is_said_of_a_log_that_cannot_be_written(tmp_path: Path) -> None:
    """The folder has gone, and the run goes on."""
    files.write_best_effort(tmp_path / "gone" / "log", b"one\n", after=True)
    files.write_best_effort(tmp_path / "gone" / "log", b"one\n")
    assert not (tmp_path / "gone").exists()


def test_a_full_disk_leaves_the_old_file_and_nothing_else(small_disk: Path) -> None:
    """The disk fills up in the middle of a file: the file before it stays whole, and no half one appears."""
    for name in ("whole", "other"):
        (small_disk / "whole").write_bytes(b"whole")
        with pytest.raises(ResultsError) as caught:
            files.write(small_disk / name, bytes(100_000))
        assert str(caught.value) == (
            f"{small_disk / name}: cannot write it: No space left on device. "
            "Hint: what was finished before is intact; fix this and run the same command again"
        )
    assert files.read(small_disk / "whole") == b"whole"
    assert files.names(small_disk) == {"whole"}
    files.write(small_disk / "other", b"now it fits")


def test_a_folder_that_vanished_is_not_made_again(tmp_path: Path) -> None:
    """A file without its run would be no part of anything."""
    with pytest.raises(ResultsError, match=r"gone/part: cannot write it: No such file or directory"):
        files.write(tmp_path / "gone" / "part", b"")
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    """Nothing can be written below a file; the message says so, and the file stays."""
    (tmp_path / "run").write_text("mine")
    for verb in (
        lambda: files.make_folder(tmp_path / "run"),
        lambda: files.make_folder(tmp_path / "run" / "trials"),
        lambda: files.names(tmp_path / "run"),
    ):
        with pytest.raises(ResultsError, match=r"run.*: cannot (write|read) it: Not a directory"):
            verb()
    assert (tmp_path / "run").read_text() == "mine"


def test_a_folder_where_the_file_should_be(tmp_path: Path) -> None:
    """A rename onto a folder fails, and the temporary file is taken away."""
    (tmp_path / "part").mkdir()
    with pytest.raises(ResultsError, match=r"part: cannot write it: Is a directory"):
        files.write(tmp_path / "part", b"")
    with pytest.raises(ResultsError, match=r"part: cannot read it: Is a directory"):
        files.read(tmp_path / "part")
    assert files.names(tmp_path) == {"part"}


def test_what_writers_that_were_killed_have_left_is_removed(tmp_path: Path) -> None:
    """Temporary files of a run's own alone, of today's names and of those with a process's number."""
    left = {".part-00000.parquet.123", ".part-00012.parquet.00f3a9", ".status.json.0123456789abcdef"}
    others = {
        ".hidden",
        "part-00000.parquet",
        "12",
        ".x.y",
        ".notes.2024",
        ".part-1.parquet.7",
        ".Xauthority.0",
    }
    for name in left | others:
        (tmp_path / name).touch()
    files.remove_temporaries(tmp_path, is_own)
    assert files.names(tmp_path) == others
    files.remove_temporaries(tmp_path / "nowhere", is_own)


@pytest.mark.skipif(os.name == "nt", reason="a folder cannot be flushed there")
def test_file_and_folders_are_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file before it is renamed, its folder after that; of new folders each one's parent."""
    flushed: list[str] = []

    def fsync(descriptor: int) -> None:
        flushed.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)

    monkeypatch.setattr("os.fsync", fsync)
    files.make_folder(tmp_path / "a" / "b")
    files.write(tmp_path / "a" / "b" / "part", b"")
    parent, new, temporary, folder = flushed
    assert (parent, new, folder) == (tmp_path.name, "a", "b")
    assert re.fullmatch(r"\.part\.[0-9a-f]{16}", temporary)


@pytest.mark.skipif(os.name == "nt", reason="rights are others there")
def test_what_is_written_can_be_read_by_others(tmp_path: Path) -> None:
    """A file has the rights of any other new file."""
    files.write(tmp_path / "part", b"")
    (tmp_path / "other").touch()
    assert (tmp_path / "part").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_write_that_is_stopped_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl+C in the middle of a write takes the temporary file away."""

    def stop(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        files.write(tmp_path / "part", b"half")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such pipes there")
@pytest.mark.parametrize("name", ["metadata.json", "status.json", "trials/part-00000.parquet"])
@pytest.mark.parametrize("kind", ["a pipe", "a device", "huge"])
def test_only_a_file_is_read(name: str, kind: str, tmp_path: Path) -> None:
    """A pipe would be waited for, a device has no end, and a file of 20 GiB takes no more than a name."""
    run = made(tmp_path)
    file = run.path / name
    file.unlink()
    if kind == "a pipe":
        os.mkfifo(file)
    elif kind == "a device":
        file.symlink_to("/dev/zero")
    else:
        with file.open("wb") as stream:
            stream.truncate(20 * 2**30)
    if name == "status.json":
        assert read_status(run.store) is None
        return
    with pytest.raises(ls.ResultsError) as caught:
        _ = ls.load(run.path).trials
    text = f"this is {kind}, not a file" if kind != "huge" else "it has more than"
    assert str(caught.value).startswith(f"{file}: cannot read it: {text}")


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="links cannot be told apart there")
def test_a_log_that_is_a_link_takes_nothing(tmp_path: Path) -> None:
    """A run may come from anywhere, and lead to a file of whoever goes on with it."""
    precious = tmp_path / "precious"
    precious.write_text("mine")
    run = made(tmp_path)
    run.store.log.unlink()
    run.store.log.symlink_to(precious)
    made(tmp_path)
    assert precious.read_text() == "mine"


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="links cannot be told apart there")
def test_nothing_planted_in_a_run_leads_out_of_it(tmp_path: Path) -> None:
    """Links under the names that a process's number gives, a log that is a pipe; files of others stay."""
    precious = tmp_path / "precious"
    precious.write_text("mine")
    run = made(tmp_path)
    right = content(run.path)
    run.store.summary.unlink()
    names = ("config.yaml", "metadata.json", "status.json", "summary.csv", "trials/part-00001.parquet")
    for file in (run.path / name for name in names):
        file.unlink(missing_ok=True)
        file.with_name(f".{file.name}.{os.getpid()}").symlink_to(precious)
    run.store.log.unlink()
    os.mkfifo(run.store.log)
    (run.path / "trials" / ".notes.2024").write_text("mine")
    assert {**content(made(tmp_path).path), "trials/.notes.2024": b""} == {**right, "trials/.notes.2024": b""}
    assert precious.read_text() == "mine"
    assert (run.path / "trials" / ".notes.2024").read_text() == "mine"


@pytest.mark.parametrize("name", [".", "trials", "history", "damaged"])
def test_a_folder_of_a_run_that_is_a_link_is_refused(name: str, tmp_path: Path) -> None:
    """In a sentence, and nothing behind it is read, removed or written; the run can still be read."""
    run = made(tmp_path / "results")
    home, folder = tmp_path / "home", run.path / name
    if folder.exists():
        folder.rename(home)
    else:
        home.mkdir()
    (home / ".part-00000.parquet.12").write_text("mine")
    before = {file: file.read_bytes() for file in home.rglob("*") if file.is_file()}
    folder.symlink_to(home)
    with pytest.raises(
        ResultsError, match=rf"{folder}: is a link, and a run is only written where it is itself"
    ):
        made(tmp_path / "results")
    assert {file: file.read_bytes() for file in home.rglob("*") if file.is_file()} == before
    assert len(ls.load(run.path).trials) == 2


def test_a_text_is_a_path_or_a_place_in_a_store(tmp_path: Path) -> None:
    """What has a scheme is a store's, unless it is a file's own; a place stays what it is."""
    assert files.any_path("results") == Path("results")
    assert files.any_path(f"file://{tmp_path}") == tmp_path
    place = files.any_path("memory://bucket/folder")
    assert not files.is_local(place)
    assert str(place / "run") == "memory://bucket/folder/run"
    assert files.any_path(place) is place


@pytest.mark.parametrize(
    "url",
    [
        *(
            "nosuch://bucket",
            "s3_x://b/x",
            "x://",
            "://x",
            "arrow_hdfs://x",
            "S3://bucket",
            "simplecache::s3://b",
        ),
        *("data://x/y", "dir://x", "reference://x", "filecache://x", "s3:///x", "ftp://localhost:1/x"),
    ],
)
def test_a_url_that_leads_nowhere_is_a_clear_error(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line, with what there is; no folder of that name is made."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        files.any_path(url)
    line = str(caught.value)
    assert line.startswith(f"{url}: {url.partition('://')[0]}:// cannot be reached: ")
    assert line.endswith(
        ". Hint: pip install s3fs for s3://, gcsfs for gs://, adlfs for abfs://; or give a path"
    )
    assert len(line.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_pages_of_a_library_that_cannot_be_loaded_are_cut() -> None:
    """A person reads the beginning."""
    error = OSError(f"Unable to load libhdfs:\n{'./libhdfs.so: no such file ' * 100}")
    told = str(files.unusable(Path("run"), "read", error))
    assert told.startswith("run: cannot read it: Unable to load libhdfs: ./libhdfs.so: no such file ")
    assert told.endswith(" ...")
    assert len(told) < 250


def test_an_sftp_server_is_told_nothing_of_listings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What such a file system is given goes on to its connection, which would not know it."""
    given: list[dict[str, object]] = []

    class Sftp(AbstractFileSystem):  # type: ignore[misc]
        protocol = ("sftp", "ssh")

        def __init__(self, host: str, **options: object) -> None:
            super().__init__(host=host)
            given.append({"host": host, **options})

        @classmethod
        def _strip_protocol(cls, path: str) -> str:
            return "/" + path.removeprefix("sftp://localhost").lstrip("/")

        @staticmethod
        def _get_kwargs_from_urls(path: str) -> dict[str, str]:
            return {"host": "localhost"} if path.startswith("sftp://") else {}

    monkeypatch.setitem(_registry, "sftp", Sftp)
    place = files.any_path("sftp://localhost/folder")
    assert not files.is_local(place / "run")
    assert given == [{"host": "localhost"}]


def test_what_a_store_raises_is_a_clear_error() -> None:
    """Each has exceptions of its own; none of them passes, and none of ours on a disk is hidden."""
    place = files.any_path("memory://bucket/folder")
    text = "memory://bucket/folder: cannot write it: no route"
    with pytest.raises(ResultsError, match=text), files.as_results_error(place, "write"):
        raise RuntimeError("no route")
    with pytest.raises(RuntimeError, match="ours"), files.as_results_error(Path("here"), "write"):
        raise RuntimeError("ours")
