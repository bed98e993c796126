"""What is wrong with a tree of values: collected by path, then placed, sorted and reported together."""

from collections.abc import Iterable
from dataclasses import replace

from linreg_sweep.config.nodes import Mark, Node, Source, locate
from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.words import KeyPath

MAX_COMPLAINTS = 50
"""How many are shown at once; what collects them stops soon after, which bounds its time and memory."""


def at(path: KeyPath, text: str, hint: str = "", *, at_key: bool = False) -> Complaint:
    """Returns a complaint about the value at a path, or about its key, before it is placed."""
    return Complaint("", text, hint, path, at_key)


def placed(complaint: Complaint, root: Node) -> Complaint:
    """Returns a complaint with the place of its path in a tree."""
    return replace(complaint, where=locate(root, complaint.path, complaint.at_key))


def in_order(complaints: Iterable[Complaint], sources: Iterable[Source]) -> list[Complaint]:
    """Returns complaints in the order of what they are about: source after source, line after line."""
    order = {source.name: place for place, source in enumerate(sources)}

    def place(complaint: Complaint) -> tuple[int, int, int]:
        mark = complaint.where
        if not isinstance(mark, Mark):
            return 0, 0, 0
        return order.get(mark.source.name, len(order)), mark.line, mark.column

    return sorted(complaints, key=place)


def config_error(complaints: Iterable[Complaint]) -> ConfigError:
    """Returns the error that carries complaints, the first 50 of them if there are more."""
    every = list(complaints)
    if len(every) <= MAX_COMPLAINTS:
        return ConfigError(*every)
    return ConfigError(*every[:MAX_COMPLAINTS], Complaint("", "and more"))
