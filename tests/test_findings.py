"""Facts about what a run finds: the best trial, the edge in learning rate, and where theory was wrong."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import linreg_sweep as ls
from linreg_sweep.analysis import tables
from linreg_sweep.analysis.findings import Agreement, ObservedEdge, best_trial_row
from linreg_sweep.text.runs import format_run
from linreg_sweep.theory.outcome import (
    CONVERGED,
    DIVERGED,
    LOST_IN_ROUNDING,
    MINI_BATCHES,
    MISSING,
    OUTCOME_WORDS,
    UNFINISHED,
)
from tests.words import types_of

SWEEP: dict[str, Any] = {
    "name": "found",
    "data": {"name": "tutorial"},
    "method": "grid",
    "training": {"epochs": 700},
    "parameters": {
        "learning_rate": {"values": [0.001, 0.006, 0.0063, 0.00634, 0.0064, 0.008]},
        "initial_weight": {"values": [-4, 0.5, 4]},
    },
}


def columns(n: int = 400) -> dict[str, Any]:
    """Returns a random trials table with many equals."""
    generator = np.random.default_rng(3)
    outcome = generator.integers(0, 3, n).astype(np.int8)
    return {
        "trial": np.arange(n),
        "learning_rate": generator.choice([0.001, 0.002, 0.003, 0.004], n),
        "outcome": outcome,
        "converged_at": np.where(outcome == CONVERGED, generator.integers(3, 6, n), MISSING),
        "diverged_at": np.where(outcome == DIVERGED, generator.integers(3, 6, n), MISSING),
        "cost": generator.choice([1.0, 2.0, np.nan, np.inf], n),
        "predicted_outcome": outcome.copy(),
        "predicted_at": np.full(n, MISSING),
        "theory": np.zeros(n, np.int8),
    }


@pytest.mark.parametrize("kept", [{0, 1, 2}, {1, 2}, {2}], ids=str)
def test_the_best_trial_is_that_of_the_table(kept: set[int]) -> None:
    """The same as of the table of best trials, which sorts all, whatever outcomes there are."""
    table = columns()
    chosen = np.isin(table["outcome"], list(kept))
    table = {name: values[chosen] for name, values in table.items()}
    frame = pd.DataFrame(table)
    kind = pd.CategoricalDtype(list(OUTCOME_WORDS))
    frame["outcome"] = pd.Categorical.from_codes(table["outcome"].tolist(), dtype=kind)
    frame["converged_at"] = frame["converged_at"].astype("Int64")
    assert table["trial"][best_trial_row(table)] == tables.best(frame, 1)["trial"].iloc[0]


def test_the_edge_is_between_what_was_stable_and_what_diverged(tmp_path: Path) -> None:
    """An unfinished trial counts as stable only where it ended below its starting cost."""
    whole = ls.run(SWEEP, out=tmp_path / "a", jobs=1)
    parts = ls.run(SWEEP, out=tmp_path / "b", jobs=1, part_size=4)
    assert whole.metadata["edge"] == parts.metadata["edge"]
    trials, edge = whole.trials, whole.metadata["edge"]
    x, y = np.loadtxt(Path(ls.__file__).parent / "datasets" / "tutorial.csv", delimiter=",", skiprows=1).T
    start = [np.mean((y - weight * x) ** 2) for weight in trials["initial_weight"]]
    stable = (trials["outcome"] == "converged") | (
        (trials["outcome"] == "unfinished") & (trials["cost"] < start)
    )
    assert edge["largest_stable"] == trials.loc[stable, "learning_rate"].max()
    assert edge["smallest_diverged"] == trials.loc[trials["outcome"] == "diverged", "learning_rate"].min()
    assert edge["stability_limit"] == pytest.approx(0.0063305, abs=5e-8)
    climbing = (trials["outcome"] == "unfinished") & ~stable
    assert climbing.any()
    assert edge["largest_stable"] < edge["stability_limit"] < edge["smallest_diverged"]  # type: ignore[operator]


def test_no_trial_no_edge() -> None:
    """Where nothing diverged, or nothing was stable, there is no such rate."""
    table = columns()
    for kept, expected in ((CONVERGED, (0.004, None)), (DIVERGED, (None, 0.001))):
        edge = ObservedEdge(lambda numbers: np.zeros(len(numbers)))
        edge.add({name: values[table["outcome"] == kept] for name, values in table.items()})
        assert (edge.largest_stable, edge.smallest_diverged) == expected


def test_trials_that_ended_otherwise_than_told_are_shown(tmp_path: Path) -> None:
    """With what was told and what came; the rest is counted, and the epochs compared."""
    table = columns(30)
    table["predicted_at"] = np.where(
        table["outcome"] == CONVERGED, table["converged_at"], table["diverged_at"]
    )
    wrong = np.flatnonzero(table["outcome"] == CONVERGED)[:7]
    table["predicted_outcome"][wrong] = UNFINISHED
    table["predicted_at"][wrong] = MISSING
    late = np.flatnonzero(table["outcome"] == DIVERGED)[0]
    table["predicted_at"][late] += 2
    table["theory"][-2:] = [LOST_IN_ROUNDING, MINI_BATCHES]
    agreement = Agreement()
    for part in (slice(0, 11), slice(11, 30)):
        agreement.add({name: values[part] for name, values in table.items()}, types_of(table))
    assert agreement.predicted == 28
    assert agreement.silent == dict.fromkeys(agreement.silent, 0) | {
        "lost_in_rounding": 1,
        "mini_batches": 1,
    }
    assert agreement.same_outcome == 28 - len(set(wrong.tolist()) & set(range(28)))
    assert agreement.same_epoch == agreement.same_outcome - 1
    assert agreement.largest_gap == 2
    assert [row["trial"] for row in agreement.others] == wrong[:5].tolist()
    assert agreement.others[0]["outcome"] == "converged"
    assert agreement.others[0]["predicted_outcome"] == "unfinished"

    run = ls.run(SWEEP, out=tmp_path, jobs=1)
    run.metadata["agreement"] = agreement.facts()  # type: ignore[typeddict-item]
    told = "\n".join(format_run(run, {"trials": [1]}, ["trials"]))
    assert "and the epoch of" in told
    assert "(the others at most 2 epochs off)" in told
    assert (
        f"{agreement.predicted - agreement.same_outcome} trials did not end as predicted; the first:" in told
    )
    assert "Theory predicts nothing for 1 trial: rounding may decide the outcome." in told
