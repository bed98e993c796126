"""What one pass over a finished run's trials finds beside the summary, gathered part by part.

How many trials had each outcome, the best trial, the edge in learning rate, and how often theory
and experiment agree.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Flags, Floats, Indices
from linreg_sweep.column_types import Types, ranked_by, ranking
from linreg_sweep.theory.outcome import (
    CONVERGED,
    DIVERGED,
    IN_MEAN,
    MISSING,
    OUTCOMES,
    PREDICTED,
    THEORY,
    UNFINISHED,
)

Column = NDArray[np.generic]
Columns = Mapping[str, Column]

MAX_SHOWN = 5
"""Trials that are named where theory and experiment do not agree."""

SHOWN = (
    *("trial", "learning_rate", "outcome", "converged_at", "diverged_at"),
    *("predicted_outcome", "predicted_at"),
)
"""What is shown of them."""

READ = (
    *("trial", "learning_rate", "outcome", "converged_at", "diverged_at", "cost"),
    *("predicted_outcome", "predicted_at", "theory"),
)
"""The columns that findings are made from."""


def best_trial_row(columns: Columns, by: str = "converged_at") -> int:
    """Returns the row of the best trial: converged, fewest epochs, lowest cost, lowest number.

    By another column than `converged_at` it is that of the least value, whatever the outcome.
    """
    rows = np.arange(len(columns["outcome"]))
    if by != "converged_at":
        values = ranking(columns, by)
        least = np.nanmin(values, initial=np.inf)
        rows = rows[values == least] if (values == least).any() else rows
        return int(rows[columns["trial"][rows].argmin()])
    outcome = columns["outcome"][rows]
    rows = rows[outcome == outcome.min()]
    if columns["outcome"][rows[0]] == CONVERGED:
        at = columns["converged_at"][rows]
        rows = rows[at == at.min()]
    cost = columns["cost"][rows]
    rows = rows if np.isnan(cost).all() else rows[cost == np.nanmin(cost)]
    return int(rows[columns["trial"][rows].argmin()])


class Findings:
    """What the trials of a run show, in the making.

    Attributes:
        outcomes: how many trials ended in each, by name.
        best: the cells of the best trial so far, among the columns that are read.
        reads: the columns that findings are made from.
        edge: see `ObservedEdge`.
        agreement: see `Agreement`.
    """

    def __init__(
        self,
        types: Types,
        start_cost: Callable[[Indices], Floats],
        by: str = "converged_at",
        converged_excess: float = np.inf,
    ) -> None:
        """Begins with no trial.

        Args:
            types: what the columns hold.
            start_cost: tells the cost at the start of trials, by their numbers [k].
            by: the column whose least value is best.
            converged_excess: at or below which a state counts as converged.
        """
        self._by = by
        also = (name for name in ("plateau",) if name in types)
        self.reads = tuple(dict.fromkeys([*READ, *also, *ranked_by(by)]))
        self.outcomes = dict.fromkeys(OUTCOMES, 0)
        self.best: dict[str, Any] = {}
        self.edge = ObservedEdge(start_cost)
        self._types = types
        self.agreement = Agreement(converged_excess)

    def add(self, columns: Columns) -> None:
        """Takes a part: the columns that are read, codes for words, [K] each."""
        for code, name in enumerate(OUTCOMES):
            self.outcomes[name] += int(np.count_nonzero(columns["outcome"] == code))
        row = best_trial_row(columns, self._by)
        both = [{name: columns[name][row] for name in self.reads}, *([self.best] if self.best else [])]
        together = {name: np.array([cells[name] for cells in both]) for name in self.reads}
        self.best = both[best_trial_row(together, self._by)]
        self.edge.add(columns)
        self.agreement.add(columns, self._types)


class ObservedEdge:
    """Between which learning rates the trials of a run stop being stable.

    Attributes:
        largest_stable: the largest rate of a trial that converged or ended below its starting cost.
        smallest_diverged: the smallest rate of a trial that diverged.
    """

    def __init__(self, start_cost: Callable[[Indices], Floats]) -> None:
        """Begins with no trial; see Findings."""
        self._start_cost = start_cost
        self.largest_stable: float | None = None
        self.smallest_diverged: float | None = None

    def add(self, columns: Columns) -> None:
        """Takes a part."""
        rates = np.asarray(columns["learning_rate"], np.float64)
        diverged = rates[columns["outcome"] == DIVERGED]
        if len(diverged):
            self.smallest_diverged = float(min(diverged.min(), self.smallest_diverged or np.inf))
        converged = rates[columns["outcome"] == CONVERGED]
        if len(converged):
            self.largest_stable = float(max(converged.max(), self.largest_stable or 0.0))
        # of the unfinished only those beyond what is known already are worth a look, the largest first
        beyond = np.flatnonzero((columns["outcome"] == UNFINISHED) & (rates > (self.largest_stable or 0.0)))
        largest = beyond[rates[beyond] == rates[beyond].max(initial=0.0)]
        for some in (largest, beyond):
            descends = some[self._descends(columns, some)]
            if len(descends):
                self.largest_stable = float(rates[descends].max())
                return

    def _descends(self, columns: Columns, rows: Indices) -> Flags:
        """Returns whether trials in some rows [k] ended below their starting cost."""
        if not len(rows):
            return np.zeros(0, np.bool_)
        numbers = np.asarray(columns["trial"][rows], np.intp)
        return np.asarray(columns["cost"][rows], np.float64) < self._start_cost(numbers)


class Agreement:
    """How often theory predicted what the experiment then showed.

    Attributes:
        predicted: trials whose outcome theory predicted.
        same_outcome: those of them that ended so.
        epochs_predicted: those of them that have no event, or one whose epoch rounding cannot move.
        same_epoch: those of these whose event came at that epoch, or that had none.
        largest_gap: epochs between the event and what was predicted, at most.
        silent: trials of which theory says nothing, by the word for why.
        passing: converged trials of drawn batches that rest above the tolerance, in the mean over all draws.
        others: of the first trials that ended otherwise than predicted, what was predicted and what came.
    """

    def __init__(self, converged_excess: float = np.inf) -> None:
        """Begins with no trial; see Findings."""
        self._level = converged_excess
        self.passing = 0
        self.predicted = self.same_outcome = self.epochs_predicted = self.same_epoch = self.largest_gap = 0
        self.silent = {word: 0 for code, word in enumerate(THEORY) if code not in PREDICTED}
        self.others: list[dict[str, Any]] = []

    def add(self, columns: Columns, types: Types) -> None:
        """Takes a part; types say what its columns hold."""
        is_predicted = np.isin(columns["theory"], PREDICTED)
        self.predicted += int(np.count_nonzero(is_predicted))
        for word in self.silent:
            self.silent[word] += int(np.count_nonzero(columns["theory"] == THEORY.index(word)))
        if "plateau" in columns:
            is_drawn = np.isin(columns["theory"], IN_MEAN) & (columns["outcome"] == CONVERGED)
            plateau = np.asarray(columns["plateau"], np.float64)
            self.passing += int(np.count_nonzero(is_drawn & (plateau > self._level)))
        same = is_predicted & (columns["outcome"] == columns["predicted_outcome"])
        self.same_outcome += int(np.count_nonzero(same))
        at = np.where(columns["outcome"] == CONVERGED, columns["converged_at"], MISSING)
        at = np.where(columns["outcome"] == DIVERGED, columns["diverged_at"], at)
        told = same & ((at == MISSING) | (columns["predicted_at"] != MISSING))
        self.epochs_predicted += int(np.count_nonzero(told))
        gap = np.abs(at - columns["predicted_at"])[told]
        self.same_epoch += int(np.count_nonzero(gap == 0))
        self.largest_gap = max(self.largest_gap, int(gap.max(initial=0)))
        for row in np.flatnonzero(is_predicted & ~same)[: MAX_SHOWN - len(self.others)].tolist():
            self.others.append({name: types[name].cell(columns[name][row].item()) for name in SHOWN})

    def facts(self) -> dict[str, Any]:
        """Returns what metadata.json says of it."""
        told = ("silent", "others", "_level")
        counted = {name: found for name, found in vars(self).items() if name not in told}
        return {**counted, **self.silent, "others": self.others}
