"""Facts about a power loss: what a disk may have forgotten by then harms nothing, and what was told is there.

A disk keeps what was flushed: a file's content once the file was, its name once its folder was. Of the
rest it may keep all, nothing, or the names without the content. Each state that a run's disk can be in
after each of its calls is built, and the run made again on it.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from linreg_sweep.runs import journal
from linreg_sweep.storage.files import TEMPORARY
from tests.disk import Call, told
from tests.small_run import PYTHON, content, damage, made

pytestmark = pytest.mark.system

Tree = dict[Path, bytes | None]
"""What is on a disk: content by file; None: a folder."""


@dataclass(eq=False)
class Node:
    """A file or a folder.

    Attributes:
        is_folder: which.
        now: the content that a program reads.
        kept: the content that was flushed.
    """

    is_folder: bool = False
    now: bytes = b""
    kept: bytes = b""


@dataclass
class Disk:
    """A disk as a program sees it, and what of that was flushed."""

    now: dict[Path, Node] = field(default_factory=dict)
    kept: dict[Path, Node] = field(default_factory=dict)

    def take(self, call: Call) -> None:
        """Does what a call asks for."""
        path, other = call.path, call.other
        if call.verb == "open":
            node = self.now.setdefault(path, Node())
            node.now = b"" if call.fresh else node.now
        elif call.verb == "write":
            self.now[path].now += call.content
        elif call.verb == "mkdir":
            self.now.setdefault(path, Node(is_folder=True))
        elif call.verb == "unlink":
            self.now.pop(path, None)
        elif call.verb == "replace" and other is not None:
            self.now[other] = self.now.pop(path)
        elif call.verb == "fsync" and path in self.now and not self.now[path].is_folder:
            self.now[path].kept = self.now[path].now
        elif call.verb == "fsync":
            others = {name: node for name, node in self.kept.items() if name.parent != path}
            self.kept = others | {name: node for name, node in self.now.items() if name.parent == path}

    def after_a_power_loss(self) -> Iterator[Tree]:
        """Yields what may be found: with the names that were flushed, or those that were not, or both."""
        for names, lost in itertools.product((self.kept, self.kept | self.now, self.now), range(4)):
            yield {
                path: None if node.is_folder else _left(node, lost)
                for path, node in sorted(names.items())
                if all(parent in names for parent in path.parents if parent in self.now)
            }


def _left(node: Node, lost: int) -> bytes:
    """Returns what may be left of a file: what was flushed; all; half; zeros, as many as were written."""
    return (node.kept, node.now, node.now[: len(node.now) // 2], bytes(len(node.now)))[
        lost if node.kept != node.now else 0
    ]


def disk_with(disk: Path) -> Disk:
    """Returns a disk on which everything that is there was flushed long ago."""
    model = Disk()
    for path in sorted(disk.rglob("*")):
        found = b"" if path.is_dir() else path.read_bytes()
        model.now[path] = Node(path.is_dir(), found, found)
    model.kept = dict(model.now)
    return model


def build(disk: Path, tree: Tree) -> None:
    """Writes what is on a disk."""
    for path, found in tree.items():
        place = disk / path
        if found is None:
            place.mkdir()
        else:
            place.write_bytes(found)


def history_of(disk: Path) -> list[Call | int]:
    """Returns every call of a run, and between them how many trials were told to be done."""
    events: list[Call | int] = []
    with told(disk, events.append):
        made(disk / "results", data=PYTHON, watch=lambda done, total: events.append(done))
    return events


def states(disk: Path, model: Disk, events: list[Call | int]) -> Iterator[tuple[Tree, int]]:
    """Yields each state of the disk once, with the trials that were told to be done by then."""
    done, seen = 0, set()
    for event in events:
        if isinstance(event, int):
            done = event
        else:
            model.take(event)
        for tree in model.after_a_power_loss():
            own = {path.relative_to(disk): found for path, found in tree.items()}
            # what is in a log or a temporary file makes no difference to anybody
            key = frozenset(
                (path, b"" if path.name == "run.log" or TEMPORARY.fullmatch(path.name) else found)
                for path, found in own.items()
            )
            if (key, done) not in seen:
                seen.add((key, done))
                yield own, done


def test_after_a_power_loss_what_was_told_is_there_and_the_rest_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In every state: nothing is damaged, no part that was told is trained again, and every byte is right."""
    monkeypatch.setattr(journal, "SECONDS_A_STATUS", 1e6)
    first = tmp_path / "first"
    first.mkdir()
    events = history_of(first)
    right = content(next((first / "results").iterdir()))
    count = 0
    for count, (tree, done) in enumerate(states(first, Disk(), events), 1):
        disk = tmp_path / str(count)
        disk.mkdir()
        build(disk, tree)
        found: list[int] = []
        said: list[str] = []
        run = made(
            disk / "results",
            data=PYTHON,
            watch=lambda done, total, found=found: found.append(done),
            report=said.append,
        )
        assert said == []
        assert found[0] >= done
        assert content(run.path) == right
    assert count > 50
    print(f"{len(events)} calls, {count} states of the disk")


def test_a_finished_run_outlives_a_power_loss(tmp_path: Path) -> None:
    """Once the command has ended, every file is there."""
    first, second = tmp_path / "first", tmp_path / "second"
    model = Disk()
    for disk in (first, second):
        disk.mkdir()
    for event in history_of(first):
        if not isinstance(event, int):
            model.take(event)
    build(
        second, {path.relative_to(first): found for path, found in next(model.after_a_power_loss()).items()}
    )
    (run,) = (first / "results").iterdir()
    assert content(second / "results" / run.name) == content(run)


def test_a_power_loss_while_damage_is_mended_loses_nothing(tmp_path: Path) -> None:
    """What was damaged is there under one name or the other, until all is mended."""
    first = tmp_path / "first"
    first.mkdir()
    path = made(first / "results", data=PYTHON).path
    right = content(path)
    damaged = damage(path / "trials" / "part-00001.parquet")
    model = disk_with(first)
    count = 0
    for count, (tree, _) in enumerate(states(first, model, history_of(first)), 1):
        disk = tmp_path / str(count)
        disk.mkdir()
        build(disk, tree)
        run = made(disk / "results", data=PYTHON)
        assert content(run.path) == right
        assert (run.path / "damaged" / "trials-part-00001.parquet").read_bytes() == damaged
    assert count > 10
    print(f"{count} states of the disk")
