"""Runs compared: what their configs say otherwise, and what became of the same trials in each.

The first run is what the others are compared with. Trials are matched on their hyperparameters; runs
that share none are compared by their summaries. One pass over the parts, a block in memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from linreg_sweep.comparing.pair import Pair
from linreg_sweep.comparing.reasons import Compared, reasons
from linreg_sweep.comparing.settings import differing, settings_of, with_data
from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.guards.escapes import escape_control
from linreg_sweep.runs.results import MAX_ROWS, Run, as_run, names_of

MAX_LISTED = 10
"""Trials of a list that a notebook shows."""


@dataclass(frozen=True, repr=False)
class Comparison:
    """Runs side by side. Every attribute below `runs` is a table; `run` names the run in its rows.

    Attributes:
        runs: the labels of the runs, the one that the others are compared with first.
        settings: what their configs and data say otherwise, one column per run.
        versions: the library versions that differ, likewise.
        outcomes: one row per run: trials and outcomes over all of its trials, whether matched or not.
        matched: one row a further run: trials matched, those that only one of both has, and those that
            changed: another outcome, another epoch, or final numbers beyond the tolerance; then how each
            matched trial differs, whatever the tolerance (differences.KINDS), and the largest difference
            of numbers where outcome and epoch are the same, as a share of the largest number.
        transitions: outcomes before (rows) and after (columns).
        epochs: epochs to convergence of the trials that converged in both: how many did so sooner, at
            the same epoch and later, the median difference and the median ratio.
        values: one row a final number: its largest difference over trials that diverged in neither, and
            how many trials have it equal to the bit.
        by: the same by parameters; of runs that share no trial, their summaries side by side.
        changed: trials that changed, at most pair.MAX_LISTED of each run, and how; those of which
            only last bits differ come last.
        only: trials that only one has, likewise.
        notes: what explains the differences, one sentence each.
        parameters: the columns that `by` goes by.
        tolerance: the relative difference up to which two numbers count as the same.
    """

    runs: tuple[str, ...]
    settings: pd.DataFrame
    versions: pd.DataFrame
    outcomes: pd.DataFrame
    matched: pd.DataFrame
    transitions: pd.DataFrame
    epochs: pd.DataFrame
    values: pd.DataFrame
    by: pd.DataFrame
    changed: pd.DataFrame
    only: pd.DataFrame
    notes: tuple[str, ...]
    parameters: tuple[str, ...]
    tolerance: float

    @property
    def n_changed(self) -> int:
        """Trials that changed or that only one run has, over all pairs of runs."""
        counts = self.matched[["changed", "only_first", "only_second"]]
        return int(counts.to_numpy().sum())

    @property
    def by_summaries(self) -> bool:
        """Whether no run shares a trial with the first, so that summaries are compared."""
        return not self.matched["matched"].any()

    def tables(self) -> dict[str, pd.DataFrame]:
        """Returns the tables that have a row, by their names."""
        names = ("settings", "versions", "outcomes", "matched", "transitions", "epochs", "values", "by")
        found = {name: getattr(self, name) for name in (*names, "changed", "only")}
        return {name: table for name, table in found.items() if len(table)}

    def __repr__(self) -> str:
        return f"<Comparison of {' with '.join(self.runs)}: {self.n_changed:,} trials differ>"

    def _repr_html_(self) -> str:
        from linreg_sweep.analysis.shown import as_html, bars
        from linreg_sweep.theory.outcome import OUTCOMES

        picture = bars(self.runs, {name: self.outcomes[name].tolist() for name in OUTCOMES}, "run")
        lists = ("changed", "only")
        return picture + "".join(
            as_html(name, table, MAX_LISTED if name in lists else MAX_ROWS)
            for name, table in self.tables().items()
        )


def compare(
    *runs: Run | str | Path,
    by: str | Sequence[str] | None = None,
    tolerance: float = 0.0,
    bins: int | None = None,
) -> Comparison:
    """Compares runs with the first of them.

    Args:
        runs: two or more, or their directories.
        by: hyperparameters that the tables `by` and `changed` go by; None: see Run.default_by.
        tolerance: the relative difference up to which two numbers count as the same; 0: to the bit.
        bins: gather a parameter with more values than this into so many ranges; None: every value.

    Raises:
        ConfigError: fewer than two runs, or one twice; no such hyperparameter; a negative tolerance.
        ResultsError: there is no such run, it is damaged, or none of its trials is finished.
    """
    loaded = [as_run(run) for run in runs]
    _check(loaded, tolerance)
    labels = names_of(loaded)
    configs = [settings_of(run) for run in loaded]
    wanted = [by] if isinstance(by, str) else list(by or ())
    pairs = [
        Pair(labels[0], label, loaded[0], run, configs[0], config, wanted, tolerance, bins)
        for label, run, config in zip(labels[1:], loaded[1:], configs[1:], strict=True)
    ]
    for pair in pairs:
        pair.match()
    first, *others = (
        Compared(label, run, bool(config["data.standardize"]))
        for label, run, config in zip(labels, loaded, configs, strict=True)
    )
    return Comparison(
        runs=tuple(map(escape_control, labels)),
        settings=differing(labels, [*map(with_data, loaded, configs)]),
        versions=differing(labels, [run.metadata["versions"] for run in loaded]),
        outcomes=pd.DataFrame([_outcomes(label, run) for label, run in zip(labels, loaded, strict=True)]),
        matched=pd.DataFrame([pair.matched() for pair in pairs]),
        transitions=pd.DataFrame([row for pair in pairs for row in pair.transitions()]),
        epochs=pd.DataFrame([row for pair in pairs for row in pair.epochs()]),
        values=pd.DataFrame([row for pair in pairs for row in pair.values()]),
        by=pd.concat([pair.by_parameter() for pair in pairs], ignore_index=True),
        changed=pd.concat([pair.changed() for pair in pairs], ignore_index=True),
        only=pd.concat([pair.only.frame() for pair in pairs], ignore_index=True),
        notes=tuple(
            dict.fromkeys(escape_control(note) for other in others for note in reasons(first, other))
        ),
        parameters=tuple(pairs[0].by),
        tolerance=tolerance,
    )


def _check(runs: Sequence[Run], tolerance: float) -> None:
    if len(runs) < 2:
        raise ConfigError(Complaint("", f"two runs or more are needed to compare, got {len(runs)}"))
    paths = [run.path.resolve() for run in runs]
    twice = [str(run.path) for run, path in zip(runs, paths, strict=True) if paths.count(path) > 1]
    if twice:
        raise ConfigError(Complaint(twice[0], "is given twice"))
    if not 0 <= tolerance < 1:
        hint = "it is a share of the larger number, such as 1e-9"
        raise ConfigError(
            Complaint("--tolerance", f"must be at least 0 and below 1, got {tolerance:g}", hint)
        )


def _outcomes(label: str, run: Run) -> dict[str, Any]:
    table = run.summarise([])
    rows = {name: cells[0] for name, cells in table.items()} if table["trials"] else {}
    best = run.metadata.get("best", {})
    return {"run": label, **rows, "best_learning_rate": best.get("learning_rate")}


def bins_to_read(runs: Sequence[Run], by: Sequence[str]) -> int | None:
    """Returns into how many ranges values are gathered for a person; None: each has its row."""
    named = [name for name in by if all(name in run.columns for run in runs)] or ["learning_rate"]
    return next(filter(None, (run.bins_for(named) for run in runs)), None)
