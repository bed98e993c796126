"""Gradients of trials side by side that are products by tiles: by way of H, or of residuals."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from linreg_sweep.engines.numba_layout import Rows
from linreg_sweep.engines.numba_tiles import packed_size, product
from linreg_sweep.engines.numba_vectors import entry_at, everywhere, lanes, load, part, stand_apart, store


@dataclass(frozen=True)
class Gradients:
    """What writes the gradients of a block's trials, in so many lanes, as functions that are compiled.

    Attributes:
        set_scale: `(numbers, factor, by_rate, width)` settles by what residuals are multiplied.
        by_curvature: `(numbers, hessian, constant, batch, width)` writes the gradient by way of H and -C of a
            batch, packed.
        find_residuals: `(numbers, matrix, targets, at, count, scales, width)` writes the residuals of some
            rows, scaled or as they are.
        by_rows: `(numbers, matrix, targets, zero, at, count, out, begins, width)` adds to the gradient, or to
            theta, what scaled residuals of some rows come to there.
        add_rows: likewise, without targets, of residuals that are there.
        along_rows: `(numbers, matrix, zero, at, count, width)` writes some rows times what stands where the
            gradient does in the place of their residuals.
        gather: `(room, data, orders, order, count)` copies rows in their order to where a step finds them.
    """

    set_scale: Callable[..., None]
    by_curvature: Callable[..., None]
    find_residuals: Callable[..., None]
    by_rows: Callable[..., None]
    along_rows: Callable[..., None]
    add_rows: Callable[..., None]
    gather: Callable[..., None]


def make_gradients(rows: Rows, dtype: str, vectors: int, fixed: int) -> Gradients:
    """Returns the gradients for a shape of theta and so many lanes a row.

    Args:
        rows: where numbers stand.
        dtype: of the descent.
        vectors: of trials in a block, at most; 0: there is one trial.
        fixed: how far rows stand apart; 0: as far as there are lanes.
    """
    length = lanes(dtype) if vectors else 1
    n_parameters, n_targets, size = rows.n_parameters, rows.n_targets, rows.size
    rate, scale, gradient, residual = rows.rate, rows.scale, rows.gradient, rows.residual
    multiply, multiply_packed = (
        product(vectors, lanes(dtype), (n_parameters, n_targets), rows.spare, packed=packed)
        for packed in (False, True)
    )

    of_packed = packed_size(n_parameters, vectors, lanes(dtype))

    def set_scale(numbers: Any, factor: Any, by_rate: bool, width: int) -> None:
        pitch = fixed or width
        for column in range(0, width, length):
            rates = load(numbers, rate * pitch + column, length)
            store(numbers, scale * pitch + column, rates * -factor if by_rate else everywhere(factor, rates))

    def by_curvature(numbers: Any, hessian: Any, constant: Any, batch: int, width: int) -> None:
        pitch = fixed or width
        stand_apart()
        for o in range(n_targets):
            multiply_packed(
                numbers, hessian, constant, n_parameters, batch * of_packed, 1, n_parameters, n_parameters,
                o * pitch, n_targets * pitch, True, batch * size + o, n_targets, (gradient + o) * pitch,
                n_targets * pitch, False, 0, width,
            )  # fmt: skip

    def find_residuals(
        numbers: Any, matrix: Any, targets: Any, at: int, count: int, scales: bool, width: int
    ) -> None:
        pitch = fixed or width
        for o in range(n_targets):
            multiply(
                numbers, matrix, targets, count, at * n_parameters, n_parameters, 1, n_parameters,
                o * pitch, n_targets * pitch, True, at * n_targets + o, n_targets, (residual + o) * pitch,
                n_targets * pitch, scales, scale * pitch, width,
            )  # fmt: skip

    find_residuals = part(find_residuals)

    def add_rows(
        numbers: Any, matrix: Any, zero: Any, at: int, count: int, out: int, begins: bool, width: int
    ) -> None:
        pitch = fixed or width
        for o in range(n_targets):
            multiply(
                numbers, matrix, zero, n_parameters, at * n_parameters, 1, n_parameters, count,
                (residual + o) * pitch, n_targets * pitch, begins, 0, 0, (out + o) * pitch,
                n_targets * pitch, False, 0, width,
            )  # fmt: skip

    add_rows = part(add_rows)

    def by_rows(
        numbers: Any, matrix: Any, targets: Any, zero: Any, at: int, count: int, out: int, begins: bool,
        width: int,
    ) -> None:  # fmt: skip
        stand_apart()
        find_residuals(numbers, matrix, targets, at, count, True, width)
        add_rows(numbers, matrix, zero, at, count, out, begins, width)

    def along_rows(numbers: Any, matrix: Any, zero: Any, at: int, count: int, width: int) -> None:
        pitch = fixed or width
        for o in range(n_targets):
            multiply(
                numbers, matrix, zero, count, at * n_parameters, n_parameters, 1, n_parameters,
                (gradient + o) * pitch, n_targets * pitch, True, 0, 0, (residual + o) * pitch,
                n_targets * pitch, False, 0, width,
            )  # fmt: skip

    def gather(room: Any, data: Any, orders: Any, order: int, count: int) -> None:
        stand_apart()
        for place in range(count):
            row = orders[order + place]
            for p in range(n_parameters):
                room.held[place * n_parameters + p] = entry_at(data.matrix, row * n_parameters + p)
            for o in range(n_targets):
                room.aims[place * n_targets + o] = entry_at(data.targets, row * n_targets + o)

    return Gradients(
        part(set_scale),
        part(by_curvature),
        find_residuals,
        part(by_rows),
        part(along_rows),
        add_rows,
        part(gather),
    )
