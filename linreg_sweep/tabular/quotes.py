"""Whether the quotation marks of a file of text close the cells that they open.

A reader that goes on after one that does not takes rows into a cell, or letters behind it into a value.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterable
from itertools import chain

_RUN = re.compile(rb'"+')


def stray_quote(blocks: Iterable[bytes], separator: str) -> tuple[int, str] | None:
    """Returns the place of the first mark out of place, in bytes, and what must hold; None: there is none.

    A mark within a cell that begins with none is a letter like others, and two within quotes are one.

    Args:
        blocks: of the file, as bytes of UTF-8.
        separator: of values.
    """
    edge = rb"[^%s\r\n]" % re.escape(separator.encode())
    plain = re.compile(rb'(?<!%s)"[^"]*"(?!%s)' % (edge, edge))
    edges = frozenset(separator.encode() + b"\r\n")
    is_open, opened, offset, held = False, 0, 0, b""
    for block in chain(blocks, [b""]):
        text = held + (block or b"\n")  # the file's end ends a row
        if not offset and text.startswith(BOM_UTF8):
            text = text.replace(BOM_UTF8, b"\n" * len(BOM_UTF8), 1)
        cut = max(text.rfind(b"\n"), text.rfind(b"\r")) + 1
        text, held = text[:cut], text[cut:]
        marks = text.count(b'"')
        if not marks or (not is_open and marks == 2 * len(plain.findall(text))):
            offset += len(text)
            continue
        for run in _RUN.finditer(text):
            start, stop = run.span()
            count = stop - start
            if not is_open:
                if start and text[start - 1] not in edges:
                    continue
                is_open, opened, count = True, offset + start, count - 1
            if count % 2:
                is_open = False
                if text[stop] not in edges:
                    return offset + start, "must have nothing between a quoted value and what separates it"
        offset += len(text)
    what = "must close the quotation mark that begins a value, the file ends before"
    return (opened, what) if is_open else None
