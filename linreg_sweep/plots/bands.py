"""A column along a parameter: its spread at each value, a line per setting, over seeds, folds and the rest.

One pass over the parts gathers it, so that ten million trials draw like a thousand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from linreg_sweep.analysis.aggregate import Ranges, check_column
from linreg_sweep.analysis.groups import grouped
from linreg_sweep.analysis.spread import Spread, Spreads
from linreg_sweep.array_types import Floats, Indices, Integers
from linreg_sweep.column_types import Array
from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.plots.cells import MapSide, check_numbers, edges_of, is_even, rate_of, varying
from linreg_sweep.plots.edges import RATES
from linreg_sweep.runs.results import MAX_ROWS, Run
from linreg_sweep.theory.outcome import CONVERGED, MISSING

MAX_LINES = 12
"""Settings that have a line each; where there are more, parameters are gathered until there are not."""

RANGES = 24
"""Ranges of a parameter that trials take at random."""

FARTHEST = 1e100
"""What lies above this is drawn as what lies above all: axes overflow long before numbers do."""

DRAWN_AGAIN = ("seed", "fold")
"""What repeats a setting, so that no line is told apart by it."""

THEORY = {
    "excess_cost": {"expected_excess_cost": "mean", "plateau": "median"},
    "converged_at": {"predicted_at": "median"},
}
"""The columns in which theory says what another is to be, and what is drawn of these."""


@dataclass(frozen=True)
class Line:
    """A setting along the axis, [p] each: p places, from left to right.

    Attributes:
        cells: what tells it from others, by its columns.
        places: the parameter's values, or the middles of its ranges; of words 0, 1, ...
        trials: how many there are.
        spread: of the column.
        theory: what theory says of it; NaN where nothing.
        says: the columns that this is from.
    """

    cells: Mapping[str, Any]
    places: Floats
    trials: Integers
    spread: Spread
    theory: Floats
    says: tuple[str, ...]


@dataclass(frozen=True)
class Bands:
    """The lines of a run.

    Attributes:
        x: the axis.
        y: the column.
        lines: in the order of what tells them apart.
        over: the columns whose values a band is over.
        tuned: the column of which each place has its best value; None: none.
        left_out: how many trials have no value on the axis.
    """

    x: MapSide
    y: str
    lines: Sequence[Line]
    over: Sequence[str]
    tuned: str | None
    left_out: int


def bands(
    run: Run, x: str | None = None, y: str | None = None, tuned: str | None = None, bins: int | None = None
) -> Bands:
    """Returns how a column spreads along a parameter; see plot.plot for what each is.

    Where no column is named it is what says which trial is best or, over seeds whose mean theory knows, and
    where hardly any trial converged, the excess cost.

    Raises:
        ConfigError: there is no such column, it holds words, or no place has a median.
        ResultsError: no part is finished, or one is damaged.
    """
    axis, tuning = _axis(run, x, tuned), None if tuned is None else _rate(run, tuned)
    if y is not None:
        check_numbers(run, y, "--y", "--y cost")
    for column in dict.fromkeys([_column(run), "excess_cost"]) if y is None else [y]:
        found = _bands(run, axis, column, tuning, bins)
        if any((line.spread.median < FARTHEST).any() for line in found.lines):
            return found
    text = f"is missing or infinite in half of the trials or more, whatever the {axis}: {column}"
    raise ConfigError(Complaint("--y", text, "name a column that is known, such as --y contraction"))


def _column(run: Run) -> str:
    """Returns the column that is looked at where nobody says."""
    if run.best_by == "converged_at" and "expected_excess_cost" in run.types:
        return "excess_cost"
    return run.best_by


def _rate(run: Run, name: str) -> str:
    """Returns a column or, where learning rates are declared in stability limits, their share of these."""
    if name != "learning_rate":
        return name
    return "stability_ratio" if "stability_ratio" in run.settings else rate_of(run)


def _axis(run: Run, x: str | None, tuned: str | None) -> str:
    """Returns the column of the axis.

    Raises:
        ConfigError: it does not vary, or what is tuned does not, or both are one.
    """
    varied = run.varied or ["learning_rate"]
    shares = ["stability_ratio"] if "learning_rate" in varied else []
    for name in (x, tuned):
        if name is not None:
            check_column(name, [*varied, *shares])
    several = [name for name in varying(run) if name != tuned and name not in DRAWN_AGAIN] or varied
    axis = x or ("learning_rate" if "learning_rate" in several else several[0])
    if axis == tuned or (axis in RATES and tuned in RATES):
        raise ConfigError(Complaint("--tuned", f"must be another parameter than --x, got {tuned!r} for both"))
    return _rate(run, axis) if x is None else axis


def _settings(run: Run, axis: str, tuned: str | None) -> list[str]:
    """Returns the columns that tell lines apart: words, then what has few values, while there is room."""
    taken = {axis, tuned, *DRAWN_AGAIN} | ({*RATES} if axis in RATES or tuned in RATES else set())
    names = [_rate(run, name) for name in run.varied if name not in taken]
    counts = {name: len(run.distinct(name, MAX_LINES + 1)) for name in names}
    order = sorted(counts, key=lambda name: (not run.types[name].is_words, counts[name]))
    kept, n_lines = set(), 1
    for name in order:
        if counts[name] > 1 and n_lines * counts[name] <= MAX_LINES:
            kept.add(name)
            n_lines *= counts[name]
    return [name for name in names if name in kept]


def _bands(run: Run, axis: str, y: str, tuned: str | None, bins: int | None) -> Bands:
    settings = _settings(run, axis, tuned)
    by = [axis, *settings, *([] if tuned is None else [tuned])]
    ranges = run.ranges([axis], run.bins_for([axis], 0 if run.is_ordered and bins is None else bins, RANGES))
    theory = [name for name in THEORY.get(y, ()) if name in run.types]
    together = run.is_ordered and not ranges and set(run.varied[: len(by)]) == set(by)
    outcome = ["predicted_outcome"] if "predicted_at" in theory else []
    spreads = Spreads(by, [y, *theory], run.types, ranges, together=together)
    keys, trials, found = spreads.gathered(lambda names: map(_predicted, run.parts([*names, *outcome])))
    has_place = ~np.isnan(keys[:, 0])
    middles = _middles(ranges[axis]) if axis in ranges else None
    places = keys[:, 0] if middles is None else middles[np.nan_to_num(keys[:, 0]).astype(int)]
    lines = []
    own, which = grouped(keys[has_place, 1 : 1 + len(settings)])
    for number, key in enumerate(own):
        rows = np.flatnonzero(has_place)[which == number]
        if tuned is not None:
            rows = _best(rows, keys[:, 0], found[y].median)
        cells = {
            name: run.types[name].cell(value) for name, value in zip(settings, key.tolist(), strict=True)
        }
        says, told = _theory(y, theory, found, rows)
        lines.append(Line(cells, places[rows], trials[rows], _taken(found[y], rows), told, says))
    taken = {*by} | ({*RATES} if {*RATES} & {*by} else set())
    others = [name for name in (_rate(run, name) for name in run.varied) if name not in taken]
    over = [name for name in others if len(run.distinct(name, 2)) > 1]
    side = _side(run, axis, np.unique(places[has_place]), ranges.get(axis))
    return Bands(side, y, lines, over, tuned, int(trials[~has_place].sum()))


def _predicted(columns: Mapping[str, Array]) -> Mapping[str, Array]:
    """Returns columns in which an epoch is predicted only where the event is that the trial converges."""
    if "predicted_at" not in columns:
        return columns
    at = np.where(columns["predicted_outcome"] == CONVERGED, columns["predicted_at"], MISSING)
    return {**columns, "predicted_at": at}


def _best(rows: Indices, places: Floats, median: Floats) -> Indices:
    """Returns of the rows of each place the one of least median, the first of equal ones."""
    order = rows[np.lexsort((median[rows], places[rows]))]
    is_first = np.append(True, places[order][1:] != places[order][:-1])
    return np.asarray(order[is_first], np.intp)


def _taken(spread: Spread, rows: Indices) -> Spread:
    return Spread(*(getattr(spread, field.name)[rows] for field in fields(Spread)))


def _theory(
    y: str, names: Sequence[str], found: Mapping[str, Spread], rows: Indices
) -> tuple[tuple[str, ...], Floats]:
    """Returns what theory says at each place, and the columns that this is from: the first that is known."""
    told, says = np.full(len(rows), np.nan), []
    for name in names:
        values = np.asarray(getattr(found[name], THEORY[y][name])[rows], np.float64)
        fills = np.isnan(told) & (values < FARTHEST)
        told = np.where(fills, values, told)
        says += [name] if fills.any() else []
    return tuple(says), told


def _middles(ranges: Ranges) -> Floats:
    """Returns the middles of ranges; those by ratio in the geometric mean."""
    low, high = ranges.edges[:-1], ranges.edges[1:]
    by_ratio = low[0] > 0 and np.allclose(high / low, high[0] / low[0])
    return np.asarray(np.sqrt(low * high) if by_ratio else (low + high) / 2)


def _side(run: Run, name: str, places: Floats, ranges: Ranges | None) -> MapSide:
    """Returns the axis: words side by side, numbers by ratio where that is declared or suits them better.

    Numbers of which the least is 0, and which would spread out by ratio, stand side by side as well.
    """
    if run.types[name].is_words:
        words = run.types[name].words
        places = np.arange(len(words), dtype=np.float64)
        return MapSide(name, places, places, words, log=False, ranges=None, is_words=True)
    declared = ("learning_rate" if name == "stability_ratio" else name) in run.metadata["log_scaled"]
    spreads = not is_even(places) and bool(places[-1] > 10 * np.abs(places[places != 0]).min(initial=np.inf))
    is_log = declared or spreads or (not is_even(places) and is_even(np.log(np.maximum(places, 1e-300))))
    log = bool(places[0] > 0) and len(places) > 1 and is_log
    edges = edges_of(places, log=log) if ranges is None else ranges.edges
    labels = tuple(f"{place:.6g}" for place in places)
    is_listed = spreads and not log and len(places) <= MAX_ROWS
    return MapSide(name, places, edges, labels, log, ranges, is_listed=is_listed)
