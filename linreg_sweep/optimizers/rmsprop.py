"""RMSprop, with momentum and centred, as torch.optim defines it: Hinton; centred, Graves, arXiv 1308.0850."""

from typing import Any

from linreg_sweep.kinds import Decay, NotNegative, Share
from linreg_sweep.optimizers import base
from linreg_sweep.optimizers.base import Array, Numbers, Rule


class Settings(base.Settings):
    """The keys of rmsprop."""

    alpha: Share = 0.99
    """Share of the mean of the squared gradients that is kept in a step."""
    momentum: Decay = 0.0
    """Share of the last step's velocity that is kept."""
    eps: NotNegative = 1e-8
    """Added to the root of the mean square, by which a gradient is divided."""
    centered: bool = False
    """Whether the square of the mean gradient is taken off the mean square: an estimate of the variance."""


def rule(active: frozenset[str], flags: frozenset[str], xp: Any) -> Rule:
    """Returns the formula of a step; see base.Optimizer."""
    centered, has_velocity = "centered" in flags, "momentum" in active

    def tick(clock: Numbers, h: Numbers) -> Numbers:
        return (1 - h[0],)

    def step(
        theta: Array, slots: Numbers, gradient: Array, rate: Array, h: Numbers, clock: Numbers, is_first: bool
    ) -> tuple[Array, Numbers]:
        square = slots[0]
        term = gradient * gradient
        term *= clock[0]
        square *= h[0]
        square += term
        kept: Numbers = (square,)
        if centered:
            mean = slots[1]
            mean += (gradient - mean) * clock[0]
            root = xp.sqrt(square - mean * mean)
            kept = (square, mean)
        else:
            root = xp.sqrt(square)
        root += h[1]
        gradient /= root
        if has_velocity:
            velocity = slots[-1]
            velocity *= h[2]
            velocity += gradient
            theta -= velocity * rate
            return theta, (*kept, velocity)
        gradient *= rate
        theta -= gradient
        return theta, kept

    names = ("alpha", "eps", "momentum") if has_velocity else ("alpha", "eps")
    return Rule(names, 1 + centered + has_velocity, step, 1, tick)


RMSPROP = base.Optimizer("rmsprop", Settings, rule)
