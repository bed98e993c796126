"""What a sweep can be named, and so the files and folders that are called after it."""

import re
from pathlib import PurePath

from linreg_sweep.words import show

NAME = r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}"
"""Of what a name consists."""

_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
"""What names no file on Windows, whatever its suffix."""


def name_fault(name: str) -> str:
    """Returns what is wrong with a name, nothing where it can be one."""
    if _DEVICE.fullmatch(name):
        return f"must not be what Windows calls a device, got {show(name)}"
    text = "must be up to 100 letters, digits, '-', '_' and '.', with no '.' at its start"
    return "" if re.fullmatch(NAME, name) else f"{text}, got {show(name)}"


def is_name(text: str) -> bool:
    """Returns whether a text can be a name."""
    return not name_fault(text)


def name_after(path: str, otherwise: str, *, shorn_of: str = "") -> str:
    """Returns a name made of a file's, without its suffix.

    Args:
        path: of the file.
        otherwise: the name where nothing of the file's can be one.
        shorn_of: letters that the name shall neither begin nor end with.
    """
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", PurePath(path).stem).lstrip(".").strip(shorn_of)[:100]
    return name if is_name(name) else otherwise
