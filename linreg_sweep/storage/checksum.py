"""A checksum within the file it is of, so that the two are written, moved and lost together.

Whoever writes a file puts BLANK somewhere into it, and seals the whole; a flipped bit or a cut
anywhere, the checksum's own digits included, then shows.
"""

import zlib

_MARK, _DIGITS = b"linreg-sweep crc32 ", 8

BLANK = (_MARK + b"0" * _DIGITS).decode()
"""What a file holds in place of its checksum while that is computed."""


def with_checksum(content: bytes) -> bytes:
    """Returns a file's content with the checksum in place of the last BLANK."""
    start = content.rindex(BLANK.encode()) + len(_MARK)
    return content[:start] + _digits(zlib.crc32(content)) + content[start + _DIGITS :]


def is_whole(content: bytes) -> bool:
    """Returns whether a file's content is what was once sealed.

    CRC-32 finds every change within 32 bits in a row, and lets one in 4 billion others pass.
    """
    start = content.rfind(_MARK) + len(_MARK)
    digits = content[start : start + _DIGITS]
    before = zlib.crc32(content[:start])
    blank = zlib.crc32(b"0" * _DIGITS, before)
    return start >= len(_MARK) and digits == _digits(zlib.crc32(content[start + _DIGITS :], blank))


def checksum(content: bytes) -> str:
    """Returns the checksum of a file that cannot hold its own: 8 hex digits."""
    return _digits(zlib.crc32(content)).decode()


def _digits(number: int) -> bytes:
    return f"{number:08x}".encode()
