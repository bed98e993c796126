"""Facts about standardized data and the way back; the oracles are fractions, NIST's line, plain products."""

import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from linreg_sweep.data import from_arrays, from_file, tutorial
from linreg_sweep.errors import DataError
from linreg_sweep.standardizing import moments
from linreg_sweep.theory.problem import make_problem

FOLDER = Path(__file__).parent.parent / "data"


def test_standardized_inputs() -> None:
    """Standardized columns have mean 0 and population SD 1; x itself stays in the units of the file."""
    x = np.random.default_rng(2).normal(50, 7, size=(200, 3))
    data = from_arrays(x, x[:, 0], standardize=True)
    assert np.array_equal(data.x[:], x)
    np.testing.assert_allclose(data.x_mean, x.mean(axis=0), rtol=1e-15)
    np.testing.assert_allclose(data.x_scale, x.std(axis=0, ddof=0), rtol=1e-14)
    np.testing.assert_allclose(data.seen()[:], (x - x.mean(axis=0)) / x.std(axis=0), atol=1e-13)


@pytest.mark.parametrize("size", [1e-300, 1e-160, 1.0, 1e160, 1e300])
def test_standardizing_tiny_and_huge_columns(size: float) -> None:
    """The z-scores of 1, 2, 4 are the same in any unit; no square overflows or vanishes."""
    values = np.array([1.0, 2.0, 4.0])
    data = from_arrays(values * size, values, standardize=True)
    np.testing.assert_allclose(data.seen()[:][:, 0], (values - values.mean()) / values.std(), rtol=1e-14)


def test_the_largest_number_there_is() -> None:
    """The rounding of a column that holds it is found without a warning."""
    data = from_arrays([[0.0], [sys.float_info.max]], [[1.0], [2.0]], standardize=True)
    assert data.seen()[:].tolist() == [[-1.0], [1.0]]


@pytest.mark.parametrize(
    ("offset", "unit"), [(0.3, 2.0**-54), (1e8, 2.0**-26), (1e15, 1.0), (1.7e18, 256.0), (-9e307, 1e295)]
)
def test_standardizing_what_lies_far_from_0(offset: float, unit: float) -> None:
    """Of a column whose values differ by a few units in the last place: the z-scores over fractions."""
    x = offset + unit * np.array([0, 1, 1, 4, 2, 2.0])
    exact = [Fraction(value) for value in x.tolist()]
    mean = sum(exact) / 6
    variance = sum((value - mean) ** 2 for value in exact) / 6
    data = from_arrays(x, np.arange(6), standardize=True)
    for z, value in zip(data.seen()[:][:, 0].tolist(), exact, strict=True):
        squared = (value - mean) ** 2 / variance
        assert z == pytest.approx(float(squared) ** 0.5 * (1 if value > mean else -1), rel=1e-14)
    found = Fraction(float(data.x_mean[0])) + Fraction(float(data.x_mean_low[0]))
    assert abs(float(found - mean)) <= 1e-12 * unit


def test_mean_and_deviation_of_many_rows() -> None:
    """Of columns that lie far from 0, in several blocks: to every digit, by fractions."""
    x = np.random.default_rng(6).normal([0, 1e8], [1, 1e-3], size=(20_000, 2))
    for column, mean, low, scale in zip(x.T.tolist(), *moments(x), strict=True):
        exact = sum(map(Fraction, column)) / len(column)
        variance = sum((Fraction(value) - exact) ** 2 for value in column) / len(column)
        assert abs(float(Fraction(float(mean)) + Fraction(float(low)) - exact)) <= 1e-16 * scale
        assert scale == pytest.approx(float(variance) ** 0.5, rel=1e-15)


def test_unscaled_parameters_predict_the_same() -> None:
    """Parameters of z-scores, unscaled, predict on x what they predicted on z, for every target."""
    rng = np.random.default_rng(4)
    data = from_arrays(rng.normal(9, 3, (20, 3)), rng.normal(size=(20, 2)), standardize=True)
    theta = rng.normal(size=(5, 4, 2))
    before = theta.copy()
    unscaled = data.unscaled(theta, fit_bias=True)
    for trained, plain in zip(theta, unscaled, strict=True):
        on_z = data.seen()[:] @ trained[:-1] + trained[-1]
        np.testing.assert_allclose(data.x @ plain[:-1] + plain[-1], on_z, rtol=1e-12)
    assert np.array_equal(theta, before)


def test_unscaled_optimum_is_that_of_the_file() -> None:
    """The optimum on standardized Norris data, unscaled, is NIST's certified line."""
    data = from_file(FOLDER / "norris.csv", y="y", standardize=True)
    problem = make_problem(data.seen()[:], data.y, loss="half_mse", fit_bias=True)
    weight, bias = data.unscaled(problem.optimum[None], fit_bias=True)[0, :, 0]
    assert weight == pytest.approx(1.00211681802045, rel=1e-12)
    assert bias == pytest.approx(-0.262323073774029, rel=1e-10)


def test_unscaling_where_nothing_was_scaled() -> None:
    """Data as given leave parameters as they are, with a bias or without."""
    theta = np.array([[[2.0], [3.0]]])
    assert tutorial().unscaled(theta, fit_bias=True).tolist() == theta.tolist()
    assert tutorial().unscaled(theta[:, :1], fit_bias=False).tolist() == [[[2.0]]]


def test_unscaling_diverged_trials_is_silent() -> None:
    """Infinities and NaN pass through without a warning, and leave other trials' bits alone."""
    data = tutorial(standardize=True)
    theta = np.array([[[np.inf], [np.inf]], [[np.nan], [1.0]], [[1.7e308], [-1e308]], [[0.1], [0.7]]])
    unscaled = data.unscaled(theta, fit_bias=True)
    assert not np.isfinite(unscaled[:2]).any()
    assert unscaled[3:].tobytes() == data.unscaled(theta[3:], fit_bias=True).tobytes()


def test_unscaling_without_a_bias_is_refused() -> None:
    """The constant that standardizing leaves over has nowhere to go without a bias."""
    with pytest.raises(ValueError, match="where a bias is fitted"):
        tutorial(standardize=True).unscaled(np.ones((1, 1, 1)), fit_bias=False)
    with pytest.raises(DataError, match="standardize must go with fit_bias"):
        tutorial(standardize=True, fit_bias=False)
