"""How far the rounding of its steps may carry a trial away from its closed form.

Each step rounds the state, the gradient and, once and for all, H and C; a mode that shrinks by c
an epoch gathers at most 1 / (1 - abs(c)) of such errors, one that grows blows each up. To first
order, and with constants that allow for the worst (Higham, Accuracy and Stability of Numerical
Algorithms, sec. 3.1 and 17.2).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from linreg_sweep.array_types import Floats, Indices
from linreg_sweep.theory.first_events import Levels
from linreg_sweep.theory.problem import Problem
from linreg_sweep.theory.quadratic import Quadratic
from linreg_sweep.theory.sums import total

Values = Mapping[str, Floats]


@dataclass(frozen=True)
class Rounding:
    """Bounds for K trials.

    Attributes:
        root_cost: how far apart the roots of the two excess costs may lie, in units of y [K].
        stretch: by which factor errors may have shrunk or grown more, at least 1 [K].
    """

    root_cost: Floats
    stretch: Floats

    def moved(self, level: float | Floats, way: int) -> Floats:
        """Returns a level of excess cost [K] moved up (1) or down (-1) by what rounding may do.

        A level below 0 is one that no cost is at or below.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            root = np.sqrt(level) * self.stretch**way + way * self.root_cost
            return np.asarray(np.copysign(root * root, root))

    def around(self, levels: Levels, way: int, overflow: Floats) -> Levels:
        """Returns levels moved up or down likewise, the high one at most to where a step may overflow [K]."""
        high = np.minimum(self.moved(levels.high, way), overflow)
        high = np.minimum(high, np.finfo(np.float64).max)
        return Levels(self.moved(levels.low, way), high, levels.last)


@dataclass(frozen=True)
class Steps:
    """What one step of k trials rounds.

    Attributes:
        unit: the roundings of a step, relative to what it rounds.
        optimum: the size of theta* [k].
        error: the size of the start's error [k].
        constant: the size of C.
        momentum: [k]; what it carries on gathers errors.
        steepest: the largest curvature [k].
        most: the size of a state above which a step may overflow [k].
    """

    unit: float
    optimum: Floats
    error: Floats
    constant: float
    momentum: Floats
    steepest: Floats
    most: Floats

    def rounding(self, rate: Floats, error: Floats) -> Floats:
        """Returns what a step at this rate [k] adds to an error of this size [k], likewise."""
        size = self.optimum + error
        return self.unit * (size + rate * (self.steepest * size + self.constant)) / (1 - self.momentum)

    def pace(self, rate: Floats) -> Floats:
        """Returns by how many roundings [k] a step at this rate may shrink or grow an error otherwise."""
        return np.maximum(rate * self.steepest, 1) / (1 - self.momentum)

    def stretch(self, pace: Floats) -> Floats:
        """Returns by which factor [..., k] steps of this pace together may have moved errors besides."""
        return np.exp(np.minimum(self.unit * (1 + pace), 100.0))

    def overflow(self, cost_per_loss: float) -> Floats:
        """Returns the excess above which steps may be infinite in the descent's precision [k].

        It is below 0 where those from the start may.
        """
        return np.where(
            self.optimum + self.error < self.most, self.steepest * cost_per_loss * self.most**2, -1.0
        )

    def take(self, columns: Indices) -> "Steps":
        """Returns those of some trials."""
        numbers: dict[str, Any] = {
            name: value[columns] for name, value in vars(self).items() if isinstance(value, np.ndarray)
        }
        return replace(self, **numbers)

    def bounds(self, moved: Floats, pace: Floats, quadratic: Quadratic) -> Rounding:
        """Returns the bounds of k trials.

        Args:
            moved: what roundings have gathered along each eigenvector [P, k].
            pace: of all their steps together [k].
            quadratic: what they descend.
        """
        share = quadratic.eigenvalues * quadratic.cost_per_loss
        root_cost = np.nan_to_num(np.sqrt(total(share * moved**2)), nan=np.inf)
        return Rounding(root_cost, self.stretch(pace))


def steps_of(problem: Problem, quadratic: Quadratic, start: Floats, values: Values, dtype: str) -> Steps:
    """Returns what a step of k trials rounds.

    Args:
        problem: the size of its H and C.
        quadratic: what they descend, a penalty included.
        start: theta_0 [k, P, O].
        values: of the trials, [k] each.
        dtype: of the descent.
    """
    n_parameters, zeros = start.shape[1], np.zeros(len(start))
    momentum = values.get("momentum", zeros)
    largest = np.abs(problem.hessian).max() + values.get("weight_decay", zeros)
    optimum = np.moveaxis(quadratic.optimum, -1, 0)
    return Steps(
        unit=float(2 * (n_parameters + 3) * np.finfo(dtype).eps / 2),
        optimum=np.broadcast_to(np.linalg.norm(optimum, axis=(1, 2)), zeros.shape),
        error=np.linalg.norm(start - optimum, axis=(1, 2)),
        constant=float(np.linalg.norm(problem.constant)),
        momentum=momentum,
        steepest=np.broadcast_to(quadratic.steepest, zeros.shape),
        # what would overflow in the descent's precision has no bound
        most=np.finfo(dtype).max / np.maximum(1, n_parameters * largest / (1 - momentum)),
    )


def bound_rounding(quadratic: Quadratic, steps: Steps, rate: Floats, log: Floats, epochs: Floats) -> Rounding:
    """Returns how far rounding may have carried k trials after so many epochs at a constant rate.

    Args:
        quadratic: what they descend, a penalty included.
        steps: what each of their steps rounds.
        rate: the learning rate [k].
        log: the logarithm [P, k] of the factor by which each mode shrinks or grows an epoch; see modes.py.
        epochs: [k], done by each.
    """
    with np.errstate(all="ignore"):
        # sum of abs(c)**s over s < t, and what momentum adds by carrying errors on
        gathered = np.minimum(epochs, 1 / np.abs(np.expm1(log))) * np.exp(np.maximum(log, 0) * epochs)
        gathered = np.where(steps.momentum > 0, gathered / (1 - steps.momentum), gathered)
        moved = steps.rounding(rate, steps.error) * gathered
        return steps.bounds(moved, epochs * steps.pace(rate), quadratic)
