"""The course of a descent that iterates: K trials side by side, looked at in chunks of epochs.

A cheap measure of the excess is taken of every state, and of each trial's measures in a chunk the
lowest and the highest are looked at; the few trials that come near an event are traced again, and
judged by the excess itself. Trials that have ended leave. Engines compute the epochs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Flags, Floats, Indices
from linreg_sweep.averages import weights
from linreg_sweep.engines.interface import Results, TrainOptions, Trials
from linreg_sweep.engines.tracker import Tracker, excess_of, look_back
from linreg_sweep.schedules.declared import factors
from linreg_sweep.theory.held_out import HeldOut
from linreg_sweep.theory.problem import Problem
from linreg_sweep.theory.quadratic import Quadratic

CHUNK = 32
"""Epochs between two looks at the excess."""

GROWN = 2**22
"""Numbers of theta, of rows in their orders, or of weights in averages, up to which looks are put off."""

A_ROW = 64
"""Numbers that a row in its order counts for where looks do not grow rarer: H of each step may be held."""

RETRACED = 2**20
"""Numbers of theta that are held at once where trials are traced again."""

F = TypeVar("F", bound=np.floating)
Array = NDArray[np.floating]
Curvature = tuple[Any, Array]
"""What a step's gradient is made of: H and C, or rows of A and Y, as the engine takes them."""


@dataclass(frozen=True)
class State:
    """Live trials, trials last; an array of length 1 there is of all of them.

    Attributes:
        theta: [P, O, k], open to change.
        slots: what the rule carries from step to step, [P, O, k] each, open to change.
        clock: numbers that it carries, [k] each, in float64, open to change.
        average: of the states [P, O, k], open to change; None: none is kept.
        rate: the learning rates [k] in float64, before any schedule.
        h: the rule's hyperparameters [k], in float64.
        decay: the penalty [k]; None: there is none.
        optimum: theta* [P, O, k] in the descent's precision.
        slope: the gradient there [P, O, k]; None: 0.
        quadratic: what they descend, in float64.
        course: what their schedule and their average take, by name [k].
    """

    theta: Array
    slots: tuple[Array, ...]
    clock: tuple[Array, ...]
    average: Array | None
    rate: Floats
    h: tuple[Array, ...]
    decay: Array | None
    optimum: Array
    slope: Array | None
    quadratic: Quadratic
    course: Mapping[str, Floats]

    def block(self, columns: slice) -> "State":
        """Returns views of some trials: what changes here changes there."""
        if columns.start == 0 and columns.stop >= self.theta.shape[-1]:
            return self
        return self._map(lambda numbers: numbers[..., columns], columns)

    def take(self, columns: Indices) -> "State":
        """Returns copies of some trials."""
        # numpy.take keeps trials last in memory
        return self._map(lambda numbers: numbers.take(columns, axis=-1), columns)

    def _map(self, choose: Callable[[Array], Array], columns: Indices | slice) -> "State":
        def chosen(value: Any) -> Any:
            if isinstance(value, Quadratic):
                return value.take(columns)
            if isinstance(value, tuple):
                return tuple(map(chosen, value))
            if isinstance(value, Mapping):
                return {name: chosen(numbers) for name, numbers in value.items()}
            return value if value is None or value.shape[-1] == 1 else choose(value)

        return State(**{each.name: chosen(getattr(self, each.name)) for each in fields(self)})

    def copy(self) -> "State":
        """Returns trials that may move without moving these."""
        return replace(
            self,
            theta=self.theta.copy(),
            slots=tuple(slot.copy() for slot in self.slots),
            clock=tuple(numbers.copy() for numbers in self.clock),
            average=None if self.average is None else self.average.copy(),
        )

    def overwrite(self, moved: "State") -> None:
        """Puts what has moved in the place of what is here."""
        self.theta[...] = moved.theta
        for here, there in zip((*self.slots, *self.clock), (*moved.slots, *moved.clock), strict=True):
            here[...] = there
        if self.average is not None:
            self.average[...] = moved.average


@dataclass(frozen=True)
class Chunk:
    """Epochs to be trained one after the other.

    Attributes:
        first: how many have been done before, by every live trial.
        batches: what the steps of each epoch see, as `Arithmetic.batches` has it.
        rates: the learning rate of each epoch, [n or 1, k or 1], in the descent's precision.
        weights: what the state after each step weighs in the average [steps, k or 1]; None: there is none.
    """

    first: int
    batches: list[Any]
    rates: Array
    weights: Array | None

    def take(self, columns: Indices) -> "Chunk":
        """Returns the same for some of its trials."""
        rates, weighed = self.rates, self.weights
        if rates.shape[-1] > 1:
            rates = rates[:, columns]
        if weighed is not None and weighed.shape[-1] > 1:
            weighed = weighed[:, columns]
        return replace(self, rates=rates, weights=weighed)


class Arithmetic(Protocol):
    """What an engine knows to do: the epochs of one problem.

    Attributes:
        problem: the data.
        options: how trials are trained.
        dtype: of the descent.
        slices: the rows of each step, in an epoch's order.
        lanes: as many trials, or a multiple, are trained together where there are enough.
    """

    problem: Problem
    options: TrainOptions
    dtype: np.dtype[np.floating]
    slices: list[slice]
    lanes: int

    @property
    def width(self) -> int:
        """Trials that are worked on together."""

    def batches(self, epoch: int) -> Any:
        """Returns what the steps of an epoch see, for `chunk` and `retrace`; the first epoch is 0."""

    def chunk(self, state: State, epochs: Chunk) -> tuple[State, Array, Array]:
        """Trains one epoch after the other; the state that is given stays as it is.

        Returns:
            The state reached, and the lowest and the highest measure [k] of the states before each
            epoch; of the state as it is where no epoch is given.
        """

    def retrace(self, state: State, epochs: Chunk) -> tuple[Array, Array | None]:
        """Returns the states [P, O, m, k] that `chunk` measured from this one, and their averages."""

    @property
    def sizes(self) -> tuple[float, float, float, int]:
        """How large the terms of the gradient of all rows can be: of theta at 1, of its error at 1, and of C.

        The last is how many numbers are added up to make an entry.
        """


def descend(descent: Arithmetic, trials: Trials, longest: int = CHUNK, *, grows: bool = False) -> Results:
    """Descends K trials at once, each epoch looked at.

    Args:
        descent: computes the epochs.
        trials: their starts, epochs and numbers.
        longest: epochs between two looks.
        grows: whether to look as seldom as after twice the epochs, where trials are few: one look takes as
            long as thousands of epochs of a trial.

    Returns:
        The results of all K trials. A trial that diverges is a result; nothing is raised for it.
    """
    problem, method = descent.problem, descent.options.method
    with np.errstate(all="ignore"):
        state = begin(trials, descent.options, descent.dtype)
        tracker = Tracker(trials, descent.options)
        size, width = problem.shape[0] * problem.shape[1], descent.width
        drawn, epoch = method.is_drawn * problem.n_rows * (1 if grows else A_ROW), 0
        while len(tracker.live):
            tracker.snapshot(epoch, state.theta)
            count = max(len(tracker.live), descent.lanes)
            weighed = 0 if method.average is None else len(descent.slices) * min(count, width)
            at_once = max(size * (count if grows else 1), drawn, weighed)
            most = max(1, min(max(longest, epoch) if grows else longest, GROWN // at_once))
            steps = tracker.steps_from(epoch, most)
            if method.is_drawn:
                batches = [descent.batches(epoch + number) for number in range(steps)]
            else:
                batches = [descent.batches(epoch)] * steps
            ended = [
                _train_block(descent, tracker, state, epoch, batches, slice(first, first + width))
                for first in range(0, len(tracker.live), width)
            ]
            epoch += steps
            if any(map(len, ended)):
                state = state.take(tracker.drop(np.concatenate(ended)))
        return tracker.results()


def begin(trials: Trials, options: TrainOptions, dtype: np.dtype[np.floating]) -> State:
    """Returns trials at their starts, in the precision of their descent."""
    method, quadratic = options.method, trials.quadratic
    rule = method.rule(np)
    theta = np.ascontiguousarray(np.moveaxis(trials.start, 0, -1)).astype(dtype)
    h = tuple(_shared(trials.values[name]) for name in rule.names)
    course = {name: _shared(values) for name, values in trials.values.items() if "." in name}
    course["epochs"] = _shared(trials.epochs.astype(np.float64))
    return State(
        theta=theta,
        slots=tuple(np.zeros_like(theta) for _ in range(rule.n_slots)),
        clock=tuple(np.ones(len(trials)) for _ in range(rule.n_clocks)),
        average=None if method.average is None else np.zeros_like(theta),
        rate=trials.learning_rate,
        h=h,
        decay=_shared(trials.values["weight_decay"].astype(dtype)) if method.is_penalised else None,
        optimum=quadratic.optimum.astype(dtype),
        slope=None if quadratic.slope is None else quadratic.slope.astype(dtype),
        quadratic=quadratic,
        course=course,
    )


def _shared(numbers: NDArray[F]) -> NDArray[F]:
    """Returns one number [1] for all trials where they have the same; the bits of a step are the same."""
    return numbers[:1] if len(numbers) > 1 and (numbers == numbers[0]).all() else numbers


def rates_of(
    state: State, options: TrainOptions, first: int, n_epochs: int, dtype: np.dtype[np.floating]
) -> Array:
    """Returns the learning rates [n or 1, k] of epochs in a row, in the descent's precision."""
    schedule = options.method.schedule
    if schedule is None:
        return state.rate[None].astype(dtype, copy=False)
    epochs, quadratic = state.course["epochs"], state.quadratic
    table = factors(
        schedule, first, max(1, n_epochs), epochs, quadratic.flattest, quadratic.steepest, state.course
    )
    return np.asarray((table * state.rate).astype(dtype, copy=False))


def weights_of(
    state: State, options: TrainOptions, first: int, n_epochs: int, n_steps: int, dtype: np.dtype[np.floating]
) -> Array | None:
    """Returns what the states after the steps of such epochs weigh in the average [n, k or 1]."""
    average = options.method.average
    if average is None:
        return None
    found = weights(average, first * n_steps + 1, max(1, n_epochs * n_steps), n_steps, state.course)
    return np.asarray(found.astype(dtype, copy=False))


def _train_block(
    descent: Arithmetic,
    tracker: Tracker,
    whole: State,
    epoch: int,
    batches: list[Any],
    columns: slice,
) -> Indices:
    """Trains some live trials through a chunk of epochs and records their events.

    Returns:
        The columns of the live trials that ended.
    """
    block = whole.block(columns)
    options, dtype = descent.options, descent.dtype
    rates = rates_of(block, options, epoch, len(batches), dtype)
    weighed = weights_of(block, options, epoch, len(batches), len(descent.slices), dtype)
    chunk = Chunk(epoch, batches, rates, weighed)
    state, lowest, highest = descent.chunk(block, chunk)
    costs = None if options.held_out is None else _held_out_costs(descent, options.held_out, block, chunk)
    ended = _look_for_events(descent, tracker, block, chunk, columns, state, (lowest, highest))
    if costs is not None:
        tracker.compare(epoch, columns, costs)
    return ended


def _held_out_costs(descent: Arithmetic, held_out: HeldOut, block: State, chunk: Chunk) -> Floats:
    """Returns the cost on held-out rows [m, k] of every state of a chunk: trials are traced once more."""
    count = block.theta.shape[-1]
    costs = np.empty((max(1, len(chunk.batches)), count))
    few = max(1, RETRACED // (block.theta[..., 0].size * len(costs)))
    for first in range(0, count, few):
        some = np.arange(first, min(first + few, count))
        reached, _ = descent.retrace(block.take(some).copy(), chunk.take(some))
        costs[:, some] = held_out.cost_of_columns(reached.astype(np.float64))
    return costs


def _look_for_events(
    descent: Arithmetic,
    tracker: Tracker,
    block: State,
    chunk: Chunk,
    columns: slice,
    state: State,
    measures: tuple[Array, Array],
) -> Indices:
    """Moves some live trials to the state that a chunk reached, and records their events.

    Returns:
        The columns of the live trials that ended.
    """
    options, epoch, batches = descent.options, chunk.first, chunk.batches
    low, high, left = tracker.low[columns], tracker.high[columns], tracker.last[columns] - epoch
    cut_short = left < max(1, len(batches))
    chosen = _near_an_event(descent, block, measures, low, high, cut_short)
    if not len(chosen):
        block.overwrite(state)
        return chosen
    before = block.take(chosen).copy()  # where one trial is left, what is taken is not a copy
    block.overwrite(state)
    few = max(1, RETRACED // (state.theta[..., 0].size * max(1, len(batches))))
    ended = []
    for first in range(0, len(chosen), few):
        some = slice(first, first + few)
        these, traced = chosen[some], before.block(some).copy()
        reached, averages = descent.retrace(traced, chunk.take(these))
        events = look_back(
            excess_of(traced.quadratic, reached),
            low[these],
            high[these],
            left[these],
            early_stop=options.early_stop,
        )
        ended.append(tracker.record(epoch, events, columns.start + these, reached, averages))
    return np.concatenate(ended)


def _slack(descent: Arithmetic, state: State, error: Array | float, theta: Array | float) -> Array:
    """Returns how far rounding may have moved the measure of states near one.

    The gradient is a difference of numbers of the size of |H| |theta| and C, so it is wrong by their
    rounding, and the measure by that times the error (Higham, Accuracy and Stability of Numerical
    Algorithms, sec. 3.1). Of what is made of the error itself H makes more. Four times the bound allows
    for how far a chunk moves. Errors |theta - theta*| and |theta| are the largest of each trial or of all.
    """
    n_parameters, n_targets = descent.problem.shape
    of_theta, of_error, constant, terms = descent.sizes
    decay = 0.0 if state.decay is None else state.decay.max()
    largest = of_theta * theta + of_error * error + decay * (theta + error) + constant
    return np.asarray(
        4 * (terms + 3) * n_parameters * n_targets * np.finfo(descent.dtype).eps * error * largest
    )


def _near_an_event(
    descent: Arithmetic,
    block: State,
    measures: tuple[Array, Array],
    low: Floats,
    high: Floats,
    cut_short: Flags,
) -> Indices:
    """Returns the columns whose measure may, but for its rounding, have shown an event.

    Measures are the lowest and the highest [k] from the states of a block on; for `low` and `high` [k] see
    look_back, and those of `cut_short` [k] come to their last epoch within the chunk.
    """
    lowest, highest = measures
    per_cost = 1 / block.quadratic.cost_per_loss

    def near(columns: slice | Indices, slack: Array | float) -> Flags:
        below = lowest[columns] <= low[columns] * per_cost + slack
        within = highest[columns] < np.minimum(high[columns] * per_cost, np.finfo(descent.dtype).max) - slack
        return np.asarray(below | ~within | cut_short[columns])

    # all at once first: the largest numbers of the block give one slack for all
    largest = max(float(block.theta.max()), -float(block.theta.min()))
    slack = _slack(descent, block, largest + float(np.abs(block.optimum).max()), largest)
    some = np.flatnonzero(near(slice(None), slack if np.isfinite(slack) else np.inf))
    if not len(some):
        return some
    few = block.take(some)
    errors = np.abs(few.theta - few.optimum).max(axis=(0, 1))
    return some[near(some, _slack(descent, few, errors, np.abs(few.theta).max(axis=(0, 1))))]
