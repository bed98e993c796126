"""NAdam, Adam with Nesterov's look ahead, as torch.optim defines it: Dozat, ICLR 2016 workshop."""

from typing import Any

from linreg_sweep.optimizers import base
from linreg_sweep.optimizers.base import TINY, Array, Numbers, Rule

WARMING = 0.96**0.004
"""The momentum is beta1 times 1 - this**t / 2; torch's momentum_decay is 0.004."""


class Settings(base.Moments):
    """The keys of nadam."""

    decoupled_weight_decay: bool = False
    """Whether weight_decay shrinks the weights themselves, by learning_rate times it, as in adamw."""


def rule(active: frozenset[str], flags: frozenset[str], xp: Any) -> Rule:
    """Returns the formula of a step; see base.Optimizer."""

    def tick(clock: Numbers, h: Numbers) -> Numbers:
        second, warming = clock[0] * h[1] + TINY, clock[1] * WARMING + TINY
        now, ahead = h[0] * (1 - 0.5 * warming), h[0] * (1 - 0.5 * (warming * WARMING))
        product = clock[2] * now + TINY
        of_gradient, of_mean = (1 - now) / (1 - product), ahead / (1 - product * ahead)
        return second, warming, product, of_gradient, of_mean, 1 - second, 1 - h[0], 1 - h[1]

    def step(
        theta: Array, slots: Numbers, gradient: Array, rate: Array, h: Numbers, clock: Numbers, is_first: bool
    ) -> tuple[Array, Numbers]:
        mean, square = slots[0], slots[1]
        mean += (gradient - mean) * clock[6]
        move = gradient * gradient
        move *= clock[7]
        square *= h[1]
        square += move
        root = xp.sqrt(square / clock[5])
        root += h[2]
        gradient *= rate * clock[3]
        gradient /= root
        theta -= gradient
        move = mean * (rate * clock[4])
        move /= root
        theta -= move
        return theta, (mean, square)

    return Rule(("beta1", "beta2", "eps"), 2, step, 8, tick)


NADAM = base.Optimizer("nadam", Settings, rule, is_decoupled=lambda flags: "decoupled_weight_decay" in flags)
