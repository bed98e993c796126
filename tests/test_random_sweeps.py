"""Facts about random declarations of all that a sweep can vary, through the whole tool."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import linreg_sweep as ls
from tests.random_sweeps import Declared, as_list, random_union
from tests.small_run import content, parts


def check_predictions(seed: int, out: Path) -> tuple[int, int, int]:
    """Compares what theory says of eight declarations with what happens; returns how much it says.

    How many trials it claims, of how many, and of how many of these it does not tell the epoch.
    """
    declared, data = random_union(np.random.default_rng(seed), 8)
    rows = ls.run(declared, data=data, out=out, jobs=1).trials
    claims = rows[rows["theory"] == "closed_form"]
    assert {*rows["theory"]} <= {"closed_form", "lost_in_rounding"}
    assert rows.loc[rows["theory"] == "lost_in_rounding", "predicted_outcome"].isna().all()
    happened = claims["converged_at"].where(
        claims["outcome"] == "converged", claims["diverged_at"].where(claims["outcome"] == "diverged")
    )
    outcomes = claims["predicted_outcome"].astype(str) == claims["outcome"].astype(str)
    epochs = (claims["predicted_at"] == happened).fillna(value=False) | claims["predicted_at"].isna()
    assert (outcomes & epochs).all(), claims[~(outcomes & epochs)].T.to_string()
    return len(claims), len(rows), int((claims["predicted_at"].isna() & happened.notna()).sum())


def test_what_is_predicted_comes_true(tmp_path: Path) -> None:
    """Of a hundred declarations: outcome and epoch of every trial of which theory claims them."""
    said = np.array([check_predictions(seed, tmp_path) for seed in range(13)])
    assert said[:, 0].sum() > 0.8 * said[:, 1].sum()
    assert said[:, 2].sum() < 0.1 * said[:, 0].sum()


@pytest.mark.system
@pytest.mark.parametrize("first", range(1000, 1250, 50))
def test_what_is_predicted_of_two_thousand_comes_true(first: int, tmp_path: Path) -> None:
    """Fifty times eight declarations at a time."""
    said = np.array([check_predictions(seed, tmp_path) for seed in range(first, first + 50)])
    assert said[:, 0].sum() > 0.8 * said[:, 1].sum()
    assert said[:, 2].sum() < 0.1 * said[:, 0].sum()


@pytest.mark.parametrize("seed", range(6))
def test_a_union_is_its_products(seed: int, tmp_path: Path) -> None:
    """Each trained as a sweep of its own, for which what it lacks is no choice, but what the set-up says."""
    declared, data = random_union(np.random.default_rng([seed, 2]), 4, epochs=60)
    union = ls.run(declared, data=data, out=tmp_path, jobs=1).trials
    alone = [
        ls.run(declared | {"parameters": product}, data=data, out=tmp_path, jobs=1).trials
        for product in declared["parameters"]
    ]
    names = ["outcome", "epochs", "converged_at", "diverged_at", "cost", "excess_cost", "stability_ratio"]
    whole = pd.concat(alone, ignore_index=True)
    pd.testing.assert_frame_equal(union[names], whole[names], check_exact=True)


def anything(seed: int) -> tuple[Declared, Any]:
    """Returns a union of four products, or a list of trials that mix them, that keeps a history."""
    generator = np.random.default_rng([seed, 1])
    declared, data = random_union(generator, 4, epochs=60, anything=True)
    if seed % 3 == 2:
        declared = as_list(declared, generator, 30)
    return declared | {"history": {"every": "log"}}, data


def interrupted(declared: Declared, data: Any, out: Path, after: int) -> ls.Run:
    """Returns a run that was stopped after some trials and then completed."""
    done: list[int] = []

    def watch(trials: int, of: int) -> None:
        done.append(trials)

    def stop() -> bool:
        return bool(done) and done[-1] >= after

    run = ls.run(declared, data=data, out=out, jobs=1, part_size=1, watch=watch, stop=stop)
    assert not run.finished
    assert run.n_trials_done >= after
    return ls.run(declared, data=data, out=out, jobs=1, part_size=1)


def check_bits(seed: int, out: Path, jobs: int) -> None:
    """Compares a run with those of other part sizes, workers and interruptions, and verifies it."""
    declared, data = anything(seed)
    whole = ls.run(declared, data=data, out=out / "whole", jobs=1)
    assert ls.verify(whole).mismatches == ()
    runs = {size: ls.run(declared, data=data, out=out / f"{size}", jobs=1, part_size=size) for size in (7, 1)}
    for run in runs.values():
        assert run.n_parts == -(-whole.n_trials // run.part_size)
        pd.testing.assert_frame_equal(run.trials, whole.trials, check_exact=True)
        pd.testing.assert_frame_equal(run.history, whole.history, check_exact=True)
    resumed = interrupted(declared, data, out / "resumed", after=5)
    assert content(resumed.path) == content(runs[1].path)
    if jobs > 1:
        for size, run in runs.items():
            other = ls.run(declared, data=data, out=out / f"{jobs}x{size}", jobs=jobs, part_size=size)
            assert parts(other.path) == parts(run.path)
            assert content(other.path) == content(run.path)


@pytest.mark.system
@pytest.mark.parametrize("seed", [0, 2])
def test_same_bits_whatever_the_parts(seed: int, tmp_path: Path) -> None:
    """A union and a list: trials, history and files, in parts of 1, of 7 and in one, and interrupted."""
    check_bits(seed, tmp_path, jobs=1)


@pytest.mark.system
@pytest.mark.parametrize("seed", range(3, 18))
def test_same_bits_whatever_the_workers(seed: int, tmp_path: Path) -> None:
    """With one worker and with two, too."""
    check_bits(seed, tmp_path, jobs=2)


@pytest.mark.system
@pytest.mark.parametrize("seed", range(20, 26))
def test_numba_has_the_bits_of_numpy(seed: int, tmp_path: Path) -> None:
    """Every column of every trial, and the history."""
    pytest.importorskip("numba")
    declared, data = anything(seed)
    runs = [
        ls.run(declared, overrides=[f"training.engine={engine}"], data=data, out=tmp_path, jobs=1)
        for engine in ("numpy", "numba")
    ]
    for table in ("trials", "history"):
        first, second = (getattr(run, table) for run in runs)
        pd.testing.assert_frame_equal(first, second, check_exact=True)
