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

WIDTHS = (128, 16)
"""Columns in a block: the first that is trusted. Haswell and Zen mix up more than 16 of float32."""

RESTS = (8, 16, 32)
"""Columns in the blocks of what is left over by whole ones: the first whose bits are those of whole ones."""

SHIFTS = (1, 2, 3, 5, 8)
"""Places by which columns are shifted to try a product; half a block and all but one come on top."""


class Blocks(NamedTuple):
    """How columns are cut into blocks.

    Attributes:
        width: columns in a whole block.
        rest: columns in the blocks that hold what is left over, where that is at most half of a whole one.
    """

    width: int
    rest: int


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


def multiply(left: Array, columns: Array, out: Array, blocks: Blocks) -> None:
    """Writes left times columns to out, a block of columns after the other; the last is padded with zeros.

    Args:
        left: [m, P], m and P at least 2: BLAS takes other ways with vectors.
        columns: [P, O, k].
        out: [m, O, k], is overwritten.
        blocks: how wide they are; see blocks_for.
    """
    width, rest = blocks.width, columns.shape[-1] % blocks.width
    whole = columns.shape[-1] - rest
    if whole:
        np.matmul(left, _cut(columns[..., :whole], width), out=_cut(out[..., :whole], width))
    if rest:
        width = blocks.rest if 2 * rest <= width else width
        padded = np.zeros((*columns.shape[:-1], -(-rest // width) * width), columns.dtype)
        padded[..., :rest] = columns[..., whole:]
        product = np.empty((len(left), *padded.shape[1:]), columns.dtype)
        np.matmul(left, _cut(padded, width), out=_cut(product, width))
        out[..., whole:] = product[..., :rest]


def _cut(columns: Array, width: int) -> Array:
    """Returns columns [P, O, k] as blocks [O, blocks, P, width], a view."""
    n_rows, n_columns, _ = columns.shape
    return columns.reshape(n_rows, n_columns, -1, width).transpose(1, 2, 0, 3)


def blocks_for(products: Iterable[Product], dtype: str) -> Blocks | None:
    """Returns blocks in which all these products keep columns' bits; None: there are none.

    What is left over is multiplied in narrower blocks only where these give the same bits: then how many
    columns there are is a matter of speed alone.

    Args:
        products: their shapes.
        dtype: float32 or float64.
    """
    shapes = [*products]
    for width in WIDTHS:
        if all(keeps_columns(shape, width, dtype) for shape in shapes):
            narrower = (rest for rest in RESTS if rest < width)
            for rest in narrower:
                if all(keeps_columns(shape, rest, dtype, width) for shape in shapes):
                    return Blocks(width, rest)
            return Blocks(width, width)
    return None


@cache
def keeps_columns(product: Product, width: int, dtype: str, beside: int = 0) -> bool:
    """Returns whether a column has the same bits in every place of a block, and beside whatever numbers.

    The answer depends on the machine and its BLAS alone, so that it is the same in each of its processes.

    Args:
        product: the shape.
        width: columns a block.
        dtype: float32 or float64.
        beside: columns of wider blocks, in which the bits must be the same; 0: of none.
    """
    rows, inner, is_transposed = product
    generator = np.random.default_rng(0)
    held = generator.standard_normal((inner, rows) if is_transposed else (rows, inner)).astype(dtype)
    left = held.T if is_transposed else held
    columns = generator.standard_normal((inner, 1, max(width, beside))).astype(dtype)
    block, shifts, one = columns[..., :width], (*SHIFTS, width // 2, width - 1), width // 3
    tried = [
        block,
        *(np.roll(block, shift, axis=-1) for shift in shifts),
        np.repeat(block[..., one : one + 1], width, axis=-1),
        *(_beside(block, one, strange) for strange in (np.nan, np.inf, 0.0)),
    ]
    with np.errstate(all="ignore"):
        products = np.split(_product(left, np.concatenate(tried, axis=-1), width), len(tried), axis=-1)
    expected, *found = products
    own = expected[..., one : one + 1]
    return (
        (not beside or np.array_equal(_product(left, columns, beside)[..., :width], expected))
        and all(
            np.array_equal(there, np.roll(expected, shift, axis=-1))
            for there, shift in zip(found, shifts, strict=False)
        )
        and bool((found[len(shifts)] == own).all())
        and all(np.array_equal(there[..., one : one + 1], own) for there in found[len(shifts) + 1 :])
    )


def _product(left: Array, columns: Array, width: int) -> Array:
    out = np.empty((len(left), *columns.shape[1:]), columns.dtype)
    multiply(left, columns, out, Blocks(width, width))
    return out


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
