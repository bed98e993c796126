"""Rounds: in each a run is begun, killed again and again, and at last finished and compared."""

import sys
from collections.abc import Callable
from pathlib import Path

from chaos.witness import Witness
from chaos.world import World

MAX_IN_A_ROUND = 8
"""Kills, after which a run is left to finish."""


def rounds(witness: Witness, folder: Path, kills: int, live: Callable[[World, bool], bool]) -> None:
    """Goes on until there were so many kills, and all that was begun is finished.

    Args:
        witness: who looks on.
        folder: where each round gets a folder of its own.
        kills: how many.
        live: lets the command run once in a world, which may kill it or not; returns whether it finished.
    """
    report = witness.report
    while report.n_kills < kills and not report.is_hopeless:
        n_known = len(report.troubles)
        world = World(folder / f"round-{report.lives}")
        most = min(report.n_kills + MAX_IN_A_ROUND, kills)
        is_finished = False
        while not (is_finished or report.is_hopeless):
            is_finished = live(world, report.n_kills < most)
        witness.see_all_gone()
        if is_finished:
            witness.compare(world)
        for line in (
            *report.troubles[n_known:],
            f"{report.n_kills} of {kills} kills, {len(report.troubles)} troubles",
        ):
            print(line, file=sys.stderr, flush=True)
