"""A run's trials, or a summary of them, written for other programs: part by part, floats exact.

Text that a spreadsheet would run is escaped.
"""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TypeAlias
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np

from linreg_sweep.analysis.aggregate import check_column
from linreg_sweep.analysis.formats import MAX_WHOLE, as_text, cells_of, escape_formula, records
from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.runs.results import Run, as_run
from linreg_sweep.storage import parquet
from linreg_sweep.storage.files import AnyPath, any_path
from linreg_sweep.storage.outputs import Output, output
from linreg_sweep.words import did_you_mean

if TYPE_CHECKING:
    import pandas as pd

Frames = Iterator["pd.DataFrame"]

To: TypeAlias = Literal["csv", "parquet", "json", "markdown", "latex", "excel", "model"]
"""The kinds of WRITERS, and MODEL, for editors to complete."""

MODEL = "model"
"""The kind that is no table."""

MAX_TYPESET = 5_000
"""Rows of a table in markdown or LaTeX, which people read."""

MAX_IN_EXCEL = 1_048_575
"""Rows below the header that a sheet of Excel holds."""


def export(
    run: Run | str | Path,
    to: To,
    file: Output | None = None,
    *,
    by: str | Sequence[str] = (),
    where: str | None = None,
    columns: str | Sequence[str] = (),
    trial: int | None = None,
) -> AnyPath:
    """Writes the trials of a run, their summary, or the model of one of them to a file of another kind.

    Args:
        run: which run, or its directory.
        to: csv, parquet, json, markdown, latex, excel or model. The first three are exact and have room
            for any number of rows; infinities are `inf` in csv and excel, `"Infinity"` in json.
        file: a path, a URL that fsspec knows, or `-` for stdout; None: named after the run, in the current
            folder.
        by: a hyperparameter that a summary goes by, or several; none: the trials.
        where: a comparison that trials have to meet, as `--where` takes it.
        columns: of the trials or the summary, one or several in this order; none: all.
        trial: of a model, which trial; see Run.model.

    Returns:
        The file.

    Raises:
        ConfigError: no such kind, column or comparison; more rows than the kind has room for; no file can be
            there.
        ResultsError: there is no such run, no part is finished, or one is damaged.
        SweepError: the file cannot be written; what was there stays.
    """
    if to not in (*WRITERS, MODEL):
        raise ConfigError(Complaint("--to", f"there is no kind {to!r}", did_you_mean(to, [*WRITERS, MODEL])))
    beside = {"--by": by, "--where": where, "--columns": columns} if to == MODEL else {"--trial": trial}
    for option, given in beside.items():
        if given not in (None, ()):
            raise ConfigError(Complaint(option, f"has no effect on --to {to}", "leave it out"))
    run = as_run(run)
    by, columns = ([each] if isinstance(each, str) else each for each in (by, columns))
    model = run.model(trial).as_json() if to == MODEL else ""
    suffix, write = ("json", None) if to == MODEL else WRITERS[to]
    if file is None:
        file = Path(f"{run.name}-{MODEL if to == MODEL else 'summary' if by else 'trials'}.{suffix}")
    with output(file) as stream:
        if write is None:
            stream.write(model.encode())
        else:
            write(_frames(run, by, where, columns), stream)
    return any_path(file)


def _frames(run: Run, by: Sequence[str], where: str | None, columns: Sequence[str]) -> Frames:
    """Yields what is exported: trials part by part, or a summary."""
    from linreg_sweep.analysis import tables
    from linreg_sweep.analysis.where import where as chosen

    if by:
        found = (
            run.summary(by)
            if where is None
            else tables.summary(run.where(where), run.columns_of(by), spread=run.spread)
        )
        yield tables.select(found, columns)
        return
    for name in columns:
        check_column(name, run.columns)
    for frame in run.frames(list(columns) if columns and where is None else None):
        yield tables.select(frame if where is None else chosen(frame, where), columns)


def _csv(frames: Frames, stream: BinaryIO) -> None:
    for number, frame in enumerate(frames):
        header = [str(escape_formula(str(name))) for name in frame.columns]
        cells = _escaped(frame)
        columns = header if number == 0 else False
        text = _without_points(cells).to_csv(index=False, header=columns, lineterminator="\n")
        stream.write(text.encode())


def _escaped(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Returns a table of which no spreadsheet runs a cell."""
    texts = [name for name, kind in frame.dtypes.items() if str(kind) in ("category", "object", "str")]
    return frame.assign(**{str(name): frame[name].map(escape_formula) for name in texts})


def _without_points(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Returns a table whose whole numbers are written without a point, as formats.whole has them."""
    import pandas as pd

    found: dict[str, Any] = {}
    for name in frame.select_dtypes("float64").columns:
        values = frame[name].to_numpy()
        is_whole = (np.trunc(values) == values) & (np.abs(values) < MAX_WHOLE)
        is_whole &= (values != 0) | ~np.signbit(values)
        if is_whole.any():
            cells = values.astype(object)
            cells[is_whole] = values[is_whole].astype(np.int64)
            found[name] = pd.Series(cells, frame.index, object)
    return frame.assign(**found)


def _json(frames: Frames, stream: BinaryIO) -> None:
    before = "[\n"
    for frame in frames:
        for row in records(frame):
            stream.write((before + json.dumps(row, allow_nan=False)).encode())
            before = ",\n"
    stream.write(b"[]\n" if before == "[\n" else b"\n]\n")


def _typeset(style: str) -> Callable[[Frames, BinaryIO], None]:
    """Returns what writes a table that people read."""

    def write(frames: Frames, stream: BinaryIO) -> None:
        import pandas as pd

        found: list[pd.DataFrame] = []
        for frame in frames:
            found.append(frame)
            _check_room(sum(map(len, found)), MAX_TYPESET, style)
        stream.write((as_text(pd.concat(found), style) + "\n").encode())

    return write


def _excel(frames: Frames, stream: BinaryIO) -> None:
    from openpyxl import Workbook
    from openpyxl.writer.excel import ExcelWriter

    book = Workbook(write_only=True)
    sheet = book.create_sheet("trials")
    n_rows = 0
    try:
        for number, frame in enumerate(frames):
            cells = cells_of(frame)
            if number == 0:
                sheet.append([escape_formula(name) for name in cells])
            n_rows += len(frame)
            _check_room(n_rows, MAX_IN_EXCEL, "excel")
            for row in zip(*cells.values(), strict=True):
                sheet.append([_for_excel(cell, sheet) for cell in row])
    finally:
        sheet.close()  # or its temporary file stays open
    with ZipFile(stream, "w", ZIP_DEFLATED) as archive:  # openpyxl alone would leave it open after an error
        ExcelWriter(book, archive).save()


def _for_excel(cell: object, sheet: Any) -> object:
    """Returns a cell as Excel has it, which knows no infinity; openpyxl alone would write 16 digits."""
    if not isinstance(cell, float) or (float(f"{cell:.16g}") == cell and math.isfinite(cell)):
        return escape_formula(cell)
    if math.isinf(cell):
        return "inf" if cell > 0 else "minus inf"
    from openpyxl.cell import WriteOnlyCell

    exact = WriteOnlyCell(sheet, repr(cell))
    exact.data_type = "n"
    return exact


def _check_room(n_rows: int, most: int, to: str) -> None:
    if n_rows > most:
        hint = "export a summary with --by, fewer trials with --where, or --to csv or parquet"
        raise ConfigError(Complaint(f"--to {to}", f"has room for {most:,} rows, got more", hint))


WRITERS: dict[str, tuple[str, Callable[[Frames, BinaryIO], None]]] = {
    "csv": ("csv", _csv),
    "parquet": ("parquet", parquet.write_frames),
    "json": ("json", _json),
    "markdown": ("md", _typeset("markdown")),
    "latex": ("tex", _typeset("latex")),
    "excel": ("xlsx", _excel),
}
"""The kinds, each with the suffix of its files and what writes them."""
