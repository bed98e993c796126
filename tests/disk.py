"""What a program asks of a disk, call by call: to be counted, to be failed, to be written down."""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass(frozen=True)
class Call:
    """A call that is about to be made.

    Attributes:
        verb: open (a file, to write), read (open a file or a folder), write, fsync, replace, mkdir or unlink.
        path: of what.
        other: for replace: the new name.
        content: for write: what.
        file: for write: where to, so that a part of it can be.
        fresh: for open: what was in the file goes.
    """

    verb: str
    path: Path
    other: Path | None = None
    content: bytes = b""
    file: Any = None
    fresh: bool = False

    def write_half(self) -> None:
        """Does half of a write."""
        self.file.write(self.content[: len(self.content) // 2])
        self.file.flush()


class _File:
    """A file whose writes are told of."""

    def __init__(self, path: Path, file: Any, tell: Callable[[Call], None]) -> None:
        self._path, self._file, self._tell = path, file, tell

    def write(self, content: Any) -> Any:
        self._tell(Call("write", self._path, content=bytes(content), file=self._file))
        written = self._file.write(content)
        self._file.flush()
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> "_File":
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()


@contextmanager
def told(root: Path, tell: Callable[[Call], None]) -> Iterator[None]:
    """Tells of each call under a folder before it is made; what is raised then fails the call.

    Nothing is really flushed: that takes long, and without a power loss nobody can tell.
    """
    paths: dict[int, Path] = {}

    def within(path: Any) -> bool:
        return isinstance(path, str | os.PathLike) and Path(path).is_relative_to(root)

    def open_file(file: Any, mode: str = "r", *more: Any, **named: Any) -> Any:
        if not within(file):
            return real["open_file"](file, mode, *more, **named)
        is_read = mode in ("r", "rb")
        tell(Call("read" if is_read else "open", Path(file), fresh="w" in mode))
        opened = real["open_file"](file, mode, *more, **named)
        paths[opened.fileno()] = Path(file)
        return opened if is_read else _File(Path(file), opened, tell)

    def open_(path: Any, flags: int, *more: Any, **named: Any) -> int:
        if within(path):
            tell(Call("open" if flags & WRITING else "read", Path(path)))
        descriptor: int = real["open"](path, flags, *more, **named)
        if within(path):
            paths[descriptor] = Path(path)
        return descriptor

    def fsync(descriptor: int) -> None:
        if descriptor in paths:
            tell(Call("fsync", paths[descriptor]))

    def replace(path: Any, other: Any, **named: Any) -> None:
        if within(path):
            tell(Call("replace", Path(path), Path(other)))
        real["replace"](path, other, **named)

    def mkdir(path: Any, *more: Any, **named: Any) -> None:
        if within(path):
            tell(Call("mkdir", Path(path)))
        real["mkdir"](path, *more, **named)

    def unlink(path: Any, **named: Any) -> None:
        if within(path):
            tell(Call("unlink", Path(path)))
        real["unlink"](path, **named)

    real: dict[str, Any] = {
        "open_file": io.open,
        "open": os.open,
        "replace": os.replace,
        "mkdir": os.mkdir,
        "unlink": os.unlink,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(io, "open", open_file)
        for verb in (open_, fsync, replace, mkdir, unlink):
            patch.setattr(os, verb.__name__.rstrip("_"), verb)
        yield
