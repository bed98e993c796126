"""A run's directory: the name of every file in it, and what metadata.json says.

results/<name>-<8 hex>/
    config.yaml     the resolved declaration; it runs by itself
    metadata.json   versions, data hash, format version, checksums, times; outcomes once finished
    trials/         part-00000.parquet ...: one row per trial
    history/        likewise, where states are kept
    summary.csv     once finished
    data.parquet    the data, where they came from Python or are small
    damaged/        files that were not whole any more, set aside; those of one name are numbered
    run.log         what happened, a line each
    status.json     how far the run is, while it is made; who makes it
    run.lock        held by who makes it
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, count
from typing import Any, cast

from linreg_sweep.errors import Complaint, ResultsError
from linreg_sweep.storage import files
from linreg_sweep.storage.checksum import BLANK, checksum, is_whole, with_checksum
from linreg_sweep.storage.files import AnyPath
from linreg_sweep.storage.metadata import Metadata, fault

FORMAT_VERSION = 4
READABLE = (2, 3, 4)
"""Formats that are shown; only runs of this version's own are extended."""

MAX_METADATA_BYTES = 2**26
"""Bytes that metadata.json may have."""

MADE_AGAIN = "run the sweep again: what is damaged is set aside and made again"

SEAL = "seal"

PART_NAME = re.compile(r"part-(\d{5,})\.parquet")

FILES = ("config.yaml", "metadata.json", "summary.csv", "data.parquet", "run.log", "status.json", "run.lock")
FOLDERS = ("trials", "history", "damaged")
"""What a run's directory holds."""


def is_own(name: str) -> bool:
    """Returns whether a file of a run is called so."""
    return name in FILES or bool(PART_NAME.fullmatch(name))


def is_of_a_run(place: AnyPath) -> bool:
    """Returns whether a place is that of a run's file, or in a folder of which a run's files are read."""
    folder = place.parent
    run = folder.parent if folder.name in FOLDERS else folder
    if run is folder and place.name not in FILES:
        return False
    return files.exists(run / "metadata.json") and files.exists(run / "trials")


class _Own:
    """A file or folder of a run, as an attribute of its store."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, store: "Store", kind: type) -> AnyPath:
        return store.path / self.name


@dataclass(frozen=True)
class Store:
    """The files of one run.

    Attributes:
        path: the run's directory; for what is in it see the top of this module.
    """

    path: AnyPath

    config = _Own("config.yaml")
    metadata = _Own("metadata.json")
    trials = _Own("trials")
    history = _Own("history")
    summary = _Own("summary.csv")
    data = _Own("data.parquet")
    log = _Own("run.log")
    status = _Own("status.json")
    lock = _Own("run.lock")

    def part(self, folder: AnyPath, number: int) -> AnyPath:
        """Returns the file of a part."""
        return folder / f"part-{number:05d}.parquet"

    def part_numbers(self, folder: AnyPath) -> set[int]:
        """Returns the numbers of the parts in a folder."""
        return {int(match[1]) for match in map(PART_NAME.fullmatch, files.names(folder)) if match}

    def refuse_links(self) -> None:
        """Raises a ResultsError where a folder of the run is a link: writing would lead out of the run."""
        for folder in (self.path, *(self.path / name for name in FOLDERS)):
            if files.is_local(folder) and folder.is_symlink():
                text = "is a link, and a run is only written where it is itself"
                raise ResultsError(Complaint(str(folder), text, "put the folder it leads to in its place"))

    def set_aside(self, place: AnyPath) -> AnyPath:
        """Moves a file that is not whole any more out of the way; returns where it is now.

        What was set aside before stays: `config.yaml`, `config.yaml.2`, ...
        """
        folder, name = self.path / "damaged", "-".join(place.parts[len(self.path.parts) :])
        there = files.names(folder)
        free = (each for each in chain([name], (f"{name}.{n}" for n in count(2))) if each not in there)
        aside = folder / next(free)
        files.move(place, aside)
        return aside

    def write_metadata(self, metadata: Mapping[str, Any]) -> None:
        """Writes metadata.json, sealed."""
        text = json.dumps({**metadata, SEAL: BLANK}, indent=2) + "\n"
        files.write(self.metadata, with_checksum(text.encode()))

    def read_metadata(self) -> Metadata:
        """Returns metadata.json.

        Raises:
            ResultsError: there is none, it is damaged, or a newer version of this package wrote it.
        """
        try:
            content = files.read(self.metadata, MAX_METADATA_BYTES)
            metadata = dict(json.loads(content))
            version = metadata["format_version"]
        except (FileNotFoundError, NotADirectoryError) as error:
            there = files.exists(self.path)
            text = "not a run's directory: it has no metadata.json" if there else "there is no such directory"
            hint = "`linreg-sweep list` shows the runs"
            raise ResultsError(Complaint(str(self.path), text, hint)) from error
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise damaged(self.metadata) from error
        if not is_whole(content) and (version == FORMAT_VERSION or SEAL in metadata):
            raise damaged(self.metadata)  # else a flipped bit in the version would pass for a newer one
        if isinstance(version, int) and version > FORMAT_VERSION:
            text = f"the run's format is {version}, this version reads up to {FORMAT_VERSION}"
            raise ResultsError(Complaint(str(self.path), text, "update linreg-sweep"))
        if version not in READABLE:
            text = f"the run's format is {version}, this version reads {READABLE[0]} and later"
            hint = "run the sweep again: it gets a directory of its own"
            raise ResultsError(Complaint(str(self.path), text, hint))
        wrong = fault(metadata)
        if wrong:
            raise damaged(self.metadata, wrong)
        metadata.pop(SEAL, None)
        return cast(Metadata, metadata)

    def is_as_written(self, place: AnyPath, metadata: Mapping[str, Any]) -> bool:
        """Returns whether a file is there, and is what metadata.json has the checksum of."""
        try:
            content = files.read(place)
        except FileNotFoundError:
            return False
        told = metadata.get("checksums", {}).get(place.name)
        return told == checksum(content) or bool(metadata["format_version"] < FORMAT_VERSION)


class DamagedError(ResultsError):
    """A file of a run that is not what was written."""


def damaged(place: AnyPath, why: str = "") -> DamagedError:
    """Returns the error that a file is not what was written, and why, if more is known."""
    return DamagedError(Complaint(str(place), f"is damaged{why and ': '}{why}", MADE_AGAIN))


def run_path(out: AnyPath, name: str, digest: str) -> AnyPath:
    """Returns the directory of the run that a declaration of this name and digest has under out."""
    return out / f"{name}-{digest[:8]}"


def find_runs(out: AnyPath) -> list[Store]:
    """Returns the runs right under a directory, ordered by name; none where there is no directory."""
    entries = [out / name for name in sorted(files.names(out))]
    return [Store(entry) for entry in entries if _may_be_run(entry)]


def _may_be_run(entry: AnyPath) -> bool:
    """Returns whether a folder holds a run; what cannot be looked into is left to whoever reads the run."""
    try:
        return files.exists(entry / "metadata.json")
    except ResultsError:
        return True
