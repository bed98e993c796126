"""The largest eigenvalue of a linear map on matrices, and what it has made one from, by few of its images.

Arnoldi's method, with every image made orthogonal to all before (Golub and Van Loan, Matrix Computations,
sec. 10.5 and 11.4); of a symmetric map it is Lanczos'. SciPy's eigsh and gmres would take their place only
together with a dependency of 100 MB, which takes longer to import than most of what is asked here.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]
Map = Callable[[Numbers], Numbers]
"""A linear map on matrices of numbers, all real or all complex."""

MOST_IMAGES = 200
"""Images of a map after which nothing is found."""

EXACT = 1e-13
"""Share of what is sought up to which its error is one of rounding."""


def _images(map_: Map, start: Numbers) -> Iterator[tuple[list[Numbers], Numbers]]:
    """Yields, image by image, orthonormal matrices that span them, and the map among these [k + 1, k]."""
    kept = [start / np.linalg.norm(start)]
    among = np.zeros((MOST_IMAGES + 1, MOST_IMAGES), start.dtype)
    for k in range(min(MOST_IMAGES, start.size)):
        moved = map_(kept[-1])
        for _ in range(2):  # once more takes off what rounding left
            for row, each in enumerate(kept):
                share = (each.conj() * moved).sum()
                among[row, k] += share
                moved = moved - share * each
        among[k + 1, k] = left = float(np.linalg.norm(moved))
        if not np.isfinite(left):
            return
        yield kept, among[: k + 2, : k + 1]
        if not left:
            return
        kept.append(moved / left)


def largest_eigenvalue(map_: Map, start: Numbers, *, is_symmetric: bool = True) -> float:
    """Returns the largest eigenvalue, a real one, of a map on matrices; NaN: it was not found.

    Args:
        map_: the map.
        start: a matrix that has a part along the eigenvector.
        is_symmetric: whether the map is.
    """
    for _, among in _images(map_, start):
        square, left = among[:-1], float(among[-1, -1].real)
        values, vectors = np.linalg.eigh(square) if is_symmetric else np.linalg.eig(square)
        order = np.argsort(values.real)
        values, vectors = values[order], vectors[:, order]
        top = float(values[-1].real)
        away = left * abs(vectors[-1, -1])
        gap = top - values[-2].real if is_symmetric and len(values) > 1 else top * is_symmetric
        if away <= EXACT * abs(top) or away**2 <= EXACT * top * gap:
            return top
    return np.nan


def undone(map_: Map, target: Numbers) -> Numbers:
    """Returns the x of which x - map(x) is a target, as closely as it is rounded; NaN: not found.

    Args:
        map_: the map.
        target: a matrix.
    """
    size = float(np.linalg.norm(target))
    if not size:
        return np.zeros_like(target)
    for kept, among in _images(map_, target):
        step = np.eye(*among.shape) - among
        wanted = size * np.eye(len(among), 1)[:, 0]
        shares = np.linalg.lstsq(step, wanted, rcond=None)[0]
        if np.linalg.norm(wanted - step @ shares) <= EXACT * (size + np.linalg.norm(shares)):
            return np.asarray(sum(share * each for share, each in zip(shares, kept, strict=True)))
    return np.full_like(target, np.nan)
