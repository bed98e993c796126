"""Facts about the compiled engine: it is the NumPy engine to the bit, lane by lane."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import linreg_sweep as ls
from linreg_sweep.engines.interface import Results
from linreg_sweep.engines.numba_engine import kernel
from linreg_sweep.errors import ConfigError
from tests.test_engines_against_literal import CASES, MANY, Case


def assert_same(found: Results, expected: Results) -> None:
    """Every number is the same, NaN where NaN is."""
    for name in ("theta", "epochs", "converged_at", "diverged_at", "contraction"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)
    np.testing.assert_array_equal(found.history.theta, expected.history.theta)


QUICK = "momentum"
"""The one case that is not left to the long tests: each is compiled for a second."""


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=name, marks=[] if name == QUICK else pytest.mark.system)
        for name, case in CASES.items()
    ],
)
def test_the_bits_are_those_of_the_numpy_engine(case: Case) -> None:
    """Nothing is contracted or reordered: momentum, mini-batches, several targets, history, all the same."""
    assert_same(case.train("numba"), case.train("numpy"))


@pytest.mark.system
@pytest.mark.parametrize(
    "case",
    [
        Case(features=3, targets=5, rows=24, momentum=0.6, nesterov=True, batch_size=7, shuffle=True),
        Case(features=6, targets=1, rows=24, momentum=(0.0, 0.5, 0.8)),
        Case(features=4, targets=9, rows=24, early_stop=False),
    ],
)
def test_the_bits_are_the_same_where_theta_has_many_entries(case: Case) -> None:
    """Loops that are not unrolled do the same operations in the same order."""
    assert_same(case.train("numba"), case.train("numpy"))


@pytest.mark.system
def test_the_code_does_not_grow_with_the_targets() -> None:
    """So neither does the time to compile it: that of 50 targets is as long as that of 10, within a tenth."""
    lengths = []
    for n_targets in (10, 50):
        Case(features=2, targets=n_targets, rows=8).train("numba")
        compiled: Any = kernel(3, n_targets, "float64", False, False, True)
        (code,) = compiled.inspect_llvm().values()
        lengths.append(len(code))
    assert lengths[1] < 1.1 * lengths[0]


@pytest.mark.system
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("jobs", [1, 2])
def test_no_trial_notices_its_neighbours(tmp_path: Any, dtype: str, jobs: int) -> None:
    """300 trials fill two blocks of lanes and part of a third; in parts of 7 they are each in one."""
    sweep = {
        "name": "lanes",
        "data": {"name": "tutorial"},
        "method": "random",
        "trials": 300,
        "training": {"engine": "numba", "epochs": 9000, "dtype": dtype},
        "parameters": {"learning_rate": {"min": 1e-4, "max": 1e-2, "scale": "log"}},
    }
    whole = ls.run(sweep, out=tmp_path / "whole", jobs=1, part_size=300).trials
    parts = ls.run(sweep, out=tmp_path / "parts", jobs=jobs, part_size=7 if jobs == 1 else 150).trials
    by_numpy = sweep | {"training": {"epochs": 9000, "dtype": dtype}}
    assert whole.equals(parts)
    assert whole.equals(ls.run(by_numpy, out=tmp_path / "numpy", jobs=1).trials)
    assert set(whole["outcome"]) == {"converged", "unfinished", "diverged"}


@pytest.mark.system
def test_many_trials_that_end_in_one_stretch_are_traced_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many are traced again at once is no matter of theirs."""
    from linreg_sweep.engines import stretches

    case = replace(MANY, tolerance=0.3, divergence=30.0)
    expected = case.train("numba")
    monkeypatch.setattr(stretches, "RETRACED", 1)
    assert_same(case.train("numba"), expected)


@pytest.mark.system
def test_where_numba_is_not_installed_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the place, and how to install it."""
    monkeypatch.setattr("linreg_sweep.trials.prepare.find_spec", lambda name: None)
    sweep = {
        "name": "compiled",
        "data": {"name": "tutorial"},
        "method": "grid",
        "training": {"engine": "numba"},
        "parameters": {"learning_rate": {"values": [0.001]}},
    }
    with pytest.raises(ConfigError, match=r"training\.engine: numba is not installed\. Hint: pip install "):
        ls.plan(sweep)
