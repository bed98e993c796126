"""What trials descend: a quadratic in theta, the loss and a penalty, along its eigenvectors.

With J = cost + penalty in units of y squared, `J - J_min = tr(e^T H e) / (k n O)`, e = theta - theta*.
Without a penalty all trials descend the same, and J is the cost.
"""

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from linreg_sweep.array_types import Floats, Indices
from linreg_sweep.theory.rotation import rotated, whole_blocks
from linreg_sweep.theory.sums import total

Chosen = Indices | slice

VISIBLE = 1e-28
"""Share of the scale above which the cost of rounding the optimum is told apart from its own rounding."""

TOGETHER = 2**15
"""Numbers of theta whose costs are worked out together: few enough for the cache."""


@dataclass(frozen=True)
class Quadratic:
    """The quadratics of K trials, trials last: k is K, or 1 where all trials have the same.

    Attributes:
        eigenvalues: of H with its penalty, ascending [P, k]; exact zeros where H is singular.
        lows: what rounding left off the eigenvalues [P, k]; 0 where that is not known.
        bases: V [P, P, b], eigenvectors, one a column, in the order of the eigenvalues.
        optimum: theta* [P, O, k], of least norm where H is singular.
        optimum_low: what rounding left off the optimum [P, O, k].
        cost_at_optimum: the mean squared error there [k], in units of y squared.
        least: J there [k], in units of y squared: the cost, and what the penalty adds.
        cost_per_loss: 1/(k n O), which turns `e^T H e` into an excess.
        scale: the variance of y, see Problem.
        slope: the gradient at theta* [P, O, k] where a bound holds theta there; None: 0.
        which: the basis of each trial [k]; None: its own, or the only one.
    """

    eigenvalues: Floats
    lows: Floats
    bases: Floats
    optimum: Floats
    optimum_low: Floats
    cost_at_optimum: Floats
    least: Floats
    cost_per_loss: float
    scale: float
    slope: Floats | None = None
    which: Indices | None = None

    @cached_property
    def eigenvectors(self) -> Floats:
        """The basis of each trial [P, P, k], or the only one [P, P, 1]."""
        return self.bases if self.which is None else self.bases[..., self.which]

    @property
    def is_shared(self) -> bool:
        """Whether all trials descend the same."""
        return len(self.least) == 1

    def take(self, chosen: Chosen) -> "Quadratic":
        """Returns those of some trials, by their indices or a slice of them."""
        if self.is_shared:
            return self
        numbers = {each.name: getattr(self, each.name) for each in fields(self)}
        bases = numbers.pop("bases")  # large, and few: trials refer to theirs
        if self.which is None and bases.shape[-1] > 1:
            numbers["which"] = np.arange(bases.shape[-1])
        for name, value in numbers.items():
            if isinstance(value, np.ndarray) and value.shape[-1] > 1:
                numbers[name] = value[..., chosen]
        return Quadratic(bases=bases, **numbers)

    @property
    def steepest(self) -> Floats:
        """The largest curvature [k]."""
        steepest: Floats = self.eigenvalues[-1]
        return steepest

    @property
    def flattest(self) -> Floats:
        """The least curvature apart from 0 [k]; 0 where all are."""
        curved = np.where(self.eigenvalues > 0, self.eigenvalues, np.inf).min(axis=0)
        return np.where(np.isfinite(curved), curved, 0.0)

    @cached_property
    def visible_low(self) -> Floats | None:
        """What rounding left off the optimum [P, O, k], 0 where its cost does not show; None: nowhere."""
        along = self.along(self.optimum_low)
        cost = (self.eigenvalues * (along**2).sum(axis=1)).sum(axis=0) * self.cost_per_loss
        low = np.where(cost > VISIBLE * self.scale, self.optimum_low, 0.0)
        return low if low.any() else None

    def error(self, theta: Floats) -> Floats:
        """Returns how far states [K, P, O] lie from the optimum, likewise."""
        optimum, low = (np.moveaxis(each, -1, 0) for each in (self.optimum, self.optimum_low))
        return np.asarray(theta - optimum - low)

    def excess(self, theta: Floats) -> Floats:
        """Returns how far J lies above its least, never below 0, for each trial's state.

        Args:
            theta: [K, P, O].

        Returns:
            [K], in units of y squared, to full relative precision: it is a sum of squares along the
            eigenvectors, not a difference of costs, and each trial's bits are its own.
        """
        found = np.empty(len(theta))
        shape = self.optimum.shape[0], self.optimum.shape[1]
        width = whole_blocks(TOGETHER // max(1, shape[0] * shape[1]), shape)
        for first in range(0, len(theta), width):
            block = slice(first, first + width)
            columns = np.moveaxis(theta[block], 0, -1)
            found[block] = self.take(block).excess_of_columns(np.ascontiguousarray(columns))
        return found

    def excess_of_columns(self, theta: Floats) -> Floats:
        """Returns the same of states [P, O, ..., k], as [..., k]."""
        between = (1,) * (theta.ndim - 3)

        def widened(numbers: Floats) -> Floats:
            return numbers.reshape(*numbers.shape[:-1], *between, numbers.shape[-1])

        with np.errstate(over="ignore", invalid="ignore"):  # diverged trials hold infinities
            error = theta - widened(self.optimum)
            if self.visible_low is not None:
                error -= widened(self.visible_low)
            along = self.along(error)
            weights = widened((self.eigenvalues * self.cost_per_loss)[:, None])
            return total((weights * along * along).reshape(-1, *theta.shape[2:]))

    def energy(self, along: Floats) -> Floats:
        """Returns each eigenvector's share [P, k] of the excess of errors [P, O, k] along them."""
        squares = along[:, 0] ** 2
        for column in range(1, along.shape[1]):
            squares += along[:, column] ** 2
        share: Floats = self.eigenvalues * self.cost_per_loss * squares
        return share

    def along(self, error: Floats) -> Floats:
        """Returns errors [P, O, ..., k] along the eigenvectors, [P, O, ..., k] likewise."""
        return rotated(self.bases.swapaxes(0, 1), error, self.which)

    def across(self, moved: Floats) -> Floats:
        """Returns what numbers along the eigenvectors [P, O, ..., k] are in theta; undoes `along`."""
        return rotated(self.bases, moved, self.which)
