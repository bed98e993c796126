"""What a person asks to have written somewhere: a file, whole or not at all; anything else as it comes.

`-` is stdout. A pipe, a device, a socket and a descriptor such as `/dev/fd/3` are written into, a link is
followed, and a file of a run is left alone.
"""

import errno
import os
import re
import shutil
import socket
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedWriter, FileIO
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

from linreg_sweep.errors import Complaint, ConfigError, SweepError
from linreg_sweep.storage import files
from linreg_sweep.storage.files import AnyPath
from linreg_sweep.storage.store import is_of_a_run

Output: TypeAlias = str | os.PathLike[str]

STDOUT = 1

MAX_LINKS = 40
"""That are followed, as Linux does."""

DESCRIPTORS = re.compile(r"/dev/fd|(/proc/(\d+)(/task/\d+)?/fd)")
"""The folders of open files, on Linux with the number of their process."""

WRONG_USAGE = (
    *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EEXIST, errno.EINVAL),
)
"""Reasons that lie in what a person typed, and not in the disk."""

OF_A_RUN = "is a place of a run's own files, and would spoil it"

NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT)
"""Reasons of a folder that is there and takes no new file; the last is that of /proc."""


@contextmanager
def output(file: Output) -> Iterator[BinaryIO]:
    """Yields a stream to write something into that a person asked for.

    Args:
        file: a path, a URL that fsspec knows, or `-`. An existing file is replaced whole or not at all, and
            keeps its rights; what is no file is written into. Who reads a pipe may leave early.

    Raises:
        ConfigError: no file can be there, or one of a run is.
        SweepError: it cannot be written; nothing of it is left.
    """
    try:
        with _opened(_name(file)) as stream:
            yield stream
    except OSError as error:
        raise unwritable(file, error) from error


def is_stdout(file: Output) -> bool:
    """Returns whether what is written to a file goes to stdout, so that nothing else may."""
    return _descriptor(_name(file)) == STDOUT


def is_stream(file: Output) -> bool:
    """Returns whether there is something to be written into that is no file: its name then says nothing."""
    name = _name(file)
    with suppress(OSError):
        return _descriptor(name) is not None or _kind(name) not in (0, stat.S_IFREG, stat.S_IFDIR)
    return False


def unwritable(file: Output, error: OSError) -> SweepError:
    """Returns the error that a file cannot be written: a ConfigError where another name would help."""
    name = str(file)
    text = f"cannot write it: {error.strerror or error}"
    if error.errno == errno.EISDIR:
        text = "is a folder, and must be a file"
    elif error.errno in (errno.ENOENT, errno.ENOTDIR):
        folders = (Path(name).parent, Path(os.path.realpath(name)).parent)  # the second behind links
        lacking = next((each for each in folders if not each.is_dir()), folders[0])
        text = f"there is no folder {lacking}" if name else "must name a file"
    kind = ConfigError if error.errno in WRONG_USAGE else SweepError
    return kind(Complaint({"": "''", "-": "stdout"}.get(name, name), text))


def _name(file: Output) -> str:
    """Returns a name as it was given; of a URL of a file on this machine, its path."""
    name = str(file)
    return str(files.any_path(name)) if name.startswith(files.ON_DISK) else name


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    """Yields a stream for each kind of thing that a name can be of."""
    place, number = files.any_path(name), _descriptor(name)
    if number is not None:
        sys.stdout.flush()
        stream = _written_into(os.dup(number))
    elif not files.is_local(place):
        stream = _uploaded(place)
    elif (kind := _kind(name)) == stat.S_IFSOCK:
        stream = _written_into(_connected(name))
    elif kind in (0, stat.S_IFREG, stat.S_IFDIR):
        stream = _replaced(name)
    else:
        stream = _written_into(os.open(name, os.O_WRONLY | getattr(os, "O_NOCTTY", 0)))
    with stream as opened:
        yield opened


def _kind(name: str) -> int:
    """Returns what kind of thing a name leads to, as stat says it; 0: nothing."""
    try:
        return stat.S_IFMT(Path(name).stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return 0
    except ValueError as error:  # a null character
        raise OSError(errno.EINVAL, str(error)) from error


def _descriptor(name: str) -> int | None:
    """Returns the number of the open file of this process that a name stands for, such as /dev/stdout."""
    if name == "-":
        return STDOUT
    path = Path(name)
    with suppress(OSError, ValueError):
        for _ in range(MAX_LINKS):
            folder = os.path.realpath(path.parent)
            own = DESCRIPTORS.fullmatch(folder)
            if path.name.isdigit() and own and own[2] in (None, str(os.getpid())):
                return int(path.name)
            path = Path(folder, path.readlink())
    return None


def _connected(name: str) -> int:
    """Returns the descriptor of a connection to who listens at a socket."""
    with socket.socket(socket.AF_UNIX) as to:
        to.connect(name)
        return to.detach()


@contextmanager
def _written_into(number: int) -> Iterator[BinaryIO]:
    """Yields a stream into an open file, which is closed in the end, or before by who reads it."""
    with suppress(BrokenPipeError, ConnectionResetError), _Stream(FileIO(number, "wb")) as stream:
        yield cast(BinaryIO, stream)


class _Stream(BufferedWriter):
    """What cannot say itself how much was written, as Parquet and zip ask."""

    def __init__(self, raw: FileIO) -> None:
        super().__init__(raw)
        self._n_bytes = 0

    def write(self, content: Any) -> int:
        self._n_bytes += memoryview(content).nbytes
        return super().write(content)

    def tell(self) -> int:
        return self._n_bytes

    def seekable(self) -> bool:
        return False

    def seek(self, *_: Any) -> int:
        raise OSError(errno.ESPIPE, os.strerror(errno.ESPIPE))


@contextmanager
def _replaced(name: str) -> Iterator[BinaryIO]:
    """Yields a new file, which takes the place of what a name leads to over any links."""
    path = Path(os.path.realpath(name))
    if name and (path.is_dir() or name.endswith(("/", os.sep))):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not name or not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    if is_of_a_run(path):
        raise ConfigError(Complaint(name, OF_A_RUN, "choose another name"))
    found = None
    if path.exists():
        os.close(os.open(path, os.O_WRONLY))  # says why where it may not be written, and leaves it as it is
        found = path.stat()
    try:
        with files.replacing(path) as stream:
            if found is not None:
                _take_over(path, stream.fileno(), found)
            yield stream
    except OSError as error:
        if error.errno not in NOT_ALLOWED:
            raise
        text = f"its folder takes no new file ({error.strerror}), which is to take its place once it is whole"
        hint = "" if found is None else f"`-o - > {name}` writes into it as it is"
        raise SweepError(Complaint(name, text, hint)) from error


def _take_over(path: Path, number: int, found: os.stat_result) -> None:
    """Gives a new file the owner, as far as that can be, and the rights of the one that was there."""
    if hasattr(os, "fchown"):
        with suppress(OSError):
            os.fchown(number, found.st_uid, found.st_gid)
        os.fchmod(number, stat.S_IMODE(found.st_mode))


@contextmanager
def _uploaded(place: AnyPath) -> Iterator[BinaryIO]:
    """Yields a temporary file, which is then put into a store."""
    if is_of_a_run(place):
        raise ConfigError(Complaint(str(place), OF_A_RUN, "choose another name"))
    with tempfile.TemporaryFile() as spool:
        yield cast(BinaryIO, spool)
        spool.seek(0)
        with files.as_results_error(place, "write"), place.open("wb") as out:
            shutil.copyfileobj(spool, out)
