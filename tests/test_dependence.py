"""Facts about columns that others imply; the oracle is how they were made, and ranks over fractions."""

from fractions import Fraction

import numpy as np
import pytest

from linreg_sweep.array_types import Floats
from linreg_sweep.blocks import ends
from linreg_sweep.theory.dependence import dependence, dependent_columns, middle

RNG = np.random.default_rng(7)
WALL, ROOF, LENGTH = RNG.uniform(100, 400, (3, 50)).round(2)
AGE = np.arange(50.0)
CASES: dict[str, tuple[dict[str, Floats], bool, tuple[tuple[str, tuple[str, ...]], ...]]] = {
    "a sum": (
        {"wall": WALL, "roof": ROOF, "length": LENGTH, "surface": WALL + 2 * ROOF},
        True,
        (("surface", ("wall", "roof")),),
    ),
    "a sum that stands first": (
        {"surface": WALL + 2 * ROOF, "wall": WALL, "roof": ROOF},
        True,
        (("roof", ("surface", "wall")),),
    ),
    "twice, and in another unit": (
        {"size": WALL, "double": 2 * WALL, "feet": WALL / 0.3048},
        False,
        (("double", ("size",)), ("feet", ("size",))),
    ),
    "degrees, and of another zero": (
        {"kelvin": WALL + 273.15, "celsius": WALL, "fahrenheit": 1.8 * WALL + 32},
        True,
        (("celsius", ("kelvin", "a constant")), ("fahrenheit", ("kelvin", "a constant"))),
    ),
    "degrees of another zero, and no constant": (
        {"kelvin": WALL + 273.15, "celsius": WALL},
        False,
        (),
    ),
    "every kind has a column": (
        {"red": AGE % 3 == 0, "green": AGE % 3 == 1, "blue": AGE % 3 == 2},
        True,
        (("blue", ("red", "green", "a constant")),),
    ),
    "a constant, and zeros": (
        {"x": WALL, "level": np.full(50, 0.1), "nothing": np.zeros(50)},
        True,
        (("level", ("a constant",)), ("nothing", ())),
    ),
    "nearly constant": ({"t_ms": 1.7e12 + 864e5 * AGE, "id": 1e15 + AGE * AGE}, True, ()),
    "a year of birth": ({"age": AGE, "born": 2020 - AGE}, True, (("born", ("age", "a constant")),)),
    "seconds and milliseconds": (
        {"s": 1.7e9 + WALL, "ms": np.round(1.7e12 + 1000 * WALL)},
        True,
        (("ms", ("s",)),),
    ),
    "one unit in the last place": ({"x": np.where(AGE == 3, 0.3, 0.1 + 0.2)}, True, ()),
    "sizes far apart": (
        {"a": 1e-200 * WALL, "b": 1e200 * ROOF, "c": 1e-200 * WALL + 1e-201},
        True,
        (("c", ("a", "a constant")),),
    ),
    "as large as numbers get": (
        {
            "sign": np.where(AGE % 2 == 0, 1e308, -1e308),
            "wall": WALL,
            "half": np.where(AGE % 2 == 0, 1e308, 0),
        },
        True,
        (("half", ("sign", "a constant")),),
    ),
}


def test_columns_that_others_imply_are_named() -> None:
    """Each with the columns it was made of; nothing is said of columns that merely look alike."""
    for case in CASES:
        columns, fit_bias, expected = CASES[case]
        x = np.column_stack(list(columns.values())).astype(float)
        assert dependent_columns(x, list(columns), fit_bias=fit_bias) == expected


def test_columns_of_many_rows_are_told_apart_alike() -> None:
    """Each row a thousand times is taken in several blocks, of which none has all rows, and says the same."""
    for columns, fit_bias, expected in CASES.values():
        x = np.repeat(np.column_stack(list(columns.values())).astype(float), 1000, axis=0)
        assert dependent_columns(x, list(columns), fit_bias=fit_bias) == expected


@pytest.mark.parametrize("fit_bias", [True, False])
def test_as_many_columns_are_kept_as_the_rank_has(fit_bias: bool) -> None:
    """Of whole numbers in fewer dimensions than columns: the rank by elimination over fractions."""
    for seed in range(60):
        rng = np.random.default_rng(seed)
        n_rows, count, dimensions = rng.integers(1, 12), rng.integers(1, 9), rng.integers(1, 9)
        x = rng.integers(-3, 4, (n_rows, dimensions)) @ rng.integers(-2, 3, (dimensions, count))
        x = (x + rng.choice([0, 10**9]) * rng.integers(0, 2, count)).astype(np.float64)
        ones = np.ones((n_rows, 1))
        rank = exact_rank(np.hstack([ones, x])) - 1 if fit_bias else exact_rank(x)
        assert dependence(x, fit_bias=fit_bias).kept.sum() == rank, seed


def exact_rank(matrix: Floats) -> int:
    """Returns the rank by elimination over fractions."""
    rows, rank = [[Fraction(value) for value in row] for row in matrix.tolist()], 0
    for column in range(matrix.shape[1]):
        pivot = next((row for row in range(rank, len(rows)) if rows[row][column]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        for row in range(rank + 1, len(rows)):
            times = rows[row][column] / rows[rank][column]
            rows[row] = [a - times * b for a, b in zip(rows[row], rows[rank], strict=True)]
        rank += 1
    return rank


def test_a_shift_is_exact() -> None:
    """What is left and the number taken off are the column itself, over fractions."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(20, 6)) * [1, 1, 1e-3, 1e-199, 1e3, 1e9] + [0, 2e15, -5, 1e-199, 1e12, 1e8]
    shift = middle(*ends(x))
    rest = x - shift
    assert (shift != 0).tolist() == [False, True, True, False, True, False]
    for row, left in zip(x.tolist(), rest.tolist(), strict=True):
        for value, part, whole in zip(row, left, shift.tolist(), strict=True):
            assert Fraction(part) + Fraction(whole) == Fraction(value)
