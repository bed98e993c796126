"""What a step does to trials side by side in vectors, once their gradient is known, and what is measured."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numba.cpython.unsafe.tuple import tuple_setitem

from linreg_sweep.averages import update
from linreg_sweep.engines import numba_vectors
from linreg_sweep.engines.numba_forms import AHEAD, Form
from linreg_sweep.engines.numba_layout import Rows
from linreg_sweep.engines.numba_tiles import GROUP, is_tall, tile_of
from linreg_sweep.engines.numba_vectors import (
    cast,
    entry_at,
    everywhere,
    far_if_nan,
    fma,
    higher_of,
    inlined,
    load,
    load_all,
    lower_of,
    part,
    stand_apart,
    store,
    store_all,
)
from linreg_sweep.method import Method

MOST_HELD = 6
"""Entries of theta up to which an elementwise gradient stays in registers."""


@dataclass(frozen=True)
class Steps:
    """What happens to the trials of a block, as functions that are compiled.

    The numbers of a block are rows of `width` lanes in one flat array, as `Rows` has them; `exact` likewise
    has clocks and then hyperparameters in float64.

    Attributes:
        finds_all: whether `measure` and `both` find the gradient of all rows themselves, by way of H and -C.
        finds_step: whether `move` finds that of a batch; else it is there.
        move: `(numbers, exact, hessian, constant, batch, optimum, is_first, width)` moves theta along the
            gradient, in so many lanes.
        measure: likewise keeps the lowest and the highest measure of the states.
        both: does that, and then moves.
        depart: `(numbers, optimum, width)` writes theta - theta* in the place of the gradient, and what the
            penalty takes of its square to `scale`.
        square: `(numbers, count, factor, width)` adds the squares of some residuals, times a factor, to it.
        keep: `(numbers, width)` keeps what stands there as a measure.
        look_ahead: `(numbers, products, at, count, width)` makes of the residuals of some rows at one theta
            those after the steps before, by products of rows from `at` on, times the row at `scale`.
        follow: `(numbers, exact, matrix, here, following, targets, target, is_first, width)`: a step on one
            row, whose residuals stand at `residual`; there it leaves the next row's.
    """

    finds_all: bool
    finds_step: bool
    move: Callable[..., None]
    measure: Callable[..., None]
    both: Callable[..., None]
    depart: Callable[..., None]
    square: Callable[..., None]
    keep: Callable[..., None]
    look_ahead: Callable[..., None]
    follow: Callable[..., None]


def make_steps(
    method: Method,
    rows: Rows,
    length: int,
    fixed: int,
    pitch_made: int,
    *,
    form: Form,
    fit_bias: bool,
    has_own_optimum: bool,
) -> Steps:
    """Returns the steps of a method for a shape of theta and so many lanes a row.

    Args:
        method: whose rule moves theta.
        rows: where numbers stand.
        length: trials in a vector.
        fixed: how far rows stand apart; 0: as far as there are lanes.
        pitch_made: how far rows of H stand apart that is made for a step, each with its -C; 0: none is.
        form: how gradients are found: elementwise products of H are each rounded as the NumPy engine does.
        fit_bias: whether theta's last row is a bias.
        has_own_optimum: whether each trial has an optimum of its own, and a gradient there.
    """
    rule = method.rule(numba_vectors)
    step, tick_clocks, renew = inlined(rule.step), inlined(rule.tick), inlined(update)
    size, n_targets = rows.size, rows.n_targets
    n_slots, n_h, n_clocks = rows.n_slots, rows.n_h, rows.n_clocks
    n_decayed = (rows.n_parameters - (fit_bias and not method.decays_bias)) * n_targets
    is_decoupled, is_coupled = method.is_decoupled, method.is_penalised and not method.is_decoupled
    has_average, has_clocks = rows.has_average, n_clocks > 0
    average, at_h, at_rate, at_optimum = rows.average, rows.h, rows.rate, rows.optimum
    lowest, scale, slope, residuals = rows.low, rows.scale, rows.gradient, rows.residual
    n_parameters, is_elementwise = rows.n_parameters, form.is_elementwise
    finds = is_elementwise or is_tall(n_parameters, length)
    finds_all = finds and not form.measures_by_rows
    finds_step = pitch_made > 0 or (finds and not form.steps_by_rows)
    tile = tile_of(n_parameters, 1, length)
    n_held = size if is_elementwise and size <= MOST_HELD else 0

    @inlined
    def differentiate(numbers: Any, column: int, hessian: Any, constant: Any, batch: int, pitch: int) -> Any:
        """Returns the gradient of some trials elementwise, if it has few entries; else it is in its place."""
        held = load_all(numbers, slope * pitch + column, pitch, n_held, length)
        if is_elementwise:
            for entry in range(size):
                row, o = (batch * n_parameters + entry // n_targets) * n_parameters, entry % n_targets
                total = load(numbers, o * pitch + column, length) * entry_at(hessian, row)
                for q in range(1, n_parameters):
                    theta = load(numbers, (q * n_targets + o) * pitch + column, length)
                    total += theta * entry_at(hessian, row + q)
                total += entry_at(constant, batch * size + entry)
                if n_held:
                    held = tuple_setitem(held, entry, total)  # type: ignore[call-arg]
                else:
                    store(numbers, (slope + entry) * pitch + column, total)
        return held

    @inlined
    def moved(
        numbers: Any, place: int, entry: int, gradient: Any, shared: Any, h: Any, now: Any, is_first: bool,
        pitch: int,
    ) -> Any:  # fmt: skip
        """Moves one entry of some trials; returns where it is."""
        theta = load(numbers, place, length)
        slots = load_all(numbers, place + size * pitch, size * pitch, n_slots, length)
        if is_decoupled and entry < n_decayed:
            theta *= 1 - shared[0] * shared[2]
        theta, slots = step(theta, slots, gradient, shared[0], h, now, is_first)
        store(numbers, place, theta)
        store_all(numbers, place + size * pitch, size * pitch, slots, n_slots)
        if has_average:
            kept = place + average * pitch
            store(numbers, kept, renew(load(numbers, kept, length), theta, shared[1]))
        return theta

    @inlined
    def penalised(numbers: Any, place: int, entry: int, gradient: Any, decay: Any) -> Any:
        if is_coupled and entry < n_decayed:
            gradient += load(numbers, place, length) * decay
        return gradient

    @inlined
    def gradient_of(numbers: Any, place: int, entry: int, held: Any, decay: Any, pitch: int) -> Any:
        """Returns an entry of the gradient with what the penalty adds to it."""
        gradient = held[entry] if n_held else load(numbers, slope * pitch + place, length)
        return penalised(numbers, place, entry, gradient, decay)

    @inlined
    def ticked(exact: Any, column: int, like: Any, pitch: int) -> Any:
        """Returns the clocks of some trials before a step."""
        clocks = load_all(exact, column, pitch, n_clocks, length)
        if has_clocks:
            exactly = load_all(exact, n_clocks * pitch + column, pitch, n_h, length)
            clocks = tick_clocks(clocks, exactly)
            store_all(exact, column, pitch, clocks, n_clocks)
        return cast(clocks, like)

    @inlined
    def error_of(numbers: Any, optimum: Any, place: int, entry: int, pitch: int) -> Any:
        """Returns how far an entry of theta is from that of theta*."""
        theta = load(numbers, place, length)
        if has_own_optimum:
            return theta - load(numbers, place + at_optimum * pitch, length)
        return theta - optimum[entry]

    @inlined
    def distance(
        numbers: Any, optimum: Any, place: int, entry: int, gradient: Any, cost: Any, pitch: int
    ) -> Any:
        """Returns the cost and an entry's distance from theta* times its gradient, less that there."""
        error = error_of(numbers, optimum, place, entry, pitch)
        if has_own_optimum:
            gradient = gradient - load(numbers, place + (at_optimum + size) * pitch, length)
        return fma(error, gradient, cost)

    @inlined
    def keep(numbers: Any, column: int, cost: Any, pitch: int) -> None:
        """Keeps what was measured where it is the lowest or the highest so far."""
        cost, low, high = far_if_nan(cost), lowest * pitch + column, (lowest + 1) * pitch + column
        store(numbers, low, lower_of(cost, load(numbers, low, length)))
        store(numbers, high, higher_of(cost, load(numbers, high, length)))

    def visiting(*, measures: bool, moves: bool) -> Any:
        """Returns what measures the states of a block, moves its trials, or does one and then the other.

        Of few parameters it does all that for one vector of trials after the other: a processor begins with
        the products of the next one while it waits for the divisions and roots of this one's step.
        """
        by_tile = (finds_all if measures else finds_step) and not is_elementwise
        made = 0 if measures else pitch_made
        apart, first, below = made or n_parameters, n_parameters if made else 0, made or n_targets

        def visit(
            numbers: Any, exact: Any, hessian: Any, constant: Any, batch: int, optimum: Any, is_first: bool,
            width: int,
        ) -> None:  # fmt: skip
            if not is_elementwise:
                stand_apart()
            pitch = fixed or width
            for column in range(0, width, length):
                for o in range(n_targets if by_tile else 0):
                    tile(
                        numbers, hessian, constant, batch * n_parameters * apart, 1, GROUP, apart,
                        n_parameters, o * pitch + column, n_targets * pitch, True,
                        batch * n_parameters * below + first + o, below, (slope + o) * pitch + column,
                        n_targets * pitch, False, 0,
                    )  # fmt: skip
                held = differentiate(numbers, column, hessian, constant, batch, pitch)
                shared = load_all(numbers, at_rate * pitch + column, pitch, 3, length)
                h = load_all(numbers, at_h * pitch + column, pitch, n_h, length)
                now, cost = h, everywhere(0.0, shared[0])
                if moves:
                    now = ticked(exact, column, h, pitch)
                for entry in range(size):
                    place = entry * pitch + column
                    gradient = gradient_of(numbers, place, entry, held, shared[2], pitch)
                    if measures:
                        cost = distance(numbers, optimum, place, entry, gradient, cost, pitch)
                    if moves:
                        moved(numbers, place, entry, gradient, shared, h, now, is_first, pitch)
                if measures:
                    keep(numbers, column, cost, pitch)

        return part(visit)

    def follow(
        numbers: Any, exact: Any, matrix: Any, here: int, following: int, targets: Any, target: int,
        is_first: bool, width: int,
    ) -> None:  # fmt: skip
        stand_apart()
        pitch = fixed or width
        for column in range(0, width, length):
            shared = load_all(numbers, at_rate * pitch + column, pitch, 3, length)
            h = load_all(numbers, at_h * pitch + column, pitch, n_h, length)
            now = ticked(exact, column, h, pitch)
            for o in range(n_targets):
                at = (residuals + o) * pitch + column
                residual = load(numbers, at, length) * load(numbers, scale * pitch + column, length)
                coming = everywhere(entry_at(targets, target + o), residual)
                for p in range(n_parameters):
                    entry = p * n_targets + o
                    place = entry * pitch + column
                    gradient = penalised(
                        numbers, place, entry, residual * entry_at(matrix, here + p), shared[2]
                    )
                    theta = moved(numbers, place, entry, gradient, shared, h, now, is_first, pitch)
                    coming = fma(entry_at(matrix, following + p), theta, coming)
                store(numbers, at, coming)

    def depart(numbers: Any, optimum: Any, width: int) -> None:
        stand_apart()
        pitch = fixed or width
        for column in range(0, width, length):
            decay = load(numbers, (at_rate + 2) * pitch + column, length)
            cost = everywhere(0.0, decay)
            for entry in range(size):
                place = entry * pitch + column
                error = error_of(numbers, optimum, place, entry, pitch)
                store(numbers, slope * pitch + place, error)
                if is_coupled and entry < n_decayed:
                    cost = fma(error * decay, error, cost)
            store(numbers, scale * pitch + column, cost)

    def square(numbers: Any, count: int, factor: Any, width: int) -> None:
        stand_apart()
        pitch = fixed or width
        for column in range(0, width, length):
            cost = load(numbers, scale * pitch + column, length)
            for row in range(count * n_targets):
                residual = load(numbers, (residuals + row) * pitch + column, length)
                cost = fma(residual * factor, residual, cost)
            store(numbers, scale * pitch + column, cost)

    def look_ahead(numbers: Any, products: Any, at: int, count: int, width: int) -> None:
        stand_apart()
        pitch = fixed or width
        for column in range(0, width, length):
            by = load(numbers, scale * pitch + column, length)
            for row in range(count):
                for o in range(n_targets):
                    place = (residuals + row * n_targets + o) * pitch + column
                    residual = load(numbers, place, length)
                    for before in range(row):
                        along = load(numbers, (residuals + before * n_targets + o) * pitch + column, length)
                        residual = fma(entry_at(products, at + row * AHEAD + before), along, residual)
                    store(numbers, place, residual * by)

    def keep_all(numbers: Any, width: int) -> None:
        pitch = fixed or width
        for column in range(0, width, length):
            keep(numbers, column, load(numbers, scale * pitch + column, length), pitch)

    return Steps(
        finds_all,
        finds_step,
        move=visiting(measures=False, moves=True),
        measure=visiting(measures=True, moves=False),
        both=visiting(measures=True, moves=True),
        depart=part(depart),
        square=part(square),
        keep=part(keep_all),
        look_ahead=part(look_ahead),
        follow=part(follow),
    )
