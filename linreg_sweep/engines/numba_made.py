"""H and C of batches whose rows are drawn, where theta has few entries: made once for all trials."""

from collections.abc import Callable
from functools import cache
from typing import Any

from linreg_sweep.engines.numba_forms import MOST_ROWS
from linreg_sweep.engines.numba_layout import Rows
from linreg_sweep.engines.numba_tiles import GROUP, tile_of
from linreg_sweep.engines.numba_vectors import compiled, entry_at, everywhere, lanes, load, no_alias, store


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
