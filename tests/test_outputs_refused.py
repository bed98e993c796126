"""Facts about files that cannot be written, protected or on full disks: the old ones stay."""

import errno
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import linreg_sweep as ls
from linreg_sweep.cli import main
from linreg_sweep.errors import SweepError
from linreg_sweep.storage.outputs import output
from tests.tmpfs import disk, mount
from tests.written import COMMANDS, run, state, words

__all__ = ["disk", "run"]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes and links are others there")


@contextmanager
def folder_of_others() -> Iterator[Path]:
    """Gives a folder, while this process has the rights of somebody who may not write there."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "file").write_text("before")
        (folder / "file").chmod(0o666)
        folder.chmod(0o555)
        is_root = os.geteuid() == 0
        if is_root:
            os.seteuid(65534)
        try:
            yield folder
        finally:
            if is_root:
                os.seteuid(0)
            folder.chmod(0o755)


def test_a_folder_that_may_not_be_written_is_told_with_the_way_out() -> None:
    """The file there may be written, but not replaced, nor may a new one stand beside it."""
    with folder_of_others() as folder:
        file = folder / "file"
        with pytest.raises(SweepError) as caught, output(file) as stream:
            stream.write(b"after")
        with pytest.raises(SweepError, match=r"new: its folder takes no new file"), output(folder / "new"):
            pass
        assert state(folder) == {"file": b"before"}
    assert str(caught.value).startswith(f"{file}: its folder takes no new file (Permission denied)")
    assert str(caught.value).endswith(f"Hint: `-o - > {file}` writes into it as it is")


def test_a_file_that_is_write_protected_is_not_replaced(tmp_path: Path) -> None:
    """Though its folder may be written, where a rename would do it."""
    file = tmp_path / "file"
    file.write_text("before")
    file.chmod(0o444)
    tmp_path.chmod(0o777)
    if os.geteuid() == 0:  # to whom nothing is protected: the system says so for a program that runs
        file = Path(tempfile.mkdtemp()) / "program"
        file.write_bytes(Path("/bin/sleep").read_bytes())
        file.chmod(0o755)
        with subprocess.Popen([file, "60"]) as running:
            with pytest.raises(SweepError, match="program: cannot write it: Text file busy"), output(file):
                pass
            running.kill()
        return
    with pytest.raises(SweepError, match="file: cannot write it: Permission denied"), output(file):
        pass
    assert file.read_text() == "before"


def full(disk: Path) -> None:
    """Fills a disk of a page, but for its file."""
    (disk / "old.png").write_bytes(b"before")


@pytest.mark.system
@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in ("export csv", "export latex")])
def test_a_full_disk_keeps_the_old_file_and_nothing_else(
    command: str, run: ls.Run, disk: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1 and one line, also of what else is written on the way out."""
    full(disk)
    assert main(words(command, run, disk / "old.png")) == 1
    assert capfd.readouterr().err == f"{disk / 'old.png'}: cannot write it: No space left on device\n"
    assert state(disk) == {"old.png": b"before"}


@pytest.mark.system
@pytest.mark.parametrize("n_bytes", [0, 4096])
def test_init_on_a_full_disk_leaves_nothing(
    n_bytes: int, disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither where the first file has no room nor where the second has none; with room it is done."""
    mount(disk, f"remount,size={4096 + n_bytes}")
    (disk / "filling").write_bytes(bytes(4096))
    for name in ("configs", "sweeps") if n_bytes else ():
        (disk / name).mkdir()
    before = state(disk)
    assert main(["init", str(disk)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(".yaml: cannot write it: No space left on device")
    assert state(disk) == before
    (disk / "filling").unlink()
    mount(disk, "remount,size=65536")
    assert main(["init", str(disk)]) == 0


def test_what_init_has_written_is_removed_after_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep's folder may not be one: the config before it, and the folder of that, are gone again."""
    opened: Callable[..., None] = os.mkdir

    def mkdir(path: Path, *more: object) -> None:
        if Path(path).name == "sweeps":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        opened(path, *more)

    monkeypatch.setattr(os, "mkdir", mkdir)
    assert main(["init", str(tmp_path / "new")]) == 1
    assert list(tmp_path.iterdir()) == []
