"""Facts about summaries gathered part by part; the oracle is pandas's groupby over all trials at once."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from linreg_sweep.analysis.aggregate import Aggregate, Distinct, ranges_of
from linreg_sweep.theory.outcome import MISSING, OUTCOMES
from tests.words import types_of

N = 1000


def trials(order: str) -> dict[str, Any]:
    """Returns a trials table whose rates lie together, or not."""
    generator = np.random.default_rng(5)
    rate = np.repeat(np.geomspace(1e-4, 1e-2, 40), N // 40)
    weight = np.tile(np.arange(N // 40.0), 40)
    outcome = generator.integers(0, 3, N).astype(np.int8)
    outcome[rate > 5e-3] = 2  # of some groups none converged
    columns = {
        "learning_rate": rate,
        "initial_weight": weight,
        "outcome": outcome,
        "converged_at": np.where(outcome == 0, generator.integers(0, 500, N), MISSING),
        "cost": np.where(outcome == 2, np.inf, generator.normal(size=N) ** 2),
        "regime": generator.integers(-1, 4, N).astype(np.int8),
        "stability_ratio": np.where(weight == 7, np.nan, 100 * rate),
    }
    rows = np.arange(N) if order == "together" else generator.permutation(N)
    return {name: values[rows] for name, values in columns.items()}


def gathered(columns: dict[str, Any], by: list[str], size: int, **more: Any) -> dict[str, list[Any]]:
    """Returns the summary of a table that comes in parts of a size."""
    aggregate = Aggregate(by, types_of(columns), **more)
    for first in range(0, N, size):
        aggregate.add({name: values[first : first + size] for name, values in columns.items()})
    return aggregate.table()


BY: list[list[str]] = [["learning_rate"], ["initial_weight", "learning_rate"], []]
SIZES = (1, 7, 333, N)


@pytest.mark.parametrize("order", ["together", "mixed"])
@pytest.mark.parametrize(
    ("by", "size"),
    # parts of one trial by two columns are slow, and the same as parts of 7
    [(by, size) for by in BY for size in SIZES if size > 1 or len(by) < 2],
    ids=str,
)
def test_parts_add_up_to_what_pandas_finds_at_once(by: list[str], order: str, size: int) -> None:
    """Counts, least costs, medians and 90th percentiles to the bit, whatever the size of the parts."""
    columns = trials(order)
    together = order == "together" and by == ["learning_rate"]
    found = gathered(columns, by, size, together=together)
    frame = pd.DataFrame(columns)
    frame["at"] = frame["converged_at"].where(frame["outcome"] == 0).astype("float64")
    keys = [frame[name] for name in by] or [pd.Series(0, index=frame.index)]
    groups = frame.groupby(keys, sort=True)
    assert found["trials"] == groups.size().tolist()
    for code, name in enumerate(OUTCOMES):
        assert found[name] == frame["outcome"].eq(code).groupby(keys).sum().tolist()
    for name, quantiles in {
        "median_converged_at": groups["at"].median(),
        "p90_converged_at": groups["at"].quantile(0.9),
    }.items():
        assert [np.nan if cell is None else cell for cell in found[name]] == pytest.approx(
            quantiles.tolist(), rel=0, abs=1e-12, nan_ok=True
        )
    assert found["best_cost"] == groups["cost"].min().tolist()
    for number, name in enumerate(by):
        assert found[name] == groups.size().index.get_level_values(number).tolist()


def test_groups_that_are_left_are_settled_at_once() -> None:
    """Where they lie together, no more epochs wait than those of the last group."""
    columns = trials("together")
    aggregate = Aggregate(["learning_rate"], types_of(columns), together=True)
    for first in range(0, N, 100):
        aggregate.add({name: values[first : first + 100] for name, values in columns.items()})
        assert len(aggregate._epochs) <= 100


def test_distinct_values_are_kept_as_far_as_their_bound() -> None:
    """With the smallest and the largest of all, which the ranges span."""
    values = np.random.default_rng(1).uniform(1, 100, 1000)
    distinct = Distinct(12)
    for part in values.reshape(10, 100):
        distinct.add(part)
    assert 12 < len(distinct.values) < 20
    ranges = ranges_of(distinct.values, 12, log=False)
    assert ranges is not None
    assert (ranges.edges[0], ranges.edges[-1]) == (values.min(), values.max())
    few = Distinct(12)
    few.add(np.tile([3.0, 1.0, 2.0], 50))
    assert few.values.tolist() == [1, 2, 3]
    assert ranges_of(few.values, 12, log=False) is None
