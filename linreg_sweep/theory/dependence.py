"""Which columns of the data are combinations of others, as far as the rounding of the data can show.

Columns are taken in their order. With a bias they are centred first, which leaves the constant out of
them; what is left of each beside those before it says whether it brings anything new.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from linreg_sweep.array_types import Flags, Floats
from linreg_sweep.blocks import Rows, each_block, ends

CONSTANT = "a constant"
"""What the column of ones is called, of which the bias is the weight."""

MUCH = 2.0**-10
"""Share of its length that others leave at most of a column that depends on them."""

UNIT = np.finfo(np.float64).eps / 2


@dataclass(frozen=True)
class Dependence:
    """Columns [n, F] told apart: those that bring something new, and those that others imply.

    Attributes:
        kept: whether a column brings something new [F].
        rest: the length of what the kept columns before it leave of each column, in its units [F].
        parts: whether one column takes part in the combination that another is [F, F], a combination
            a column.
        with_constant: whether a constant takes part in it [F].
    """

    kept: Flags
    rest: Floats
    parts: Flags
    with_constant: Flags


def middle(low: Floats, high: Floats) -> Floats:
    """Returns the number [F] that columns with these ends can be shifted by, without rounding.

    It is the middle of the column's range where all entries are within a factor 2 of it,
    else 0: then the column varies by no less than a share of its size, and needs no shift.

    Source: Sterbenz, Floating-point Computation, 1974: such differences have no rounding.
    """
    close = (low * np.sign(high) > 0) & (np.abs(high) <= 2 * np.abs(low)) & (np.abs(low) <= 2 * np.abs(high))
    return np.where(close, low + np.where(close, high - low, 0.0) / 2, 0.0)


@np.errstate(over="ignore")  # of a range or a length, which may be larger than the largest number
def dependence(x: Rows, *, fit_bias: bool, noise: Floats | None = None) -> Dependence:
    """Returns which columns are combinations of those before them, and of which.

    A column is one where what is left of it lies within the rounding of the columns and of this
    computation. One that merely differs from a constant, by however little, is none.

    Args:
        x: [n, F], n >= 1.
        fit_bias: whether a constant stands before all columns.
        noise: how far rounding may have moved the entries of each column [F]; None: by half a unit
            in the last place.

    Source: Golub and Van Loan, Matrix Computations, sec. 5.2 (Gram-Schmidt, done twice).
    """
    n_rows, count = x.shape
    root = np.sqrt(n_rows)
    low, high = ends(x)
    shift = middle(low, high)
    size = np.maximum(high - shift, shift - low)
    size = np.where(size > 0, size, 1.0)
    far = shift / size
    is_far = not fit_bias and far.any()

    def columns(centre: Floats) -> Iterator[Floats]:
        return ((block - shift) / size - centre for block in each_block(x))

    nothing = np.zeros(count)
    mean = sum((block.sum(axis=0) for block in columns(nothing)), nothing) / n_rows
    centre = mean if fit_bias or is_far else nothing
    spread = length = np.sqrt(sum(((block**2).sum(axis=0) for block in columns(centre)), nothing))
    place = (far + mean) * root
    if is_far:
        length = np.hypot(length, place)
    length = np.where(length > 0, length, 1.0)
    place = place / length
    noise = UNIT * np.maximum(high, -low) if noise is None else noise
    doubt = noise / size / length * root + 8 * UNIT * (count + root) * spread / length

    triangle = triangle_of((block / length for block in columns(centre)), count)
    if is_far:  # in the axes of the ones and of what is centred; more digits than float64 tell these apart
        triangle = np.vstack([place, triangle]).astype(np.longdouble)
        triangle[0] = (far.astype(np.longdouble) + mean) * root / length
    rest, kept = np.abs(np.diagonal(triangle)), np.ones(count, np.bool_)
    parts, with_constant = np.zeros((count, count), np.bool_), np.zeros(count, np.bool_)
    if (
        len(rest) == count and rest.min(initial=1.0) > MUCH and not is_far
    ):  # as of nearly all data: there is no more to ask
        return Dependence(kept, rest * length * size, parts, with_constant)
    rest = np.zeros(count)
    basis, inverse = (np.zeros((length, count), triangle.dtype) for length in (len(triangle), count))
    for each in range(count):
        there = np.flatnonzero(kept[:each])
        axes, undo = basis[:, : len(there)], inverse[: len(there), : len(there)]
        left, along = triangle[:, each], np.zeros(len(there))
        for _ in range(2):
            step = axes.T @ left
            left, along = left - axes @ step, along + step
        weights = undo @ along
        rest[each] = np.linalg.norm(left)
        unsure = doubt[each] + np.abs(weights) @ doubt[there]
        kept[each] = rest[each] > min(unsure, MUCH)
        if kept[each]:
            basis[:, len(there)] = left / rest[each]
            inverse[: len(there), len(there)] = -weights / rest[each]
            inverse[len(there), len(there)] = 1 / rest[each]
        else:
            error = unsure * np.linalg.norm(undo, axis=1)
            parts[there, each] = np.abs(weights) > error
            constant = place[each] - weights @ place[there]
            with_constant[each] = fit_bias and abs(constant) > unsure + error @ np.abs(place[there])
    return Dependence(kept, rest * length * size, parts, with_constant)


def triangle_of(blocks_of_rows: Iterable[Floats], width: int) -> Floats:
    """Returns R of a QR factorization of all rows [n, width], from R of those so far and the next ones.

    Source: Demmel, Grigori, Hoemmen and Langou, SIAM J. Sci. Comput. 34, 2012 (sequential TSQR).
    """
    triangle = np.empty((0, width))
    for block in blocks_of_rows:
        triangle = np.asarray(np.linalg.qr(np.vstack([triangle, block]), mode="r"))
    return triangle


def dependent_columns(
    x: Rows, names: Sequence[str], *, fit_bias: bool
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Returns each column that is a combination of columns before it, with those it depends on.

    Args:
        x: [n, F].
        names: F names.
        fit_bias: whether a constant stands beside the columns.

    Returns:
        For surface = wall + 2 roof, say, `(("roof", ("surface", "wall")),)`, of whichever stands last
        first. A constant that takes part comes last, as CONSTANT; a column of zeros depends on nothing.
    """
    found = dependence(x, fit_bias=fit_bias)
    return tuple(
        (
            names[each],
            (
                *(names[part] for part in np.flatnonzero(found.parts[:, each]).tolist()),
                *([CONSTANT] if found.with_constant[each] else []),
            ),
        )
        for each in np.flatnonzero(~found.kept).tolist()
    )
