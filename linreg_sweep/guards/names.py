"""What a sweep can be named, and so the files and folders that are called after it."""

import re
from pathlib import PurePath

NAME = r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}"
"""Of what a name consists."""

DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
"""What names no file on Windows, whatever its suffix."""


def is_name(text: str) -> bool:
    """Returns whether a text can be a name."""
    return bool(re.fullmatch(NAME, text)) and not DEVICE.fullmatch(text)


def name_after(path: str, otherwise: str, *, shorn_of: str = "") -> str:
    """Returns a name made of a file's, without its suffix.

    Args:
        path: of the file.
        otherwise: the name where nothing of the file's can be one.
        shorn_of: letters that the name shall neither begin nor end with.
    """
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", PurePath(path).stem).lstrip(".").strip(shorn_of)[:100]
    return name if is_name(name) else otherwise
