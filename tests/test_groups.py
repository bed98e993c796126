"""Facts about gathering rows by keys: whatever the keys are, it goes as sorting and counting them plainly."""

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.analysis.groups import grouped, order_of

DRAW = np.random.default_rng(4)

KEYS = {
    "ranges": DRAW.integers(0, 24, (5000, 2)).astype(np.float64),
    "ranges_and_epochs": np.column_stack([DRAW.integers(0, 9, (5000, 2)), DRAW.integers(0, 10**6, 5000)])
    + 0.0,
    "below_zero": DRAW.integers(-7, 8, (500, 3)).astype(np.float64),
    "one_column": DRAW.integers(0, 3, (50, 1)).astype(np.float64),
    "numbers": DRAW.choice([0.1, 0.25, 1e-300, 7.0], (500, 2)),
    "far_apart": DRAW.choice([-1e300, 0.0, 2.0**60, 1e300], (500, 2)),
    "infinite": DRAW.choice([-np.inf, 1.0, np.inf], (500, 2)),
    "infinite_throughout": np.full((3, 2), np.inf),
    "one_row": np.array([[3.0, 4.0]]),
}


def test_keys_are_grouped_as_numpy_groups_rows() -> None:
    """The same different keys, ascending, and each key's place among them."""
    for name in KEYS:
        found, place = grouped(KEYS[name])
        expected, inverse = np.unique(KEYS[name], axis=0, return_inverse=True)
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(place, inverse.ravel())
        assert found.dtype == np.float64


def test_equal_keys_keep_their_order() -> None:
    """As lexsort has it, so that what is summed is summed in one order, to the bit."""
    for name in KEYS:
        keys: NDArray[np.float64] = KEYS[name]
        np.testing.assert_array_equal(order_of(keys), np.lexsort(keys.T[::-1]))


def test_missing_keys_are_one_group_and_the_last() -> None:
    """NaN is as good a key as any."""
    found, place = grouped(np.array([[np.nan], [1.0], [np.nan], [0.0]]))
    np.testing.assert_array_equal(found, [[0.0], [1.0], [np.nan]])
    assert place.tolist() == [2, 1, 2, 0]
