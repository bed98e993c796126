"""Facts about opening files, and things by the names of files."""

import os
import socket
from pathlib import Path

import pytest

from linreg_sweep.guards.regular_files import open_regular_file


def test_a_file_is_opened(tmp_path: Path) -> None:
    """Its bytes are read, also through a link."""
    (tmp_path / "file").write_bytes(b"bytes")
    (tmp_path / "link").symlink_to("file")
    with open_regular_file(tmp_path / "link") as file:
        assert file.read() == b"bytes"


def test_nothing_else_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe that nobody writes into, a device without an end, a socket and a folder are refused at once."""
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(tmp_path)  # a socket's name is short
        server.bind("socket")
        for name, said in (
            (tmp_path / "pipe", "this is a pipe, not a file"),
            (Path("/dev/zero"), "this is a device, not a file"),
            (tmp_path / "socket", "No such device"),
            (tmp_path, "Is a directory"),
        ):
            with pytest.raises(OSError, match=said):
                open_regular_file(name)
