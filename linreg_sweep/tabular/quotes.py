"""Whether the quotation marks of a file of text close the cells that they open.

A reader that goes on after one that does not takes rows into a cell, or letters behind it into a value.
"""

import re
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
    edges = frozenset(separator.encode() + b"\r\n")
    is_open, opened, offset, last, held = False, 0, 0, ord("\n"), b""
    for block in chain(blocks, [b""]):
        if block and not held and b'"' not in block:
            offset, last = offset + len(block), block[-1]
            continue
        text = held + (block or b"\n")  # the file's end ends a row
        cut = len(text.rstrip(b'"'))
        text, held = text[:cut], text[cut:]
        for run in _RUN.finditer(text):
            start, stop = run.span()
            count = stop - start
            if not is_open:
                if (text[start - 1] if start else last) not in edges:
                    continue
                is_open, opened, count = True, offset + start, count - 1
            if count % 2:
                is_open = False
                if text[stop] not in edges:
                    return offset + start, "must have nothing between a quoted value and what separates it"
        offset += len(text)
        last = text[-1] if text else last
    what = "must close the quotation mark that begins a value, the file ends before"
    return (opened, what) if is_open else None
