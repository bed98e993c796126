"""A file of text as bytes of UTF-8: unpacked, its letters recoded, its runs of blanks made one."""

import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from gzip import BadGzipFile, GzipFile
from io import BufferedReader, RawIOBase, TextIOWrapper
from pathlib import Path
from typing import BinaryIO

from linreg_sweep.errors import Complaint, DataError
from linreg_sweep.tabular.sources import open_source
from linreg_sweep.text_format import TextFormat

BLOCK = 2**20


@contextmanager
def unpacked(path: Path) -> Iterator[BinaryIO]:
    """Opens a file, or what a .gz archive holds.

    Raises:
        DataError: it is no whole archive.
        OSError: it cannot be opened, or is a folder or no file.
    """
    with open_source(path) as file:
        if path.suffix.lower() != ".gz":
            yield file
            return
        try:
            with GzipFile(fileobj=file) as archive:
                yield archive  # type: ignore[misc]
        except (BadGzipFile, EOFError, zlib.error) as error:
            text = f"must be a gzip archive that can be read: {error}"
            raise DataError(
                Complaint(str(path), text, "the file is damaged, or of another format")
            ) from error


def open_text(path: Path, form: TextFormat) -> BinaryIO:
    """Opens a file of text as UTF-8; what is no text stays the bytes that it is.

    Where blanks separate values, each run of them is one, and none begin a line.

    Raises:
        DataError: it is no whole archive, or its bytes cannot be letters (when it is read).
        OSError: it cannot be opened, or is a folder or no file.
    """
    if path.suffix.lower() != ".gz" and form.encoding == "utf-8" and form.separator != " ":
        return open_source(path)
    return BufferedReader(_Joined(_blocks(path, form)), BLOCK)


class Watched(RawIOBase):
    """A file of which somebody sees every block that is read."""

    def __init__(self, file: BinaryIO, look: Callable[[bytes], None]) -> None:
        """Reads an opened file, and closes it; `look` is called with each block, in their order."""
        self._file, self._look = file, look

    def readable(self) -> bool:
        """Returns that it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Returns the next bytes."""
        block = self._file.read(size)
        self._look(block)
        return block

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
        super().close()


class _Joined(RawIOBase):
    """Blocks of bytes one after the other, as a file."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._rest = blocks, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = block
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def _blocks(path: Path, form: TextFormat) -> Iterator[bytes]:
    with unpacked(path) as raw:
        if form.encoding == "utf-8" and form.separator != " ":
            yield from iter(lambda: raw.read(BLOCK), b"")
            return
        encoding = "utf-8-sig" if form.encoding == "utf-8" else form.encoding
        stream = TextIOWrapper(raw, encoding, "surrogateescape", "")
        texts = iter(lambda: stream.read(BLOCK), "")
        try:
            for text in squeezed_lines(texts) if form.separator == " " else texts:
                yield text.encode("utf-8", "surrogateescape")
        except UnicodeError as error:
            text = f"must be text in {form.encoding}: {getattr(error, 'reason', error)}"
            raise DataError(Complaint(str(path), text, "choose another data.format.encoding")) from error


def squeezed_lines(texts: Iterator[str]) -> Iterator[str]:
    """Yields texts in which each run of blanks and tabs is one blank, and none is at the end of a line."""
    held, begins = "", True
    for text in texts:
        squeezed = re.sub(r"[ \t]+", " ", held + text)
        squeezed = squeezed.removeprefix(" ") if begins else squeezed
        held = " " if squeezed.endswith(" ") else ""
        squeezed = re.sub(r" ?([\r\n]) ?", r"\1", squeezed.removesuffix(" "))
        begins = squeezed.endswith(("\r", "\n")) if squeezed else begins
        yield squeezed
