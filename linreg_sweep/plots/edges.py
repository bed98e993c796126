"""Theory's edge of stability on a map: where along the learning rate, at each height of the other axis."""

from dataclasses import dataclass

import numpy as np

from linreg_sweep.array_types import Floats
from linreg_sweep.errors import SweepError
from linreg_sweep.plots.cells import MapSide, moves_limit
from linreg_sweep.plots.style import spaced
from linreg_sweep.runs.reopening import reopen
from linreg_sweep.runs.results import Run
from linreg_sweep.trials.columns import parameter_column, parameter_name
from linreg_sweep.trials.experiment import Experiment

RATES = ("learning_rate", "stability_ratio")
"""The columns that say how long steps are: along these there are regimes and an edge."""

HEIGHTS = 200
"""Places along a map's other axis at which its edge is worked out."""

SAMPLED = 64
"""Trials whose stability limits are held against each other."""


def edge_words(rates: Floats, heights: Floats, y: MapSide | None, digits: int = 4) -> str:
    """Returns what a legend says of theory's edge; see stability_limits."""
    rates = rates[~np.isnan(heights)]
    known = rates[~np.isnan(rates)]
    if y is None or (known == known[0]).all():
        words = f"stability limit {known[0]:.{digits}g}"
    else:
        words = f"stability limit by {spaced(y.name)}"
    return words if len(known) == len(rates) else f"{words}, where one is known"


@dataclass(frozen=True)
class Edge:
    """Theory's edge as a picture has it.

    Attributes:
        across: where it is along one axis [k]; NaN beyond the outer of equal cells.
        up: where it is along the other [k].
        words: what a legend says of it.
    """

    across: Floats
    up: Floats
    words: str


def drawn_edge(run: Run, x: MapSide, y: MapSide | None, digits: int = 4) -> Edge | None:
    """Returns theory's edge where a map of these sides shows it; None: there is none within them."""
    limits, (low, high) = stability_limits(run, x, y), (x.centres if x.is_equal else x.edges)[[0, -1]]
    if limits is None or not ((limits[0] >= low) & (limits[0] <= high)).any():
        return None
    rates, heights = limits
    words = edge_words(rates, heights, y, digits)
    if x.is_equal:  # beyond the outer ones there is no place that is its own
        rates = np.where((rates >= low) & (rates <= high), rates, np.nan)
    if y is not None and y.is_equal:
        heights = np.interp(heights, y.edges, y.drawn_edges)
    return Edge(x.drawn(rates), heights, words)


def stability_limits(run: Run, x: MapSide, y: MapSide | None) -> tuple[Floats, Floats] | None:
    """Returns theory's edge as places [k] on one axis and heights [k] on the other; None: there is none.

    There is one where the axis to the right is that of the learning rate. At each height it is the limit of
    all trials there; NaN where they have no one limit, or none is known. Between two that are steps, the
    height is NaN.
    """
    if x.name not in RATES:
        return None
    whole = np.array([0.0, 1.0]) if y is None else y.edges[[0, -1]]
    if x.name == "stability_ratio":
        return np.ones(2), whole
    limit = run.metadata.get("edge", {}).get("stability_limit")
    if limit is not None:
        return np.full(2, limit), whole
    try:
        experiment = reopen(run)
    except SweepError:  # the data have moved: the map stands without its line
        return None
    places = np.zeros(1) if y is None else y.centres
    if y is None or not moves_limit(run, y.name):
        heights, values = whole, np.zeros(2)
    elif y.is_words or y.is_listed or run.types[y.name].is_whole:  # a step for each
        heights = np.column_stack([y.edges[:-1], y.edges[1:], np.full(len(places), np.nan)]).ravel()
        words, is_whole = run.types[y.name].words, run.types[y.name].is_whole
        numbers = np.rint(places) if is_whole else places
        values = np.repeat([words.index(each) for each in y.labels] if y.is_words else numbers, 3)
    else:
        spread, there = np.geomspace if y.log else np.linspace, y.edges if y.ranges else places
        heights = np.asarray(spread(y.edges[0], y.edges[-1], HEIGHTS), np.float64)
        values = np.clip(heights, there[0], there[-1])  # no trial lies beyond
    limits = _limits(run, experiment, None if y is None else y.name, values.astype(np.float64))
    return None if np.isnan(limits).all() else (limits, heights)


def _limits(run: Run, experiment: Experiment, name: str | None, values: Floats) -> Floats:
    """Returns the stability limit that trials have wherever a hyperparameter has these values [k], or NaN.

    Others than those that may move it are not looked at; of the rest, some trials taken at random.
    """
    sampled = {parameter_column(each): value for each, value in experiment.sample(SAMPLED).items()}
    moving = [each for each in sampled if each != name and moves_limit(run, each)]
    chosen = np.zeros(1, np.intp)
    if moving:
        _, chosen = np.unique(np.column_stack([sampled[each] for each in moving]), axis=0, return_index=True)
    count = len(chosen)
    trials = {each: np.tile(value[chosen], len(values)) for each, value in sampled.items()}
    if name is not None and name in trials:
        trials[name] = np.repeat(values, count)
    found = np.empty(len(values) * count)
    for group in experiment.groups({parameter_name(each): value for each, value in trials.items()}):
        found[group.chosen] = group.stability_limit()
    limits = found.reshape(len(values), count)
    low, high = limits.min(axis=1), limits.max(axis=1)
    return np.where(np.isclose(low, high, rtol=1e-12, atol=0), high, np.nan)
