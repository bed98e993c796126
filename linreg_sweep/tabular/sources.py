"""The files that a path of data stands for: itself, those in a folder, or those that a pattern matches."""

from collections.abc import Iterable, Sequence
from typing import BinaryIO

from linreg_sweep.errors import Complaint, DataError
from linreg_sweep.guards.regular_files import open_regular_file
from linreg_sweep.places import AnyPath, as_seen_from_here, is_local
from linreg_sweep.text_format import text_kind
from linreg_sweep.words import did_you_mean, joined

PARQUET, EXCEL = (".parquet", ".pq"), (".xlsx",)

WILD = "*?["
"""Letters that make the name of a file a pattern, where there is no file of that name."""

OWN = (".", "_")
"""How names begin of files that are no data, but what programs keep beside them."""

KINDS = ".csv, .tsv, .txt (or .gz of these), .parquet, .pq or .xlsx"


def kind_of(path: AnyPath) -> str:
    """Returns how the names of files of the same kind end; of others than data, nothing."""
    suffix = path.suffix.lower()
    return next((kind[0] for kind in (PARQUET, EXCEL) if suffix in kind), text_kind(path))


def open_source(path: AnyPath) -> BinaryIO:
    """Opens a file to be read as bytes.

    Raises:
        OSError: it cannot be opened, or is a folder or no file.
        ValueError: no file can have this name.
    """
    if is_local(path):
        return open_regular_file(path)
    return path.open("rb")


def is_there(path: AnyPath) -> bool:
    """Returns whether a path of data stands for anything."""
    return path.exists() or (_is_pattern(path) and bool(_matching(path)))


def files_of(path: AnyPath) -> Sequence[AnyPath]:
    """Returns the files that are one table, by their names.

    Args:
        path: of a file of any name, of a folder of files of one kind, or a pattern such as `data/*.parquet`.

    Raises:
        DataError: there are none, or files of several kinds.
        OSError: that cannot be told.
    """
    if path.is_file():
        return [path]
    where = str(path)
    if path.is_dir():
        found = [each for each in _by_name(path.iterdir()) if kind_of(each) and each.is_file()]
        if not found:
            raise DataError(
                Complaint(where, f"a folder of data must have files in {KINDS}, but this one has none")
            )
    elif _is_pattern(path) and not path.exists():
        found = [each for each in _matching(path) if each.is_file()]
        if not found:
            raise DataError(
                Complaint(where, "data must be files, but none has such a name", _neighbours(path))
            )
    else:
        raise DataError(Complaint(where, "data must be a file, but none has this name", _neighbours(path)))
    kinds = sorted({kind_of(each) or each.suffix for each in found})
    if len(kinds) > 1:
        text = f"files of one table must be of one kind, these end in {joined(kinds, 'and')}"
        raise DataError(Complaint(where, text, f"name the ones you mean, as in *{kinds[0]}"))
    return found


def _is_pattern(path: AnyPath) -> bool:
    return any(letter in path.name for letter in WILD)


def _matching(path: AnyPath) -> list[AnyPath]:
    found = path.parent.glob(path.name)
    return _by_name(found) if not path.name.startswith(OWN) else sorted(found)


def _by_name(paths: Iterable[AnyPath]) -> list[AnyPath]:
    """Returns paths by their names, but for what programs keep beside data for themselves, as `_SUCCESS`."""
    return sorted((path for path in paths if not path.name.startswith(OWN)), key=lambda path: path.name)


def _neighbours(path: AnyPath) -> str:
    if not is_local(path):
        return ""
    if path.exists():
        return "a pipe or a device may never end: save its output to a file"
    if hint := as_seen_from_here(path):
        return hint
    if not path.parent.is_dir():
        return f"there is no folder {str(path.parent)!r} either"
    return did_you_mean(path.name, (each.name for each in path.parent.iterdir() if kind_of(each)))
