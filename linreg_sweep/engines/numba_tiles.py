"""Products of a matrix and the numbers of trials side by side, in tiles that stay in registers.

An entry of a product is a chain of `fma` in the order of the columns, from where it begins; so its bits do
not depend on how rows and lanes are cut into tiles, nor on which tile a row or a trial falls into.
"""

from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from linreg_sweep.engines.numba_vectors import (
    HAS_WIDE,
    entry_at,
    in_lanes,
    inlined,
    load_at,
    part,
    pointer,
    spread,
    stand_apart,
    store_at,
    written,
)

WIDE = 4 if HAS_WIDE else 2
"""Vectors of a tile's row: as many as the registers hold beside a tile's other numbers."""

HIGH = {WIDE: 4, 1: 8}
"""Rows of a tile by the vectors of its rows: enough chains to hide how long each addition takes."""

GROUP = min(HIGH.values())
"""Rows of a packed matrix whose entries in a column stand side by side."""

DEPTH = 96
"""Terms that are added to all sums before the next ones: of so many the numbers stay in the first cache."""

MOST_UPRIGHT = 16 if HAS_WIDE else 8
"""Vectors of rows whose sums for one trial are in registers at once."""

MOST_TALL = 16
"""Parameters up to which a tile of one vector has all rows of H: its sums stay in registers, or almost."""


class Emitter:
    """Writes LLVM's code for the numbers of as many vectors of trials, in the rows of one flat array."""

    def __init__(self, context: Any, builder: Any, signed: Any, vectors: int, width: int) -> None:
        """Settles where the code goes, and how many numbers a vector has."""
        self.context, self.builder, self.kinds, self.vectors = context, builder, signed.args, vectors
        self.number = context.get_value_type(self.kinds[0].dtype)
        self.width, self.vector = width, ir.VectorType(self.number, width)

    def indexed(self, start: Any, step: Any, times: int) -> Any:
        """Returns the index so many steps after a start."""
        return self.builder.add(start, self.builder.mul(step, ir.Constant(step.type, times)))

    def entry(self, which: int, array: Any, index: Any) -> Any:
        """Returns all lanes of a vector filled with an entry of the argument of a number."""
        found = self.builder.load(pointer(self.context, self.builder, self.kinds[which], array, index))
        return spread(self.builder, found, self.width)

    def places(self, array: Any, start: Any, which: int = 0) -> list[Any]:
        """Returns where the vectors of a row of an array begin, which is the argument of a number."""
        first = pointer(self.context, self.builder, self.kinds[which], array, start)
        steps = (ir.Constant(start.type, self.width * place) for place in range(self.vectors))
        return [self.builder.gep(first, [step]) for step in steps]

    def row(self, array: Any, start: Any, which: int = 0) -> list[Any]:
        """Returns the vectors of a row."""
        return [load_at(self.builder, place, self.width) for place in self.places(array, start, which)]

    def registers(self) -> list[Any]:
        """Returns a row of vectors that can be written to again and again."""
        make: Any = cgutils.alloca_once
        return [make(self.builder, self.vector) for _ in range(self.vectors)]

    def fill(self, registers: list[Any], values: list[Any]) -> None:
        """Writes vectors to registers."""
        for place, value in zip(registers, values, strict=True):
            self.builder.store(value, place)

    def fma(self, factor: Any, other: Any, third: Any) -> Any:
        """Returns factor times other plus third, rounded once."""
        return in_lanes(self.builder, "fma", factor, other, third)


@cache
def tile_of(rows: int, vectors: int, width: int) -> Any:
    """Returns the intrinsic of a tile of so many rows, each GROUP of them a leap further on; see product."""

    def emit(context: Any, builder: Any, signed: Any, values: Any) -> Any:
        to = Emitter(context, builder, signed, vectors, width)
        x, a, c, at, row, leap, column, count, source, pitch, *values = values
        begins, constant, apart, out, out_pitch, scales, scale = values
        sums = [to.registers() for _ in range(rows)]
        with builder.if_else(begins) as (then, otherwise):
            with then:
                for r in range(rows):
                    to.fill(sums[r], [to.entry(2, c, to.indexed(constant, apart, r))] * vectors)
            with otherwise:
                for r in range(rows):
                    to.fill(sums[r], to.row(x, to.indexed(out, out_pitch, r)))
        with cgutils.for_range(builder, count) as loop:
            given = to.row(x, builder.add(source, builder.mul(loop.index, pitch)))
            first = builder.add(at, builder.mul(loop.index, column))
            for r in range(rows):
                place = to.indexed(to.indexed(first, leap, r // GROUP), row, r % GROUP)
                factor = to.entry(1, a, place)
                pairs = zip(given, sums[r], strict=True)
                to.fill(sums[r], [to.fma(factor, each, builder.load(total)) for each, total in pairs])
        with builder.if_then(scales):
            for r in range(rows):
                pairs = zip(sums[r], to.row(x, scale), strict=True)
                to.fill(sums[r], [builder.fmul(builder.load(total), by) for total, by in pairs])
        for r in range(rows):
            for place, total in zip(to.places(x, to.indexed(out, out_pitch, r)), sums[r], strict=True):
                store_at(builder, place, builder.load(total))
        return context.get_dummy_value()

    index, flag = types.intp, types.boolean
    return written(emit, 3, *(index,) * 7, flag, *(index,) * 4, flag, index)


@cache
def _upright(vectors: int, width: int) -> Any:
    """Returns the intrinsic that adds to sums of so many vectors of rows of a matrix, of one trial.

    It is `(numbers, matrix, constants, at, column, count, source, pitch, begins, constant, sums)`: to the
    numbers from `sums` on, or to the constants from `constant` on where it begins with these, it adds
    `matrix[at + q column + r]` times the number at `source + q pitch`, for each q < count in turn.
    """

    def emit(context: Any, builder: Any, signed: Any, values: Any) -> Any:
        to = Emitter(context, builder, signed, vectors, width)
        x, a, c, at, column, count, source, pitch, begins, constant, sums = values
        totals = to.registers()
        with builder.if_else(begins) as (then, otherwise):
            with then:
                to.fill(totals, to.row(c, constant, 2))
            with otherwise:
                to.fill(totals, to.row(x, sums))
        with cgutils.for_range(builder, count) as loop:
            factor = to.entry(0, x, builder.add(source, builder.mul(loop.index, pitch)))
            entries = to.row(a, builder.add(at, builder.mul(loop.index, column)), 1)
            pairs = zip(entries, totals, strict=True)
            to.fill(totals, [to.fma(each, factor, builder.load(total)) for each, total in pairs])
        for place, total in zip(to.places(x, sums), totals, strict=True):
            store_at(builder, place, builder.load(total))
        return context.get_dummy_value()

    return written(emit, 3, *(types.intp,) * 5, types.boolean, *(types.intp,) * 2)


@cache
def product(vectors: int, width: int, shape: tuple[int, int], spare: int = 0, *, packed: bool = False) -> Any:
    """Returns the compiled product of a matrix and the numbers of so many vectors of trials; 0: of one trial.

    It is `(numbers, matrix, constants, n_rows, at, row, column, count, source, pitch, begins, constant,
    apart, out, out_pitch, scales, scale, filled)`, all arrays flat, all else indices, strides and flags. To
    the place `out + r out_pitch` of the numbers it writes the sum over q < count of
    `matrix[at + r row + q column]` times the row at `source + q pitch`, to which it adds
    `constants[constant + r apart]` where it begins with constants, or else what stands there; where it
    scales, the whole times the row at `scale`. Fewer lanes than all are filled one vector after the other.

    Of one trial the matrix is gone through by vectors of its rows where these are side by side. Packed, it
    has so many rows as fill whole vectors: what comes to those that are none is left behind the last sum.

    Args:
        vectors: of trials.
        width: trials in a vector.
        shape: (P, O); there are P rows wherever they are side by side.
        spare: where there is room for the sums of one trial side by side.
        packed: whether the matrix stands in the order of the tiles, as `pack` leaves it.
    """
    if vectors == 0:
        return _alone(width, shape, spare, packed=packed)
    whole, single = (_across(each, width, shape, packed=packed) for each in (vectors, 1))

    def multiply(
        numbers: Any, matrix: Any, constants: Any, n_rows: int, at: int, row: int, column: int, count: int,
        source: int, pitch: int, begins: bool, constant: int, apart: int, out: int, out_pitch: int,
        scales: bool, scale: int, filled: int,
    ) -> None:  # fmt: skip
        if vectors == 1 or filled == vectors * width:
            whole(
                numbers, matrix, constants, n_rows, at, row, column, count, source, pitch, begins, constant,
                apart, out, out_pitch, scales, scale,
            )  # fmt: skip
        else:
            for lane in range(0, filled, width):
                single(
                    numbers, matrix, constants, n_rows, at, row, column, count, source + lane, pitch, begins,
                    constant, apart, out + lane, out_pitch, scales, scale + lane,
                )  # fmt: skip

    return inlined(multiply)


def _across(vectors: int, width: int, shape: tuple[int, int], *, packed: bool) -> Any:
    """Returns the product for so many vectors, all of which are filled; see product."""
    high = HIGH[vectors]
    low = shape[0] % GROUP or 1
    tile, group, rest, one = (tile_of(each, vectors, width) for each in (high, GROUP, low, 1))
    packed_depth = _evenly(shape[0], DEPTH)

    def multiply(
        numbers: Any, matrix: Any, constants: Any, n_rows: int, at: int, row: int, column: int, count: int,
        source: int, pitch: int, begins: bool, constant: int, apart: int, out: int, out_pitch: int,
        scales: bool, scale: int,
    ) -> None:  # fmt: skip
        stand_apart()
        depth = packed_depth if packed else count
        for first in range(0, count, depth):
            n_some, x, is_last = min(depth, count - first), source + first * pitch, first + depth >= count
            r, begin, scaled = 0, begins and first == 0, scales and is_last
            leap = GROUP * (n_some if packed else row)
            while r + high <= n_rows:
                place = at + first * n_rows + r * n_some if packed else at + r * row
                tile(
                    numbers, matrix, constants, place, 1 if packed else row, leap,
                    GROUP if packed else column, n_some, x, pitch, begin, constant + r * apart, apart,
                    out + r * out_pitch, out_pitch, scaled, scale,
                )  # fmt: skip
                r += high
            while high > GROUP and r + GROUP <= n_rows:
                place = at + first * n_rows + r * n_some if packed else at + r * row
                group(
                    numbers, matrix, constants, place, 1 if packed else row, leap,
                    GROUP if packed else column, n_some, x, pitch, begin, constant + r * apart, apart,
                    out + r * out_pitch, out_pitch, scaled, scale,
                )  # fmt: skip
                r += GROUP
            while r + low <= n_rows:
                place = at + first * n_rows + r * n_some if packed else at + r * row
                rest(
                    numbers, matrix, constants, place, 1 if packed else row, leap,
                    low if packed else column, n_some, x, pitch, begin, constant + r * apart, apart,
                    out + r * out_pitch, out_pitch, scaled, scale,
                )  # fmt: skip
                r += low
            while r < n_rows:
                one(
                    numbers, matrix, constants, at + r * row, row, 0, column, n_some, x, pitch, begin,
                    constant + r * apart, apart, out + r * out_pitch, out_pitch, scaled, scale,
                )  # fmt: skip
                r += 1

    return part(multiply)


def pack(matrices: Any, vectors: int, width: int) -> Any:
    """Returns symmetric matrices [.., P, P] in the order in which tiles take them, `packed_size` each."""
    if not matrices.size or is_tall(matrices.shape[-1], vectors * width):
        return matrices
    *several, n_rows, count = matrices.shape
    if vectors == 0:
        padded = np.zeros((*several, count, packed_size(count, 0, width) // count), matrices.dtype)
        padded[..., :n_rows] = matrices
        high = _evenly(padded.shape[-1] // width, MOST_UPRIGHT) * width
        parts = [padded[..., r : r + high] for r in range(0, padded.shape[-1], high)]
    else:
        depth, parts = _evenly(count, DEPTH), []
        whole = n_rows // GROUP * GROUP
        for first in range(0, count, depth):
            part = matrices[..., first : first + depth]
            groups = part[..., :whole, :].reshape(*several, -1, GROUP, part.shape[-1])
            parts += [groups.swapaxes(-1, -2), part[..., whole:, :].swapaxes(-1, -2)]
    return np.concatenate([part.reshape(*several, -1) for part in parts], axis=-1)


def is_tall(n_parameters: int, together: int) -> bool:
    """Returns whether H goes by a tile of all rows, through so many trials by vectors: it is not packed."""
    return together > 1 and n_parameters <= MOST_TALL


def packed_size(n_parameters: int, vectors: int, width: int) -> int:
    """Returns how many numbers a matrix [P, P] has when it is packed: of one trial its rows fill vectors."""
    return n_parameters * (n_parameters if vectors else -(-n_parameters // width) * width)


def _evenly(count: int, most: int) -> int:
    """Returns how many of so many are taken at once, at most: about the same each time."""
    return -(-count // max(1, -(-count // most)))


def _alone(width: int, shape: tuple[int, int], spare: int, *, packed: bool) -> Any:
    """Returns the product for one trial; see product."""
    n_parameters, n_targets = shape
    whole = packed_size(n_parameters, 0, width) // n_parameters if packed else n_parameters // width * width
    high = _evenly(whole // width, MOST_UPRIGHT) * width
    many, rest = (_upright(rows // width, width) for rows in (high, whole % (high or 1)))
    tile, one = tile_of(8, 1, 1), tile_of(1, 1, 1)
    stands = n_targets == 1  # the sums, side by side where they belong

    def multiply(
        numbers: Any, matrix: Any, constants: Any, n_rows: int, at: int, row: int, column: int, count: int,
        source: int, pitch: int, begins: bool, constant: int, apart: int, out: int, out_pitch: int,
        scales: bool, scale: int, filled: int,
    ) -> None:  # fmt: skip
        stand_apart()
        upright = whole if row == 1 else 0
        r, sums, first = min(upright, n_rows), out if stands else spare, 0
        joins = begins and apart == 1
        if begins and not joins:
            for place in range(r):
                numbers[sums + place] = entry_at(constants, constant + place * apart)
        elif not begins and not stands:
            for place in range(r):
                numbers[sums + place] = numbers[out + place * out_pitch]
        while first < upright:
            n_some = min(high, upright - first)
            start, step = at + (first * count if packed else first), n_some if packed else column
            if n_some == high:
                many(
                    numbers, matrix, constants, start, step, count, source, pitch, joins, constant + first,
                    sums + first,
                )  # fmt: skip
            else:
                rest(
                    numbers, matrix, constants, start, step, count, source, pitch, joins, constant + first,
                    sums + first,
                )  # fmt: skip
            first += n_some
        if not stands:
            for place in range(r):
                numbers[out + place * out_pitch] = numbers[sums + place]
        while r + 8 <= n_rows:
            tile(
                numbers, matrix, constants, at + r * row, row, GROUP * row, column, count, source, pitch,
                begins, constant + r * apart, apart, out + r * out_pitch, out_pitch, scales, scale,
            )  # fmt: skip
            r += 8
        while r < n_rows:
            one(
                numbers, matrix, constants, at + r * row, row, GROUP * row, column, count, source, pitch,
                begins, constant + r * apart, apart, out + r * out_pitch, out_pitch, scales, scale,
            )  # fmt: skip
            r += 1

    return part(multiply)
