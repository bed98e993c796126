"""The trials of a run gathered over two of its parameters: the cells of a map, in one pass over the parts.

A parameter with many values is gathered into ranges, so that a map of ten million trials holds no more
cells than one of a thousand.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.analysis.aggregate import Aggregate, Ranges, check_column, ranges_of, regimes_between
from linreg_sweep.array_types import Floats, Indices
from linreg_sweep.config.parameters import count, has_unit
from linreg_sweep.config.training import OPTIMIZER_KEYS
from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.runs.reopening import declaration_of
from linreg_sweep.runs.results import ALIKE, MAX_ROWS, Run
from linreg_sweep.samplers.grid import at
from linreg_sweep.theory.outcome import REGIMES
from linreg_sweep.trials.columns import parameter_name
from linreg_sweep.trials.space import make_space

MAX_VALUES = MAX_ROWS
"""Values of a parameter above which a map gathers them into so many ranges."""

TRIALS_A_CELL = 4
"""How many there are to be, about, where trials lie at random."""

FEWEST_RANGES = 12

MOVING = {*OPTIMIZER_KEYS, "batch_size", "seed", "max_epochs"}
"""The hyperparameters that may move a trial's stability limit, beside words and the keys of a schedule."""

SAME = 1e-9
"""Relative distance up to which a value is one of those listed."""

MAX_LISTED = 24
"""Numbers of one side that are drawn as equal cells where they lie unevenly."""

FARTHEST = np.finfo(np.float64).max
"""Where an edge lies at most, since what draws them needs numbers."""

SMALLEST, LARGEST = 1e-100, 1e100
"""Between what sizes a parameter can be drawn: what computes an axis takes products and ratios."""


@dataclass(frozen=True)
class MapSide:
    """One side of a map.

    Attributes:
        name: the parameter's column.
        centres: [v] its values, or the middles of its ranges.
        edges: [v + 1] where cells begin and end.
        labels: [v] in words.
        log: whether its scale is by ratio.
        ranges: what its values are gathered into; None: each value is its own.
        is_words: whether its values are words, whose centres are their places, 0, 1, ...
        is_listed: whether its values are few numbers that lie unevenly, as those that someone listed.
    """

    name: str
    centres: Floats
    edges: Floats
    labels: tuple[str, ...]
    log: bool
    ranges: Ranges | None
    is_words: bool = False
    is_listed: bool = False

    @property
    def is_equal(self) -> bool:
        """Whether cells are drawn as wide as each other, a tick for each."""
        return self.is_words or self.is_listed

    @property
    def drawn_edges(self) -> Floats:
        """Where cells begin and end in a picture [v + 1]: around 0, 1, ... where they are equal."""
        return np.arange(len(self.labels) + 1, dtype=np.float64) - 0.5 if self.is_equal else self.edges

    def drawn(self, values: Floats) -> Floats:
        """Returns where values of the parameter are in a picture.

        Among equal cells that is the middle of their own or, of a value between two, where these meet.
        """
        if not self.is_equal:
            return values
        below = np.searchsorted(self.centres, values - SAME * np.abs(values), side="left")
        own = np.minimum(below, len(self.centres) - 1)
        is_own = np.isclose(self.centres[own], values, rtol=SAME, atol=0)
        return np.asarray(np.where(np.isnan(values), np.nan, np.where(is_own, own, below - 0.5)), np.float64)


@dataclass(frozen=True)
class Cells:
    """A map: what became of the trials in each cell, [vy, vx] each; NaN and None where there is no trial.

    Attributes:
        x: the side to the right.
        y: the side upwards; None: the run varies nothing else, and there is one row.
        trials: how many there are.
        outcomes: how many ended in each outcome, [3, vy, vx].
        converged_at: the median epoch of those that converged.
        best_cost: the least last cost, in units of the target squared.
        regime: in words, one or a range.
        first_trial: the lowest number of its trials.
        left_out: how many trials have no value of a parameter of the map, so that they are in no cell.
    """

    x: MapSide
    y: MapSide | None
    trials: Floats
    outcomes: Floats
    converged_at: Floats
    best_cost: Floats
    regime: NDArray[np.object_]
    first_trial: Floats
    left_out: int = 0

    @property
    def sides(self) -> list[MapSide]:
        """Those that it has."""
        return [self.x] if self.y is None else [self.x, self.y]

    @property
    def fills_rows(self) -> bool:
        """Whether each row, of a word, fills what lies between its columns, which another may not have."""
        return self.y is not None and self.y.is_words and self.x.ranges is None and not self.x.is_equal

    @property
    def shares(self) -> Floats:
        """The share of each outcome, [3, vy, vx]."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.outcomes / self.trials)


def varying(run: Run) -> list[str]:
    """Returns the parameters that take more than one value in a run; the first declared where none does."""
    found = [name for name in run.varied if len(run.distinct(name, 2)) > 1]
    return found or run.varied[:1] or ["learning_rate"]


def rate_of(run: Run) -> str:
    """Returns the column by which the learning rates of a run lie side by side.

    That is the rate, or its share of the stability limit where it is declared so and limits differ.
    """
    differ = any(moves_limit(run, name) for name in varying(run))
    return "stability_ratio" if differ and _in_limits(run) else "learning_rate"


def _in_limits(run: Run) -> bool:
    """Returns whether all learning rates of a run are declared as shares of a stability limit."""
    if (
        "learning_rate" not in run.varied
        or run.metadata["regime_measured"]
        or run.metadata["method"] == "list"
    ):
        return False
    if run.is_ordered:
        return "learning_rate" not in run.metadata["spans"]
    return all(map(has_unit, declaration_of(run).config.products))


def moves_limit(run: Run, name: str) -> bool:
    """Returns whether a hyperparameter of a run, by its column, may move a trial's stability limit."""
    is_words = name in run.types and run.types[name].is_words
    return is_words or name in MOVING or name.startswith("schedule.")


def map_axes(run: Run, x: str | None = None, y: str | None = None) -> list[str]:
    """Returns the parameters that a map of a run is drawn over, one or two: to the right, and upwards.

    Where none is named it is the learning rate, or the first that varies, and the next that does. Beside
    those that vary there is the learning rate as a share of the stability limit, `stability_ratio`, which is
    meant where it is declared so and each momentum has its own.

    Raises:
        ConfigError: a parameter does not vary, or both are one.
    """
    varied, several = run.varied or ["learning_rate"], varying(run)
    shares = ["stability_ratio"] if "learning_rate" in varied and not run.metadata["regime_measured"] else []
    for name in (x, y):
        if name is not None:
            check_column(name, [*varied, *shares])
    rates = {"learning_rate", "stability_ratio"}
    first = x or (rate_of(run) if "learning_rate" in several and y not in rates else "")
    first = first or next((name for name in several if name != y), varied[0])
    taken = rates if first in rates else {first}
    second = y or next((name for name in several if name not in taken), None)
    if first == second:
        raise ConfigError(Complaint("--y", f"must be another parameter than --x, got {first!r} for both"))
    return [first] if second is None else [first, second]


def cells(run: Run, x: str | None = None, y: str | None = None, most: int = MAX_VALUES) -> Cells:
    """Returns the map of a run over the parameters that map_axes names; see there, too.

    A parameter with more values than `most` is gathered into so many ranges.

    Raises:
        ResultsError: no part is finished, or one is damaged.
    """
    aggregate = begun(run, map_axes(run, x, y), most)
    run.update([aggregate], ["trial"])
    return cells_of(run, aggregate)


def begun(run: Run, names: Sequence[str], most: int) -> Aggregate:
    """Returns a map of one or two parameters that has seen no trial yet; see cells."""
    ranges = {
        name: found
        for name in names
        if not run.types[name].is_words
        and (found := ranges_of(values_of(run, name, most), most, log=name in run.metadata["log_scaled"]))
    }
    leading = set(run.varied[: len(names)]) == set(names) and run.is_ordered
    return Aggregate(names, run.types, ranges, together=leading and not ranges)


def finest(run: Run, names: Sequence[str], dots: int) -> int:
    """Returns above how many values a side of a map is gathered into ranges: as many as there are dots.

    Where trials lie at random, or sparsely, it is as many as have a few trials each.
    """
    trials = run.n_trials_done
    counts = [count_of(run, name, dots) for name in names]
    if np.prod(counts, dtype=np.float64) <= TRIALS_A_CELL * trials or len(names) < 2:
        return max(MAX_VALUES, dots)
    return max(FEWEST_RANGES, min(dots, int(np.sqrt(trials / TRIALS_A_CELL))))


def count_of(run: Run, name: str, most: int) -> int:
    """Returns how many values a parameter of a run has, or some number above so many."""
    type_ = run.types[name]
    return len(type_.words) if type_.is_words else len(values_of(run, name, most))


def values_of(run: Run, name: str, most: int) -> Floats:
    """Returns the different values of a number: a few times as many as asked for at least, and both ends.

    Those of a grid come from its declaration where metadata.json has some of them alone.
    """
    span = run.metadata["spans"].get(name, ())
    if most <= MAX_ROWS or len(span) <= MAX_ROWS:
        return run.distinct(name, ALIKE * most)
    parameter = make_space(declaration_of(run).config).parameters[parameter_name(name)]
    return np.unique(at(parameter, np.arange(count(parameter))))


def cells_of(run: Run, aggregate: Aggregate) -> Cells:
    """Returns the map that an updated aggregate of one or two parameters of a run makes."""
    names, found = aggregate.by, aggregate.found()
    sides = [
        _side(run, name, found.keys[:, number], aggregate.ranges.get(name))
        for number, name in enumerate(names)
    ]
    inside = ~np.isnan(found.keys).any(axis=1)
    places = [places_on(run, side, found.keys[inside, number]) for number, side in enumerate(sides)]
    row = places[1] if len(places) > 1 else np.zeros(len(places[0]), np.intp)
    shape = (len(sides[1].centres) if len(sides) > 1 else 1, len(sides[0].centres))
    if len(sides) > 1 and sides[1].is_words and len(row) < shape[0] * shape[1]:
        sides[0] = replace(sides[0], is_listed=False)  # a list of each word's own

    def spread(values: NDArray[Any], missing: Any) -> NDArray[Any]:
        grid = np.full(shape, missing, np.asarray(missing).dtype)
        grid[row, places[0]] = values[inside]
        return grid

    return Cells(
        x=sides[0],
        y=sides[1] if len(sides) > 1 else None,
        trials=spread(found.trials, 0.0),
        outcomes=np.stack([spread(counts, 0.0) for counts in found.outcomes]),
        converged_at=spread(found.median_converged_at, np.nan),
        best_cost=spread(found.best_cost, np.nan),
        regime=spread(_regimes(found.low_regime, found.high_regime), None),
        first_trial=spread(found.first_trial, np.nan),
        left_out=int(found.trials[~inside].sum()),
    )


def _regimes(lowest: Floats, highest: Floats) -> NDArray[np.object_]:
    """Returns the regime of each cell in words, or the range of its regimes; None: not known."""
    words = np.full([len(REGIMES) + 1] * 2, None, object)
    for low, high in np.ndindex(len(REGIMES), len(REGIMES)):
        words[low, high] = regimes_between(low, high)
    places = [np.where(np.isnan(codes), len(REGIMES), codes).astype(np.intp) for codes in (lowest, highest)]
    return np.asarray(words[places[0], places[1]])


def _side(run: Run, name: str, keys: Floats, ranges: Ranges | None) -> MapSide:
    if ranges is not None:
        log = name in run.metadata["log_scaled"] and bool(ranges.edges[0] > 0)
        edges = ranges.edges
        centres = np.sqrt(edges[:-1] * edges[1:]) if log else (edges[:-1] + edges[1:]) / 2
        return MapSide(name, centres, edges, tuple(ranges.labels), log, ranges)
    centres = np.unique(keys[~np.isnan(keys)])
    if run.types[name].is_words:
        labels = tuple(run.types[name].words[int(code)] for code in centres)
        between = np.arange(len(labels) + 1, dtype=np.float64) - 0.5
        return MapSide(name, between[:-1] + 0.5, between, labels, False, None, is_words=True)
    log = _is_log(run, name, centres)
    labels = tuple(f"{value:.6g}" for value in centres)
    is_listed = len(centres) <= MAX_LISTED and not is_even(np.log(centres) if log else centres)
    return MapSide(name, centres, edges_of(centres, log=log), labels, log, None, is_listed=is_listed)


def is_even(values: Floats) -> bool:
    """Returns whether there are three ascending values or more, all as far from the next."""
    steps = np.diff(values / np.abs(values).max(initial=1e-300))
    return len(steps) > 1 and np.allclose(steps, steps[0], rtol=1e-6, atol=1e-12)


def _is_log(run: Run, name: str, values: Floats) -> bool:
    """Returns whether values are to be drawn by ratio: as declared, or unevenly over more than a decade."""
    if len(values) < 2 or values[0] <= 0:
        return False
    if ("learning_rate" if name == "stability_ratio" else name) in run.metadata["log_scaled"]:
        return True
    return not is_even(values) and bool(values[-1] / 10 > values[0])


def edges_of(centres: Floats, *, log: bool) -> Floats:
    """Returns the edges [v + 1] of cells round these ascending centres [v], halfway between two."""
    with np.errstate(over="ignore"):
        edges = _edges(np.log(centres) if log else centres, log)
        return np.asarray(np.clip(np.exp(edges) if log else edges, -FARTHEST, FARTHEST))


def _edges(values: Floats, log: bool) -> Floats:
    if len(values) == 1:
        half = np.array([np.log(2.0) / 2]) if log else np.array([max(abs(values[0]), 1.0) * 0.05])
        return np.concatenate([values - half, values + half])
    middles = values[:-1] / 2 + values[1:] / 2
    first, last = values[0] + (values[0] - middles[0]), values[-1] + (values[-1] - middles[-1])
    return np.concatenate([[first], middles, [last]])


def places_on(run: Run, side: MapSide, keys: Floats) -> Indices:
    """Returns which cell of a side each key is of; see Aggregate.found."""
    if side.is_words:
        words = [side.labels.index(word) if word in side.labels else 0 for word in run.types[side.name].words]
        return np.array(words, np.intp)[keys.astype(np.intp)]
    return keys.astype(np.intp) if side.ranges is not None else np.searchsorted(side.centres, keys)


def check_numbers(run: Run, column: str, option: str, hint: str) -> None:
    """Raises a ConfigError where a run has no such column, or it holds words; an option names it."""
    check_column(column, run.columns)
    if run.types[column].is_words:
        text = f"must be a column of numbers, {column} holds words"
        raise ConfigError(Complaint(option, text, hint))


def check_sizes(run: Run, name: str, values: Floats) -> None:
    """Raises a ConfigError where a parameter has values that no axis can show: it would overflow."""
    far = values[(values != 0) & ~((np.abs(values) > SMALLEST) & (np.abs(values) < LARGEST))]
    if len(far):
        text = f"values from {SMALLEST:g} to {LARGEST:g} can be drawn, {name} has {far[0]:g}"
        raise ConfigError(Complaint(run.name, text, "sweep other values to draw them"))


def regime_along(found: Cells) -> list[str | None]:
    """Returns the one regime of each column of a map; None: it has several, or none is known."""
    told: list[str | None] = []
    for column in found.regime.T:
        regimes = {cell for cell in column.tolist() if cell is not None}
        one = regimes.pop() if len(regimes) == 1 else None
        told.append(one if one in REGIMES else None)
    return told
