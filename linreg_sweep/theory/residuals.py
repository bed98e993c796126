"""The residuals on held-out rows of descents along their eigenvectors, and what they cost at any factors."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from linreg_sweep.array_types import Floats, Indices, Integers
from linreg_sweep.theory.held_out import HeldOut
from linreg_sweep.theory.quadratic import Quadratic
from linreg_sweep.theory.sums import combined, total


@dataclass(frozen=True)
class Residuals:
    """Residuals on held-out rows of k trials along their eigenvectors, in the axes of the rows' triangle.

    Attributes:
        end: where all errors are gone [m, O, k or 1].
        along: what a unit along each eigenvector adds [m, P, k or 1].
        errors: at the start, along the eigenvectors [P, O, k].
        n_entries: held-out rows times targets.
    """

    end: Floats
    along: Floats
    errors: Floats
    n_entries: int

    @classmethod
    def of(cls, held_out: HeldOut, quadratic: Quadratic, errors: Floats) -> "Residuals":
        """Returns those of trials that descend this with these errors at the start [P, O, k]."""
        one = (1,)
        away = quadratic.optimum - held_out.optimum.reshape(*held_out.optimum.shape, *one)
        away = away + (quadratic.optimum_low - held_out.optimum_low.reshape(*held_out.optimum.shape, *one))
        triangle = held_out.triangle[..., None]
        end = held_out.rest[..., None] - combined(triangle, away)
        along = -combined(triangle, quadratic.eigenvectors)
        return cls(end, along, errors, held_out.n_rows * held_out.rest.shape[1])

    def take(self, columns: Indices) -> "Residuals":
        """Returns those of some trials."""
        end, along = (
            each if each.shape[-1] == 1 else each.take(columns, axis=-1) for each in (self.end, self.along)
        )
        return Residuals(end, along, self.errors.take(columns, axis=-1), self.n_entries)

    def cost(self, factors: Floats) -> Floats:
        """Returns the cost [k] of trials whose errors these factors [P, k] have shrunk."""
        total: Floats = np.zeros(factors.shape[1])
        with np.errstate(all="ignore"):  # diverged trials overflow
            for row, ends in zip(self.along, self.end, strict=True):
                for target, left in enumerate(ends):
                    residual = left + np.zeros(factors.shape[1])
                    for vector, factor, error in zip(row, factors, self.errors[:, target], strict=True):
                        residual += vector * factor * error
                    total += residual * residual
            total /= self.n_entries
        return total

    def shrunk(self, factors: Floats) -> "Residuals":
        """Returns those of errors that these factors [P, k] have shrunk."""
        return Residuals(self.end, self.along, self.errors * factors[:, None], self.n_entries)

    def quadratic_form(self) -> tuple[Floats, Floats]:
        """Returns what the cost is made of at any factors, times the entries and but for a constant.

        Returns:
            The weight of each factor [P, k], and of each product of two [P (P + 1) / 2, k], of the first with
            each from itself on, then of the second, and so on.
        """
        errors, squares = self.errors, []
        slope = np.zeros((*errors.shape[:2], 1))  # of the cost in each factor, by a unit of its error
        for row, ends in zip(self.along, self.end, strict=True):
            slope = slope + 2 * row[:, None] * ends
        linear = total(np.moveaxis(slope * errors, 1, 0))
        for one in range(len(errors)):
            for other in range(one, len(errors)):
                shared = total(self.along[:, one] * self.along[:, other])
                square = total(errors[one] * errors[other]) * shared
                squares.append(square if one == other else 2 * square)
        return linear, np.stack(squares)

    @cached_property
    def reach(self) -> Floats:
        """The length of what each error adds to the residuals at the start [P, k]."""
        return np.sqrt(total(self.along**2)) * np.sqrt(total(np.moveaxis(self.errors**2, 1, 0)))


Cost = Callable[[Indices, Integers], Floats]
"""Returns the costs of some trials, at an epoch each."""


def are_all(columns: Indices, count: int) -> bool:
    """Returns whether indices are those of all trials, in their order."""
    return len(columns) == count and bool((columns[1:] > columns[:-1]).all())


class Best:
    """The least cost so far of k trials; of equal ones the first."""

    def __init__(self, epoch: Integers, cost: Floats) -> None:
        """Begins with the cost of one epoch of each [k], where it is a number."""
        is_known = ~np.isnan(cost)
        self.epoch, self.cost = np.where(is_known, epoch, 0), np.where(is_known, cost, np.inf)

    def see(self, columns: Indices, epoch: Integers, cost: Floats) -> None:
        """Notes costs of trials, of which some may be there several times."""
        if (columns[1:] <= columns[:-1]).any():
            columns, epoch, cost = self._one_each(columns, epoch, cost)
        at = slice(None) if are_all(columns, len(self.cost)) else columns
        so_far, when = self.cost[at], self.epoch[at]
        lower = (cost < so_far) | ((cost == so_far) & (epoch < when))
        self.epoch[at], self.cost[at] = np.where(lower, epoch, when), np.where(lower, cost, so_far)

    def _one_each(self, columns: Indices, epoch: Integers, cost: Floats) -> tuple[Indices, Integers, Floats]:
        """Returns the least cost of each trial, of equal ones the first."""
        for_each = np.lexsort((epoch, cost, columns))
        first = np.append(True, columns[for_each][1:] != columns[for_each][:-1])
        rows = for_each[first]
        return columns[rows], epoch[rows], cost[rows]
