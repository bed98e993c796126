"""Trials of two runs matched on their hyperparameters, a block at a time.

Where both runs declare the same parameters, trials lie in the same order and blocks are ranges of their
numbers. Else a hash of the hyperparameters deals all trials out to blocks that fit into memory.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.analysis.groups import grouped
from linreg_sweep.array_types import Floats
from linreg_sweep.column_types import Array
from linreg_sweep.runs.results import Run

Columns = dict[str, Array]

NONE = np.empty(0, np.intp)
"""Of the rows, none."""

BLOCK = 2**18
"""Trials of one run that are held at once, more or less."""


@dataclass(frozen=True)
class Side:
    """One of the runs that are matched.

    Attributes:
        run: which.
        constants: values [] of the hyperparameters that its table does not have, since they never vary, or
            [k] of each optimizer that it varies; NaN is missing.
        own_names: what its table calls a column that the other run's calls otherwise.
        places: of a hyperparameter that is words, the places of its words among those of both runs, and last
            NaN, for what is missing.
    """

    run: Run
    constants: Mapping[str, Floats]
    own_names: Mapping[str, str]
    places: Mapping[str, Floats]

    def named(self, columns: Columns, names: Sequence[str]) -> Columns:
        """Returns columns by the names that both runs share, constants among them."""
        return {name: self._named(columns, name) for name in names}

    def _named(self, columns: Columns, name: str) -> Array:
        if name in self.constants:
            value = self.constants[name]
            own = value[np.asarray(columns["optimizer"], np.intp)] if value.ndim else value
            return np.full(len(columns["trial"]), own)
        values = columns[self.own_names.get(name, name)]
        return self.places[name][np.asarray(values, np.intp)] if name in self.places else values

    def stored(self, names: Sequence[str]) -> list[str]:
        """Returns what its table calls the columns that have to be read."""
        return [self.own_names.get(name, name) for name in names if name not in self.constants]


@dataclass(frozen=True)
class Block:
    """Some trials of both runs.

    Attributes:
        first: columns of matched trials of the first run, [m] each.
        second: likewise of the second, in the same order.
        only_first: columns of trials that only the first run has.
        only_second: likewise.
    """

    first: Columns
    second: Columns
    only_first: Columns
    only_second: Columns


def paired(
    first: Side, second: Side, keys: Sequence[str], others: Sequence[str], *, in_order: bool
) -> Iterator[Block]:
    """Yields all trials of two runs, matched where their hyperparameters are equal to the bit.

    Of trials with the same hyperparameters the earliest are matched with the earliest. Both runs are in order
    where they declare the same parameters.

    Raises:
        ResultsError: a part of either is damaged.
    """
    names = list(dict.fromkeys(["trial", *keys, *others]))
    blocks = _ranges(first, second, names) if in_order else _dealt(first, second, keys, names)
    for one, other in blocks:
        a, b = _matched(_key(one, keys), _key(other, keys))
        alone = [np.delete(np.arange(len(side["trial"])), taken) for side, taken in ((one, a), (other, b))]
        yield Block(_take(one, a), _take(other, b), _take(one, alone[0]), _take(other, alone[1]))


def _take(columns: Columns, rows: NDArray[np.intp]) -> Columns:
    return {name: values[rows] for name, values in columns.items()}


def _key(columns: Columns, keys: Sequence[str]) -> Floats:
    """Returns the hyperparameters [n, k] of trials; there is one zero, not two, and one NaN: missing."""
    values = np.column_stack([np.asarray(columns[name], np.float64) for name in keys]) + 0.0
    return np.where(np.isnan(values), np.nan, values)


def _matched(one: Floats, other: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Returns the rows [m] of equal keys in both, in the order of the first."""
    if one.shape == other.shape and np.array_equal(one, other, equal_nan=True):
        everyone = np.arange(len(one))
        return everyone, everyone
    _, group = grouped(np.concatenate([one, other]))
    codes = [_numbered(group[: len(one)]), _numbered(group[len(one) :])]
    span = 1 + max((int(count.max(initial=0)) for _, count in codes), default=0)
    first, second = (which * span + count for which, count in codes)
    _, a, b = np.intersect1d(first, second, assume_unique=True, return_indices=True)
    order = np.argsort(a)
    return a[order], b[order]


def _numbered(group: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns groups [n], and how many members of its group stand before each."""
    order = np.argsort(group, kind="stable")
    in_order = group[order]
    new = np.append(True, in_order[1:] != in_order[:-1])[: len(group)]
    begin = np.maximum.accumulate(np.where(new, np.arange(len(group)), 0))
    count = np.empty(len(group), np.int64)
    count[order] = np.arange(len(group)) - begin
    return group, count


def _ranges(first: Side, second: Side, names: Sequence[str]) -> Iterator[tuple[Columns, Columns]]:
    """Yields both runs' trials, so many numbers at a time."""
    sizes = [side.run.part_size for side in (first, second)]
    block = max(BLOCK, *sizes) // sizes[0] * sizes[0]
    for start in range(0, max(first.run.n_trials, second.run.n_trials), block):
        yield _between(first, start, start + block, names), _between(second, start, start + block, names)


def _between(side: Side, start: int, stop: int, names: Sequence[str]) -> Columns:
    """Returns the trials that are there with numbers from start to stop - 1."""
    size = side.run.part_size
    numbers = [number for number in side.run.finished_parts() if start < (number + 1) * size]
    numbers = [number for number in numbers if number * size < stop]
    stored = side.stored(names)
    parts = list(side.run.parts(stored, numbers)) or [_take(next(side.run.parts(stored)), NONE)]
    columns = side.named({name: np.concatenate([part[name] for part in parts]) for name in parts[0]}, names)
    trial = np.asarray(columns["trial"], np.int64)
    return _take(columns, np.flatnonzero((trial >= start) & (trial < stop)))


def _dealt(
    first: Side, second: Side, keys: Sequence[str], names: Sequence[str]
) -> Iterator[tuple[Columns, Columns]]:
    """Yields both runs' trials dealt out by their hyperparameters, one pass over the parts a block."""
    n_blocks = -(-max(first.run.n_trials, second.run.n_trials) // BLOCK)
    for block in range(n_blocks):
        yield (
            _of_block(first, keys, names, block, n_blocks),
            _of_block(second, keys, names, block, n_blocks),
        )


def _of_block(side: Side, keys: Sequence[str], names: Sequence[str], block: int, n_blocks: int) -> Columns:
    found = []
    for part in side.run.parts(side.stored(names)):
        columns = side.named(part, names)
        chosen = np.flatnonzero(_hash(_key(columns, keys)) % np.uint64(n_blocks) == block)
        found.append(_take(columns, chosen))
    return {name: np.concatenate([columns[name] for columns in found]) for name in names}


def _hash(keys: Floats) -> NDArray[np.uint64]:
    """Returns a number [n] that depends on every bit of a key [n, k].

    Source: the finalizer of Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, 2014.
    """
    mixed = np.zeros(len(keys), np.uint64)
    for column in keys.T:
        mixed = mixed * np.uint64(0x9E3779B97F4A7C15) + np.ascontiguousarray(column).view(np.uint64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return mixed
