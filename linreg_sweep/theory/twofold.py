"""Arithmetic on pairs of float64, head and tail, which together hold about 32 digits.

Source: Dekker, A floating-point technique for extending the available precision, Numer. Math. 18,
1971; Ogita, Rump and Oishi, Accurate sum and dot product, SIAM J. Sci. Comput. 26, 2005.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SPLITTER = 2.0**27 + 1
"""Cuts a float64 into two of 26 bits, whose products are exact."""


def two_sum(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Returns a + b rounded, and what rounding left off, both exact together."""
    total = a + b
    shadow = total - a
    return total, (a - (total - shadow)) + (b - shadow)


def two_product(a: Floats, b: Floats | float) -> tuple[Floats, Floats]:
    """Returns a * b rounded, and what rounding left off, both exact together unless they underflow."""
    product = a * b
    (a_high, a_low), (b_high, b_low) = _split(a), _split(b)
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def _split(a: Floats | float) -> tuple[Floats, Floats]:
    spread = SPLITTER * np.asarray(a)
    high = spread - (spread - a)
    return high, a - high


def dot(a: Floats, b: Floats) -> tuple[float, float]:
    """Returns the inner product of two columns [n] as the sum of two floats, added pair by pair."""
    head, tail = two_product(a, b)
    while len(head) > 1:
        if len(head) % 2:
            head, tail = np.append(head, 0.0), np.append(tail, 0.0)
        total, error = two_sum(head[::2], head[1::2])
        head, tail = two_sum(total, error + (tail[::2] + tail[1::2]))
    return float(head[0]), float(tail[0])
