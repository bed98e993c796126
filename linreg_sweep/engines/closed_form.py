"""Every trial in one stroke: state, cost and events from the spectrum, no step taken.

In the eigenvectors' coordinates each error moves by itself (`spectral.py`). Mini-batches in file order are
those of `file_order.py`. float64 only.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from linreg_sweep.array_types import Floats, Indices
from linreg_sweep.engines import file_order
from linreg_sweep.engines.interface import Results, TrainOptions, Trials, merge
from linreg_sweep.engines.least_held_out import least_of
from linreg_sweep.engines.spectral import Descent, begin, blocks_of
from linreg_sweep.theory import course as courses
from linreg_sweep.theory.course import Watch
from linreg_sweep.theory.first_events import constant_events
from linreg_sweep.theory.outcome import MISSING
from linreg_sweep.theory.problem import Problem
from linreg_sweep.theory.rounding import Steps, bound_rounding, steps_of
from linreg_sweep.theory.watching import WAYS, Ends


def train(problem: Problem, trials: Trials, options: TrainOptions) -> Results:
    """Tells what K trials of gradient descent come to whose steps see all rows, or batches in file order.

    Args:
        problem: for the shape of theta.
        trials: their numbers, starts and what they descend.
        options: when a trial has ended, how it descends, which states are kept, and which rows are held
            out; precision and device are of no account.

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
    for block, has_course in blocks_of(trials, options.method):
        descent = begin(trials, options, block)
        results = _follow_course(descent) if has_course else _jump(descent)
        if options.held_out is not None:
            results = replace(results, least=least_of(descent, options.held_out, results.epochs))
        yield block, results


def foresee(problem: Problem, trials: Trials, options: TrainOptions) -> Ends:
    """Tells how K trials that descend in floating point end, along each of theory/watching.py's WAYS.

    Args:
        problem: what they are trained on.
        trials: their numbers as declared.
        options: when a trial has ended, how it descends, and in which precision.
    """
    epochs = np.full((len(WAYS), len(trials)), MISSING)  # of those that are not followed
    found = Ends(epochs, epochs.copy(), epochs.copy(), epochs.astype(np.bool_))
    with np.errstate(all="ignore"):
        trials, by_map = _as_seen(trials, options), options.method.batch_size is not None
        for block, ends in (file_order.foreseen if by_map else _foreseen)(problem, trials, options):
            for whole, part in zip(vars(found).values(), vars(ends).values(), strict=True):
                whole[:, block] = part
    return found


def _foreseen(problem: Problem, trials: Trials, options: TrainOptions) -> Iterator[tuple[Indices, Ends]]:
    """Yields indices of trials that are worked on together, and how they end along each way."""
    for block, has_course in blocks_of(trials, options.method):
        descent = begin(trials, options, block)
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


def _jump(descent: Descent) -> Results:
    """Returns the results of trials at a constant rate."""
    modes, early_stop = descent.moving, descent.options.early_stop
    ends = constant_events(modes, descent.energy, descent.levels, early_stop=early_stop)

    def pages() -> Iterator[Floats]:
        for epoch in descent.options.history_epochs.tolist():
            there = np.flatnonzero(ends[2] >= epoch)
            if len(there):
                yield modes.take(there).factors(np.full(len(there), float(epoch)))

    at_end = modes.factors(ends[2].astype(np.float64))
    average = None if descent.options.method.average is None else descent.average(ends[2])
    return descent.results(ends, (at_end, modes.first_step, modes.second_step), pages(), average)


def _follow_course(descent: Descent) -> Results:
    """Returns the results of trials whose epochs are gone through."""
    course, options = descent.course("float64").still_where(descent.energy == 0), descent.options
    found = courses.first_events(course, descent.energy, descent.levels, early_stop=options.early_stop)
    ends = found.converged[0], found.diverged[0], found.epochs[0]
    weights = None if options.method.average is None else descent.weights
    came = courses.follow(course, ends[2], options.history_epochs, weights)
    return descent.results(
        ends, (came.end, came.first_step, came.second_step), iter(came.pages), came.average
    )


def _watch_course(descent: Descent, steps: Steps) -> Ends:
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


def _watch_modes(descent: Descent, steps: Steps) -> Ends:
    """Returns how trials end along each way, at a constant rate."""
    modes, levels, early_stop = descent.moving, descent.levels, descent.options.early_stop
    bounds, overflow = None, steps.overflow(descent.trials.quadratic.cost_per_loss)
    found = []
    for way in WAYS:
        if bounds is not None:
            levels = bounds.around(descent.levels, way, overflow)
        converged, diverged, end = constant_events(modes, descent.energy, levels, early_stop=early_stop)
        settled = converged != MISSING
        if not early_stop:
            cost = descent.energy * modes.factors(end.astype(np.float64)) ** 2
            settled = np.where(descent.energy > 0, cost, 0.0).sum(axis=0) <= levels.low
        found.append((converged, diverged, end, settled))
        if bounds is None:
            rate, log = descent.trials.learning_rate, descent.modes.log
            bounds = bound_rounding(descent.trials.quadratic, steps, rate, log, end.astype(np.float64))
    return Ends(*(np.stack(parts) for parts in zip(*found, strict=True)))
