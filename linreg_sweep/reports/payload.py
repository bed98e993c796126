"""What a page's scripts get of a run, as JSON: maps and trials, column by column, every number exact."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.analysis import formats
from linreg_sweep.analysis.formats import cells_of
from linreg_sweep.analysis.legend import COLUMN_MEANING
from linreg_sweep.column_types import Types
from linreg_sweep.plots.cells import Cells, MapSide, regime_along
from linreg_sweep.plots.edges import drawn_edge
from linreg_sweep.plots.regimes import has_regimes
from linreg_sweep.plots.style import REGIME_WORDS, is_standardized, parameter_words
from linreg_sweep.runs.results import Run
from linreg_sweep.theory.outcome import OUTCOMES

if TYPE_CHECKING:
    import pandas as pd

Json = Any
Floats = NDArray[np.float64]


def map_of(run: Run, found: Cells) -> dict[str, Json]:
    """Returns a map: its axes, what is in its cells (row by row, the lowest first), theory's edge."""
    standardized = is_standardized(run)
    edge = drawn_edge(run, found.x, found.y, digits=6)
    along = regime_along(found) if has_regimes(found) else []
    return {
        "x": _side(found.x, standardized=standardized),
        "y": None if found.y is None else _side(found.y, standardized=standardized),
        "trials": plain(found.trials.ravel()),
        **{name: plain(counts.ravel()) for name, counts in zip(OUTCOMES, found.outcomes, strict=True)},
        "median_converged_at": plain(found.converged_at.ravel()),
        "best_cost": plain(found.best_cost.ravel()),
        "regime": found.regime.ravel().tolist(),
        "first_trial": plain(found.first_trial.ravel()),
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


def plain(values: Iterable[Any] | Floats) -> list[Json]:
    """Returns cells as JSON has them: infinities are text, NaN is null, whole numbers have no point."""
    cells = values.tolist() if isinstance(values, np.ndarray) else values
    return [formats.for_json(formats.plain(cell)) for cell in cells]


def matrix(values: Floats | Sequence[Sequence[float]]) -> list[list[Json]]:
    """Returns a matrix, row by row."""
    return [plain(row) for row in np.asarray(values, np.float64)]
