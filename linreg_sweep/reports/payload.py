"""What a page's scripts get of a run, as JSON: maps and trials, column by column, every number exact."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.analysis import formats
from linreg_sweep.analysis.formats import cells_of
from linreg_sweep.analysis.legend import COLUMN_MEANING
from linreg_sweep.array_types import Floats, Integers
from linreg_sweep.column_types import Types
from linreg_sweep.plots.cells import Cells, MapSide, regime_along
from linreg_sweep.plots.edges import drawn_edge
from linreg_sweep.plots.regimes import has_regimes
from linreg_sweep.plots.style import REGIME_WORDS, is_standardized, parameter_words
from linreg_sweep.reports.packing import packed_halves, packed_whole, packed_words
from linreg_sweep.runs.results import Run
from linreg_sweep.theory.outcome import OUTCOMES

if TYPE_CHECKING:
    import pandas as pd

Json = Any


MAX_EXACT = 2**16
"""Cells of a map up to which a page holds their numbers exactly; costs of more have seven digits."""


def map_of(run: Run, found: Cells) -> dict[str, Json]:
    """Returns a map: its axes, what is in its cells (row by row, the lowest first), theory's edge."""
    standardized = is_standardized(run)
    edge = drawn_edge(run, found.x, found.y, digits=6)
    along = regime_along(found) if has_regimes(found) else []
    whole, costs = (plain, plain) if found.trials.size <= MAX_EXACT else (packed_halves, packed_words)
    return {
        "x": _side(found.x, standardized=standardized),
        "y": None if found.y is None else _side(found.y, standardized=standardized),
        "trials": whole(found.trials),
        **{name: whole(counts) for name, counts in zip(OUTCOMES, found.outcomes, strict=True)},
        "median_converged_at": whole(found.converged_at),
        "best_cost": costs(found.best_cost),
        "regime": _regimes(found.regime),
        "first_trial": whole(found.first_trial),
        "fills_rows": found.fills_rows,
        "left_out": found.left_out,
        "edge": None
        if edge is None
        else {"points": matrix(np.column_stack([edge.across, edge.up])), "words": edge.words},
        "regimes": [None if name is None else REGIME_WORDS[name] for name in along],
    }


def _side(side: MapSide, *, standardized: bool) -> dict[str, Json]:
    """Returns an axis: where its cells begin and end, what they say, and the values of equal ones."""
    return {
        "name": side.name,
        "words": parameter_words(side.name, standardized=standardized),
        "edges": plain(side.drawn_edges),
        "labels": list(side.labels),
        "log": side.log,
        "values": list(side.labels) if side.is_words else plain(side.centres) if side.is_listed else None,
    }


def trials_of(trials: "pd.DataFrame", types: Types) -> list[dict[str, Json]]:
    """Returns the columns of a table: their cells or, where few differ, these and which each row has."""
    columns = []
    for name, cells in cells_of(trials).items():
        known = list(dict.fromkeys(cells))
        column: dict[str, Json] = {"name": name, "number": not types[name].is_words}
        column["meaning"] = COLUMN_MEANING.get(name)
        column["whole"] = all(cell is None or isinstance(cell, int) for cell in known)
        if types[name].is_words:
            column["order"] = list(types[name].words)
        if 2 * len(known) <= len(cells):
            place = {cell: number for number, cell in enumerate(known)}
            column |= {"different": plain(known), "rows": [place[cell] for cell in cells]}
        else:
            column["cells"] = plain(cells)
        columns.append(column)
    return columns


def settings_of(trials: "pd.DataFrame", types: Types) -> list[dict[str, Json]]:
    """Returns numbers of trials, and what these vary, for as many as there may be; see trials_of."""
    columns = []
    for name in trials.columns:
        different, places = _told_apart(trials[name])
        column: dict[str, Json] = {"name": name, "number": not types[name].is_words}
        if name == "trial":
            column["cells"] = packed_whole(trials[name].to_numpy(np.int64))
        elif 2 * len(different) <= len(trials):
            column |= {"different": different, "rows": packed_whole(places)}
        else:
            column["cells"] = plain(cells_of(trials[[name]])[name])
        columns.append(column)
    return columns


def _regimes(regime: NDArray[np.object_]) -> Json:
    """Returns the regimes of a map, row by row or, of many cells, the different ones and which each has."""
    if regime.size <= MAX_EXACT:
        return regime.ravel().tolist()
    different, places = _told_apart(regime.ravel())
    return {"different": different, "rows": packed_whole(places.reshape(regime.shape))}


def _told_apart(cells: "pd.Series[Any] | NDArray[Any]") -> tuple[list[Json], Integers]:
    """Returns the different cells, None among them where one is missing, and which each is."""
    import pandas as pd

    places, different = pd.factorize(cells, use_na_sentinel=False)
    return plain(different.tolist()), places.astype(np.int64)


def plain(values: Iterable[Any] | Floats) -> list[Json]:
    """Returns cells row by row, as JSON has them: infinities are text, NaN null, whole ones have no point."""
    cells = values.ravel().tolist() if isinstance(values, np.ndarray) else values
    return [formats.for_json(formats.plain(cell)) for cell in cells]


def matrix(values: Floats | Sequence[Sequence[float]]) -> list[list[Json]]:
    """Returns a matrix, row by row."""
    return [plain(row) for row in np.asarray(values, np.float64)]
