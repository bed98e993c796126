"""A run's directory: names every file of it, writes each whole or not at all, and reads it back.

results/<name>-<8 hex>/
    config.yaml     the resolved declaration; it runs by itself
    metadata.json   versions, data hash, format version, times; outcomes once finished
    trials/         part-00000.parquet ...: one row a trial
    history/        likewise, where states are kept
    summary.csv     once finished
    data.parquet    data that came from Python rather than from a file
"""

import json
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linreg_sweep.errors import Complaint, ResultsError

FORMAT_VERSION = 2
METADATA = (
    *("name", "created", "versions", "data", "engine", "loss", "method"),
    *("varied", "log_scaled", "spans", "hyperparameters", "parameters", "history", "regime_measured"),
    *("settle", "divergence", "n_trials", "part_size", "n_parts"),
)
"""What metadata.json says from the beginning; `finished`, `outcomes` and `best` come at the end."""

AWAY = "move the run's directory away and run the sweep again"

PART_NAME = re.compile(r"part-(\d{5,})\.parquet")


@dataclass(frozen=True)
class Store:
    """The files of one run.

    Attributes:
        path: the run's directory.
    """

    path: Path

    @property
    def config(self) -> Path:
        """The resolved declaration."""
        return self.path / "config.yaml"

    @property
    def metadata(self) -> Path:
        """Versions, data hash, format version, times, outcomes."""
        return self.path / "metadata.json"

    @property
    def summary(self) -> Path:
        """The summary table of a finished run."""
        return self.path / "summary.csv"

    @property
    def data(self) -> Path:
        """Data that came from Python rather than from a file."""
        return self.path / "data.parquet"

    @property
    def trials(self) -> Path:
        """The folder of the trials' parts."""
        return self.path / "trials"

    @property
    def history(self) -> Path:
        """The folder of the history's parts."""
        return self.path / "history"

    def part(self, folder: Path, number: int) -> Path:
        """Returns the file of a part."""
        return folder / f"part-{number:05d}.parquet"

    def part_numbers(self, folder: Path) -> set[int]:
        """Returns the numbers of the parts in a folder; they are whole by how they are written."""
        try:
            names = [entry.name for entry in os.scandir(folder)]
        except FileNotFoundError:
            return set()
        except OSError as error:
            raise _unusable(folder, "read", error) from error
        return {int(match[1]) for match in map(PART_NAME.fullmatch, names) if match}

    def write(self, path: Path, content: bytes) -> None:
        """Writes a file whole or not at all: a temporary neighbour, flushed to disk, then renamed.

        Raises:
            ResultsError: the disk is full, the folder is read-only or gone. What was there stays.
        """
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
            _flush_folder(path.parent)
        except OSError as error:
            raise _unusable(path, "write", error) from error
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)

    def write_metadata(self, metadata: dict[str, Any]) -> None:
        """Writes metadata.json."""
        self.write(self.metadata, (json.dumps(metadata, indent=2) + "\n").encode())

    def read_metadata(self) -> dict[str, Any]:
        """Returns metadata.json.

        Raises:
            ResultsError: there is none, it is damaged, or a newer version of this package wrote it.
        """
        try:
            metadata = dict(json.loads(self.metadata.read_text(encoding="utf-8")))
            version = metadata["format_version"]
        except (FileNotFoundError, NotADirectoryError) as error:
            there = self.path.exists()
            text = "not a run's directory: it has no metadata.json" if there else "there is no such directory"
            hint = "`linreg-sweep list` shows the runs"
            raise ResultsError(Complaint(str(self.path), text, hint)) from error
        except OSError as error:
            raise _unusable(self.metadata, "read", error) from error
        except (ValueError, KeyError, TypeError) as error:
            raise ResultsError(Complaint(str(self.metadata), "is damaged", AWAY)) from error
        if version != FORMAT_VERSION:
            text = f"the run's format is {version}, this version reads {FORMAT_VERSION}"
            is_newer = isinstance(version, int) and version > FORMAT_VERSION
            hint = (
                "update linreg-sweep" if is_newer else "run the sweep again: it gets a directory of its own"
            )
            raise ResultsError(Complaint(str(self.path), text, hint))
        lacking = [key for key in METADATA if key not in metadata]
        if lacking:
            raise ResultsError(
                Complaint(str(self.metadata), f"is damaged: it lacks {', '.join(lacking)}", AWAY)
            )
        return metadata


def run_path(out: Path, name: str, digest: str) -> Path:
    """Returns the directory of the run that a declaration of this name and digest has under out."""
    return out / f"{name}-{digest[:8]}"


def find_runs(out: Path) -> list[Store]:
    """Returns the runs right under a directory, ordered by name; none where there is no directory."""
    try:
        entries: Iterable[Path] = sorted(out.iterdir()) if out.exists() else []
    except OSError as error:
        raise _unusable(out, "read", error) from error
    return [Store(entry) for entry in entries if (entry / "metadata.json").is_file()]


def _flush_folder(folder: Path) -> None:
    """Makes a rename survive a power loss, where the system lets a folder be flushed."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unusable(path: Path, verb: str, error: OSError) -> ResultsError:
    hint = (
        "what was finished before is intact; mend this and run the same command again"
        if verb == "write"
        else ""
    )
    return ResultsError(Complaint(str(path), f"cannot {verb} it: {error.strerror or error}", hint))
