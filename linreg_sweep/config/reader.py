"""Strict YAML: a text becomes plain data with a mark on every value, or a list of all that is wrong.

PyYAML is used for its events alone. Nothing is built by its constructors, so no tag runs code, no alias
or merge key multiplies, and a word means what YAML 1.2 says (scalars.py). What costs is refused before
it costs: size before parsing, depth while parsing.
"""

from contextlib import suppress
from pathlib import Path

import yaml

from linreg_sweep.config.builder import Builder, EndedError
from linreg_sweep.config.faults import config_error
from linreg_sweep.config.nodes import Mark, Node, Source
from linreg_sweep.config.scalars import UNPRINTABLE
from linreg_sweep.config.syntax import describe
from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.guards.regular_files import open_regular_file
from linreg_sweep.places import as_seen_from_here
from linreg_sweep.words import closest, show

MAX_BYTES = 2**20

DATA = (".csv", ".tsv", ".parquet", ".xlsx", ".gz")
"""How files of data end that a person may give in place of YAML."""

_START = "a config starts with 'data:', a sweep with 'name:'"


def read_file(path: Path, name: str | None = None, found: list[Complaint] | None = None) -> Node:
    """Reads a YAML file whose top level is a mapping.

    Args:
        path: the file.
        name: what messages call it; by default the path.
        found: takes the complaints where the tree could be built none the less, refused values being null;
            None: they are raised like any other.

    Raises:
        ConfigError: the file cannot be read, is not strict YAML or not a mapping, all complaints at once.
    """
    where = str(path) if name is None else name
    content = read_bytes(path, where)
    if path.suffix.lower() in DATA:
        hint = f"`linreg-sweep init --data {where} --y COLUMN` writes a config and a sweep for it"
        raise ConfigError(Complaint(where, "this is a file of data, not of YAML", hint))
    return read_content(content, Source(where, path.parent.resolve()), found)


def read_content(content: bytes, source: Source, found: list[Complaint] | None = None) -> Node:
    """Reads the bytes of a YAML file; for `found` and errors see `read_file`."""
    return read_text(_decoded(content, source), source, found)


def read_bytes(path: Path, where: str) -> bytes:
    """Reads a file's first bytes, one more than are accepted.

    Raises:
        ConfigError: the file cannot be read; `where` says what asked for it.
    """
    try:
        with open_regular_file(path) as file:
            return file.read(MAX_BYTES + 1) or b""
    except FileNotFoundError:
        text, hint = "no such file", as_seen_from_here(Path(where)) or _neighbour(path)
    except IsADirectoryError:
        text, hint = "this is a folder", "name a YAML file in it"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        text, hint = f"cannot be read: {reason}", ""
    raise ConfigError(Complaint(where, text, hint))


def read_text(text: str, source: Source, found: list[Complaint] | None = None) -> Node:
    """Reads a YAML text whose top level is a mapping; for `found` see `read_file`.

    Raises:
        ConfigError: it is not strict YAML or not a mapping, all complaints at once.
    """
    builder, root = _build(text, source, has_lines=True)
    if builder.found and (found is None or not builder.is_whole or not root.is_block):
        raise config_error(builder.complaints())
    if root.value is None:
        raise ConfigError(Complaint(root.at, "the file is empty", _START))
    if not root.is_block:
        given = "a list" if isinstance(root.value, list) else show(root.value)
        text = f"the top level must be keys with values, got {given}"
        raise ConfigError(Complaint(root.at, text, _START))
    if found is not None:
        found += builder.found
    return root


def read_value(text: str, source: Source) -> Node:
    """Reads any YAML value from an option; its marks have no lines.

    Raises:
        ConfigError: it is not strict YAML, all complaints at once.
    """
    builder, root = _build(text, source, has_lines=False)
    if builder.found:
        raise config_error(builder.complaints())
    return root


def _neighbour(path: Path) -> str:
    try:
        names = {
            other.stem: other.name for other in path.parent.iterdir() if other.suffix in (".yaml", ".yml")
        }
    except (OSError, ValueError):
        return ""
    meant = closest(path.stem, names)  # what all names end in makes none alike
    return f"did you mean {names[meant]!r}?" if meant else ""


def _decoded(content: bytes, source: Source) -> str:
    if len(content) > MAX_BYTES:
        raise ConfigError(Complaint(Mark(source), "a file may hold 1 MiB at most"))
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ConfigError(Complaint(Mark(source), "must be UTF-8, got UTF-16", "save it again as UTF-8"))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        start = content.rfind(b"\n", 0, error.start) + 1
        mark = Mark(source, content.count(b"\n", 0, error.start) + 1, error.start - start + 1)
        text = f"must be UTF-8, got the byte 0x{content[error.start]:02x}"
        raise ConfigError(Complaint(mark, text, "save it again as UTF-8")) from None


def _build(text: str, source: Source, *, has_lines: bool) -> tuple[Builder, Node]:
    builder = Builder(source, has_lines, text)
    start = builder.mark(None)
    if len(text) > MAX_BYTES:
        raise ConfigError(Complaint(Mark(source), "a text may hold 1 MiB at most"))
    bad = UNPRINTABLE.search(text)
    if bad:
        line, column = text.count("\n", 0, bad.start()) + 1, bad.start() - text.rfind("\n", 0, bad.start())
        at = Mark(source, line, column) if has_lines else start
        raise ConfigError(Complaint(at, f"control character U+{ord(bad[0]):04X}", "remove it"))
    root = Node(None, start, start)
    try:
        loader = yaml.SafeLoader(text)
        root = builder.document(iter(loader.get_event, None))
    except EndedError:
        builder.is_whole = False
    except yaml.YAMLError as error:
        builder.is_whole = False
        position, problem, hint = describe(error, text)
        _refuse(builder, position, problem, hint)
    except (ValueError, OverflowError):  # PyYAML's own: "\UFFFFFFFF" is no character, 5,000 digits no version
        builder.is_whole = False
        _refuse(builder, loader.get_mark(), "not readable as YAML: a number that is too large")
    return builder, root


def _refuse(builder: Builder, position: yaml.Mark | None, text: str, hint: str = "") -> None:
    """Adds the complaint that the reading ended with."""
    with suppress(EndedError):
        builder.refuse(builder.mark(position), (), text, hint)
