"""Kills of a command and its workers on one machine."""

import random
from pathlib import Path

from chaos.kills import IN_A_WRITE, KILLS, WORKER, Kill
from chaos.life import Life
from chaos.moments import Moments
from chaos.report import Report
from chaos.rounds import rounds
from chaos.witness import Witness
from chaos.world import N_PARTS, STAGES, World

A_PART, BESIDE = 6, 20
"""Flushes and renames that a part takes, and about how many all else does."""

AIMED = (0.3, STAGES, 0.1)
"""Kills that are aimed at a stage, most of which are too short to be hit otherwise; see Moments."""


class Local:
    """Runs of the sweep by this machine alone."""

    def __init__(self, folder: Path, seed: int) -> None:
        """Runs the sweep undisturbed, to have what is right.

        Args:
            folder: where all of this happens.
            seed: of who is killed, how and when.
        """
        self._folder = folder
        self._rng = random.Random(seed)
        self._moments = Moments(self._rng, *AIMED)
        self._seconds: dict[int, float] = {}
        right, other = World(folder / "right"), World(folder / "undisturbed")
        self._witness = Witness(right)
        self._live(right, 1, None)
        self._live(other, 2, None)
        self._witness.compare(other)

    def until(self, kills: int) -> Report:
        """Goes on until there were so many kills, and returns what came of it."""

        def live(world: World, may_kill: bool) -> bool:
            kill = self._rng.choice(KILLS) if may_kill else None
            return self._live(world, 2 if kill is WORKER else self._rng.choice((1, 2)), kill)

        rounds(self._witness, self._folder, kills, live)
        return self._witness.report

    def _live(self, world: World, jobs: int, kill: Kill | None) -> bool:
        """Lets the command run once, killed or not; returns whether it finished the run."""
        is_new = world.run is None
        arguments = world.arguments("--jobs", str(jobs))
        if kill is IN_A_WRITE:
            last = self._rng.randint(1, A_PART * (N_PARTS - world.n_parts) + BESIDE)
            life = self._witness.born(["-m", "chaos.short_lived", str(last), *arguments], world)
        else:
            life = self._witness.born(["-m", "linreg_sweep", *arguments], world)
        blows = self._blows(life, world, jobs, kill)
        code = self._witness.end(life, blows)
        if is_new and not blows:
            self._seconds[jobs] = life.age
        if blows and self._rng.random() < 0.5:  # else who comes next meets what is left of this one
            self._witness.see_all_gone()
            self._witness.look(world, self._rng)
        return code == 0

    def _blows(self, life: Life, world: World, jobs: int, kill: Kill | None) -> list[tuple[Kill, str]]:
        """Kills at random moments, until the command has none ahead; returns how, and at which stages."""
        blows = []
        while kill is not None:
            stage = self._struck(life, world, jobs, kill)
            if stage is None:
                break
            blows.append((kill, stage))
            is_next = kill is WORKER and self._rng.random() < 0.5
            kill = self._rng.choice(KILLS[1:]) if is_next else None
        return blows

    def _struck(self, life: Life, world: World, jobs: int, kill: Kill) -> str | None:
        """Kills at a random moment; returns the stage of life at which; None: it ended before."""
        if kill is IN_A_WRITE:
            return world.stage(life.pid) if life.ended() == kill.code else None
        moment = self._moments.one(life, world, self._seconds[jobs])
        if not life.lasts_until(lambda: life.age >= moment and (kill is not WORKER or life.workers())):
            return None
        stage = world.stage(life.pid)
        return stage if kill.strike(life, self._rng) else None
