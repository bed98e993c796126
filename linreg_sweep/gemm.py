"""Matrix products by BLAS whose columns keep their bits, wherever they stand and whatever stands beside them.

BLAS does not promise that: how it sums a column may depend on the column's place and on how many there are.
So products are made in blocks of a fixed number of columns, which lie last in memory, and whether this
machine's BLAS keeps to it in products of a shape is tried once in each process, on fixed numbers.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_info

Array = NDArray[np.floating]

NARROW = 16
"""Columns in a block where wider ones are not trusted: float32 on Haswell and Zen."""

SHIFTS = (1, 2, 3, 5, 7, 8, 11)
"""Places by which columns are shifted to try a product; half a block and all but one come on top."""


class Product(NamedTuple):
    """The shape of a product [m, P] [P, columns].

    Attributes:
        rows: m.
        inner: P.
        is_transposed: whether the left factor is a view of the transposed of what lies in memory.
    """

    rows: int
    inner: int
    is_transposed: bool = False


def multiply(left: Array, columns: Array, out: Array, width: int) -> None:
    """Writes left times columns to out, a block of columns after the other; the last is padded with zeros.

    Args:
        left: [m, P], m and P at least 2: BLAS takes other ways with vectors.
        columns: [P, O, k].
        out: [m, O, k], is overwritten.
        width: columns a block.
    """
    rest = columns.shape[-1] % width
    whole = columns.shape[-1] - rest
    if whole:
        np.matmul(left, _blocks(columns[..., :whole], width), out=_blocks(out[..., :whole], width))
    if rest:
        padded = np.zeros((*columns.shape[:-1], width), columns.dtype)
        padded[..., :rest] = columns[..., whole:]
        product = np.matmul(left, _blocks(padded, width))  # [O, 1, m, width]
        out[..., whole:] = product[:, 0, :, :rest].swapaxes(0, 1)


def _blocks(columns: Array, width: int) -> Array:
    """Returns columns [P, O, k] as blocks [O, blocks, P, width], a view."""
    n_rows, n_columns, _ = columns.shape
    return columns.reshape(n_rows, n_columns, -1, width).transpose(1, 2, 0, 3)


def width_for(products: Iterable[Product], wanted: int, dtype: str) -> int:
    """Returns how many columns a block has so that all these products keep columns' bits; 0: none does.

    Args:
        products: their shapes.
        wanted: columns a block, where they do; else they are narrower.
        dtype: float32 or float64.
    """
    shapes = [*products]
    for width in (wanted, NARROW):
        if all(keeps_columns(shape, width, dtype) for shape in shapes):
            return width
    return 0


@cache
def keeps_columns(product: Product, width: int, dtype: str) -> bool:
    """Returns whether a column has the same bits in every place of a block, and beside whatever numbers.

    The answer depends on the machine and its BLAS alone, so that it is the same in each of its processes.

    Args:
        product: the shape.
        width: columns a block.
        dtype: float32 or float64.
    """
    rows, inner, is_transposed = product
    generator = np.random.default_rng(0)
    shape = (inner, rows) if is_transposed else (rows, inner)
    held = generator.standard_normal(shape).astype(dtype)
    left = held.T if is_transposed else held
    block = generator.standard_normal((inner, 1, width)).astype(dtype)
    expected = np.empty((rows, 1, width), dtype)
    multiply(left, block, expected, width)
    shifts, one = (*SHIFTS, width // 2, width - 1), width // 3
    tried = [
        *(np.roll(block, shift, axis=-1) for shift in shifts),
        np.repeat(block[..., one : one + 1], width, axis=-1),
        *(_beside(block, one, strange) for strange in (np.nan, np.inf, 0.0)),
    ]
    out = np.empty((rows, 1, width * len(tried)), dtype)
    with np.errstate(all="ignore"):
        multiply(left, np.concatenate(tried, axis=-1), out, width)
    found = np.split(out, len(tried), axis=-1)
    own = expected[..., one : one + 1]
    return (
        all(
            np.array_equal(there, np.roll(expected, shift, axis=-1))
            for there, shift in zip(found, shifts, strict=False)
        )
        and bool((found[len(shifts)] == own).all())
        and all(np.array_equal(there[..., one : one + 1], own) for there in found[len(shifts) + 1 :])
    )


def _beside(block: Array, one: int, strange: float) -> Array:
    """Returns a block in which one column stands beside a strange number alone."""
    others = np.full_like(block, strange)
    others[..., one] = block[..., one]
    return others


@cache
def kernel() -> str:
    """Returns which BLAS NumPy has and for which processor it computes, which decides a product's bits."""
    libraries = [each for each in threadpool_info() if each["user_api"] == "blas"]
    own = [each for each in libraries if any("numpy" in part for part in Path(each["filepath"]).parts[-3:])]
    for each in own or libraries:
        told = (each.get(key) for key in ("internal_api", "version", "architecture"))
        return " ".join(str(word) for word in told if word)
    return "unknown"
