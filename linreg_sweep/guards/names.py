"""What a sweep can be named, and so the files and folders that are called after it."""

import re

NAME = r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}"
"""Of what a name consists."""

DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
"""What names no file on Windows, whatever its suffix."""


def is_name(text: str) -> bool:
    """Returns whether a text can be a name."""
    return bool(re.fullmatch(NAME, text)) and not DEVICE.fullmatch(text)
