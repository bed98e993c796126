"""Opens a file, and nothing else by its name: a pipe, a terminal or a device could go on for ever."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
"""Opening a pipe would else wait for somebody to write into it."""


def open_regular_file(path: Path) -> BinaryIO:
    """Opens a file to be read as bytes.

    Raises:
        OSError: it cannot be opened, or is a folder or no file.
        ValueError: no file can have this name.
    """
    file = open(path, "rb", opener=lambda name, _: os.open(name, _FLAGS))  # noqa: SIM115
    mode = os.fstat(file.fileno()).st_mode
    if not stat.S_ISREG(mode):
        file.close()
        kind = "a pipe" if stat.S_ISFIFO(mode) else "a device"
        raise OSError(errno.EINVAL, f"this is {kind}, not a file", str(path))
    return file
