"""Trials along the eigenvectors of what they descend, some at a time: how each error moves there by itself.

At a constant rate it does so in closed form (`theory/modes.py`), so a trial costs the same whatever its
number of epochs and whatever the number of rows; under a schedule its factors are multiplied, epoch by epoch
(`theory/course.py`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from linreg_sweep import averages, variants
from linreg_sweep.array_types import Floats, Indices, Integers
from linreg_sweep.engines.interface import History, Page, Results, TrainOptions, Trials, history_of
from linreg_sweep.method import Method
from linreg_sweep.schedules import declared as schedules
from linreg_sweep.theory.averaging import ema_factors, mean_factors
from linreg_sweep.theory.course import Course
from linreg_sweep.theory.first_events import Levels
from linreg_sweep.theory.modes import MomentumModes, PlainModes, momentum_modes, plain_modes
from linreg_sweep.theory.rotation import whole_blocks
from linreg_sweep.theory.sums import total

Modes = PlainModes | MomentumModes

BLOCK = 131072
"""Numbers of theta that are worked on together: few enough for the cache."""

COURSE_BLOCK = 8192
"""Likewise where epochs are gone through one by one."""


def blocks_of(trials: Trials, method: Method) -> Iterator[tuple[Indices, bool]]:
    """Yields indices of trials that are worked on together, and whether their epochs are gone through."""
    momentum = trials.values.get("momentum", np.zeros(len(trials)))
    shape, has_course = (trials.start.shape[1], trials.start.shape[2]), method.schedule is not None
    width = whole_blocks((COURSE_BLOCK if has_course else BLOCK) // max(1, shape[0] * shape[1]), shape)
    every, plain = np.arange(len(trials)), momentum == 0
    for indices in (every,) if has_course else (every[plain], every[~plain]):
        for first in range(0, len(indices), width):
            yield indices[first : first + width], has_course
    if not len(trials):
        yield np.empty(0, np.intp), False


def _contiguous(block: Indices) -> Indices | slice:
    """Returns the slice that indices are, where they are one: it copies nothing."""
    if len(block) and block[-1] - block[0] + 1 == len(block):
        return slice(int(block[0]), int(block[-1]) + 1)
    return block


@dataclass(frozen=True)
class Descent:
    """k trials along the eigenvectors of what they descend.

    Attributes:
        trials: what they are.
        options: how they descend.
        levels: between which they have no event.
        errors: of their starts along the eigenvectors [P, O, k].
        energy: each eigenvector's share of the excess of the start [P, k].
    """

    trials: Trials
    options: TrainOptions
    levels: Levels
    errors: Floats
    energy: Floats

    @cached_property
    def modes(self) -> Modes:
        """How errors move at a constant rate, all trials with momentum or all without."""
        values, quadratic = self.trials.values, self.trials.quadratic
        momentum, spectrum = values.get("momentum"), (quadratic.eigenvalues, quadratic.lows)
        rate, nesterov = self.trials.learning_rate, self.is_nesterov
        if momentum is None or not momentum.any():
            return plain_modes(rate, *spectrum)
        dampening = values.get("dampening")
        return momentum_modes(rate, momentum, *spectrum, nesterov=nesterov, dampening=dampening)

    @cached_property
    def moving(self) -> Modes:
        """The same, those without an error to move still."""
        return self.modes.still_where(self.energy == 0)

    def course(self, dtype: str) -> Course:
        """Returns how errors move from epoch to epoch, at rates rounded to a precision."""
        trials, method = self.trials, self.options.method
        quadratic, values = trials.quadratic, trials.values

        def rates(columns: Indices, first: int, n_epochs: int) -> Floats:
            rate = trials.learning_rate[columns]
            if method.schedule is None:
                return np.broadcast_to(rate, (n_epochs, len(columns)))
            flattest, steepest = _of(quadratic.flattest, columns), _of(quadratic.steepest, columns)
            varied = {name: value[columns] for name, value in values.items()}
            epochs = trials.epochs[columns].astype(np.float64)
            factors = schedules.factors(method.schedule, first, n_epochs, epochs, flattest, steepest, varied)
            return np.asarray((factors * rate).astype(dtype).astype(np.float64))

        momentum = values.get("momentum")
        has_momentum = "momentum" in method.active and momentum is not None
        dampening = values.get("dampening") if "dampening" in method.active else None
        return Course(
            curvature=np.broadcast_to(quadratic.eigenvalues, self.energy.shape),
            lows=np.broadcast_to(quadratic.lows, self.energy.shape),
            momentum=momentum if has_momentum else None,
            gain=None if dampening is None else 1 - dampening,
            nesterov=self.is_nesterov,
            rates=rates,
        )

    def weights(self, columns: Indices, first: int, n_epochs: int) -> Floats:
        """Returns the weights of states in their average; see averages.py."""
        varied = {name: value[columns] for name, value in self.trials.values.items()}
        return averages.weights(self.options.method.average, first, n_epochs, 1, varied)

    def average(self, end: Integers) -> Floats:
        """Returns the factors [P, k] of averages of trials at a constant rate that end at these epochs."""
        values, declared = self.trials.values, self.options.method.average
        last, none = np.maximum(end, 1).astype(np.float64), np.zeros(len(end))
        momentum, dampening = values.get("momentum", none), values.get("dampening", none)
        x, nesterov = self.trials.learning_rate * self.trials.quadratic.eigenvalues, self.is_nesterov
        x = np.where(self.energy == 0, 0.0, x)  # there is no error to move
        h = variants.numbers(declared, "average.", values)
        if "decay" in h:
            return ema_factors(x, momentum, dampening, h["decay"] + none, last, nesterov=nesterov)
        first = np.minimum(averages.begins(declared, values) + 1 + none, last)
        return mean_factors(x, momentum, dampening, first, last, nesterov=nesterov)

    @property
    def is_nesterov(self) -> bool:
        """Whether momentum looks ahead."""
        return "nesterov" in self.options.method.flags

    def states(self, factors: Floats, moved: Integers) -> Floats:
        """Returns the states [k, P, O] of these factors [P, k]; the start itself where none has moved [k]."""
        quadratic, start = self.trials.quadratic, self.trials.start
        theta = quadratic.optimum + quadratic.across(factors[:, None] * self.errors)
        states = np.ascontiguousarray(np.moveaxis(theta, -1, 0))
        unmoved = moved == 0
        states[unmoved] = start[unmoved]
        return states

    def take(self, columns: Indices) -> "Descent":
        """Returns some trials."""
        levels = self.levels.take(columns)
        return Descent(
            self.trials.take(columns),
            self.options,
            levels,
            self.errors[..., columns],
            self.energy[:, columns],
        )

    def results(
        self,
        ends: tuple[Integers, Integers, Integers],
        factors: tuple[Floats, Floats, Floats],
        pages: Iterator[Floats],
        average: Floats | None,
    ) -> Results:
        """Returns the results of trials.

        Args:
            ends: converged_at, diverged_at and the epochs done.
            factors: at the end, and the first two steps.
            pages: the factors at each epoch of the history, of the trials that came to it.
            average: of the factors.
        """
        converged, diverged, end = ends
        at_end, *steps = factors
        averaged = None
        if average is not None:
            averaged = self.states(average, np.ones_like(end))
            averaged[end <= averages.begins(self.options.method.average, self.trials.values)] = np.nan
        return Results(
            theta=self.states(at_end, end),
            epochs=end,
            converged_at=converged,
            diverged_at=diverged,
            contraction=np.where(end < 2, np.nan, self._contraction(*steps)),
            history=self._history(end, pages),
            average=averaged,
        )

    def _contraction(self, one: Floats, two: Floats) -> Floats:
        """Returns <d_2, d_1> / <d_1, d_1> [k] of the first two steps d."""
        squares = (self.errors**2).sum(axis=1)
        return total(squares * one * two) / total(squares * one * one)

    def _history(self, end: Integers, factors: Iterator[Floats]) -> History:
        pages: list[Page] = []
        for epoch in self.options.history_epochs.tolist():
            there = np.flatnonzero(end >= epoch)
            if len(there):
                at = np.full(len(there), epoch)
                pages.append((there, epoch, self.take(there).states(next(factors), at)))
        return history_of(pages, (self.errors.shape[0], self.errors.shape[1]))


def _of(numbers: Floats, columns: Indices) -> Floats:
    """Returns numbers [K] of some trials, or the one [1] of all."""
    return numbers if len(numbers) == 1 else numbers[columns]


def begin(every: Trials, options: TrainOptions, block: Indices) -> Descent:
    """Returns some of all trials along their eigenvectors."""
    these = _contiguous(block)
    trials, quadratic = every.take(these), every.quadratic.take(these)
    start = np.moveaxis(trials.start, 0, -1) - quadratic.optimum
    start -= quadratic.optimum_low
    errors = quadratic.along(start)
    levels = options.levels(trials.epochs, these)
    return Descent(trials, options, levels, errors, quadratic.energy(errors))
