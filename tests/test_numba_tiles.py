"""Facts about the compiled engine's tiles: what the literal loop does, in bits of each trial's own."""

import hashlib
import os
import re
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from llvmlite import binding

from linreg_sweep.engines import chunks, numba_engine, numba_forms, numba_tiles
from linreg_sweep.engines.chunks import Chunk, begin, rates_of, weights_of
from linreg_sweep.engines.interface import Results
from linreg_sweep.engines.numba_engine import CompiledDescent, train
from linreg_sweep.engines.numba_forms import Form, form_of
from linreg_sweep.engines.numba_kernels import kernel
from linreg_sweep.engines.numba_layout import Rows
from linreg_sweep.engines.tracker import excess_of
from linreg_sweep.method import Method
from tests.cases import CASES, Case, trained_literally
from tests.descents import assert_same, check_bits_are_own

WIDE = Case(features=10, rows=24)
ADAM = replace(WIDE, optimizer="adam", rates=(0.002, 0.02, 0.05, 0.1, 0.3, 1.0, 3.0, 30.0, 1e3))
EMA, MEAN = {"kind": "ema", "decay": 0.9}, {"kind": "mean", "from": 3}
SHAPES: dict[str, Case] = {
    "H": WIDE,
    "H, three targets, momentum of its own": replace(WIDE, targets=3, numbers={"momentum": (0.0, 0.7)}),
    "H, in two parts": replace(WIDE, features=100, rows=300, tolerance=0.3),
    "H, penalty, ema": replace(ADAM, numbers={"weight_decay": 0.2}, average=EMA),
    "H, adamw": replace(ADAM, optimizer="adamw", numbers={"weight_decay": 1.0}, targets=2),
    "fewer rows than half the parameters": replace(WIDE, rows=4, features=13, targets=2),
    "few rows in batches, two targets": replace(WIDE, rows=5, features=13, targets=2, batch_size=2),
    "few rows in batches, shuffled, penalties": replace(
        WIDE, rows=6, features=17, batch_size=3, order="reshuffle", numbers={"weight_decay": (0.0, 0.1, 1.0)}
    ),
    "few rows, one by one, adamw": replace(
        ADAM, rows=5, features=30, batch_size=1, optimizer="adamw", numbers={"weight_decay": 1.0}
    ),
    "batches by H": replace(WIDE, batch_size=7, tolerance=0.3),
    "batches by H that are packed": replace(WIDE, features=20, batch_size=12, tolerance=0.3, targets=2),
    "batches by H, nadam, mean": replace(ADAM, optimizer="nadam", batch_size=10, average=MEAN),
    "batches by rows": replace(WIDE, features=14, batch_size=5, tolerance=0.3, loss="mse"),
    "batches by rows, shuffled, three targets": replace(WIDE, batch_size=9, order="reshuffle", targets=3),
    "batches by rows, shuffled, dampened": replace(
        WIDE, batch_size=9, order="reshuffle", numbers={"momentum": 0.6, "dampening": 0.3}
    ),
    "batches by rows, rmsprop, penalty, mean": replace(
        ADAM, optimizer="rmsprop", batch_size=3, numbers={"weight_decay": 0.1}, average=MEAN
    ),
    "batches by rows, drawn with replacement": replace(
        WIDE, batch_size=9, order="with_replacement", tolerance=0.3, loss="mse"
    ),
    "batches by rows, each drawn anew": replace(WIDE, batch_size=7, order="independent", tolerance=0.3),
    "all rows drawn with replacement": replace(WIDE, batch_size=24, order="with_replacement", tolerance=0.3),
    "H of drawn rows, two targets": replace(WIDE, batch_size=14, order="reshuffle", targets=2, loss="sse"),
    "H of drawn rows, adam, penalty, mean": replace(
        ADAM, batch_size=11, order="independent", numbers={"weight_decay": 0.1}, average=MEAN
    ),
    "H of few drawn rows": replace(WIDE, features=1, rows=60, batch_size=2, order="reshuffle"),
    "H of more drawn rows than are held": replace(
        WIDE, features=15, rows=700, batch_size=600, order="reshuffle", fit_bias=False
    ),
    "row by row in registers": replace(WIDE, batch_size=1, tolerance=0.3),
    "row by row in registers, shuffled, two targets": replace(
        WIDE, batch_size=1, order="reshuffle", targets=2
    ),
    "row by row in all registers": replace(WIDE, features=27, batch_size=1, tolerance=0.3),
    "row by row, few parameters": replace(WIDE, features=1, rows=30, batch_size=1, loss="sse"),
    "row by row, too many for registers": replace(
        WIDE, features=17, batch_size=1, targets=2, order="reshuffle"
    ),
    "single rows, several at a time": replace(WIDE, features=30, rows=29, batch_size=1, tolerance=0.3),
    "few rows, several at a time, two targets": replace(
        WIDE, features=40, rows=11, batch_size=1, targets=2, loss="mse"
    ),
    "row by row, many parameters, two targets": replace(
        WIDE, features=35, rows=29, batch_size=1, order="with_replacement", targets=2, loss="mse"
    ),
    "row by row, nesterov, ema": replace(
        WIDE, batch_size=1, numbers={"momentum": 0.5}, flags=("nesterov",), average=EMA
    ),
    "row by row, adam, penalty, two targets": replace(
        ADAM, batch_size=1, numbers={"weight_decay": 0.1}, targets=2, order="reshuffle"
    ),
}
QUICK = ("H", "batches by rows")
"""The cases that are not left to the long tests: each is compiled for a second."""

EACH = [
    pytest.param(case, id=name, marks=[] if name in QUICK else pytest.mark.system)
    for name, case in SHAPES.items()
]


def assert_literal(case: Case) -> None:
    """Holds what the engine makes of trials to the literal loop: events, states and averages."""
    found, expected = case.train("numba"), trained_literally(case)
    assert found.converged_at.tolist() == [trial.converged_at for trial in expected]
    assert found.diverged_at.tolist() == [trial.diverged_at for trial in expected]
    assert found.epochs.tolist() == [trial.epochs for trial in expected]
    for k, trial in enumerate(expected):
        _assert_close(found.theta[k], trial.theta)
        mine = found.history.trial == k
        assert found.history.epoch[mine].tolist() == list(trial.history)
        for state, literal_state in zip(found.history.theta[mine], trial.history.values(), strict=True):
            _assert_close(state, literal_state)
        if found.average is not None:
            _assert_close(found.average[k], trial.average)


def _assert_close(state: Any, expected: Any) -> None:
    np.testing.assert_allclose(state, expected, rtol=1e-9, atol=1e-9 * np.nanmax(np.abs(expected), initial=0))


@pytest.mark.system
@pytest.mark.parametrize("case", EACH)
def test_each_form_does_what_the_literal_loop_does(case: Case) -> None:
    """Events fall on the same epochs, and what differs is rounding."""
    assert not form(case).is_elementwise
    assert_literal(case)


@pytest.mark.system
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_every_kind_of_training_goes_by_tiles_too(monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    """Were no shape left to the NumPy engine's order, all its trials would end as they do."""
    monkeypatch.setattr(numba_forms, "FEW_PARAMETERS", -1)
    assert_literal(case)


@pytest.mark.system
@pytest.mark.parametrize("case", EACH)
def test_what_is_measured_is_the_excess(case: Case) -> None:
    """By whatever way: its lowest and its highest of each trial are those of the states that it passes."""
    options, trials = case.options(), case.trials
    descent = CompiledDescent(case.problem, options, form(case), len(trials))
    state = begin(trials, options, descent.dtype)
    rates = rates_of(state, options, 0, 4, descent.dtype)
    weights = weights_of(state, options, 0, 4, len(descent.slices), descent.dtype)
    epochs = Chunk(0, [descent.batches(epoch) for epoch in range(4)], rates, weights)
    _, lowest, highest = descent.chunk(state, epochs)
    excess = excess_of(trials.quadratic, descent.retrace(state, epochs)[0]) / trials.quadratic.cost_per_loss
    np.testing.assert_allclose(lowest, excess.min(axis=0), rtol=1e-9)
    np.testing.assert_allclose(highest, excess.max(axis=0), rtol=1e-9)


def form(case: Case) -> Form:
    """Returns the form that a case is trained in."""
    return form_of(case.rows, case.problem.shape, case.options().method)


@pytest.mark.system
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", SHAPES.values(), ids=SHAPES.keys())
def test_no_trial_notices_its_neighbours(case: Case, dtype: str) -> None:
    """Nor its lane, nor how many vectors go together, nor that others are infinite or no numbers."""
    case = replace(case, dtype=dtype)
    check_bits_are_own(train, case.problem, case.trials, case.options())


@pytest.mark.system
@pytest.mark.parametrize("case", [SHAPES["H"], SHAPES["batches by rows, shuffled, dampened"]])
def test_float32_is_float64_but_for_its_rounding(case: Case) -> None:
    """No epoch is left out and no number computed otherwise."""
    case = replace(case, tolerance=-1.0, rates=(0.001, 0.003, 0.01) * 3, early_stop=False)
    exact, rounded = case.train("numba"), replace(case, dtype="float32").train("numba")
    np.testing.assert_allclose(rounded.theta, exact.theta, rtol=1e-5, atol=1e-5)


@pytest.mark.system
@pytest.mark.parametrize("name", ["H, penalty, ema", "batches by rows, shuffled, dampened"])
def test_how_often_trials_are_looked_at_is_no_matter_of_theirs(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """What is traced again goes through the states that were measured, wherever it begins."""
    expected = SHAPES[name].train("numba")
    monkeypatch.setattr(numba_engine, "CHUNK", 5)
    assert_same(SHAPES[name].train("numba"), expected)


@pytest.mark.system
def test_a_kernel_is_compiled_for_batches_of_any_size() -> None:
    """Where they have more than one row, and their residuals are held at once."""
    case = SHAPES["batches by rows"]
    case.train("numba")
    before = kernel.cache_info().misses
    replace(case, batch_size=4).train("numba")
    assert kernel.cache_info().misses == before


@pytest.mark.system
def test_memory_does_not_grow_with_the_steps_of_an_average() -> None:
    """Each step has its weight; there are as many epochs between two looks as have room for theirs."""
    case = replace(WIDE, rows=4000, batch_size=1, average=EMA, numbers={"average.decay": (0.9, 0.99)})
    case.train("numba")
    tracemalloc.start()
    case.train("numba")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 3 * chunks.GROWN * 8


SCRIPT = """
import sys
from tests.test_numba_tiles import SHAPES, digest
from linreg_sweep.engines import numba_tiles
print(numba_tiles.WIDE, *(digest(SHAPES[name].train("numba")) for name in sys.argv[1:]))
"""


def digest(results: Results) -> str:
    """Returns a hash of the bits of states."""
    return hashlib.sha256(results.theta.tobytes()).hexdigest()


@pytest.mark.system
@pytest.mark.skipif(not binding.get_host_cpu_features().get("avx512f"), reason="there are no wide registers")
def test_registers_half_as_wide_give_the_same_bits() -> None:
    """As on a processor that has no others: the tiles are cut in another way."""
    names = ["H", "batches by rows", "H of drawn rows, two targets", "row by row in registers"]
    names += ["row by row in all registers", "single rows, several at a time"]
    features = binding.get_host_cpu_features()
    narrow = {name: has and not name.startswith("avx512") for name, has in features.items()}
    environment = os.environ | {"NUMBA_CPU_FEATURES": type(features)(narrow).flatten()}
    made = subprocess.run(
        [sys.executable, "-c", SCRIPT, *names], env=environment, capture_output=True, text=True, check=True
    )
    width, *found = made.stdout.split()
    assert int(width) < numba_tiles.WIDE
    assert found == [digest(SHAPES[name].train("numba")) for name in names]


@pytest.mark.system
def test_single_rows_of_which_there_are_too_many_go_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their products with one another would not find room; the form says so, for last digits are others."""
    case = SHAPES["single rows, several at a time"]
    taken_together, results = form(case), case.train("numba")
    monkeypatch.setattr(numba_forms, "MOST_NUMBERS", case.rows)
    assert_literal(case)
    assert str(form(case)) != str(taken_together)
    assert digest(case.train("numba")) != digest(results)


@pytest.mark.system
@pytest.mark.parametrize("name", ["H", "H, adamw", "batches by H, nadam, mean"])
def test_one_tile_of_all_rows_has_the_bits_of_several(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """How H goes through few parameters is no matter of the trials'."""
    expected = SHAPES[name].train("numba")
    kernel.cache_clear()
    monkeypatch.setattr(numba_tiles, "MOST_TALL", 0)
    found = SHAPES[name].train("numba")
    kernel.cache_clear()
    assert_same(found, expected)


@pytest.mark.system
@pytest.mark.parametrize(
    ("n_parameters", "batch_size"), [(21, None), (21, 8), (21, 1), (33, 1), (11, None), (11, 1)]
)
@pytest.mark.skipif(not binding.get_host_cpu_features().get("fma"), reason="the processor has no fma")
def test_products_are_vectors_of_fma(n_parameters: int, batch_size: int | None) -> None:
    """LLVM leaves loops in single numbers and says nothing of it; so the machine's code is read."""
    case = Case(features=n_parameters - 1, rows=60, batch_size=batch_size)
    case.train("numba")
    rows = Rows(n_parameters, 1, n_slots=0, n_clocks=0, n_h=0, has_average=False)
    compiled: Any = kernel(Method(), rows, "float64", form(case), numba_tiles.WIDE, True, False)
    (code,) = compiled.inspect_asm().values()
    functions = re.split(r"\n(?=_Z\w+:)", code)
    beside_steps = numba_tiles.is_tall(n_parameters, numba_tiles.WIDE) and batch_size is None
    of_products = [each for each in functions if beside_steps or "numba_steps" not in each.partition(":")[0]]
    products = re.findall(r"vfn?m(?:add|sub)\w+.*", "\n".join(of_products))
    packed = [line for line in products if "pd" in line.split()[0] and ("zmm" in line or "ymm" in line)]
    assert len(packed) == len(products) >= (2 * n_parameters if beside_steps else 2 * numba_tiles.WIDE)
