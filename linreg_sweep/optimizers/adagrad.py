"""Adagrad, as torch.optim defines it: Duchi, Hazan and Singer, JMLR 12 (2011)."""

from typing import Any

from linreg_sweep.kinds import NotNegative
from linreg_sweep.optimizers import base
from linreg_sweep.optimizers.base import Array, Numbers, Rule


class Settings(base.Settings):
    """The keys of adagrad."""

    lr_decay: NotNegative = 0.0
    """After t steps the learning rate is divided by 1 + t times this."""
    eps: NotNegative = 1e-10
    """Added to the root of the sum of squares, by which a step is divided."""


def rule(active: frozenset[str], flags: frozenset[str], xp: Any) -> Rule:
    """Returns the formula of a step; see base.Optimizer."""
    decays = "lr_decay" in active

    def tick(clock: Numbers, h: Numbers) -> Numbers:
        return clock[0] + 1, 1 + (clock[0] - 1) * h[1]

    def step(
        theta: Array, slots: Numbers, gradient: Array, rate: Array, h: Numbers, clock: Numbers, is_first: bool
    ) -> tuple[Array, Numbers]:
        total = slots[0]
        total += gradient * gradient
        root = xp.sqrt(total)
        root += h[0]
        gradient *= rate / clock[1] if decays else rate
        gradient /= root
        theta -= gradient
        return theta, (total,)

    if decays:
        return Rule(("eps", "lr_decay"), 1, step, 2, tick)
    return Rule(("eps",), 1, step)


ADAGRAD = base.Optimizer("adagrad", Settings, rule)
