"""Opens a file of data, by what its name ends in; or says how it becomes one that can be read."""

from pathlib import Path

from linreg_sweep.errors import Complaint, DataError
from linreg_sweep.guards.regular_files import open_regular_file
from linreg_sweep.tabular.cells import File, shortened
from linreg_sweep.tabular.csv_file import open_csv
from linreg_sweep.tabular.parquet_file import open_parquet
from linreg_sweep.tabular.recipes import READERS, converted
from linreg_sweep.tabular.sniffing import written_as
from linreg_sweep.text_format import TextFormat, text_kind
from linreg_sweep.words import did_you_mean

_PARQUET = (".parquet", ".pq")


def open_file(path: Path, form: TextFormat | None) -> File:
    """Opens a file of data by what its name ends in.

    Args:
        path: the file.
        form: how it is written, if it is text; None: as is the default.

    Raises:
        DataError: there is none, or none that can be read.
    """
    where, is_parquet = str(path), path.suffix.lower() in _PARQUET
    try:
        if path.is_dir():
            raise DataError(Complaint(where, "data must be one file, this is a folder"))
        if not path.is_file():
            raise DataError(Complaint(where, "data must be a file, there is none here", _neighbours(path)))
        if not _is_known_kind(path):
            known = "data files must end in .csv, .tsv, .txt (or .gz of these), .parquet or .pq"
            raise DataError(Complaint(where, f"{known}, got {shortened(path.suffix)}", _as_csv(path)))
        with open_regular_file(path) as stream:
            is_empty = not stream.read(1)
    except (OSError, ValueError) as error:
        raise DataError(Complaint(where, f"data must be a file that can be read: {error}")) from error
    if is_empty:
        raise DataError(Complaint(where, "data must have a header and rows, the file is empty"))
    if is_parquet and form is not None and form != TextFormat():
        text = "data.format goes with files of text, a Parquet file has none"
        raise DataError(Complaint(where, text, "leave it out"))
    return open_parquet(path) if is_parquet else open_csv(path, form or TextFormat())


def _as_csv(path: Path) -> str:
    """Returns how a file of another kind becomes one that is read, or that it has to be saved as CSV."""
    suffix = path.suffix.lower()
    if suffix in READERS:
        return converted(path)
    if suffix in (".gz", ".bz2", ".xz", ".zst", ".zip"):
        return converted(path, "read_csv")
    if suffix in (".tab", ".dat", ".data", ".csv2"):
        hint = written_as(path)
        return f"let its name end in .txt{f', and {hint}' if hint else ''}"
    return "save it as CSV"


def _is_known_kind(path: Path) -> bool:
    return path.suffix.lower() in _PARQUET or bool(text_kind(path))


def _neighbours(path: Path) -> str:
    if path.exists():
        return "a pipe or a device may never end: save what it gives into a file"
    if not path.parent.is_dir():
        return f"there is no folder {str(path.parent)!r} either"
    return did_you_mean(path.name, (p.name for p in path.parent.iterdir() if _is_known_kind(p)))
