"""The steps of an epoch over mini-batches in file order: how each bends and pulls, as its rows are read.

What few numbers hold is kept; of more each pass over the epoch makes it anew, run by run, forwards or
backwards, so that memory is bounded by a run whatever the number of rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from linreg_sweep.array_types import Flags, Floats, Indices
from linreg_sweep.theory.problem import Problem, loss_factor
from linreg_sweep.theory.quadratic import Quadratic

HELD = 2**20
"""Numbers of rows, or of steps, that are worked on at once: 8 MB."""

KEPT = 2**23
"""Numbers of an epoch's curvatures up to which they are kept: 64 MB."""

GROUP, RUN = 32, 2**16
"""Steps that follow one another in a group, and numbers of curvatures in the groups that go side by side."""

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

    def take(self, chosen: Indices | slice) -> "Frame":
        """Returns those of some trials."""
        return Frame(self.into[chosen], self.back[chosen], self.weight[chosen])


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
        problem: the rows, and the loss that a step descends.
        n_rows: of a step; the last may have fewer.
        frame: the coordinates.
        optimum: what errors are measured from, and what rounding left off it [2, k, P, O].
        ridge: the penalty of a step [k, P, P].
        pull_of_ridge: how the penalty pulls at the optimum [k, P, O].
        is_balanced: whether the pulls of an epoch add up to 0 [k].
        steepest: a bound on the largest eigenvalue of any batch's curvature [k].
        flattest: a bound on the least of them that is not 0 [k]; 0 where a penalty has no such bound.
        constant: the largest norm of a batch's C.
        kept: what `runs` yields, forwards; None: it is made anew each time.
    """

    problem: Problem
    n_rows: int
    frame: Frame
    optimum: Floats
    ridge: Floats
    pull_of_ridge: Floats
    is_balanced: Flags
    steepest: Floats
    flattest: Floats
    constant: float
    kept: tuple[tuple[Floats, Floats], ...] | None = None

    @property
    def n_steps(self) -> int:
        """Steps an epoch."""
        return -(-self.problem.n_rows // self.n_rows)

    @property
    def is_shared(self) -> bool:
        """Whether they are alike for all trials."""
        return len(self.steepest) == 1

    @property
    def n_held(self) -> int:
        """Numbers of curvatures that are held at once, of each trial."""
        n_numbers = self.n_steps * self.problem.shape[0] ** 2
        return n_numbers if self.kept is not None else min(n_numbers, RUN)

    def runs(self, *, backwards: bool = False) -> Iterator[tuple[Floats, Floats]]:
        """Yields how steps that follow one another bend and pull, [s, k, P, P] and [s, k, P, O].

        The first step stands alone, then come runs of groups, a multiple of GROUP, then what is left.
        """
        if self.kept is not None:
            yield from reversed(self.kept) if backwards else self.kept
            return
        edges = [*pairwise(_edges(self.problem, self.n_rows))]
        for first, last in reversed(edges) if backwards else edges:
            parts = [self._bent(*rows) for rows in _batches(self.problem, self.n_rows, first, last)]
            yield (np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts]))

    def _bent(self, design: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Returns how batches A [s, b, P] and Y [s, b, O] bend and pull."""
        factor, each = float(loss_factor(self.problem.loss, *y.shape[1:])), design[:, None]
        count, width, found = len(self.frame.weight), max(1, HELD // design.size), []
        for some in (slice(first, first + width) for first in range(0, count, width)):
            frame, (optimum, low) = self.frame.take(some), self.optimum[:, some]
            residual = (y[:, None] - each @ optimum) - each @ low
            found.append(step_on(each, residual, factor, frame))
        curvature, pull = (np.concatenate(parts, axis=1) for parts in zip(*found, strict=True))
        return curvature + self.ridge, pull - self.pull_of_ridge

    def take(self, chosen: Indices | slice) -> "Batches":
        """Returns those of some trials."""
        if self.is_shared:
            return self
        return replace(
            self,
            frame=self.frame.take(chosen),
            optimum=self.optimum[:, chosen],
            ridge=self.ridge[chosen],
            pull_of_ridge=self.pull_of_ridge[chosen],
            is_balanced=self.is_balanced[chosen],
            steepest=self.steepest[chosen],
            flattest=self.flattest[chosen],
            kept=self.kept and tuple((bent[:, chosen], pull[:, chosen]) for bent, pull in self.kept),
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
    frame, size, decay = frame_of(quadratic), min(batch_size, problem.n_rows), np.atleast_1d(weight_decay)
    optimum = np.stack([np.moveaxis(e, -1, 0) for e in (quadratic.optimum, quadratic.optimum_low)])
    decayed = np.ones(problem.shape[0])
    decayed[-1] = decay_bias or not problem.fit_bias
    penalty = decay[:, None, None] * decayed[:, None]  # [k, P, 1]
    steepest, flattest, constant = _extremes(problem, size)
    is_balanced = decay == 0 if problem.loss == "sse" else np.full(decay.shape, problem.n_rows % size == 0)
    found = Batches(
        problem,
        size,
        frame,
        optimum,
        frame.into @ (penalty * frame.back),
        frame.into @ (penalty * (optimum[0] + optimum[1])),
        is_balanced,
        steepest + decay,
        np.where(decay == 0, flattest, 0.0),
        constant,
    )
    is_small = found.n_steps * len(decay) * problem.shape[0] ** 2 <= KEPT
    return replace(found, kept=tuple(found.runs())) if is_small else found


def _extremes(problem: Problem, size: int) -> tuple[float, float, float]:
    """Returns the largest eigenvalue of batches, the least that is not 0, and the largest norm of a C."""
    known = problem.known.setdefault("extremes", {})
    if size not in known:
        spectra, constants = [], [0.0]
        for design, y in _batches(problem, size, 0, -(-problem.n_rows // size)):
            factor = float(loss_factor(problem.loss, *y.shape[1:]))
            spectra.append(factor * np.linalg.svd(design, compute_uv=False).ravel() ** 2)
            constants.append(factor * np.linalg.norm(design.swapaxes(1, 2) @ y, axis=(1, 2)).max())
        largest = max(values.max(initial=0.0) for values in spectra)
        seen = min(values[values > 1e-12 * largest].min(initial=np.inf) for values in spectra)
        known[size] = float(largest), float(seen), float(max(constants))
    found: tuple[float, float, float] = known[size]
    return found


def n_groups(n_steps: int, n_parameters: int) -> int:
    """Returns how many groups of steps go side by side at most, the same whatever stands beside a trial."""
    return max(1, min(n_steps // GROUP, GROUP, RUN // (GROUP * n_parameters**2)))


def _edges(problem: Problem, size: int) -> list[int]:
    """Returns where runs of steps begin, and where the last one ends; see Batches.runs."""
    n_whole, n_steps = problem.n_rows // size, -(-problem.n_rows // size)
    each, grouped = GROUP * n_groups(n_steps, problem.shape[0]), (n_whole - 1) // GROUP * GROUP
    return sorted({0, *range(1, 1 + grouped, each), 1 + grouped, n_whole, n_steps})


def _batches(problem: Problem, size: int, first: int, last: int) -> Iterator[tuple[Floats, Floats]]:
    """Yields the rows of many batches of one size at once, A [s, b, P] and Y [s, b, O], in their order."""
    n_whole, each = problem.n_rows // size, max(1, HELD // (size * problem.shape[0]))
    edges = sorted({*range(first, last, each), min(max(first, n_whole), last), last})
    for start, end in pairwise(edges):
        design, y = problem.rows(slice(start * size, min(end * size, problem.n_rows)))
        yield design.reshape(end - start, -1, design.shape[1]), y.reshape(end - start, -1, y.shape[1])


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
