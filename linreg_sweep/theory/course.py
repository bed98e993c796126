"""Descents whose steps change from epoch to epoch, cumulated along each eigenvector.

The error along an eigenvector is `e_t = p_t e_0`, whatever the target. Under a schedule p_t has no closed
form, but an epoch moves it, and the velocity q_t beside it, by a few operations: `O(P)` an epoch and trial,
exact but for their rounding. The excess is no longer monotone, so every epoch's is looked at, in chunks.

Beside the excess goes what rounding may have added to it: each step adds an error, which later steps shrink
or grow as they do the trial's own (see rounding.py).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from linreg_sweep.array_types import Flags, Floats, Indices, Integers
from linreg_sweep.theory.double_double import split
from linreg_sweep.theory.first_events import Levels
from linreg_sweep.theory.outcome import steepest_contraction
from linreg_sweep.theory.rounding import Steps
from linreg_sweep.theory.sums import total
from linreg_sweep.theory.watching import CHUNK, Ends, Seen, ends_of

Table = Callable[[Indices, int, int], Floats]
"""Of some trials, a first epoch and how many: a number for each epoch and trial [n, k] or [n, 1]."""

FAINT = 1e-290
"""An error below which nothing is divided by it."""


@dataclass(frozen=True)
class Course:
    """How k trials descend.

    Attributes:
        curvature: the eigenvalues [P, k].
        lows: what rounding left off them [P, k].
        momentum: [k]; None: no trial has any.
        gain: share of the gradient that reaches the velocity [k], but for the first step's, which does whole;
            None: all of it, as with nesterov.
        nesterov: momentum looks ahead, as torch.optim.SGD defines it.
        rates: the learning rates of trials.
    """

    curvature: Floats
    lows: Floats
    momentum: Floats | None
    gain: Floats | None
    nesterov: bool
    rates: Table

    def still_where(self, still: Flags) -> "Course":
        """Returns a course on which some errors [P, k] stay where they are: there is nothing to move."""
        if not still.any():
            return self
        curvature, lows = (np.where(still, 0.0, each) for each in (self.curvature, self.lows))
        return replace(self, curvature=curvature, lows=lows)

    def mover(self, columns: Indices) -> "_Mover":
        """Returns what moves some of the trials."""
        value = self.curvature[:, columns]
        high, low = split(value)
        low = low + self.lows[:, columns]
        if self.momentum is None:
            return _Mover(value, high, low, None, None, self.nesterov)
        gain = None if self.gain is None else self.gain[columns]
        return _Mover(value, high, low, self.momentum[columns], gain, self.nesterov)


@dataclass(frozen=True)
class _Mover:
    """The arithmetic of an epoch: curvatures, in two parts, and what the velocity takes; see Course."""

    value: Floats
    high: Floats
    low: Floats
    momentum: Floats | None
    gain: Floats | None
    nesterov: bool

    def shrinkage(self, rate: Floats) -> Floats:
        """Returns 1 - rate * eigenvalue [P, k], to full precision also where it is close to 0."""
        high, low = split(rate)
        factor = 1.0 - high * self.high
        factor -= high * self.low + low * self.value
        return factor

    def move(self, p: Floats, q: Floats, rate: Floats, *, is_first: bool) -> None:
        """Does one epoch at a rate [k]: p and q [P, k] are overwritten, q where there is momentum."""
        if self.momentum is None:
            p *= self.shrinkage(rate)
            return
        gradient = self.value * p
        q *= self.momentum
        q += gradient if is_first or self.gain is None else self.gain * gradient
        step = gradient + self.momentum * q if self.nesterov else q
        p -= rate * step

    def radius(self, rate: Floats) -> Floats:
        """Returns the larger modulus [P, k] of an epoch's eigenvalues."""
        if self.momentum is None:
            return np.abs(1.0 - rate * self.value)
        dampening = 0.0 if self.gain is None else 1 - self.gain
        of_it = rate, self.value, self.momentum
        return np.abs(steepest_contraction(*of_it, nesterov=self.nesterov, dampening=dampening))


@dataclass(frozen=True)
class Watch:
    """What rounding may do to k trials.

    Attributes:
        course: theirs, also along eigenvectors where they have no error of their own.
        steps: what a step rounds.
        share: what a squared error along each eigenvector costs [P, k].
        weight: the squared error of the start along each eigenvector [P, k].
        overflow: the excess above which steps may be infinite in the descent's precision [k].
    """

    course: Course
    steps: Steps
    share: Floats
    weight: Floats
    overflow: Floats


class _Gathered:
    """What rounding has gathered in k trials, from the first epoch on.

    An error that a step adds shrinks with the modulus of the following epochs, or else with the trial's own
    error, whichever leaves more of it: with momentum a product of epochs may grow where none of them does.
    """

    def __init__(self, watch: Watch) -> None:
        """Begins with nothing."""
        self.watch, shape = watch, watch.share.shape
        self.moved, self.relative, self.reach = np.zeros(shape), np.zeros(shape), np.ones(shape)
        self.pace = np.zeros(shape[1])
        self.live = np.arange(shape[1])
        self._settle()

    def _settle(self) -> None:
        watch, live = self.watch, self.live
        self.mover, self.steps = watch.course.mover(live), watch.steps.take(live)
        self.share, self.weight = watch.share[:, live], watch.weight[:, live]

    def take(self, columns: Indices) -> None:
        """Keeps some trials alone."""
        self.moved, self.relative = self.moved[:, columns], self.relative[:, columns]
        self.reach, self.pace, self.live = self.reach[:, columns], self.pace[columns], self.live[columns]
        self._settle()

    def add(self, rate: Floats) -> None:
        """Goes through an epoch at a rate [k]."""
        added = self.steps.rounding(rate, np.sqrt(total(self.weight * self.reach**2)))
        self.pace += self.steps.pace(rate)
        self.moved *= self.mover.radius(rate)
        self.moved += added
        if self.mover.momentum is not None:
            self.relative += added / np.maximum(self.reach, FAINT)

    def slack(self) -> Floats:
        """Returns how far apart the roots of the two excess costs may lie [k]."""
        moved = np.fmax(self.moved, self.relative * self.reach) / (1 - self.steps.momentum)
        return np.nan_to_num(np.sqrt(total(self.share * moved**2)), nan=np.inf)

    def follow(self, p: Floats, q: Floats, rate: Floats) -> None:
        """Notes where the trials themselves have come to."""
        self.reach = np.abs(p) + np.abs(rate * q)


class _Descents:
    """The excess of k trials, epoch by epoch; see watching.Descents."""

    def __init__(self, course: Course, energy: Floats, watch: Watch | None) -> None:
        """Begins at the starts."""
        self.course, self.energy, self.live = course, energy, np.arange(energy.shape[1])
        self.mover, self.p, self.q = course.mover(self.live), np.ones(energy.shape), np.zeros(energy.shape)
        self.gathered = None if watch is None else _Gathered(watch)

    def run(self, epoch: int, n_states: int) -> Seen:
        """Does so many epochs, the first of number `epoch`; returns what each began with."""
        rates, p, q = self.course.rates(self.live, epoch, n_states), self.p, self.q
        mover, gathered = self.mover, self.gathered
        root = np.empty((len(rates), len(self.live)))
        slack, pace = np.zeros((2, *root.shape))
        for state, rate in enumerate(rates):
            cost = self.energy * p
            cost *= p  # a square may overflow where its cost does not
            np.sqrt(total(cost), out=root[state])
            if gathered is not None:
                slack[state], pace[state] = gathered.slack(), gathered.pace
                gathered.add(rate)
            mover.move(p, q, rate, is_first=epoch + state == 0)
            if gathered is not None:
                gathered.follow(p, q, rate)
        stretch = np.ones_like(root) if gathered is None else gathered.steps.stretch(pace)
        return Seen(root, slack, stretch)

    def take(self, columns: Indices) -> None:
        """Keeps some of the trials that are left."""
        self.live, self.energy = self.live[columns], self.energy[:, columns]
        self.mover, self.p, self.q = self.course.mover(self.live), self.p[:, columns], self.q[:, columns]
        if self.gathered is not None:
            self.gathered.take(columns)


def first_events(
    course: Course, energy: Floats, levels: Levels, *, early_stop: bool, watch: Watch | None = None
) -> Ends:
    """Returns how k trials end, along all WAYS where rounding is watched, else along the exact one.

    Args:
        course: of k trials.
        energy: [P, k], each mode's share of the excess at the start.
        levels: of k trials.
        early_stop: a trial ends at its first event; else at divergence or its last epoch.
        watch: what rounding may do; None: it is of no account.
    """
    overflow = None if watch is None else watch.overflow
    return ends_of(_Descents(course, energy, watch), levels, early_stop=early_stop, overflow=overflow)


@dataclass(frozen=True)
class Followed:
    """Where k trials come by, as factors of the errors of their starts.

    Attributes:
        end: p [P, k] in the last epoch of each.
        pages: p [P, k'] at each of the epochs asked for, of the trials that came to it.
        first_step: p_1 - p_0 [P, k].
        second_step: p_2 - p_1 [P, k].
        average: of p_1 .. p_t [P, k], as weighted; None: no weights were given.
    """

    end: Floats
    pages: list[Floats]
    first_step: Floats
    second_step: Floats
    average: Floats | None


def follow(
    course: Course,
    ends: Integers,
    epochs: Integers,
    weights: Table | None = None,
    look: Callable[[int, Indices, Floats], None] | None = None,
) -> Followed:
    """Returns where k trials come by that end at these epochs.

    Args:
        course: of the trials.
        ends: [k].
        epochs: at which all trials that came to them are looked at.
        weights: of the states after each epoch in an average; None: none is kept.
        look: given each epoch, the trials that have not ended long ago, and their factors [P, k].
    """
    shape, live, mover = course.curvature.shape, np.arange(len(ends)), course.mover(np.arange(len(ends)))
    p, q, mean = np.ones(shape), np.zeros(shape), np.ones(shape)
    early = np.full((3, *shape), np.nan)
    end, average, pages = np.ones(shape), np.ones(shape), []
    wanted, over, epoch = set(epochs.tolist()), set(ends.tolist()), 0
    while len(live):
        n_states = int(min(CHUNK, ends[live].max() - epoch + 1))
        rates = course.rates(live, epoch, n_states)
        weight = None if weights is None else weights(live, epoch + 1, n_states)
        for state in range(n_states):
            now = epoch + state
            if now < len(early):
                early[now][:, live] = p
            if look is not None:
                look(now, live, p)
            if now in wanted:
                pages.append(p[:, ends[live] >= now])
            if now in over:
                here = np.flatnonzero(ends[live] == now)
                end[:, live[here]], average[:, live[here]] = p[:, here], mean[:, here]
            mover.move(p, q, rates[state % len(rates)], is_first=now == 0)
            if weight is not None:
                mean += (p - mean) * weight[state]
        epoch += n_states
        goes_on = np.flatnonzero(ends[live] >= epoch)
        if len(goes_on) < len(live):
            live, p, q, mean = live[goes_on], p[:, goes_on], q[:, goes_on], mean[:, goes_on]
            mover = course.mover(live)
    steps = early[1] - early[0], early[2] - early[1]
    return Followed(end, pages, *steps, None if weights is None else average)
