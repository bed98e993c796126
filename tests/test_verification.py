"""Facts about verify: a run as it was written is right, and one changed digit anywhere is named."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import linreg_sweep as ls
from linreg_sweep.errors import ResultsError
from linreg_sweep.storage.parquet import encode, read_arrays
from linreg_sweep.theory.outcome import CATEGORIES

SWEEP: dict[str, Any] = {
    "name": "checked",
    "data": {"name": "tutorial"},
    "method": "grid",
    "parameters": {
        "learning_rate": {"values": [0.0005, 0.001, 0.004, 0.005, 0.006, 0.0063, 0.0064, 0.007]},
        "initial_weight": {"values": [-3, 0, 0.9]},
    },
}
KINDS: dict[str, dict[str, Any]] = {
    "numpy": {},
    "float32": {"dtype": "float32"},
    "closed form": {"engine": "closed_form"},
    "torch, momentum, all epochs": {"engine": "torch", "momentum": 0.5, "early_stop": False},
    "mini-batches": {"batch_size": 7, "shuffle": True},
}
TRIAL = 11
"""Of rate 0.005, in the second part of ten."""


def run(out: Path, training: dict[str, Any]) -> ls.Run:
    """Returns a run of 24 trials in three parts."""
    return ls.run(SWEEP | {"training": {"epochs": 400} | training}, out=out, jobs=1, part_size=10)


@pytest.mark.parametrize("training", KINDS.values(), ids=KINDS.keys())
def test_a_run_as_it_was_written_is_right(tmp_path: Path, training: dict[str, Any]) -> None:
    """Every row is checked, those of mini-batches by training them again."""
    checked = ls.verify(run(tmp_path, training).path)
    assert checked.mismatches == ()
    assert (checked.n_trials, checked.n_missing) == (24, 0)
    assert checked.n_retrained == (24 if "batch_size" in training else 0)


def changed(value: Any) -> Any:
    """Returns the nearest other value: the next float, integer or code."""
    return np.nextafter(value, np.inf) if isinstance(value, np.floating) else value + 1


@pytest.mark.parametrize("training", KINDS.values(), ids=KINDS.keys())
def test_one_changed_digit_in_any_column_is_named(tmp_path: Path, training: dict[str, Any]) -> None:
    """The last digit of one number is changed, by a writer that knows of no seal."""
    made = run(tmp_path, training)
    part = made.store.part(made.store.trials, 1)
    original = part.read_bytes()
    columns = read_arrays(part)
    for name in columns:
        if np.isnan(columns[name][TRIAL - 10]):
            continue  # a missing stability ratio has no digit
        other = dict(columns) | {name: columns[name].copy()}
        other[name][TRIAL - 10] = changed(columns[name][TRIAL - 10])
        if name in CATEGORIES and other[name][TRIAL - 10] >= len(CATEGORIES[name]):
            other[name][TRIAL - 10] = 0
        pq.write_table(pq.read_table(pa.BufferReader(encode(other))), part)
        found = ls.verify(made.path).mismatches
        assert TRIAL in {mismatch.trial for mismatch in found}, name
        assert name in {mismatch.column for mismatch in found}, name
    part.write_bytes(original)
    assert ls.verify(made.path).mismatches == ()


def test_what_the_seal_does_not_tell_theory_does(tmp_path: Path) -> None:
    """A part written anew by our own writer, seal and all, with other states, epochs or events."""
    made = run(tmp_path, {})
    part = made.store.part(made.store.trials, 1)
    columns = read_arrays(part)
    for name, wrong in {"weight": 1e-6, "epochs": 1, "converged_at": -1, "contraction": 1e-12}.items():
        other = dict(columns) | {name: columns[name].copy()}
        other[name][TRIAL - 10] += wrong
        part.write_bytes(encode(other))
        found = ls.verify(made.path).mismatches
        assert {mismatch.trial for mismatch in found} == {TRIAL}, name
        assert name in {mismatch.column for mismatch in found}, name


def test_a_part_with_other_columns_or_rows_is_named(tmp_path: Path) -> None:
    """What was left out is named with the part."""
    made = run(tmp_path, {})
    part = made.store.part(made.store.trials, 2)
    columns = read_arrays(part)
    for other in ({name: value for name, value in columns.items() if name != "cost"}, {}):
        part.write_bytes(encode(other or {name: value[1:] for name, value in columns.items()}))
        (mismatch,) = ls.verify(made.path).mismatches
        assert (mismatch.trial, mismatch.part) == (None, part)


def test_files_without_trials_are_looked_at_by_their_checksums(tmp_path: Path) -> None:
    """A part whose numbers are right beside changed bytes, a part of the history, the summary."""
    made = ls.run(SWEEP | {"history": {"every": 100}}, out=tmp_path, jobs=1)
    store = made.store
    changed = (store.part(store.trials, 0), store.part(store.history, 0), store.summary)
    for file in changed:
        content = file.read_bytes()
        at = content.rindex(b"failures") if file.suffix == ".parquet" else len(content) // 2
        file.write_bytes(content[:at] + b"F" + content[at + 1 :])
    found = ls.verify(made.path).mismatches
    assert [(mismatch.trial, mismatch.part) for mismatch in found] == [(None, file) for file in changed]


def test_a_run_that_is_not_finished_is_checked_as_far_as_it_goes(tmp_path: Path) -> None:
    """Missing parts are counted, the others checked."""
    made = run(tmp_path, {})
    made.store.part(made.store.trials, 0).unlink()
    checked = ls.verify(made.path)
    assert (checked.n_trials, checked.n_missing, checked.mismatches) == (14, 10, ())


def test_other_data_are_refused(tmp_path: Path) -> None:
    """A run on a file that has changed since cannot be checked."""
    file = tmp_path / "mine.csv"
    file.write_text("x,y\n1,2\n2,3\n3,5\n")
    made = ls.run(SWEEP | {"data": {"path": str(file), "y": ["y"]}}, out=tmp_path, jobs=1)
    assert ls.verify(made.path).mismatches == ()
    file.write_text("x,y\n1,2\n2,3\n3,6\n")
    with pytest.raises(ResultsError, match="the data of the run have changed since"):
        ls.verify(made.path)
