"""Small disks in memory, on which tests meet one that is full, or that may only be read.

Only root may mount one, and in some containers not even root. A test that needs one is skipped there, with
the system's own words: whatever stood in for a disk would not show what a system does when it is full.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PAGE = 4096
"""Bytes by which such a disk fills up."""


def mount(disk: Path, options: str) -> None:
    """Mounts a disk, or changes one that is mounted."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)], check=True)


@contextmanager
def mounted(folder: Path, n_pages: int) -> Iterator[Path]:
    """Gives a disk below a folder, for a while, or skips the test."""
    disk = folder / "disk"
    disk.mkdir()
    _try("mount", "-t", "tmpfs", "-o", f"size={n_pages * PAGE}", "tmpfs", str(disk))
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def need_own_shared_memory() -> None:
    """Skips the test where no process can be given a /dev/shm of its own."""
    _try("unshare", "--mount", "sh", "-c", "mount -t tmpfs tmpfs /dev/shm")


def _try(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:  # to mount takes a privilege that a container may lack
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one page."""
    with mounted(tmp_path, 1) as disk:
        yield disk
