"""Files of a run, on a disk or in an object store: each is written whole or not at all.

On a disk a file is written under a temporary name, flushed, renamed, and its folder flushed, so that
it survives a power loss. An object store puts an object whole by itself; it is reached through fsspec.
"""

import errno
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from linreg_sweep.errors import Complaint, ResultsError
from linreg_sweep.guards.regular_files import open_regular_file
from linreg_sweep.places import ON_DISK as ON_DISK
from linreg_sweep.places import AnyPath as AnyPath
from linreg_sweep.places import any_path as any_path
from linreg_sweep.places import is_local as is_local
from linreg_sweep.places import reason

NOT_FLUSHABLE = (errno.EINVAL, errno.ENOTSUP, errno.EBADF)
"""What some network file systems say to who wants to flush a folder."""

MAX_BYTES = 2**32
"""Of a file that is read at once."""

TEMPORARY = re.compile(r"\.(.+)\.[0-9a-f]+")
"""What a file is called until it is whole."""

MAX_NAME_LETTERS = 50
"""Letters of a file's name that its temporary one has, which may be no longer than the system allows."""


@contextmanager
def as_results_error(place: AnyPath, verb: str) -> Iterator[None]:
    """Turns what a disk or a store raises into a ResultsError that says what could not be done."""
    try:
        yield
    except OSError as error:
        raise unusable(place, verb, error) from error
    except Exception as error:
        if is_local(place):
            raise
        raise unusable(place, verb, error) from error  # each store has exceptions of its own


def unusable(place: AnyPath, verb: str, error: Exception) -> ResultsError:
    """Returns the error that a place cannot be read or written, and why."""
    hint = (
        "what was finished before is intact; fix this and run the same command again"
        if verb == "write"
        else ""
    )
    return ResultsError(Complaint(str(place), f"cannot {verb} it: {reason(error)}", hint))


def read(place: AnyPath, most: int = MAX_BYTES) -> bytes:
    """Returns a file's content, of so many bytes at most; on a disk, nothing but a file is opened.

    Raises:
        FileNotFoundError: there is none.
        ResultsError: it cannot be read, or is larger.
    """
    try:
        if not is_local(place):
            return place.read_bytes()
        with open_regular_file(place) as file:
            if os.fstat(file.fileno()).st_size > most:
                raise OSError(errno.EFBIG, f"it has more than {most:,} bytes")
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        raise
    except Exception as error:
        with as_results_error(place, "read"):
            raise error


def exists(place: AnyPath) -> bool:
    """Returns whether there is something.

    Raises:
        ResultsError: that cannot be told.
    """
    with as_results_error(place, "read"):
        return place.exists()


def names(folder: AnyPath) -> set[str]:
    """Returns the names in a folder; none where there is no folder.

    Raises:
        ResultsError: it cannot be read.
    """
    with as_results_error(folder, "read"):
        try:
            return {entry.name for entry in folder.iterdir()}
        except FileNotFoundError:
            return set()
        except NotADirectoryError:
            if is_local(folder) or folder.exists():
                raise
            return set()  # a store knows no folders, but the objects in them


def make_folder(folder: AnyPath) -> None:
    """Makes a folder and those above it, so that they survive a power loss; a store needs none.

    Raises:
        ResultsError: that cannot be done.
    """
    if not is_local(folder):
        return
    with as_results_error(folder, "write"):
        lacking = [each for each in (folder, *folder.parents) if not each.exists()]
        for each in reversed(lacking):
            each.mkdir(exist_ok=True)
            flush_folder(each.parent)
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))


def write(place: AnyPath, content: bytes) -> None:
    """Writes a file whole or not at all, into a folder that is there.

    Raises:
        ResultsError: the disk is full, the folder is read-only or gone. What was there stays.
    """
    with as_results_error(place, "write"):
        if not is_local(place):
            place.write_bytes(content)
            return
        with replacing(place) as file:
            file.write(content)


@contextmanager
def replacing(place: Path, *, flush: bool = True) -> Iterator[BinaryIO]:
    """Yields a new file to write to, which then takes the place; after an error it is removed.

    Its name until then cannot be guessed, and it follows no link: a run may come from anywhere.

    Args:
        place: of what is there or not, in a folder that is there.
        flush: whether it is to survive a power loss.

    Raises:
        OSError: it cannot be written; what was there stays.
    """
    temporary = place.with_name(f".{place.name[:MAX_NAME_LETTERS]}.{os.urandom(8).hex()}")
    file = temporary.open("xb")
    try:
        with file:
            yield file
            if flush:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(place)
        if flush:
            flush_folder(place.parent)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_best_effort(place: AnyPath, content: bytes, *, after: bool = False) -> None:
    """Writes what may be lost, for someone who looks on: not flushed, and no error where it cannot be.

    If so asked, the content is put after what is there.
    """
    with suppress(Exception):
        if not is_local(place):
            place.write_bytes((place.read_bytes() if after and place.exists() else b"") + content)
        elif after:
            with open(place, "ab", opener=_own) as file:
                file.write(content)
        else:
            with replacing(place, flush=False) as file:
                file.write(content)


def _own(name: str, flags: int) -> int:
    """Opens a file, follows no link and waits for no pipe: a run may come from anywhere."""
    return os.open(name, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0), 0o666)


def move(place: AnyPath, other: AnyPath) -> None:
    """Moves a file into another folder of the same run, over what is there.

    Raises:
        ResultsError: that cannot be done.
    """
    make_folder(other.parent)
    with as_results_error(place, "write"):
        if is_local(place):
            place.replace(other)
            flush_folder(other.parent)  # first: better there under both names than under none
            flush_folder(place.parent)
        else:
            other.write_bytes(place.read_bytes())
            place.unlink()


def remove_temporaries(folder: AnyPath, is_own: Callable[[str], bool]) -> None:
    """Removes what writers that were killed have left in a folder, of files whose names are their own."""
    for name in names(folder) if is_local(folder) else ():
        match = TEMPORARY.fullmatch(name)
        if match and is_own(match[1]):
            with suppress(OSError):
                (folder / name).unlink()


def flush_folder(folder: Path) -> None:
    """Makes a change of names survive a power loss, where the system lets a folder be flushed."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in NOT_FLUSHABLE:
            raise
    finally:
        os.close(descriptor)
