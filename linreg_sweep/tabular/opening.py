"""Opens files of data, by what their names end in; or says how one becomes a file that can be read."""

from pathlib import Path

from linreg_sweep.errors import Complaint, DataError
from linreg_sweep.tabular.cells import File, shortened
from linreg_sweep.tabular.csv_file import open_csv
from linreg_sweep.tabular.excel_file import open_excel
from linreg_sweep.tabular.parquet_file import open_parquet
from linreg_sweep.tabular.recipes import READERS, converted
from linreg_sweep.tabular.several import one_below_the_other
from linreg_sweep.tabular.sniffing import written_as
from linreg_sweep.tabular.sources import EXCEL, KINDS, PARQUET, files_of, kind_of, open_source
from linreg_sweep.text_format import TEXT, TextFormat


def open_data(path: Path, form: TextFormat | None) -> File:
    """Opens a file of data, or the files of a folder or of a pattern as one, text in this form.

    Raises:
        DataError: there are none, or some that cannot be read, or that have different columns.
    """
    try:
        found = files_of(path)
    except (OSError, ValueError) as error:
        raise DataError(Complaint(str(path), f"data must be a file that can be read: {error}")) from error
    files = [_open_file(each, form) for each in found]
    return one_below_the_other(str(path), files) if len(files) > 1 else files[0]


def _open_file(path: Path, form: TextFormat | None) -> File:
    """Opens a file by what its name ends in."""
    where, kind = str(path), kind_of(path)
    if not kind:
        text = f"data files must end in {KINDS}, got {shortened(path.suffix)}"
        raise DataError(Complaint(where, text, _as_csv(path)))
    try:
        with open_source(path) as stream:
            is_empty = not stream.read(1)
    except (OSError, ValueError) as error:
        raise DataError(Complaint(where, f"data must be a file that can be read: {error}")) from error
    if is_empty:
        raise DataError(Complaint(where, "data must have a header and rows, the file is empty"))
    if kind not in TEXT and form is not None and form != TextFormat():
        text = "data.format applies to text files, and this is none"
        raise DataError(Complaint(where, text, "leave it out"))
    if kind in EXCEL:
        return open_excel(path)
    return open_parquet(path) if kind in PARQUET else open_csv(path, form or TextFormat())


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
