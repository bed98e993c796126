"""How far the rounding of its steps may carry a trial away from its closed form.

Each step rounds the state, the gradient and, once and for all, H and C; a mode that shrinks by c
an epoch gathers at most 1 / (1 - abs(c)) of such errors, one that grows blows each up. To first
order, and with constants that allow for the worst (Higham, Accuracy and Stability of Numerical
Algorithms, sec. 3.1 and 17.2).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.engines.interface import Trials
from linreg_sweep.engines.modes import momentum_modes, plain_modes
from linreg_sweep.theory.problem import Problem

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rounding:
    """Bounds for K trials.

    Attributes:
        root_cost: how far apart the roots of the two excess costs may lie, in units of y [K].
        stretch: by which factor errors may have shrunk or grown more, at least 1 [K].
        overflow: the excess cost above which steps may be infinite in the descent's precision [K].
    """

    root_cost: Floats
    stretch: Floats
    overflow: Floats

    def moved(self, level: float | Floats, way: int) -> Floats:
        """Returns a level of excess cost [K] moved up (1) or down (-1) by what rounding may do.

        A level below 0 is one that no cost is at or below.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            root = np.sqrt(level) * self.stretch**way + way * self.root_cost
            return np.asarray(np.copysign(root * root, root))


def bound_rounding(
    problem: Problem, trials: Trials, epochs: Floats, dtype: str, *, nesterov: bool
) -> Rounding:
    """Returns how far rounding may have carried K trials after so many epochs.

    Args:
        problem: what they descend on.
        trials: learning_rate [K], theta_0 [K, P, O], momentum.
        epochs: [K], done by each.
        dtype: of the descent.
        nesterov: momentum looks ahead.
    """
    unit = np.finfo(dtype).eps / 2
    n_parameters, _ = problem.shape
    momentum = np.broadcast_to(np.asarray(trials.momentum, np.float64), epochs.shape)
    steepest = float(problem.eigenvalues[-1])
    with np.errstate(all="ignore"):
        log = _logs(problem, trials, momentum, nesterov=nesterov)
        size = np.linalg.norm(problem.optimum) + np.linalg.norm(trials.start - problem.optimum, axis=(1, 2))
        gradient = steepest * size + float(np.linalg.norm(problem.constant))
        roundings = 2 * (n_parameters + 3) * unit
        step = roundings * (size + trials.learning_rate * gradient) / (1 - momentum)
        # sum of abs(c)**s over s < t, and what momentum adds by carrying errors on
        gathered = np.minimum(epochs, 1 / np.abs(np.expm1(log))) * np.exp(np.maximum(log, 0) * epochs)
        gathered = np.where(momentum > 0, gathered / (1 - momentum), gathered)
        moved = step * gathered
        share = (problem.eigenvalues * problem.cost_per_loss)[:, None]
        # what would overflow in the descent's precision has no bound
        most = np.finfo(dtype).max / np.maximum(
            1, n_parameters * np.abs(problem.hessian).max() / (1 - momentum)
        )
        pace = np.maximum(trials.learning_rate * steepest, 1) / (1 - momentum)
        return Rounding(
            root_cost=np.where(
                size < most, np.nan_to_num(np.sqrt((share * moved**2).sum(axis=0)), nan=np.inf), np.inf
            ),
            stretch=np.exp(np.minimum(roundings * (1 + epochs * pace), 100.0)),
            overflow=steepest * problem.cost_per_loss * most**2,
        )


def _logs(problem: Problem, trials: Trials, momentum: Floats, *, nesterov: bool) -> Floats:
    """Returns the logarithm [P, K] of the factor by which each mode shrinks or grows an epoch."""
    rates, spectrum = trials.learning_rate, (problem.eigenvalues, problem.eigenvalue_tails)
    plain = plain_modes(rates, *spectrum).log
    if not momentum.any():
        return plain
    return np.where(momentum == 0, plain, momentum_modes(rates, momentum, *spectrum, nesterov=nesterov).log)
