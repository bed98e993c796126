"""Facts about numbers gathered in groups and bounded memory; the oracle is pandas's groupby over all."""

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from linreg_sweep.analysis.groups import grouped
from linreg_sweep.analysis.numbers import Numbers

Floats = NDArray[np.float64]

N = 6000
SHARES = (0.5, 0.1, 0.9)


def table(order: str) -> tuple[Floats, Floats]:
    """Returns keys [N, 1] and numbers [N] of all sizes, some the same, some infinite; a group has but one."""
    generator = np.random.default_rng(7)
    keys = np.append(generator.integers(0, 5, N - 1).astype(float), np.nan)
    numbers = 10.0 ** generator.uniform(-3, 3, N) * (1 + keys**2)
    numbers[generator.random(N) < 0.2] = 2.5
    numbers[-1], numbers[(keys == 4) & (generator.random(N) < 0.05)] = 7.0, np.inf
    rows = np.argsort(keys, kind="stable") if order == "together" else np.arange(N)
    return keys[rows, None], numbers[rows]


def found(keys: Floats, numbers: Floats, size: int, most: int, *, together: bool) -> tuple[Floats, int, int]:
    """Returns what is found of each group in parts of a size, the passes it takes and what is held."""
    gathered, passes, held, goes_on = Numbers(1, SHARES, most), 0, 0, True
    while goes_on:
        for first in range(0, N, size):
            some = slice(first, first + size)
            last = keys[some][-1] if together else None
            gathered.add(*grouped(keys[some]), numbers[some], goes_on=last)
            held = max(held, len(gathered))
        goes_on, passes = gathered.ends_pass(), passes + 1
    return gathered.found(np.append(np.arange(5.0), np.nan)[:, None]), passes, held


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # pandas, of infinities
@pytest.mark.parametrize("order", ["together", "mixed"])
@pytest.mark.parametrize("most", [400, 1600, 2 * N])
def test_numbers_are_told_as_pandas_tells_them_whatever_is_held(order: str, most: int) -> None:
    """Quantiles to the bit, and each bit the same in parts of any size; no more is held than may be."""
    keys, numbers = table(order)
    frame = pd.DataFrame({"key": keys[:, 0], "number": numbers})
    groups = frame.groupby("key", dropna=False)["number"]
    expected = np.column_stack([groups.quantile(0.5), groups.quantile(0.1), groups.quantile(0.9)])
    told = []
    for size in (37, 500):
        each, passes, held = found(keys, numbers, size, most, together=order == "together")
        np.testing.assert_allclose(each[:, :3], expected, rtol=1e-15)
        finite = np.isfinite(groups.mean())
        np.testing.assert_allclose(each[finite, 3], groups.mean()[finite], rtol=1e-13)
        np.testing.assert_allclose(each[finite, 4], groups.std()[finite], rtol=1e-12)
        assert np.isinf(each[~finite, 3]).all()
        assert held <= most + size
        fits = most > (N / 4 if order == "together" else N)
        assert passes == 1 if fits else passes >= 3
        told.append(each)
    np.testing.assert_array_equal(told[0], told[1])
