"""Affine maps of k trials, kept as what they are beyond I, so that slow directions keep their digits.

They are applied, doubled, led on from their powers, brought to rest, and asked how they grow.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from linreg_sweep.array_types import Flags, Floats, Integers


@dataclass(frozen=True)
class Affine:
    """Maps of k trials: `z' = z + delta z + shift`, delta [k, D, D], shift [k, D, O]."""

    delta: Floats
    shift: Floats

    def move(self, state: Floats) -> Floats:
        """Returns states [k, D, O] moved."""
        return np.asarray(state + (times(self.delta, state) + self.shift))

    def twice(self) -> "Affine":
        """Returns the maps applied twice."""
        return Affine(
            2 * self.delta + self.delta @ self.delta, 2 * self.shift + times(self.delta, self.shift)
        )

    def at_rest(self, growth: Floats) -> Floats:
        """Returns the states [k, D, O] that maps leave where they are; NaN where they grow [k]."""
        found, stable = np.full_like(self.shift, np.nan), np.flatnonzero(growth < 0)
        delta, diagonal = self.delta[stable], np.arange(self.delta.shape[1])
        delta[:, diagonal, diagonal] -= ~delta.any(axis=2)  # of what is flat, and 0
        found[stable] = np.linalg.solve(-delta, self.shift[stable])
        return found

    def take(self, chosen: Any) -> "Affine":
        """Returns those of some trials."""
        return Affine(self.delta[chosen], self.shift[chosen])


def times(maps: Floats, states: Floats) -> Floats:
    """Returns maps [..., D, D] of states [..., D, O]; of one at 0 it is 0, though its map overflows."""
    return np.where(states.any(axis=(-2, -1), keepdims=True), maps @ states, 0.0)


def doublings(map_: Affine) -> Iterator[Affine]:
    """Yields maps applied once, twice, four times and so on, each made when it is asked for."""
    while True:
        yield map_
        map_ = map_.twice()


def led(first: Affine, rungs: Iterable[Affine], start: Floats, times: Integers) -> Floats:
    """Returns the states [k, D, O] that maps come to, a first one and others after it, so many in all [k].

    Args:
        first: the first of all.
        rungs: 1, 2, 4, ... of those after it.
        start: the states before.
        times: how many.
    """
    state, begun, rest = start.copy(), np.flatnonzero(times > 0), np.maximum(times - 1, 0)
    state[begun] = first.take(begun).move(start[begun])
    ahead = iter(rungs)
    while rest.any():
        rung, chosen = next(ahead), np.flatnonzero(rest & 1)
        state[chosen] = rung.take(chosen).move(state[chosen])
        rest = rest >> 1
    return state


def growth_of(delta: Floats, is_curved: Flags | None = None) -> Floats:
    """Returns the square of the spectral radius of I + delta [k, D, D], less 1, to its full precision.

    Coordinates that are not curved [k or 1, D] count as flat; None: all are.
    """
    found = np.full(len(delta), np.inf)
    finite = np.flatnonzero(np.isfinite(delta).all(axis=(1, 2)))
    if is_curved is not None and not is_curved.all():
        delta = np.where(is_curved[:, :, None] & is_curved[:, None, :], delta, 0.0)
    moved = np.linalg.eigvals(_grounded(delta[finite]))
    found[finite] = (2 * moved.real + np.abs(moved) ** 2).max(axis=1, initial=-1.0)
    return found


def _grounded(delta: Floats) -> Floats:
    """Returns delta with -1 on the diagonal of what is flat, so that what never moves does not count."""
    flat = ~delta.any(axis=2) & ~delta.any(axis=1)
    if not flat.any():
        return delta
    grounded, diagonal = delta.copy(), np.arange(delta.shape[1])
    grounded[:, diagonal, diagonal] -= flat
    return grounded
