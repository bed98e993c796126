"""Facts about the answer of a report: the best trial that all name, and where all trials converge."""

from pathlib import Path
from typing import Any

import pytest

import linreg_sweep as ls
from linreg_sweep.reports.gather import gather
from linreg_sweep.runs.results import Run
from linreg_sweep.terminal.choosing import Choice, choose, listed, summary_to_read
from linreg_sweep.text.runs import format_run
from linreg_sweep.theory.outcome import OUTCOMES
from tests.reported import made, page_of, run

__all__ = ["run"]


def test_the_answer_is_what_run_says_of_the_best_trial_and_of_rows(run: Run) -> None:
    """In one paragraph, and without underscores."""
    table = summary_to_read(run)
    lines = [line.replace("_", " ") for line in format_run(run, table, list(table))]
    begins = ("Best trial:", "With learning rate from", "Overall,")
    said = [next(line for line in lines if line.startswith(begin)) for begin in begins]
    assert gather(run).answer == " ".join(said)


RATES = {"min": 0.0005, "max": 0.02, "num": 9, "scale": "log"}
BY_MOMENTUM = {"learning_rate": RATES, "momentum": {"values": [0, 0.5, 0.9, 0.965]}}

KINDS: dict[str, dict[str, Any]] = {
    "by rate alone": {"parameters": {"learning_rate": RATES}},
    "by rate and momentum": {"parameters": BY_MOMENTUM},
    "at random": {
        "method": "random",
        "trials": 80,
        "seed": 3,
        "parameters": {"learning_rate": {"min": 0.001, "max": 0.01}, "momentum": {"min": 0, "max": 0.9}},
    },
    "none converged": {"parameters": BY_MOMENTUM, "training": {"epochs": 20}},
    "all diverged": {"parameters": {"learning_rate": {"values": [0.7, 0.5, 0.6]}}},
    "mini-batches": {
        "parameters": {
            "learning_rate": {"values": [0.0005, 0.002, 0.004]},
            "batch_size": {"values": [5, 30]},
        },
        "outcome": {"tolerance": 0.05},
    },
    "ties": {"parameters": {"learning_rate": {"values": [0.005, 0.003]}}, "training": {"epochs": 0}},
    "not finished": {"parameters": BY_MOMENTUM},
}


@pytest.mark.parametrize("kind", KINDS)
def test_all_that_name_the_best_trial_name_the_same(tmp_path: Path, kind: str) -> None:
    """Page, laboratory, end of `run`, `show --top 1`, `list`, metadata: that of a plain sort by pandas."""
    run = made(tmp_path, **KINDS[kind])
    if kind == "not finished":
        run.store.part(run.store.trials, 1).unlink()
        run = ls.load(run.path)
    trials = run.trials.assign(
        rank=run.trials["outcome"].astype(str).map(list(OUTCOMES).index),
        at=run.trials["converged_at"].where(run.trials["outcome"] == "converged").astype("float64"),
    )
    best = trials.sort_values(["rank", "at", "cost", "trial"]).iloc[0]
    found, number = gather(run), int(best["trial"])
    assert found.best == choose(run, Choice(top=1))["trial"].iloc[0] == number
    assert page_of(tmp_path, run).data[0]["best"] == number
    assert number in found.trials["trial"].tolist()
    settings = ", ".join(f"{name.replace('_', ' ')} {best[name]:.6g}" for name in run.varied)
    how = (
        f"converged at epoch {best['converged_at']:,}"
        if best["outcome"] == "converged"
        else "no trial converged; this one came closest"
    )
    sentence = f"Best trial: {number} ({settings}): {how}, cost {best['cost']:.6g}."
    assert found.answer.startswith(sentence)
    if run.finished:
        assert run.metadata["best"]["trial"] == listed([run])[0]["best_trial"].iloc[0] == number
        table = summary_to_read(run)
        assert sentence in "\n".join(format_run(run, table, list(table))).replace("_", " ")


@pytest.mark.parametrize("n", [0, -1])
def test_fewer_than_one_best_trial_is_refused(run: Run, n: int) -> None:
    """A count from the end would be all trials but the worst."""
    with pytest.raises(ls.ConfigError, match=f"n: must be at least 1, got {n}"):
        run.best(n)


def test_rates_of_folds_are_told_by_their_shares_of_each_limit(tmp_path: Path) -> None:
    """As in the summary of `run`: each fold has a limit of its own, and rates lie between each other's."""
    made_of_folds = ls.run(
        {
            "name": "folds",
            "data": {"name": "tutorial", "holdout": {"folds": 3, "seed": 0}},
            "method": "grid",
            "training": {"engine": "closed_form", "epochs": 20_000},
            "parameters": {"learning_rate": {"values": [0.5, 0.9, 1.2], "unit": "stability_limit"}},
        },
        out=tmp_path,
        jobs=1,
    )
    gathered = gather(made_of_folds)
    assert "With stability ratio from 0.5 to 0.9 every trial converged" in gathered.answer
    assert list(gathered.summaries) == ["stability_ratio", "fold"]
