"""What an average of states comes to: its factor on the error along each eigenvector, at a constant rate.

A step is linear in the error e and the velocity w (in units of the step): M = I + D with, for x = rate *
curvature, momentum m and dampening d,

    e' = e - (1 - d) x e - m w            (Nesterov: e' = e - (1 + m) x e - m^2 w)
    w' = (1 - d) x e + m w                (Nesterov, which has no dampening: w' = x e + m w)

and d = 0 in the first step. Powers and sums of powers of M are made by doubling, of D rather than of M:
so directions that hardly move keep their precision over any number of steps, and no direction that does
not move, no double root and no complex pair is special. Everything is [P, k], elementwise.
"""

import numpy as np

from linreg_sweep.array_types import Floats


def mean_factors(
    x: Floats, momentum: Floats, dampening: Floats, first: Floats, last: Floats, *, nesterov: bool
) -> Floats:
    """Returns the factor on the error before any step of the mean of the states first .. last [P, k].

    Args:
        x: rate * curvature [P, k].
        momentum: [k].
        dampening: [k].
        first: the number of the first state that counts [k], from 1, which is that after one step.
        last: of the last one [k], at least first.
        nesterov: whether the momentum is Nesterov's; then there is no dampening.
    """
    step, start = _descent(x, momentum, dampening, nesterov)
    moved, _ = _power(step, first - 1)
    begins = start + _times(moved, start)
    _, total = _power(step, last - first)
    mean: Floats = ((begins + _times(total, begins)) / (last - first + 1))[0]
    return mean


def ema_factors(
    x: Floats, momentum: Floats, dampening: Floats, decay: Floats, last: Floats, *, nesterov: bool
) -> Floats:
    """Returns the factor on the error before any step of the exponential average after `last` steps [P, k].

    Args:
        x: rate * curvature [P, k].
        momentum: [k].
        dampening: [k].
        decay: share of the average that each step keeps [k]; the first state is copied.
        last: steps [k], at least 1.
        nesterov: whether the momentum is Nesterov's; then there is no dampening.
    """
    step, start = _descent(x, momentum, dampening, nesterov)
    step = np.pad(step, [(0, 1), (0, 1), (0, 0), (0, 0)])
    step[2, 2] = decay - 1
    step[2, :2] = (1 - decay) * step[0, :2]
    step[2, 0] += 1 - decay
    moved, _ = _power(step, last - 1)
    begins = np.concatenate([start, start[:1]])
    average: Floats = (begins + _times(moved, begins))[2]
    return average


def _descent(x: Floats, momentum: Floats, dampening: Floats, nesterov: bool) -> tuple[Floats, Floats]:
    """Returns D [2, 2, P, k], and the error and velocity after the first step [2, P, k]."""
    ahead = 1 + momentum if nesterov else np.ones_like(momentum)
    kept = momentum * momentum if nesterov else momentum
    damped = (1 - dampening) * x
    ones = np.ones_like(x)
    step = np.array([[-ahead * damped, -kept * ones], [damped, (momentum - 1) * ones]])
    return step, np.array([1 - ahead * x, x])


def _power(step: Floats, times: Floats) -> tuple[Floats, Floats]:
    """Returns M^n - I and M + M^2 + ... + M^n for M = I + D.

    Args:
        step: D [S, S, P, k].
        times: n [k], whole.
    """
    identity = np.eye(len(step))[:, :, None, None]
    moved, total = np.zeros_like(step), np.zeros_like(step)
    count = times.astype(np.int64)
    for bit in reversed(range(int(count.max(initial=0)).bit_length())):
        total = 2 * total + _times(moved, total)
        moved = 2 * moved + _times(moved, moved)
        is_set = (count >> bit) & 1 == 1
        once_more = moved + step + _times(moved, step)
        total = np.where(is_set, total + identity + once_more, total)
        moved = np.where(is_set, once_more, moved)
    return moved, total


def _times(left: Floats, right: Floats) -> Floats:
    """Returns the product of a matrix [S, S, P, k] and a matrix or a vector [S, ..., P, k].

    Summed in an order of its own, so that a trial's bits do not depend on its neighbours.
    """
    rows = []
    for row in left:
        product = row[0] * right[0]
        for entry, other in zip(row[1:], right[1:], strict=True):
            product = product + entry * other
        rows.append(product)
    return np.array(rows)
