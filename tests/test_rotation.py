"""Facts about the rotations in and out of eigenvectors: exact products, and bits that are a trial's own."""

import os
import signal
import subprocess
import sys
from math import fsum

import numpy as np
import pytest
from numpy.typing import NDArray

from linreg_sweep.theory.quadratic import Quadratic
from linreg_sweep.theory.sums import folded, total

Floats = NDArray[np.float64]

SIZES = (1, 8, 9, 51, 201)
COUNT = 2 * 256 + 77


def quadratic_of(n_parameters: int, bases: int = 1) -> Quadratic:
    """Returns a quadratic of two targets with random eigenvectors; trials share one basis, or a few."""
    generator = np.random.default_rng(n_parameters)
    some = [np.linalg.qr(generator.normal(size=(n_parameters,) * 2))[0] for _ in range(bases)]
    count = 1 if bases == 1 else COUNT
    zeros, one = np.zeros((n_parameters, 2, count)), np.ones(count)
    values = np.sort(generator.uniform(0.1, 1, (n_parameters, 1)), axis=0)
    which = None if bases == 1 else np.tile(np.arange(bases), COUNT)[:COUNT]
    each = np.stack(some, axis=-1)
    return Quadratic(values, 0 * values, each, zeros, zeros, one, one, 1.0, 1.0, None, which)


def errors_of(n_parameters: int) -> Floats:
    """Returns errors [P, 2, COUNT] of all sizes."""
    generator = np.random.default_rng(1)
    shape = (n_parameters, 2, COUNT)
    return np.asarray(generator.normal(size=shape) * 10.0 ** generator.uniform(-3, 3, shape))


@pytest.mark.parametrize("n_parameters", SIZES)
def test_rotations_are_the_exact_products(n_parameters: int) -> None:
    """math.fsum of all terms; both ways are off by the rounding of P terms at most (Higham, sec. 3.1)."""
    of, errors = quadratic_of(n_parameters), errors_of(n_parameters)
    basis, limit = of.bases[..., 0], (n_parameters + 1) * np.finfo(np.float64).eps / 2
    along, across = of.along(errors), of.across(errors)
    for target, trial in ((0, 0), (1, 255), (0, 256), (1, COUNT - 1)):
        column = errors[:, target, trial]
        for found, matrix in ((along, basis.T), (across, basis)):
            exact = np.array([fsum(row * column) for row in matrix])
            size = np.abs(matrix) @ np.abs(column)
            assert (np.abs(found[:, target, trial] - exact) <= 2 * limit * size).all()


@pytest.mark.parametrize("bases", [1, 3])
@pytest.mark.parametrize("n_parameters", SIZES)
def test_a_trials_bits_are_its_own(n_parameters: int, bases: int) -> None:
    """Any number of trials, any place among them, and NaN or infinity in all others: the same bits."""
    of, errors = quadratic_of(n_parameters, bases), errors_of(n_parameters)
    whole = (of.along(errors), of.across(errors), of.excess_of_columns(errors))

    def same(part: slice, changed: Floats) -> None:
        these, places = of.take(part), np.flatnonzero((changed[:, :, part] == errors[:, :, part]).all((0, 1)))
        states = np.ascontiguousarray(changed[:, :, part])
        with np.errstate(invalid="ignore"):
            found = (these.along(states), these.across(states), these.excess_of_columns(states))
        for some, every in zip(found, whole, strict=True):
            np.testing.assert_array_equal(some[..., places], every[..., part][..., places])

    for part in (slice(5, 6), slice(1, 4), slice(3, 259), slice(64, 128), slice(100, COUNT), slice(0, 511)):
        same(part, errors)
    for beside in (np.nan, np.inf, 0.0):
        changed = np.full_like(errors, beside)
        kept = [0, 7, 63, 64, 255, 256, 300, COUNT - 1]
        changed[..., kept] = errors[..., kept]
        same(slice(0, COUNT), changed)
        same(slice(7, 301), changed)


@pytest.mark.system
@pytest.mark.parametrize("kernel", ["Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX"])
def test_columns_keep_their_bits_on_every_kernel(kernel: str) -> None:
    """The check at the start passes on each of OpenBLAS's kernels that this machine can run."""
    script = (
        "from linreg_sweep.theory.rotation import has_blocks\n"
        "print(all(map(has_blocks, (9, 11, 12, 33, 51, 64, 65, 128, 201, 255, 1001))))"
    )
    environment = {**os.environ, "OPENBLAS_CORETYPE": kernel}
    found = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    if found.returncode == -signal.SIGILL:  # an instruction that it lacks; any other end is a failure
        pytest.skip(f"this processor does not run {kernel}")
    assert found.stdout == "True\n", found.stderr


@pytest.mark.parametrize("count", [1, 2, 3, 8, 9, 100])
def test_sums_go_from_the_first_term_to_the_last(count: int) -> None:
    """A loop over the terms, to the bit, whatever NumPy makes of so many columns."""
    for terms in (np.random.default_rng(0).lognormal(0, 5, (size, count)) for size in (1, 2, 9, 201)):
        expected = terms[0].copy()
        for term in terms[1:]:
            expected = expected + term
        np.testing.assert_array_equal(total(terms), expected)
        np.testing.assert_array_equal(folded(np.maximum, terms), terms.max(axis=0))
