"""What is wrong with a tree of values: collected by path, then located, sorted and reported together."""

from collections.abc import Iterable
from dataclasses import dataclass

from linreg_sweep.config.nodes import Node, Source, locate
from linreg_sweep.config.words import KeyPath, path_text
from linreg_sweep.errors import Complaint, ConfigError

MOST_COMPLAINTS = 50


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, before it is located: at which path, and at the key or at the value."""

    path: KeyPath
    text: str
    hint: str = ""
    at_key: bool = False

    def complaint(self, root: Node) -> Complaint:
        """Returns the complaint with the place of this fault's path in a tree."""
        path = path_text(self.path)
        text = f"{path}: {self.text}" if path else self.text
        return Complaint(str(locate(root, self.path, self.at_key)), text, self.hint)


def located(faults: Iterable[Fault], root: Node, sources: Iterable[Source]) -> list[Complaint]:
    """Returns the complaints of faults: by source in the order given, and in each as a reader meets them."""
    order = {source: index for index, source in enumerate(sources)}

    def place(fault: Fault) -> tuple[int, int, int]:
        mark = locate(root, fault.path, fault.at_key)
        return order.get(mark.source, len(order)), mark.line, mark.column

    return [fault.complaint(root) for fault in sorted(faults, key=place)]


def config_error(complaints: Iterable[Complaint]) -> ConfigError:
    """Returns the error that carries complaints, the first 50 of them if there are more."""
    every = list(complaints)
    shown = every[:MOST_COMPLAINTS]
    if len(every) > len(shown):
        shown.append(Complaint("", f"and {len(every) - len(shown):,} more"))
    return ConfigError(*shown)
