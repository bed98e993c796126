"""`--set key=value`: the same keys, the same strict YAML and the same checks as a file's, one at a time.

A key may be given by its end alone (`epochs`, `settle.fraction`): of all keys that end so the one
nearest the top is meant, and where several are equally near the choices are named.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel

from linreg_sweep.config.faults import at
from linreg_sweep.config.messages import key_paths, suggest
from linreg_sweep.config.nodes import MAX_LEVELS, Mark, Node, Source, child, plain, replace_at
from linreg_sweep.config.products import swept
from linreg_sweep.config.reader import read_value
from linreg_sweep.config.varied import canonical
from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.words import KeyPath, path_text, shorten

_FOREIGN_SOURCE = {"path": ("name",), "name": ("path", "x", "y")}

_WHOLE = "set parameters whole, or edit the file"


def apply_overrides(
    root: Node, overrides: Iterable[str], model: type[BaseModel]
) -> tuple[Node, list[Source], list[Complaint]]:
    """Sets values in a tree, each by a text `key=value` of a model's keys, the last of equal keys winning.

    Returns:
        The tree with all that could be set, the overrides' sources in order, and the complaints.
    """
    sources: list[Source] = []
    complaints: list[Complaint] = []
    for text in overrides:
        source = Source(f"--set {shorten(text)}", Path.cwd())
        sources.append(source)
        try:
            root = _apply(root, *_parse(text, source, model))
        except ConfigError as error:
            complaints += error.complaints
    return root, sources, complaints


def without_effect(root: Node, options: Sequence[Source]) -> Iterator[Complaint]:
    """Yields what options set although the sweep varies it, so that no trial would have it."""
    varied = swept(plain(root))
    given = child(root, "parameters")
    for block in ("training", "data"):
        for path, node in _below(child(root, block), (block,), options):
            name = canonical(".".join(path))
            if name in varied:
                whole = "leave the column out" if given is None else _WHOLE
                hint = f"set parameters.{name}" if given is not None and given.is_block else whole
                told = at(path, f"{name} is varied by the sweep", hint)
                yield from (replace(told, where=Mark(each)) for each in options if each in _sources(node))


def _below(
    node: Node | None, path: tuple[str, ...], options: Sequence[Source]
) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Yields every value of a block, and of the blocks in it that no option sets whole, with its path."""
    for key, below in node.value.items() if node is not None and node.is_block else ():
        yield (*path, key), below
        if below.at.source not in options:
            yield from _below(below, (*path, key), options)


def _sources(node: Node) -> set[Source]:
    """Returns what a value, or any below it, was read from."""
    return {node.at.source}.union(*map(_sources, node.value.values() if node.is_block else ()))


def _parse(text: str, source: Source, model: type[BaseModel]) -> tuple[tuple[str, ...], Node]:
    key, equals, value = text.partition("=")
    parts = tuple(part.strip() for part in key.split("."))
    if not equals or not all(parts):
        raise _refused(source, "must be key=value", "write for example --set training.epochs=500")
    if len(parts) > MAX_LEVELS:
        raise _refused(source, f"more than {MAX_LEVELS} levels of nesting")
    path = resolve_key(parts, list(key_paths(model)), source)
    if path[0] == "extends":
        raise _refused(source, "only a file can say what it extends", path=("extends",))
    node = read_value(value, source)
    if node.value is None and not value.strip():
        raise _refused(source, "a value is missing after '='", "write null for none", path)
    return path, node


def resolve_key(parts: tuple[str, ...], known: list[tuple[str, ...]], source: Source) -> tuple[str, ...]:
    """Returns the path that a key means.

    Args:
        parts: of the key; its first may be a key of the top level, or it may end a known path.
        known: every path there is.
        source: what complaints are about.

    Raises:
        ConfigError: there is no such key, or several are equally near the top.
    """
    if (parts[:1] in known) or parts[0] == "extends":
        return parts
    ending = [path for path in known if path[-len(parts) :] == parts]
    if not ending:
        blocks = {path[:-1] for path in known}
        hint = suggest(parts[-1], {path[-1] for path in known if path not in blocks})
        raise _refused(source, "unknown key", hint, parts)
    nearest = [path for path in ending if len(path) == min(map(len, ending))]
    if len(nearest) > 1:
        choices = " or ".join(path_text(path) for path in nearest)
        raise _refused(source, "several keys end so", f"write {choices}", parts)
    return nearest[0]


def _apply(root: Node, path: tuple[str, ...], value: Node) -> Node:
    """Sets one value; naming another source of data drops what belongs to the one before."""
    try:
        root = replace_at(root, path, value)
    except KeyError as error:
        above, hint = f"{path_text(error.args[0])} is a value and has no keys", ""
        if error.args[0] == ("parameters",) and isinstance(root.value["parameters"].value, list):
            above, hint = "parameters is a list of products, into which no option reaches", _WHOLE
        raise _refused(value.at.source, above, hint, path) from None
    if path[0] == "data" and len(path) == 2 and path[1] in _FOREIGN_SOURCE and value.value is not None:
        block = root.value["data"]
        kept = {key: node for key, node in block.value.items() if key not in _FOREIGN_SOURCE[path[1]]}
        root = replace_at(root, ("data",), Node(kept, block.at, block.key_at))
    return root


def _refused(source: Source, text: str, hint: str = "", path: KeyPath = ()) -> ConfigError:
    return ConfigError(Complaint(Mark(source), text, hint, path))
