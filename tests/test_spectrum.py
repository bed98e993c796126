"""Facts about the spectrum and the arithmetic of pairs below it; the oracles are fractions and mpmath."""

import operator
from collections.abc import Callable
from fractions import Fraction
from functools import reduce

import mpmath
import numpy as np
import pytest

from linreg_sweep import data
from linreg_sweep.array_types import Floats
from linreg_sweep.theory.double_double import two_product, two_sum
from linreg_sweep.theory.exact_products import added, digits_of, whole, width_for
from linreg_sweep.theory.problem import make_problem
from linreg_sweep.theory.spectrum import MAX_PARAMETERS


def test_sums_and_products_of_pairs_are_exact() -> None:
    """High and low part together are the exact sum or product of two floats."""
    generator = np.random.default_rng(2)
    a = generator.normal(size=500) * 10.0 ** generator.integers(-20, 20, 500)
    b = generator.normal(size=500) * 10.0 ** generator.integers(-20, 20, 500)
    for pairs, exact in ((two_sum(a, b), operator.add), (two_product(a, b), operator.mul)):
        for x, y, high, low in zip(a.tolist(), b.tolist(), *(part.tolist() for part in pairs), strict=True):
            assert Fraction(high) + Fraction(low) == exact(Fraction(x), Fraction(y))


def _cancelling(generator: np.random.Generator, n_rows: int) -> Floats:
    a, b, c = generator.normal(size=(3, n_rows))
    return np.stack([np.append(a, -a), np.append(b, b * (1 + 1e-12)), np.append(c, c)])


HOSTILE: dict[str, Callable[[np.random.Generator, int], Floats]] = {
    "cancelling to a 1e-12th": _cancelling,
    "lognormal": lambda generator, n_rows: np.exp(5 * generator.normal(size=(3, n_rows))),
    "spread over 300 decades": lambda generator, n_rows: 10 ** generator.uniform(-150, 150, (3, n_rows)),
    "far from 0": lambda generator, n_rows: generator.normal(size=(3, n_rows)) + 1e9,
    "constant, and zeros": lambda generator, n_rows: np.outer([0.1, 0.0, -1 / 3], np.ones(n_rows)),
    "denormal beside 1": lambda generator, n_rows: np.hstack(
        [np.ones((3, 1)), 5e-324 * generator.integers(-9, 9, (3, n_rows))]
    ),
}


@pytest.mark.parametrize("n_rows", [1, 2, 7, 1000, 4097])
@pytest.mark.parametrize("kind", HOSTILE)
def test_inner_products_are_exact(kind: str, n_rows: int) -> None:
    """Over fractions, and in whatever blocks of rows they are taken."""
    columns = HOSTILE[kind](np.random.default_rng(n_rows), n_rows)
    columns = np.ldexp(columns, -np.frexp(np.abs(columns).max(axis=1))[1][:, None])
    fractions = [[Fraction(value) for value in column] for column in columns.tolist()]
    exact = [[sum(map(operator.mul, a, b)) for b in fractions] for a in fractions[:2]]
    for rows in (61, 4096):
        parts = [columns[:, first : first + rows] for first in range(0, columns.shape[1], rows)]
        width = width_for(columns.shape[1])
        sums = [digits_of([part], 2, width) for part in parts[::-1]]  # as they may come, each by itself
        for total in (reduce(added, sums), digits_of(parts, 2, width)):
            found, power = whole(total, width)
            assert [[value * Fraction(2) ** power for value in row] for row in found.tolist()] == exact


def test_ill_conditioned_data_keep_every_digit() -> None:
    """Powers up to x**4, a condition number of H above 1e8: eigenvalues and optimum are rounded once."""
    x = np.linspace(1, 6, 12)
    design = np.stack([x**power for power in range(1, 5)], axis=1)
    y = np.cos(x)[:, None]
    problem = make_problem(design, y, loss="half_mse", fit_bias=True)
    with mpmath.workdps(80):
        a = mpmath.matrix(np.column_stack([design, np.ones(12)]).tolist())
        hessian = a.T * a / 12
        exact = mpmath.eigsy(hessian, eigvals_only=True)
        optimum = mpmath.lu_solve(hessian, a.T * mpmath.matrix(y.tolist()) / 12)
        for found, low, value in zip(problem.eigenvalues, problem.eigenvalue_lows, exact, strict=True):
            assert found == float(value)
            assert abs(mpmath.mpf(found) + mpmath.mpf(low) - value) <= value * mpmath.mpf(10) ** -17
        for found, low, value in zip(problem.optimum, problem.optimum_low, optimum, strict=True):
            assert found[0] == pytest.approx(float(value), rel=2e-16)
            assert (
                abs(mpmath.mpf(found[0]) + mpmath.mpf(low[0]) - value) <= abs(value) * mpmath.mpf(10) ** -17
            )
    assert problem.eigenvalues[-1] / problem.eigenvalues[0] > 1e8


def test_many_parameters_are_settled_in_float64() -> None:
    """Fifty digits of a hundred parameters would take minutes; the low parts are then not known, and 0."""
    generator = np.random.default_rng(1)
    x, y = generator.normal(size=(200, MAX_PARAMETERS)), generator.normal(size=(200, 1))
    problem = make_problem(x, y, loss="half_mse", fit_bias=True)
    assert not problem.eigenvalue_lows.any()
    assert problem.eigenvalues == pytest.approx(np.linalg.eigvalsh(problem.hessian), rel=1e-12)


def test_the_tutorials_limit_to_every_digit() -> None:
    """2 / lambda_max, of the exact 2x2 matrix by the quadratic formula in fifty digits."""
    tutorial = data.tutorial()
    problem = make_problem(tutorial.x, tutorial.y, loss="half_mse", fit_bias=True)
    x = [Fraction(value) for value in tutorial.x[:, 0].tolist()]
    square, mean = sum((value * value for value in x), Fraction(0)) / 30, sum(x, Fraction(0)) / 30
    with mpmath.workdps(50):
        half = (mpmath.mpf(square.numerator) / square.denominator + 1) / 2
        determinant = mpmath.mpf((square - mean**2).numerator) / (square - mean**2).denominator
        largest = half + mpmath.sqrt(half**2 - determinant)
        assert problem.eigenvalues[-1] == float(largest)


@pytest.mark.parametrize("offset", [0.0, 0.5])
@pytest.mark.parametrize("n_columns", [2, 30])
def test_what_adds_nothing_is_zero(offset: float, n_columns: int) -> None:
    """Where y is a multiple of one column the other parameters are 0 and the cost is, not 1e-49 and 1e-98."""
    x = np.random.default_rng(n_columns).normal(size=(60, n_columns)) + offset
    problem = make_problem(x, 2 * x[:, :1], loss="half_mse", fit_bias=True)
    assert problem.optimum.ravel().tolist() == [2.0, *[0.0] * n_columns]
    assert problem.cost_min == 0
