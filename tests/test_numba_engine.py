"""Facts about the compiled engine of few parameters: elementwise descent to the bit, lane by lane."""

from dataclasses import replace
from typing import Any

import pytest

import linreg_sweep as ls
from linreg_sweep.engines import chunks, numba_engine
from linreg_sweep.engines.chunks import descend
from linreg_sweep.engines.numba_engine import MANY as TOGETHER
from linreg_sweep.engines.numba_engine import train
from linreg_sweep.engines.numba_forms import form_of
from linreg_sweep.engines.numba_kernels import kernel
from linreg_sweep.engines.numba_layout import Rows
from linreg_sweep.engines.numpy_engine import Descent
from linreg_sweep.errors import ConfigError
from linreg_sweep.method import Method
from tests.cases import CASES, MANY, MOVING, Case
from tests.descents import assert_same, check_bits_are_own

QUICK = "momentum"
"""The one case that is not left to the long tests: each is compiled for a second."""


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=name, marks=[] if name == QUICK else pytest.mark.system)
        for name, case in CASES.items()
    ],
)
def test_the_bits_are_those_of_elementwise_descent(case: Case) -> None:
    """Nothing is contracted or reordered: momentum, mini-batches, several targets, history, all the same."""
    elementwise = descend(Descent(case.problem, case.options()), case.trials)
    assert_same(case.train("numba"), elementwise)


@pytest.mark.system
@pytest.mark.parametrize("case", MOVING)
def test_no_trial_notices_its_neighbours_whatever_moves_it(case: Case) -> None:
    """Nor its lane, nor that some are infinite or no numbers; in either precision the bits are NumPy's."""
    assert_same(case.train("numba"), case.train("numpy"))
    check_bits_are_own(train, case.problem, case.trials, case.options())


@pytest.mark.system
@pytest.mark.parametrize("case", MOVING[::4])
def test_how_often_trials_are_looked_at_is_no_matter_of_theirs(
    monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    """Epochs are cut into chunks of 512, of 5 here, and wherever a state is kept; the bits are the same."""
    expected = case.train("numba")
    monkeypatch.setattr(numba_engine, "CHUNK", 5)
    assert_same(case.train("numba"), expected)


MANY_ENTRIES = [
    Case(
        features=3,
        targets=5,
        rows=24,
        numbers={"momentum": 0.6},
        flags=("nesterov",),
        batch_size=7,
        order="reshuffle",
    ),
    Case(features=6, targets=1, rows=24, numbers={"momentum": (0.0, 0.5, 0.8)}),
    Case(features=4, targets=9, rows=24, early_stop=False),
    replace(CASES["amsgrad, exponential of its own, ema of its own"], features=5, rows=24),
    replace(CASES["adamw"], features=5, targets=3, rows=24, dtype="float32"),
    replace(CASES["sgd, dampened, penalty on all, exponential, ema"], features=7, rows=24),
]


@pytest.mark.system
@pytest.mark.parametrize("case", MANY_ENTRIES)
def test_the_bits_are_the_same_where_theta_has_many_entries(case: Case) -> None:
    """Loops that are not unrolled do the same operations in the same order."""
    assert_same(case.train("numba"), descend(Descent(case.problem, case.options()), case.trials))


@pytest.mark.system
def test_the_code_does_not_grow_with_the_targets() -> None:
    """So neither does the time to compile it: that of 50 targets is as long as that of 10, within a tenth."""
    lengths = []
    for n_targets in (10, 50):
        Case(features=2, targets=n_targets, rows=8).train("numba")
        rows = Rows(3, n_targets, n_slots=0, n_clocks=0, n_h=0, has_average=False)
        form = form_of(8, (3, n_targets), Method())
        compiled: Any = kernel(Method(), rows, "float64", form, TOGETHER, True, False)
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
def test_many_trials_that_end_in_one_chunk_are_traced_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many are traced again at once is no matter of theirs."""
    case = replace(MANY, tolerance=0.3, divergence=30.0)
    expected = case.train("numba")
    monkeypatch.setattr(chunks, "RETRACED", 1)
    assert_same(case.train("numba"), expected)


@pytest.mark.system
def test_a_kernel_is_compiled_for_a_formula_alone() -> None:
    """Trials of another seed, schedule, batch size or average of the same kind share one."""
    case = replace(CASES["sgd, penalty, cosine, mean"], order="reshuffle")
    case.train("numba")
    before = kernel.cache_info().misses
    replace(
        case, batch_size=5, schedule={"name": "exponential", "gamma": 0.9}, average={"kind": "ema"}
    ).train("numba")
    assert kernel.cache_info().misses == before


@pytest.mark.system
def test_where_numba_is_not_installed_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the place, and how to install it."""
    monkeypatch.setattr("linreg_sweep.trials.checks.find_spec", lambda name: None)
    sweep = {
        "name": "compiled",
        "data": {"name": "tutorial"},
        "method": "grid",
        "training": {"engine": "numba"},
        "parameters": {"learning_rate": {"values": [0.001]}},
    }
    with pytest.raises(ConfigError, match=r"training\.engine: numba is not installed\. Hint: pip install "):
        ls.plan(sweep)
