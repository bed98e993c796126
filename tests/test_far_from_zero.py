"""Facts about columns that lie far from 0 or differ much in size; the oracles are fractions and mpmath.

Time stamps, ids and years, several at once, beside columns of any size: rank, spectrum, optimum and costs are
those of the numbers as they stand in the file, or the precision is refused.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from numpy.typing import NDArray

from linreg_sweep.config import load_sweep
from linreg_sweep.data import from_arrays
from linreg_sweep.errors import ConfigError, DataError
from linreg_sweep.theory.outcome import CONVERGED, MISSING
from linreg_sweep.theory.problem import make_problem
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.loading import load_data
from linreg_sweep.trials.prepare import prepare
from linreg_sweep.trials.tables import trial_columns
from tests import exactly

Floats = NDArray[np.float64]
Column = Callable[[np.random.Generator, int], Floats]

DAY = 86400


def _days(rng: np.random.Generator, count: int) -> Floats:
    return np.cumsum(rng.integers(1, 5, count)).astype(np.float64)


COLUMNS: dict[str, Column] = {
    "id": lambda rng, n: 1e9 + rng.permutation(n).astype(np.float64),
    "seconds": lambda rng, n: 1.7e9 + DAY * _days(rng, n),
    "milliseconds": lambda rng, n: 1.7e12 + DAY * 1e3 * _days(rng, n),
    "microseconds": lambda rng, n: 1.7e15 + DAY * 1e6 * _days(rng, n),
    "nanoseconds": lambda rng, n: 1.7e18 + DAY * 1e9 * _days(rng, n),
    "far": lambda rng, n: -1e15 + rng.permutation(n).astype(np.float64),
    "plain": lambda rng, n: rng.normal(size=n),
    "tiny": lambda rng, n: 1e-120 * rng.normal(size=n),
    "huge": lambda rng, n: 1e120 * rng.normal(size=n),
}


def drawn(seed: int, n_features: int, *, fit_bias: bool) -> tuple[Floats, Floats]:
    """Returns x of columns of these kinds and a y [n, 1] that follows them, closely or not."""
    rng = np.random.default_rng(seed)
    n_rows = n_features + int(rng.integers(3, 12))
    kinds = rng.choice(list(COLUMNS), n_features, replace=n_features > len(COLUMNS) // 2)
    x = np.column_stack([COLUMNS[kind](rng, n_rows) for kind in kinds])
    unit = (x - x.mean(axis=0)) / x.std(axis=0) if fit_bias else x / np.abs(x).max(axis=0)
    noise = float(rng.choice([1, 1e-3, 1e-10])) * rng.normal(size=(n_rows, 1))
    return x, unit @ rng.normal(size=(n_features, 1)) + noise + (fit_bias and float(rng.choice([0, 1e3])))


def rows_of(x: Floats, *, fit_bias: bool) -> list[list[float]]:
    """Returns the rows of A."""
    rows: list[list[float]] = (np.column_stack([x, np.ones(len(x))]) if fit_bias else x).tolist()
    return rows


def exact_fit(x: Floats, y: Floats, *, fit_bias: bool) -> tuple[exactly.Matrix, list[Fraction], Fraction]:
    """Returns A^T A / n, the optimum and the least cost of one target over fractions."""
    rows = rows_of(x, fit_bias=fit_bias)
    share = Fraction(1, len(rows))
    hessian = exactly.products(rows, rows, share)
    best = [row[0] for row in exactly.solve(hessian, exactly.products(rows, y.tolist(), share))]
    residuals = [
        Fraction(value) - sum((Fraction(a) * b for a, b in zip(row, best, strict=True)), Fraction(0))
        for row, (value,) in zip(rows, y.tolist(), strict=True)
    ]
    return hessian, best, share * sum((rest * rest for rest in residuals), Fraction(0))


def exact_excess(hessian: exactly.Matrix, best: list[Fraction], theta: list[float]) -> Fraction:
    """Returns the excess cost of a state over fractions."""
    error = [Fraction(value) - exact for value, exact in zip(theta, best, strict=True)]
    return sum(
        (a * h * b for a, row in zip(error, hessian, strict=True) for h, b in zip(row, error, strict=True)),
        Fraction(0),
    )


@pytest.mark.parametrize("fit_bias", [True, False])
@pytest.mark.parametrize("n_features", [1, 2, 5])
def test_the_optimum_and_its_cost_are_those_of_fractions(n_features: int, fit_bias: bool) -> None:
    """To the last bit or nearly, be the least cost 1e-20 of the variance; standardized to their rounding."""
    for seed in range(12):
        x, y = drawn(seed, n_features, fit_bias=fit_bias)
        _, best, cost = exact_fit(x, y, fit_bias=fit_bias)
        problem = make_problem(x, y, loss="half_mse", fit_bias=fit_bias)
        assert not (problem.eigenvalues == 0).any(), seed
        assert abs(float(Fraction(problem.cost_min) / cost) - 1) <= 1e-9, seed
        for found, exact in zip(problem.optimum[:, 0].tolist(), best, strict=True):
            assert abs(float(Fraction(found) / exact) - 1) <= 1e-15, seed
        if fit_bias:
            data = from_arrays(x, y, standardize=True)
            scaled = make_problem(data.seen()[:], y, loss="half_mse", fit_bias=True, noise=data.noise())
            rounding = 4 * np.finfo(float).eps * (problem.cost_min * problem.scale) ** 0.5
            assert abs(scaled.cost_min - problem.cost_min) <= 1e-9 * problem.cost_min + rounding, seed


@pytest.mark.parametrize("fit_bias", [True, False])
def test_the_spectrum_is_that_of_a_thousand_digits(fit_bias: bool) -> None:
    """Eigenvalues with their low parts to 30 digits, and with them the condition number, be it 1e60."""
    for seed in range(8):
        x, y = drawn(seed, 1 + seed % 3, fit_bias=fit_bias)
        problem = make_problem(x, y, loss="mse", fit_bias=fit_bias)
        with mpmath.workdps(1000):
            design = mpmath.matrix(rows_of(x, fit_bias=fit_bias))
            exact = mpmath.eigsy(2 * design.T * design / len(x), eigvals_only=True)
            for found, low, value in zip(
                problem.eigenvalues.tolist(), problem.eigenvalue_lows.tolist(), exact, strict=True
            ):
                assert abs(mpmath.mpf(found) + low - value) <= value * mpmath.mpf(10) ** -30, seed


@pytest.mark.parametrize(
    ("n_features", "fit_bias", "kinds"),
    [(30, True, ["milliseconds", "id", "plain"]), (30, False, ["plain"]), (50, True, ["plain"])],
)
def test_many_features_have_the_optimum_of_many_digits(
    n_features: int, fit_bias: bool, kinds: list[str]
) -> None:
    """More parameters than fifty digits are quick for: refined in float64, or waited for."""
    rng = np.random.default_rng(n_features)
    x = np.column_stack(
        [COLUMNS[kinds[each % len(kinds)]](rng, n_features + 9) for each in range(n_features)]
    )
    x += np.round(100 * rng.normal(size=x.shape))
    y = (x - x.mean(axis=0)) / x.std(axis=0) @ rng.normal(size=(n_features, 1)) + 1e-6 * rng.normal(
        size=(n_features + 9, 1)
    )
    problem = make_problem(x, y, loss="half_mse", fit_bias=fit_bias)
    with mpmath.workdps(200):
        design, target = mpmath.matrix(rows_of(x, fit_bias=fit_bias)), mpmath.matrix(y.tolist())
        best = mpmath.lu_solve(design.T * design, design.T * target)
        cost = sum(rest**2 for rest in target - design * best) / len(x)
        assert abs(problem.cost_min / cost - 1) <= 1e-9
        largest = max(map(abs, best)) if kinds == ["plain"] else 0
        for found, exact in zip(problem.optimum[:, 0].tolist(), best, strict=True):
            assert abs(found - exact) <= 1e-15 * abs(exact) + 1e-15 * largest


def test_what_neither_float64_nor_patience_can_tell_is_refused() -> None:
    """Sixty time stamps as they are; standardized, they are data like any other."""
    rng = np.random.default_rng(1)
    x, y = 1.7e12 + 1e6 * rng.permuted(np.tile(np.arange(80.0), (60, 1)), axis=1).T, rng.normal(size=(80, 1))
    with pytest.raises(DataError, match="the condition number of more than 48 parameters must be below 1e"):
        make_problem(x, y, loss="half_mse", fit_bias=True)
    data = from_arrays(x, y, standardize=True)
    assert make_problem(data.seen()[:], y, loss="half_mse", fit_bias=True).condition_number < 1e4


def test_costs_close_to_what_counts_as_converged_are_those_of_fractions() -> None:
    """Of states about an optimum that no float is: what rounding left off it is part of the distance."""
    for seed in range(6):
        x, y = drawn(seed, 1 + seed % 2, fit_bias=True)
        x[:, 0] = COLUMNS["microseconds"](np.random.default_rng(seed), len(x))
        hessian, best, _ = exact_fit(x, y, fit_bias=True)
        problem = make_problem(x, y, loss="half_mse", fit_bias=True)
        level = 1e-6 * problem.scale
        along = problem.eigenvectors * np.sqrt(level / problem.eigenvalues)
        states = problem.optimum[:, 0] + np.vstack([along.T, 0.3 * along.sum(axis=1)])
        for state, found in zip(
            states.tolist(), problem.excess_cost(states[..., None]).tolist(), strict=True
        ):
            exact = exact_excess(hessian, best, state)
            assert abs(float(Fraction(found) - exact)) <= 1e-7 * max(float(exact), level), seed


def prepared(
    x: Any, y: Any, training: dict[str, Any], *, data: dict[str, Any] | None = None, **blocks: Any
) -> Experiment:
    """Returns a sweep on arrays."""
    rates = {
        "learning_rate": {"values": [0.01, 0.3, 0.9, 0.9999999, 1.0000001, 1.7], "unit": "stability_limit"}
    }
    declared = {"method": "grid", "training": training, "data": data or {}, "parameters": rates} | blocks
    declaration = load_sweep(declared, data_given=True)
    return prepare(declaration, load_data(declaration, (x, y)))


@pytest.mark.parametrize("engine", ["numpy", "closed_form"])
def test_what_is_called_converged_is_and_what_is_predicted_comes_true(engine: str) -> None:
    """On random data of these kinds in both precisions; nothing warns. What cannot be held is refused."""
    refused, known, converged = 0, 0, 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        x, y = drawn(seed, 1 + seed % 3, fit_bias=True)
        training: dict[str, Any] = {
            "engine": engine,
            "dtype": "float64" if engine == "closed_form" else str(rng.choice(["float32", "float64"])),
            "epochs": int(rng.choice([0, 1, 40, 600])),
            "momentum": float(rng.choice([0, 0, 0.5, 0.9])),
            "early_stop": bool(rng.integers(2)),
        }
        outcome = {
            "tolerance": float(rng.choice([1e-9, 1e-6, 1e-2])),
            "divergence": float(rng.choice([1e6, 1 + 1e-15])),
        }
        try:
            experiment = prepared(
                x, y, training, data={"standardize": bool(rng.integers(4))}, outcome=outcome
            )
        except (ConfigError, DataError):
            refused += 1
            continue
        values = experiment.values(0, experiment.space.n_trials)
        results = experiment.train_groups(experiment.groups(values))
        columns = trial_columns(experiment, 0, values, experiment.groups(values), results)
        told = columns["predicted_outcome"] != MISSING
        known += int(told.sum())
        assert columns["predicted_outcome"][told].tolist() == columns["outcome"][told].tolist(), seed
        problem = experiment.problem
        hessian, best, _ = exact_fit(problem.design[:, :-1], problem.targets, fit_bias=True)
        for theta, word in zip(results.theta[:, :, 0].tolist(), columns["outcome"].tolist(), strict=True):
            if word == CONVERGED:
                converged += 1
                assert exact_excess(hessian, best, theta) <= Fraction(
                    experiment.converged_excess * (1 + 1e-6)
                ), seed
    assert refused < 25
    assert known > 100
    assert converged > 20


@pytest.mark.parametrize(
    ("x", "y", "training", "said"),
    [
        (
            1e15 + np.arange(9),
            np.arange(9) ** 2,
            {},
            "data: column 'x' must not lie so far from 0, at 1e+15, for its spread of 2.58",
        ),
        (
            1.7e12 + 864e5 * np.arange(9),
            np.arange(9) ** 2,
            {"dtype": "float32"},
            "data: column 'x' must not lie so far from 0",
        ),
        (
            np.arange(9),
            1e6 + np.arange(9) % 4,
            {"dtype": "float32"},
            "data: column 'y' must not lie so far from 0, at 1e+06",
        ),
        (
            1e25 * np.arange(9),
            np.arange(9),
            {"dtype": "float32"},
            "training.dtype: float32 must hold the squares of the data, those of column 'x' average",
        ),
        (
            1e-25 * np.arange(9),
            np.arange(9),
            {"dtype": "float32"},
            "training.dtype: float32 must hold the squares of the data, those of column 'x' average",
        ),
        (
            np.arange(9) / 9,
            1e39 * np.arange(9),
            {"dtype": "float32"},
            "training.dtype: float32 must hold the products of x and y, those of column 'y' reach",
        ),
    ],
    ids=str,
)
def test_data_that_the_precision_cannot_hold_are_refused_by_name(
    x: Floats, y: Floats, training: dict[str, Any], said: str
) -> None:
    """The column, where it lies and what helps: standardizing, another unit, or float64."""
    with pytest.raises(ConfigError) as caught:
        prepared(x, y, training)
    message = str(caught.value)
    assert message.startswith(said)
    assert ("dtype: float64" in message) == (training != {})
    assert "standardize: true" in message or "'y'" in message


@pytest.mark.parametrize(
    ("training", "parameters", "place"),
    [
        ({"learning_rate": 1e39}, {}, "training.learning_rate"),
        ({"initial_weight": -1e39}, {}, "training.initial_weight"),
        ({"initial_bias": 1e300}, {}, "training.initial_bias"),
        ({}, {"initial_weight": {"values": [0, 1e39]}}, "parameters.initial_weight"),
        (
            {},
            {"learning_rate": {"min": 1, "max": 1e40, "num": 3, "scale": "log"}},
            "parameters.learning_rate",
        ),
    ],
    ids=str,
)
def test_numbers_that_float32_cannot_hold_are_refused_by_place(
    training: dict[str, Any], parameters: dict[str, Any], place: str
) -> None:
    """Fixed or varied; in float64 they are trials like any other."""
    x, y = np.arange(9.0), np.arange(9.0) ** 2
    parameters = parameters or {"epochs": {"values": [1, 2]}}
    with pytest.raises(ConfigError) as caught:
        prepared(x, y, training | {"dtype": "float32"}, parameters=parameters)
    assert str(caught.value).startswith(f"{place}: must be a number in float32, which ends at 3.4e+38, got")
    assert prepared(x, y, training, parameters=parameters).space.n_trials == len(
        next(iter(parameters.values())).get("values", [1, 2, 3])
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rates_and_starts_at_the_ends_of_numbers_are_predicted_right(dtype: str) -> None:
    """Rates that round to 0 or to subnormal numbers, and such as overflow at once."""
    wide = {"float32": [], "float64": [1e39, 1e150, 1e300, 1.7e308]}[dtype]
    parameters = {
        "learning_rate": {"values": [1e-320, 1e-46, 1e-40, 1e-5, 1e10, 1e38, *wide]},
        "initial_weight": {"values": [0, 1e-320, 1e-40, 1, 1e18, 1e38, *wide]},
        "initial_bias": {"values": [0, 1e30]},
    }
    for momentum in (0, 0.9):
        training = {"dtype": dtype, "epochs": 30, "momentum": momentum}
        experiment = prepared(np.arange(9.0), np.arange(9.0) ** 2, training, parameters=parameters)
        values = experiment.values(0, experiment.space.n_trials)
        groups = experiment.groups(values)
        columns = trial_columns(experiment, 0, values, groups, experiment.train_groups(groups))
        told = columns["predicted_outcome"] != MISSING
        assert told.sum() > len(told) // 4
        assert columns["predicted_outcome"][told].tolist() == columns["outcome"][told].tolist()


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_at_epoch_0_the_closed_form_is_at_its_start_to_the_bit(momentum: float) -> None:
    """Also in its history, and whatever the optimum is."""
    training = {
        "engine": "closed_form",
        "epochs": 5,
        "momentum": momentum,
        "initial_weight": -3.0,
        "initial_bias": 0.1,
    }
    experiment = prepared(
        np.arange(9.0) / 7,
        np.arange(9.0) ** 2,
        training,
        history={"every": 1},
        parameters={"epochs": {"values": [0, 5]}},
    )
    results = experiment.train_groups(experiment.groups(experiment.values(0, 2)))
    first = results.history.theta[results.history.epoch == 0]
    assert results.theta[0].tolist() == first[0].tolist() == first[1].tolist() == [[-3.0], [0.1]]
    assert results.epochs.tolist() == [0, 5]
