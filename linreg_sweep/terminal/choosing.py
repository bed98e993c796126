"""Which rows and columns a person asked to see: tables in, tables out."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from linreg_sweep.analysis.aggregate import SPREAD
from linreg_sweep.analysis.formats import GAP, Table, cells_of, frame_of
from linreg_sweep.errors import Complaint, ConfigError, SweepError
from linreg_sweep.runs.results import Run
from linreg_sweep.theory.outcome import OUTCOMES, SPREADING
from linreg_sweep.trials.columns import NAMED

if TYPE_CHECKING:
    import pandas as pd

LISTED = [
    "name",
    "differs",
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

SUMMED_UP = (
    *("trials", *OUTCOMES, "share_converged", "median_converged_at", "p90_converged_at", "best_cost"),
    *(f"{measure}_{column}" for measure in SPREAD for column in SPREADING),
)
"""The columns that a summary has and trials have not."""

SPREADS = tuple(
    f"{measure}_{column}" for measure in reversed(SPREAD) for column in SPREADING if measure != "mean"
)

LEAST_FIRST = (
    *("share_converged", "p90_converged_at", "best_cost", "stability_ratio"),
    *SPREADS,
    *(
        column.name
        for role in ("derived", "ending", "measure")
        for column in reversed(NAMED.values())
        if column.role == role and not column.stays and column.name != "stability_ratio"
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
        columns: of the table, in this order; none: all.
        sort: a column, with `-` before it for descending.
        top: at most so many rows; of unsorted trials, the best.
        exact: for a machine rather than a person.
    """

    by: tuple[str, ...] = ()
    bins: int | None = None
    trials: bool = False
    where: str | None = None
    columns: tuple[str, ...] = ()
    sort: str | None = None
    top: int | None = None
    exact: bool = False

    @property
    def as_trials(self) -> bool:
        """Whether trials are shown rather than a summary of them."""
        chosen = (self.where, self.columns, self.sort, self.top) != (None, (), None, None)
        return not self.by and (self.trials or chosen)

    def check(self) -> None:
        """Raises a ConfigError where an option would have no effect beside another."""
        if self.by and self.trials:
            raise ConfigError(
                Complaint("--trials", "cannot be combined with --by, which summarises", "leave one out")
            )
        if self.bins is not None and self.as_trials:
            text = "groups the rows of a summary, not trials"
            raise ConfigError(Complaint("--bins", text, "name a parameter with --by, or leave it out"))
        asked = [
            *(("--columns", name) for name in self.columns),
            ("--sort", (self.sort or "").removeprefix("-")),
        ]
        for option, name in asked if self.as_trials else ():
            if name in SUMMED_UP:
                hint = "name the parameter to summarise by, as in --by learning_rate"
                raise ConfigError(Complaint(option, f"{name} is a column of the summary", hint))


def summary_to_read(run: Run) -> Mapping[str, Sequence[Any]]:
    """Returns the summary of a run that a person can read, as plain columns."""
    by = run.default_by()
    return run.summarise(by, run.bins_for(by)) if run.readable is None else run.readable


def choose(run: Run, choice: Choice) -> "pd.DataFrame":
    """Returns the table that is asked for, by a choice that was checked.

    Raises:
        ConfigError: there is no such column, or the comparison is invalid.
        ResultsError: no part is finished, or one is damaged.
    """
    from linreg_sweep.analysis import tables

    trials = None if choice.where is None else run.where(choice.where)
    if choice.as_trials:
        best = choice.top if choice.sort is None else None
        if trials is None:
            table = run.trials if best is None else run.best(best)
        else:
            table = trials if best is None else tables.best(trials, best, run.best_by)
    else:
        by = run.columns_of(choice.by) if choice.by else run.default_by()
        bins = run.bins_for(by, 0 if choice.exact and choice.bins is None else choice.bins)
        if trials is None:
            table = run.summary(by, bins)
        else:
            table = tables.summary(trials, by, bins, run.metadata["log_scaled"], run.spread)
    return tables.select(table, choice.columns, choice.sort, choice.top)


def selected(table: Table, columns: Sequence[str], sort: str | None, top: int | None) -> Table:
    """Returns those columns and rows of any table that are asked for; see tables.select."""
    if not columns and sort is None and top is None:
        return table
    import pandas as pd

    from linreg_sweep.analysis import tables

    frame = pd.DataFrame({name: pd.Series(cells, dtype="object") for name, cells in cells_of(table).items()})
    chosen = tables.select(frame, columns, sort, top)
    return {str(name): chosen[name].tolist() for name in chosen}


def listed(runs: Iterable[Run]) -> tuple["pd.DataFrame", list[Complaint]]:
    """Returns one row per run, and what is wrong with the runs that cannot be read.

    A row has name, trials, outcomes, the best trial, when the run was made and where it is, and what
    tells it from other runs of its name.
    """
    rows: list[dict[str, object]] = []
    complaints: list[Complaint] = []
    named: dict[object, list[tuple[Run, dict[str, object]]]] = {}
    for run in runs:
        try:
            row = _list_row(run)
        except SweepError as error:
            complaints += error.complaints
        else:
            rows.append(row)
            named.setdefault(row["name"], []).append((run, row))
    for alike in named.values():
        complaints += _tell_apart(alike)
    counts = [*OUTCOMES, "best_trial", "best_converged_at"]
    return frame_of(rows, LISTED, counts), complaints


def _tell_apart(alike: Sequence[tuple[Run, dict[str, object]]]) -> list[Complaint]:
    """Adds to the rows of runs of one name how they differ; returns what is wrong with declarations."""
    if len(alike) < 2:
        return []
    from linreg_sweep.comparing.settings import distinguishing, single_settings

    rows, settings, complaints = [], [], list[Complaint]()
    for run, row in alike:
        try:
            settings.append(single_settings(run))
        except SweepError as error:
            complaints += error.complaints
        else:
            rows.append(row)
    for row, differs in zip(rows, distinguishing(settings), strict=True):
        row["differs"] = differs or None
    return complaints


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
    """Returns the columns that fit into a line of so many characters, the least important left out first.

    Parameters, counts, median and regime stay, however narrow the terminal, and so do those to keep.
    """
    kept = dict(widths)
    states = [name for name in widths if name.startswith(("weight", "bias"))]
    for name in (*LEAST_FIRST, *reversed(states)):
        if sum(kept.values()) + GAP * (len(kept) - 1) <= width:
            break
        if name not in keep:
            kept.pop(name, None)
    return list(kept)
