"""Numbers of several trials side by side in one SIMD register, as a type that Numba compiles.

LLVM finds loops to vectorise by itself, or does not and says nothing. Here the vectors are written down, so
that what is compiled does not hang on it, nor on the variables that tell Numba how hard to try. Every
operation is IEEE's in each lane, and `fma` rounds once wherever it runs: a trial's bits depend on no lane,
no width and no processor.

The module stands in for NumPy where an optimizer's formula is compiled: it has `sqrt` and `maximum`.
"""

import inspect
import operator
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils, config
from numba.core.codegen import get_host_cpu_features
from numba.core.datamodel import models
from numba.core.datamodel.registry import register_default
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin

FEATURES: str | None = config.CPU_FEATURES  # type: ignore[attr-defined]
"""What a person lets Numba use of the processor (NUMBA_CPU_FEATURES); None: all that it has."""

HAS_WIDE = "+avx512f" in (get_host_cpu_features() if FEATURES is None else FEATURES)
"""Whether there are 32 registers of 64 bytes."""

REGISTER = 64 if HAS_WIDE else 32
"""Bytes of a vector."""

emitted: Callable[[Callable[..., Any]], Any] = intrinsic
"""Makes a function of what writes LLVM's code for a call."""

literally: Callable[[Callable[..., Any]], Any] = intrinsic(prefer_literal=True)
"""The same, for one that must know its arguments where they are constants."""

KINDS = {types.float32: ir.FloatType(), types.float64: ir.DoubleType()}
"""What LLVM calls the numbers that a vector can hold."""


class Vector(types.Type):
    """So many numbers of a kind side by side."""

    def __init__(self, kind: Any, count: int) -> None:
        """Settles the kind, float32 or float64, and their count."""
        self.kind, self.count = kind, count
        super().__init__(name=f"vector({kind} x {count})")


@register_default(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Vector) -> None:
        super().__init__(manager, kind, ir.VectorType(KINDS[kind.kind], kind.count))


def lanes(dtype: Any) -> int:
    """Returns how many numbers of a dtype a register holds."""
    return REGISTER // int(np.dtype(dtype).itemsize)


def spread(builder: Any, number: Any, count: int) -> Any:
    """Returns a vector all of whose lanes hold one number."""
    empty = ir.Constant(ir.VectorType(number.type, count), ir.Undefined)
    first = builder.insert_element(empty, number, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), count), None)
    return builder.shuffle_vector(first, empty, zeros)


def in_lanes(builder: Any, name: str, *values: Any, flags: tuple[str, ...] = ()) -> Any:
    """Returns what an intrinsic of LLVM's (`fma`, `sqrt`) makes of the lanes of vectors."""
    kind = values[0].type
    letters = f"llvm.{name}.v{kind.count}f{8 * number_bytes(kind.element)}"
    function = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(kind, [kind] * len(values)), letters
    )
    return builder.call(function, values, fastmath=flags)


def _operation(names: tuple[Any, ...], instruction: str) -> None:
    """Lets Numba compile an operation on two vectors, or on a vector and a number in its place."""

    class Template(AbstractTemplate):
        def generic(self, given: tuple[Any, ...], keywords: Any) -> Any:
            vectors = [each for each in given if isinstance(each, Vector)]
            if len(given) == 2 and vectors and all(each in (vectors[0],) for each in vectors):
                others = [each for each in given if each is not vectors[0] and not isinstance(each, Vector)]
                if all(isinstance(each, types.Number) for each in others):
                    return signature(vectors[0], *given)
            return None

    def lower(context: Any, builder: Any, signed: Any, values: Any) -> Any:
        whole, both = signed.return_type, []
        for kind, value in zip(signed.args, values, strict=True):
            if isinstance(kind, Vector):
                both.append(value)
            else:
                number = context.cast(builder, value, kind, whole.kind)
                both.append(spread(builder, number, whole.count))
        return getattr(builder, instruction)(*both)

    for name in names:
        infer_global(name)(Template)
        for one, other in ((Vector, Vector), (Vector, types.Number), (types.Number, Vector)):
            lower_builtin(name, one, other)(lower)


_operation((operator.add, operator.iadd), "fadd")
_operation((operator.sub, operator.isub), "fsub")
_operation((operator.mul, operator.imul), "fmul")
_operation((operator.truediv, operator.itruediv), "fdiv")


@emitted
def sqrt(context: Any, numbers: Any) -> Any:
    """Returns the root of each lane."""

    def emit(context: Any, builder: Any, signed: Any, values: Any) -> Any:
        return in_lanes(builder, "sqrt", *values)

    return numbers(numbers), emit


@emitted
def maximum(context: Any, one: Any, other: Any) -> Any:
    """Returns the larger of two in each lane; NaN where either is, as NumPy's does."""

    def emit(context: Any, builder: Any, signed: Any, values: Any) -> Any:
        first, second = values
        is_first = builder.or_(
            builder.fcmp_ordered(">=", first, second), builder.fcmp_unordered("uno", first, first)
        )
        return builder.select(is_first, first, second)

    return one(one, other), emit


def _extreme(name: str) -> Any:
    """Returns the intrinsic of the lower or the higher of two in each lane, neither of which is NaN.

    Written as a choice between the two it would be stored under a mask, which takes several times as long.
    """

    @emitted
    def extreme(context: Any, one: Any, other: Any) -> Any:
        def emit(context: Any, builder: Any, signed: Any, values: Any) -> Any:
            return in_lanes(builder, name, *values, flags=("nnan",))

        return one(one, other), emit

    return extreme


lower_of, higher_of = _extreme("minnum"), _extreme("maxnum")


@emitted
def far_if_nan(context: Any, numbers: Any) -> Any:
    """Returns numbers with infinity in the place of NaN."""

    def emit(context: Any, builder: Any, signed: Any, values: Any) -> Any:
        far = ir.Constant(values[0].type, [float("inf")] * numbers.count)
        return builder.select(builder.fcmp_ordered("ord", values[0], values[0]), values[0], far)

    return numbers(numbers), emit


@emitted
def fma(context: Any, one: Any, other: Any, third: Any) -> Any:
    """Returns one times other plus third in each lane, rounded once; a number stands for all lanes."""

    def emit(context: Any, builder: Any, signed: Any, values: Any) -> Any:
        wide = [
            value if isinstance(kind, Vector) else spread(builder, value, third.count)
            for kind, value in zip(signed.args, values, strict=True)
        ]
        return in_lanes(builder, "fma", *wide)

    return third(one, other, third), emit


def pointer(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    """Returns where an entry of a flat array stands."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.gep(data, [index])


def load_at(builder: Any, place: Any, count: int) -> Any:
    """Returns the vector that begins at a number."""
    number = place.type.pointee
    whole = builder.bitcast(place, ir.VectorType(number, count).as_pointer())
    return builder.load(whole, align=number_bytes(number))


def store_at(builder: Any, place: Any, vector: Any) -> None:
    """Writes a vector where a number stands."""
    whole = builder.bitcast(place, vector.type.as_pointer())
    builder.store(vector, whole, align=number_bytes(vector.type.element))


def number_bytes(kind: Any) -> int:
    """Returns the bytes of a number of LLVM's."""
    return 8 if isinstance(kind, ir.DoubleType) else 4


@emitted
def entry_at(context: Any, array: Any, index: Any) -> Any:
    """Returns an entry of a flat array; no index counts from its end."""

    def emit(context: Any, builder: Any, signed: Any, values: Any) -> Any:
        return builder.load(pointer(context, builder, signed.args[0], *values))

    return array.dtype(array, types.intp), emit


@literally
def load(context: Any, array: Any, index: Any, count: Any) -> Any:
    """Returns so many entries of a flat array from an index on; the count is a constant."""
    if not isinstance(count, types.IntegerLiteral):
        return None
    width = count.literal_value

    def emit(context: Any, builder: Any, signed: Any, values: Any) -> Any:
        place = pointer(context, builder, signed.args[0], values[0], values[1])
        return load_at(builder, place, width)

    return Vector(array.dtype, width)(array, types.intp, count), emit


@emitted
def store(context: Any, array: Any, index: Any, vector: Any) -> Any:
    """Writes a vector to a flat array from an index on."""

    def emit(context: Any, builder: Any, signed: Any, values: Any) -> Any:
        store_at(builder, pointer(context, builder, signed.args[0], values[0], values[1]), values[2])
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), emit


@literally
def load_all(context: Any, array: Any, index: Any, stride: Any, count: Any, width: Any) -> Any:
    """Returns a tuple of so many vectors of a flat array, a stride apart; of one where there are none."""
    if not isinstance(count, types.IntegerLiteral) or not isinstance(width, types.IntegerLiteral):
        return None
    kind, many = Vector(array.dtype, width.literal_value), max(1, count.literal_value)
    result = types.UniTuple(kind, many)

    def emit(context: Any, builder: Any, signed: Any, values: Any) -> Any:
        place, vectors = values[1], []
        for _ in range(many):
            at = pointer(context, builder, signed.args[0], values[0], place)
            vectors.append(load_at(builder, at, kind.count))
            place = builder.add(place, values[2])
        return context.make_tuple(builder, result, vectors)

    return result(array, types.intp, types.intp, count, width), emit


@literally
def store_all(context: Any, array: Any, index: Any, stride: Any, vectors: Any, count: Any) -> Any:
    """Writes the first so many vectors of a tuple to a flat array, a stride apart."""
    if not isinstance(count, types.IntegerLiteral):
        return None

    def emit(context: Any, builder: Any, signed: Any, values: Any) -> Any:
        place = values[1]
        for vector in cgutils.unpack_tuple(builder, values[3], len(vectors))[: count.literal_value]:
            store_at(builder, pointer(context, builder, signed.args[0], values[0], place), vector)
            place = builder.add(place, values[2])
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, vectors, count), emit


@emitted
def cast(context: Any, vectors: Any, like: Any) -> Any:
    """Returns a tuple of vectors of float64 in the precision of another tuple's."""
    result = types.UniTuple(Vector(like.dtype.kind, vectors.dtype.count), len(vectors))

    def emit(context: Any, builder: Any, signed: Any, values: Any) -> Any:
        given = cgutils.unpack_tuple(builder, values[0], len(vectors))
        if like.dtype.kind != vectors.dtype.kind:
            kind = ir.VectorType(KINDS[like.dtype.kind], vectors.dtype.count)
            given = [builder.fptrunc(each, kind) for each in given]
        return context.make_tuple(builder, result, given)

    return result(vectors, like), emit


@emitted
def everywhere(context: Any, number: Any, like: Any) -> Any:
    """Returns a vector like another, all of whose lanes hold one number."""

    def emit(context: Any, builder: Any, signed: Any, values: Any) -> Any:
        return spread(builder, values[0], like.count)

    return like(like.kind, like), emit


@emitted
def stand_apart(context: Any) -> Any:
    """Keeps LLVM from copying the function that calls this into those that call it."""

    def emit(context: Any, builder: Any, signed: Any, values: Any) -> Any:
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.void(), emit


@emitted
def no_alias(context: Any) -> Any:
    """Tells LLVM that the arrays which the function that calls this is given do not overlap."""

    def emit(context: Any, builder: Any, signed: Any, values: Any) -> Any:
        for given in builder.function.args:
            if isinstance(given.type, ir.PointerType):
                given.add_attribute("noalias")
        return context.get_dummy_value()

    return types.void(), emit


def written(emit: Callable[..., Any], n_arrays: int, *kinds: Any) -> Any:
    """Returns the intrinsic, which returns nothing, of what writes its code.

    Args:
        emit: `(context, builder, signed, values)`.
        n_arrays: flat arrays that it is given first.
        kinds: the types of what follows them; None: a number like those of the first array.
    """

    def call(context: Any, *given: Any) -> Any:
        others = (given[0].dtype if kind is None else kind for kind in kinds)
        return types.void(*given[:n_arrays], *others), emit

    of_call = inspect.signature(call)
    first = next(iter(of_call.parameters.values()))
    each = [first.replace(name=f"given_{place}") for place in range(n_arrays + len(kinds))]
    call.__signature__ = of_call.replace(parameters=[first, *each])  # type: ignore[attr-defined]
    return emitted(call)


Returns = Callable[..., Any]
"""The types of a function's arguments -> the type of what it returns."""


def part(function: Callable[..., Any], returns: Returns = lambda *given: types.void) -> Any:
    """Returns a function as a part of whatever compiled function calls it.

    Numba makes a whole of each function that it compiles, with machine code and a way in from Python: for
    the dozens that make up a kernel that takes many seconds. A part has none of these.

    Args:
        function: whose closure holds what can be hashed.
        returns: what it returns; by default nothing.
    """

    def call(context: Any, *given: Any) -> Any:
        def emit(context: Any, builder: Any, signed: Any, values: Any) -> Any:
            return context.compile_internal(builder, function, signed, values)

        plain = tuple(map(types.unliteral, given))
        return returns(*plain)(*plain), emit

    of_call, of_function = inspect.signature(call), inspect.signature(function)
    first = next(iter(of_call.parameters.values()))
    call.__signature__ = of_call.replace(parameters=[first, *of_function.parameters.values()])  # type: ignore[attr-defined]
    return emitted(call)


def compiled(function: Callable[..., None]) -> Callable[..., None]:
    """Returns a function for Python to call; it allocates nothing, so that no references are counted."""
    whole: Callable[..., None] = numba.njit(error_model="numpy", _nrt=False)(function)  # type: ignore[call-overload]
    return whole


def inlined(function: Callable[..., Any]) -> Any:
    """Returns a function whose text takes the place of each call."""
    return numba.njit(inline="always")(function)
