"""The mean over all draws after so many steps, of so many parameters that a step is a pass over the rows.

With momentum steps are taken one by one. Without, a step has real eigenvalues between -1 and 1 where second
moments come to rest, and a power of it is a sum of Chebyshev's polynomials, `x**t = sum of a_k T_k(x)`, of
which some ten times the root of t matter: so many steps of a recurrence take the place of t (Sachdeva and
Vishnoi, Faster Algorithms via Approximation Theory, ch. 3). The a_k fall like a bell curve, so that what is
left out is below rounding; but rounding counts against where a leap begins, so that a leap is cut in parts
where the excess falls far in it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Floats
from linreg_sweep.theory.mean_square import Modes
from linreg_sweep.theory.scatter import Scatter

Numbers = NDArray[Any]

WIDTH = 9.5
"""Standard deviations of the bell curve that are summed: beyond lies a share of 1e-20."""

LONGER = 16
"""Times that a leap is longer than the one before."""

AGAIN = 2
"""The same after a leap that lost digits, until the excess falls no more."""

FIRST = 64
"""Steps that are taken one by one before any leap: what is steep falls in them."""

LOST = 1e-10
"""Share of the excess that a leap may lose in rounding."""


@dataclass(frozen=True)
class MeanCourse:
    """How the moments of one trial move: its second moments [d, d, q, q] and means [d, q, O], in one row.

    Attributes:
        scatter: what its batches are drawn from.
        modes: what a step of their mean does.
        is_stable: whether second moments come to rest.
    """

    scatter: Scatter
    modes: Modes
    is_stable: bool

    def begin(self, error: Floats) -> Floats:
        """Returns the moments of an error in theta [P, O], which is known, at rest."""
        mean = np.zeros((len(self.modes.given), *self.scatter.offset.shape))
        mean[0] = self.scatter.into @ error - self.scatter.offset
        return np.concatenate([np.einsum("aio,bjo->abij", mean, mean).ravel(), mean.ravel()])

    def step(self, state: Floats) -> Floats:
        """Returns moments after one more step."""
        second, mean = self.parts(state)
        delta, given = self.modes.delta, self.modes.given
        scattered = self.scatter(*self._errors(second, mean))
        across = np.moveaxis(delta, 0, -1)  # [d, d, q]
        once = second + (across[:, :, None, :, None] * second).sum(axis=1)
        moved = once + (across[:, :, None, :] * once[:, None]).sum(axis=2)
        moved += np.outer(given, given)[:, :, None, None] * scattered
        return np.concatenate([moved.ravel(), (mean + np.einsum("iac,cio->aio", delta, mean)).ravel()])

    def excess(self, state: Floats) -> float:
        """Returns the expected excess."""
        return float(self.summed(*self._errors(*self.parts(state)), 1.0).real)

    def summed(self, second: Numbers, mean: Numbers, weight: complex) -> complex:
        """Returns the same of a sum of errors' second moments [q, q] and means [q, O] of such a weight."""
        offset = self.scatter.offset
        crossed = mean @ offset.T
        about = second + crossed + crossed.T + weight * offset @ offset.T
        return complex((self.scatter.excess * about).sum())

    def parts(self, state: Floats) -> tuple[Floats, Floats]:
        """Returns second moments [d, d, q, q] and means [d, q, O]."""
        d, (q, n_targets) = len(self.modes.given), self.scatter.offset.shape
        return state[: (d * q) ** 2].reshape(d, d, q, q), state[(d * q) ** 2 :].reshape(d, q, n_targets)

    def _errors(self, second: Floats, mean: Floats) -> tuple[Floats, Floats]:
        seen = self.modes.seen
        return np.einsum("a,b,abij->ij", seen, seen, second), np.einsum("a,aio->io", seen, mean)

    def after(self, state: Floats, n_steps: int, most: float = np.inf) -> Floats:
        """Returns moments after so many steps more; NaN where that takes more than so many passes."""
        leap, longer = FIRST, LONGER
        while n_steps and most >= 0:
            length = min(n_steps, leap)
            if self._leaps(length):
                shares = _shares(length)
                found, lost = self._leap(state, shares)
                most -= len(shares) - 1
                if lost > LOST:
                    leap, longer = length // 4, AGAIN
                    continue
                state = found
            else:
                for _ in range(length):
                    state = self.step(state)
                most -= length
            n_steps, leap = n_steps - length, length * longer
        return state if most >= 0 else np.full_like(state, np.nan)

    def passes(self, n_steps: int) -> float:
        """Returns the passes over the rows that so many steps mostly take; more where leaps lose digits."""
        return 3 * WIDTH * n_steps**0.5 if self._leaps(n_steps) else n_steps

    def _leaps(self, n_steps: int) -> bool:
        can_leap = self.is_stable and len(self.modes.given) == 1  # eigenvalues are real and below 1
        return can_leap and n_steps > FIRST and WIDTH * n_steps**0.5 < n_steps

    def _leap(self, state: Floats, shares: Floats) -> tuple[Floats, float]:
        """Returns moments after many steps at once, and which share of their excess rounding may be."""
        before, now, total, most = state, self.step(state), shares[0] * state, abs(self.excess(state))
        for share in shares[1:]:
            total = total + share * now
            most = max(most, abs(self.excess(now)))
            before, now = now, 2 * self.step(now) - before
        lost = len(shares) * float(np.finfo(np.float64).eps) * most
        return total, lost / max(abs(self.excess(total)), 1e-300)


def _shares(n_steps: int) -> Floats:
    """Returns how much of each of Chebyshev's polynomials a power is, from the 0th on, which add up to 1."""
    last = min(n_steps, int(WIDTH * n_steps**0.5) + 1)
    order = np.arange(n_steps % 2, last + 1, 2)
    ratio = (n_steps - order[:-1]) / (n_steps + order[:-1] + 2)
    found = np.zeros(last + 1)
    found[order] = np.cumprod(np.append(1.0, ratio))
    found[0] /= 2
    return np.asarray(found / found.sum())
