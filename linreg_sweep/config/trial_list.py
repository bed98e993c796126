"""The trials of a list: the cells of a CSV file, put with their places where a declaration names it."""

import csv
import hashlib
import io
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

from linreg_sweep.config.faults import MAX_COMPLAINTS, at, config_error, placed
from linreg_sweep.config.nodes import MAX_ITEMS, Column, Mark, Node, Source, child, replace_at
from linreg_sweep.config.scalars import ScalarError, read_scalar
from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.guards.regular_files import open_regular_file
from linreg_sweep.words import show

MAX_CELLS = 10_000
"""Cells that a resolved declaration holds itself; of more it says where the file is, and its checksum."""

MAX_ROWS = 1_000_000

MAX_BYTES = 2**28
"""Bytes of the file: a million trials of ten numbers, all digits told."""

_NUMBER = r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?"
_NUMBERS = re.compile(rf"{_NUMBER}(?:\n{_NUMBER})*")
"""Numbers that are the same to YAML as to Python, in lines."""


def read_trials(root: Node) -> Node:
    """Returns a tree with the columns of the file that `trials.path` names.

    Raises:
        ConfigError: it cannot be read as a table of trials.
    """
    node = child(root, "trials")
    path = None if node is None else child(node, "path")
    if node is None or path is None or not isinstance(path.value, str):
        return root
    place, name = path.at.source.beside(path.value)
    try:
        with open_regular_file(place) as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        text = f"{name} cannot be read: {reason}"
        raise ConfigError(placed(at(("trials", "path"), text), root)) from None
    if len(content) > MAX_BYTES:
        text = f"a file of trials may hold {MAX_BYTES // 2**20} MiB at most, {name} holds more"
        raise ConfigError(placed(at(("trials", "path"), text), root))
    sha256 = hashlib.sha256(content).hexdigest()
    expected = child(node, "sha256")
    if expected is not None and expected.value != sha256:
        text = f"{name} must be the file that the run was made of, it has changed since"
        hint = "restore it, or make a run of the new file"
        raise ConfigError(placed(at(("trials", "sha256"), text, hint), root))
    columns = _columns(content, Source(name, place.parent))
    n_rows = len(next(iter(columns.values())).value.values)
    is_large = n_rows > MAX_ITEMS or n_rows * len(columns) > MAX_CELLS
    kept = {"path": Path(os.path.normpath(place)).as_posix(), "sha256": sha256} if is_large else {}
    others = {key: below for key, below in node.value.items() if key not in ("path", "sha256")}
    named = {key: Node(value, path.at, path.key_at) for key, value in kept.items()}
    table = Node(columns, path.at, path.key_at)
    return replace_at(root, ("trials",), Node({**others, **named, "columns": table}, node.at, node.key_at))


def _columns(content: bytes, source: Source) -> dict[str, Node]:
    """Returns the columns of a table by the names in its first row."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(Complaint(Mark(source), "must be UTF-8", "save it again as UTF-8")) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    texts: list[list[str]] = []
    lines: list[int] = []
    complaints: list[Complaint] = []
    before = 0
    try:
        for row in reader:
            if not texts and any(row):
                texts = [[cell.strip()] for cell in row]
                lines.append(before + 1)
            elif len(row) == len(texts) and len(lines) <= MAX_ROWS:
                lines.append(before + 1)
                for cells, cell in zip(texts, row, strict=True):
                    cells.append(cell)
            elif any(row) and len(complaints) <= MAX_COMPLAINTS:
                told = f"must have {len(texts)} cells, one for each name, got {len(row)}"
                if len(row) == len(texts):
                    told = f"must be a list of at most {MAX_ROWS:,} trials"
                complaints.append(Complaint(Mark(source, before + 1), told))
            before = reader.line_num
    except csv.Error as error:
        raise ConfigError(Complaint(Mark(source, before + 1), f"not readable as CSV: {error}")) from None
    names = [cells.pop(0) for cells in texts]
    if complaints:
        raise config_error(complaints)
    if len(lines) < 2:
        told, hint = "must have a line of names and a line for each trial", "as in: learning_rate,momentum"
        raise ConfigError(Complaint(Mark(source), told, hint))
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        told = f"must name each column once, got {show(twice)} twice"
        raise ConfigError(Complaint(Mark(source, lines[0]), told))
    columns: dict[str, list[Any]] = {name: [] for name in names}
    read = cache(read_scalar)  # of words there are few
    for number, (cells, values) in enumerate(zip(texts, columns.values(), strict=True), 1):
        if _NUMBERS.fullmatch("\n".join(cells)):
            values += map(float, cells)
            continue
        for line, cell in zip(lines[1:], cells, strict=True):
            try:
                values.append(read(cell.strip()))
            except ScalarError as error:
                complaints.append(Complaint(Mark(source, line, number), *error.args))
    if complaints:
        raise config_error(complaints)
    mark = Mark(source, lines[0], 1)
    return {
        name: Node(Column(cells, source, lines[1:], number), mark, Mark(source, lines[0], number))
        for number, (name, cells) in enumerate(columns.items(), 1)
    }
