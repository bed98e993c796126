"""What came of it all, counted."""

from collections import Counter
from dataclasses import dataclass, field

from tabulate import tabulate

from chaos.world import STAGES

ENOUGH = 10
"""Troubles."""


@dataclass
class Report:
    """What was done, and what went wrong.

    Attributes:
        kills: how often, by kind and stage of life.
        lives: how often the command was started.
        finished: how often a run was finished, and compared.
        compared: files that were compared.
        stopped: commands that went on, ended with exit code 1, and said how to go on from there.
        unborn: commands that were interrupted before they began, which Python reported with a traceback.
        looks: how often the command was asked about a run whose maker was killed.
        slowest_orphan: seconds until the last process of a killed command was gone, at most.
        troubles: whatever should not have happened.
    """

    kills: Counter[tuple[str, str]] = field(default_factory=Counter)
    lives: int = 0
    finished: int = 0
    compared: int = 0
    stopped: int = 0
    unborn: int = 0
    looks: int = 0
    slowest_orphan: float = 0.0
    troubles: list[str] = field(default_factory=list)

    @property
    def is_hopeless(self) -> bool:
        """Whether so much went wrong that there is no need for more."""
        return len(self.troubles) >= ENOUGH

    @property
    def n_kills(self) -> int:
        """How many kills there were."""
        return self.kills.total()

    def text(self) -> str:
        """Returns it in words and a table."""
        kinds = sorted({kind for kind, _ in self.kills})
        rows = [[kind, *(self.kills[kind, stage] for stage in STAGES)] for kind in kinds]
        rows.append(["all", *(sum(column) for column in zip(*(row[1:] for row in rows), strict=True))])
        table = tabulate(
            [[*row, sum(row[1:])] for row in rows], ["killed", *STAGES, "all"], tablefmt="github"
        )
        return "\n".join(
            [
                table,
                "",
                f"{self.n_kills} kills in {self.lives} lives of the command; {self.finished} runs finished.",
                f"{self.compared} files compared byte for byte with those of a run that nobody killed.",
                f"{self.looks} looks at what a killed command had left, by list, show and status.",
                f"{self.stopped} commands gave up with exit code 1 and said how to go on; that did.",
                f"{self.unborn} commands were interrupted before Python had started them, which it reported.",
                f"The last process of a killed command was gone after {self.slowest_orphan:.1f} s at most.",
                *(f"WRONG: {trouble}" for trouble in self.troubles),
                f"{len(self.troubles)} troubles.",
            ]
        )
