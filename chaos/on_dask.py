"""Kills of a Dask scheduler and its workers, and now and then of the command."""

import random
import signal
from pathlib import Path

from chaos.cluster import Cluster
from chaos.kills import Kill
from chaos.life import Life
from chaos.moments import Moments
from chaos.report import Report
from chaos.rounds import rounds
from chaos.witness import Witness
from chaos.world import World

KILLS = (
    Kill("SIGKILL, the command"),
    Kill("SIGTERM, the command", (signal.SIGTERM,), code=143),
    Kill("SIGINT, the command", (signal.SIGINT,), code=130),
    Kill("SIGKILL, a worker of two", whom="worker", code=0),
    Kill("SIGKILL, all workers", whom="workers", code=0),
    Kill("SIGKILL, the scheduler", whom="scheduler", code=0),
    Kill("SIGKILL, scheduler and workers", whom="cluster", code=0),
)

AIMED = (0.5, ("training",), 3.0)
"""Half of the kills come while the cluster is at it; see Moments."""

SHARE_OF_ANOTHER = 0.6
"""Of lives that meet another kill after one that they were to outlive."""


class OnDask:
    """Runs of the sweep on a cluster."""

    def __init__(self, folder: Path, seed: int) -> None:
        """Runs the sweep undisturbed here, to have what is right, and on the cluster, to see that it is.

        Args:
            folder: where all of this happens.
            seed: of who is killed, how and when.
        """
        self._folder = folder
        self._rng = random.Random(seed)
        self._moments = Moments(self._rng, *AIMED)
        right, other = World(folder / "right"), World(folder / "undisturbed")
        self._witness = Witness(right)
        self._witness.end(self._witness.born(["-m", "linreg_sweep", *right.arguments()], right), [])
        self._cluster = Cluster(folder / "cluster")
        self._seconds = 0.0
        self._live(other, may_kill=False)
        self._witness.compare(other)

    def until(self, kills: int) -> Report:
        """Goes on until there were so many kills, ends the cluster, and returns what came of it."""
        try:
            rounds(self._witness, self._folder, kills, self._live)
        finally:
            self._cluster.close()
        return self._witness.report

    def _live(self, world: World, may_kill: bool) -> bool:
        """Lets the command run once, its cluster killed or not; returns whether it finished the run."""
        options = ("--backend", "dask", "--scheduler", self._cluster.address)
        life = self._witness.born(["-m", "linreg_sweep", *world.arguments(*options)], world)
        blows = []
        while may_kill and (stage := self._struck(life, world, kill := self._rng.choice(KILLS))):
            blows.append((kill, stage))
            may_kill = kill.code == 0 and self._rng.random() < SHARE_OF_ANOTHER
        code = self._witness.end(life, blows)
        self._seconds = self._seconds or life.age
        if blows and code != 0:
            self._witness.see_all_gone()
            self._witness.look(world, self._rng)
        return code == 0

    def _struck(self, life: Life, world: World, kill: Kill) -> str | None:
        """Kills at a random moment; returns the stage of life at which; None: it ended before."""
        moment = self._moments.one(life, world, self._seconds)
        if not life.lasts_until(lambda: life.age >= moment):
            return None
        stage = world.stage(life.pid)
        if kill.whom == "command":
            return stage if kill.strike(life, self._rng) else None
        self._cluster.kill(kill.whom, self._rng)
        return stage
