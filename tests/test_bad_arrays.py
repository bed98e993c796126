"""Facts about which arrays and tables are refused as data: each mistake is one exact complaint."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from linreg_sweep.data import from_arrays
from linreg_sweep.errors import DataError

NAN = float("nan")

ON_ITS_SIDE = "Hint: rows are observations: transpose, as in"
BIAS = (
    "arrays: standardize must go with fit_bias: true, for a weight on x minus its mean implies a bias. "
    "Hint: fit a bias, or leave x as it is"
)
LEVEL = "arrays: a column must vary to be standardized, these do not:"

BAD_ARRAYS: dict[str, tuple[Any, Any, dict[str, Any], list[str]]] = {
    "fewer y": (
        [1, 2, 3],
        [1, 2],
        {},
        ["arrays: x and y must have the same rows, got shapes (3, 1) and (2, 1)"],
    ),
    "x on its side": (
        np.ones((1, 30)),
        np.ones(30),
        {},
        [f"arrays: x and y must have the same rows, got shapes (1, 30) and (30, 1). {ON_ITS_SIDE} x.T"],
    ),
    "y on its side": (
        np.ones((30, 1)),
        np.ones((1, 30)),
        {},
        [f"arrays: x and y must have the same rows, got shapes (30, 1) and (1, 30). {ON_ITS_SIDE} y.T"],
    ),
    "one number": (5, [1], {}, ["x: must have rows, and one or two dimensions, got shape ()"]),
    "three dimensions": (
        np.ones((2, 2, 2)),
        [1, 2],
        {},
        ["x: must have rows, and one or two dimensions, got shape (2, 2, 2)"],
    ),
    "nothing, twice": (
        [],
        [],
        {},
        [
            "x: must have rows, and one or two dimensions, got shape (0,)",
            "y: must have rows, and one or two dimensions, got shape (0,)",
        ],
    ),
    "no columns": (
        np.ones((3, 0)),
        [1, 2, 3],
        {},
        ["x: must have rows, and one or two dimensions, got shape (3, 0)"],
    ),
    "ragged": (
        [[1, 2], [3]],
        [1, 2],
        {},
        ["x: must be numbers in rows of equal length: setting an array element with a sequence"],
    ),
    "a mapping": ({"a": 1}, [1], {}, ["x: must have rows, and one or two dimensions, got shape ()"]),
    "text": (["1", "2"], [1, 2], {}, ["x: must be numbers, got text"]),
    "booleans": ([True, False], [1, 2], {}, ["x: must be numbers, got booleans"]),
    "complex": ([1j, 2], [1, 2], {}, ["x: must be numbers, got complex numbers"]),
    "dates": (np.array(["2024-01-01"], "M8[D]"), [1], {}, ["x: must be numbers, got dates"]),
    "NaN and infinity": (
        [[1, NAN], [NAN, 2]],
        [1, -np.inf],
        {},
        [
            "x: row 2 of column 'x1' must be a finite number, got nan",
            "x: row 1 of column 'x2' must be a finite number, got nan",
            "y: row 2 of column 'y' must be a finite number, got -inf",
        ],
    ),
    "None": ([1, None], [1, 2], {}, ["x: row 2 of column 'x' must be a finite number, got None"]),
    "too large an integer": (
        [1, 10**400],
        [1, 2],
        {},
        ["x: row 2 of column 'x' must be a finite number, got 100000000000000000000000000..."],
    ),
    "an integer that would be rounded": (
        pd.DataFrame({"x": [2**53, 2**53 + 1], "z": [0.5, 1]}),
        [2**63 + 1, 2],
        {},
        [
            f"{role}: row {row} of column '{role}' must be a whole number that float64 holds exactly, got"
            f" {whole}. Hint: subtract a constant, such as the smallest, from the column, or choose other"
            " columns"
            for role, row, whole in (("x", 2, 2**53 + 1), ("y", 1, 2**63 + 1))
        ],
    ),
    "masked": (
        np.ma.masked_array([1.0, 2.0], [False, True]),
        [1, 2],
        {},
        ["x: row 2 of column 'x' must be a finite number, got nan"],
    ),
    "text in a DataFrame": (
        pd.DataFrame({"a": ["q", "r"], "b": [1, 2]}),
        [1, 2],
        {},
        ["x: row 1 of column 'a' must be a finite number, got 'q'"],
    ),
    "a missing value of pandas": (
        pd.DataFrame({"a": pd.array([1, None], "Int64"), "b": [1.0, 2.0]}),
        [1, 2],
        {},
        ["x: row 2 of column 'a' must be a finite number, got <NA>"],
    ),
    "a boolean among numbers": (
        pd.DataFrame({"a": [True, False], "b": [1, 2]}),
        [1, 2],
        {},
        ["x: row 1 of column 'a' must be a finite number, got True"],
    ),
    "too many names": (
        [1, 2],
        [1, 2],
        {"x_names": ["a", "b"]},
        ["x_names: must have as many names as columns, got 2 and 1"],
    ),
    "a name twice": (
        np.ones((2, 2)),
        [1, 2],
        {"x_names": ["a", "a"]},
        ["arrays: each column must be named once, got 'a' in x 2 times"],
    ),
    "a name in x and y": (
        [1, 2],
        [1, 2],
        {"x_names": "a", "y_names": "a"},
        ["arrays: a column must be in x or in y, got 'a' in both"],
    ),
    "unprintable and empty names": (
        [1, 2],
        [1, 2],
        {"x_names": ["a\x1b[2J"], "y_names": [" "]},
        [
            "arrays: column names must consist of printable characters, got 'a\\x1b[2J' in x",
            "arrays: every column of y must have a name, column 1 of y has none. "
            "Hint: give it a name, or choose other columns",
        ],
    ),
    "names that collide in the results": (
        np.eye(3)[:, :2],
        np.eye(3)[:, :2],
        {"x_names": ["a", "a_b"], "y_names": ["b_c", "c"]},
        [
            "arrays: columns of the results must have different names, two would be called 'weight_a_b_c'. "
            "Hint: rename a column of the data"
        ],
    ),
    "names that collide in two scales": (
        np.eye(3)[:, :2],
        [1, 2, 3],
        {"x_names": ["a", "a_unscaled"], "standardize": True},
        [
            "arrays: columns of the results must have different names, two would be called "
            "'weight_a_unscaled'. Hint: rename a column of the data"
        ],
    ),
    "standardized without a bias": ([1, 2], [1, 2], {"standardize": True, "fit_bias": False}, [BIAS]),
    "a constant column": (
        [[1, 3], [2, 3]],
        [1, 2],
        {"standardize": True},
        [f"{LEVEL} 'x2'. Hint: leave it out of x"],
    ),
    "constant columns, and no bias": (
        [[0.3, 1e8], [0.3, 1e8], [0.3, 1e8]],
        [1, 2, 3],
        {"standardize": True, "fit_bias": False},
        [BIAS, f"{LEVEL} 'x1', 'x2'. Hint: leave it out of x"],
    ),
    "a column that reaches too far": (
        [[1.5e308, 1], [-1.5e308, 2], [-1.5e308, 1]],
        [1, 2, 3],
        {"standardize": True},
        ["arrays: a column's range must be finite, but that of 'x1' is not. Hint: choose another unit"],
    ),
}


def test_bad_arrays() -> None:
    """Each mistake in what is given from Python is one exact complaint; several come at once."""
    for case, (x, y, options, expected) in BAD_ARRAYS.items():
        with pytest.raises(DataError) as caught:
            from_arrays(x, y, **options)
        assert [str(complaint) for complaint in caught.value.complaints] == expected, case


@pytest.mark.parametrize(("features", "targets", "most"), [(2001, 1, 2000), (700, 10, 632)])
def test_too_many_weights(features: int, targets: int, most: int) -> None:
    """What would take minutes to settle is refused, in arrays as in files."""
    x, y = np.ones((2, features)), np.ones((2, targets))
    with pytest.raises(DataError) as caught:
        from_arrays(x, y)
    plural = "s" * (targets > 1)
    said = f"{targets} target{plural} can be fitted from {most:,} features at most, these are {features:,}"
    assert str(caught.value) == f"arrays: {said}. Hint: name fewer columns"
    assert from_arrays(x[:, :most], y).x.shape == (2, most)
