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
    in_lanes,
    inlined,
    lanes,
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


DEPTH = 96
"""Terms that are added to all sums before the next ones: of so many the numbers stay in the first cache."""


class Emitter:
    """Writes LLVM's code for the numbers of as many vectors of trials, in the rows of one flat array."""

    def __init__(self, context: Any, builder: Any, signed: Any, vectors: int, width: int = 0) -> None:
        """Settles where the code goes; the types of the arguments are `signed.args`.

        A vector has so many trials; 0: as many as a register.
        """
        self.context, self.builder, self.kinds, self.vectors = context, builder, signed.args, vectors
        self.number = context.get_value_type(self.kinds[0].dtype)
        self.width = width or lanes(str(self.kinds[0].dtype))
        self.vector = ir.VectorType(self.number, self.width)

    def indexed(self, start: Any, step: Any, times: int) -> Any:
        """Returns the index so many steps after a start."""
        return self.builder.add(start, self.builder.mul(step, ir.Constant(step.type, times)))

    def entry(self, which: int, array: Any, index: Any) -> Any:
        """Returns all lanes of a vector filled with an entry of the argument of a number."""
        found = self.builder.load(pointer(self.context, self.builder, self.kinds[which], array, index))
        return spread(self.builder, found, self.width)

    def places(self, numbers: Any, start: Any) -> list[Any]:
        """Returns where the vectors of a row of the numbers begin; they are the first argument."""
        first = pointer(self.context, self.builder, self.kinds[0], numbers, start)
        steps = (ir.Constant(start.type, self.width * place) for place in range(self.vectors))
        return [self.builder.gep(first, [step]) for step in steps]

    def row(self, numbers: Any, start: Any) -> list[Any]:
        """Returns the vectors of a row."""
        return [load_at(self.builder, place, self.width) for place in self.places(numbers, start)]

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
def _tile(rows: int, vectors: int, width: int) -> Any:
    """Returns the intrinsic of one tile of so many rows; see product."""

    def emit(context: Any, builder: Any, signed: Any, values: Any) -> Any:
        to = Emitter(context, builder, signed, vectors, width)
        x, a, c, at, row, column, count, source, pitch, *values = values
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
                factor = to.entry(1, a, to.indexed(first, row, r))
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
    return written(emit, 3, *(index,) * 6, flag, *(index,) * 4, flag, index)


@cache
def _columns(many: int, width: int) -> Any:
    """Returns the intrinsic that adds so many columns of a matrix, times a number each, to sums of its rows.

    It is `(numbers, matrix, at, column, source, pitch, sums, n_rows)`: to the numbers from `sums` on, one for
    each of the rows, whose number is a multiple of the width, it adds `matrix[at + q column + r]` times the
    number at `source + q pitch`, for each q in turn.
    """

    def emit(context: Any, builder: Any, signed: Any, values: Any) -> Any:
        to = Emitter(context, builder, signed, 1, width)
        x, a, at, column, source, pitch, sums, n_rows = values
        given = [to.entry(0, x, to.indexed(source, pitch, q)) for q in range(many)]
        length = ir.Constant(n_rows.type, width)
        with cgutils.for_range(builder, builder.sdiv(n_rows, length)) as loop:
            row = builder.mul(loop.index, length)
            (place,) = to.places(x, builder.add(sums, row))
            total = load_at(builder, place, width)
            for q, factor in enumerate(given):
                first = to.indexed(builder.add(at, row), column, q)
                entries = load_at(builder, pointer(context, builder, to.kinds[1], a, first), width)
                total = to.fma(entries, factor, total)
            store_at(builder, place, total)
        return context.get_dummy_value()

    return written(emit, 2, *(types.intp,) * 6)


@cache
def product(vectors: int, width: int, spare: int = 0, *, packed: bool = False) -> Any:
    """Returns the compiled product of a matrix and the numbers of so many vectors of trials; 0: of one trial.

    It is `(numbers, matrix, constants, n_rows, at, row, column, count, source, pitch, begins, constant,
    apart, out, out_pitch, scales, scale)`, all arrays flat, all else indices, strides and flags. To the place
    `out + r out_pitch` of the numbers it writes the sum over q < count of `matrix[at + r row + q column]`
    times the row at `source + q pitch`, to which it adds `constants[constant + r apart]` where it begins with
    constants, or else what stands there; where it scales, the whole times the row at `scale`.

    Of one trial, whose numbers are first in their rows, the matrix is gone through column by column where its
    rows are side by side, as it stands in memory.

    Args:
        vectors: of trials.
        width: trials in a vector.
        spare: where there is room for the sums of one trial, side by side.
        packed: whether the matrix stands in the order of the tiles, as `pack` leaves it.
    """
    if vectors == 0:
        return _alone(width, spare)
    high = HIGH[vectors]
    tile, one, part_of = _tile(high, vectors, width), _tile(1, vectors, width), inlined(_depth)

    def multiply(
        numbers: Any, matrix: Any, constants: Any, n_rows: int, at: int, row: int, column: int, count: int,
        source: int, pitch: int, begins: bool, constant: int, apart: int, out: int, out_pitch: int,
        scales: bool, scale: int,
    ) -> None:  # fmt: skip
        stand_apart()
        depth = part_of(count) if packed else count
        for first in range(0, count, depth):
            n_some, x, is_last = min(depth, count - first), source + first * pitch, first + depth >= count
            r = 0
            while r + high <= n_rows:
                place = at + first * n_rows + r * n_some if packed else at + r * row
                tile(
                    numbers, matrix, constants, place, 1 if packed else row, high if packed else column,
                    n_some, x, pitch, begins and first == 0, constant + r * apart, apart, out + r * out_pitch,
                    out_pitch, scales and is_last, scale,
                )  # fmt: skip
                r += high
            while r < n_rows:
                place = at + first * n_rows + r * n_some if packed else at + r * row
                one(
                    numbers, matrix, constants, place, row, 1 if packed else column,
                    n_some, x, pitch, begins and first == 0, constant + r * apart, apart, out + r * out_pitch,
                    out_pitch, scales and is_last, scale,
                )  # fmt: skip
                r += 1

    return part(multiply)


def pack(matrices: Any, vectors: int) -> Any:
    """Returns matrices [.., m, P] in the order in which tiles take them, each m P numbers."""
    if vectors == 0 or not matrices.size:
        return matrices
    *several, n_rows, count = matrices.shape
    high, depth, parts = HIGH[vectors], _depth(count), []
    whole = n_rows // high * high
    for first in range(0, count, depth):
        part = matrices[..., first : first + depth]
        tiles = part[..., :whole, :].reshape(*several, -1, high, part.shape[-1]).swapaxes(-1, -2)
        parts += [tiles, part[..., whole:, :]]
    return np.concatenate([part.reshape(*several, -1) for part in parts], axis=-1)


def _depth(count: int) -> int:
    """Returns how many of so many terms are added at once, about the same each time."""
    return -(-count // -(-count // DEPTH))


def _alone(width: int, spare: int) -> Any:
    """Returns the product for one trial; see product."""
    tile, one, many, some = _tile(8, 1, 1), _tile(1, 1, 1), _columns(8, width), _columns(1, width)

    def multiply(
        numbers: Any, matrix: Any, constants: Any, n_rows: int, at: int, row: int, column: int, count: int,
        source: int, pitch: int, begins: bool, constant: int, apart: int, out: int, out_pitch: int,
        scales: bool, scale: int,
    ) -> None:  # fmt: skip
        stand_apart()
        r = n_rows // width * width if row == 1 else 0
        for place in range(r):
            numbers[spare + place] = (
                constants[constant + place * apart] if begins else numbers[out + place * out_pitch]
            )
        q = 0
        while r > 0 and q + 8 <= count:
            many(numbers, matrix, at + q * column, column, source + q * pitch, pitch, spare, r)
            q += 8
        while r > 0 and q < count:
            some(numbers, matrix, at + q * column, column, source + q * pitch, pitch, spare, r)
            q += 1
        for place in range(r):
            total = numbers[spare + place]
            numbers[out + place * out_pitch] = total * numbers[scale] if scales else total
        while r + 8 <= n_rows:
            tile(
                numbers, matrix, constants, at + r * row, row, column, count, source, pitch, begins,
                constant + r * apart, apart, out + r * out_pitch, out_pitch, scales, scale,
            )  # fmt: skip
            r += 8
        while r < n_rows:
            one(
                numbers, matrix, constants, at + r * row, row, column, count, source, pitch, begins,
                constant + r * apart, apart, out + r * out_pitch, out_pitch, scales, scale,
            )  # fmt: skip
            r += 1

    return part(multiply)
