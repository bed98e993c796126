"""Sees what becomes of a command and of its run, and notes whatever should not be."""

import random
import time
from collections.abc import Sequence

from chaos.kills import Kill
from chaos.life import A_MOMENT, Life
from chaos.report import Report
from chaos.world import World, differences

LOOKS = ("list", "show", "status")

WAYS_ON = (
    "The same command tries them again",
    "the same command does the rest",
    "start one with `dask scheduler`",
)
"""What a command says that ends with exit code 1: of trials whose workers died again and again, and of a
cluster that is gone."""


class Witness:
    """Looks on.

    Attributes:
        report: what was seen.
    """

    def __init__(self, right: World, few_seconds: float = 10.0) -> None:
        """Has seen nothing yet.

        Args:
            right: where the run is as it should be.
            few_seconds: after which nothing is to be left of a command that has ended.
        """
        self._few_seconds = few_seconds
        self.report = Report()
        self._right = right
        self._lives: list[Life] = []

    def born(self, command: Sequence[str], world: World) -> Life:
        """Starts a command."""
        self.report.lives += 1
        self._lives.append(Life(command, world.folder))
        return self._lives[-1]

    def end(self, life: Life, blows: Sequence[tuple[Kill, str]]) -> int | None:
        """Waits for the end of a command, and returns its exit code; None: it hung.

        Args:
            life: its life.
            blows: how it was killed, and at which stage.
        """
        self.report.kills.update((kill.name, stage) for kill, stage in blows)
        what = ", then ".join(f"{kill.name} while {stage}" for kill, stage in blows) or "nothing"
        codes = {0}.union(*(kill.codes(stage) for kill, stage in blows))
        code = life.ended()
        if blows and any(way in life.said() for way in WAYS_ON):
            self.report.stopped += 1
            codes |= {1, *(-sent for kill, _ in blows for sent in kill.signals)}  # after its last word
        if _is_of_python(life.said()):
            self.report.unborn += 1
            return code
        if code not in codes:
            self._wrong(
                f"exit code {code} after {what}" if code is not None else f"a hang after {what}", life
            )
        if "Traceback" in life.said():
            self._wrong(f"a traceback after {what}", life)
        return code

    def see_all_gone(self) -> None:
        """Waits until no process is left of commands that have ended; not for long."""
        for life in self._lives:
            began = time.monotonic()
            while left := life.processes():
                if time.monotonic() - began > self._few_seconds:
                    self._wrong(f"processes that outlived their command: {list(left.values())}", life)
                    life.kill_all()
                    break
                time.sleep(A_MOMENT)
            self.report.slowest_orphan = max(self.report.slowest_orphan, time.monotonic() - began)
        self._lives.clear()

    def look(self, world: World, rng: random.Random) -> None:
        """Asks what is there of a run: a clean answer or a clean error is to come."""
        asked = rng.choice(LOOKS)
        where = world.run.name if asked != "list" and world.run else ""
        life = Life(["-m", "linreg_sweep", asked, f"results/{where}"], world.folder)
        code = life.ended()
        if code not in (0, 1, 2) or "Traceback" in life.said():
            self._wrong(f"exit code {code} of {asked}", life)
        self.report.looks += 1

    def compare(self, world: World) -> None:
        """Compares a finished run with what it should be."""
        self.report.finished += 1
        self.report.compared += len(self._right.files())
        for name in differences(world, self._right):
            self.report.troubles.append(f"{world.run}: {name} is not what it should be")

    def _wrong(self, what: str, life: Life) -> None:
        self.report.troubles.append(f"{what}; it said:\n{life.said()}")


def _is_of_python(said: str) -> bool:
    """Returns whether Python was interrupted while it started: before it came to what answers signals.

    Of this package it may have come to `__init__.py`, which a library loads and which leaves signals alone.
    """
    ours = [line for line in said.splitlines() if "/linreg_sweep/" in line]
    begun = any("/linreg_sweep/__init__.py" not in line for line in ours)
    return said.rstrip().endswith("KeyboardInterrupt") and not begun
