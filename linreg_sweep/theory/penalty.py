"""What trials descend that have a penalty: H + weight_decay D, D = diag(1, .., 1, 1 or 0).

Where all of theta is penalised, the eigenvectors stay and every eigenvalue grows by the penalty. Where the
bias is not, H is diagonalised again, for each penalty: in float64, as many parameters are without a penalty;
of few the result is refined by residuals in twice the precision, so that eigenvalues, eigenvectors and the
optimum are as good as those without a penalty.
Each penalty is solved by itself, so its bits do not depend on the others.

Source: Ogita and Aishima, Iterative refinement for symmetric eigenvalue decomposition, Japan J. Indust. Appl.
Math. 35, 2018.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from linreg_sweep.array_types import Flags, Floats
from linreg_sweep.theory.double_double import Pair, added, multiplied, two_product, two_sum
from linreg_sweep.theory.quadratic import Quadratic
from linreg_sweep.theory.spectrum import MAX_PARAMETERS

STEPS = 2
"""Times that eigenvectors and optimum are refined: each doubles their digits."""

FAR = 1e8
"""Penalty relative to the largest curvature from which on the optimum is sought from 0 on."""

TOGETHER = 2**15
"""Numbers of a matrix of each penalty that are worked on together: few enough for the cache."""

CLOSE = 1e-10
"""Gap of two eigenvalues, relative to the largest, below which rounding cannot tell their vectors apart."""


def penalised(plain: Quadratic, gram: Pair, moment: Pair, decay: Floats, decayed: Flags) -> Quadratic:
    """Returns what trials descend whose penalty is added to the gradient.

    Args:
        plain: the quadratic without a penalty.
        gram: H [P, P], high and low part.
        moment: C [P, O], likewise.
        decay: the penalty of each trial [K], at least 0.
        decayed: which parameters are penalised [P].

    Returns:
        The quadratics [.., K]; of all trials at once [.., 1] where they have one penalty.
    """
    distinct, which = np.unique(decay, return_inverse=True)
    if not len(distinct) or not distinct.any() or not decayed.any():
        return plain
    width = max(1, TOGETHER // gram[0].size)
    blocks = [
        _of_distinct(plain, gram, moment, distinct[first : first + width], decayed)
        for first in range(0, len(distinct), width)
    ]
    found = joined(blocks)
    return found if len(distinct) == 1 else found.take(which)


def joined(blocks: list[Quadratic]) -> Quadratic:
    """Returns the quadratics of blocks of trials as one; those of each trial, or of one alone."""
    if len(blocks) == 1:
        return blocks[0]

    def every(name: str) -> Any:
        parts = [getattr(block, name) for block in blocks]
        if all(part is parts[0] for part in parts):
            return parts[0]
        nothing = np.zeros_like(blocks[0].optimum[..., :1])
        return np.concatenate([nothing if part is None else part for part in parts], axis=-1)

    names = ("eigenvalues", "lows", "bases", "optimum", "optimum_low", "cost_at_optimum", "least", "slope")
    return replace(blocks[0], **{name: every(name) for name in names})


def _of_distinct(plain: Quadratic, gram: Pair, moment: Pair, decay: Floats, decayed: Flags) -> Quadratic:
    """Returns the quadratics of k penalties."""
    ridge = decayed[:, None] * decay  # [P, k]
    zeros = np.zeros((*gram[0].shape, len(decay)))
    diagonal = zeros.copy()
    diagonal[np.diag_indices(len(ridge))] = ridge
    whole = added((gram[0][..., None], gram[1][..., None]), (diagonal, zeros))
    if decayed.all():
        values, lows = added((plain.eigenvalues, plain.lows), (decay, np.zeros(1)))
        vectors = plain.bases
    else:
        values, lows, vectors = _diagonalised(plain, whole, ridge)
    optimum, optimum_low = _optimum(plain, whole, moment, values, vectors, ridge)
    none = decay == 0
    if none.any():  # the bits of the quadratic without a penalty
        values, lows = np.where(none, plain.eigenvalues, values), np.where(none, plain.lows, lows)
        optimum = np.where(none, plain.optimum, optimum)
        optimum_low = np.where(none, plain.optimum_low, optimum_low)
        if vectors is not plain.bases:
            vectors = np.where(none, plain.bases, vectors)
    off = (optimum - plain.optimum) + (optimum_low - plain.optimum_low)
    along = plain.along(off)
    cost = plain.cost_at_optimum + plain.energy(along).sum(axis=0)
    added_cost = plain.cost_per_loss * (ridge * (optimum**2).sum(axis=1)).sum(axis=0)
    return replace(
        plain,
        eigenvalues=values,
        lows=lows,
        bases=vectors,
        optimum=optimum,
        optimum_low=optimum_low,
        cost_at_optimum=cost,
        least=cost + added_cost,
    )


def _diagonalised(plain: Quadratic, whole: Pair, ridge: Floats) -> tuple[Floats, Floats, Floats]:
    """Returns eigenvalues [P, k], their low parts and eigenvectors [P, P, k] of H with its penalty [P, P, k].

    The singular values of the rows sqrt(eigenvalue) vector^T, with those of the penalty below, tell the flat
    directions better than H does, whose condition number is their square.
    """
    rows = np.sqrt(plain.eigenvalues) * plain.bases[..., 0].T
    count = ridge.shape[1]
    stacked = np.concatenate(
        [np.broadcast_to(rows, (count, *rows.shape)), np.sqrt(ridge.T)[:, :, None] * np.eye(len(ridge))],
        axis=1,
    )
    _, singular, right = np.linalg.svd(stacked, full_matrices=False)
    vectors = np.ascontiguousarray(np.moveaxis(right[:, ::-1], 0, -1).swapaxes(0, 1))
    if len(ridge) > MAX_PARAMETERS and not plain.lows.any():
        squares = np.ascontiguousarray(singular[:, ::-1].T) ** 2
        return squares, np.zeros_like(squares), vectors
    zeros, unit = np.zeros_like(vectors), np.eye(len(ridge))[..., None]
    diagonal = np.diag_indices(len(ridge))
    for _ in range(STEPS):
        across = vectors.swapaxes(0, 1), zeros
        curved = multiplied(across, multiplied(whole, (vectors, zeros)))
        length = multiplied(across, (vectors, zeros))
        lack = added((unit, np.zeros(1)), (-length[0], -length[1]))[0]
        values = curved[0][diagonal] / (1 - lack[diagonal])
        gap = values - values[:, None]  # of j over i
        apart = np.abs(gap) > CLOSE * np.abs(values).max(axis=0)
        moved = (curved[0] + values * lack) / np.where(apart, gap, 1.0)
        vectors = vectors + _times(vectors, np.where(apart, moved, lack / 2))
    across = vectors.swapaxes(0, 1), zeros
    length = multiplied(across, (vectors, zeros))
    curved = multiplied(across, multiplied(whole, (vectors, zeros)))
    high, low = (part[diagonal] for part in curved)
    excess, rest = added((np.ones(1), np.zeros(1)), (-length[0][diagonal], -length[1][diagonal]))
    correction = two_product(high, excess)  # high / (1 - excess), excess some roundings
    high, low = added((high, low), (correction[0], correction[1] + high * (rest + excess * excess)))
    return high, low, vectors


def _times(left: Floats, right: Floats) -> Floats:
    """Returns matrix products [P, P, k], summed in a fixed order."""
    total = left[:, 0, None] * right[0]
    for m in range(1, len(right)):
        total += left[:, m, None] * right[m]
    return np.asarray(total)


def _optimum(
    plain: Quadratic, whole: Pair, moment: Pair, values: Floats, vectors: Floats, ridge: Floats
) -> Pair:
    """Returns where the gradient with its penalty vanishes [P, O, k], high and low part.

    It lies off the optimum without a penalty by what the penalty's own pull does, or off 0 by what the data
    do where they hardly matter, and is moved on by what the gradient there is in twice the precision.
    """
    of_these = replace(plain, bases=vectors)
    curvature = np.where(values > 0, values, np.inf)[:, None]

    def solved(gradient: Floats) -> Floats:
        return of_these.across(of_these.along(gradient) / curvature)

    constant = moment[0][..., None], moment[1][..., None]
    is_near_0 = ridge.max(axis=0) > FAR * plain.steepest
    start, start_low = (np.where(is_near_0, 0.0, part) for part in (plain.optimum, plain.optimum_low))
    step = -solved(np.where(is_near_0, -constant[0], ridge[:, None] * start))
    optimum = added((start, start_low), (step, np.zeros(1)))
    for _ in range(STEPS):
        pulled = multiplied(whole, optimum)
        gradient = added(pulled, (-constant[0], -constant[1]))
        optimum = added(optimum, (-solved(gradient[0]), np.zeros(1)))
    return two_sum(*optimum)
