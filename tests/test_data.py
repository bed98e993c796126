"""Facts about data: shapes, scales, digests; the oracles are numpy, plain loops and the printed tutorial."""

import json
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from linreg_sweep.data import Data, from_arrays, from_file, parameter_names, tutorial
from linreg_sweep.errors import DataError
from linreg_sweep.theory.problem import make_problem

NAN = float("nan")
FOLDER = Path(__file__).parent.parent / "data"
ROWS = {
    "norris": 36,
    "pontius": 40,
    "longley": 16,
    "faithful": 272,
    "cars": 50,
    "mtcars": 32,
    "penguins": 342,
    "diabetes": 442,
    "google_mlcc_mpg": 7,
    "nedrich": 100,
    "brownlee": 5,
    "d2l_quadratic": 2,
}
ON_ITS_SIDE = "Hint: rows are observations: transpose, as in"
BIAS = (
    "arrays: standardize must go with fit_bias: true, for a weight on x less its mean implies a bias. "
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
        ["arrays: columns must be named once, got 'a' in x 2 times"],
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
            "arrays: column names must be of printable letters, got 'a\\x1b[2J' in x",
            "arrays: every column of y must have a name, column 1 of y has none. "
            "Hint: give it a name, or choose other columns",
        ],
    ),
    "names that collide in the results": (
        np.eye(3)[:, :2],
        np.eye(3)[:, :2],
        {"x_names": ["a", "a_b"], "y_names": ["b_c", "c"]},
        [
            "arrays: columns of the results must have different names, two would be 'weight_a_b_c'. "
            "Hint: rename a column of the data"
        ],
    ),
    "names that collide in two scales": (
        np.eye(3)[:, :2],
        [1, 2, 3],
        {"x_names": ["a", "a_unscaled"], "standardize": True},
        [
            "arrays: columns of the results must have different names, two would be 'weight_a_unscaled'. "
            "Hint: rename a column of the data"
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
        [
            "arrays: a column's ends must lie a finite distance apart, those of 'x1' do not. "
            "Hint: choose another unit"
        ],
    ),
}


def test_bad_arrays() -> None:
    """Each mistake in what is given from Python is one exact complaint; several come at once."""
    for case, (x, y, options, expected) in BAD_ARRAYS.items():
        with pytest.raises(DataError) as caught:
            from_arrays(x, y, **options)
        assert [str(complaint) for complaint in caught.value.complaints] == expected, case


def test_tutorial() -> None:
    """The built-in data are the tutorial's 30 rows: x is 1 to 30, and the fit is the one it prints."""
    data = tutorial()
    assert data.x.tolist() == [[float(i)] for i in range(1, 31)]
    assert (data.y[0, 0], data.y[14, 0], data.y[-1, 0]) == (0.94, 14.0, 28.8)
    assert (data.x.shape, data.y.shape, data.x_names, data.y_names) == ((30, 1), (30, 1), ("x",), ("y",))
    assert (data.source, data.notes) == ("tutorial (built in)", ())
    weight, bias = np.polyfit(data.x[:, 0], data.y[:, 0], 1)
    assert (round(weight, 8), round(bias, 8)) == (0.87889878, -0.43593103)


def test_tutorial_needs_no_reader() -> None:
    """The built-in data load without pyarrow and pandas, which take half a second to import."""
    program = (
        "import sys; from linreg_sweep.data import tutorial; tutorial()\n"
        "assert not {'pyarrow', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_every_file_loads() -> None:
    """Every file in data/ has the rows its README says, and the numbers that numpy reads."""
    readme = (FOLDER / "README.md").read_text(encoding="utf-8").splitlines()
    for name, n_rows in ROWS.items():
        path = FOLDER / f"{name}.csv"
        header = path.read_text(encoding="utf-8").splitlines()[0].split(",")
        target = "y" if "y" in header else header[-1]
        data = from_file(path, y=target)
        expected = np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)
        at = header.index(target)
        assert len(data.x) == n_rows
        assert np.array_equal(data.y, expected[:, [at]])
        assert np.array_equal(data.x, np.delete(expected, at, axis=1))
        assert data.x_names == tuple(column for column in header if column != target)
        assert data.source == f"{name}.csv"
        assert any(line.startswith(f"| `{name}.csv`") and f"| {n_rows} |" in line for line in readme)


def test_shapes_never_broadcast() -> None:
    """(30,) against (30, 1) settles to two columns of 30 rows, whichever is which."""
    x, y = np.arange(30.0), np.arange(30.0) ** 2
    for x_shape, y_shape in ((30, (30, 1)), ((30, 1), 30), ((30, 1), (30, 1))):
        data = from_arrays(x.reshape(x_shape), y.reshape(y_shape))
        assert (data.x.shape, data.y.shape) == ((30, 1), (30, 1))
        assert np.array_equal(data.x[:, 0], x)
        assert np.array_equal(data.y[:, 0], y)


def test_any_numbers_become_float64() -> None:
    """Lists, tuples, integers, decimals, fractions and any memory layout settle to the same array."""
    for x in (
        [[1, 2], [3, 4], [5, 7]],
        ((1.0, 2.0), (3.0, 4.0), (5.0, 7.0)),
        np.array([[1, 2], [3, 4], [5, 7]], np.uint8),
        np.asfortranarray(np.array([[1, 2], [3, 4], [5, 7]], np.float32)),
        [[Decimal(1), Fraction(2)], [np.float32(3), 4], [5, 7.0]],
        np.array([[1, 3, 5], [2, 4, 7]]).T,
    ):
        data = from_arrays(x, [1, 2, 3])
        assert data.x.dtype == np.float64
        assert data.x.flags.c_contiguous
        assert data.x.tolist() == [[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]]
        assert (data.x_names, data.y_names) == (("x1", "x2"), ("y",))


def test_names_of_pandas_objects() -> None:
    """A DataFrame and a Series bring their own names; given names win."""
    frame, series = pd.DataFrame({"size": [1, 2], 3: [0.5, 1]}), pd.Series([7, 8], name="price")
    data = from_arrays(frame, series)
    assert (data.x_names, data.y_names) == (("size", "3"), ("price",))
    assert data.x.tolist() == [[1.0, 0.5], [2.0, 1.0]]
    assert from_arrays(frame, pd.Series([7, 8]), x_names=["a", "b"]).x_names == ("a", "b")
    assert from_arrays([1, 2], np.eye(2)).y_names == ("y1", "y2")


def test_data_are_a_copy() -> None:
    """What is done to the arrays afterwards does not reach the data."""
    x, y = np.ones((2, 1)), np.ones((2, 1))
    data = from_arrays(x, y)
    x[0] = y[0] = 9
    assert data.x.tolist() == data.y.tolist() == [[1.0], [1.0]]


def test_standardized_inputs() -> None:
    """Standardized columns have mean 0 and population SD 1; x itself stays in the units of the file."""
    x = np.random.default_rng(2).normal(50, 7, size=(200, 3))
    data = from_arrays(x, x[:, 0], standardize=True)
    assert np.array_equal(data.x, x)
    np.testing.assert_allclose(data.x_mean, x.mean(axis=0), rtol=1e-15)
    np.testing.assert_allclose(data.x_scale, x.std(axis=0, ddof=0), rtol=1e-14)
    np.testing.assert_allclose(data.inputs(), (x - x.mean(axis=0)) / x.std(axis=0), atol=1e-13)


def test_inputs_as_given() -> None:
    """Without standardizing, trials see x itself, and mean and scale are 0 and 1."""
    data = tutorial()
    assert data.inputs() is data.x
    assert (data.x_mean.tolist(), data.x_scale.tolist()) == ([0.0], [1.0])


@pytest.mark.parametrize("size", [1e-300, 1e-160, 1.0, 1e160, 1e300])
def test_standardizing_tiny_and_huge_columns(size: float) -> None:
    """The z-scores of 1, 2, 4 are the same in any unit; no square overflows or vanishes."""
    values = np.array([1.0, 2.0, 4.0])
    data = from_arrays(values * size, values, standardize=True)
    np.testing.assert_allclose(data.inputs()[:, 0], (values - values.mean()) / values.std(), rtol=1e-14)


def test_the_largest_number_there_is() -> None:
    """The rounding of a column that holds it is found without a warning."""
    data = from_arrays([[0.0], [sys.float_info.max]], [[1.0], [2.0]], standardize=True)
    assert data.inputs().tolist() == [[-1.0], [1.0]]


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
    for z, value in zip(data.inputs()[:, 0].tolist(), exact, strict=True):
        squared = (value - mean) ** 2 / variance
        assert z == pytest.approx(float(squared) ** 0.5 * (1 if value > mean else -1), rel=1e-14)
    found = Fraction(float(data.x_mean[0])) + Fraction(float(data.x_mean_low[0]))
    assert abs(float(found - mean)) <= 1e-12 * unit


def test_unscaled_parameters_predict_the_same() -> None:
    """Parameters of z-scores, unscaled, predict on x what they predicted on z, for every target."""
    rng = np.random.default_rng(4)
    data = from_arrays(rng.normal(9, 3, (20, 3)), rng.normal(size=(20, 2)), standardize=True)
    theta = rng.normal(size=(5, 4, 2))
    before = theta.copy()
    unscaled = data.unscaled(theta, fit_bias=True)
    for trained, plain in zip(theta, unscaled, strict=True):
        on_z = data.inputs() @ trained[:-1] + trained[-1]
        np.testing.assert_allclose(data.x @ plain[:-1] + plain[-1], on_z, rtol=1e-12)
    assert np.array_equal(theta, before)


def test_unscaled_optimum_is_that_of_the_file() -> None:
    """The optimum on standardized Norris data, unscaled, is NIST's certified line."""
    data = from_file(FOLDER / "norris.csv", y="y", standardize=True)
    problem = make_problem(data.inputs(), data.y, loss="half_mse", fit_bias=True)
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


def test_digest_is_the_same_everywhere() -> None:
    """The digest is a fixed function of the data: of little-endian bytes, whatever the machine."""
    assert tutorial().digest() == DIGEST
    big = from_arrays(tutorial().x.astype(">f8"), tutorial().y.astype(">f8"))
    assert big.digest() == DIGEST


def test_digest_tells_data_apart() -> None:
    """One bit, a shape, a name or standardizing changes the digest; the source does not."""
    x, y = np.arange(6.0), np.arange(6.0)
    different = [
        from_arrays(x, y),
        from_arrays(np.nextafter(x, 9), y),
        from_arrays(-x, y),
        from_arrays(x, y[::-1]),
        from_arrays(x.reshape(3, 2), y[:3]),
        from_arrays(x, y, x_names=["z"]),
        from_arrays(x, y, y_names=["z"]),
        from_arrays(x, y, standardize=True),
        from_arrays(np.where(x == 0, -0.0, x), y),
    ]
    assert len({data.digest() for data in different}) == len(different)


def test_a_file_and_its_arrays_have_one_digest() -> None:
    """The same numbers and names have the same digest wherever they came from."""
    data = from_file(FOLDER / "mtcars.csv", y=["mpg"])
    assert data.digest() == from_arrays(data.x, data.y, data.x_names, data.y_names).digest()


def test_notes() -> None:
    """More parameters than rows, and a constant column beside a bias, are noted, not refused."""
    few = "fewer rows than parameters (2 and 3): many solutions fit equally well"
    assert from_arrays(np.eye(2), [1, 2]).notes == (few,)
    assert from_arrays(np.eye(2), [1, 2], fit_bias=False).notes == ()
    flat = "constant, so that weight and bias share one effect: 'x2'"
    x = [[1, 5], [2, 5], [3, 5]]
    assert from_arrays(x, [1, 2, 3]).notes == (flat,)
    assert from_arrays(x, [1, 2, 3], fit_bias=False).notes == ()


def test_file_complaints_name_the_file(tmp_path: Path) -> None:
    """What only the whole of a file shows is said of its path, and notes of reading are kept."""
    path = tmp_path / "a.csv"
    path.write_text("s,x,c,y\na,1,3,1\nb,2,3,2\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        from_file(str(path), y="y", standardize=True)
    assert str(caught.value).startswith(f"{path}: a column must vary to be")
    data = from_file(path, x="x", y="y", standardize=True)
    assert (data.x_names, data.source, data.notes) == (("x",), "a.csv", ())
    assert from_file(path, y="y").notes == (
        "left out, not numeric: s",
        "fewer rows than parameters (2 and 3): many solutions fit equally well",
    )


def test_parameter_names() -> None:
    """Entries of theta are named row by row, as the trials table names its columns."""
    for x, y, bias, expected in (
        (["a"], ["t"], True, ("weight", "bias")),
        (["a"], ["t"], False, ("weight",)),
        (["a", "b"], ["t"], True, ("weight_a", "weight_b", "bias")),
        (["a"], ["t", "u"], True, ("weight_a_t", "weight_a_u", "bias_t", "bias_u")),
        (["a", "b"], ["t", "u"], False, ("weight_a_t", "weight_a_u", "weight_b_t", "weight_b_u")),
    ):
        assert parameter_names(x, y, bias) == expected


def test_data_survive_a_worker() -> None:
    """Data that went through pickle have the same digest."""
    import pickle

    data = from_arrays(np.eye(3), [1, 2, 3])
    copy = pickle.loads(pickle.dumps(data))
    assert isinstance(copy, Data)
    assert copy.digest() == data.digest()
    assert json.dumps(copy.x_names) == json.dumps(data.x_names)


DIGEST = "cc373afcf8ea01033dd46450d156d0dad6d1f32a53544899ccbfe57a430ad058"


@pytest.mark.parametrize(("features", "targets", "most"), [(1001, 1, 1000), (400, 10, 316)])
def test_too_many_weights(features: int, targets: int, most: int) -> None:
    """What would take minutes for each trial is refused, in arrays as in files."""
    x, y = np.ones((2, features)), np.ones((2, targets))
    with pytest.raises(DataError) as caught:
        from_arrays(x, y)
    plural = "s" * (targets > 1)
    said = f"{targets} target{plural} can be fitted from {most:,} features at most, these are {features:,}"
    assert str(caught.value) == f"arrays: {said}. Hint: name fewer columns"
    assert from_arrays(x[:, :most], y).x.shape == (2, most)
