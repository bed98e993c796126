"""An epoch over mini-batches in file order: the same affine map every time, of each of k trials.

A step on batch b moves the error by its curvature, `e' = e - rate (H_b e - r_b)`, r_b what pulls the optimum
itself about; so an epoch is `z' = M z + s`. Errors are measured along the eigenvectors, each by the root of
what it costs, so that the square of a length is an excess cost. With momentum m the state is (p, w): w the
rate times the velocity, `p = e - a w` with a = m / (1 - m), or m**2 / (1 - m) for Nesterov's, which moves
by the gradients alone, since e itself does not: `p' = p - rate g / (1 - m)`.

What is kept is M - I, never M: so slow directions keep their digits. The matrices of trials are stacked
[k, D, D] and multiplied one by one, so that a trial's bits are its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from linreg_sweep.array_types import Flags, Floats
from linreg_sweep.theory.affine import Affine, growth_of, times
from linreg_sweep.theory.epoch_steps import GROUP, SHALLOW, Batches
from linreg_sweep.theory.sums import total


@dataclass(frozen=True)
class Momentum:
    """How k trials carry their velocity on.

    Attributes:
        momentum: m [k].
        gain: the share of the gradient that reaches the velocity [k]; of the first step's all does.
        nesterov: momentum looks ahead, as torch.optim.SGD defines it.
    """

    momentum: Floats
    gain: Floats
    nesterov: bool

    @property
    def ahead(self) -> Floats:
        """How far p lies behind the error, in velocities [k]."""
        m = self.momentum
        return np.asarray((m * m if self.nesterov else m) / (1 - m))

    @property
    def along(self) -> Floats:
        """Share of a gradient that its own step takes [k]."""
        return np.asarray(1 + self.momentum * self.gain if self.nesterov else self.gain)

    @property
    def is_still(self) -> Flags:
        """Which trials have none [k]."""
        return np.asarray((self.momentum == 0) & (self.gain == 1))

    def take(self, chosen: Any) -> "Momentum":
        """Returns that of some trials."""
        return Momentum(self.momentum[chosen], self.gain[chosen], self.nesterov)


@dataclass(frozen=True)
class EpochMaps:
    """What an epoch does to k trials.

    Attributes:
        every: an epoch.
        first: the first of all, whose first step is not dampened.
        ahead: by how many velocities an error lies ahead of p [k]; None: there is no momentum.
        scale: the length of each coordinate's unit error in theta's terms [k, D].
        spread: what errors of length 1 in theta that each step adds come to by the end of an epoch [k].
        risen: how large an error of length 1 may be at a step, in the mean by what follows makes of it [k].
        peak: how large at most [k].
    """

    every: Affine
    first: Affine
    ahead: Floats | None
    scale: Floats
    spread: Floats
    risen: Floats
    peak: Floats

    def take(self, chosen: Any) -> "EpochMaps":
        """Returns those of some trials."""
        ahead = None if self.ahead is None else self.ahead[chosen]
        of_each = (each[chosen] for each in (self.scale, self.spread, self.risen, self.peak))
        return EpochMaps(self.every.take(chosen), self.first.take(chosen), ahead, *of_each)

    @property
    def n_parameters(self) -> int:
        """P."""
        n_numbers: int = self.every.delta.shape[1]
        return n_numbers if self.ahead is None else n_numbers // 2

    @property
    def overflows(self) -> Flags:
        """Which trials [k] have diverged by the end of an epoch, as even a rounding overflows within it."""
        return ~np.isfinite(self.spread * self.risen)

    def begin(self, error: Floats) -> Floats:
        """Returns the states [k, D, O] of errors [k, P, O] in the frame, at rest."""
        return error if self.ahead is None else np.concatenate([error, np.zeros_like(error)], axis=1)

    def errors(self, state: Floats, chosen: Any = slice(None)) -> Floats:
        """Returns the errors [k, P, O] of states [k, D, O] of some trials, in the frame."""
        if self.ahead is None:
            return state
        n = self.n_parameters
        return np.asarray(state[:, :n] + self.ahead[chosen, None, None] * state[:, n:])

    @cached_property
    def growth(self) -> Floats:
        """The square of the spectral radius of M, less 1 [k]: stable below 0; infinite: overflown."""
        return growth_of(
            self.every.delta, self.scale**2 > SHALLOW * self.scale.max(axis=1, keepdims=True) ** 2
        )

    def plateau(self) -> Floats:
        """Returns the excess at which trials come to rest, at the end of an epoch [k]; NaN: they do not."""
        return np.asarray((self.errors(self.every.at_rest(self.growth)) ** 2).sum(axis=(1, 2)))


def epoch_maps(batches: Batches, rate: Floats, momentum: Momentum | None) -> EpochMaps:
    """Returns the map of an epoch of k trials, from the last step to the first, groups of steps side by side.

    Args:
        batches: of these trials, or of all.
        rate: the learning rates [k].
        momentum: theirs; None: none has any.
    """
    (n, n_targets), count = batches.problem.shape, len(rate)
    size, step = n if momentum is None else 2 * n, Step(rate, momentum)
    weight = np.broadcast_to(batches.frame.weight, (count, n))
    scale = np.tile(np.sqrt(weight), size // n)
    after = none = _Stretch(*(np.zeros((count, size, width)) for width in (size, n_targets, n_targets)))
    passed: list[_Passed] = []
    for run in batches.runs(backwards=True):
        before = after  # what follows the first step, once it is its turn
        after, this = _led_through(step, *run, after, none, scale)
        passed.append(this)
    way = _way_of(passed[::-1], scale)
    every = first = after.affine(batches.is_balanced)
    if momentum is not None and (momentum.gain != 1).any():
        undampened = Step(rate, replace(momentum, gain=np.ones(count)))
        whole = undampened.led_up_to(before, *(each[0] for each in run))
        shift = np.where((momentum.gain == 1)[:, None, None], every.shift, whole.shift + whole.drift)
        first = Affine(whole.delta, shift)
    return EpochMaps(every, first, None if momentum is None else momentum.ahead, scale, *way)


def joined(parts: Sequence[EpochMaps]) -> EpochMaps:
    """Returns the maps of some trials and of others after them."""
    every, first = (
        Affine(*(np.concatenate([getattr(each, name) for each in maps]) for name in ("delta", "shift")))
        for maps in ([part.every for part in parts], [part.first for part in parts])
    )
    ahead = None if parts[0].ahead is None else np.concatenate([part.ahead for part in parts])
    of_each = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("scale", "spread", "risen", "peak")
    )
    return EpochMaps(every, first, ahead, *of_each)


def _product(late: Floats, early: Floats) -> Floats:
    """Returns what early and then late steps come to, less I [..., k, D, D], as both are given."""
    return late + early + late @ early


@dataclass(frozen=True)
class _Passed:
    """What errors come to in a run of steps.

    Attributes:
        delta: what it comes to, less I [k, D, D].
        spread: what errors of length 1 in theta that each of its steps adds come to by the epoch's end [k].
        most: what one of them may come to by then [k].
        peak: how large an error of length 1 at its beginning may be at one of its steps [k].
    """

    delta: Floats
    spread: Floats
    most: Floats
    peak: Floats


def _led_through(
    step: "Step", curvatures: Floats, pulls: Floats, after: "_Stretch", none: "_Stretch", scale: Floats
) -> tuple["_Stretch", _Passed]:
    """Returns what an epoch's last steps come to with one more run before them, and what the run does.

    Args:
        step: of k trials.
        curvatures: of the run [s, k, P, P].
        pulls: of the same [s, k, P, O].
        after: what follows it.
        none: what no step comes to.
        scale: see EpochMaps.
    """
    one = np.ones(len(scale))
    if len(pulls) == 1:
        norm = norms(after.delta, scale)
        alone = np.broadcast_to(step.alone(curvatures)[0], after.delta.shape)
        return step.led_up_to(after, curvatures[0], pulls[0]), _Passed(alone, norm, norm, one)
    groups, followed = _groups(step, curvatures, pulls, none)
    own, spread, most, peak = none.delta, 0 * one, one, one
    for group in reversed(range(len(followed))):
        inside = norm = norms(followed[group], scale)
        if after is not none:
            norm = norms(_product(after.delta, followed[group]), scale)
        later = one if own is none.delta else norms(own, scale)
        spread, most = spread + total(norm), np.maximum(most, norm.max(axis=0))
        peak = np.maximum(peak, inside.max(axis=0) * later)
        this = groups.of(group)
        own = this.delta if own is none.delta else _product(own, this.delta)
        after = this if after is none else after.led_up_to(this)
    return after, _Passed(own, spread, most, peak)


def _way_of(passed: Sequence[_Passed], scale: Floats) -> tuple[Floats, Floats, Floats]:
    """Returns `spread`, `risen` and `peak` of the runs of an epoch, from its first on; see EpochMaps."""
    spread, risen, peak = np.zeros((3, len(scale)))
    begin, so_far = np.ones(len(scale)), None
    for run in passed:
        spread, risen = spread + run.spread, risen + begin * run.peak * run.spread
        peak = np.maximum(peak, begin * run.peak)
        so_far = run.delta if so_far is None else _product(run.delta, so_far)
        begin = norms(so_far, scale)
    most = np.maximum.reduce([run.most for run in passed])
    return spread, np.fmin(risen / spread, most), np.fmin(peak, most)


def _groups(step: "Step", curvatures: Floats, pulls: Floats, none: "_Stretch") -> tuple["_Stretch", Floats]:
    """Returns what groups of steps come to, [g, k] of them side by side; see Batches.runs.

    Args:
        step: of k trials.
        curvatures: of batches that follow one another [s, k, P, P].
        pulls: of the same [s, k, P, O].
        none: what no step comes to, of k trials.

    Returns:
        The groups; and what follows each of their steps within the group, less I [g, s / g, k, D, D].
    """
    in_groups = max(1, len(pulls) // GROUP), -1
    curvatures, pulls = (each.reshape(*in_groups, *each.shape[1:]) for each in (curvatures, pulls))
    groups = _Stretch(*(np.zeros((len(pulls), *each.shape)) for each in vars(none).values()))
    followed = np.empty((*pulls.shape[:2], *none.delta.shape))
    for place in reversed(range(pulls.shape[1])):
        followed[:, place] = groups.delta
        groups = step.led_up_to(groups, curvatures[:, place], pulls[:, place])
    return groups, followed


@dataclass(frozen=True)
class _Stretch:
    """Steps that follow one another, of k trials: `z' = z + delta z + shift + drift`.

    Attributes:
        delta: what they come to, less I [..., k, D, D].
        shift: what they make of their own pulls beyond passing them on [..., k, D, O].
        drift: the pulls themselves [..., k, D, O], which over a balanced epoch come to 0.
    """

    delta: Floats
    shift: Floats
    drift: Floats

    def of(self, group: int) -> "_Stretch":
        """Returns one of the groups that lie first."""
        return _Stretch(self.delta[group], self.shift[group], self.drift[group])

    def led_up_to(self, before: "_Stretch") -> "_Stretch":
        """Returns the steps with others before them."""
        shift = self.shift + before.shift + times(self.delta, before.shift + before.drift)
        return _Stretch(_product(self.delta, before.delta), shift, self.drift + before.drift)

    def affine(self, is_balanced: Flags) -> Affine:
        """Returns the steps of an epoch as a map; of some trials [k] the drift is 0 but for rounding."""
        return Affine(self.delta, self.shift + np.where(is_balanced[:, None, None], 0, self.drift))


class Step:
    """How k trials step along a gradient."""

    def __init__(self, rate: Floats, momentum: Momentum | None) -> None:
        """Settles what all steps share, [k, 1, 1] each."""
        self.kept = None if momentum is None else momentum.momentum[:, None, None]
        gain = 1.0 if momentum is None else momentum.gain
        self.push = np.asarray(rate * gain)[:, None, None]
        self.ahead = None if momentum is None else momentum.ahead[:, None, None]

    def alone(self, curvatures: Floats) -> Floats:
        """Returns what steps on batches [s, k or 1, P, P] come to, each by itself, less I [s, k, D, D]."""
        if self.kept is None or self.ahead is None:
            return np.asarray(-self.push * curvatures)
        n, slowed = curvatures.shape[2], self.push / (1 - self.kept)
        bent = np.concatenate([-slowed * curvatures, self.push * curvatures], axis=2)
        carried = self.ahead * bent + (self.kept - 1) * np.eye(2 * n)[:, n:]
        return np.concatenate([bent, carried], axis=3)

    def led_up_to(self, after: _Stretch, curvature: Floats, pull: Floats) -> _Stretch:
        """Returns steps with one more before them.

        Args:
            after: the steps [..., k].
            curvature: of the batch [..., k, P, P].
            pull: of the batch [..., k, P, O].
        """
        found, turned, at_once = self.bent(after.delta, curvature)
        return _Stretch(found, after.shift - times(turned, pull), after.drift - at_once @ pull)

    def bent(self, delta: Floats, curvature: Floats) -> tuple[Floats, Floats, Floats]:
        """Returns what steps [..., k, D, D] come to with one more before them, and two [..., k, D, P] beside.

        Times less its pull these are what the steps make of that, and what they pass on.
        """
        n, push = curvature.shape[-1], self.push
        if self.kept is None or self.ahead is None:
            turned, at_once = -push * delta, -push * np.eye(n)
        else:
            slowed = push / (1 - self.kept)
            turned = push * delta[..., n:] - slowed * delta[..., :n]
            at_once = np.concatenate([-slowed * np.eye(n), push * np.eye(n)], axis=1)
        found, bent = delta.copy(), (turned + at_once) @ curvature
        found[..., :n] += bent
        if self.kept is not None and self.ahead is not None:
            kept = delta[..., n:] + np.eye(2 * n)[:, n:]
            found[..., n:] += self.ahead * bent + (self.kept - 1) * kept
        return found, turned, at_once


def norms(deltas: Floats, scale: Floats) -> Floats:
    """Returns a bound on the spectral norm of I and deltas [..., k, D, D], in theta's terms; exact for 0.

    Args:
        deltas: in the frame.
        scale: of its coordinates [k, D].
    """
    inverse = np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)
    size = np.abs(deltas + np.eye(scale.shape[1])) * (inverse[:, :, None] * scale[:, None, :])
    sides = np.sqrt(size.sum(axis=-2).max(axis=-1)) * np.sqrt(size.sum(axis=-1).max(axis=-1))
    return np.asarray(np.minimum(sides, np.sqrt((size**2).sum(axis=(-2, -1)))))
