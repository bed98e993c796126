"""What theory applies to trials, decided once for all that share a method: everybody asks this."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Floats
from linreg_sweep.method import Method
from linreg_sweep.schedules import declared as schedules
from linreg_sweep.schedules.base import LongRun, power
from linreg_sweep.theory.drawn import Drawn
from linreg_sweep.theory.file_order import FileOrder
from linreg_sweep.theory.limits import cycle_product, first_loss, radius
from linreg_sweep.theory.outcome import stability_limit, steepest_contraction
from linreg_sweep.theory.permuted import MOST_ROWS, Permuted
from linreg_sweep.theory.problem import Problem
from linreg_sweep.theory.quadratic import Quadratic
from linreg_sweep.theory.scheduled_order import ScheduledOrder

Values = Mapping[str, Floats]

SETTLING = 10
"""Epochs within which a learning rate is judged, where nothing else is said."""

LONGEST_CYCLE = 10_000
"""Epochs of a cycle up to which its limit is looked for."""

TABLE = 2**20
"""Factors that are held at once, of all trials together."""

MOST_PARAMETERS = 128
"""Parameters up to which what a draw does is worked out."""


@dataclass(frozen=True)
class NoTheory:
    """Why nothing is known of trials.

    Attributes:
        word: as the column `theory` has it.
        reason: half a sentence, such as "steps see mini-batches".
    """

    word: str
    reason: str


@dataclass(frozen=True)
class LinearTheory:
    """An epoch is a linear map of the error along each eigenvector of the curvature.

    Attributes:
        method: the descent.
    """

    method: Method
    word = "closed_form"

    def stability_limit(
        self, quadratic: Quadratic, values: Values, epochs: NDArray[Any] | None = None
    ) -> Floats:
        """Returns the learning rate [K] above which each trial's descent grows; NaN: there is none.

        Under a schedule it is the first such rate for descent that goes on for ever: where the factor tends
        to a number, the limit of a constant rate over that; where it repeats itself, where a cycle begins to
        grow. Where it vanishes nothing grows for ever, and where it has no bound everything does.

        Args:
            quadratic: what they descend.
            values: of the trials, see Trials.
            epochs: of each, of which the schedule may make its own [K]; None: it does not.
        """
        momentum, dampening = self._numbers(values)
        nesterov = self._is_nesterov
        constant = stability_limit(quadratic.steepest, momentum, nesterov=nesterov, dampening=dampening)
        schedule = self.method.schedule
        if schedule is None:
            return constant
        count = len(values["learning_rate"])
        epochs = np.ones(count) if epochs is None else np.asarray(epochs, np.float64)
        long_run = schedules.long_run(schedule, epochs, values)
        usable = (long_run.factor > 0) & np.isfinite(long_run.factor)
        with np.errstate(divide="ignore", invalid="ignore"):
            limit = np.where(usable, constant / long_run.factor, np.nan) + np.zeros(count)
        period = np.broadcast_to(long_run.period, (count,))
        closed = self._has_closed_form(values)
        limit = np.where((period > 0) & closed, constant, limit)
        searched = (period > 0) & (period <= LONGEST_CYCLE) & ~closed
        if searched.any():
            with np.errstate(divide="ignore", over="ignore"):
                found = self._first_losses(quadratic, values, epochs, long_run, searched)
                limit = np.where(searched, found / (1 - dampening) / quadratic.steepest, limit)
        return limit

    def _has_closed_form(self, values: Values) -> NDArray[np.bool_]:
        """Returns of which trials the limit of a cycle is known without a search [K]: Chebyshev's, plain.

        A cycle is T_N(z) / T_N(z_0) with z from z_0 at 0 to -z_0 at x = 2, and T_N is even or odd: it has the
        limit of a constant rate.
        """
        momentum, _ = self._numbers(values)
        is_chebyshev = self.method.schedule.word == "chebyshev"
        return np.broadcast_to((momentum == 0) & is_chebyshev, values["learning_rate"].shape)

    def _first_losses(
        self, quadratic: Quadratic, values: Values, epochs: Floats, run: LongRun, searched: NDArray[np.bool_]
    ) -> Floats:
        """Returns the first loss of stability [K], on a curvature of 1, where a schedule repeats itself.

        It is looked for once for all trials whose factors and momentum are the same.
        """
        momentum, period, begins, _ = np.broadcast_arrays(
            self._numbers(values)[0], run.period.astype(int), run.begins, epochs
        )
        loss, known = np.full(len(epochs), np.nan), dict[bytes, float]()
        for cycle, first in {*zip(period[searched].tolist(), begins[searched].tolist(), strict=True)}:
            alike = np.flatnonzero(searched & (period == cycle) & (begins == first))
            width = max(1, TABLE // cycle)
            for some in range(0, len(alike), width):
                these = alike[some : some + width]
                spectrum, varied = quadratic.take(these), {name: each[these] for name, each in values.items()}
                factors = schedules.factors(
                    self.method.schedule,
                    int(first),
                    cycle,
                    epochs[these],
                    spectrum.flattest,
                    spectrum.steepest,
                    varied,
                )
                table = np.vstack([np.broadcast_to(factors, (cycle, len(these))), momentum[these]]).T
                if (table == table[0]).all():
                    table = table[:1]
                for key in (each.tobytes() for each in table):
                    if key not in known:
                        *own, its_momentum = np.frombuffer(key).tolist()
                        known[key] = first_loss(np.array(own), its_momentum, nesterov=self._is_nesterov)
                loss[these] = [known[each.tobytes()] for each in table]
        return loss

    def limit_reason(self, values: Values, epochs: NDArray[Any] | None = None) -> str | None:
        """Returns why some trial has no stability limit, as half a sentence; None: all have one."""
        if self.method.schedule is None:
            return None
        epochs = np.ones(len(values["learning_rate"])) if epochs is None else np.asarray(epochs, np.float64)
        long_run = schedules.long_run(self.method.schedule, epochs, values)
        if (long_run.factor == 0).any():
            return "the learning rate falls to 0, so that no descent grows for ever"
        if np.isinf(long_run.factor).any():
            return "steps grow without bound, whatever the learning rate"
        if ((long_run.period > LONGEST_CYCLE) & ~self._has_closed_form(values)).any():
            return "the schedule's cycle is too long to look for a limit"
        return None

    def contraction(
        self,
        quadratic: Quadratic,
        values: Values,
        epochs: NDArray[Any] | None = None,
        settle_epochs: float = SETTLING,
    ) -> Floats:
        """Returns the factor [K] of the steepest direction in an epoch; see steepest_contraction.

        Under a schedule it is the mean factor over the epochs in which a rate should settle, and negative
        where the factor is that the largest rate among them has.

        Args:
            quadratic: what they descend.
            values: of the trials, see Trials.
            epochs: of each trial [K]; None: more than it should settle in.
            settle_epochs: within which a rate should settle.
        """
        momentum, dampening = self._numbers(values)
        rate, steepest, nesterov = values["learning_rate"], quadratic.steepest, self._is_nesterov

        def factor(rate: Floats) -> Floats:
            return steepest_contraction(rate, steepest, momentum, nesterov=nesterov, dampening=dampening)

        if self.method.schedule is None:
            return factor(rate)
        window = max(1, int(settle_epochs))
        run = np.full(len(rate), float(window)) if epochs is None else np.asarray(epochs, np.float64)
        factors = schedules.factors(
            self.method.schedule, 0, window, run, quadratic.flattest, steepest, values
        )
        lengths = np.clip(run, 1, window)
        within = np.arange(window)[:, None] < lengths
        rates = np.where(within, factors * rate, 0.0)  # after the run no step is taken
        with np.errstate(over="ignore", invalid="ignore"):
            grown = np.ones(len(rate))
            for epoch in rates:  # one by one: a sum's or product's bits may depend on how many stand abreast
                grown = grown * (1 - epoch * steepest)
            grown = np.abs(grown)
            moved = np.broadcast_to(momentum != 0, rate.shape)
            for length in np.unique(lengths[moved]):
                these = np.flatnonzero((lengths == length) & moved)
                of_each, gain = (_each(number, these) for number in (momentum, 1 - dampening))
                x = rates[: int(length), these] * _each(steepest, these)
                grown[these] = radius(cycle_product(x, of_each, nesterov=nesterov, gain=gain))
            size = power(grown, 1 / lengths)
        return np.asarray(np.where(factor(rates.max(axis=0)) < 0, -size, size))

    @property
    def _is_nesterov(self) -> bool:
        return "nesterov" in self.method.flags

    def _numbers(self, values: Values) -> tuple[Floats, Floats]:
        """Returns the momentum and the dampening [K], or [1] where there is none."""
        none = np.zeros(1)
        momentum = values.get("momentum", none)
        return momentum, values.get("dampening", none) if "momentum" in self.method.active else none


Theory = LinearTheory | FileOrder
"""What gives the outcome of a trial."""


def _each(numbers: Floats, columns: NDArray[np.intp]) -> Floats:
    """Returns numbers [K] of some trials, or the one [1] of all."""
    return numbers if len(numbers) == 1 else numbers[columns]


def theory_of(
    method: Method, problem: Problem, epochs: int | None = None
) -> Theory | ScheduledOrder | Drawn | NoTheory:
    """Returns what is known of trials that descend by a method.

    Args:
        method: the descent.
        problem: what is descended.
        epochs: of the longest trial, beside which theory should not take long; None: as many as it takes.
    """
    if method.optimizer != "sgd":
        return NoTheory("adaptive", "adaptive optimizers scale each step by its gradients")
    if method.batch_size is None:
        return LinearTheory(method)
    if method.order == "file" and not FileOrder(method, problem).is_worth_it(epochs):
        return NoTheory("mini_batches", "what an epoch comes to takes too long to work out")
    if method.order != "file" and problem.shape[0] > MOST_PARAMETERS:
        return NoTheory("mini_batches", f"steps see mini-batches of more than {MOST_PARAMETERS} parameters")
    if method.schedule is not None and method.order != "file":
        return NoTheory("mini_batches", "steps see mini-batches under a schedule")
    if method.schedule is not None:
        return ScheduledOrder(method, problem)
    if method.order == "file":
        return FileOrder(method, problem)
    if method.order == "reshuffle" and problem.n_rows <= MOST_ROWS:
        return Permuted(method, problem)
    if method.order == "reshuffle":
        return NoTheory("reshuffled", "each epoch has a permutation of its own")
    return Drawn(method, problem)
