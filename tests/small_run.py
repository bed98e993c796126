"""A run as small as one can be that has everything: two parts, a history, data of its own or from a file."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import linreg_sweep as ls
from linreg_sweep.storage.files import AnyPath
from linreg_sweep.storage.parquet import facts_and_columns
from linreg_sweep.storage.store import PART_NAME

SWEEP: dict[str, Any] = {
    "name": "small",
    "data": {"name": "tutorial"},
    "method": "grid",
    "training": {"epochs": 4},
    "history": {"every": 2},
    "parameters": {"learning_rate": {"values": [0.001, 0.5]}},
}

PYTHON: tuple[Sequence[float], Sequence[float]] = ([0.0, 1.0, 2.0], [1.0, 3.0, 6.0])
"""Data that come from Python, so that the run keeps them."""

TOLD = ("run.log", "status.json", "run.lock")
"""Files that tell of who made a run and when, and that nothing depends on."""


EXHAUSTIVE = os.environ.get("EXHAUSTIVE") == "1"
"""Whether tests are to try everything, for minutes, rather than some of it."""


def some_of(numbers: Sequence[int], step: int) -> Sequence[int]:
    """Returns one in so many of the numbers; all where tests are to be exhaustive."""
    return numbers if EXHAUSTIVE else numbers[::step]


def made(out: AnyPath | str, **options: Any) -> ls.Run:
    """Returns the run, made in this process."""
    return ls.run(SWEEP, out=out, **({"jobs": 1, "part_size": 1} | options))


def content(run: Path) -> dict[str, bytes]:
    """Returns every file of a run but those in TOLD, what is set aside, and the times in metadata.json."""
    found = {}
    for file in sorted(run.rglob("*")):
        name = file.relative_to(run).as_posix()
        if file.is_file() and name not in TOLD and not name.startswith("damaged/"):
            found[name] = file.read_bytes() if name != "metadata.json" else timeless(run)
    return found


def timeless(run: Path) -> bytes:
    """Returns what metadata.json says, whenever it was written."""
    return repr({**ls.load(run).metadata, "created": "", "finished": ""}).encode()


def flipped(content: bytes, bit: int) -> bytes:
    """Returns bytes with one bit changed."""
    place, shift = divmod(bit, 8)
    return content[:place] + bytes([content[place] ^ 1 << shift]) + content[place + 1 :]


def damage(file: Path) -> bytes:
    """Flips a bit in the middle of a file; returns what it says now."""
    before = file.read_bytes()
    file.write_bytes(flipped(before, 4 * len(before)))
    return file.read_bytes()


def parts(run: Path) -> dict[str, bytes]:
    """Returns the files that are parts by their names."""
    folders = [run / "trials", run / "history"]
    files = [file for folder in folders if folder.is_dir() for file in folder.iterdir()]
    return {
        file.relative_to(run).as_posix(): file.read_bytes()
        for file in files
        if PART_NAME.fullmatch(file.name)
    }


def facts_of(part: AnyPath) -> dict[str, Any] | None:
    """Returns what a part says of itself; None where it is no whole part."""
    found = facts_and_columns(part)
    return None if found is None else found[0]
