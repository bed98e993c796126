"""Which rows and columns a person asked to see: tables in, tables out."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from linreg_sweep.analysis.formats import GAP, frame_of
from linreg_sweep.analysis.tally import Table, check_column
from linreg_sweep.errors import Complaint, ConfigError, ResultsError
from linreg_sweep.runs.results import BINS, MOST_ROWS, Run
from linreg_sweep.theory.outcome import OUTCOMES

if TYPE_CHECKING:
    import pandas as pd

LISTED = [
    "name",
    "trials",
    "done",
    *OUTCOMES,
    "best_trial",
    "best_learning_rate",
    "best_converged_at",
    "best_cost",
    "created",
    "run",
]
"""The columns of a list of runs."""

LEAST_FIRST = (
    *("share_converged", "p90_converged_at", "best_cost", "stability_ratio"),
    *(
        "theory",
        "predicted_at",
        "predicted_outcome",
        "regime_source",
        "excess_cost",
        "contraction",
        "diverged_at",
        "epochs",
        "cost",
    ),
    *("best_learning_rate", "best_converged_at", "created", "best_trial", "done"),
)
"""The columns that a narrow terminal goes without, the least important first."""


@dataclass(frozen=True)
class Choice:
    """What `show` is asked for.

    Attributes:
        by: the parameters that a summary goes by; none: the run's own choice.
        bins: ranges that each is gathered into; 0: none, every value; None: as many values as a
            person can read, unless the table is to be exact.
        trials: trials rather than a summary.
        where: a comparison that chooses trials.
        sort: a column, with `-` before it for descending.
        top: at most so many rows; of unsorted trials, the best.
        exact: for a machine rather than a person.
    """

    by: tuple[str, ...] = ()
    bins: int | None = None
    trials: bool = False
    where: str | None = None
    sort: str | None = None
    top: int | None = None
    exact: bool = False

    @property
    def as_trials(self) -> bool:
        """Whether trials are shown rather than a summary of them."""
        chosen = (self.where, self.sort, self.top) != (None, None, None)
        return not self.by and (self.trials or chosen)

    def check(self) -> None:
        """Raises a ConfigError where an option would have no effect beside another."""
        if self.by and self.trials:
            raise ConfigError(
                Complaint("--trials", "does not go with --by, which summarises", "leave one out")
            )
        if self.bins is not None and self.as_trials:
            text = "gathers the rows of a summary, not trials"
            raise ConfigError(Complaint("--bins", text, "name a parameter with --by, or leave it out"))


def summary_to_read(run: Run, choice: Choice | None = None) -> Table:
    """Returns the summary of a run that a person can read, as plain columns."""
    if choice is None and run.readable is not None:
        return run.readable
    choice = choice or Choice()
    by = run.columns_of(choice.by) if choice.by else run.default_by()
    return run.summarise(by, _bins(run, by, choice))


def choose(run: Run, choice: Choice) -> "pd.DataFrame":
    """Returns the table that is asked for.

    Raises:
        ConfigError: there is no such column, the comparison is invalid, or one option would
            have no effect beside another.
        ResultsError: no part is finished, or one is damaged.
    """
    from linreg_sweep.analysis import tables

    choice.check()
    trials = None if choice.where is None else run.where(choice.where)
    if choice.as_trials:
        table = run.trials if trials is None else trials
        best = choice.top is not None and choice.sort is None
        return tables.best(table, choice.top or 0) if best else _ordered(table, choice)
    by = run.columns_of(choice.by) if choice.by else run.default_by()
    bins = _bins(run, by, choice)
    if trials is None:
        return _ordered(run.summary(by, bins), choice)
    return _ordered(tables.summary(trials, by, bins, run.metadata["log_scaled"]), choice)


def _bins(run: Run, by: list[str], choice: Choice) -> int | None:
    """Returns how many ranges each parameter is gathered into; None: none, every value."""
    if choice.bins is not None:
        return choice.bins or None
    return None if choice.exact or not run.has_more_values(by, MOST_ROWS) else BINS


def _ordered(table: "pd.DataFrame", choice: Choice) -> "pd.DataFrame":
    if choice.sort is not None:
        name = choice.sort.removeprefix("-")
        check_column(name, map(str, table.columns))
        ascending = name == choice.sort
        table = table.sort_values(name, ascending=ascending, kind="stable", na_position="last")
    return table if choice.top is None else table.head(choice.top)


def listed(runs: Iterable[Run]) -> tuple["pd.DataFrame", list[Complaint]]:
    """Returns one row a run, and what is wrong with the runs that cannot be read.

    A row has name, trials, outcomes, the best trial, when the run was made and where it is.
    """
    rows: list[dict[str, object]] = []
    complaints: list[Complaint] = []
    for run in runs:
        try:
            rows.append(_list_row(run))
        except ResultsError as error:
            complaints += error.complaints
    counts = [*OUTCOMES, "best_trial", "best_converged_at"]
    return frame_of(rows, LISTED, counts), complaints


def _list_row(run: Run) -> dict[str, object]:
    outcomes = run.metadata.get("outcomes", {})
    best = run.metadata.get("best", {})
    return {
        "name": run.name,
        "trials": run.n_trials,
        "done": run.n_trials_done,
        **{name: outcomes.get(name) for name in OUTCOMES},
        "best_trial": best.get("trial"),
        "best_learning_rate": best.get("learning_rate"),
        "best_converged_at": best.get("converged_at"),
        "best_cost": best.get("cost"),
        "created": run.metadata["created"],
        "run": str(run.path),
    }


def narrowed(widths: Mapping[str, int], width: int, keep: Collection[str] = ()) -> list[str]:
    """Returns the columns that fit into a line, the least important left out first.

    Parameters, counts, median and regime stay, however narrow the terminal.

    Args:
        widths: the columns in their order, and how many characters each takes.
        width: the characters of a line.
        keep: columns that stay in any case.
    """
    kept = dict(widths)
    states = [name for name in widths if name.startswith(("weight", "bias"))]
    for name in (*LEAST_FIRST, *reversed(states)):
        if sum(kept.values()) + GAP * (len(kept) - 1) <= width:
            break
        if name not in keep:
            kept.pop(name, None)
    return list(kept)
