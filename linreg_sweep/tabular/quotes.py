"""Whether the quotation marks of a file of text close the cells that they open.

A reader that goes on after one that does not takes rows into a cell, or letters behind it into a value.
"""

import re
from codecs import BOM_UTF8

_RUN = re.compile(rb'"+')


class QuoteWatch:
    """Looks at the blocks of a file as they are read, for the first mark out of place.

    A mark within a cell that begins with none is a letter like others, and two within quotes are one.
    """

    def __init__(self, separator: str) -> None:
        """Has seen nothing yet of values with a separator between them."""
        edge = rb"[^%s\r\n]" % re.escape(separator.encode())
        self._plain = re.compile(rb'(?<!%s)"[^"]*"(?!%s)' % (edge, edge))
        self._edges = frozenset(separator.encode() + b"\r\n")
        self._is_open, self._opened, self._offset, self._held = False, 0, 0, b""
        self._stray: tuple[int, str] | None = None

    def look(self, block: bytes) -> None:
        """Looks at the next block of the file, as bytes of UTF-8."""
        if self._stray is not None:
            return
        text = self._held + block
        if not self._offset and text.startswith(BOM_UTF8):
            text = text.replace(BOM_UTF8, b"\n" * len(BOM_UTF8), 1)
        cut = max(text.rfind(b"\n"), text.rfind(b"\r")) + 1
        text, self._held = text[:cut], text[cut:]
        marks = text.count(b'"')
        if marks and (self._is_open or marks != 2 * len(self._plain.findall(text))):
            self._stray = self._first_stray(text)
        self._offset += len(text)

    def _first_stray(self, text: bytes) -> tuple[int, str] | None:
        """Looks at whole lines, mark by mark."""
        for run in _RUN.finditer(text):
            start, stop = run.span()
            count = stop - start
            if not self._is_open:
                if start and text[start - 1] not in self._edges:
                    continue
                self._is_open, self._opened, count = True, self._offset + start, count - 1
            if count % 2:
                self._is_open = False
                if text[stop] not in self._edges:
                    what = "must have nothing between a quoted value and what separates it"
                    return self._offset + start, what
        return None

    def stray(self) -> tuple[int, str] | None:
        """Returns the place of the first mark out of place, in bytes, and what must hold.

        None: there is none. All of the file has been looked at.
        """
        self.look(b"\n")  # the file's end ends a row
        if self._stray is None and self._is_open:
            what = "must close the quotation mark that begins a value, the file ends before"
            return self._opened, what
        return self._stray
