"""Facts about data: shapes, names, digests, notes; the oracles are numpy and the printed tutorial."""

import json
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from linreg_sweep.column_types import parameter_names
from linreg_sweep.data import Data, from_arrays, from_file, tutorial
from linreg_sweep.errors import DataError

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

DIGEST = "cc373afcf8ea01033dd46450d156d0dad6d1f32a53544899ccbfe57a430ad058"


def test_tutorial() -> None:
    """The built-in data are the tutorial's 30 rows: x is 1 to 30, and the fit is the one it prints."""
    data = tutorial()
    assert data.x[:].tolist() == [[float(i)] for i in range(1, 31)]
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
        assert np.array_equal(data.y[:], expected[:, [at]])
        assert np.array_equal(data.x[:], np.delete(expected, at, axis=1))
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
        assert data.x[:].dtype == np.float64
        assert data.x[:].flags.c_contiguous
        assert data.x[:].tolist() == [[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]]
        assert (data.x_names, data.y_names) == (("x1", "x2"), ("y",))


def test_names_of_pandas_objects() -> None:
    """A DataFrame and a Series bring their own names; given names win."""
    frame, series = pd.DataFrame({"size": [1, 2], 3: [0.5, 1]}), pd.Series([7, 8], name="price")
    data = from_arrays(frame, series)
    assert (data.x_names, data.y_names) == (("size", "3"), ("price",))
    assert data.x[:].tolist() == [[1.0, 0.5], [2.0, 1.0]]
    assert from_arrays(frame, pd.Series([7, 8]), x_names=["a", "b"]).x_names == ("a", "b")
    assert from_arrays([1, 2], np.eye(2)).y_names == ("y1", "y2")


def test_data_are_a_copy() -> None:
    """What is done to the arrays afterwards does not reach the data."""
    x, y = np.ones((2, 1)), np.ones((2, 1))
    data = from_arrays(x, y)
    x[0] = y[0] = 9
    assert data.x[:].tolist() == data.y[:].tolist() == [[1.0], [1.0]]


def test_inputs_as_given() -> None:
    """Without standardizing, trials see x itself, and mean and scale are 0 and 1."""
    data = tutorial()
    assert data.seen() is data.x
    assert (data.x_mean.tolist(), data.x_scale.tolist()) == ([0.0], [1.0])


def test_digest_is_the_same_everywhere() -> None:
    """The digest is a fixed function of the data: of little-endian bytes, whatever the machine."""
    assert tutorial().digest == DIGEST
    big = from_arrays(tutorial().x[:].astype(">f8"), tutorial().y[:].astype(">f8"))
    assert big.digest == DIGEST


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
    assert len({data.digest for data in different}) == len(different)


def test_a_file_and_its_arrays_have_one_digest() -> None:
    """The same numbers and names have the same digest wherever they came from."""
    data = from_file(FOLDER / "mtcars.csv", y=["mpg"])
    assert data.digest == from_arrays(data.x, data.y, data.x_names, data.y_names).digest


def test_notes() -> None:
    """More parameters than rows, and a constant column beside a bias, are noted, not refused."""
    few = "fewer rows than parameters (2 and 3): many solutions fit equally well"
    assert from_arrays(np.eye(2), [1, 2]).notes == (few,)
    assert from_arrays(np.eye(2), [1, 2], fit_bias=False).notes == ()
    flat = "constant, so that its weight and the bias have one effect: 'x2'"
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
    assert copy.digest == data.digest
    assert json.dumps(copy.x_names) == json.dumps(data.x_names)
