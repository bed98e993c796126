"""Facts about verify: a run as it was written is right, and one changed digit anywhere is named.

Part by part in this process; that workers give the same bits is held elsewhere.
"""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import linreg_sweep as ls
from linreg_sweep.cli import main
from linreg_sweep.errors import ConfigError, ResultsError
from linreg_sweep.runs import opening
from linreg_sweep.storage.checksum import checksum
from linreg_sweep.storage.parquet import read_arrays
from linreg_sweep.text.checks import format_verification
from tests.small_run import facts_of
from tests.words import CATEGORIES, encoded

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
    "mini-batches": {"batch_size": 7, "order": "reshuffle"},
}
TRIAL = 11
"""Of rate 0.005, in the second part of ten."""


def run(out: Path, training: dict[str, Any]) -> ls.Run:
    """Returns a run of 24 trials in three parts."""
    return ls.run(SWEEP | {"training": {"epochs": 400} | training}, out=out, jobs=1, part_size=10)


def test_no_worker_cannot_verify(tmp_path: Path) -> None:
    """It is said as `run` says it, before the run is looked for."""
    with pytest.raises(ConfigError, match="--jobs: must be a whole number from 1 up, got 0"):
        ls.verify(tmp_path / "none", jobs=0)


@pytest.mark.parametrize("training", KINDS.values(), ids=KINDS.keys())
def test_a_run_as_it_was_written_is_right(tmp_path: Path, training: dict[str, Any]) -> None:
    """Every row of every engine, given as a run or as its directory."""
    told: list[tuple[int, int]] = []
    made = run(tmp_path, training)
    for given in (made, str(made.path)):
        checked = ls.verify(given, jobs=1, watch=lambda done, total: told.append((done, total)))
        assert (checked.n_trials, checked.n_missing, checked.mismatches) == (24, 0, ())
        assert checked.other_versions == {}
    assert told == [(10, 24), (20, 24), (24, 24)] * 2


EXTREMES: dict[str, dict[str, Any]] = {
    "no epoch": {"training": {"epochs": 0}},
    "no epoch, closed form": {"training": {"epochs": 0, "engine": "closed_form"}},
    "divergence at the first step up": {"outcome": {"divergence": 1.000000000000001}},
    "rates near the largest number": {"parameters": {"learning_rate": {"values": [1e300, 1.7e308]}}},
    "rates near the end of float32": {
        "training": {"epochs": 5, "dtype": "float32"},
        "parameters": {
            "learning_rate": {"values": [0.001, 3.4e38]},
            "initial_weight": {"values": [0.1, 1 / 3]},
        },
    },
}


@pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")
@pytest.mark.parametrize("change", EXTREMES.values(), ids=EXTREMES.keys())
def test_what_no_bound_would_hold_is_right_too(tmp_path: Path, change: dict[str, Any]) -> None:
    """Starts that theory rounds, thresholds within rounding, overflows: trained again, they are the same."""
    made = ls.run(SWEEP | {"training": {"epochs": 5}} | change, out=tmp_path, jobs=1)
    assert ls.verify(made).mismatches == ()


MANY_ROWS: dict[str, Any] = {
    "name": "many",
    "data": {"name": "tutorial"},
    "method": "random",
    "trials": 12_000,
    "training": {"engine": "closed_form", "epochs": 9},
    "parameters": {"learning_rate": {"min": 1e-4, "max": 1e-2}},
}


def changed(value: Any) -> Any:
    """Returns the nearest other value: the next float, integer or code."""
    return np.nextafter(value, np.inf) if isinstance(value, np.floating) else value + 1


@pytest.mark.parametrize("kind", ["numpy", pytest.param("mini-batches", marks=pytest.mark.system)])
def test_one_changed_digit_in_any_column_is_named(tmp_path: Path, kind: str) -> None:
    """The last digit of one number is changed, by a writer that knows of no seal."""
    made = run(tmp_path, KINDS[kind])
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
        pq.write_table(pq.read_table(pa.BufferReader(encoded(other))), part)
        found = ls.verify(made.path).mismatches
        assert TRIAL in {mismatch.trial for mismatch in found}, name
        assert name in {mismatch.column for mismatch in found}, name
    part.write_bytes(original)
    assert ls.verify(made.path).mismatches == ()


def test_what_the_seal_does_not_tell_training_does(tmp_path: Path) -> None:
    """A part written again by our own writer, seal and all, with other states, epochs or events."""
    made = run(tmp_path, {})
    part = made.store.part(made.store.trials, 1)
    columns = read_arrays(part)
    for name, wrong in {"weight": 1e-16, "epochs": 1, "converged_at": -1, "contraction": 1e-16}.items():
        other = dict(columns) | {name: columns[name].copy()}
        other[name][TRIAL - 10] += wrong
        part.write_bytes(encoded(other))
        found = ls.verify(made.path).mismatches
        assert {mismatch.trial for mismatch in found} == {TRIAL}, name
        assert name in {mismatch.column for mismatch in found}, name


def test_of_many_differences_the_first_are_kept_and_all_are_counted(tmp_path: Path) -> None:
    """Two numbers of each row of a part: memory does not grow with what is wrong."""
    made = ls.run(MANY_ROWS, out=tmp_path, jobs=1)
    part = made.store.part(made.store.trials, 0)
    columns = dict(read_arrays(part))
    part.write_bytes(encoded(columns | {name: columns[name] + 1 for name in ("weight", "bias")}))
    checked = ls.verify(made)
    assert checked.n_mismatches == 2 * len(columns["trial"]) > 8_000
    assert [mismatch.trial for mismatch in checked.mismatches] == [n for n in range(500) for _ in "wb"]
    assert f"These are the first 1,000 of {checked.n_mismatches:,} differences." in format_verification(
        checked
    )


def test_a_part_with_other_columns_or_rows_is_named(tmp_path: Path) -> None:
    """What was left out is named with the part."""
    made = run(tmp_path, {})
    part = made.store.part(made.store.trials, 2)
    columns = read_arrays(part)
    for other in ({name: value for name, value in columns.items() if name != "cost"}, {}):
        part.write_bytes(encoded(other or {name: value[1:] for name, value in columns.items()}))
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


def test_a_part_that_vanishes_meanwhile_is_named(tmp_path: Path) -> None:
    """After the parts were listed, before it is compared."""
    made = run(tmp_path, {})
    last = made.store.part(made.store.trials, made.n_parts - 1)
    found = ls.verify(made, jobs=1, watch=lambda done, total: last.unlink(missing_ok=True))
    (mismatch,) = found.mismatches
    assert (mismatch.trial, mismatch.found, mismatch.part) == (None, "(missing)", last)


def sealed_history(made: ls.Run) -> Path:
    """Changes the last digit of a state that a run keeps; returns the file."""
    file = made.store.part(made.store.history, 0)
    columns = {name: values.copy() for name, values in read_arrays(file).items()}
    columns["bias"][-1] = changed(columns["bias"][-1])
    file.write_bytes(encoded(columns, facts_of(file)))
    return Path(file)


def test_a_changed_digit_of_the_history_is_named(tmp_path: Path) -> None:
    """Sealed again, by its trial and its column."""
    made = ls.run(SWEEP | {"history": {"every": 100}}, out=tmp_path, jobs=1)
    file = sealed_history(made)
    (mismatch,) = ls.verify(made).mismatches
    assert (mismatch.trial, mismatch.column, mismatch.part) == (23, "bias", file)


FORGED: dict[str, Callable[[dict[str, Any]], None]] = {
    "outcomes": lambda told: told["outcomes"].update(unfinished=told["outcomes"]["unfinished"] - 1),
    "best": lambda told: told["best"].update(trial=3),
    "agreement": lambda told: told["agreement"].update(same_epoch=2),
    "edge": lambda told: told["edge"].update(largest_stable=0.5),
}


@pytest.mark.parametrize("name", FORGED)
def test_what_is_told_of_all_trials_must_be_that_of_the_rows(name: str, tmp_path: Path) -> None:
    """Metadata sealed with something else, as a run has that was summed up without a part."""
    made = run(tmp_path, {})
    told = copy.deepcopy(dict[str, Any](made.metadata))
    FORGED[name](told)
    made.store.write_metadata(told)
    (mismatch,) = ls.verify(made.path).mismatches
    assert (mismatch.trial, mismatch.column, mismatch.part) == (None, name, made.store.metadata)
    assert mismatch.expected == json.dumps(dict(made.metadata)[name])


def test_a_summary_must_be_that_of_the_rows(tmp_path: Path) -> None:
    """Also where metadata.json has the checksum of another."""
    made = run(tmp_path, {})
    other = made.store.summary.read_bytes().replace(b"0.005,3,", b"0.005,2,")
    made.store.summary.write_bytes(other)
    sums = made.metadata["checksums"] | {"summary.csv": checksum(other)}
    made.store.write_metadata(made.metadata | {"checksums": sums})
    (mismatch,) = ls.verify(made.path).mismatches
    assert (mismatch.trial, mismatch.part) == (None, made.store.summary)


def test_columns_that_metadata_promise_and_training_does_not_give(tmp_path: Path) -> None:
    """Part and metadata agree on another name; the experiment knows better."""
    made = run(tmp_path, {})
    for number in range(3):
        part = made.store.part(made.store.trials, number)
        columns = {
            "slope" if name == "weight" else name: values for name, values in read_arrays(part).items()
        }
        part.write_bytes(encoded(columns, facts_of(part)))
    told = json.loads(json.dumps(made.metadata).replace('"weight"', '"slope"'))
    made.store.write_metadata(told)
    found = ls.verify(made.path).mismatches
    assert [(each.trial, each.column) for each in found] == [(None, "(all)")] * 3


def test_other_versions_are_told_and_compared_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Their last digits may differ for that reason."""
    made = run(tmp_path, {})
    versions = made.metadata["versions"] | {"numpy": "1.0"}
    made.store.write_metadata(made.metadata | {"versions": versions})
    checked = ls.verify(made.path)
    assert (checked.mismatches, set(checked.other_versions)) == ((), {"numpy"})
    assert main(["verify", str(made.path)]) == 0
    assert "made with numpy 1.0, here it is " in capsys.readouterr().err


def test_other_data_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run on a large file that has changed since cannot be checked; small data are kept and are right."""
    file, right = tmp_path / "mine.csv", "x,y\n1,2\n2,3\n3,5\n"
    sweep = SWEEP | {"data": {"path": str(file), "y": ["y"]}}
    for small, name in ((2**20, "kept"), (0, "not-kept")):
        file.write_text(right)
        monkeypatch.setattr(opening, "SMALL", small)
        made = ls.run(sweep | {"name": name}, out=tmp_path, jobs=1)
        assert ls.verify(made.path).mismatches == ()
        file.write_text(right.replace("5", "6"))
        if small:
            assert ls.verify(made.path).mismatches == ()
            continue
        with pytest.raises(ResultsError, match="the data of the run have changed since"):
            ls.verify(made.path)
