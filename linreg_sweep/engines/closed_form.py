"""Every trial in one stroke: state, cost and events from the spectrum, no step taken.

In the eigenvectors' coordinates each error moves by itself. At a constant rate it does so in closed form
(`theory/modes.py`), so a trial costs the same whatever its number of epochs and whatever the number of rows;
under a schedule its factors are multiplied, epoch by epoch (`theory/course.py`). Mini-batches in file order
are those of `file_order.py`. float64 only.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from linreg_sweep import averages, variants
from linreg_sweep.engines import file_order
from linreg_sweep.engines.interface import (
    Floats,
    History,
    Integers,
    Page,
    Results,
    TrainOptions,
    Trials,
    history_of,
    merge,
)
from linreg_sweep.method import Method
from linreg_sweep.schedules import declared as schedules
from linreg_sweep.theory import course as courses
from linreg_sweep.theory.averaging import ema_factors, mean_factors
from linreg_sweep.theory.best_epoch import Least, Residuals, least_cost, settled
from linreg_sweep.theory.course import Course, Ends, Watch
from linreg_sweep.theory.first_events import Levels, constant_events
from linreg_sweep.theory.modes import MomentumModes, PlainModes, momentum_modes, plain_modes
from linreg_sweep.theory.outcome import MISSING
from linreg_sweep.theory.problem import Problem
from linreg_sweep.theory.rotation import whole_blocks
from linreg_sweep.theory.rounding import Steps, bound_rounding, steps_of
from linreg_sweep.theory.sums import total

Indices = NDArray[np.intp]
Modes = PlainModes | MomentumModes

BLOCK = 32768
"""Numbers of theta that are worked on together: few enough for the cache."""

COURSE_BLOCK = 8192
"""Likewise where epochs are gone through one by one."""


def train(problem: Problem, trials: Trials, options: TrainOptions) -> Results:
    """Tells what K trials of gradient descent come to whose steps see all rows, or batches in file order.

    Args:
        problem: for the shape of theta.
        trials: their numbers, starts and what they descend.
        options: when a trial has ended, how it descends, and which states are kept; precision and device
            are of no account.

    Returns:
        The results of all K trials, exact but for the rounding of a few operations.

    Source: Goh, Why Momentum Really Works, Distill 2017.
    """
    with np.errstate(all="ignore"):  # diverged trials overflow
        by_map = options.method.batch_size is not None
        found = file_order.trained(problem, trials, options) if by_map else _trained(trials, options)
        return merge(*zip(*found, strict=True))


def _trained(trials: Trials, options: TrainOptions) -> Iterator[tuple[Indices, Results]]:
    """Yields indices of trials that are worked on together, and their results."""
    for block, has_course in _blocks(trials, options.method):
        descent = _begin(trials, options, block)
        yield block, _follow_course(descent) if has_course else _jump(descent)


def foresee(problem: Problem, trials: Trials, options: TrainOptions) -> Ends:
    """Tells how K trials that descend in floating point end, along each of theory/course.py's WAYS.

    Args:
        problem: what they are trained on.
        trials: their numbers as declared.
        options: when a trial has ended, how it descends, and in which precision.
    """
    epochs = np.empty((len(courses.WAYS), len(trials)), np.int64)
    found = Ends(epochs, epochs.copy(), epochs.copy(), epochs.astype(np.bool_))
    with np.errstate(all="ignore"):
        trials, by_map = _as_seen(trials, options), options.method.batch_size is not None
        for block, ends in (file_order.foreseen if by_map else _foreseen)(problem, trials, options):
            for whole, part in zip(vars(found).values(), vars(ends).values(), strict=True):
                whole[:, block] = part
    return found


def _foreseen(problem: Problem, trials: Trials, options: TrainOptions) -> Iterator[tuple[Indices, Ends]]:
    """Yields indices of trials that are worked on together, and how they end along each way."""
    for block, has_course in _blocks(trials, options.method):
        descent = _begin(trials, options, block)
        of_them = descent.trials
        steps = steps_of(problem, of_them.quadratic, of_them.start, of_them.values, options.dtype)
        yield block, _watch_course(descent, steps) if has_course else _watch_modes(descent, steps)


def _as_seen(trials: Trials, options: TrainOptions) -> Trials:
    """Returns trials with their numbers as their descent sees them, rounded to its precision.

    A schedule's factors meet the learning rate before they are.
    """
    if options.dtype == "float64":
        return trials
    whole = ("schedule.", "average.", *(["learning_rate"] if options.method.schedule is not None else []))
    values = {
        name: numbers if name.startswith(whole) else numbers.astype(options.dtype).astype(np.float64)
        for name, numbers in trials.values.items()
    }
    return replace(trials, values=values)


def _blocks(trials: Trials, method: Method) -> Iterator[tuple[Indices, bool]]:
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
class _Descent:
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

    def modes(self) -> Modes:
        """Returns how errors move at a constant rate, all trials with momentum or all without."""
        values, quadratic = self.trials.values, self.trials.quadratic
        momentum, spectrum = values.get("momentum"), (quadratic.eigenvalues, quadratic.lows)
        rate, nesterov = self.trials.learning_rate, self.is_nesterov
        if momentum is None or not momentum.any():
            return plain_modes(rate, *spectrum)
        dampening = values.get("dampening")
        return momentum_modes(rate, momentum, *spectrum, nesterov=nesterov, dampening=dampening)

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

    def take(self, columns: Indices) -> "_Descent":
        """Returns some trials."""
        levels = self.levels.take(columns)
        return _Descent(
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


def _begin(every: Trials, options: TrainOptions, block: Indices) -> _Descent:
    """Returns some of all trials along their eigenvectors."""
    these = _contiguous(block)
    trials, quadratic = every.take(these), every.quadratic.take(these)
    start = np.moveaxis(trials.start, 0, -1) - quadratic.optimum
    start -= quadratic.optimum_low
    errors = quadratic.along(start)
    levels = Levels(
        np.broadcast_to(np.asarray(options.converged_excess), options.diverged_excess.shape)[these],
        np.minimum(options.diverged_excess[these], np.finfo(np.float64).max),
        trials.epochs.astype(np.float64),
    )
    return _Descent(trials, options, levels, errors, quadratic.energy(errors))


def _jump(descent: _Descent) -> Results:
    """Returns the results of trials at a constant rate."""
    modes, early_stop = descent.modes().still_where(descent.energy == 0), descent.options.early_stop
    ends = constant_events(modes, descent.energy, descent.levels, early_stop=early_stop)

    def pages() -> Iterator[Floats]:
        for epoch in descent.options.history_epochs.tolist():
            there = np.flatnonzero(ends[2] >= epoch)
            if len(there):
                yield modes.take(there).factors(np.full(len(there), float(epoch)))

    at_end = modes.factors(ends[2].astype(np.float64))
    average = None if descent.options.method.average is None else descent.average(ends[2])
    return descent.results(ends, (at_end, modes.first_step, modes.second_step), pages(), average)


def _follow_course(descent: _Descent) -> Results:
    """Returns the results of trials whose epochs are gone through."""
    course, options = descent.course("float64").still_where(descent.energy == 0), descent.options
    found = courses.first_events(course, descent.energy, descent.levels, early_stop=options.early_stop)
    ends = found.converged[0], found.diverged[0], found.epochs[0]
    weights = None if options.method.average is None else descent.weights
    came = courses.follow(course, ends[2], options.history_epochs, weights)
    return descent.results(
        ends, (came.end, came.first_step, came.second_step), iter(came.pages), came.average
    )


def _watch_course(descent: _Descent, steps: Steps) -> Ends:
    """Returns how trials end along each way, whose epochs are gone through."""
    quadratic, options = descent.trials.quadratic, descent.options
    course = descent.course(options.dtype)
    watch = Watch(
        course=course,
        steps=steps,
        share=np.broadcast_to(quadratic.eigenvalues * quadratic.cost_per_loss, descent.energy.shape),
        weight=(descent.errors**2).sum(axis=1),
        overflow=steps.overflow(quadratic.cost_per_loss),
    )
    return courses.first_events(
        course.still_where(descent.energy == 0),
        descent.energy,
        descent.levels,
        early_stop=options.early_stop,
        watch=watch,
    )


def _watch_modes(descent: _Descent, steps: Steps) -> Ends:
    """Returns how trials end along each way, at a constant rate."""
    every, levels, early_stop = descent.modes(), descent.levels, descent.options.early_stop
    modes = every.still_where(descent.energy == 0)
    bounds, overflow = None, steps.overflow(descent.trials.quadratic.cost_per_loss)
    found = []
    for way in courses.WAYS:
        if bounds is not None:
            levels = bounds.around(descent.levels, way, overflow)
        converged, diverged, end = constant_events(modes, descent.energy, levels, early_stop=early_stop)
        settled = converged != MISSING
        if not early_stop:
            cost = descent.energy * modes.factors(end.astype(np.float64)) ** 2
            settled = np.where(descent.energy > 0, cost, 0.0).sum(axis=0) <= levels.low
        found.append((converged, diverged, end, settled))
        if bounds is None:
            rate, log = descent.trials.learning_rate, every.log
            bounds = bound_rounding(descent.trials.quadratic, steps, rate, log, end.astype(np.float64))
    return Ends(*(np.stack(parts) for parts in zip(*found, strict=True)))


def least_held_out(problem: Problem, trials: Trials, options: TrainOptions, last: Integers) -> Least:
    """Tells at which epoch K trials cost least on held-out rows.

    Args:
        problem: whose rows are held out.
        trials: their numbers.
        options: how they descend.
        last: the epochs that each does [K].
    """
    epoch, cost = np.zeros(len(trials), np.int64), np.full(len(trials), np.nan)
    held_out = problem.held_out
    if held_out is None:
        return Least(epoch, cost)
    with np.errstate(all="ignore"):
        for block, has_course in _blocks(trials, options.method):
            descent, end = _begin(trials, options, block), last[block]
            residuals = Residuals.of(held_out, descent.trials.quadratic, descent.errors)
            found = _follow_costs(descent, residuals, end) if has_course else None
            if found is None:
                found = least_cost(descent.modes().still_where(descent.energy == 0), residuals, end)
            epoch[block], cost[block] = found.epoch, found.cost
    return Least(epoch, cost)


def _follow_costs(descent: _Descent, residuals: Residuals, last: Integers) -> Least:
    """Returns the least cost on held-out rows of trials whose epochs are gone through."""
    count = len(last)
    epoch, least, final = np.zeros(count, np.int64), np.full(count, np.inf), np.full(count, np.nan)

    def look(now: int, live: Indices, factors: Floats) -> None:
        cost = residuals.take(live).cost(factors)
        lower = (cost < least[live]) & (now <= last[live])
        epoch[live[lower]], least[live[lower]] = now, cost[lower]
        ends = last[live] == now
        final[live[ends]] = cost[ends]

    course = descent.course("float64").still_where(descent.energy == 0)
    courses.follow(course, last, np.empty(0, np.int64), look=look)
    return settled(epoch, least, last, final)
