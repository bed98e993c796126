"""Matrix products by BLAS whose columns keep their bits, wherever they stand and whatever stands beside them.

BLAS does not promise that: how it sums a column may depend on the column's place and on how many there are.
So products are made in blocks of a fixed number of columns, which lie last in memory, and whether this
machine's BLAS keeps to it in products of a shape is tried once in each process, on fixed numbers.

A few columns alone are as wide as a block, but for zeros, unless narrower ones have the same bits. Pairs of
them have, on some processors, where no sum is longer than BLAS makes in one go, and rows are cut into tiles:
then a column alone takes about as long as a matrix times a vector. Rows that lie in whole cache lines are
tiles of their transposed as they are.
"""

from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_info

Array = NDArray[np.floating]
Parts = tuple[Array, ...]
"""A factor cut along its sums: all parts of DEPTH terms [n, ..., m, P], and what is left [..., m, P]."""

WIDTHS = (128, 16)
"""Columns in a block: the first that is trusted. Haswell and Zen mix up more than 16 of float32."""

RESTS = (4, 8, 16, 32, 64)
"""Columns in the blocks of what is left over by whole ones, where they give the same bits."""

A_PASS = 16
"""Columns that take about as long as it takes to go through the matrix, whatever is multiplied by it."""

PAIR, TILE, LINE = 2, 32, 64
"""Columns that are multiplied by tiles at once, rows of a tile of DEPTH columns, side by side in memory, and
bytes of which each of its columns has a multiple."""

WIDEST = 1024
"""Numbers side by side of a tile that is there as it lies: so many are multiplied without being copied."""

DEPTH = 256
"""Terms of a sum that are left to BLAS: it cuts longer ones itself, in ways that depend on the width."""

SHIFTS = (1, 2, 3, 5, 8)
"""Places by which columns are shifted to try a product; half a block and all but one come on top."""


class Blocks(NamedTuple):
    """How columns are cut into blocks, and sums into parts.

    Attributes:
        width: columns in a whole block.
        rests: columns in narrower blocks with the same bits, ascending, for what is left over.
        cuts: whether sums are cut into parts of DEPTH terms.
        has_pairs: whether pairs of columns by tiles have the same bits.
    """

    width: int
    rests: tuple[int, ...] = ()
    cuts: bool = False
    has_pairs: bool = False

    def for_few(self, count: int) -> int:
        """Returns how wide blocks of so many columns are that take the least time."""
        return min((*self.rests, self.width), key=lambda width: -(-count // width) * (width + A_PASS))


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


class Factor:
    """A left factor [m, P] of many products, m and P at least 2: BLAS takes other ways with vectors.

    Attributes:
        matrix: its numbers, or a view of their transposed.
        has_tiles: whether pairs of columns go by tiles of its rows: these are there, or worth their making.
    """

    def __init__(self, matrix: Array, *, lasts: bool = True) -> None:
        """Holds a matrix [m, P] that lasts if it is multiplied so often that tiles are worth their making."""
        self.matrix, self.has_tiles = matrix, lasts
        self._lying: Array | None = None

    @classmethod
    def of_lines(cls, lines: Array, inner: int, *, lasts: bool) -> Iterator["Factor"]:
        """Yields matrices whose rows [s, m, P or more] lie in whole lines, their transposed's tiles."""
        n_tiles, high = _lines(inner, lines.itemsize)
        tiles = lines.reshape(*lines.shape[:2], n_tiles, high).transpose(0, 2, 1, 3)
        for matrix, lying in zip(lines[..., :inner], tiles, strict=True):
            factor = cls(matrix, lasts=lasts)
            factor._lying = lying
            yield factor

    @cached_property
    def transposed(self) -> "Factor":
        """Its transposed [P, m]."""
        factor = Factor(self.matrix.T, lasts=self.has_tiles)
        if self._lying is not None:
            factor.tiles, factor.has_tiles = self._lying, True
        return factor

    @cached_property
    def tiles(self) -> Array:
        """Its rows in tiles [t, P, high]; zeros fill up the last."""
        return _tiled(self.matrix)

    @cached_property
    def by_rows(self) -> Parts:
        """Its matrix as one of a stack, cut along its sums."""
        return _parts(self.matrix[None], -1)

    @cached_property
    def by_tiles(self) -> Parts:
        """Its tiles, cut along their sums."""
        return _parts(self.tiles, -2)


def in_lines(shape: tuple[int, int], dtype: Any) -> Array:
    """Returns zeros [m, P or more] for rows [m, P] that lie in whole lines; see Factor.of_lines."""
    n_tiles, high = _lines(shape[1], np.dtype(dtype).itemsize)
    return np.zeros((shape[0], n_tiles * high), dtype)


def _lines(length: int, itemsize: int) -> tuple[int, int]:
    """Returns into how many tiles a row of numbers is cut as it lies, and how many of them each has."""
    line, n_tiles = LINE // itemsize, -(-length // WIDEST)
    return n_tiles, -(-length // (n_tiles * line)) * line


def _tiled(matrix: Array) -> Array:
    """Returns the rows of a matrix [m, P] in tiles [t, P, high], few enough for the cache; zeros fill up."""
    n_rows, inner = matrix.shape
    line = LINE // matrix.itemsize
    high = min(TILE * max(1, DEPTH // inner), -(-n_rows // line) * line)
    padded = np.zeros((inner, -(-n_rows // high) * high), matrix.dtype)
    padded[:, :n_rows] = matrix.T
    return np.ascontiguousarray(padded.reshape(inner, -1, high).transpose(1, 0, 2))


class Room(Protocol):
    """Room for some columns and for their products with a matrix [m, P].

    Attributes:
        given: [P, O, k] columns.
        found: [m, O, k] their products, once they are multiplied.
    """

    given: Array
    found: Array

    def multiply(self, left: Factor) -> None:
        """Makes the products with a factor, the one that room was asked for or another of its shape."""


class _Pair:
    """Room for a pair of columns, which go by tiles; see Room."""

    def __init__(self, left: Factor, shape: tuple[int, int]) -> None:
        """Begins with zeros: one column alone has them beside it."""
        n_rows, tiles = len(left.matrix), left.tiles
        n_tiles, inner, high = tiles.shape
        pair = np.zeros((PAIR, inner), tiles.dtype)
        product = np.empty((PAIR, n_tiles, high), tiles.dtype)
        self.given = _apart(pair.T, shape)
        self.found = _apart(product.reshape(PAIR, -1)[:, :n_rows].T, shape)
        self._pair, self._sum = _parts(pair[None], -1), _Sum(inner, product.transpose(1, 0, 2))

    def multiply(self, left: Factor) -> None:
        """Makes the products with the tiles; see Room."""
        self._sum.make(self._pair, left.by_tiles)


class _Padded:
    """Room for columns that fill up a block with zeros; see Room."""

    def __init__(self, left: Array, shape: tuple[int, int], blocks: Blocks) -> None:
        """Begins with zeros."""
        width, cuts = blocks.for_few(shape[0] * shape[1]), blocks.cuts
        count = -(-shape[0] * shape[1] // width) * width
        found, given = (np.zeros((length, 1, count), left.dtype) for length in left.shape)
        self.given, self.found = _apart(given[:, 0], shape), _apart(found[:, 0], shape)
        right, out, self._cuts = _cut(given, width)[0], _cut(found, width)[0], cuts
        self._right, self._sum = _parts(right, -2) if cuts else (right,), _Sum(len(given) * cuts, out)

    def multiply(self, left: Factor) -> None:
        """Makes the products in blocks; see Room."""
        self._sum.make(left.by_rows if self._cuts else (left.matrix,), self._right)


class _Sum:
    """Room for the sum of products of the parts of two factors, each kind of which is made in one call."""

    def __init__(self, inner: int, out: Array) -> None:
        """Takes how many terms are cut, and where the sum [b, m, k] goes."""
        whole, n_parts = inner // DEPTH, -(-inner // DEPTH)
        self._out, self._each = out, np.empty((n_parts, *out.shape), out.dtype) if n_parts > 1 else None
        self._places = [out] if self._each is None else [self._each[:whole], *self._each[whole:]]

    def make(self, left: Parts, right: Parts) -> None:
        """Makes the products and adds them up, one after the other."""
        for one, other, place in zip(left, right, self._places, strict=True):
            np.matmul(one, other, out=place)
        if self._each is not None:
            np.add.reduce(self._each, axis=0, out=self._out)


def _apart(columns: Array, shape: tuple[int, int]) -> Array:
    """Returns the first O k of columns [P, O k or more] as [P, O, k], a view."""
    return columns[:, : shape[0] * shape[1]].reshape(len(columns), *shape)


class Multiplier:
    """Multiplies columns in blocks; it has room for those that fill none, so let each thread have its own."""

    def __init__(self, blocks: Blocks) -> None:
        """Takes blocks as blocks_for has them."""
        self.blocks = blocks
        self._rooms: dict[tuple[Any, ...], Room] = {}

    def multiply(self, left: Factor, columns: Array, out: Array) -> None:
        """Writes left times columns to out, a block of columns after the other, the last filled up.

        Args:
            left: [m, P].
            columns: [P, O, k].
            out: [m, O, k], is overwritten.
        """
        width = self.blocks.width
        rest = columns.shape[-1] % width
        whole = columns.shape[-1] - rest
        if whole:
            right = _cut(columns[..., :whole], width)
            _add_up(left.matrix, right, _cut(out[..., :whole], width), cuts=self.blocks.cuts)
            columns, out = columns[..., whole:], out[..., whole:]
        if rest:
            room = self.room(left, (columns.shape[1], rest))
            room.given[...] = columns
            room.multiply(left)
            out[...] = room.found

    def room(self, left: Factor, shape: tuple[int, int]) -> Room:
        """Returns room for columns of a shape (O, k), in which products have the bits of whole blocks."""
        blocks, count = self.blocks, shape[0] * shape[1]
        by_pairs = blocks.has_pairs and left.has_tiles and count <= PAIR
        key = left.matrix.shape, left.tiles.shape if by_pairs else None, left.matrix.itemsize
        room = self._rooms.get(key)
        if room is None or room.given.shape[1:] != shape:  # trials leave, and room for more is let go
            room = _Pair(left, shape) if by_pairs else _Padded(left.matrix, shape, blocks)
            self._rooms[key] = room
        return room


def _add_up(left: Array, right: Array, out: Array, *, cuts: bool) -> None:
    """Writes a product of matrices to out, of parts of its sums one after the other if these are cut."""
    depth = DEPTH if cuts else left.shape[1]
    np.matmul(left[:, :depth], right[..., :depth, :], out=out)
    for first in range(depth, left.shape[1], depth):
        part = slice(first, first + depth)
        np.add(out, left[:, part] @ right[..., part, :], out=out)


def _parts(factor: Array, axis: int) -> Parts:
    """Cuts a factor along its sums, the last axis or the one before, without a copy."""
    whole = factor.shape[axis] // DEPTH * DEPTH
    if factor.shape[axis] <= DEPTH:
        return (factor,)
    last = factor.swapaxes(axis, -1)
    cut = np.moveaxis(last[..., :whole].reshape(*last.shape[:-1], -1, DEPTH), -2, 0)
    parts = cut.swapaxes(axis, -1), last[..., whole:].swapaxes(axis, -1)
    return parts[: 1 + (whole < factor.shape[axis])]


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
    cuts = any(shape.inner > DEPTH for shape in shapes)
    for width in WIDTHS:
        whole, pairs = Blocks(width, cuts=cuts), Blocks(PAIR, cuts=cuts, has_pairs=True)
        tried = (whole, *(Blocks(rest, cuts=cuts) for rest in RESTS if rest < width), pairs)
        kept = frozenset(tried).intersection(*(trusted(shape, tried, dtype) for shape in shapes))
        if whole in kept:
            rests = tuple(blocks.width for blocks in tried[1:-1] if blocks in kept)
            return Blocks(width, rests, cuts, pairs in kept)
    return None


@cache
def trusted(product: Product, tried: tuple[Blocks, ...], dtype: str) -> frozenset[Blocks]:
    """Returns in which blocks a column has the same bits in every place, and beside whatever numbers.

    The answer depends on the machine and its BLAS alone, so that it is the same in each of its processes.

    Args:
        product: the shape.
        tried: blocks, the widest first: where these are not trusted, nor are others. By tiles if they have
            pairs.
        dtype: float32 or float64.
    """
    rows, inner, is_transposed = product
    generator = np.random.default_rng(0)
    held = generator.standard_normal((inner, rows) if is_transposed else (rows, inner)).astype(dtype)
    columns = generator.standard_normal((inner, 1, tried[0].width)).astype(dtype)
    left = Factor(held.T if is_transposed else held)
    found = set[Blocks]()
    with np.errstate(all="ignore"):
        expected = _product(left, columns, tried[0])
        for blocks in tried:
            lefts = [left]
            if is_transposed and blocks.has_pairs:
                lying = in_lines(held.shape, dtype)
                lying[:, :rows] = held
                lefts += [factor.transposed for factor in Factor.of_lines(lying[None], rows, lasts=False)]
            if all(_keeps(each, blocks, columns, expected) for each in lefts):
                found.add(blocks)
            elif blocks == tried[0]:
                break
    return frozenset(found)


def _keeps(left: Factor, blocks: Blocks, columns: Array, expected: Array) -> bool:
    """Returns whether columns have the products that are expected, in every place of some blocks."""
    width, one = blocks.width, blocks.width // 3
    block, found, own = columns[..., :width], expected[..., :width], expected[..., one : one + 1]
    alike = np.repeat(block[..., one : one + 1], width, axis=-1)
    shifts = {shift % width for shift in (*SHIFTS, width // 2, width - 1)} - {0}

    def times(given: Array) -> Array:
        return _product(left, given, blocks)

    return (
        np.array_equal(times(columns), expected)
        and all(np.array_equal(times(np.roll(block, n, axis=-1)), np.roll(found, n, axis=-1)) for n in shifts)
        and bool((times(alike) == own).all())
        and all(
            np.array_equal(times(_beside(block, one, strange))[..., one : one + 1], own)
            for strange in (np.nan, np.inf, 0.0)
        )
    )


def _product(left: Factor, columns: Array, blocks: Blocks) -> Array:
    product, out = Multiplier(blocks), np.empty((len(left.matrix), *columns.shape[1:]), columns.dtype)
    if not blocks.has_pairs:
        product.multiply(left, columns, out)
        return out
    for first in range(0, columns.shape[-1], PAIR):
        room = product.room(left, (1, PAIR))
        room.given[...] = columns[..., first : first + PAIR]
        room.multiply(left)
        out[..., first : first + PAIR] = room.found
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
