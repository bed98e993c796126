"""Facts about what a person asks to have written: files whole or not at all, anything else written into."""

import io
import os
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import linreg_sweep as ls
from linreg_sweep.cli import main
from linreg_sweep.errors import ConfigError, SweepError
from linreg_sweep.scaffold.files import write_scaffold
from linreg_sweep.storage import files
from linreg_sweep.storage.outputs import output
from tests.small_run import made
from tests.written import COMMANDS, run, state, words

__all__ = ["run"]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes and links are others there")

SIGNS = {
    "export csv": b"trial,",
    "export parquet": b"PAR1",
    "export json": b"[\n{",
    "export latex": b"\\begin",
    "export excel": b"PK",
    "plot": b"\x89PNG",
    "report": b"<!DOCTYPE html>",
}
"""What their output begins with."""


def shell(line: str, run: ls.Run, command: str = "export csv") -> subprocess.CompletedProcess[bytes]:
    """Runs a command in bash, with COMMAND in the line standing for it but for the file."""
    whole = " ".join([sys.executable, "-m", "linreg_sweep", *words(command, run, "")])
    return subprocess.run(["bash", "-c", line.replace("COMMAND", whole)], capture_output=True, check=False)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_pipe_gets_what_a_file_would(command: str, run: ls.Run, tmp_path: Path) -> None:
    """And stays a pipe, also behind a link, and is read by who waits there."""
    pipe, link, found = tmp_path / "pipe", tmp_path / "link", bytearray()
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    reader = threading.Thread(target=lambda: found.extend(pipe.read_bytes()))
    reader.start()
    assert main(words(command, run, link)) == 0
    reader.join()
    assert found.startswith(SIGNS[command])
    assert stat.S_ISFIFO(link.stat().st_mode)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link", "pipe"]
    if command == "export excel":
        assert openpyxl.load_workbook(io.BytesIO(found))["trials"].max_row == 3
    if command == "export parquet":
        pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(found)), run.trials, check_categorical=False)


@pytest.mark.parametrize("command", ["export csv", "export parquet", "plot"])
def test_a_socket_is_written_into(command: str, run: ls.Run, tmp_path: Path) -> None:
    """As long as somebody listens there; else that is said."""
    place, found = tmp_path / "socket", bytearray()

    def listen() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as stream:
            found.extend(stream.read())

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()
        reader = threading.Thread(target=listen)
        reader.start()
        assert main(words(command, run, place)) == 0
        reader.join()
    assert found.startswith(SIGNS[command])
    with pytest.raises(SweepError, match="socket: cannot write it: Connection refused"), output(place):
        pass
    assert stat.S_ISSOCK(place.stat().st_mode)


def test_an_open_file_is_written_into_where_it_stands(tmp_path: Path) -> None:
    """By its number, by what leads to it, whatever it is: what is there before stays."""
    file, link = tmp_path / "file", tmp_path / "link"
    with file.open("wb", buffering=0) as stream:
        stream.write(b"before ")
        link.symlink_to(f"/dev/fd/{stream.fileno()}")
        for name in (f"/dev/fd/{stream.fileno()}", f"/proc/self/fd/{stream.fileno()}", link):
            with output(name) as into:
                into.write(b"more ")
    assert file.read_bytes() == b"before more more more "
    assert link.is_symlink()
    with pytest.raises(SweepError, match="cannot write it: Bad file descriptor"), output("/dev/fd/998"):
        pass


@pytest.mark.parametrize("command", COMMANDS)
def test_a_device_that_takes_nothing_is_named_in_a_line(
    command: str, run: ls.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1; one that takes anything takes it, and both stay what they are."""
    for file, code, told in (
        ("/dev/full", 1, "/dev/full: cannot write it: No space left on device\n"),
        ("/dev/null", 0, ""),
    ):
        assert main(words(command, run, file)) == code
        assert capsys.readouterr().err == told
        assert stat.S_ISCHR(Path(file).stat().st_mode)


@pytest.mark.system
@pytest.mark.parametrize("command", COMMANDS)
def test_stdout_has_the_data_alone(command: str, run: ls.Run, tmp_path: Path) -> None:
    """Whether it is a pipe, a file that is added to, or read no further than its beginning."""
    right = tmp_path / "right"
    right.mkdir()
    file = right / {"plot": "x.png"}.get(command, "x")
    assert main(words(command, run, file)) == 0
    log = tmp_path / "log"
    log.write_bytes(b"before\n")
    done = shell(
        f"COMMAND - >> {log} && COMMAND /dev/stdout && COMMAND - | head -c 1; echo ${{PIPESTATUS[0]}}",
        run,
        command,
    )
    assert done.stderr == b""
    whole = log.read_bytes().removeprefix(b"before\n")
    assert done.stdout == whole + whole[:1] + b"0\n" or command == "export excel"  # which holds the time
    assert whole == file.read_bytes() or command in ("export excel", "export parquet")
    assert whole.startswith(SIGNS[command])


@pytest.mark.system
def test_a_process_is_written_into(run: ls.Run) -> None:
    """As bash names it, `>(...)`; a stdout that is full is told of in a line."""
    done = shell("COMMAND >(wc -l) | cat; COMMAND - > /dev/full; echo $?", run)
    assert sorted(done.stdout.split()) == [b"/dev/fd/63", b"1", b"3"]
    assert done.stderr == b"stdout: cannot write it: No space left on device\n"


def test_a_link_is_followed_and_stays(tmp_path: Path) -> None:
    """Over several links, into another folder, and to where there is no file yet."""
    (tmp_path / "there").mkdir()
    target, first, second = tmp_path / "there" / "file", tmp_path / "first", tmp_path / "second"
    first.symlink_to("second")
    second.symlink_to("there/file")
    for content in (b"one", b"two"):
        with output(first) as stream:
            stream.write(content)
        assert target.read_bytes() == content
    assert first.is_symlink()
    assert second.is_symlink()
    assert os.listdir(tmp_path / "there") == ["file"]  # noqa: PTH208


def test_a_url_of_a_file_here_is_its_path(
    run: ls.Run, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Also of a device and a descriptor; with one slash it is none, and the path is told."""
    for kind in ("file", "local"):
        file = tmp_path / f"{kind}.svg"
        assert main(words("plot", run, f"{kind}://{file}")) == 0
        assert file.read_bytes().startswith(b"<?xml")
        assert main(words("export csv", run, f"{kind}:///dev/null")) == 0
    capfdbinary.readouterr()
    assert main(words("export csv", run, "file:///dev/stdout")) == 0
    assert capfdbinary.readouterr().out.splitlines()[-1].startswith(b"1,")
    assert main(words("export csv", run, f"file:{tmp_path}/x.csv")) == 2
    assert capfdbinary.readouterr().err.endswith(f"did you mean {tmp_path}/x.csv?\n".encode())


def test_a_folder_that_is_not_there_is_named(run: ls.Run, tmp_path: Path) -> None:
    """That which lacks, and not that of the link which leads there; one that is there is not called so."""
    link = tmp_path / "link"
    link.symlink_to("none/file")
    with pytest.raises(ConfigError, match=f"^{link}: there is no folder {tmp_path.resolve()}/none$"):
        ls.export(run, "csv", link)
    with pytest.raises(SweepError, match=r"^/proc/none: its folder takes no new file"):
        ls.export(run, "csv", "/proc/none")


def test_the_last_line_is_the_name_as_it_is(
    run: ls.Run, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Where no terminal reads it, that would obey what is in a name."""
    file = tmp_path / "\x1b[31mred"
    assert main(words("export csv", run, file)) == 0
    assert capfdbinary.readouterr().out == f"{file}\n".encode()
    assert file.exists()


def test_a_file_is_replaced_whole_and_keeps_its_rights(tmp_path: Path) -> None:
    """What is written before an error, or before Ctrl+C, is no part of it, and nothing else is left."""
    file = tmp_path / "file"
    file.write_bytes(b"before")
    file.chmod(0o640)
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error):
            break_off(file, error)
        assert state(tmp_path) == {"file": b"before"}
    with output(file) as stream:
        stream.write(b"after")
    assert state(tmp_path) == {"file": b"after"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def break_off(file: Path, error: type[BaseException]) -> None:
    """Writes half of a file."""
    with output(file) as stream:
        stream.write(b"half")
        stream.flush()
        raise error


def test_what_can_be_no_file_is_said_in_a_line(
    run: ls.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2; nothing is written, and no temporary file is named."""
    monkeypatch.chdir(tmp_path)
    Path("folder.png").mkdir()
    Path("file").touch()
    Path("loop.png").symlink_to("loop.png")
    before = state(tmp_path)
    names = [
        *(".", "/", "", "folder.png", "folder.png/", "new.png/", "none/x.png", "file/x.png", "loop.png"),
        *("x" * 300 + ".png", "null\0.png", "nosuch://bucket/x.png"),
        *("s3:/bucket/x.png", "s3:bucket.png", "gs:/bucket/x.png"),
    ]
    others = [(command, name) for command in ("plot", "report") for name in ("none/x.png", "s3:bucket.png")]
    for command, file in [*(("export csv", name) for name in names), *others]:
        assert main(words(command, run, file)) == 2, file
        told = capsys.readouterr()
        (line,) = told.err.splitlines()
        assert told.out == ""
        assert "/." not in line
        if file.startswith(("s3:", "gs:")):
            kind, _, rest = file.partition(":")
            assert line.endswith(f"did you mean {kind}://{rest.lstrip('/')}?")
        assert state(tmp_path) == before


def test_half_a_url_is_no_folder_for_runs_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slash is missing; a folder whose name has a colon is one."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"^s3:/bucket: .* did you mean s3://bucket\?$"):
        made("s3:/bucket")
    assert made("mine:/folder").path.parent == Path("mine:/folder")
    for folder in ("s3:/bucket", "memory://bucket"):
        with pytest.raises(ConfigError, match=f"^{folder}: "):
            write_scaffold(folder, data=None, x=(), y=(), name=None)
    assert sorted(Path().iterdir()) == [Path("mine:")]


def test_a_file_of_a_run_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By whatever path or link; others may stand beside them."""
    monkeypatch.chdir(tmp_path)
    run = made("results")
    (run.path / "damaged").mkdir()
    Path("run").symlink_to(run.path)
    Path("link.png").symlink_to(run.path / "run.log")
    before = state(tmp_path)
    for file in (
        *("RUN/metadata.json", "RUN/status.json", "RUN/trials/part-00000.parquet", "RUN/trials/new.png"),
        *("RUN/trials/../config.yaml", "run/summary.csv", "link.png", "RUN/damaged/x"),
    ):
        with pytest.raises(ConfigError, match="a run's own files"):
            ls.export(run, "csv", file.replace("RUN", str(run.path)))
        assert state(tmp_path) == before
    assert Path(ls.report(run, file=run.path / "page.html")).exists()


def test_a_store_gets_a_file_whole(run: ls.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through fsspec; an error before the end leaves it as it was, and a run's files are left alone there."""
    place = files.any_path("memory://outputs/a.csv")
    ls.export(run, "csv", "memory://outputs/a.csv")
    assert place.read_text().startswith("trial,")
    monkeypatch.setattr("linreg_sweep.exporting.MAX_TYPESET", 1)
    with pytest.raises(ConfigError, match="has room for"):
        ls.export(run, "markdown", place)
    assert place.read_text().startswith("trial,")
    there = made("memory://outputs")
    with pytest.raises(ConfigError, match="a run's own files"):
        ls.report(there, file=f"{there.path}/metadata.json")
