"""What goes into an engine and what comes out: K trials at once, as arrays.

Every engine is one function `train(problem, trials, options) -> Results`. A trial is a column of
numbers; nothing here knows of files, configs or other trials, so a trial's result never depends on
which trials it was trained beside.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Floats, Indices, Integers
from linreg_sweep.method import Method
from linreg_sweep.theory.best_epoch import Least
from linreg_sweep.theory.first_events import Levels
from linreg_sweep.theory.held_out import HeldOut
from linreg_sweep.theory.problem import Problem
from linreg_sweep.theory.quadratic import Quadratic


@dataclass(frozen=True)
class Trials:
    """The numbers of K trials.

    Attributes:
        start: theta_0 [K, P, O], the weights and then the bias row.
        epochs: [K], at most this many epochs each, >= 0.
        values: [K] each, by name: learning_rate, and whatever the method's rule, penalty and schedule take.
        quadratic: what they descend.
    """

    start: Floats
    epochs: Integers
    values: Mapping[str, Floats]
    quadratic: Quadratic

    def __len__(self) -> int:
        return len(self.epochs)

    @property
    def learning_rate(self) -> Floats:
        """The step's factor on the gradient [K], before any schedule."""
        return self.values["learning_rate"]

    def take(self, chosen: Indices | slice) -> "Trials":
        """Returns the chosen trials, by their indices [k] or a slice of them."""
        values = {name: numbers[chosen] for name, numbers in self.values.items()}
        return Trials(self.start[chosen], self.epochs[chosen], values, self.quadratic.take(chosen))


@dataclass(frozen=True)
class TrainOptions:
    """How all trials of a call are trained and when one has ended (theory of outcomes: outcome.py).

    Attributes:
        converged_excess: a trial has converged at the first t whose excess is at most this, in units
            of y squared; one number or [K].
        diverged_excess: [K], a trial has diverged above this, or where the excess is not finite.
        method: how they descend.
        early_stop: a trial ends at its first event; else only at divergence or its last epoch.
        dtype: float32 or float64, of the descent; results are always float64.
        device: cpu or cuda (torch only).
        held_out: rows whose cost is looked at in every epoch; None: no engine looks at any.
        history_epochs: ascending epochs at which the state of every trial not yet ended is kept;
            a trial that ends at epoch t has its state at t kept too, where t is among them.
    """

    converged_excess: float | Floats
    diverged_excess: Floats
    method: Method = field(default_factory=Method)
    early_stop: bool = True
    dtype: str = "float64"
    device: str = "cpu"
    held_out: HeldOut | None = None
    history_epochs: Integers = field(default_factory=lambda: np.empty(0, np.int64))

    def levels(self, epochs: Integers, chosen: Indices | slice) -> Levels:
        """Returns between which excesses some trials, to be trained for so many epochs [k], have no event."""
        low = np.broadcast_to(np.asarray(self.converged_excess), self.diverged_excess.shape)
        high = np.minimum(self.diverged_excess[chosen], np.finfo(np.float64).max)
        return Levels(low[chosen], high, epochs.astype(np.float64))


@dataclass(frozen=True)
class History:
    """States on the way: R rows, ordered by trial and then by epoch.

    Attributes:
        trial: [R], the trial's index within the call.
        epoch: [R].
        theta: [R, P, O].
    """

    trial: Integers
    epoch: Integers
    theta: Floats


Page = tuple[Indices, int, Floats]
"""Indices of trials [k], an epoch, and their states at it [k, P, O]."""


def history_of(pages: list[Page], shape: tuple[int, int]) -> History:
    """Returns the history that pages, ascending by their epochs, make up.

    Args:
        pages: what was kept at each epoch.
        shape: (P, O), of a state.
    """
    if not pages:
        return History(np.empty(0, np.int64), np.empty(0, np.int64), np.empty((0, *shape)))
    trial = np.concatenate([trials for trials, _, _ in pages]).astype(np.int64)
    epoch = np.concatenate([np.full(len(trials), at, np.int64) for trials, at, _ in pages])
    order = np.argsort(trial, kind="stable")
    theta = np.concatenate([states for _, _, states in pages])
    return History(trial[order], epoch[order], theta[order])


@dataclass(frozen=True)
class Results:
    """What became of K trials.

    Attributes:
        theta: [K, P, O], the state in which each trial ended.
        epochs: [K], the updates done when it ended.
        converged_at: [K], the first epoch at which it had converged, -1: never.
        diverged_at: [K], the epoch at which it diverged, -1: never.
        contraction: [K], <d_2, d_1> / <d_1, d_1> with d_t = theta_t - theta_(t-1); NaN where the
            trial ended before its second update or never moved.
        history: the states asked for.
        average: [K, P, O], the averaged state when each trial ended; None: none is kept.
        least: the least cost on held-out rows; None: it was not looked at.
    """

    theta: Floats
    epochs: Integers
    converged_at: Integers
    diverged_at: Integers
    contraction: Floats
    history: History
    average: Floats | None = None
    least: Least | None = None

    def take(self, chosen: Indices) -> "Results":
        """Returns those of the chosen trials, without their history."""
        ends: dict[str, Any] = {name: getattr(self, name)[chosen] for name in ENDS}
        return Results(
            **ends,
            history=history_of([], (self.theta.shape[1], self.theta.shape[2])),
            average=None if self.average is None else self.average[chosen],
            least=None if self.least is None else Least(self.least.epoch[chosen], self.least.cost[chosen]),
        )


ENDS = ("theta", "epochs", "converged_at", "diverged_at", "contraction")
"""The results that every trial has one of."""

Engine = Callable[[Problem, Trials, TrainOptions], Results]


def merge(groups: Sequence[Indices], results: Sequence[Results]) -> Results:
    """Returns the results of all trials from those of groups of them.

    Args:
        groups: the indices of each group's trials; together they are 0 .. K - 1.
        results: of each group.
    """
    if len(groups) == 1:
        return results[0]
    every = np.concatenate(groups)
    order = slice(None) if (every[1:] > every[:-1]).all() else np.argsort(every)

    def joined(parts: Iterable[NDArray[Any]]) -> Any:
        return np.concatenate([*parts])[order]

    trial = np.concatenate(
        [group[result.history.trial] for group, result in zip(groups, results, strict=True)]
    )
    rows = np.argsort(trial, kind="stable")
    epoch = np.concatenate([result.history.epoch for result in results])
    states = np.concatenate([result.history.theta for result in results])
    averages = [each.theta * np.nan if each.average is None else each.average for each in results]
    least = [result.least for result in results if result.least is not None]
    ends = {name: joined(getattr(result, name) for result in results) for name in ENDS}
    return Results(
        **ends,
        history=History(trial[rows], epoch[rows], states[rows]),
        average=joined(averages) if any(result.average is not None for result in results) else None,
        least=Least(joined(each.epoch for each in least), joined(each.cost for each in least))
        if len(least) == len(results)
        else None,
    )
