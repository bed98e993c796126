"""What a person wrote of one parameter, while it is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from linreg_sweep.config.faults import at
from linreg_sweep.config.shapes import shapes_of
from linreg_sweep.config.suggestions import block
from linreg_sweep.config.varied import Kind
from linreg_sweep.errors import Complaint
from linreg_sweep.words import KeyPath, show


@dataclass
class Reading:
    """One parameter's declaration while it is read.

    Attributes:
        name: of the parameter.
        kind: of its values.
        method: of the sweep.
        given: its keys but for the unit.
        reads: whether other keys could be read in their place: what a hint says to write is tried first.
        unit: as it is given, if it is.
        faults: what was found wrong with it.
    """

    name: str
    kind: Kind
    method: str
    given: Mapping[str, Any]
    reads: Callable[[dict[str, Any]], bool]
    unit: Mapping[str, Any] = field(default_factory=dict)
    faults: list[Complaint] = field(default_factory=list)

    def refuse(self, path: str | KeyPath, text: str, hint: str = "", *, at_key: bool = False) -> None:
        """Notes a fault below this parameter."""
        self.faults.append(at(path if isinstance(path, tuple) else (path,), text, hint, at_key=at_key))

    def write(self, *choices: Mapping[str, Any], then: str = "") -> str:
        """Returns a hint to write one of some declarations, of those that can be read."""
        found = list(dict.fromkeys(filter(None, (self._block({**each, **self.unit}) for each in choices))))
        return f"write {' or '.join(found)}{then}" if found else ""

    def _block(self, keys: Mapping[str, Any]) -> str:
        return block(self.name, keys) if self.reads(dict(keys)) else ""

    def shown(self, key: str) -> str:
        """Returns what is given at a key, as messages show it."""
        return show(self.given[key])

    @property
    def shapes(self) -> dict[str, Any]:
        """The shapes in which the parameter can be declared."""
        return shapes_of(self.name, self.kind, self.method)
