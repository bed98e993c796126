"""Adam and AdamW, as torch.optim defines them: Kingma and Ba, arXiv 1412.6980; AMSGrad, 1904.09237."""

from typing import Any

from linreg_sweep.kinds import NotNegative
from linreg_sweep.optimizers import base
from linreg_sweep.optimizers.base import TINY, Array, Numbers, Rule


class Settings(base.Moments):
    """The keys of adam."""

    amsgrad: bool = False
    """Whether a step is divided by the root of the largest mean square so far."""


class DecoupledSettings(Settings):
    """The keys of adamw."""

    weight_decay: NotNegative = 0.01
    """Penalty on the weights: each step first shrinks them, by learning_rate times this."""


def rule(active: frozenset[str], flags: frozenset[str], xp: Any) -> Rule:
    """Returns the formula of a step; see base.Optimizer."""
    amsgrad = "amsgrad" in flags

    def tick(clock: Numbers, h: Numbers) -> Numbers:
        first, second = clock[0] * h[0] + TINY, clock[1] * h[1] + TINY
        return first, second, 1 - first, xp.sqrt(1 - second), 1 - h[0], 1 - h[1]

    def step(
        theta: Array, slots: Numbers, gradient: Array, rate: Array, h: Numbers, clock: Numbers, is_first: bool
    ) -> tuple[Array, Numbers]:
        mean, square = slots[0], slots[1]
        mean += (gradient - mean) * clock[4]
        gradient *= gradient
        gradient *= clock[5]
        square *= h[1]
        square += gradient
        slots = (mean, square, xp.maximum(slots[2], square)) if amsgrad else (mean, square)
        root = xp.sqrt(slots[-1])
        root /= clock[3]
        root += h[2]
        move = mean * (rate / clock[2])
        move /= root
        theta -= move
        return theta, slots

    return Rule(("beta1", "beta2", "eps"), 3 if amsgrad else 2, step, 6, tick)


ADAM = base.Optimizer("adam", Settings, rule)
ADAMW = base.Optimizer("adamw", DecoupledSettings, rule, is_decoupled=lambda flags: True)
