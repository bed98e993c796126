"""Every trial of mini-batches in file order in one stroke: its epochs are one map, and its powers lead on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from linreg_sweep.array_types import Floats, Indices, Integers
from linreg_sweep.engines.interface import Page, Results, TrainOptions, Trials, history_of
from linreg_sweep.theory.changing_maps import ENOUGH, KEPT, Epochs
from linreg_sweep.theory.epoch_events import Bounds, Ladder, bounds_of, epoch_events, ladder_of
from linreg_sweep.theory.epoch_steps import Batches
from linreg_sweep.theory.file_order import FileOrder
from linreg_sweep.theory.first_events import Levels
from linreg_sweep.theory.outcome import MISSING
from linreg_sweep.theory.problem import Problem
from linreg_sweep.theory.rounding import Rounding, Steps, steps_of
from linreg_sweep.theory.scheduled_order import ScheduledOrder
from linreg_sweep.theory.watching import WAYS, Ends, ends_of


@dataclass(frozen=True)
class _Descent:
    """k trials in a frame in which the square of a length is an excess.

    Attributes:
        trials: what they are.
        options: how they descend.
        batches: the steps of an epoch.
        levels: between which they have no event.
        error: of their starts, in theta [k, P, O].
        start: where they begin [k, D, O].
        ladder: what epochs do to them.
        bounds: how far errors move.
    """

    trials: Trials
    options: TrainOptions
    batches: Batches
    levels: Levels
    error: Floats
    start: Floats
    ladder: Ladder
    bounds: Bounds

    def events(self, levels: Levels) -> tuple[Integers, Integers, Integers]:
        """Returns converged_at, diverged_at and the epochs done."""
        early_stop = self.options.early_stop
        return epoch_events(self.ladder, self.bounds, self.start, levels, early_stop=early_stop)

    def errors_at(self, epochs: Integers) -> Floats:
        """Returns the errors in the frame after so many epochs [k]."""
        return self.ladder.maps.errors(self.ladder.after(self.start, epochs))

    def moved_by(self, epochs: Integers) -> Floats:
        """Returns how far trials are from their starts after so many epochs [k], in theta [k, P, O]."""
        return np.asarray(self.batches.frame.back @ (self.errors_at(epochs) - self.errors_at(0 * epochs)))

    def states(self, epochs: Integers) -> Floats:
        """Returns the states [k, P, O] after so many epochs [k]; the start itself after none."""
        quadratic, frame = self.trials.quadratic, self.batches.frame
        optimum, low = (np.moveaxis(each, -1, 0) for each in (quadratic.optimum, quadratic.optimum_low))
        still = self.error - frame.back @ (frame.into @ self.error)  # along what is flat
        found = optimum + (frame.back @ self.errors_at(epochs) + still + low)
        return np.where((epochs == 0)[:, None, None], self.trials.start, found)


def trained(problem: Problem, trials: Trials, options: TrainOptions) -> Iterator[tuple[Indices, Results]]:
    """Yields what trials on mini-batches in file order come to, by blocks of them; see closed_form.train."""
    return ((block, _results(descent)) for block, descent in _descents(problem, trials, options))


def foreseen(problem: Problem, trials: Trials, options: TrainOptions) -> Iterator[tuple[Indices, Ends]]:
    """Yields how such trials end that descend in floating point, likewise; see closed_form.foresee."""
    if options.method.schedule is not None:
        return _followed(problem, trials, options)
    return ((block, _watch(problem, descent)) for block, descent in _descents(problem, trials, options))


def _descents(problem: Problem, trials: Trials, options: TrainOptions) -> Iterator[tuple[Indices, _Descent]]:
    """Yields indices of trials that are worked on together, and the trials."""
    theory, every = FileOrder(options.method, problem), np.arange(len(trials))
    n_rungs = int(trials.epochs.max(initial=1)).bit_length() + 1
    for block in theory.blocks(trials.values, 3 * n_rungs) if len(trials) else (slice(0, 0),):
        these = trials.take(block)
        quadratic = these.quadratic
        batches = theory.batches(quadratic, these.values)
        maps = theory.maps(quadratic, these.values, batches)
        ladder = ladder_of(maps, int(these.epochs.max(initial=1)))
        error = quadratic.error(these.start)
        yield (
            every[block],
            _Descent(
                these,
                options,
                batches,
                options.levels(these.epochs, block),
                error,
                maps.begin(batches.frame.into @ error),
                ladder,
                bounds_of(ladder),
            ),
        )


def _results(descent: _Descent) -> Results:
    converged, diverged, end = descent.events(descent.levels)
    one = descent.moved_by(np.minimum(end, 1))
    two = descent.moved_by(np.minimum(end, 2)) - one
    contraction = (one * two).sum(axis=(1, 2)) / (one * one).sum(axis=(1, 2))
    pages: list[Page] = []
    for epoch in descent.options.history_epochs.tolist():
        there = np.flatnonzero(end >= epoch)
        if len(there):
            pages.append((there, epoch, descent.states(np.full(len(end), epoch))[there]))
    return Results(
        theta=descent.states(end),
        epochs=end,
        converged_at=converged,
        diverged_at=diverged,
        contraction=np.where(end < 2, np.nan, contraction),
        history=history_of(pages, (descent.error.shape[1], descent.error.shape[2])),
    )


def _watch(problem: Problem, descent: _Descent) -> Ends:
    """Returns how trials end along each way."""
    steps = _steps(problem, descent.trials, descent.options, descent.batches)
    maps = descent.ladder.maps
    steps = replace(steps, most=steps.most / np.where(maps.overflows, 1, maps.peak))
    levels, found = descent.levels, []
    overflow = steps.overflow(descent.trials.quadratic.cost_per_loss)
    bounds: Rounding | None = None
    for way in WAYS:
        if bounds is not None:
            levels = bounds.around(descent.levels, way, overflow)
        converged, diverged, end = descent.events(levels)
        settled = converged != MISSING
        if not descent.options.early_stop:
            settled = (descent.errors_at(end) ** 2).sum(axis=(1, 2)) <= levels.low
        found.append((converged, diverged, end, settled))
        if bounds is None:
            bounds = _rounding(descent, steps, end, diverged)
    return Ends(*(np.stack(parts) for parts in zip(*found, strict=True)))


def _followed(problem: Problem, trials: Trials, options: TrainOptions) -> Iterator[tuple[Indices, Ends]]:
    """Yields how trials under a schedule end, epoch by epoch, as far as they are followed."""
    theory = ScheduledOrder(options.method, problem)
    n_maps = theory.n_maps(trials.quadratic, trials.values, trials.epochs)
    followed = np.flatnonzero(n_maps < np.inf)
    own = {name: each[followed] for name, each in trials.values.items()}
    held = min(KEPT, int(n_maps[followed].max(initial=1)))
    for block in theory.constant.blocks(own, held):
        some = followed[block]
        these = trials.take(some)
        quadratic, values = these.quadratic, these.values
        batches, momentum = theory.constant.batches(quadratic, values), theory.momentum(values)
        error = quadratic.error(these.start)
        steps = _steps(problem, these, options, batches)
        rates = theory.rates(quadratic, values, these.epochs, options.dtype)
        epochs = Epochs(batches, momentum, rates, error, steps, held)
        levels = options.levels(these.epochs, some)
        overflow = steps.overflow(quadratic.cost_per_loss)
        yield some, ends_of(epochs, levels, early_stop=options.early_stop, overflow=overflow)


def _steps(problem: Problem, trials: Trials, options: TrainOptions, batches: Batches) -> Steps:
    """Returns what a step on a batch rounds, the sums over its rows among it."""
    found = steps_of(problem, trials.quadratic, trials.start, trials.values, options.dtype)
    unit = found.unit + batches.n_rows * float(np.finfo(options.dtype).eps)
    steepest = np.broadcast_to(batches.steepest, found.error.shape)
    most = found.most * np.minimum(1, found.steepest / steepest)
    return replace(found, unit=unit, steepest=steepest, constant=batches.constant, most=most)


def _rounding(descent: _Descent, steps: Steps, end: Integers, diverged: Integers) -> Rounding:
    """Returns how far rounding may have carried trials until they ended."""
    maps, rate = descent.ladder.maps, descent.trials.learning_rate
    within = np.where(diverged == MISSING, end, np.maximum(end - 1, 0))
    looked_at = (0 * within, np.minimum(within, 1), within)
    sizes = [np.linalg.norm(descent.error + descent.moved_by(at), axis=(1, 2)) for at in looked_at]
    error = ENOUGH * np.maximum.reduce(sizes) * maps.risen
    gathered = np.fmin(descent.ladder.gathered_within(end), descent.bounds.gathered_within(end))
    moved = np.nan_to_num(steps.rounding(rate, error) * maps.spread * gathered, nan=np.inf)
    moved[maps.overflows & (diverged != MISSING)] = 0
    pace = descent.batches.n_steps * end * steps.pace(rate)
    return Rounding(moved, steps.stretch(pace))
