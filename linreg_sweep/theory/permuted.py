"""Batches of a new permutation in each epoch: what holds for every order, and of few rows the exact mean.

The mean over all permutations of what an epoch does to mean and second moment of the error is built up by
the sets of rows that have been seen: that of a set is the mean over its last batch, of its step after what
the rest does. So 2**n sets take the place of n! permutations.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Floats
from linreg_sweep.blocks import blocks
from linreg_sweep.method import Order
from linreg_sweep.theory.affine import Affine
from linreg_sweep.theory.drawn import MOST_MOMENTS, MOST_WORK, Drawn, first_growth
from linreg_sweep.theory.epoch_map import Momentum
from linreg_sweep.theory.epoch_steps import step_on
from linreg_sweep.theory.in_batches import Values
from linreg_sweep.theory.in_the_mean import Draws, MeanSteps, moments_moved, moved_by, pairs, with_excess
from linreg_sweep.theory.problem import Problem, loss_factor
from linreg_sweep.theory.quadratic import Quadratic

MOST_ROWS = 8
"""Rows of which the mean over all permutations is worked out."""


def any_order_limit(
    problem: Problem, batch_size: int, weight_decay: float = 0.0, order: Order = "reshuffle"
) -> float:
    """Returns a rate below which no step without momentum makes an error grow, whatever its rows.

    It is a bound, not a limit: the curvature of a batch is at most the sum of the squares of its rows.

    Args:
        problem: the rows, and the loss that a step descends.
        batch_size: rows a step; the last of an epoch may have fewer.
        weight_decay: the penalty of each step.
        order: whether the last batch may be smaller, and a row stand in a batch more than once.
    """
    lengths = (problem.rows(rows)[0] for rows in blocks(problem.n_rows, problem.shape[0]))
    squares = np.sort(np.concatenate([(design**2).sum(axis=1) for design in lengths]))[::-1]
    n, n_targets = problem.n_rows, problem.shape[1]
    whole = min(batch_size, n)
    sizes = {whole, n % whole} - {0} if order in ("file", "reshuffle") else {whole}
    if order == "with_replacement":
        squares = np.full(whole, squares[0])
    steepest = max(float(loss_factor(problem.loss, b, n_targets)) * float(squares[:b].sum()) for b in sizes)
    return 2 / (steepest + weight_decay) if steepest + weight_decay else np.inf


@dataclass(frozen=True)
class Permuted(Drawn):
    """Each epoch sees a permutation of its own, of few rows: an epoch is one step of the mean."""

    word = "reshuffled"

    @property
    def n_steps(self) -> int:
        """Steps of the mean an epoch."""
        return 1

    def draws(self, quadratic: Quadratic, decay: float) -> Draws:
        """Returns the coordinates of one trial, about the optimum of the whole."""
        found = super().draws(quadratic, decay)
        return replace(found, offset=0 * found.offset)

    @property
    def _pass(self) -> int:
        """More than any: the mean of many parameters is not worked out."""
        return MOST_WORK + 1

    def limit_reason(self, values: Values, epochs: NDArray[Any] | None = None) -> str | None:
        """Returns why some trial has no stability limit, as half a sentence; None: all have one."""
        return super().limit_reason(values) if self.n_moments(self.momentum(values)) > MOST_MOMENTS else None

    def _found_limit(self, one: Quadratic, penalty: float, momentum: Momentum | None) -> float:
        if self.n_moments(momentum) > MOST_MOMENTS:
            return np.nan
        draws, begins = self.draws(one, penalty), any_order_limit(self.problem, self.batch_size, penalty)
        if momentum is not None:
            begins *= float((1 - momentum.momentum[0]) / np.maximum(momentum.gain[0], 1e-300) / 8)
        return first_growth(
            lambda rate: float(self.steps(draws, np.array([rate]), momentum).growth[0]), begins
        )

    def steps(self, draws: Draws, rate: Floats, momentum: Momentum | None) -> MeanSteps:
        """Returns what an epoch does to the moments of k trials, in the mean over all permutations."""
        batches = self._batches(draws)

        def of_batches(momentum: Momentum | None) -> dict[int, Affine]:
            return {
                rows: _moments_moved(*moved_by(bends, draws, rate, momentum), pull)
                for rows, (bends, pull) in batches.items()
            }

        of_batch = of_first = of_batches(momentum)
        if momentum is not None and (momentum.gain != 1).any():
            of_first = of_batches(replace(momentum, gain=np.ones(len(rate))))
        shape = self.problem.n_rows, self.batch_size
        every = first = _mean_over_orders(of_batch, of_batch, *shape)
        if of_first is not of_batch:
            first = _mean_over_orders(of_batch, of_first, *shape)
        return with_excess(every, first, draws, momentum)

    def _batches(self, draws: Draws) -> dict[int, tuple[Floats, Floats]]:
        """Returns how every batch bends and pulls that there may be, by its rows, the bits of a number."""
        problem, n = self.problem, self.problem.n_rows
        penalty, into, back = draws.penalty[:, None], draws.frame.into, draws.frame.back
        ridge, pulled = into @ (penalty * back), into @ (penalty * draws.optimum)
        found = {}
        for size in {self.batch_size, n % self.batch_size} - {0}:
            factor = float(loss_factor(problem.loss, size, problem.shape[1]))
            for rows in map(list, combinations(range(n), size)):
                design, targets = problem.rows(np.array(rows))
                residual = (targets - design @ draws.optimum)[None]
                bends, pull = step_on(design, residual, factor, draws.frame)
                found[sum(1 << row for row in rows)] = (bends + ridge)[0], (pull - pulled)[0]
        return found


def _moments_moved(moved: Floats, push: Floats, pull: Floats) -> Affine:
    """Returns what a step on one batch does to the moments of k trials; see moved_by, pull [P, O]."""
    (count, size), n_targets = moved.shape[:2], pull.shape[1]
    whole = moved + np.eye(size)
    offset = -np.einsum("ka,po->kapo", push, pull).reshape(count, size, n_targets)
    found, (row, column, _) = moments_moved(moved, n_targets), pairs(size)
    m = len(row)
    mixed = whole[:, row, :, None] * offset[:, column, None, :]
    mixed = mixed + whole[:, column, :, None] * offset[:, row, None, :]
    found.delta[:, :m, m:] = mixed.reshape(count, m, -1)
    found.shift[:, :m, 0] = (offset[:, row] * offset[:, column]).sum(axis=2)
    found.shift[:, m:, 0] = offset.reshape(count, -1)
    return found


def _mean_over_orders(
    of_batch: Mapping[int, Affine], of_first: Mapping[int, Affine], n_rows: int, batch_size: int
) -> Affine:
    """Returns the mean, over all ways to cut rows into batches, of one batch's map after the other.

    Args:
        of_batch: what each batch does.
        of_first: what it does as the first one.
        n_rows: how many rows there are.
        batch_size: rows of a batch; the last has what is left.
    """
    so_far: dict[int, tuple[Floats, Floats, int]] = {0: (np.zeros(1), np.zeros(1), 1)}
    done = 0
    while done < n_rows:
        size = min(batch_size, n_rows - done)
        after: dict[int, tuple[Floats, Floats, int]] = {}
        for seen, (delta, shift, _) in so_far.items():
            rest = [row for row in range(n_rows) if not seen >> row & 1]
            for rows in combinations(rest, size):
                batch = sum(1 << row for row in rows)
                moved = (of_batch if done else of_first)[batch]
                if done:
                    one = moved.delta + delta + moved.delta @ delta
                    other = moved.shift + shift + moved.delta @ shift
                else:
                    one, other = moved.delta, moved.shift
                total = after.get(seen | batch, (0.0, 0.0, 0))
                after[seen | batch] = total[0] + one, total[1] + other, total[2] + 1
        so_far = {seen: (delta / ways, shift / ways, 1) for seen, (delta, shift, ways) in after.items()}
        done += size
    delta, shift, _ = so_far[(1 << n_rows) - 1]
    return Affine(delta, shift)
