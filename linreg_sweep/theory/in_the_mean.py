"""What drawn batches do in the mean over all draws: mean and second moment of the error, exactly.

Each step's batch is a draw of its own, so the second moment S of the error after a step is a linear function
of S and the mean mu before it: `S' = N S N^T + c c^T (p (T(S) - H S H) + G - X - X^T)`. N is the step on the
mean curvature H, T(S) the mean of h S h over the rows' curvatures h, G that of the squares of their gradients
at the optimum, X what goes together of the two, and p how much less a batch scatters than a row. The trace of
S is the expected excess cost, in the frame of epoch_map. With momentum the rate times the velocity stands
beside the error: in the pair p, w of epoch_map, moments are nearly singular where momentum is close to 1.

S is kept by its entries on and above the diagonal, and what a step adds to it rather than the step itself.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.blocks import blocks
from linreg_sweep.theory.epoch_map import Affine, Frame, Momentum, frame_of, growth_of
from linreg_sweep.theory.problem import Problem
from linreg_sweep.theory.quadratic import Quadratic
from linreg_sweep.theory.scatter import shares_of

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Draws:
    """What the batches of one penalty are drawn from.

    Attributes:
        frame: the coordinates, of one trial.
        curvature: of the mean of all batches, with the penalty [P, P].
        scatter: what batches add to second moments by scattering about it, from S to S [m, m].
        noise: what they add at the optimum [m].
        mixed: what goes together of the two, from the mean [P, O] to S [m, P, O].
        offset: how far the optimum of the mean of all batches lies off that of the whole [P, O].
        optimum: that of the whole, in theta [P, O].
        penalty: weight_decay.
    """

    frame: Frame
    curvature: Floats
    scatter: Floats
    noise: Floats
    mixed: Floats
    offset: Floats
    optimum: Floats
    penalty: float


def pairs(size: int) -> tuple[Indices, Indices, Floats]:
    """Returns rows and columns of entries on and above a diagonal, and how often a matrix has each."""
    row, column = np.triu_indices(size)
    return row, column, np.where(row == column, 1.0, 2.0)


def draws_of(
    problem: Problem,
    batch_size: int,
    quadratic: Quadratic,
    weight_decay: float,
    *,
    decay_bias: bool,
    replacement: bool,
) -> Draws:
    """Returns what batches are drawn from.

    Args:
        problem: the rows, and the loss that a step descends.
        batch_size: rows a step.
        quadratic: what one trial descends on the whole.
        weight_decay: its penalty of each step.
        decay_bias: whether the bias is penalised, too.
        replacement: whether a row may be drawn twice in a batch.
    """
    n, (n_parameters, n_targets) = problem.n_rows, problem.shape
    factor, shrunk = shares_of(problem, batch_size, replacement=replacement)
    frame = frame_of(quadratic)
    into, back, weight = frame.into[0], frame.back[0], frame.weight[0]
    decayed = np.ones((n_parameters, 1))
    decayed[-1] = decay_bias or not problem.fit_bias
    optimum = quadratic.optimum[..., 0] + quadratic.optimum_low[..., 0]
    pulled, offset = into @ (weight_decay * decayed * optimum), np.zeros((n_parameters, n_targets))
    mean, pull = np.zeros((n_parameters, n_parameters)), np.zeros_like(offset)
    for some in blocks(n, n_parameters):
        design, targets = problem.rows(some)
        along = design @ back
        mean, pull = mean + along.T @ along, pull + along.T @ (targets - design @ optimum)
    mean, pull = factor / n * weight[:, None] * mean, factor / n * weight[:, None] * pull
    curvature = mean + into @ (weight_decay * decayed * back)
    if problem.loss == "sse" and weight_decay:  # each batch bears the whole penalty
        curved = weight > 0
        offset[curved] = np.linalg.solve(curvature[np.ix_(curved, curved)], (pull - pulled)[curved])
        pulled = pulled + into @ (weight_decay * decayed * (back @ offset))
    row, column, times = pairs(n_parameters)
    fourth, second = np.zeros((len(row), len(row))), np.zeros(len(row))
    third = np.zeros((len(row), n_parameters, n_targets))
    for some in blocks(n, len(row) + n_parameters):
        design, targets = problem.rows(some)
        along = design @ back
        residual, products = targets - design @ optimum - along @ offset, along[:, row] * along[:, column]
        fourth += products.T @ products
        second += ((residual**2).sum(axis=1)[:, None] * products).sum(axis=0)
        for target in range(n_targets):
            third[..., target] += products.T @ (along * residual[:, target, None])
    both = factor**2 / n * weight[row] * weight[column]
    fourth = both[:, None] * fourth * times
    noise = both * second - (pulled @ pulled.T)[row, column]
    third = both[:, None, None] * third  # the mean of h mu g^T, and its transpose
    turned = mean[row, :, None] * pulled[column, None, :] + mean[column, :, None] * pulled[row, None, :]
    return Draws(
        frame,
        curvature,
        shrunk * (fourth - bilinear(mean[None], mean[None])[0]),
        shrunk * noise,
        shrunk * (2 * third - turned),
        offset,
        optimum,
        weight_decay,
    )


def bilinear(left: Floats, right: Floats) -> Floats:
    """Returns what takes a symmetric S [d, d] to left S right^T, symmetrised, by their entries [k, m', m].

    Args:
        left: [k, d', d].
        right: [k, d', d].
    """
    row, column, _ = pairs(left.shape[1])
    first, second, times = pairs(left.shape[2])

    def entries(rows: Indices, columns: Indices) -> Floats:
        one = left[:, rows][:, :, first] * right[:, columns][:, :, second]
        other = left[:, rows][:, :, second] * right[:, columns][:, :, first]
        return np.asarray(one + other)

    return (entries(row, column) + entries(column, row)) * (times / 4)


@dataclass(frozen=True)
class MeanSteps:
    """What a step does to the moments of k trials, in the mean over all draws.

    Attributes:
        every: a step, on the entries of S and then the mean, [k, M, M].
        first: the first of all, which is not dampened.
        trace: what makes an excess of them [k, M].
        constant: what is added to that.
        n_moments: m, the entries of S.
    """

    every: Affine
    first: Affine
    trace: Floats
    constant: float
    n_moments: int

    def excess(self, state: Floats, chosen: Indices | slice = slice(None)) -> Floats:
        """Returns the expected excess cost [k] of moments [k, M, 1], of the chosen trials."""
        return np.asarray((self.trace[chosen] * state[:, :, 0]).sum(axis=1) + self.constant)

    def after(self, start: Floats, steps: Integers) -> Floats:
        """Returns the moments [k, M, 1] after so many steps [k]."""
        state, every, rest = start.copy(), self.every, np.maximum(steps - 1, 0)
        begun = np.flatnonzero(steps > 0)
        state[begun] = self.first.take(begun).move(state[begun])
        while rest.any():
            chosen = np.flatnonzero(rest & 1)
            state[chosen] = every.take(chosen).move(state[chosen])
            rest = rest >> 1
            every = every.twice() if rest.any() else every
        return state

    @property
    def growth(self) -> Floats:
        """The square of the spectral radius of a step on S, less 1 [k]."""
        return growth_of(self.every.delta[:, : self.n_moments, : self.n_moments])

    def plateau(self) -> Floats:
        """Returns the expected excess at rest [k]; NaN where second moments grow without bound."""
        found, stable = np.full(len(self.trace), np.nan), np.flatnonzero(self.growth < 0)
        delta, shift = self.every.delta[stable], self.every.shift[stable]
        still = ~delta.any(axis=2)  # what is flat, and 0
        diagonal = np.arange(delta.shape[1])
        delta[:, diagonal, diagonal] -= still
        at_rest = np.asarray(np.linalg.solve(-delta, shift), np.float64)
        found[stable] = self.excess(at_rest, stable)
        return found


def mean_steps(draws: Draws, rate: Floats, momentum: Momentum | None) -> MeanSteps:
    """Returns what a step does to the moments of k trials."""
    every = first = _step(draws, rate, momentum)
    if momentum is not None and (momentum.gain != 1).any():
        first = _step(draws, rate, replace(momentum, gain=np.ones(len(rate))))
    return with_excess(every, first, draws, _errors(len(draws.offset), len(rate), momentum))


def with_excess(every: Affine, first: Affine, draws: Draws, seen: Floats) -> MeanSteps:
    """Returns what steps do to moments, with what makes an excess of them; errors are seen [k, P, D]."""
    n, n_targets = draws.offset.shape
    row, column, _ = pairs(n)
    n_moments = every.delta.shape[1] - seen.shape[2] * n_targets
    of_s = bilinear(seen, seen)[:, row == column].sum(axis=1)
    of_mean = 2 * np.einsum("kpd,po->kdo", seen, draws.offset)
    trace = np.concatenate([of_s, of_mean.reshape(len(seen), -1)], axis=1)
    return MeanSteps(every, first, trace, float((draws.offset**2).sum()), n_moments)


def seen_of(n: int, count: int, momentum: Momentum | None) -> Floats:
    """Returns what makes an error of a state [k, P, D]."""
    unit = np.broadcast_to(np.eye(n), (count, n, n))
    if momentum is None:
        return unit
    return np.concatenate([unit, momentum.ahead[:, None, None] * unit], axis=2)


def _errors(n: int, count: int, momentum: Momentum | None) -> Floats:
    """Returns the same of errors beside velocities."""
    size = n if momentum is None else 2 * n
    return np.broadcast_to(np.eye(n, size), (count, n, size))


def _step(draws: Draws, rate: Floats, momentum: Momentum | None) -> Affine:
    """Returns what one step does to the moments of k trials."""
    (n, n_targets), count = draws.offset.shape, len(rate)
    size = n if momentum is None else 2 * n
    row, column, _ = pairs(size)
    # what a gradient does at once to the error and to the rate times the velocity
    parts = [-rate] if momentum is None else [-rate * momentum.along, rate * momentum.gain]
    push = np.stack(parts, axis=1)
    moved = np.einsum("ka,pq->kapq", push, draws.curvature).reshape(count, size, n)
    if momentum is not None:
        kept = momentum.momentum[:, None, None]
        turned = kept**2 if momentum.nesterov else kept
        bends = np.diag(draws.curvature.any(axis=1))  # what never bends has no velocity
        carried = np.concatenate([-turned * bends, (kept - 1) * np.eye(n)], axis=1)
        moved = np.concatenate([moved, carried], axis=2)
    unit = np.broadcast_to(np.eye(size), moved.shape)
    seen = _errors(n, count, momentum)
    given = push[:, row // n] * push[:, column // n]
    inner = np.minimum(row % n, column % n), np.maximum(row % n, column % n)
    place = np.searchsorted(
        np.ravel_multi_index(np.triu_indices(n), (n, n)), np.ravel_multi_index(inner, (n, n))
    )
    m, n_means = len(row), size * n_targets
    delta, shift = np.zeros((count, m + n_means, m + n_means)), np.zeros((count, m + n_means, 1))
    of_s = draws.scatter @ bilinear(seen, seen)
    both = bilinear(moved, unit) + bilinear(unit, moved) + bilinear(moved, moved)
    delta[:, :m, :m] = both + given[:, :, None] * of_s[:, place]
    of_mean = np.einsum("mpo,kpd->kmdo", draws.mixed, seen).reshape(count, -1, n_means)
    delta[:, :m, m:] = -given[:, :, None] * of_mean[:, place]
    delta[:, m:, m:] = np.einsum("kde,op->kdoep", moved, np.eye(n_targets)).reshape(count, n_means, n_means)
    shift[:, :m, 0] = given * draws.noise[place]
    return Affine(delta, shift)


def begin(draws: Draws, errors: Floats, momentum: Momentum | None) -> Floats:
    """Returns the moments [k, M, 1] of errors in the frame [k, P, O] that are known, at rest."""
    state = errors - draws.offset
    if momentum is not None:
        state = np.concatenate([state, np.zeros_like(state)], axis=1)
    row, column, _ = pairs(state.shape[1])
    second = (state[:, row] * state[:, column]).sum(axis=2)
    return np.asarray(np.concatenate([second, state.reshape(len(state), -1)], axis=1)[:, :, None])
