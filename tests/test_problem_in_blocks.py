"""Facts about the memory that a problem takes, and about rows that are read a block at a time."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from linreg_sweep import data as datasets
from linreg_sweep.array_types import Floats
from linreg_sweep.theory.problem import make_problem


@pytest.mark.parametrize("n_features", [5, 40])
def test_a_problem_takes_the_memory_of_a_block(n_features: int) -> None:
    """Beside X and Y: a hundred thousand rows take no more than eight megabytes."""
    x, y = np.ones((100_000, n_features)), np.zeros((100_000, 1))
    x[:, 1:] += np.random.default_rng(3).normal(size=(100_000, n_features - 1))
    y[:] = x[:, 1:2] ** 2
    tracemalloc.start()
    make_problem(x, y, loss="half_mse", fit_bias=True)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8e6


class Made:
    """Rows that are made whenever they are asked for, by slices alone."""

    def __init__(self, matrix: Floats) -> None:
        self.matrix, self.shape = matrix, matrix.shape

    def __len__(self) -> int:
        return len(self.matrix)

    def __getitem__(self, rows: slice) -> Floats:
        assert isinstance(rows, slice)
        assert len(self.matrix[rows]) <= max(2**15 // self.shape[1], 1), "more than a block at a time"
        return self.matrix[rows].copy()


@pytest.mark.parametrize("n_features", [3, 30])
@pytest.mark.parametrize("standardize", [False, True])
def test_rows_may_be_made_when_they_are_asked_for(n_features: int, standardize: bool) -> None:
    """With the bits of an array in memory, and never more than a block of them at a time."""
    generator = np.random.default_rng(4)
    x, y = generator.lognormal(3, 1, size=(20_000, n_features)), generator.normal(size=(20_000, 2))
    data = datasets.from_arrays(x, y, standardize=standardize)
    kept, made = data.seen()[:], replace(data, x=Made(x)).seen()
    one, other = (
        make_problem(seen, targets, loss="mse", fit_bias=True, noise=data.noise())
        for seen, targets in ((kept, y), (made, Made(y)))
    )
    for name, found in vars(one).items():
        if name not in ("x", "y"):
            assert np.asarray(found).tobytes() == np.asarray(getattr(other, name)).tobytes(), name
