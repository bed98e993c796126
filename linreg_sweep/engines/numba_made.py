"""What is made of rows once for all trials: H and C of drawn batches, products of rows with one another."""

from collections.abc import Callable
from functools import cache
from typing import Any

from linreg_sweep.engines.numba_forms import AHEAD, MOST_ROWS
from linreg_sweep.engines.numba_layout import MOST_LANES, Rows
from linreg_sweep.engines.numba_tiles import GROUP, tile_of
from linreg_sweep.engines.numba_vectors import (
    compiled,
    entry_at,
    everywhere,
    fma,
    lanes,
    load,
    no_alias,
    store,
)


def made_pitch(rows: Rows, dtype: str) -> int:
    """Returns how many numbers a row of H and of -C beside it takes, in whole registers."""
    return -(-(rows.n_parameters + rows.n_targets) // lanes(dtype)) * lanes(dtype)


@cache
def maker(rows: Rows, dtype: str) -> Callable[..., None]:
    """Returns what makes H and -C of batches.

    It is `(made, data, orders, n_seen)`, arrays flat: for each batch of the rows `orders` [epochs, n_seen] it
    writes P rows of H, each with one of -C beside it, `made_pitch` numbers, to `made`, whose end has room for
    MOST_ROWS rows and one more. An entry is a chain of fma over the rows in their order, times k.
    """
    n_parameters, n_targets = rows.n_parameters, rows.n_targets
    length, pitch = lanes(dtype), made_pitch(rows, dtype)
    multiply = tile_of(n_parameters, 1, length)

    def make(made: Any, data: Any, orders: Any, n_seen: int) -> None:
        no_alias()
        out, scale = 0, len(made) - pitch
        held = scale - MOST_ROWS * pitch
        for epoch in range(0, len(orders), n_seen):
            for begin in range(epoch, epoch + n_seen, data.batch_size):
                end = min(begin + data.batch_size, epoch + n_seen)
                factor = data.factors[0 if end - begin == data.batch_size else 1]
                for first in range(begin, end, MOST_ROWS):
                    count = min(MOST_ROWS, end - first)
                    for place in range(count):
                        row, at = orders[first + place], held + place * pitch
                        for p in range(n_parameters):
                            made[at + p] = entry_at(data.matrix, row * n_parameters + p)
                        for o in range(n_targets):
                            made[at + n_parameters + o] = entry_at(data.targets, row * n_targets + o)
                    for column in range(0, pitch, length):
                        store(made, scale, everywhere(factor, load(made, scale, length)))
                        multiply(
                            made, made, data.zero, held, 1, GROUP, pitch, count, held + column, pitch,
                            first == begin, 0, 0, out + column, pitch, first + count == end, scale,
                        )  # fmt: skip
                out += n_parameters * pitch

    return compiled(make)


@cache
def ahead_maker(n_parameters: int) -> Callable[..., None]:
    """Returns what makes the products of rows with those before them; parameters are MOST_LANES or more.

    It is `(made, matrix, n_rows)`, arrays flat: for each row i, AHEAD of which are taken at a time, it writes
    AHEAD numbers to `made`, the first of which are a_i . a_j of those before; behind them all there is room
    for MOST_LANES numbers. So many chains of fma make a product, and their sum begins one of the columns that
    are left, whatever a register holds.
    """

    def make(made: Any, matrix: Any, n_rows: int) -> None:
        no_alias()
        spare = len(made) - MOST_LANES
        for row in range(n_rows):
            for before in range(row % AHEAD):
                one, other = row * n_parameters, (row - row % AHEAD + before) * n_parameters
                sums, q = load(matrix, one, MOST_LANES) * load(matrix, other, MOST_LANES), MOST_LANES
                while q + MOST_LANES <= n_parameters:
                    factor = load(matrix, one + q, MOST_LANES)
                    sums, q = fma(factor, load(matrix, other + q, MOST_LANES), sums), q + MOST_LANES
                store(made, spare, sums)
                total = load(made, spare, 1)
                for lane in range(1, MOST_LANES):
                    total += load(made, spare + lane, 1)
                for rest in range(q, n_parameters):
                    total = fma(load(matrix, one + rest, 1), load(matrix, other + rest, 1), total)
                store(made, row * AHEAD + before, total)

    return compiled(make)
