"""The learning rate above which descent grows under a schedule that repeats itself.

A cycle multiplies the error along an eigenvector by a product that depends on x, learning rate times
eigenvalue, alone. Descent is stable where no product is above 1 in size. So the first loss of stability, as
the rate grows from 0, comes at `x_1 / steepest`, x_1 the least x where the product passes 1. Above it there
may be rates at which descent is stable again: these are not counted.
"""

from collections.abc import Callable, Iterable

import numpy as np

from linreg_sweep.array_types import Floats

FINE = 64
"""Values of x that are tried within what the longest step alone would allow; parts of an interval."""

WINDOWS = 40
"""Times that the range of x is doubled, before no loss of stability is known."""

MOST_VALUES = 4096
"""Values of x that are tried at once, at most."""

REFININGS = 10
"""Times that an interval is cut into FINE parts: as often as float64 can tell."""

HALVINGS = 60
"""Times that an interval is halved: as often as float64 can tell."""

NARROWINGS = 20
"""Times that the search for a summit halves its step: beside one, heights differ by the step's square."""

ROUNDING = 1e-15
"""What an epoch may add to the size of a cycle's trace by rounding."""

NEGLIGIBLE = 1e-300
"""Share of the largest factor up to which another counts as 0."""


def first_loss(factors: Floats, momentum: float, *, nesterov: bool) -> float:
    """Returns the least learning rate at which descent on a curvature of 1 stops being stable.

    Args:
        factors: on the learning rate, in each epoch of a cycle [n]; not negative.
        momentum: 0: none.
        nesterov: momentum looks ahead.

    Returns:
        The rate; infinity where all factors are 0; NaN where none was found.
    """
    if not factors.any():
        return np.inf
    with np.errstate(all="ignore"):  # what overflows has grown
        shares = factors / factors.max()
        shares[shares < NEGLIGIBLE] = 0
        if momentum == 0:
            found = _first_loss_of_plain(shares[shares > 0])
        else:
            found = _first_loss_with_momentum(shares, momentum, nesterov=nesterov)
        return float(found / factors.max())


def _first_loss_with_momentum(factors: Floats, momentum: float, *, nesterov: bool) -> float:
    """Returns the least x > 0 at which a cycle grows, for factors of which the largest is 1."""

    def size(x: Floats) -> Floats:
        return _size(factors, x, momentum, nesterov=nesterov)

    low, high = 0.0, 4 * (1 + momentum)
    count = min(8 * max(FINE, len(factors)), MOST_VALUES)
    for _ in range(WINDOWS):
        x = np.linspace(np.sqrt(low), np.sqrt(high), count + 1) ** 2  # summits are closest to each other at 0
        tops = _summits(size, x, ROUNDING * len(factors))
        x = np.sort(np.append(x, tops))
        over = size(x[1:]) > 1
        if over.any():
            break
        low, high = high, 2 * high
    else:
        return np.nan
    for _ in range(REFININGS):
        first = int(over.argmax())
        x = np.linspace(x[first], x[first + 1], FINE + 1)
        over = size(x[1:]) > 1
        over[-1] = True  # by how the ends were chosen, whatever rounding says
    return float(x[1 + int(over.argmax())])


def _summits(size: Callable[[Floats], Floats], x: Floats, rounding: float) -> Floats:
    """Returns where between the values x [m] a size passes 1 that is below it at all of them.

    A summit counts that is seen at half its height, and that is higher than rounding may make it.
    """
    seen = size(x)
    here, after = seen[1:], np.append(seen[2:], 0)
    places = 1 + np.flatnonzero((here >= seen[:-1]) & (here >= after) & (here > 0.5) & (here <= 1))
    top, step = x[places], x[places] - x[places - 1]
    for _ in range(NARROWINGS):
        tried = np.maximum([top - step, top, top + step], x[0])
        heights = size(tried.ravel()).reshape(tried.shape)
        top, step = tried[heights.argmax(axis=0), np.arange(len(top))], step / 2
    return top[size(top) > 1 + rounding]


def _size(factors: Floats, x: Floats, momentum: float, *, nesterov: bool) -> Floats:
    """Returns a size [m] that is at most 1 where no eigenvalue of a cycle with momentum is, at x [m].

    That is so where the determinant is at most 1, and the trace at most 1 + determinant (Jury's criterion):
    the determinant is a product, so that nothing is lost by taking large numbers from each other.
    """
    a, _, _, d = cycle_product((each * x for each in factors), momentum, nesterov=nesterov)
    determinant = np.ones(len(x))
    for each in factors:
        determinant = determinant * (momentum * (1 - each * x) if nesterov else momentum)
    size = np.abs(a + d) / (1 + determinant)
    return np.where((np.abs(determinant) <= 1) & ~np.isnan(size), size, np.inf)


def _first_loss_of_plain(factors: Floats) -> float:
    """Returns the least x > 0 with abs(prod(1 - x factors)) = 1.

    Between two neighbouring roots 1 / factor the logarithm of the product's size is concave, so it has one
    summit there, and passes 0 before it if at all; beyond the last root it rises for good.
    """
    roots = np.unique(1 / factors)
    ends = np.append(roots[1:], 4 * roots[-1] + 4 / factors.min())
    for some in range(0, len(roots), FINE):  # at once, lest the table be large
        left, right = roots[some : some + FINE].copy(), ends[some : some + FINE].copy()
        for _ in range(HALVINGS):  # to the summits
            middle = (left + right) / 2
            rises = (factors / (middle[:, None] * factors - 1)).sum(axis=1) > 0
            left, right = np.where(rises, middle, left), np.where(rises, right, middle)
        is_high = np.log(np.abs(1 - left[:, None] * factors)).sum(axis=1) >= 0
        if is_high.any():
            break
    where = int(is_high.argmax())
    low, high = roots[some + where], left[where]
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        is_over = np.log(np.abs(1 - middle * factors)).sum() > 0
        low, high = (low, middle) if is_over else (middle, high)
    return float(high)


def cycle_product(
    x: Iterable[Floats], momentum: float | Floats, *, nesterov: bool, gain: float | Floats = 1.0
) -> tuple[Floats, Floats, Floats, Floats]:
    """Returns the 2x2 matrix [k] that epochs in a row come to, of the error and the velocity times the rate.

    Args:
        x: learning rate times eigenvalue [k], of each epoch in turn.
        momentum: one number or [k].
        nesterov: momentum looks ahead.
        gain: share of the gradient that reaches the velocity, likewise; all of it with nesterov.
    """
    one, zero = np.ones(1), np.zeros(1)
    e, v = (one, zero), (zero, one)
    of_error, of_velocity = (1 + momentum, momentum**2) if nesterov else (gain, momentum)
    for step in x:
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
