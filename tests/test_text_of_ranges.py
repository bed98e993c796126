"""Facts about what commands say of ranges: those that were safe, and the edge of what is stable."""

from pathlib import Path
from typing import Any

import linreg_sweep as ls
from linreg_sweep.text import runs as text_runs
from linreg_sweep.text.runs import format_run

SWEEP: dict[str, Any] = {
    "name": "told",
    "data": {"name": "tutorial"},
    "method": "grid",
    "training": {"epochs": 3000},
}


def summary_cells(shares: list[float], rates: list[Any] | None = None) -> dict[str, list[Any]]:
    """Returns a summary with these shares of ten converged trials, by rates 1, 2, 3, ..."""
    n = len(shares)
    converged = [round(10 * share) for share in shares]
    return {
        "learning_rate": rates or [float(place) for place in range(1, n + 1)],
        "trials": [10] * n,
        "converged": converged,
        "share_converged": shares,
    }


def test_the_safe_range_is_the_longest_without_a_failure() -> None:
    """And beyond it only what fails to the end is said to fail."""
    cases: list[tuple[list[float], str]] = [
        ([0.5, 1, 1, 0], "With learning_rate from 2 to 3 every trial converged; from 4 on none did."),
        ([1, 0, 1, 1, 1, 0.1], "With learning_rate from 3 to 5 every trial converged."),
        ([0, 1, 0.5, 0, 0], "With learning_rate 2 every trial converged; from 4 on none did."),
        ([1, 0, 0.5, 0], "With learning_rate 1 every trial converged."),
        ([0, 0.9], "No learning_rate made every trial converge."),
        ([1, 1], "With learning_rate from 1 to 2 every trial converged."),
    ]
    for shares, sentence in cases:
        assert list(text_runs._safe(summary_cells(shares))) == [sentence]


def test_no_value_of_words_is_not_taken_for_the_word_none() -> None:
    """Of words that none of all trials converged with, such as the averages, of which `none` is one."""
    cells = {"average": ["none", "ema"], **summary_cells([0.5, 0])}
    del cells["learning_rate"]
    assert list(text_runs._safe(cells, is_words=True)) == ["No value of average made every trial converge."]


def test_the_safe_range_of_ranges_runs_from_end_to_end() -> None:
    """Of the first range its start, of the last its end."""
    rates = ["0.1 to 0.2", "0.2 to 0.3", "0.3 to 0.4"]
    assert list(text_runs._safe(summary_cells([1, 1, 0], rates))) == [
        "With learning_rate from 0.1 to 0.3 every trial converged; from 0.3 on none did."
    ]


def test_two_parameters_have_no_one_safe_range() -> None:
    """Then nothing is said."""
    assert list(text_runs._safe({"momentum": [0.0], **summary_cells([1])})) == []


def test_a_rate_that_is_stable_in_one_fold_and_not_in_another_is_told_as_such(tmp_path: Path) -> None:
    """No rate is called both the largest stable one and the smallest that diverged."""
    sweep = SWEEP | {"data": {"name": "tutorial", "holdout": {"folds": 3}}}
    run = ls.run(sweep | {"parameters": {"learning_rate": {"values": [0.001, 0.0066]}}}, out=tmp_path, jobs=1)
    edge = run.metadata["edge"]
    assert edge["largest_stable"] == edge["smallest_diverged"] == 0.0066
    told = "\n".join(format_run(run, {"trials": [1]}, ["trials"]))
    assert "some trials diverged from 0.0066 on, others were stable up to 0.0066; the edge moves" in told


def test_rates_that_overlap_are_told_as_such(tmp_path: Path) -> None:
    """Where momentum moves the edge, some trials are stable at rates at which others diverge."""
    parameters = {"momentum": {"values": [0, 0.9]}, "learning_rate": {"values": [0.001, 0.007, 0.01]}}
    run = ls.run(SWEEP | {"parameters": parameters}, out=tmp_path, jobs=1)
    told = "\n".join(format_run(run, {"trials": [1]}, ["trials"]))
    assert "some trials diverged from 0.007 on, others were stable up to 0.01; the edge moves" in told
