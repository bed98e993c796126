"""Where a text points to: a path on a disk, or a place behind a URL, which is reached through fsspec."""

import os
import re
import warnings
from pathlib import Path
from typing import Any, TypeAlias, cast

from linreg_sweep.errors import Complaint, ConfigError

AnyPath: TypeAlias = Path
"""A path on a disk; or one in an object store: no Path, but a UPath, which has a Path's methods."""

WITHOUT_LISTINGS = ("sftp", "ssh")
"""Kinds of URLs that take no word on keeping listings: they keep none, and would pass it on."""

MAX_REASON_LETTERS = 200
"""Letters of what a library says of a failure."""

ON_DISK = ("file:", "local:")
"""What URLs of files on this machine begin with."""

ONE_SLASH = re.compile(r"([a-z][a-z0-9]+):/*")
"""What a URL begins with, also where a slash of it was forgotten."""


def any_path(text: str | os.PathLike[str]) -> AnyPath:
    """Returns where a text points to: a path, or through fsspec a place behind a URL.

    Raises:
        ConfigError: there is no such kind of URL, what reaches it is not installed, or it is not reached.
    """
    if hasattr(text, "fs"):
        return cast(AnyPath, text)
    if not isinstance(text, str) or "://" not in text:
        _refuse_half_a_url(os.fspath(text))
        return Path(text)
    kind = text.partition("://")[0]
    try:
        return _behind(text, kind)
    except Exception as error:  # each kind has exceptions of its own
        hint = "pip install s3fs for s3://, gcsfs for gs://, adlfs for abfs://; or give a path"
        raise ConfigError(Complaint(text, f"{kind}:// cannot be reached: {reason(error)}", hint)) from error


def _refuse_half_a_url(text: str) -> None:
    """Raises a ConfigError for what is a URL but for a slash, and would be a folder called `s3:`."""
    half = ONE_SLASH.match(text)
    if half is None or "://" in text:
        return
    from upath.registry import available_implementations

    if half[1] in available_implementations(fallback=True):
        meant = f"{half[1]}://{text[half.end() :]}"
        if text.startswith(ON_DISK):
            meant = text.partition(":")[2]
        raise ConfigError(Complaint(text, "is neither a path nor a URL", f"did you mean {meant}?"))


def _behind(url: str, kind: str) -> AnyPath:
    """Returns the place behind a URL of a kind that fsspec knows; others would be folders of that name."""
    from upath import UPath
    from upath.registry import available_implementations

    if kind not in available_implementations(fallback=True):
        raise ValueError("there is no such kind of store")
    options: dict[str, Any] = {} if kind in WITHOUT_LISTINGS else {"use_listings_cache": False}
    with warnings.catch_warnings(action="ignore"):  # of kinds that upath has no tests of
        place: Any = UPath(url, **options)
        if not place.protocol:
            raise ValueError("it is not allowed in a URL")
        _ = place / "run", place.fs  # refused where a bucket is missing, where there are no folders, no host
    return Path(place.path) if url.startswith(ON_DISK) else cast(AnyPath, place)


def reason(error: Exception) -> str:
    """Returns why something failed, in a line: what a library could not load may fill pages."""
    said = getattr(error, "strerror", None) or str(error)
    line = " ".join(said.split()) or type(error).__name__
    return line if len(line) <= MAX_REASON_LETTERS else f"{line[:MAX_REASON_LETTERS]} ..."


def as_seen_from_here(missing: Path) -> str:
    """Returns a hint where a relative path that leads nowhere was meant from here, and not from a file."""
    parts = () if missing.is_absolute() else missing.parts
    for start in range(1, len(parts)):
        folder, meant = os.path.join(*parts[:start]), os.path.join(*parts[start:])  # noqa: PTH118
        if os.path.isdir(folder) and os.path.exists(meant):  # noqa: PTH110, PTH112
            return f"{meant} is there, but a path in a file starts from that file's own folder"
    return ""


def is_local(place: AnyPath) -> bool:
    """Returns whether a place is on a disk of this machine."""
    return isinstance(place, Path)


def is_url(text: object) -> bool:
    """Returns whether a text, or a path, is a URL."""
    return "://" in str(text)
