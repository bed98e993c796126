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

from linreg_sweep.array_types import Flags, Floats, Indices, Integers
from linreg_sweep.blocks import blocks
from linreg_sweep.theory.affine import Affine, doublings, growth_of, led
from linreg_sweep.theory.epoch_map import Momentum
from linreg_sweep.theory.epoch_steps import Frame, frame_of
from linreg_sweep.theory.problem import Problem
from linreg_sweep.theory.quadratic import Quadratic
from linreg_sweep.theory.scatter import shares_of, unit_of


@dataclass(frozen=True)
class Draws:
    """What the batches of one penalty are drawn from.

    Attributes:
        frame: the coordinates, of one trial.
        unit: of curvatures, lest their squares overflow or vanish.
        curvature: of the mean of all batches, with the penalty [P, P].
        scatter: what batches add to second moments by scattering about it, from S to S [m, m].
        noise: what they add at the optimum [m].
        mixed: what goes together of the two, from the mean [P, O] to S [m, P, O].
        offset: how far the optimum of the mean of all batches lies off that of the whole [P, O].
        optimum: that of the whole, in theta [P, O].
        penalty: of each parameter [P].
    """

    frame: Frame
    unit: float
    curvature: Floats
    scatter: Floats
    noise: Floats
    mixed: Floats
    offset: Floats
    optimum: Floats
    penalty: Floats


def pairs(size: int) -> tuple[Indices, Indices, Floats]:
    """Returns rows and columns of entries on and above a diagonal, and how often a matrix has each."""
    row, column = np.triu_indices(size)
    return row, column, np.where(row == column, 1.0, 2.0)


def draws_of(
    problem: Problem,
    batch_size: int,
    quadratic: Quadratic,
    penalty: Floats,
    *,
    replacement: bool,
) -> Draws:
    """Returns what batches are drawn from.

    Args:
        problem: the rows, and the loss that a step descends.
        batch_size: rows a step.
        quadratic: what one trial descends on the whole.
        penalty: of each parameter [P].
        replacement: whether a row may be drawn twice in a batch.
    """
    n, (n_parameters, n_targets) = problem.n_rows, problem.shape
    factor, shrunk = shares_of(problem, batch_size, replacement=replacement)
    frame, unit = frame_of(quadratic), unit_of(quadratic)
    into, back, weight = frame.into[0], frame.back[0], frame.weight[0] / unit
    own, penalty = penalty, penalty[:, None] / unit
    optimum = quadratic.optimum[..., 0] + quadratic.optimum_low[..., 0]
    pulled, offset = into @ (penalty * optimum), np.zeros((n_parameters, n_targets))
    ridge, share = into @ (penalty * back), factor / (n * problem.factor)
    mean = share * (np.diag(quadratic.eigenvalues[:, 0] / unit) - ridge)
    curvature = mean + ridge
    if problem.loss == "sse" and penalty.any():  # each batch bears the whole penalty
        curved = weight > 0
        offset[curved] = np.linalg.solve(curvature[np.ix_(curved, curved)], ((share - 1) * pulled)[curved])
        pulled = pulled + into @ (penalty * (back @ offset))
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
        unit,
        curvature,
        shrunk * (fourth - bilinear(mean[None], mean[None])[0]),
        shrunk * noise,
        shrunk * (2 * third - turned),
        offset,
        optimum,
        own,
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
        trace: what makes an excess of them [M].
        constant: what is added to that.
        is_curved: which entries of S are along directions of which growth shows [m].
    """

    every: Affine
    first: Affine
    trace: Floats
    constant: float
    is_curved: Flags

    @property
    def n_moments(self) -> int:
        """m, the entries of S."""
        return len(self.is_curved)

    def excess(self, state: Floats) -> Floats:
        """Returns the expected excess cost [k] of moments [k, M, 1]."""
        return np.asarray((self.trace * state[:, :, 0]).sum(axis=1) + self.constant)

    def after(self, start: Floats, steps: Integers) -> Floats:
        """Returns the moments [k, M, 1] after so many steps [k]."""
        return led(self.first, doublings(self.every), start, steps)

    @property
    def growth(self) -> Floats:
        """The square of the spectral radius of a step on S, less 1 [k]."""
        return growth_of(self.every.delta[:, : self.n_moments, : self.n_moments], self.is_curved[None])

    def plateau(self) -> Floats:
        """Returns the expected excess at rest [k]; NaN where second moments grow without bound."""
        return self.excess(self.every.at_rest(self.growth))


def mean_steps(draws: Draws, rate: Floats, momentum: Momentum | None) -> MeanSteps:
    """Returns what a step does to the moments of k trials."""
    rate = rate * draws.unit
    every = first = _step(draws, rate, momentum)
    if momentum is not None and (momentum.gain != 1).any():
        first = _step(draws, rate, replace(momentum, gain=np.ones(len(rate))))
    return with_excess(every, first, draws, momentum)


def with_excess(every: Affine, first: Affine, draws: Draws, momentum: Momentum | None) -> MeanSteps:
    """Returns what steps do to moments, with what makes an excess of them."""
    n, offset = len(draws.offset), draws.offset
    size = n if momentum is None else 2 * n
    row, column, _ = pairs(size)
    is_curved, trace, m = np.resize(draws.frame.is_curved[0], size), np.zeros(every.delta.shape[1]), len(row)
    trace[:m] = (row == column) & (column < n)
    trace[m : m + offset.size] = 2 * offset.ravel()
    return MeanSteps(every, first, trace, float((offset**2).sum()), is_curved[row] & is_curved[column])


def moved_by(
    curvature: Floats, draws: Draws, rate: Floats, momentum: Momentum | None
) -> tuple[Floats, Floats]:
    """Returns what a step on a curvature [P, P] does to states, less I [k, D, D], and its push [k, d].

    The push is what a gradient does at once to the error and, with momentum, to the rate times the velocity.
    """
    n, count = len(curvature), len(rate)
    parts = [-rate] if momentum is None else [-rate * momentum.along, rate * momentum.gain]
    push = np.stack(parts, axis=1)
    moved = np.einsum("ka,pq->kapq", push, curvature).reshape(count, len(parts) * n, n)
    if momentum is None:
        return moved, push
    kept = momentum.momentum[:, None, None]
    turned = kept**2 if momentum.nesterov else kept
    bends = np.diag(draws.curvature.any(axis=1))  # what never bends has no velocity
    carried = np.concatenate([-turned * bends, (kept - 1) * np.eye(n)], axis=1)
    return np.concatenate([moved, carried], axis=2), push


def moments_moved(moved: Floats, n_targets: int) -> Affine:
    """Returns what moving states [k, D, D], less I, does to their moments, but for pulls and scatter."""
    count, size = moved.shape[:2]
    unit, m, n_means = np.broadcast_to(np.eye(size), moved.shape), size * (size + 1) // 2, size * n_targets
    delta = np.zeros((count, m + n_means, m + n_means))
    delta[:, :m, :m] = bilinear(moved, unit) + bilinear(unit, moved) + bilinear(moved, moved)
    delta[:, m:, m:] = np.einsum("kde,op->kdoep", moved, np.eye(n_targets)).reshape(count, n_means, n_means)
    return Affine(delta, np.zeros((count, m + n_means, 1)))


def _step(draws: Draws, rate: Floats, momentum: Momentum | None) -> Affine:
    """Returns what one step does to the moments of k trials."""
    n, n_targets = draws.offset.shape
    moved, push = moved_by(draws.curvature, draws, rate, momentum)
    found = moments_moved(moved, n_targets)
    row, column, _ = pairs(moved.shape[1])
    m, of_errors, place = len(row), np.flatnonzero(column < n), np.zeros((n, n), np.intp)
    place[row[of_errors], column[of_errors]] = np.arange(len(of_errors))
    inner = np.maximum(place, place.T)[row % n, column % n]
    given = (push[:, row // n] * push[:, column // n])[:, :, None]
    found.delta[:, :m, of_errors] += given * draws.scatter[inner]
    found.delta[:, :m, m : m + draws.offset.size] = -given * draws.mixed.reshape(len(of_errors), -1)[inner]
    found.shift[:, :m, 0] = given[:, :, 0] * draws.noise[inner]
    return found


def begin(draws: Draws, errors: Floats, momentum: Momentum | None) -> Floats:
    """Returns the moments [k, M, 1] of errors in the frame [k, P, O] that are known, at rest."""
    state = errors - draws.offset
    if momentum is not None:
        state = np.concatenate([state, np.zeros_like(state)], axis=1)
    row, column, _ = pairs(state.shape[1])
    second = (state[:, row] * state[:, column]).sum(axis=2)
    return np.asarray(np.concatenate([second, state.reshape(len(state), -1)], axis=1)[:, :, None])
