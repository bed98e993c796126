"""Products of a matrix and the numbers of trials side by side, in tiles that stay in registers.

An entry of a product is a chain of `fma` in the order of the columns, from where it begins; so its bits do
not depend on how rows and lanes are cut into tiles, nor on which tile a row or a trial falls into.
"""

from functools import cache
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from linreg_sweep.engines.numba_vectors import (
    HAS_WIDE,
    emitted,
    in_lanes,
    lanes,
    load_at,
    multiply_add,
    part,
    pointer,
    spread,
    stand_apart,
    store_at,
)

WIDE = 4 if HAS_WIDE else 2
"""Vectors of a tile's row: as many as the registers hold beside a tile's other numbers."""

HIGH = {WIDE: 4, 1: 8}
"""Rows of a tile by the vectors of its rows: enough chains to hide how long each addition takes."""


class Emitter:
    """Writes LLVM's code for the numbers of as many vectors of trials, in the rows of one flat array."""

    def __init__(self, context: Any, builder: Any, signed: Any, vectors: int) -> None:
        """Settles where the code goes; the types of the arguments are `signed.args`."""
        self.context, self.builder, self.kinds, self.vectors = context, builder, signed.args, vectors
        self.number = context.get_value_type(self.kinds[0].dtype)
        self.width = lanes(str(self.kinds[0].dtype))
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
def _tile(rows: int, vectors: int) -> Any:
    """Returns the intrinsic of one tile of so many rows; see product."""

    @emitted
    def tile(
        context: Any,
        numbers: Any,
        matrix: Any,
        constants: Any,
        at: Any,
        row: Any,
        column: Any,
        count: Any,
        source: Any,
        pitch: Any,
        begins: Any,
        constant: Any,
        apart: Any,
        out: Any,
        out_pitch: Any,
        scales: Any,
        scale: Any,
    ) -> Any:
        def emit(context: Any, builder: Any, signed: Any, values: Any) -> Any:
            to = Emitter(context, builder, signed, vectors)
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
        places = (index,) * 6
        given = (*places, flag, index, index, index, index, flag, index)
        return types.void(numbers, matrix, constants, *given), emit

    return tile


@cache
def _strip(width: int, many: int) -> Any:
    """Returns the intrinsic of so many vectors of rows, of the first lane alone; see product.

    Args:
        width: rows of the matrix side by side in a vector, which stand so in memory; 1: they do not.
        many: vectors.
    """

    @emitted
    def strip(
        context: Any,
        numbers: Any,
        matrix: Any,
        constants: Any,
        at: Any,
        row: Any,
        column: Any,
        count: Any,
        source: Any,
        pitch: Any,
        begins: Any,
        constant: Any,
        apart: Any,
        out: Any,
        out_pitch: Any,
        scales: Any,
        scale: Any,
    ) -> Any:
        def emit(context: Any, builder: Any, signed: Any, values: Any) -> Any:
            x, a, c, at, row, column, count, source, pitch, *values = values
            begins, constant, apart, out, out_pitch, scales, scale = values
            kinds, number = signed.args, context.get_value_type(numbers.dtype)
            kind = ir.VectorType(number, width) if width > 1 else number

            def place(which: int, array: Any, start: Any, step: Any, times: int) -> Any:
                index = builder.add(start, builder.mul(step, ir.Constant(step.type, times)))
                return pointer(context, builder, kinds[which], array, index)

            def wide(value: Any) -> Any:
                return spread(builder, value, width) if width > 1 else value

            def lanes_of(vector: Any) -> list[Any]:
                if width == 1:
                    return [vector]
                return [builder.extract_element(vector, ir.Constant(ir.IntType(32), j)) for j in range(width)]

            def gathered(which: int, array: Any, start: Any, step: Any, r: int) -> Any:
                found = [builder.load(place(which, array, start, step, r * width + j)) for j in range(width)]
                if width == 1:
                    return found[0]
                vector = ir.Constant(kind, ir.Undefined)
                for j, value in enumerate(found):
                    vector = builder.insert_element(vector, value, ir.Constant(ir.IntType(32), j))
                return vector

            make: Any = cgutils.alloca_once
            sums = [make(builder, kind) for _ in range(many)]
            with builder.if_else(begins) as (then, otherwise):
                with then:
                    for r in range(many):
                        builder.store(gathered(2, c, constant, apart, r), sums[r])
                with otherwise:
                    for r in range(many):
                        builder.store(gathered(0, x, out, out_pitch, r), sums[r])
            with cgutils.for_range(builder, count) as loop:
                start = builder.add(source, builder.mul(loop.index, pitch))
                given = wide(builder.load(pointer(context, builder, kinds[0], x, start)))
                first = builder.add(at, builder.mul(loop.index, column))
                for r in range(many):
                    entries = load_at(builder, place(1, a, first, row, r * width), width)
                    total = builder.load(sums[r])
                    builder.store(multiply_add(builder, entries, given, total), sums[r])
            with builder.if_then(scales):
                by = wide(builder.load(pointer(context, builder, kinds[0], x, scale)))
                for total in sums:
                    builder.store(builder.fmul(builder.load(total), by), total)
            for r, total in enumerate(sums):
                for j, value in enumerate(lanes_of(builder.load(total))):
                    builder.store(value, place(0, x, out, out_pitch, r * width + j))
            return context.get_dummy_value()

        index, flag = types.intp, types.boolean
        given = (*(index,) * 6, flag, index, index, index, index, flag, index)
        return types.void(numbers, matrix, constants, *given), emit

    return strip


@cache
def product(vectors: int, width: int) -> Any:
    """Returns the compiled product of a matrix and the numbers of so many vectors of trials; 0: of one trial.

    It is `(numbers, matrix, constants, n_rows, at, row, column, count, source, pitch, begins, constant,
    apart, out, out_pitch, scales, scale)`, all arrays flat, all else indices, strides and flags. To the place
    `out + r out_pitch` of the numbers it writes the sum over q < count of `matrix[at + r row + q column]`
    times the row at `source + q pitch`, to which it adds `constants[constant + r apart]` where it begins with
    constants, or else what stands there; where it scales, the whole times the row at `scale`.

    Of one trial the rows of the matrix are side by side in vectors where they stand so in memory.
    """
    is_alone = vectors == 0
    high = 8 if is_alone else HIGH[vectors]
    tile, one = (_strip(1, n) if is_alone else _tile(n, vectors) for n in (high, 1))
    many, some = (_strip(width, n) if is_alone else one for n in (4, 1))

    def multiply(
        numbers: Any,
        matrix: Any,
        constants: Any,
        n_rows: int,
        at: int,
        row: int,
        column: int,
        count: int,
        source: int,
        pitch: int,
        begins: bool,
        constant: int,
        apart: int,
        out: int,
        out_pitch: int,
        scales: bool,
        scale: int,
    ) -> None:
        stand_apart()
        r = 0
        if is_alone:
            while row == 1 and r + 4 * width <= n_rows:
                many(
                    numbers, matrix, constants, at + r * row, row, column, count, source, pitch, begins,
                    constant + r * apart, apart, out + r * out_pitch, out_pitch, scales, scale,
                )  # fmt: skip
                r += 4 * width
            while row == 1 and r + width <= n_rows:
                some(
                    numbers, matrix, constants, at + r * row, row, column, count, source, pitch, begins,
                    constant + r * apart, apart, out + r * out_pitch, out_pitch, scales, scale,
                )  # fmt: skip
                r += width
        while r + high <= n_rows:
            tile(
                numbers, matrix, constants, at + r * row, row, column, count, source, pitch, begins,
                constant + r * apart, apart, out + r * out_pitch, out_pitch, scales, scale,
            )  # fmt: skip
            r += high
        while r < n_rows:
            one(
                numbers, matrix, constants, at + r * row, row, column, count, source, pitch, begins,
                constant + r * apart, apart, out + r * out_pitch, out_pitch, scales, scale,
            )  # fmt: skip
            r += 1

    return part(multiply)
