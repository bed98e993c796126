"""Facts about parts: what their files say of failures is small, comes back, and can be read."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linreg_sweep.config import load_sweep
from linreg_sweep.execution import parts
from linreg_sweep.execution.parts import LARGEST, MAX_LETTERS, Facts, put_together
from linreg_sweep.execution.ranges import TrialRange
from linreg_sweep.runs.inspection import facts_in
from linreg_sweep.trials.loading import load_data
from linreg_sweep.trials.prepare import prepare
from tests.small_run import SWEEP
from tests.words import encoded


def told(failures: dict[int, str]) -> dict[str, Any]:
    """Returns what a part says of itself, after a while as JSON."""
    facts = Facts(0, LARGEST, {}, {}, failures)
    as_json = json.dumps(facts.as_json("trials"))
    assert Facts.of(json.loads(as_json)) == facts
    return dict(json.loads(as_json))


@pytest.mark.parametrize(
    ("failures", "expected"),
    [
        ({}, {}),
        (
            {7: "killed", 3: "no room", 4: "no room", 6: "no room"},
            {"no room": [[3, 5], [6, 7]], "killed": [[7, 8]]},
        ),
        (dict.fromkeys(range(LARGEST), 600 * "ü"), {600 * "ü": [[0, LARGEST]]}),
        ({3: "\udcff", 4: "\x00"}, {"\udcff": [[3, 4]], "\x00": [[4, 5]]}),
    ],
)
def test_a_reason_stands_once_beside_the_trials_in_a_row(
    failures: dict[int, str], expected: dict[str, list[list[int]]]
) -> None:
    """However many trials failed for it; whatever letters it has, it comes back."""
    assert told(failures)["failures"] == expected


def test_reasons_that_are_many_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each to its share, in the file as in memory; few may be long."""
    monkeypatch.setattr(parts, "MAX_LETTERS", 40)
    declaration = load_sweep(SWEEP)
    experiment = prepare(declaration, load_data(declaration))
    file = tmp_path / "trials" / "part-00000.parquet"
    file.parent.mkdir()
    for given, kept in [
        ({0: "trial 0 has no room", 1: "trial 1 is odd"}, {0: "trial 0 has no room", 1: "trial 1 is odd"}),
        ({0: 30 * "a", 1: 30 * "b"}, {0: 20 * "a", 1: 20 * "b"}),
        ({0: 30 * "a", 1: 30 * "a"}, {0: 30 * "a", 1: 30 * "a"}),
    ]:
        part = put_together(experiment, 2, TrialRange(0, 0, 2), [], given)
        file.write_bytes(part.trials)
        assert part.facts.failures == kept
        assert facts_in(file) == part.facts


def test_the_longest_reasons_can_be_read(tmp_path: Path) -> None:
    """Of letters that take the most bytes, and beside as many trials in a row as a part can have."""
    failures = dict.fromkeys(range(1, LARGEST, 2), "no room") | {0: MAX_LETTERS * "😀"}
    facts = Facts(0, LARGEST, {}, {}, failures)
    file = tmp_path / "trials" / "part-00000.parquet"
    file.parent.mkdir()
    file.write_bytes(encoded({"trial": np.arange(4)}, facts.as_json("trials")))
    assert facts_in(file) == facts
