"""The loop over blocks of trials and epochs whose products go by tiles, compiled for a method and a form."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from linreg_sweep.engines.numba_forms import AHEAD, LEAST_ROWS, MOST_ROWS, Form
from linreg_sweep.engines.numba_gradients import make_gradients
from linreg_sweep.engines.numba_layout import Rows
from linreg_sweep.engines.numba_made import made_pitch
from linreg_sweep.engines.numba_passes import glide, glides, sweep
from linreg_sweep.engines.numba_steps import make_steps
from linreg_sweep.engines.numba_vectors import compiled, inlined, lanes, load, no_alias, part, store
from linreg_sweep.method import Method

Kernel = Callable[..., None]

FIXED = 24
"""Entries of theta up to which rows stand equally far apart in every block: then their places are constants.

Of more parameters few trials lie close together, or theta would not find room in the first cache.
"""


class Data(NamedTuple):
    """What all trials share, arrays flat.

    Attributes:
        batch_size: rows of a step.
        hessian: H [P, P].
        constant: -C [P, O].
        hessians: of each batch [B, P, P], of drawn ones of each epoch, where steps go by them; or products of
            rows that are taken together [n, AHEAD].
        constants: likewise [B, P, O].
        matrix: A [n, P], where anything goes by its rows.
        targets: -Y [n, O], likewise.
        factors: k of a step on a whole batch, on the last one and on all rows.
        optimum: theta* [P, O], where it is the same for all.
        zero: one 0.
    """

    batch_size: int
    hessian: Any
    constant: Any
    hessians: Any
    constants: Any
    matrix: Any
    targets: Any
    factors: Any
    optimum: Any
    zero: Any


class Room(NamedTuple):
    """Where a block of trials is worked on, each flat.

    Attributes:
        numbers: rows of as many lanes as go together, as `Rows` has them.
        exact: clocks and hyperparameters in float64, likewise.
        held: rows of A in the order of a batch.
        aims: rows of -Y likewise.
    """

    numbers: Any
    exact: Any
    held: Any
    aims: Any


def room_of(rows: Rows, batch_size: int, width: int) -> tuple[int, int, int, int]:
    """Returns how long the arrays of Room are for so many lanes."""
    n_held = max(LEAST_ROWS, min(batch_size, MOST_ROWS))
    n_numbers = (rows.residual + n_held * rows.n_targets) * width
    n_exact = max(1, rows.n_clocks + rows.n_h) * width
    return n_numbers, n_exact, n_held * rows.n_parameters, n_held * rows.n_targets


@cache
def kernel(
    method: Method, rows: Rows, dtype: str, form: Form, vectors: int, fit_bias: bool, has_own_optimum: bool
) -> Kernel:
    """Returns the loop over blocks of trials and epochs.

    It is `(room, data, kept, clocks, rates, weights, orders, n_rows, n_seen, n_epochs, n_rates, is_begin,
    measures, reached, averages)`, all arrays flat. Of kept [.., k], which has theta, slots and average,
    penalty and, if they are each trial's own, theta* and the gradient there, the first three are
    overwritten, and so are the clocks of clocks [.., k], behind which are hyperparameters. Rates [n_rates, k]
    and weights [steps, k] are followed by a block more of any numbers; orders are [epochs, n_seen]. The
    lowest and the highest measure go to measures [2, k], and the states before each epoch to `reached` and
    `averages` [P, O, epochs, k], if they are not empty.

    Args:
        method: the formula of a step.
        rows: where the numbers of a trial stand.
        dtype: of the descent.
        form: its arithmetic.
        vectors: of trials in a block, at most; 0: there is one trial.
        fit_bias: whether theta's last row is a bias.
        has_own_optimum: whether each trial has its own theta*.
    """
    length = lanes(dtype) if vectors else 1
    most = max(1, vectors) * length
    is_fixed = rows.size <= FIXED
    tiles = 1 if form.is_elementwise else vectors  # of which nothing is compiled where none are used
    steps = make_steps(
        method,
        rows,
        length,
        most if is_fixed else 0,
        made_pitch(rows, dtype) if form.makes_curvature else 0,
        form=form,
        fit_bias=fit_bias,
        has_own_optimum=has_own_optimum,
    )
    move, measure, both, follow = steps.move, steps.measure, steps.both, steps.follow
    depart, square, keep = steps.depart, steps.square, steps.keep
    products = make_gradients(rows, dtype, tiles, most if is_fixed else 0)
    set_scale, by_rows, gather = products.set_scale, products.by_rows, products.gather
    along_rows, add_rows, look_ahead = products.along_rows, products.add_rows, steps.look_ahead
    by_curvature, find_residuals = products.by_curvature, products.find_residuals
    together = glides(rows.n_parameters, max(1, vectors))
    along, along_one = (sweep(each, length) for each in (max(1, vectors), 1))
    gliding, gliding_one = (glide(rows.n_parameters, each or 1, length) for each in (together, 1))
    n_parameters, n_targets, size = rows.n_parameters, rows.n_targets, rows.size
    has_average, shuffles = rows.has_average, form.shuffles
    rate, weight, average, scale = rows.rate, rows.rate + 1, rows.average, rows.scale
    gradient, residual = rows.gradient, rows.residual
    n_moving, at_decay, low, at_h = rows.clock, rows.rate + 2, rows.low, rows.h
    n_clocks, n_exact = rows.n_clocks, rows.n_clocks + rows.n_h
    finds_step = steps.finds_step
    adds_up = method.is_plain and not has_average and form.holds_batch  # a formula knows of no average
    goal = 0 if adds_up else gradient

    def settle(numbers: Any, row: int, given: Any, index: int, width: int) -> None:
        """Copies a row of lanes to a block."""
        pitch = most if is_fixed else width
        for column in range(0, width, length):
            store(numbers, row * pitch + column, load(given, index + column, length))

    settle = part(settle)

    def nothing(room: Any, data: Any, n_rows: int, width: int) -> None:
        """Leaves the gradient to the steps."""

    def all_by_curvature(room: Any, data: Any, n_rows: int, width: int) -> None:
        """Writes the gradient of all rows by way of H."""
        by_curvature(room.numbers, data.hessian, data.constant, 0, width)

    def all_by_rows(room: Any, data: Any, n_rows: int, width: int) -> None:
        """Writes the gradient of all rows by way of their residuals."""
        set_scale(room.numbers, data.factors[2], False, width)
        n_held = max(LEAST_ROWS, min(data.batch_size, MOST_ROWS))
        for first in range(0, n_rows, n_held):
            count = min(n_held, n_rows - first)
            by_rows(
                room.numbers, data.matrix, data.targets, data.zero, first, count, gradient, first == 0, width
            )  # fmt: skip

    def all_by_difference(room: Any, data: Any, n_rows: int, width: int) -> None:
        """Measures k |A (theta - theta*)|^2, and what the penalty takes: half the work of a gradient."""
        depart(room.numbers, data.optimum, width)
        n_held = max(LEAST_ROWS, min(data.batch_size, MOST_ROWS))
        for first in range(0, n_rows, n_held):
            count = min(n_held, n_rows - first)
            along_rows(room.numbers, data.matrix, data.zero, first, count, width)
            square(room.numbers, count, data.factors[2], width)
        keep(room.numbers, width)

    def all_by_gradient(room: Any, data: Any, n_rows: int, width: int) -> None:
        """Measures by way of the gradient of all rows."""
        find_gradient(room, data, n_rows, width)
        measure(room.numbers, room.exact, data.hessian, data.constant, 0, data.optimum, False, width)

    def batches_by_curvature(
        room: Any, data: Any, weights: Any, place: int, apart: int, orders: Any, order: int, n_rows: int,
        is_first: bool, width: int,
    ) -> None:  # fmt: skip
        """Makes the steps of an epoch by way of each batch's H."""
        n_batches = (n_rows + data.batch_size - 1) // data.batch_size
        begin = order // n_rows * n_batches if shuffles else 0
        for batch in range(n_batches):
            if has_average:
                settle(room.numbers, weight, weights, place + batch * apart, width)
            number, starts = begin + batch, is_first and batch == 0
            if not finds_step:
                by_curvature(room.numbers, data.hessians, data.constants, number, width)
            move(
                room.numbers, room.exact, data.hessians, data.constants, number, data.optimum, starts, width
            )  # fmt: skip

    def batches_by_rows(
        room: Any, data: Any, weights: Any, place: int, apart: int, orders: Any, order: int, n_rows: int,
        is_first: bool, width: int,
    ) -> None:  # fmt: skip
        """Makes the steps of an epoch by way of each batch's residuals."""
        numbers, batch_size = room.numbers, data.batch_size
        n_held = min(batch_size, MOST_ROWS)
        for batch in range((n_rows + batch_size - 1) // batch_size):
            begin = batch * batch_size
            end = min(n_rows, begin + batch_size)
            set_scale(numbers, data.factors[0 if end - begin == batch_size else 1], adds_up, width)
            for first in range(begin, end, n_held):
                count = min(n_held, end - first)
                begins = not adds_up and first == begin
                if shuffles:
                    gather(room, data, orders, order + first, count)
                    by_rows(numbers, room.held, room.aims, data.zero, 0, count, goal, begins, width)
                else:
                    by_rows(numbers, data.matrix, data.targets, data.zero, first, count, goal, begins, width)
            if not adds_up:
                if has_average:
                    settle(numbers, weight, weights, place + batch * apart, width)
                starts = is_first and batch == 0
                move(numbers, room.exact, data.hessian, data.constant, 0, data.optimum, starts, width)

    def go_along(
        numbers: Any, matrix: Any, here: int, following: int, o: int, target: Any, width: int
    ) -> None:
        """Moves theta along a row, all vectors at once where a block is full."""
        pitch = most if is_fixed else width
        source, apart, at, by = o * pitch, n_targets * pitch, (residual + o) * pitch, scale * pitch
        if width == most:
            along(numbers, matrix, here, following, n_parameters, source, apart, at, by, target)
        else:
            for lane in range(0, width, length):
                along_one(
                    numbers, matrix, here, following, n_parameters, source + lane, apart, at + lane,
                    by + lane, target,
                )  # fmt: skip

    go_along = part(go_along)

    def row_by_row(
        room: Any, data: Any, weights: Any, place: int, apart: int, orders: Any, order: int, n_rows: int,
        is_first: bool, width: int,
    ) -> None:  # fmt: skip
        """Makes a step on each row, and in the same pass the next row's residual."""
        numbers, matrix, targets = room.numbers, data.matrix, data.targets
        here = orders[order] if shuffles else 0
        set_scale(numbers, data.factors[0], adds_up, width)
        find_residuals(numbers, matrix, targets, here, 1, False, width)
        for row in range(n_rows):
            following = min(row + 1, n_rows - 1)
            if shuffles:
                following = orders[order + following]
            if adds_up:
                for o in range(n_targets):
                    go_along(
                        numbers, matrix, here * n_parameters, following * n_parameters, o,
                        targets[following * n_targets + o], width,
                    )  # fmt: skip
            else:
                if has_average:
                    settle(numbers, weight, weights, place + row * apart, width)
                follow(
                    numbers, room.exact, matrix, here * n_parameters, following * n_parameters, targets,
                    following * n_targets, is_first and row == 0, width,
                )  # fmt: skip
            here = following

    def rows_ahead(
        room: Any, data: Any, weights: Any, place: int, apart: int, orders: Any, order: int, n_rows: int,
        is_first: bool, width: int,
    ) -> None:  # fmt: skip
        """Makes a step on each row, AHEAD of them in one pass."""
        numbers = room.numbers
        set_scale(numbers, data.factors[0], True, width)
        for first in range(0, n_rows, AHEAD):
            count = min(AHEAD, n_rows - first)
            find_residuals(numbers, data.matrix, data.targets, first, count, False, width)
            look_ahead(numbers, data.hessians, first * AHEAD, count, width)
            add_rows(numbers, data.matrix, data.zero, first, count, 0, False, width)

    def through_rows(
        room: Any, data: Any, weights: Any, place: int, apart: int, orders: Any, order: int, n_rows: int,
        is_first: bool, width: int,
    ) -> None:  # fmt: skip
        """Makes a step on each row, with theta in registers all the while."""
        pitch = most if is_fixed else width
        set_scale(room.numbers, data.factors[0], True, width)
        for o in range(n_targets):
            column, at_once = 0, together * length
            while column < width:
                if together > 1 and column + at_once > width:
                    gliding_one(
                        room.numbers, data.matrix, data.targets, orders, order, shuffles, n_rows,
                        o * pitch + column, n_targets * pitch, o, n_targets, scale * pitch + column,
                    )  # fmt: skip
                    column += length
                else:
                    gliding(
                        room.numbers, data.matrix, data.targets, orders, order, shuffles, n_rows,
                        o * pitch + column, n_targets * pitch, o, n_targets, scale * pitch + column,
                    )  # fmt: skip
                    column += at_once

    def once(
        room: Any, data: Any, weights: Any, place: int, apart: int, orders: Any, order: int, n_rows: int,
        is_first: bool, width: int,
    ) -> None:  # fmt: skip
        """Makes the step of an epoch whose gradient is there, and measures the state before."""
        if has_average:
            settle(room.numbers, weight, weights, place, width)
        both(room.numbers, room.exact, data.hessian, data.constant, 0, data.optimum, is_first, width)

    by_single = rows_ahead if form.looks_ahead else through_rows if adds_up and together else row_by_row
    ways = {True: by_single if form.is_row_by_row else batches_by_rows, False: batches_by_curvature}
    is_full = form.is_full_batch
    goes_by_rows = form.steps_by_rows and not form.makes_curvature
    make_steps_of_epoch = inlined(once if is_full else ways[goes_by_rows])
    by_way = all_by_rows if form.measures_by_rows else all_by_curvature
    find_gradient = inlined(nothing if steps.finds_all else by_way)
    look = inlined(all_by_difference if form.measures_by_difference else all_by_gradient)

    def run(
        room: Any, data: Any, kept: Any, clocks: Any, rates: Any, weights: Any, orders: Any, n_rows: int,
        n_seen: int, n_epochs: int, n_rates: int, is_begin: bool, measures: Any, reached: Any, averages: Any,
    ) -> None:  # fmt: skip
        no_alias()
        numbers, exact, k = room.numbers, room.exact, len(measures) // 2
        n_steps, n_states = (n_seen + data.batch_size - 1) // data.batch_size, max(1, n_epochs)
        stretch = 1 if len(reached) else n_states
        for first in range(0, k, most):
            count = min(most, k - first)
            width = (count + length - 1) // length * length if most > 1 else 1  # no one reads what is beyond
            pitch = most if is_fixed else width
            for row in range(len(kept) // k):
                place = (row if row < n_moving else row - n_moving + at_decay) * pitch
                for lane in range(count):
                    numbers[place + lane] = kept[row * k + first + lane]
            for row in range(n_exact):
                for lane in range(count):
                    exact[row * pitch + lane] = clocks[row * k + first + lane]
                    if row >= n_clocks:
                        numbers[(at_h + row - n_clocks) * pitch + lane] = clocks[row * k + first + lane]
            for lane in range(width):
                numbers[low * pitch + lane], numbers[(low + 1) * pitch + lane] = np.inf, -np.inf
            for begin in range(0, n_states, stretch):
                if len(reached):
                    for entry in range(size):
                        place = (entry * n_states + begin) * k + first
                        for lane in range(count):
                            reached[place + lane] = numbers[entry * pitch + lane]
                            if has_average:
                                averages[place + lane] = numbers[(average + entry) * pitch + lane]
                if n_epochs == 0:
                    look(room, data, n_rows, width)
                for epoch in range(begin, min(begin + stretch, n_epochs)):
                    if epoch < n_rates:
                        settle(numbers, rate, rates, epoch * k + first, width)
                    if is_full:
                        find_gradient(room, data, n_rows, width)
                    else:
                        look(room, data, n_rows, width)
                    make_steps_of_epoch(
                        room, data, weights, epoch * n_steps * k + first, k, orders, epoch * n_seen, n_seen,
                        is_begin and epoch == 0, width,
                    )  # fmt: skip
            for row in range(n_moving):
                for lane in range(count):
                    kept[row * k + first + lane] = numbers[row * pitch + lane]
            for row in range(n_clocks):
                for lane in range(count):
                    clocks[row * k + first + lane] = exact[row * pitch + lane]
            for lane in range(count):
                measures[first + lane] = numbers[low * pitch + lane]
                measures[k + first + lane] = numbers[(low + 1) * pitch + lane]

    return compiled(run)
