"""Every trial in one stroke: state, cost and events at any epoch from the spectrum, no epoch iterated.

In the eigenvectors' coordinates each error moves by itself (`theory/modes.py`), so a trial costs the same
whatever its number of epochs and whatever the number of rows. Full batch only; float64 only.
"""

import numpy as np
from numpy.typing import NDArray

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
from linreg_sweep.theory.first_events import Levels, momentum_events, plain_events
from linreg_sweep.theory.modes import MomentumModes, PlainModes, momentum_modes, plain_modes
from linreg_sweep.theory.outcome import MISSING
from linreg_sweep.theory.problem import Problem
from linreg_sweep.theory.quadratic import Quadratic

Indices = NDArray[np.intp]

BLOCK = 32768
"""Numbers of theta that are worked on together: few enough for the cache."""


def train(problem: Problem, trials: Trials, options: TrainOptions) -> Results:
    """Tells what K trials of full-batch gradient descent come to.

    Args:
        problem: for the shape of theta.
        trials: their numbers, starts and what they descend.
        options: when a trial has ended, how it descends, and which states are kept; precision and device
            are of no account.

    Returns:
        The results of all K trials, exact but for the rounding of a few operations.

    Source: Goh, Why Momentum Really Works, Distill 2017.
    """
    momentum = trials.values.get("momentum", np.zeros(len(trials)))
    width = max(1, BLOCK // (problem.shape[0] * problem.shape[1]))
    kinds = [np.flatnonzero(momentum == 0), np.flatnonzero(momentum != 0)]
    blocks = [kind[first : first + width] for kind in kinds for first in range(0, len(kind), width)] or [
        np.empty(0, np.intp)
    ]
    with np.errstate(all="ignore"):  # diverged trials overflow
        results = [_train_block(trials, momentum, options, _contiguous(block)) for block in blocks]
    return merge(blocks, results)


def _contiguous(block: Indices) -> Indices | slice:
    """Returns the slice that indices are, where they are one: it copies nothing."""
    if len(block) and block[-1] - block[0] + 1 == len(block):
        return slice(int(block[0]), int(block[-1]) + 1)
    return block


def _train_block(every: Trials, momenta: Floats, options: TrainOptions, block: Indices | slice) -> Results:
    """Returns the results of k trials that all have momentum, or all have none."""
    trials, momentum = every.take(block), momenta[block]
    quadratic = trials.quadratic
    start = np.moveaxis(trials.start, 0, -1) - quadratic.optimum
    start -= quadratic.optimum_tail
    errors = quadratic.along(start)
    energy = _energy(quadratic, errors)
    levels = Levels(
        np.broadcast_to(np.asarray(options.converged_excess), options.diverged_excess.shape)[block],
        np.minimum(options.diverged_excess[block], np.finfo(np.float64).max),
        trials.epochs.astype(np.float64),
    )
    spectrum = quadratic.eigenvalues, quadratic.tails
    modes: PlainModes | MomentumModes
    if momentum.any():
        nesterov = "nesterov" in options.method.flags
        modes = momentum_modes(trials.learning_rate, momentum, *spectrum, nesterov=nesterov)
        modes = modes.still_where(energy == 0)
        converged, diverged = momentum_events(modes, energy, levels, early_stop=options.early_stop)
    else:
        modes = plain_modes(trials.learning_rate, *spectrum).still_where(energy == 0)
        converged, diverged = plain_events(modes.log, energy, levels)

    end = np.where(diverged == MISSING, trials.epochs, diverged)
    if options.early_stop:
        end = np.where(converged == MISSING, end, np.minimum(converged, end))
    converged[converged > end] = MISSING
    diverged[diverged > end] = MISSING
    return Results(
        theta=_states(quadratic, modes, errors, end, trials.start),
        epochs=end,
        converged_at=converged,
        diverged_at=diverged,
        contraction=np.where(end < 2, np.nan, _contraction(modes, errors)),
        history=_history(quadratic, modes, errors, end, options.history_epochs, trials.start),
    )


def _energy(quadratic: Quadratic, errors: Floats) -> Floats:
    """Returns each eigenvector's share [P, k] of the excess cost of errors [P, O, k] along them."""
    squares = errors[:, 0] ** 2
    for column in range(1, errors.shape[1]):
        squares += errors[:, column] ** 2
    share: Floats = quadratic.eigenvalues * quadratic.cost_per_loss * squares
    return share


def _states(
    quadratic: Quadratic, modes: PlainModes | MomentumModes, errors: Floats, epoch: Integers, start: Floats
) -> Floats:
    """Returns the states [k, P, O] of trials at an epoch [k] each; at epoch 0 the start [k, P, O] itself."""
    moved = modes.factors(epoch.astype(np.float64))[:, None] * errors
    theta = quadratic.optimum + quadratic.across(moved)
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
    quadratic: Quadratic,
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
            of_these = quadratic.take(there), modes.take(there), errors[..., there]
            states = _states(*of_these, at, start[there])
            pages.append((there, epoch, states))
    return history_of(pages, (errors.shape[0], errors.shape[1]))
