"""Where trials come to rest whose penalty shrinks theta itself: least squares within a box.

A step of adamw has about the size of the learning rate, whatever the gradient's. So a penalty that is not
added to the gradient balances it only at abs(theta) = 1 / weight_decay: where adamw comes to rest, if its
`eps` is small, are least squares within the box abs(theta) <= 1 / weight_decay, and a box that holds the
optimum changes nothing (Xie and Li, arXiv 2404.04454). A decoupled nadam, which scales the same moments, can
rest nowhere else either. How fast they get there, and whether they do at a constant rate, is not known.
"""

from dataclasses import replace

import numpy as np

from linreg_sweep.array_types import Flags, Floats
from linreg_sweep.theory.quadratic import Quadratic


def boxed(plain: Quadratic, decay: Floats, decayed: Flags) -> Quadratic:
    """Returns what trials descend whose penalty is decoupled, about least squares in their box.

    Their excess is `tr(e^T H e) / (k n O)` about that point, 0 there alone; where the box holds the optimum,
    that is the plain one. Elsewhere it leaves out what the slope at that point adds to the cost.

    Args:
        plain: the quadratic without a penalty.
        decay: the penalty of each trial [K], at least 0.
        decayed: which parameters are penalised [P].

    Returns:
        The quadratics [.., K]; the plain one [.., 1] where every box holds its optimum.
    """
    distinct, which = np.unique(decay, return_inverse=True)
    with np.errstate(divide="ignore"):
        bounds = np.where(decayed[:, None], 1 / distinct, np.inf)  # [P, k]
    size = np.abs(plain.optimum[..., 0]).max(axis=1)
    outside = np.flatnonzero((size[:, None] > bounds).any(axis=0))
    if not len(outside):
        return plain
    shape = (*plain.optimum.shape[:2], len(distinct))
    optimum, low, slope = (
        plain.optimum + np.zeros(shape),
        plain.optimum_low + np.zeros(shape),
        np.zeros(shape),
    )
    for one in outside.tolist():
        for target in range(shape[1]):
            within, force = _within(plain, plain.optimum[:, target, 0], bounds[:, one])
            optimum[:, target, one], slope[:, target, one], low[:, target, one] = within, force, 0.0
    along = plain.along(optimum - plain.optimum)
    cost = plain.cost_at_optimum + plain.energy(along).sum(axis=0)
    cost = np.where((slope == 0).all(axis=(0, 1)), plain.cost_at_optimum, cost)
    changed = replace(plain, optimum=optimum, optimum_low=low, cost_at_optimum=cost, least=cost, slope=slope)
    return changed if len(distinct) == 1 else changed.take(which)


def _within(plain: Quadratic, optimum: Floats, bound: Floats) -> tuple[Floats, Floats]:
    """Returns least squares of one target [P] with abs(theta) <= bound [P], and the gradient there [P].

    Source: Stark and Parker, Bounded-variable least squares, Computational Statistics 10, 1995.
    """
    rows = np.sqrt(plain.eigenvalues) * plain.bases[..., 0].T
    theta = np.clip(optimum, -bound, bound)
    held = np.abs(optimum) >= bound
    slack = 1e-13 * np.abs(rows.T @ rows).max() * np.abs(optimum).max()
    for _ in range(10 * len(bound) ** 2):
        while True:  # the free ones move to their own optimum, as far as the box lets them
            best = theta.copy()
            best[~held] = np.linalg.lstsq(
                rows[:, ~held], rows @ optimum - rows[:, held] @ theta[held], rcond=None
            )[0]
            beyond = ~held & (np.abs(best) > bound)
            if not beyond.any():
                theta = best
                break
            wall = np.copysign(bound[beyond], best[beyond])
            shares = (wall - theta[beyond]) / (best[beyond] - theta[beyond])
            hit = np.flatnonzero(beyond)[shares.argmin()]
            theta = theta + shares.min() * (best - theta)
            theta[hit], held[hit] = np.copysign(bound[hit], best[hit]), True
        gradient = rows.T @ (rows @ (theta - optimum))
        pull = np.where(held, gradient * np.sign(theta), 0.0)  # above 0: a held one would rather come back
        if pull.max() <= slack:
            break
        held[pull.argmax()] = False
    return theta, np.where(held, gradient, 0.0)
