"""Adadelta, as torch.optim defines it: Zeiler, arXiv 1212.5701."""

from typing import Any

from linreg_sweep.kinds import NotNegative, Share
from linreg_sweep.optimizers import base
from linreg_sweep.optimizers.base import Array, Numbers, Rule


class Settings(base.Settings):
    """The keys of adadelta."""

    rho: Share = 0.9
    """Share of the means of the squared gradients and of the squared steps that is kept in a step."""
    eps: NotNegative = 1e-6
    """Added to both mean squares, under the roots whose ratio times the gradient is the step."""


def rule(active: frozenset[str], flags: frozenset[str], xp: Any) -> Rule:
    """Returns the formula of a step; see base.Optimizer."""

    def tick(clock: Numbers, h: Numbers) -> Numbers:
        return (1 - h[0],)

    def step(
        theta: Array, slots: Numbers, gradient: Array, rate: Array, h: Numbers, clock: Numbers, is_first: bool
    ) -> tuple[Array, Numbers]:
        square, moves = slots[0], slots[1]
        term = gradient * gradient
        term *= clock[0]
        square *= h[0]
        square += term
        move = xp.sqrt(moves + h[1])
        move /= xp.sqrt(square + h[1])
        move *= gradient
        term = move * move
        term *= clock[0]
        moves *= h[0]
        moves += term
        move *= rate
        theta -= move
        return theta, (square, moves)

    return Rule(("rho", "eps"), 2, step, 1, tick)


ADADELTA = base.Optimizer("adadelta", Settings, rule)
