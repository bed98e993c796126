"""Plain data that remembers where it was written: a tree in which each value has its mark.

A merge of two trees carries the marks along, so that an error names the file and line of the value
that won, however many files, options and mappings it was put together from.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.words import Key, KeyPath, show

MAX_LEVELS = 20

MAX_NODES = 100_000
"""Values in one text or mapping."""

MAX_ITEMS = 10_000
"""The longest list. What is written back of a longer one could be more than a file may hold."""


@dataclass(frozen=True)
class Source:
    """Something values are read from.

    Attributes:
        name: a file as the user named it, a `--set` option, or empty for a mapping given from Python.
        folder: the folder that relative paths written there start from.
    """

    name: str
    folder: Path

    def beside(self, path: str) -> tuple[Path, str]:
        """Returns the file that a path written here means, and what messages call it."""
        name = os.path.normpath(os.path.join(os.path.dirname(self.name), path))  # noqa: PTH118, PTH120
        return self.folder / path, name


@dataclass(frozen=True)
class Mark:
    """A place in a source; line and column count from 1, and are 0 where there are no lines."""

    source: Source
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join(map(str, (self.source.name, *filter(None, (self.line, self.column)))))


@dataclass(frozen=True)
class Column:
    """The cells of a column of a table, as values without a node each.

    Attributes:
        values: from the first row on.
        source: the table.
        lines: of the rows, from 1.
        number: of the column, from 1.
    """

    values: list[Any]
    source: Source
    lines: list[int]
    number: int

    def cell(self, row: int) -> "Node":
        """Returns a cell with its place."""
        at = Mark(self.source, self.lines[row], self.number)
        return Node(self.values[row], at, at)


@dataclass(frozen=True)
class Node:
    """A value with its place.

    Attributes:
        value: a scalar, a dict of text to Node, a list of Node or a Column.
        at: where the value starts.
        key_at: where the key stands that the value belongs to; `at` where there is no key.
    """

    value: Any
    at: Mark
    key_at: Mark

    @property
    def is_block(self) -> bool:
        """Whether the value is a mapping."""
        return isinstance(self.value, dict)


def plain(node: Node) -> Any:
    """Returns the data of a tree without its marks."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value.values if isinstance(node.value, Column) else node.value


def child(node: Node, key: Key) -> Node | None:
    """Returns the node under a key of a mapping or at an index of a list, or None."""
    if isinstance(node.value, dict):
        below: Node | None = node.value.get(key)
        return below
    if isinstance(node.value, list) and isinstance(key, int) and 0 <= key < len(node.value):
        item: Node = node.value[key]
        return item
    if isinstance(node.value, Column) and isinstance(key, int):
        return node.value.cell(key)
    return None


def locate(root: Node, path: KeyPath, at_key: bool = False) -> Mark:
    """Returns where a path stands; what is missing is located at the key of the block that lacks it."""
    node = root
    for key in path:
        below = child(node, key)
        if below is None:
            return node.key_at
        node = below
    return node.key_at if at_key else node.at


def merge(base: Node, top: Node) -> Node:
    """Returns base with the keys of top laid over it; blocks are merged, anything else is replaced."""
    if not (isinstance(base.value, dict) and isinstance(top.value, dict)):
        return top
    merged = dict(base.value)
    for key, above in top.value.items():
        merged[key] = merge(base.value[key], above) if key in base.value else above
    return Node(merged, top.at, top.key_at)


def replace_at(root: Node, path: KeyPath, new: Node) -> Node:
    """Returns a tree in which the value at a path is another; blocks on the way are created.

    Raises:
        KeyError: something on the way is a value and has no keys; the argument is its path.
    """
    if not path:
        return new
    if not root.is_block and root.value is not None:
        raise KeyError(())
    keys = dict(root.value or {})
    below = keys.get(path[0], Node({}, new.at, new.at))
    try:
        keys[path[0]] = replace_at(below, path[1:], new)
    except KeyError as error:
        raise KeyError((path[0], *error.args[0])) from None
    return Node(keys, root.at, root.key_at)


def from_python(data: object, source: Source) -> Node:
    """Returns the tree of a mapping given from Python: no lines, and no more trust than a file.

    NumPy numbers and arrays become plain ones, tuples lists, and path objects text.

    Raises:
        ConfigError: a key that is not text, more than 20 levels, or more values than a file may hold.
    """
    mark, counted = Mark(source), count()

    def convert(value: object, path: KeyPath) -> Node:
        if next(counted) == MAX_NODES:
            raise ConfigError(Complaint("", f"more than {MAX_NODES:,} values"))
        if len(path) > MAX_LEVELS:
            raise ConfigError(Complaint("", f"more than {MAX_LEVELS} levels of nesting"))
        if hasattr(value, "tolist"):
            value = value.tolist()
        if isinstance(value, Mapping):
            for key in value:
                if not isinstance(key, str):
                    text = f"keys must be text, got {show(key)}"
                    raise ConfigError(Complaint("", text, path=path))
            return Node({key: convert(below, (*path, key)) for key, below in value.items()}, mark, mark)
        if isinstance(value, list | tuple):
            items = [convert(below, (*path, index)) for index, below in enumerate(value)]
            return Node(items, mark, mark)
        return Node(os.fspath(value) if isinstance(value, os.PathLike) else value, mark, mark)

    return convert(data, ())
