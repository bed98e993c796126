"""What a page shows of a run, gathered in two passes over its parts: maps and summaries, then single trials.

However many trials a run has, a page holds no more than MAX_CELLS cells, MAX_NUMBERS numbers of trials and
a row of the table for each of MAX_LISTED cells.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.analysis.aggregate import Table
from linreg_sweep.analysis.formats import cells_of as cells_in
from linreg_sweep.analysis.formats import finite
from linreg_sweep.column_types import ranked_by
from linreg_sweep.plots.cells import Cells, begun, cells_of, count_of, finest, rate_of, varying
from linreg_sweep.plots.style import spaced
from linreg_sweep.runs.results import MAX_ROWS, Run
from linreg_sweep.text.runs import format_best, format_best_trial, format_rows

if TYPE_CHECKING:
    import pandas as pd

MAX_CELLS = 2**20
"""Cells of all maps of a run together."""

FEWER_CELLS = 2**18
"""The same, where those are no smooth picture, and would make a page too large."""

MAX_DRAWN = 2**17
"""Numbers that vary in their first trials, where these were drawn: they take more room than a grid's."""

MAX_SIDE = 1000
"""Cells of one side of a map: about as many as it has dots on a fine screen."""

MAX_LISTED = 3_600
"""Cells of all maps together whose first trials are listed; of more, one stands for a block of them."""

MAX_MAPS = 6

MAX_NUMBERS = 100_000
"""Cells of the table of trials above which only some trials are listed."""

BEST = 100
"""Trials that are listed in any case: the best."""

RANK = ["trial", "outcome", "converged_at", "cost"]
"""The columns that tell which trials are best."""


@dataclass(frozen=True)
class Gathered:
    """What a page shows of a run.

    Attributes:
        run: which run.
        answer: the best trial, and where every trial converged.
        maps: of the learning rate, or the first parameter that varies, with each other.
        blocks: of each map, how many cells wide and high a block is, one of whose trials is listed.
        summaries: by each parameter that varies, its name first.
        trials: those that are listed, by their numbers: all, or one a block of the maps and the best.
        others: of the other cells' first trials, their numbers and what varies.
        best: the number of the best trial, which the laboratory begins with.
        of_each: the best trial of each combination of words; None: only numbers vary.
    """

    run: Run
    answer: str
    maps: list[Cells]
    blocks: list[int]
    summaries: dict[str, Table]
    trials: "pd.DataFrame"
    others: "pd.DataFrame"
    best: int
    of_each: Table | None

    @property
    def all_listed(self) -> bool:
        """Whether the trials are all that are finished."""
        return len(self.trials) == self.run.n_trials_done


def gather(run: Run, most_cells: int | None = None) -> Gathered:
    """Returns what a page shows of a run, in at most so many cells of all its maps; None: MAX_CELLS.

    Raises:
        ResultsError: no part is finished, or one is damaged.
    """
    several = varying(run)
    by = run.default_by()
    words = by if run.types[by[0]].is_words else []
    first = "learning_rate" if "learning_rate" in several else several[0]
    others = [name for name in several if name != first]
    right = rate_of(run) if first == "learning_rate" else first
    pairs = [[right, other] for other in others[:MAX_MAPS]] or [[right]]
    most_cells = most_cells or MAX_CELLS
    if not run.is_ordered:
        most_cells = min(most_cells, MAX_DRAWN // max(1, len(run.varied)))
    maps = [begun(run, pair, _most_values(run, pair, most_cells // len(pairs))) for pair in pairs]
    in_limits = first == "learning_rate" and "stability_ratio" in run.settings
    names = list(dict.fromkeys([*words, "stability_ratio" if in_limits else first, *others]))
    summaries = [run.aggregate([name], run.bins_for([name])) for name in names]
    finer = run.aggregate(names[:1], MAX_ROWS)
    run.update([*maps, *summaries, finer], ["trial"])
    tables: dict[str, Table] = {
        name: aggregate.table() for name, aggregate in zip(names, summaries, strict=True)
    }
    cells = [cells_of(run, aggregate) for aggregate in maps]
    ranked = run.best_of(list(dict.fromkeys([*RANK, *ranked_by(run.best_by), *run.varied])), BEST)
    best = {name: finite(column[0]) for name, column in cells_in(ranked.head(1)).items()}
    said = answer(run, finer.table(), best)
    blocks = [_block(found.trials.shape, MAX_LISTED // len(cells)) for found in cells]
    listed, unlisted = _listed(run, cells, blocks, ranked["trial"].to_numpy())
    of_each = _of_each(run, words)
    return Gathered(run, said, cells, blocks, tables, listed, unlisted, int(best["trial"]), of_each)


def answer(run: Run, table: Table, best: Mapping[str, Any]) -> str:
    """Returns what `run` says of the best trial or setting, and of the rows of a summary by one parameter."""
    is_setting = "folds" in run.metadata
    said = format_best(run) if is_setting else [format_best_trial(best, run.varied, run.best_by)]
    text = " ".join([*said, *format_rows(run, table)])
    for name in (*run.settings, *run.varied, run.best_by):
        text = text.replace(name, spaced(name))
    return text


def _of_each(run: Run, words: list[str]) -> Table | None:
    """Returns the best trial of each combination of words, with the values of all that varies."""
    if not words:
        return None
    names = list(dict.fromkeys([*words, *run.varied, *RANK, *ranked_by(run.best_by)]))
    return cells_in(run.best_of_each(words, run.varied)[names].head(MAX_ROWS))


def _most_values(run: Run, names: list[str], most_cells: int) -> int:
    """Returns above how many values a side of a map is gathered into ranges, so that it has so many cells."""
    most = finest(run, names, MAX_SIDE)
    if len(names) < 2:
        return most
    fewer = min(count_of(run, name, most) for name in names)
    return min(most, max(isqrt(most_cells), most_cells // max(1, fewer)))


def _block(shape: tuple[int, ...], most: int) -> int:
    """Returns how many cells wide and high blocks are, so that there are at most about so many of them."""
    block = 1
    while -(-shape[0] // block) * -(-shape[1] // block) > most:
        block += 1
    return block


def _listed(
    run: Run, maps: list[Cells], blocks: list[int], best: NDArray[np.int64]
) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Returns the trials that are listed, and of the other cells' first trials what varies.

    Listed are all or, of many, the first of a cell of each block and the best.
    """
    columns = list(dict.fromkeys(["trial", *run.varied]))
    if run.n_trials_done * len(run.columns) <= MAX_NUMBERS:
        trials = run.read()
        return trials, trials[columns].head(0)
    firsts = np.concatenate([found.first_trial[found.trials > 0] for found in maps]).astype(np.int64)
    of_blocks = [_first_of_blocks(found, block) for found, block in zip(maps, blocks, strict=True)]
    listed = np.concatenate([*of_blocks, best]).astype(np.int64)
    others = firsts[np.isin(firsts, listed, invert=True)]
    return run.pick(listed), run.pick(others, columns) if len(others) else run.pick(best[:1], columns).head(0)


def _first_of_blocks(found: Cells, block: int) -> NDArray[np.float64]:
    """Returns the lowest number of a trial in each block of a map that has any."""
    high, wide = found.trials.shape
    firsts = np.where(found.trials > 0, found.first_trial, np.inf)
    by_rows = np.minimum.reduceat(firsts, np.arange(0, high, block), axis=0)
    lowest = np.minimum.reduceat(by_rows, np.arange(0, wide, block), axis=1).ravel()
    return lowest[np.isfinite(lowest)]
