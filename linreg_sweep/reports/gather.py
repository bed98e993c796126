"""What a page shows of a run, gathered in two passes over its parts: maps and summaries, then single trials.

However many trials a run has, a page holds no more than MAX_CELLS cells and MAX_NUMBERS numbers of trials.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.analysis.aggregate import Table
from linreg_sweep.analysis.formats import cells_of as cells_in
from linreg_sweep.analysis.formats import finite
from linreg_sweep.column_types import ranked_by
from linreg_sweep.plots.cells import MAX_VALUES, Cells, cells_of, rate_of, varying
from linreg_sweep.reports.answer import answer
from linreg_sweep.runs.results import BINS, MAX_ROWS, Run

if TYPE_CHECKING:
    import pandas as pd

MAX_CELLS = 3_600
"""Cells of all maps of a run together."""

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
        summaries: by each parameter that varies, its name first.
        trials: those that are listed, by their numbers: all, or one a cell of the maps and the best.
        best: the number of the best trial, which the laboratory begins with.
        of_each: the best trial of each combination of words; None: only numbers vary.
    """

    run: Run
    answer: str
    maps: list[Cells]
    summaries: dict[str, Table]
    trials: "pd.DataFrame"
    best: int
    of_each: Table | None

    @property
    def all_listed(self) -> bool:
        """Whether the trials are all that are finished."""
        return len(self.trials) == self.run.n_trials_done


def gather(run: Run) -> Gathered:
    """Returns what a page shows of a run.

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
    most = _most_values(run, right, others[:MAX_MAPS])
    maps = [run.aggregate(pair, most) for pair in pairs]
    names = list(dict.fromkeys([*words, first, *others]))
    summaries = [
        run.aggregate([name], BINS if run.has_more_values([name], MAX_ROWS) else None) for name in names
    ]
    finest = run.aggregate(names[:1], MAX_ROWS)
    run.update([*maps, *summaries, finest], ["trial"])
    tables: dict[str, Table] = {
        name: aggregate.table() for name, aggregate in zip(names, summaries, strict=True)
    }
    cells = [cells_of(run, aggregate) for aggregate in maps]
    ranked = run.best_of(list(dict.fromkeys([*RANK, *ranked_by(run.best_by), *run.varied])), BEST)
    best = {name: finite(column[0]) for name, column in cells_in(ranked.head(1)).items()}
    said = answer(run, names[0], finest.table(), best)
    listed = _listed(run, cells, ranked["trial"].to_numpy())
    return Gathered(run, said, cells, tables, listed, int(best["trial"]), _of_each(run, words))


def _of_each(run: Run, words: list[str]) -> Table | None:
    """Returns the best trial of each combination of words, with the values of all that varies."""
    if not words:
        return None
    names = list(dict.fromkeys([*words, *run.varied, *RANK, *ranked_by(run.best_by)]))
    return cells_in(run.best_of_each(words, run.varied)[names].head(MAX_ROWS))


def _most_values(run: Run, first: str, others: list[str]) -> int:
    """Returns above how many values a parameter is gathered into ranges, so that the maps stay small."""
    n_first = len(run.distinct(first, MAX_VALUES))
    n_others = [len(run.distinct(other, MAX_VALUES)) for other in others] or [1]
    for most in (MAX_VALUES, 48, 36, 24):
        if sum(min(n_first, most) * min(n, most) for n in n_others) <= MAX_CELLS:
            return most
    return 16


def _listed(run: Run, maps: list[Cells], best: NDArray[np.int64]) -> "pd.DataFrame":
    """Returns the trials that are listed: all or, of many, the first of each cell and the best."""
    if run.n_trials_done * len(run.columns) <= MAX_NUMBERS:
        return run.read()
    firsts = np.concatenate([found.first_trial[found.trials > 0] for found in maps])
    return run.pick(np.concatenate([firsts, best]).astype(np.int64))
