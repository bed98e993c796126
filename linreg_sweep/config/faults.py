"""What is wrong with a tree of values: collected by path, then located, sorted and reported together."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from linreg_sweep.config.nodes import Mark, Node, locate
from linreg_sweep.config.words import Key, KeyPath, path_text
from linreg_sweep.errors import Complaint, ConfigError

MAX_COMPLAINTS = 50
"""How many are shown at once; what collects them stops soon after, which bounds its time and memory."""

Located = tuple[Mark, Complaint]
"""A complaint and its place."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, before it is located: at which path, and at the key or at the value."""

    path: KeyPath
    text: str
    hint: str = ""
    at_key: bool = False

    def below(self, key: Key) -> "Fault":
        """Returns the same of a path that begins with a key."""
        return replace(self, path=(key, *self.path))

    def complaint(self, root: Node) -> Complaint:
        """Returns the complaint with the place of this fault's path in a tree."""
        path = path_text(self.path)
        text = f"{path}: {self.text}" if path else self.text
        return Complaint(str(locate(root, self.path, self.at_key)), text, self.hint)


def located(faults: Iterable[Fault], root: Node) -> list[Located]:
    """Returns the complaints of faults with their places in a tree."""
    return [(locate(root, fault.path, fault.at_key), fault.complaint(root)) for fault in faults]


def config_error(complaints: Iterable[Complaint]) -> ConfigError:
    """Returns the error that carries complaints, the first 50 of them if there are more."""
    every = list(complaints)
    if len(every) <= MAX_COMPLAINTS:
        return ConfigError(*every)
    return ConfigError(*every[:MAX_COMPLAINTS], Complaint("", "and more"))
