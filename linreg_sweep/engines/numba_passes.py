"""Descent on one row after the other in one pass, trials side by side in vectors."""

from functools import cache, reduce
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from linreg_sweep.engines.numba_forms import MOST_HELD
from linreg_sweep.engines.numba_tiles import Emitter
from linreg_sweep.engines.numba_vectors import HAS_WIDE, load_at, pointer, spread, store_at, written

MANY = 4
"""Parameters from which on a residual is summed in several chains, and how many a long one has."""


@cache
def sweep(vectors: int, width: int) -> Any:
    """Returns the intrinsic of a step on one row and of the next row's residual, in one pass.

    It is `(numbers, matrix, here, following, count, source, pitch, residual, scale, target)`: to each row q
    of the numbers from `source` on it adds `matrix[here + q]` times the row at `residual`, that times the one
    at `scale`; at `residual` it leaves the sum of `matrix[following + q]` times the new rows, and `target`:
    four sums, of every fourth row each, so that none waits long for the one before.
    """

    def emit(context: Any, builder: Any, signed: Any, values: Any) -> Any:
        to = Emitter(context, builder, signed, vectors, width)
        x, a, here, following, count, source, pitch, residual, scale, target = values
        along = [builder.fmul(r, by) for r, by in zip(to.row(x, residual), to.row(x, scale), strict=True)]
        chains = [to.registers() for _ in range(MANY)]
        starts = [spread(builder, target, to.width), *[ir.Constant(to.vector, [0.0] * to.width)] * 3]
        for sums, start in zip(chains, starts, strict=True):
            to.fill(sums, [start] * vectors)

        def move(q: Any, sums: list[Any]) -> None:
            factor = to.entry(1, a, builder.add(here, q))
            coming = to.entry(1, a, builder.add(following, q))
            places = to.places(x, builder.add(source, builder.mul(q, pitch)))
            for place, by, total in zip(places, along, sums, strict=True):
                moved = to.fma(factor, by, load_at(builder, place, to.width))
                store_at(builder, place, moved)
                builder.store(to.fma(coming, moved, builder.load(total)), total)

        many = ir.Constant(count.type, MANY)
        whole = builder.sdiv(count, many)
        with cgutils.for_range(builder, whole) as loop:
            for chain, sums in enumerate(chains):
                move(to.indexed(ir.Constant(count.type, chain), loop.index, MANY), sums)
        with cgutils.for_range(builder, builder.srem(count, many)) as loop:
            move(builder.add(builder.mul(whole, many), loop.index), chains[0])
        for place, *parts in zip(to.places(x, residual), *chains, strict=True):
            first, second, third, fourth = (builder.load(part) for part in parts)
            total = builder.fadd(builder.fadd(first, second), builder.fadd(third, fourth))
            store_at(builder, place, total)
        return context.get_dummy_value()

    return written(emit, 2, *(types.intp,) * 7, None)


def glides(n_parameters: int, vectors: int) -> int:
    """Returns how many vectors of trials go through the rows at once; 0: their parameters are too many.

    As many as registers hold with all their parameters, and at least one.
    """
    if n_parameters > MOST_HELD:
        return 0
    registers = 32 if HAS_WIDE else 16
    return max(n for n in (1, 2, 4) if n == 1 or (n <= vectors and (n_parameters + 2) * n + 2 <= registers))


@cache
def glide(n_parameters: int, vectors: int, width: int) -> Any:
    """Returns the intrinsic of a step on each row in turn, theta held in registers through all of them.

    It is `(numbers, matrix, targets, orders, order, has_order, n_rows, source, pitch, target, apart, scale)`:
    to row q of the numbers from `source` on it adds for each row i of the matrix `matrix[i, q]` times the
    residual, that times the row at `scale`; a residual is the sum over q of `matrix[i, q]` times the row
    source + q pitch, and of `targets[target + i apart]`; those of even q and of odd q by themselves where
    there are many, so that no sum waits long for another.
    """
    n_chains = 1 if n_parameters < MANY else 2

    def emit(context: Any, builder: Any, signed: Any, values: Any) -> Any:
        to = Emitter(context, builder, signed, vectors, width)
        x, a, y, orders, order, has_order, n_rows, source, pitch, target, apart, scale = values
        theta = [to.registers() for _ in range(n_parameters)]
        for q in range(n_parameters):
            to.fill(theta[q], to.row(x, to.indexed(source, pitch, q)))
        scales = to.row(x, scale)
        with cgutils.for_range(builder, n_rows) as loop:
            given = cgutils.alloca_once(builder, n_rows.type)
            builder.store(loop.index, given)
            with builder.if_then(has_order):
                place = pointer(context, builder, to.kinds[3], orders, builder.add(order, loop.index))
                builder.store(builder.load(place), given)
            row = builder.load(given)
            first = builder.mul(row, ir.Constant(row.type, n_parameters))

            def entry(q: int) -> Any:
                return to.entry(1, a, builder.add(first, ir.Constant(row.type, q)))

            start = to.entry(2, y, builder.add(target, builder.mul(row, apart)))
            chains = [[start] * vectors, [ir.Constant(to.vector, [0.0] * to.width)] * vectors][:n_chains]
            for q in range(n_parameters):
                sums, factor = chains[q % n_chains], entry(q)
                for v in range(vectors):
                    sums[v] = to.fma(factor, builder.load(theta[q][v]), sums[v])
            along = [
                builder.fmul(reduce(builder.fadd, parts), by)
                for *parts, by in zip(*chains, scales, strict=True)
            ]
            # entries are loaded once more rather than kept: there are no registers left for them
            builder.asm(ir.FunctionType(ir.VoidType(), []), "", "~{memory}", [], side_effect=True)
            for q in range(n_parameters):
                factor = entry(q)
                for v in range(vectors):
                    builder.store(to.fma(factor, along[v], builder.load(theta[q][v])), theta[q][v])
        for q in range(n_parameters):
            places = to.places(x, to.indexed(source, pitch, q))
            for place, register in zip(places, theta[q], strict=True):
                store_at(builder, place, builder.load(register))
        return context.get_dummy_value()

    return written(emit, 4, types.intp, types.boolean, *(types.intp,) * 6)
