"""The residuals on held-out rows of descents along their eigenvectors, and what they cost at any factors."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from linreg_sweep.array_types import Floats, Indices, Integers
from linreg_sweep.theory.held_out import HeldOut
from linreg_sweep.theory.quadratic import Quadratic
from linreg_sweep.theory.sums import combined, of_columns, total


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

    def take(self, columns: Indices | slice) -> "Residuals":
        """Returns those of some trials."""
        end, along = (
            each if each.shape[-1] == 1 else of_columns(each, columns) for each in (self.end, self.along)
        )
        return Residuals(end, along, of_columns(self.errors, columns), self.n_entries)

    def cost(self, factors: Floats) -> Floats:
        """Returns the cost [k] of trials whose errors these factors [P, k] have shrunk."""
        with np.errstate(all="ignore"):  # diverged trials overflow
            left = combined(self.along, factors[:, None] * self.errors)
            left += self.end
            left *= left
            return np.asarray(total(left.reshape(left.shape[0] * left.shape[1], -1)) / self.n_entries)

    def shrunk(self, factors: Floats) -> "Residuals":
        """Returns those of errors that these factors [P, k] have shrunk."""
        return Residuals(self.end, self.along, self.errors * factors[:, None], self.n_entries)

    def quadratic_form(self) -> list[Floats]:
        """Returns what the cost is made of at any factors, times the entries and but for a constant.

        Returns:
            The weight [k] of each factor, and of each product of two, of the first with each from itself on,
            then of the second, and so on: P + P (P + 1) / 2.
        """
        errors = self.errors
        slope = np.zeros((*errors.shape[:2], 1))  # of the cost in each factor, by a unit of its error
        for row, ends in zip(self.along, self.end, strict=True):
            slope = slope + 2 * row[:, None] * ends
        weights = list(total(np.moveaxis(slope * errors, 1, 0)))
        for one in range(len(errors)):
            shared = total(self.along[:, one, None] * self.along[:, one:])
            shared[1:] *= 2
            weights.extend(total(np.moveaxis(errors[one] * errors[one:], 1, 0)) * shared)
        return weights

    @cached_property
    def reach(self) -> Floats:
        """The length of what each error adds to the residuals at the start [P, k]."""
        return np.sqrt(total(self.along**2)) * np.sqrt(total(np.moveaxis(self.errors**2, 1, 0)))


class Best:
    """The least cost so far of k trials; of equal ones the first."""

    def __init__(self, epoch: Integers, cost: Floats) -> None:
        """Begins with the cost of one epoch of each [k], where it is a number."""
        is_known = ~np.isnan(cost)
        self.epoch, self.cost = np.where(is_known, epoch, 0), np.where(is_known, cost, np.inf)

    def see(self, columns: Indices, epoch: Integers, cost: Floats) -> None:
        """Notes costs of trials, of which some may be there several times."""
        if (columns[1:] > columns[:-1]).all():  # none is, which goes sooner
            self._see_each(columns, epoch, cost)
            return
        before = self.cost[columns]
        np.fmin.at(self.cost, columns, cost)
        least = self.cost[columns]
        self.epoch[columns[least < before]] = np.iinfo(np.int64).max
        is_least = cost == least
        np.minimum.at(self.epoch, columns[is_least], epoch[is_least])

    def _see_each(self, columns: Indices, epoch: Integers, cost: Floats) -> None:
        """Notes a cost of trials each, which ascend."""
        lie_together = len(columns) and columns[-1] - columns[0] == len(columns) - 1
        where = slice(columns[0], columns[-1] + 1) if lie_together else columns
        before, known = self.cost[where], self.epoch[where]
        first = np.where(cost == before, np.minimum(epoch, known), known)
        self.epoch[where] = np.where(cost < before, epoch, first)
        self.cost[where] = np.fmin(cost, before)
