"""A literal oracle: one trial of gradient descent, row by row, in plain Python numbers.

It is written from the definitions alone, shares no code with the package, and knows no shortcut:
costs are means over the rows, and the optimum's cost comes from numpy.linalg.lstsq. Slow, and meant
to be: it is what every engine is compared with.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

Matrix = list[list[float]]
NEVER = -1


@dataclass
class Trial:
    """What became of a trial.

    Attributes:
        theta: [P, O], the state in which it ended, the weights and then the bias row.
        epochs: the updates done when it ended, each a pass over all rows.
        converged_at: the first epoch at which it had converged, or NEVER.
        diverged_at: the epoch at which it diverged, or NEVER.
        contraction: <d_2, d_1> / <d_1, d_1> with d_t = theta_t - theta_(t-1); NaN where unknown.
        history: the state at each epoch asked for that it came to.
    """

    theta: NDArray[np.float64]
    epochs: int = 0
    converged_at: int = NEVER
    diverged_at: int = NEVER
    contraction: float = math.nan
    history: dict[int, NDArray[np.float64]] = field(default_factory=dict)


def train(
    x: ArrayLike,
    y: ArrayLike,
    start: ArrayLike,
    *,
    learning_rate: float,
    epochs: int,
    loss: str = "half_mse",
    fit_bias: bool = True,
    momentum: float = 0.0,
    nesterov: bool = False,
    batch_size: int | None = None,
    permutation: Callable[[int, int], Sequence[int]] | None = None,
    tolerance: float = 1e-6,
    divergence: float = 1e6,
    early_stop: bool = True,
    history: Sequence[int] = (),
) -> Trial:
    """Trains one trial from its start until it ends.

    Args:
        x: [n, F], without the column of ones.
        y: [n, O].
        start: [P, O], the weights of each feature and then, where there is a bias, the bias row.
        learning_rate: times the gradient (or the velocity), it is the step.
        epochs: at most so many passes over the rows.
        loss: half_mse, mse or sse, over the rows of a step.
        fit_bias: whether theta's last row is a bias.
        momentum: v <- momentum * v + gradient, from the first gradient on.
        nesterov: the step is along gradient + momentum * v.
        batch_size: rows a step, the last step of an epoch taking what is left; None: all.
        permutation: (n, epoch counted from 0) -> the order of the rows in that epoch; None: as they
            come. It plays no part where one step takes all rows.
        tolerance: converged where cost - least cost <= tolerance * scale.
        divergence: diverged where cost > divergence * max(cost at the start, scale).
        early_stop: end at the first event; else at divergence or after all epochs.
        history: epochs whose states are kept.
    """
    design: Matrix = [[float(value) for value in row] for row in np.asarray(x)]
    if fit_bias:
        design = [[*row, 1.0] for row in design]
    targets: Matrix = [[float(value) for value in row] for row in np.asarray(y)]
    theta: Matrix = [[float(value) for value in row] for row in np.asarray(start)]
    n, n_parameters, n_targets = len(design), len(theta), len(targets[0])

    optimum = np.linalg.lstsq(np.array(design), np.array(targets), rcond=None)[0]
    least = _cost(design, targets, optimum.tolist())
    scale = _scale(targets, fit_bias)
    too_much = divergence * max(_cost(design, targets, theta), scale)

    velocity: Matrix | None = None
    states: list[Matrix] = []
    result = Trial(np.array(theta))
    for t in range(epochs + 1):
        if t > 0:
            order: Sequence[int] = range(n)
            size = n if batch_size is None else min(batch_size, n)
            if permutation is not None and size < n:
                order = permutation(n, t - 1)
            for first in range(0, n, size):
                rows = order[first : first + size]
                gradient = _gradient([design[i] for i in rows], [targets[i] for i in rows], theta, loss)
                if velocity is None:
                    velocity = [list(row) for row in gradient]
                else:
                    for p in range(n_parameters):
                        for o in range(n_targets):
                            velocity[p][o] = momentum * velocity[p][o] + gradient[p][o]
                theta = [list(row) for row in theta]
                for p in range(n_parameters):
                    for o in range(n_targets):
                        along = velocity[p][o]
                        if nesterov:
                            along = gradient[p][o] + momentum * velocity[p][o]
                        theta[p][o] = theta[p][o] - learning_rate * along
        if len(states) < 3:
            states.append(theta)
        if t in history:
            result.history[t] = np.array(theta)
        cost = _cost(design, targets, theta)
        if cost - least <= tolerance * scale and result.converged_at == NEVER:
            result.converged_at = t
        if cost > too_much or not math.isfinite(cost):
            result.diverged_at = t
        result.theta, result.epochs = np.array(theta), t
        if result.diverged_at != NEVER or (early_stop and result.converged_at != NEVER):
            break
    if len(states) == 3:
        result.contraction = _contraction(*states)
    return result


def _predict(row: list[float], theta: Matrix, o: int) -> float:
    total = 0.0
    for p, value in enumerate(row):
        total += value * theta[p][o]
    return total


def _cost(design: Matrix, targets: Matrix, theta: Matrix) -> float:
    total = 0.0
    for row, target in zip(design, targets, strict=True):
        for o, value in enumerate(target):
            residual = value - _predict(row, theta, o)
            total += residual * residual
    return total / (len(targets) * len(targets[0]))


def _gradient(design: Matrix, targets: Matrix, theta: Matrix, loss: str) -> Matrix:
    entries = len(targets) * len(targets[0])
    factor = {"half_mse": 1 / entries, "mse": 2 / entries, "sse": 2.0}[loss]
    gradient = [[0.0 for _ in row] for row in theta]
    for row, target in zip(design, targets, strict=True):
        for o, value in enumerate(target):
            residual = _predict(row, theta, o) - value
            for p, at in enumerate(row):
                gradient[p][o] += factor * residual * at
    return gradient


def _scale(targets: Matrix, fit_bias: bool) -> float:
    """Returns the cost of the best constant prediction, or what stands in for it where that is 0."""
    n, n_targets = len(targets), len(targets[0])
    around_mean = around_zero = 0.0
    for o in range(n_targets):
        mean = sum(target[o] for target in targets) / n
        around_mean += sum((target[o] - mean) * (target[o] - mean) for target in targets)
        around_zero += sum(target[o] * target[o] for target in targets)
    best = around_mean if fit_bias else around_zero
    return best / (n * n_targets) or around_zero / (n * n_targets) or 1.0


def _contraction(before: Matrix, between: Matrix, after: Matrix) -> float:
    along = square = 0.0
    for p, row in enumerate(between):
        for o, value in enumerate(row):
            first, second = value - before[p][o], after[p][o] - value
            along += second * first
            square += first * first
    return along / square if square else math.nan
