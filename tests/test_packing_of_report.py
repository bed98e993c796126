"""Facts about the numbers of many cells in a page: unpacked byte by byte, they are what was packed."""

import base64
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import linreg_sweep as ls
from linreg_sweep.reports import gather as gathering
from linreg_sweep.reports import payload as payloads
from linreg_sweep.reports import report as reporting
from linreg_sweep.reports.packing import packed_halves, packed_whole, packed_words
from linreg_sweep.theory.outcome import OUTCOMES
from tests.reported import SWEEP, cells_by_pandas, page_of

CODE = np.random.default_rng(5)


def unpacked(given: dict[str, Any]) -> list[int]:
    """Returns whole numbers, one by one, as packing.py says that they are packed."""
    count, wide = given["count"], given["wide"]
    planes = gzip.decompress(base64.b64decode(given["bytes"]))
    found: list[int] = []
    for at in range(count):
        code = sum(byte << (8 * plane) for plane, byte in enumerate(planes[at::count]))
        left = found[at - 1] if at % wide else 0
        below = found[at - wide] if at >= wide else 0
        corner = found[at - wide - 1] if at >= wide and at % wide else 0
        found.append(left + below - corner + (-(code + 1) // 2 if code % 2 else code // 2))
    return found


@pytest.mark.parametrize(
    "values",
    [
        np.zeros((3, 4)),
        CODE.integers(-(2**46), 2**46, (5, 7)),
        np.arange(12),
        np.empty(0),
        np.full((1, 1), -1),
    ],
)
def test_whole_numbers_come_back(values: np.ndarray[Any, Any]) -> None:
    """Of a map or a list, of any sign, none at all."""
    assert unpacked(packed_whole(values.astype(np.int64))) == values.ravel().tolist()


def test_halves_come_back_and_costs_with_seven_digits() -> None:
    """And what is missing or infinite stays so; a cost just below a power of two is rounded up to it."""
    halves = np.array([[0.0, 0.5, np.nan], [20_000, 7.5, 1.0]])
    assert unpacked(packed_halves(halves)) == [0, 1, -1, 40_000, 15, 2]
    costs = np.array([0.0, 1.3721958312345678, np.nan, np.inf, 1e300, 5e-324, np.nextafter(2.0, 0), -0.5])
    words = np.array(unpacked(packed_words(costs)))
    found = (words << 32).view(np.float64)
    np.testing.assert_allclose(found, costs, rtol=2.0**-21, atol=1e-300)
    assert found[6] == 2


def test_what_is_smooth_takes_few_bits_a_cell() -> None:
    """A bowl of 400 by 400 costs, each of which has 20 bits and an exponent."""
    x, y = np.meshgrid(np.linspace(-1, 1, 400), np.linspace(-1, 1, 400))
    assert len(packed_words(np.exp(x**2 + x * y))["bytes"]) * 6 < 4 * x.size


def test_a_map_of_many_cells_is_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell is that of pandas; the others' settings are those of their trials."""
    monkeypatch.setattr(payloads, "MAX_EXACT", 4)
    monkeypatch.setattr(gathering, "MAX_NUMBERS", 100)
    monkeypatch.setattr(gathering, "MAX_LISTED", 4)
    monkeypatch.setattr(gathering, "BEST", 1)
    run = ls.run(SWEEP, out=tmp_path, jobs=1)
    [payload] = page_of(tmp_path, run).data
    found, expected = payload["maps"][0], cells_by_pandas(run, "learning_rate", "initial_weight")
    for name in ("trials", *OUTCOMES, "median_converged_at", "first_trial"):
        twice = expected[name].astype("float64").mul(2).fillna(-1)
        assert unpacked(found[name]) == twice.tolist(), name
    costs = (np.array(unpacked(found["best_cost"])) << 32).view(np.float64)
    np.testing.assert_allclose(costs, expected["best_cost"], rtol=2.0**-21)
    regimes = run.trials.groupby(["initial_weight", "learning_rate"])["regime"].first()
    told = [found["regime"]["different"][place] for place in unpacked(found["regime"]["rows"])]
    assert told == regimes.astype(object).tolist()
    columns = {column["name"]: column for column in payload["others"]}
    trials = unpacked(columns["trial"]["cells"])
    others = run.trials[run.trials["trial"].isin(trials)]
    assert len(trials) > 20
    for name in run.varied:
        column = columns[name]
        assert [column["different"][row] for row in unpacked(column["rows"])] == others[name].tolist()


def test_a_page_that_would_be_large_has_fewer_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where each cell's cost is by chance; nothing is lost from its map."""
    run = ls.run(SWEEP, out=tmp_path, jobs=1)
    monkeypatch.setattr(reporting, "MAX_PAYLOAD", 1000)
    monkeypatch.setattr(reporting, "FEWER_CELLS", 24)
    [payload] = page_of(tmp_path, run).data
    assert [len(each["trials"]) for each in payload["maps"]] == [9, 12]
    assert [sum(each["trials"]) for each in payload["maps"]] == [70, 70]
    assert pd.Series(payload["maps"][0]["first_trial"]).min() == 0
