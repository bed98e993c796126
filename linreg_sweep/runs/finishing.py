"""Closes the directory of a run once every part is there: its summary, and what was found."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.analysis.aggregate import Table
from linreg_sweep.analysis.findings import Findings
from linreg_sweep.analysis.formats import as_text
from linreg_sweep.column_types import ranked_by
from linreg_sweep.config.sweeps import DRAWN
from linreg_sweep.errors import Complaint, ResultsError, SweepError
from linreg_sweep.execution.parts import Facts
from linreg_sweep.runs.inspection import set_aside
from linreg_sweep.runs.quality import best_setting, cells_of, fits_of, folds_told
from linreg_sweep.runs.results import BINS, Run
from linreg_sweep.runs.status import now
from linreg_sweep.storage import files
from linreg_sweep.storage.checksum import checksum
from linreg_sweep.storage.layout import TRIALS
from linreg_sweep.theory.outcome import OUTCOMES
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.limits import common_stability_limit

MAX_FAILURES = 1000
"""Failed trials that metadata.json names; each part names its own."""


def finish_run(
    run: Run, experiment: Experiment, parts: Collection[Facts], report: Callable[[str], None]
) -> Run:
    """Writes the summary of a run whose parts are all there, and what it found into metadata.json.

    `report` takes a sentence for each file that is set aside.

    Raises:
        ResultsError: a part is damaged or gone, or the directory cannot be written.
        SweepError: no trial could be trained.
    """
    failures = {trial: reason for facts in parts for trial, reason in facts.failures.items()}
    if len(failures) == run.n_trials:
        text = f"no trial could be trained, the first for this reason: {failures[0]}"
        raise SweepError(Complaint(str(run.path), text, "fix this and run the same command again"))
    store, told = run.store, _failures(failures)
    is_right = store.is_as_written(store.summary, run.metadata)
    counted = {name: sum(facts.outcomes.get(name, 0) for facts in parts) for name in OUTCOMES}
    if run.finished and is_right and (told, counted) == (run.metadata["failed"], run.metadata["outcomes"]):
        return run
    if not is_right and run.finished and files.exists(store.summary):
        set_aside(store, store.summary, report)
    found = sum_up(replace(run, is_whole=True), experiment)
    if sum(found.facts["outcomes"].values()) + len(failures) != run.n_trials:
        text = "a part that was written is gone"
        raise ResultsError(
            Complaint(str(run.path), text, "run the same command again: it makes what is missing")
        )
    files.write(store.summary, found.summary)
    store.write_metadata(
        run.metadata
        | {
            "finished": now("seconds"),
            "checksums": run.metadata["checksums"] | {store.summary.name: checksum(found.summary)},
            "failed": told,
            **found.facts,
        }
    )
    return Run(store, readable=found.readable)


@dataclass(frozen=True)
class SummedUp:
    """What the rows of a run say together.

    Attributes:
        summary: what summary.csv says.
        readable: the same for a person.
        facts: what metadata.json says of it.
    """

    summary: bytes
    readable: Table
    facts: dict[str, Any]


def sum_up(run: Run, experiment: Experiment) -> SummedUp:
    """Returns what the rows of a run say together, holding one part after the other in memory.

    Raises:
        ResultsError: no part is there, or one is damaged.
    """
    by = run.default_by()
    whole_bins = BINS if run.metadata["method"] in DRAWN else None
    aggregates = [run.aggregate(by, whole_bins), run.aggregate(by, run.bins_for(by))]
    types, level = run.layout(TRIALS).types, experiment.converged_excess
    findings = Findings(types, partial(_start_cost, experiment), run.best_by, level)
    reads = [name for aggregate in aggregates for name in aggregate.reads]
    for columns in run.parts(list(dict.fromkeys([*reads, *findings.reads]))):
        for aggregate in aggregates:
            aggregate.add(columns)
        findings.add(columns)
    run.update([aggregate for aggregate in aggregates if aggregate.ends_pass()])
    whole, readable = (aggregate.table() for aggregate in aggregates)
    edge = findings.edge
    settings = best_setting(run)
    best = int(findings.best["trial"]) if settings is None else settings[0].first
    facts = {
        "outcomes": findings.outcomes,
        "best": _best(run, best),
        "edge": {
            "largest_stable": edge.largest_stable,
            "smallest_diverged": edge.smallest_diverged,
            "stability_limit": common_stability_limit(experiment),
        },
        "agreement": findings.agreement.facts(),
        **fits_of(run, experiment, best, None if settings is None else settings[0]),
        **({} if settings is None else {"folds": folds_told(run, settings)}),
    }
    return SummedUp((as_text(whole, "csv") + "\n").encode(), readable, facts)


def _failures(failures: Mapping[int, str]) -> dict[str, Any]:
    """Returns how many trials failed, and the first of them with the reasons."""
    first = sorted(failures)[:MAX_FAILURES]
    return {"count": len(failures), "first": [{"trial": each, "reason": failures[each]} for each in first]}


def _start_cost(experiment: Experiment, numbers: NDArray[np.intp]) -> NDArray[np.float64]:
    """Returns the cost at the start [k] of trials of one part, by their numbers [k]."""
    first = int(numbers[0])
    values = experiment.values(first, int(numbers[-1]) + 1)
    chosen = {name: value[numbers - first] for name, value in values.items()}
    found = np.empty(len(numbers))
    for group in experiment.groups(chosen):
        found[group.chosen] = group.problem.cost(group.trials.start)
    return found


def _best(run: Run, number: int) -> dict[str, Any]:
    """Returns the cells of a trial that `list` and the end of a run show."""
    hyperparameters, parameters = run.metadata["hyperparameters"], run.metadata["parameters"]
    names = ["trial", *hyperparameters, "outcome", "epochs", "converged_at", "cost", *parameters]
    return cells_of(run, number, list(dict.fromkeys([*names, *ranked_by(run.best_by)])))
