"""Gradient descent, with momentum and Nesterov's look ahead, as torch.optim.SGD defines them."""

from typing import Any

from linreg_sweep.kinds import Decay, Share
from linreg_sweep.optimizers import base
from linreg_sweep.optimizers.base import Array, Numbers, Rule


class Settings(base.Settings):
    """The keys of sgd."""

    momentum: Decay = 0.0
    """Share of the last step's velocity that is kept."""
    nesterov: bool = False
    """Whether the momentum is Nesterov's, which looks ahead."""
    dampening: Share = 0.0
    """Share of the gradient that does not reach the velocity; none is held back in the first step."""


def rule(active: frozenset[str], flags: frozenset[str], xp: Any) -> Rule:
    """Returns the formula of a step; see base.Optimizer."""
    if "momentum" not in active:
        return Rule((), 0, _plain)
    nesterov, dampened = "nesterov" in flags, "dampening" in active

    def tick(clock: Numbers, h: Numbers) -> Numbers:
        return (1 - h[1],)

    def step(
        theta: Array, slots: Numbers, gradient: Array, rate: Array, h: Numbers, clock: Numbers, is_first: bool
    ) -> tuple[Array, Numbers]:
        velocity, momentum = slots[0], h[0]
        velocity *= momentum
        if dampened and not is_first:
            velocity += gradient * clock[0]
        else:
            velocity += gradient
        if nesterov:
            gradient += velocity * momentum
            gradient *= rate
            theta -= gradient
        else:
            theta -= velocity * rate
        return theta, (velocity,)

    if dampened:
        return Rule(("momentum", "dampening"), 1, step, 1, tick)
    return Rule(("momentum",), 1, step)


def _plain(
    theta: Array, slots: Numbers, gradient: Array, rate: Array, h: Numbers, clock: Numbers, is_first: bool
) -> tuple[Array, Numbers]:
    gradient *= rate
    theta -= gradient
    return theta, slots


def settled(values: dict[str, Any]) -> dict[str, Any]:
    """Returns the numbers with no dampening where there is no momentum: then there is no velocity to damp."""
    return values | {"dampening": values["dampening"] * (values["momentum"] > 0)}


SGD = base.Optimizer("sgd", Settings, rule, settled=settled)
