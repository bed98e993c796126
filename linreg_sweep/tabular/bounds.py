"""How much a data file may hold, and how much of it memory: what is more is refused, or goes to a file."""

import os
import re
from pathlib import Path

from linreg_sweep.errors import Complaint, ConfigError, DataError

MAX_COLUMNS = 10_000
"""Columns of a file, read or not."""

LONGEST_ROW = 2**22
"""Letters of a row of CSV; Arrow reads in blocks of as many bytes, each of whole rows."""

UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
UNITS |= {f"{unit}I": 2 ** (10 * power) for power, unit in enumerate("KMGT", 1)}

SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) *([KMGT]I?)?B?")

SHARE = 2
"""Half of the memory that is free is for the rows of the data, where nothing is said."""

UNKNOWN = 2**31
"""Bytes of memory that are taken to be free where the system does not say."""


def check_columns(where: str, n_columns: int) -> None:
    """Refuses a file of too many columns.

    Raises:
        DataError: there are more than `MAX_COLUMNS`.
    """
    if n_columns > MAX_COLUMNS:
        text = f"a file may have at most {MAX_COLUMNS:,} columns, this one has {n_columns:,}"
        raise DataError(Complaint(where, text))


def bytes_of(size: str | int | None) -> int:
    """Returns the bytes of memory that the rows of the data may take.

    Args:
        size: such as `4GB`, `500 MB`, `2GiB` or a number of bytes; None: half of what is free.

    Raises:
        ConfigError: that is no size.
    """
    if size is None:
        return free_memory() // SHARE
    match = SIZE.fullmatch(str(size).strip().upper())
    if isinstance(size, bool) or match is None:
        raise ConfigError(Complaint("--max-memory", f"must be a size such as 4GB or 500MB, got {size!r}"))
    return int(float(match[1]) * UNITS[match[2] or ""])


def free_memory() -> int:
    """Returns the bytes of memory that are free, as the system and a container's limit say."""
    found = [UNKNOWN]
    if hasattr(os, "sysconf") and "SC_AVPHYS_PAGES" in os.sysconf_names:
        found = [os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    said = _read("/proc/meminfo")
    if available := re.search(r"MemAvailable: *([0-9]+) kB", said):
        found = [int(available[1]) * 1024]
    limit, used = _read("/sys/fs/cgroup/memory.max"), _read("/sys/fs/cgroup/memory.current")
    if limit.strip().isdigit() and used.strip().isdigit():
        found.append(max(0, int(limit) - int(used)))
    return min(found)


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""
