"""An epoch over mini-batches in file order: the same affine map every time, of each of k trials.

A step on batch b moves the error by its curvature, `e' = e - rate (H_b e - r_b)`, r_b what pulls the optimum
itself about; so an epoch is `z' = M z + s`. Errors are measured along the eigenvectors, each by the root of
what it costs, so that the square of a length is an excess cost. With momentum m the state is (p, w): w the
rate times the velocity, `p = e - a w` with a = m / (1 - m), or m**2 / (1 - m) for Nesterov's, which moves
by the gradients alone, since e itself does not: `p' = p - rate g / (1 - m)`.

What is kept is M - I, never M: so slow directions keep their digits. The matrices of trials are stacked
[k, D, D] and multiplied one by one, so that a trial's bits are its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.theory.affine import Affine, growth_of
from linreg_sweep.theory.problem import Problem, loss_factor
from linreg_sweep.theory.quadratic import Quadratic

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]

HELD = 2**20
"""Numbers of rows, or of steps, that are worked on at once: 8 MB."""


SHALLOW = 1e-10
"""Share of the steepest curvature up to which a direction is flat where growth is asked for: rounding hides
how it grows."""


@dataclass(frozen=True)
class Frame:
    """Coordinates in which the square of an error's length is its excess; k of them, or 1 for all trials.

    Attributes:
        into: from errors in theta to coordinates [k, P, P]; 0 along what is flat.
        back: from coordinates to errors [k, P, P]; 0 along what is flat.
        weight: the squared length of each coordinate's unit error [k, P].
    """

    into: Floats
    back: Floats
    weight: Floats

    @property
    def is_curved(self) -> Flags:
        """Along which coordinates growth shows [k, P]."""
        return np.asarray(self.weight > SHALLOW * self.weight.max(axis=1, keepdims=True))


def frame_of(quadratic: Quadratic) -> Frame:
    """Returns the coordinates along a quadratic's eigenvectors."""
    weight = np.ascontiguousarray((quadratic.eigenvalues * quadratic.cost_per_loss).T)
    vectors, root = np.moveaxis(quadratic.eigenvectors, -1, 0), np.sqrt(weight)
    inverse = np.divide(1, root, out=np.zeros_like(root), where=root > 0)
    return Frame(
        np.ascontiguousarray(root[:, :, None] * vectors.swapaxes(1, 2)),
        np.ascontiguousarray(vectors * inverse[:, None, :]),
        weight,
    )


@dataclass(frozen=True)
class Batches:
    """The steps of an epoch in a frame, of k trials or alike for all (1).

    Attributes:
        frame: the coordinates.
        curvatures: of each of s batches, with its penalty [s, k, P, P].
        pulls: the gradient of each batch against the optimum [s, k, P, O].
        is_balanced: whether the pulls add up to 0.
        steepest: a bound on the largest eigenvalue of any batch's curvature [k].
        flattest: a bound on the least of them that is not 0 [k].
        constant: the largest norm of a batch's C.
        n_rows: of the largest batch.
    """

    frame: Frame
    curvatures: Floats
    pulls: Floats
    is_balanced: bool
    steepest: Floats
    flattest: Floats
    constant: float
    n_rows: int

    def take(self, chosen: Indices | slice) -> "Batches":
        """Returns those of some trials."""
        if len(self.steepest) == 1:
            return self
        frame = Frame(*(each[chosen] for each in vars(self.frame).values()))
        return replace(
            self,
            frame=frame,
            curvatures=self.curvatures[:, chosen],
            pulls=self.pulls[:, chosen],
            steepest=self.steepest[chosen],
            flattest=self.flattest[chosen],
        )


def batches_of(
    problem: Problem, batch_size: int, quadratic: Quadratic, weight_decay: Floats, *, decay_bias: bool
) -> Batches:
    """Returns the steps of an epoch in file order.

    Args:
        problem: the rows, and the loss that a step descends.
        batch_size: rows a step; the last may have fewer.
        quadratic: what trials descend on the whole.
        weight_decay: the penalty of each step [k], k as in the quadratic.
        decay_bias: whether the bias is penalised, too.
    """
    frame, optimum = frame_of(quadratic), np.moveaxis(quadratic.optimum, -1, 0)
    low = np.moveaxis(quadratic.optimum_low, -1, 0)
    decayed = np.ones(problem.shape[0])
    decayed[-1] = decay_bias or not problem.fit_bias
    penalty = np.atleast_1d(weight_decay)[:, None, None] * decayed[:, None]  # [k, P, 1]
    ridge = frame.into @ (penalty * frame.back)
    pull_of_penalty = frame.into @ (penalty * (optimum + low))
    curvatures, pulls, spectra, constants = [], [], [], []
    size = min(batch_size, problem.n_rows)
    for design, y in _batches(problem, size):
        factor, each = float(loss_factor(problem.loss, *y.shape[1:])), design[:, None]
        curvature, pull = step_on(each, (y[:, None] - each @ optimum) - each @ low, factor, frame)
        curvatures.append(curvature + ridge)
        pulls.append(pull - pull_of_penalty)
        spectra.append(factor * np.linalg.svd(design, compute_uv=False).ravel() ** 2)
        constants.append(factor * np.linalg.norm(design.swapaxes(1, 2) @ y, axis=(1, 2)).max())
    values = np.concatenate(spectra)
    seen = values[values > 1e-12 * values.max(initial=0.0)]
    is_even = problem.loss == "sse" or problem.n_rows % size == 0
    return Batches(
        frame,
        np.concatenate(curvatures),
        np.concatenate(pulls),
        is_even and (problem.loss != "sse" or not np.any(weight_decay)),
        values.max(initial=0.0) + np.atleast_1d(weight_decay),
        np.broadcast_to(seen.min(initial=np.inf), np.atleast_1d(weight_decay).shape),
        max(constants),
        size,
    )


def _batches(problem: Problem, size: int) -> Iterator[tuple[Floats, Floats]]:
    """Yields the rows of many batches of one size at once, A [s, b, P] and Y [s, b, O], in their order."""
    n_whole, each = problem.n_rows // size, max(1, HELD // (size * problem.shape[0]))
    edges = [*range(0, n_whole * size, each * size), n_whole * size]
    for first, last in pairwise(edges):
        design, y = problem.rows(slice(first, last))
        yield design.reshape(-1, size, design.shape[1]), y.reshape(-1, size, y.shape[1])
    if problem.n_rows % size:
        design, y = problem.rows(slice(n_whole * size, problem.n_rows))
        yield design[None], y[None]


def step_on(design: Floats, residual: Floats, factor: float, frame: Frame) -> tuple[Floats, Floats]:
    """Returns how rows [..., b, P] bend and pull in a frame, [..., k, P, P] and [..., k, P, O].

    Args:
        design: the rows.
        residual: what the optimum leaves of their targets [..., k, b, O].
        factor: of the loss.
        frame: the coordinates.
    """
    along = design @ frame.back
    across = factor * frame.weight[:, :, None] * along.swapaxes(-1, -2)
    return across @ along, across @ residual


@dataclass(frozen=True)
class Momentum:
    """How k trials carry their velocity on.

    Attributes:
        momentum: m [k].
        gain: the share of the gradient that reaches the velocity [k]; of the first step's all does.
        nesterov: momentum looks ahead, as torch.optim.SGD defines it.
    """

    momentum: Floats
    gain: Floats
    nesterov: bool

    @property
    def ahead(self) -> Floats:
        """How far p lies behind the error, in velocities [k]."""
        m = self.momentum
        return np.asarray((m * m if self.nesterov else m) / (1 - m))

    @property
    def along(self) -> Floats:
        """Share of a gradient that its own step takes [k]."""
        return np.asarray(1 + self.momentum * self.gain if self.nesterov else self.gain)

    @property
    def is_still(self) -> NDArray[np.bool_]:
        """Which trials have none [k]."""
        return np.asarray((self.momentum == 0) & (self.gain == 1))

    def take(self, chosen: Any) -> "Momentum":
        """Returns that of some trials."""
        return Momentum(self.momentum[chosen], self.gain[chosen], self.nesterov)


@dataclass(frozen=True)
class EpochMaps:
    """What an epoch does to k trials.

    Attributes:
        every: an epoch.
        first: the first of all, whose first step is not dampened.
        ahead: by how many velocities an error lies ahead of p [k]; None: there is no momentum.
        scale: the length of each coordinate's unit error in theta's terms [k, D].
        spread: what errors of length 1 in theta that each step adds come to by the end of an epoch [k].
        peak: what one of them may come to on the way [k].
    """

    every: Affine
    first: Affine
    ahead: Floats | None
    scale: Floats
    spread: Floats
    peak: Floats

    @property
    def n_parameters(self) -> int:
        """P."""
        n_numbers: int = self.every.delta.shape[1]
        return n_numbers if self.ahead is None else n_numbers // 2

    def begin(self, error: Floats) -> Floats:
        """Returns the states [k, D, O] of errors [k, P, O] in the frame, at rest."""
        return error if self.ahead is None else np.concatenate([error, np.zeros_like(error)], axis=1)

    def errors(self, state: Floats, chosen: Any = slice(None)) -> Floats:
        """Returns the errors [k, P, O] of states [k, D, O] of some trials, in the frame."""
        if self.ahead is None:
            return state
        n = self.n_parameters
        return np.asarray(state[:, :n] + self.ahead[chosen, None, None] * state[:, n:])

    @cached_property
    def growth(self) -> Floats:
        """The square of the spectral radius of M, less 1 [k]: stable below 0; infinite: overflown."""
        return growth_of(
            self.every.delta, self.scale**2 > SHALLOW * self.scale.max(axis=1, keepdims=True) ** 2
        )

    def plateau(self) -> Floats:
        """Returns the excess at which trials come to rest, at the end of an epoch [k]; NaN: they do not."""
        return np.asarray((self.errors(self.every.at_rest(self.growth)) ** 2).sum(axis=(1, 2)))


def epoch_maps(batches: Batches, rate: Floats, momentum: Momentum | None) -> EpochMaps:
    """Returns the map of an epoch of k trials.

    Args:
        batches: of these trials, or of all.
        rate: the learning rates [k].
        momentum: theirs; None: none has any.
    """
    n, n_targets, count = batches.pulls[0].shape[1], batches.pulls[0].shape[2], len(rate)
    size = n if momentum is None else 2 * n
    delta, unit, step = np.zeros((count, size, size)), np.eye(size), Step(rate, momentum)
    shift, drift = np.zeros((2, count, size, n_targets))
    spread, peak = np.zeros(count), np.ones(count)
    scale = np.tile(np.sqrt(batches.frame.weight), size // n)
    for curvature, pull in zip(reversed(batches.curvatures), reversed(batches.pulls), strict=True):
        norm = norms(delta + unit, scale)  # of what follows on this batch
        spread, peak = spread + norm, np.maximum(peak, norm)
        before = delta, shift, drift
        delta, turned, added = step.led_up_to(delta, curvature, pull)
        shift, drift = shift + turned, drift + added
    every = first = Affine(delta, shift if batches.is_balanced else shift + drift)
    if momentum is not None and (momentum.gain != 1).any():
        whole = Step(rate, replace(momentum, gain=np.ones(count)))
        delta, turned, added = whole.led_up_to(before[0], batches.curvatures[0], batches.pulls[0])
        is_whole = (momentum.gain == 1)[:, None, None]
        shift = np.where(is_whole, every.shift, before[1] + turned + (before[2] + added))
        first = Affine(delta, shift)
    return EpochMaps(every, first, None if momentum is None else momentum.ahead, scale, spread, peak)


class Step:
    """How k trials step along a gradient."""

    def __init__(self, rate: Floats, momentum: Momentum | None) -> None:
        """Settles what all steps share, [k, 1, 1] each."""
        self.kept = None if momentum is None else momentum.momentum[:, None, None]
        gain = 1.0 if momentum is None else momentum.gain
        self.push = np.asarray(rate * gain)[:, None, None]
        self.ahead = None if momentum is None else momentum.ahead[:, None, None]

    def alone(self, curvatures: Floats) -> Floats:
        """Returns what steps on batches [s, k or 1, P, P] come to, each by itself, less I [s, k, D, D]."""
        if self.kept is None or self.ahead is None:
            return np.asarray(-self.push * curvatures)
        n, slowed = curvatures.shape[2], self.push / (1 - self.kept)
        bent = np.concatenate([-slowed * curvatures, self.push * curvatures], axis=2)
        carried = self.ahead * bent + (self.kept - 1) * np.eye(2 * n)[:, n:]
        return np.concatenate([bent, carried], axis=3)

    def led_up_to(self, delta: Floats, curvature: Floats, pull: Floats) -> tuple[Floats, Floats, Floats]:
        """Returns what steps come to with one more before them.

        Args:
            delta: what the steps after it come to, less I [k, D, D].
            curvature: of the batch [k, P, P].
            pull: of the batch [k, P, O].

        Returns:
            The same with it; what the steps after it make of its pull beyond passing it on, and the pull.
        """
        n, push = curvature.shape[1], self.push
        if self.kept is None or self.ahead is None:
            turned, at_once = -push * delta, -push * np.eye(n)
        else:
            slowed = push / (1 - self.kept)
            turned = push * delta[:, :, n:] - slowed * delta[:, :, :n]
            at_once = np.concatenate([-slowed * np.eye(n), push * np.eye(n)], axis=1)
        found, bent = delta.copy(), (turned + at_once) @ curvature
        found[:, :, :n] += bent
        if self.kept is not None and self.ahead is not None:
            kept = delta[:, :, n:] + np.eye(2 * n)[:, n:]
            found[:, :, n:] += self.ahead * bent + (self.kept - 1) * kept
        return found, -(turned @ pull), -(at_once @ pull)


def norms(matrices: Floats, scale: Floats) -> Floats:
    """Returns a bound on the spectral norm of matrices [k, D, D], in theta's terms; it is exact for I.

    Args:
        matrices: in the frame.
        scale: of its coordinates [k, D].
    """
    inverse = np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)
    size = np.abs(matrices) * (inverse[:, :, None] * scale[:, None, :])
    sides = np.sqrt(size.sum(axis=1).max(axis=1)) * np.sqrt(size.sum(axis=2).max(axis=1))
    return np.asarray(np.minimum(sides, np.sqrt((size**2).sum(axis=(1, 2)))))
