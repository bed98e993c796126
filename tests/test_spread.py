"""Facts about how columns spread over groups of trials; the oracle is pandas's groupby over all."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from linreg_sweep.analysis.spread import Spreads
from linreg_sweep.column_types import Array, ColumnType

TYPES = {name: ColumnType("number") for name in ("learning_rate", "held_out_cost", "plateau")}


@pytest.mark.parametrize("together", [True, False])
def test_columns_are_told_as_pandas_tells_them_whatever_is_held(together: bool) -> None:
    """Each column takes the passes that it needs, and what is missing counts as above every number."""
    generator = np.random.default_rng(11)
    rates = generator.integers(0, 7, 5000) / 8.0
    frame = pd.DataFrame({"learning_rate": np.sort(rates) if together else rates})
    frame["held_out_cost"] = generator.exponential(size=5000)
    frame.loc[generator.random(5000) < 0.05, "held_out_cost"] = np.nan
    frame["plateau"] = 2.0
    reads: list[list[str]] = []

    def read(names: list[str]) -> Iterator[dict[str, Array]]:
        reads.append(names)
        for first in range(0, len(frame), 77):
            yield {name: frame[name].to_numpy()[first : first + 77] for name in names}

    spreads = Spreads(["learning_rate"], ["held_out_cost", "plateau"], TYPES, together=together, most=600)
    keys, trials, found = spreads.gathered(read)
    groups = frame.fillna(np.inf).groupby("learning_rate")
    np.testing.assert_array_equal(keys[:, 0], groups.size().index)
    np.testing.assert_array_equal(trials, groups.size())
    for name, told in found.items():
        for share, values in ((0.5, told.median), (0.1, told.p10), (0.9, told.p90)):
            np.testing.assert_allclose(values, groups[name].quantile(share), rtol=1e-15)
        np.testing.assert_array_equal(told.least, groups[name].min())
        np.testing.assert_array_equal(told.most, groups[name].max())
    np.testing.assert_allclose(found["plateau"].mean, 2.0)
    assert len(reads) >= 3
