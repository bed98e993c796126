"""When to kill."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from chaos.life import Life
from chaos.world import World


@dataclass(frozen=True)
class Moments:
    """Random moments over a whole life, some of them soon after the beginning of a stage.

    Attributes:
        rng: what draws them.
        share: of those that are aimed at a stage.
        stages: at which.
        soon: seconds within which they come, once it has begun.
    """

    rng: random.Random
    share: float
    stages: Sequence[str]
    soon: float

    def one(self, life: Life, world: World, seconds: float) -> float:
        """Returns the age at which a life is to end; waits for the stage, if it is aimed at one.

        Args:
            life: the life.
            world: where it is lived.
            seconds: how long it lasts if left alone.
        """
        if self.rng.random() < self.share:
            aim = self.rng.choice(self.stages)
            life.lasts_until(lambda: world.stage(life.pid) == aim)
            return life.age + self.rng.uniform(0, self.soon)
        return self.rng.uniform(min(life.age, seconds), seconds)
