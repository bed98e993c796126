"""What an optimizer is: the keys that can be declared for it, and one formula of a step for every engine.

The formula is written with operators and in-place operators alone, and with `xp.sqrt` and `xp.maximum`. So it
works on NumPy arrays and on torch tensors of K trials, and Numba compiles it for a single number of a trial:
the same operations in the same order, whose bits do not depend on neighbours. Numbers that all entries of
theta share are a matter of the clocks, in float64 always, as torch.optim computes them in Python's own
numbers: 1 - 0.999 in float32 is wrong in its fifth digit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from linreg_sweep.kinds import Decay, Model, NotNegative

Array: TypeAlias = Any
"""A NumPy array or a torch tensor, of shape [P, O, k] or [k]; one number where Numba compiles."""

Numbers: TypeAlias = tuple[Array, ...]


TINY = 1e-300
"""Added to a power in each tick: far below its rounding, yet not so small that processors get slow."""


class Settings(Model):
    """What every optimizer has; a subclass adds its own keys. Each field is a key of `training`.

    A number can be varied by a sweep, as can a word or a boolean.
    """

    weight_decay: NotNegative = 0.0
    """Penalty on the weights: this times each of them is added to the gradient of the chosen loss."""
    decay_bias: bool = False
    """Whether the bias is penalised, too."""


class Moments(Settings):
    """The keys of optimizers that keep means of the gradients and of their squares."""

    beta1: Decay = 0.9
    """Share of the mean of the gradients that is kept in a step."""
    beta2: Decay = 0.999
    """Share of the mean of the squared gradients that is kept in a step."""
    eps: NotNegative = 1e-8
    """Added to the root of the mean square, by which a step is divided."""


def no_clock(clock: Numbers, h: Numbers) -> Numbers:
    """Returns the clocks of an optimizer that has none."""
    return clock


@dataclass(frozen=True)
class Rule:
    """The formula of one step, for K trials that share everything but numbers.

    The engine adds the penalty to the gradient before (or, where the optimizer decouples it, shrinks theta),
    calls `tick` once a step and then `step`. Both may overwrite the arrays that they are given, and return
    those or new ones. A rule of no slots or no clocks returns whatever tuple it is given, so that an engine
    that cannot have an empty tuple may pass one number.

    Attributes:
        names: the hyperparameters that it takes, in their order in `h`; each is [k].
        n_slots: arrays of the shape of theta that are carried from step to step, zeros at the start.
        step: `(theta, slots, gradient, rate, h, clock, is_first) -> (theta, slots)`. theta, slots and
            gradient are [P, O, k], rate, h and clock [k], all in theta's precision: the engine casts h, and
            what `tick` returned. No number stands in it, since Numba would compute float32 with one in
            float64. is_first: whether it is the first step of all.
        n_clocks: numbers of a trial [k] that are carried from step to step, ones at the start.
        tick: `(clock, h) -> clock`, before each step; h and clock [k], in float64 whatever theta is.
    """

    names: tuple[str, ...]
    n_slots: int
    step: Callable[[Array, Numbers, Array, Array, Numbers, Numbers, bool], tuple[Array, Numbers]]
    n_clocks: int = 0
    tick: Callable[[Numbers, Numbers], Numbers] = no_clock


@dataclass(frozen=True)
class Optimizer:
    """An update rule of torch.optim; one file of this folder makes one.

    Attributes:
        name: that of torch.optim, in small letters.
        settings: its keys, their ranges, defaults and meanings.
        rule: `(active, flags, xp) -> Rule`. `active` are the number keys that any trial of the declaration
            has at another value than 0; the formula may leave out the operations of all others. The
            declaration decides it, so that it is no matter of neighbours. `flags` are the boolean keys
            that are true, `xp` is numpy or torch.
        settled: `(values) -> values`, the number keys [K] as torch takes them where one decides on another.
        is_decoupled: `(flags) -> bool`, whether weight_decay shrinks theta itself, by
            `1 - rate * weight_decay` before the step, instead of adding to the gradient.
    """

    name: str
    settings: type[Settings]
    rule: Callable[[frozenset[str], frozenset[str], Any], Rule]
    is_decoupled: Callable[[frozenset[str]], bool] = lambda flags: False
    settled: Callable[[dict[str, Any]], dict[str, Any]] = lambda values: values
