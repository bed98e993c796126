"""`init`: a first config and sweep on disk, for the tutorial or for a person's own file."""

import os
import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from linreg_sweep import data as datasets
from linreg_sweep.config import load_sweep
from linreg_sweep.config.messages import fault_of
from linreg_sweep.config.scalars import UNPRINTABLE
from linreg_sweep.data import Data
from linreg_sweep.errors import Complaint, ConfigError, DataError
from linreg_sweep.guards.names import name_after, name_fault
from linreg_sweep.places import any_path, is_local, is_url
from linreg_sweep.scaffold.texts import scaffold_texts
from linreg_sweep.storage.outputs import unwritable
from linreg_sweep.tabular.bounds import bytes_of
from linreg_sweep.tabular.sniffing import find_format, told
from linreg_sweep.tabular.sources import files_of
from linreg_sweep.tabular.table import GAPS, column_names_of
from linreg_sweep.text_format import TextFormat, as_declared, text_kind
from linreg_sweep.trials.loading import load_data
from linreg_sweep.trials.prepare import prepare
from linreg_sweep.words import listed

FEW_ROWS = 4
"""Rows below which whole numbers in a row are no sign that they count the rows."""

IDENTIFIER = re.compile(
    r"(?:^|[^A-Za-z])(?i:id|uuid|guid|index|idx|key|nr|no|number|row)$|^(?i:unnamed)|[a-z]ID$"
)
"""What a column is called that names the rows."""


def write_scaffold(
    directory: str | Path,
    *,
    data: str | None,
    x: Sequence[str],
    y: Sequence[str],
    name: str | None,
    missing: Sequence[str] = (),
    max_memory: str | int | None = None,
) -> tuple[Path, Path, Sequence[str]]:
    """Writes configs/<name>.yaml and sweeps/<name>.yaml under a directory; see `linreg-sweep init --help`.

    Rows that miss a cell are left out, and columns that would spoil a first fit: that miss many cells, do
    not vary, count or name the rows, hold text, or have no name of their own. Those that x names stay, unless
    they do not vary.

    Returns:
        The two files, and notes on the data.

    Raises:
        ConfigError: y is missing, the name cannot be a file's, a config cannot say where the data are, or a
            file is there already.
        DataError: the data cannot be read or fitted.
        SweepError: the files cannot be written; nothing of them is left.
    """
    folder = any_path(directory)
    if not is_local(folder):
        raise ConfigError(Complaint(str(directory), "must be a folder of this machine"))
    if Path(folder).is_file():
        hint = f"--data {directory} --y COLUMN, if these are your data" if data is None else ""
        raise ConfigError(Complaint(str(directory), "must be a folder, it is a file", hint))
    if data is None and (x or y):
        raise ConfigError(
            Complaint("--x and --y", "apply to --data only: the tutorial's columns are x and y")
        )
    if data is None and missing:
        raise ConfigError(
            Complaint("--missing", "applies to --data only: the tutorial's data have no missing cells")
        )
    if data is not None and UNPRINTABLE.search(str(Path.cwd() / data)):
        text = f"must be a path that YAML can hold, got {data!a}"
        raise ConfigError(Complaint("--data", text, "rename the file or its folder"))
    table, form = datasets.tutorial(), TextFormat()
    if data is not None:
        place = any_path(data) if is_url(data) else Path(data)
        form = _format_of(place, [*x, *y], missing)
        if not y:
            text = "is required with --data: the column to predict"
            raise ConfigError(
                Complaint("--y", text, f"the columns are {listed(column_names_of(place, form))}")
            )
        table = _read(data, x, y, form, bytes_of(max_memory))
    if name is None:
        name = "tutorial" if data is None else name_after(data, "data", shorn_of="-.")
    if name_fault(name):
        hint = f"letters are A to Z and a to z: such as {name_after(name, 'my-sweep', shorn_of='-.')}"
        raise ConfigError(Complaint("--name", name_fault(name), hint))
    config, sweep = folder / "configs" / f"{name}.yaml", folder / "sweeps" / f"{name}.yaml"
    path = data if data is None or is_url(data) else Path(os.path.relpath(data, config.parent)).as_posix()
    remarks = [f"{note[0].upper()}{note[1:]}" for note in table.notes if note.startswith("left out")]
    chosen = list(table.x_names) if x or remarks else None
    drops = any(note.startswith(GAPS) for note in table.notes)
    reading = [f"format: {as_declared(form)}"] if form != TextFormat() else []
    reading += ["missing: drop"] if drops else []
    found = [f"found: {told(form)} (data.format says so)"] if reading and told(form) else []
    remarks = [*(f"{note[0].upper()}{note[1:]}" for note in found), *remarks]
    texts = scaffold_texts(
        table, name=name, data_path=path, x=chosen, y=list(y), remarks=remarks, reading=reading
    )
    there = [
        Complaint(str(file), "is there already", "choose another --name")
        for file in (config, sweep)
        if file.exists()
    ]
    if there:
        raise ConfigError(*there)
    with ExitStack() as undone:  # what was written when something fails
        for file, text in zip((config, sweep), texts, strict=True):
            try:
                _write(file, text, undone)
            except OSError as error:
                raise unwritable(file, error) from error
        _check(sweep, max_memory)
        undone.pop_all()
    return config, sweep, (*found, *table.notes)


def _format_of(path: Path, named: Sequence[str], missing: Sequence[str]) -> TextFormat:
    """Returns how a file seems to be written; what is no file of text is left to those who read it.

    Raises:
        ConfigError: what stands in missing cells is no text that can be declared.
        DataError: the file is a damaged archive.
    """
    try:
        asked = TextFormat(missing=tuple(missing))
    except ValidationError as error:
        faults = [Complaint("--missing", fault_of(each).text) for each in error.errors()]
        raise ConfigError(*faults) from error
    try:
        first = files_of(path)[0]
    except (OSError, DataError):  # said where they are read
        return asked
    if not text_kind(first):
        return asked
    try:
        return find_format(first, named, asked.missing)
    except OSError:
        return asked


def _read(file: str, x: Sequence[str], y: Sequence[str], form: TextFormat, most: int) -> Data:
    """Returns the columns of a file that are worth fitting, of the rows that miss none of their cells."""
    read = partial(datasets.from_file, file, y=list(y), form=form, drop=True, max_memory=most)
    given = read(list(x) or None, whole_only=not x)
    has_gaps = any(note.startswith(GAPS) for note in given.notes)

    def own(name: str) -> NDArray[np.float64]:
        return np.asarray(read([name]).x[:, 0])

    reasons = _reasons(given, named=bool(x), own=own if has_gaps else None)
    kept = [name for name, reason in reasons.items() if not reason]
    if len(kept) in (0, len(reasons)):
        return given
    again = read(kept)  # fewer cells to miss
    notes = [note for note in given.notes if note.startswith("left out") and not note.startswith(GAPS)]
    for why in dict.fromkeys(filter(None, reasons.values())):
        names = [name for name, reason in reasons.items() if reason == why]
        notes.append(f"left out, {why}: {listed(names)}")
    return replace(again, notes=(*notes, *again.notes))


def _check(sweep: Path, max_memory: str | int | None) -> None:
    """Refuses data on which the sweep that is written would be refused.

    Raises:
        DataError: float64 cannot hold what they need.
    """
    declaration = load_sweep(sweep)
    try:
        prepare(declaration, load_data(declaration, max_memory=max_memory))
    except ConfigError as error:
        raise DataError(*(Complaint("", each.text, each.hint) for each in error.complaints)) from error


def _write(file: Path, text: str, undone: ExitStack) -> None:
    """Writes a new file and the folders that it lacks, and notes how they are removed."""

    def undo(remove: Callable[[], None]) -> None:
        with suppress(OSError):
            remove()

    for folder in reversed([each for each in file.parents if not each.exists()]):
        folder.mkdir()
        undone.callback(undo, folder.rmdir)
    with file.open("x", encoding="utf-8") as stream:  # follows no link out of the folder
        undone.callback(undo, file.unlink)
        stream.write(text)


def _reasons(data: Data, *, named: bool, own: Callable[[str], NDArray[np.float64]] | None) -> dict[str, str]:
    """Returns of each column why it would spoil a first fit; nothing where it would not.

    Args:
        data: columns of a file.
        named: a person named them, so that only those go whose effect is the bias's already.
        own: gives a column in all rows that it has, where those are left out that another column misses.
    """
    columns = dict(zip(data.x_names, data.x[:].T, strict=True))
    reasons = {name: _why_not(name, column, named=named) for name, column in columns.items()}
    if own is None:
        return reasons
    return {  # what seems to be nothing, or a count, may be so only in the rows that are left
        name: _why_not(name, own(name), named=named) if reasons[name] or _nearly_counts(column) else ""
        for name, column in columns.items()
    }


def _nearly_counts(column: NDArray[np.float64]) -> bool:
    """Returns whether a column may have been a count of the rows, before some of them went."""
    steps = np.diff(column)
    return bool(column[0] <= 2 and (steps >= 1).all() and np.count_nonzero(steps == 1) > len(steps) / 2)


def _why_not(name: str, column: NDArray[np.float64], *, named: bool) -> str:
    """Returns why a column is not worth fitting; nothing where it is."""
    if np.ptp(column) == 0:
        return "the same in all rows"
    if named or len(column) < FEW_ROWS:
        return ""
    if any(np.array_equal(column, np.arange(first, first + len(column))) for first in (0, 1)):
        return "counting the rows (--x keeps it)"
    whole = np.array_equal(column, np.floor(column))
    if whole and IDENTIFIER.search(name) and len(np.unique(column)) == len(column):
        return "naming the rows (--x keeps it)"
    return ""
