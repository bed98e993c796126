"""Every trial in one stroke: state, cost and events at any epoch from the spectrum, no epoch iterated.

In the eigenvectors' coordinates each error moves by itself (`modes.py`), so a trial costs the same
whatever its number of epochs and whatever the number of rows. Full batch only; float64 only.
"""

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.engines.first_events import Levels, momentum_events, plain_events
from linreg_sweep.engines.interface import (
    Floats,
    History,
    Integers,
    Page,
    Results,
    Schedule,
    Trials,
    history_of,
    merge,
)
from linreg_sweep.engines.modes import MomentumModes, PlainModes, momentum_modes, plain_modes
from linreg_sweep.theory.outcome import MISSING
from linreg_sweep.theory.problem import Problem

Indices = NDArray[np.intp]

BLOCK = 32768
"""Numbers of theta that are worked on together: few enough for the cache."""


def train(problem: Problem, trials: Trials, schedule: Schedule) -> Results:
    """Tells what K trials of full-batch gradient descent come to.

    Args:
        problem: its spectrum, its optimum and how cost follows from them.
        trials: learning_rate [K], theta_0 [K, P, O], epochs [K], momentum.
        schedule: when a trial has ended, and which states are kept; batches, precision and device
            are of no account.

    Returns:
        The results of all K trials, exact but for the rounding of a few operations.

    Source: Goh, Why Momentum Really Works, Distill 2017.
    """
    momentum = np.broadcast_to(np.asarray(trials.momentum, np.float64), (len(trials),))
    width = max(1, BLOCK // (problem.shape[0] * problem.shape[1]))
    kinds = [np.flatnonzero(momentum == 0), np.flatnonzero(momentum != 0)]
    blocks = [kind[first : first + width] for kind in kinds for first in range(0, len(kind), width)] or [
        np.empty(0, np.intp)
    ]
    with np.errstate(all="ignore"):  # diverged trials overflow
        results = [_train_block(problem, trials, momentum, schedule, _contiguous(block)) for block in blocks]
    return merge(blocks, results)


def _contiguous(block: Indices) -> Indices | slice:
    """Returns the slice that indices are, where they are one: it copies nothing."""
    if len(block) and block[-1] - block[0] + 1 == len(block):
        return slice(int(block[0]), int(block[-1]) + 1)
    return block


def _train_block(
    problem: Problem, every: Trials, momenta: Floats, schedule: Schedule, block: Indices | slice
) -> Results:
    """Returns the results of k trials that all have momentum, or all have none."""
    trials, momentum = every.take(block), momenta[block]
    start = np.moveaxis(trials.start, 0, -1) - problem.optimum[..., None]
    start -= problem.optimum_tail[..., None]
    errors = _rotated(problem.eigenvectors.T, start)
    energy = _energy(problem, errors)
    levels = Levels(
        np.broadcast_to(np.asarray(schedule.converged_excess), schedule.diverged_excess.shape)[block],
        np.minimum(schedule.diverged_excess[block], np.finfo(np.float64).max),
        trials.epochs.astype(np.float64),
    )
    spectrum = problem.eigenvalues, problem.eigenvalue_tails
    modes: PlainModes | MomentumModes
    if momentum.any():
        modes = momentum_modes(trials.learning_rate, momentum, *spectrum, nesterov=schedule.nesterov)
        modes = modes.still_where(energy == 0)
        converged, diverged = momentum_events(modes, energy, levels, early_stop=schedule.early_stop)
    else:
        modes = plain_modes(trials.learning_rate, *spectrum).still_where(energy == 0)
        converged, diverged = plain_events(modes.log, energy, levels)

    end = np.where(diverged == MISSING, trials.epochs, diverged)
    if schedule.early_stop:
        end = np.where(converged == MISSING, end, np.minimum(converged, end))
    converged[converged > end] = MISSING
    diverged[diverged > end] = MISSING
    return Results(
        theta=_states(problem, modes, errors, end, trials.start),
        epochs=end,
        converged_at=converged,
        diverged_at=diverged,
        contraction=np.where(end < 2, np.nan, _contraction(modes, errors)),
        history=_history(problem, modes, errors, end, schedule.history_epochs, trials.start),
    )


def _rotated(rows: Floats, vectors: Floats) -> Floats:
    """Returns rows [P, P] times vectors [P, O, k], summed in a fixed order."""
    rotated = np.empty_like(vectors)
    for row, out in zip(rows, rotated, strict=True):
        np.multiply(row[0], vectors[0], out=out)
        for number, vector in zip(row[1:], vectors[1:], strict=True):
            out += number * vector
    return rotated


def _energy(problem: Problem, errors: Floats) -> Floats:
    """Returns each eigenvector's share [P, k] of the excess cost of errors [P, O, k] along them."""
    squares = errors[:, 0] ** 2
    for column in range(1, errors.shape[1]):
        squares += errors[:, column] ** 2
    share: Floats = (problem.eigenvalues * problem.cost_per_loss)[:, None] * squares
    return share


def _states(
    problem: Problem, modes: PlainModes | MomentumModes, errors: Floats, epoch: Integers, start: Floats
) -> Floats:
    """Returns the states [k, P, O] of trials at an epoch [k] each; at epoch 0 the start [k, P, O] itself."""
    moved = modes.factors(epoch.astype(np.float64))[:, None] * errors
    theta = problem.optimum[..., None] + _rotated(problem.eigenvectors, moved)
    states = np.ascontiguousarray(np.moveaxis(theta, -1, 0))
    unmoved = epoch == 0
    states[unmoved] = start[unmoved]
    return states


def _contraction(modes: PlainModes | MomentumModes, errors: Floats) -> Floats:
    """Returns <d_2, d_1> / <d_1, d_1> [k] of the first two steps d."""
    squares = (errors**2).sum(axis=1)
    both, first = np.zeros(squares.shape[1]), np.zeros(squares.shape[1])
    for square, one, two in zip(squares, modes.first_step, modes.second_step, strict=True):
        both += square * one * two
        first += square * one * one
    return both / first


def _history(
    problem: Problem,
    modes: PlainModes | MomentumModes,
    errors: Floats,
    end: Integers,
    epochs: Integers,
    start: Floats,
) -> History:
    pages: list[Page] = []
    for epoch in epochs.tolist():
        there = np.flatnonzero(end >= epoch)
        if len(there):
            at = np.full(len(there), epoch)
            states = _states(problem, modes.take(there), errors[..., there], at, start[there])
            pages.append((there, epoch, states))
    return history_of(pages, problem.shape)
