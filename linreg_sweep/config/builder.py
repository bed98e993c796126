"""From the events of a YAML text to a tree, refusing whatever YAML has beyond plain data."""

import re
from collections.abc import Iterator
from typing import Any, NoReturn

import yaml

from linreg_sweep.config.faults import MAX_COMPLAINTS, in_order
from linreg_sweep.config.nodes import MAX_ITEMS, MAX_LEVELS, MAX_NODES, Mark, Node, Source
from linreg_sweep.config.scalars import UNPRINTABLE, ScalarError, read_scalar
from linreg_sweep.config.suggestions import block, called
from linreg_sweep.errors import Complaint
from linreg_sweep.words import KeyPath, shorten

_UNNAMED = "?"


class EndedError(Exception):
    """Ends the reading of a text that is too deep or too long to be meant, or has too many faults."""


class Builder:
    """Reads the events of one text and collects every complaint on the way.

    Args:
        source: what the text is.
        has_lines: whether marks name lines and columns.
        text: itself, for hints.

    Attributes:
        found: the complaints; of each the place is a mark.
        is_whole: whether the tree holds all that the text says, refused values apart, so that it is worth
            checking further.
    """

    def __init__(self, source: Source, has_lines: bool, text: str = "") -> None:
        self.source = source
        self.has_lines = has_lines
        self._text = text
        self.found: list[Complaint] = []
        self.is_whole = True
        self._n_nodes = 0

    def mark(self, position: Any) -> Mark:
        """Returns our mark for a position of PyYAML's, which counts from 0; None is the start."""
        if not self.has_lines:
            return Mark(self.source)
        if position is None:
            return Mark(self.source, 1, 1)
        return Mark(self.source, position.line + 1, position.column + 1)

    def refuse(self, at: Mark, path: KeyPath, text: str, hint: str = "") -> None:
        """Adds a complaint.

        Raises:
            EndedError: there are more than are ever shown.
        """
        self.found.append(Complaint(at, text, hint, path))
        if len(self.found) > MAX_COMPLAINTS:
            raise EndedError

    def complaints(self) -> list[Complaint]:
        """Returns the complaints in the order of the text."""
        return in_order(self.found, [self.source])

    def document(self, events: Iterator[yaml.Event]) -> Node:
        """Reads the one document there may be; without any, the value is null.

        Raises:
            EndedError: the text is not read to its end; the reason is among the complaints.
            yaml.YAMLError: a syntax error.
        """
        start = self.mark(None)
        root = Node(None, start, start)
        next(events)  # the start of the stream
        if isinstance(next(events), yaml.DocumentStartEvent):
            root = self._node(next(events), events, (), None)
            next(events)  # the end of the document
            more = next(events)
            if isinstance(more, yaml.DocumentStartEvent):
                at = self.mark(more.start_mark)
                self.is_whole = False
                self.refuse(at, (), "only one document is accepted", "remove the line '---'")
        return root

    def _node(
        self, event: yaml.Event, events: Iterator[yaml.Event], path: KeyPath, key_at: Mark | None
    ) -> Node:
        at = self.mark(event.start_mark)
        self._n_nodes += 1
        if len(path) > MAX_LEVELS:
            self._end(at, (), f"more than {MAX_LEVELS} levels of nesting")
        if self._n_nodes > MAX_NODES:
            self._end(at, (), f"more than {MAX_NODES:,} values in one text")
        self._refuse_references(event, at, path)
        value: Any = None
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event, at, path)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = []
            while not isinstance(item := next(events), yaml.SequenceEndEvent):
                if len(value) == MAX_ITEMS:
                    hint = "to vary a parameter, use num, step or a random sweep"
                    self._end(at, path, f"must be a list of at most {MAX_ITEMS:,}, got more", hint)
                value.append(self._node(item, events, (*path, len(value)), None))
        elif isinstance(event, yaml.MappingStartEvent):
            value = self._block(events, path)
        return Node(value, at, key_at or at)

    def _end(self, at: Mark, path: KeyPath, text: str, hint: str = "") -> NoReturn:
        self.refuse(at, path, text, hint)
        raise EndedError

    def _block(self, events: Iterator[yaml.Event], path: KeyPath) -> dict[str, Node]:
        block: dict[str, Node] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            at = self.mark(event.start_mark)
            key = self._key(event, at, events, path)
            below = self._node(next(events), events, (*path, _UNNAMED if key is None else key), at)
            if key is None:
                self.is_whole = False
                continue
            if key in block:
                line = block[key].key_at.line
                first = f", first on line {line}" if line else ""
                self.refuse(at, (*path, key), f"this key is given twice{first}", "keep one of them")
            else:
                block[key] = below
        return block

    def _key(self, event: yaml.Event, at: Mark, events: Iterator[yaml.Event], path: KeyPath) -> str | None:
        """Reads a key; None where it was refused."""
        so_far = len(self.found)
        if not isinstance(event, yaml.ScalarEvent):
            self._node(event, events, (*path, _UNNAMED), None)
            if len(self.found) == so_far:
                self.refuse(at, path, "a key must be text, got a list or a mapping")
            return None
        self._refuse_references(event, at, path)
        if event.style is None and event.value == "<<":
            hint = "write the keys out, or put what is shared into a config and extend it"
            self.refuse(at, path, "merge keys (<<) are not accepted", hint)
            return None
        key = self._scalar(event, at, path)
        if isinstance(key, str):
            return key
        if len(self.found) == so_far:
            given = shorten(event.value)
            hint = f"put it in quotes: '{given}'" if given else "write the key before the ':'"
            hint = self._called(at, path) or hint
            self.refuse(at, path, f"a key must be text, got {given or 'nothing'}", hint)
        return None

    def _called(self, at: Mark, path: KeyPath) -> str:
        """Returns a hint where the commas of a call such as `np.logspace(-4, -2, 5)` were taken for ours."""
        if path[:1] != ("parameters",) or len(path) != 2 or not at.line:
            return ""
        keys = called(self._text.splitlines()[at.line - 1])
        if keys and re.search(r"(?m)^method: *random", self._text):
            keys = {key: value for key, value in keys.items() if key not in ("num", "step")}
        return f"write {block(str(path[1]), keys)}" if keys else ""

    def _refuse_references(self, event: yaml.Event, at: Mark, path: KeyPath) -> None:
        """Refuses aliases, anchors and tags."""
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if isinstance(event, yaml.AliasEvent):
            name = shorten(str(anchor))
            self.is_whole = False
            self.refuse(at, path, f"aliases (*{name}) are not accepted", "write the value out")
        elif anchor is not None:
            self.refuse(at, path, f"anchors (&{shorten(anchor)}) are not accepted", "remove it")
        if tag is not None:
            self.refuse(at, path, "tags (!) are not accepted", "write the plain value")

    def _scalar(self, event: yaml.ScalarEvent, at: Mark, path: KeyPath) -> Any:
        if event.style is not None:
            bad = UNPRINTABLE.search(event.value)
            if bad:
                self.refuse(at, path, f"control character U+{ord(bad[0]):04X}", "remove it")
            return event.value
        try:
            return read_scalar(event.value)
        except ScalarError as error:
            text, hint = error.args
            self.refuse(at, path, text, hint)
            return None
