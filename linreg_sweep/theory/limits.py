"""The learning rate above which descent grows under a schedule that repeats itself.

A cycle multiplies the error along an eigenvector by a product that depends on x, learning rate times
eigenvalue, alone. Descent is stable where no product is above 1 in size. So the first loss of stability, as
the rate grows from 0, comes at `x_1 / steepest`, x_1 the least x where the product passes 1. Above it there
may be rates at which descent is stable again: these are not counted.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FINE = 64
"""Values of x that are tried within what the longest step alone would allow."""

HALVINGS = 60
"""Times that an interval is halved: as often as float64 can tell."""


def first_loss(factors: Floats, momentum: float, gain: float, *, nesterov: bool) -> float:
    """Returns the least learning rate at which descent on a curvature of 1 stops being stable.

    Args:
        factors: on the learning rate, in each epoch of a cycle [n]; not negative.
        momentum: 0: none.
        gain: share of the gradient that reaches the velocity.
        nesterov: momentum looks ahead.

    Returns:
        The rate; infinity where all factors are 0, or no gradient reaches the velocity.
    """
    if not factors.any() or gain == 0:
        return np.inf
    if momentum == 0:
        return _first_loss_of_plain(factors[factors > 0] * gain)
    step = (1 + momentum) / factors.max() / FINE
    x = step * np.arange(1, 4 * FINE + 1)
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows has grown
        while (over := ~(_growth(factors, x, momentum, gain, nesterov=nesterov) <= 1)).sum() == 0:
            x = x + x[-1]
    high = float(x[over.argmax()])
    low = high - step
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        is_over = _growth(factors, np.array([middle]), momentum, gain, nesterov=nesterov)[0] > 1
        low, high = (low, middle) if is_over else (middle, high)
    return high


def _first_loss_of_plain(factors: Floats) -> float:
    """Returns the least x > 0 with abs(prod(1 - x factors)) = 1.

    Between two neighbouring roots 1 / factor the logarithm of the product's size is concave, so it has one
    summit there, and passes 0 before it if at all; beyond the last root it rises for good.
    """
    roots = np.unique(1 / factors)
    left, right = roots.copy(), np.append(roots[1:], 4 * roots[-1] + 4 / factors.min())
    with np.errstate(divide="ignore"):
        for _ in range(HALVINGS):  # to the summits
            middle = (left + right) / 2
            rises = (factors / (middle[:, None] * factors - 1)).sum(axis=1) > 0
            left, right = np.where(rises, middle, left), np.where(rises, right, middle)
        heights = np.log(np.abs(1 - left[:, None] * factors)).sum(axis=1)
        where = int((heights >= 0).argmax())
        low, high = roots[where], left[where]
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            is_over = np.log(np.abs(1 - middle * factors)).sum() > 0
            low, high = (low, middle) if is_over else (middle, high)
    return float(high)


def _growth(factors: Floats, x: Floats, momentum: float, gain: float, *, nesterov: bool) -> Floats:
    """Returns the larger modulus [m] of the eigenvalues of a cycle with momentum, at x [m]."""
    return radius(cycle_product(factors[:, None] * x, momentum, gain, nesterov=nesterov))


def cycle_product(
    x: Floats, momentum: float | Floats, gain: float | Floats, *, nesterov: bool
) -> tuple[Floats, Floats, Floats, Floats]:
    """Returns the 2x2 matrix [k] that epochs in a row come to, of the error and the velocity times the rate.

    Args:
        x: learning rate times eigenvalue in each epoch [n, k].
        momentum: one number or [k].
        gain: share of the gradient that reaches the velocity, likewise.
        nesterov: momentum looks ahead.
    """
    one, zero = np.ones(x.shape[1]), np.zeros(x.shape[1])
    e, v = (one, zero), (zero, one)
    for step in x:
        of_error, of_velocity = (1 + momentum * gain, momentum**2) if nesterov else (gain, momentum)
        e, v = (
            (
                e[0] - step * (of_error * e[0] + of_velocity * v[0]),
                e[1] - step * (of_error * e[1] + of_velocity * v[1]),
            ),
            (gain * e[0] + momentum * v[0], gain * e[1] + momentum * v[1]),
        )
    return e[0], e[1], v[0], v[1]


def radius(matrix: tuple[Floats, Floats, Floats, Floats]) -> Floats:
    """Returns the larger modulus [k] of the eigenvalues of 2x2 matrices, row by row."""
    a, b, c, d = matrix
    half, determinant = (a + d) / 2, a * d - b * c
    rest = ((a - d) / 2) ** 2 + b * c
    real = np.abs(half) + np.sqrt(np.maximum(rest, 0))
    return np.where(rest < 0, np.sqrt(np.abs(determinant)), real)
