"""Facts about what averages of states come to, by iteration and closed forms in 60 digits."""

import json
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import TypeAdapter

from linreg_sweep.averages import Declared, update, weights
from linreg_sweep.theory.averaging import ema_factors, mean_factors

FACTS = json.loads((Path(__file__).parent / "facts" / "reference.json").read_text(encoding="utf-8"))
ENTRIES = [
    entry
    for entry in FACTS["entries"]
    if entry["id"].startswith(("avg/S1/EMA decay 0.6", "avg/S1/EMA decay 0.7", "avg/S1/mean"))
]
K = 24

Floats = NDArray[np.float64]


def literal(x: float, m: float, d: float, steps: int, nesterov: bool) -> list[Any]:
    """Returns the errors after each step, as torch.optim.SGD defines it, in 60 digits."""
    error, velocity, errors = mpmath.mpf(1), mpmath.mpf(0), []
    for step in range(steps):
        gradient = x * error
        velocity = m * velocity + (gradient if step == 0 else (1 - mpmath.mpf(d)) * gradient)
        error -= gradient + m * velocity if nesterov else velocity
        errors.append(error)
    return errors


def drawn(kind: str) -> tuple[Floats, Floats, Floats]:
    """Returns x [3, K], momentum [K] and dampening [K]; every regime up to the limit, and x = 0."""
    random = np.random.default_rng(len(kind))
    momentum = np.zeros(K) if kind == "plain" else random.uniform(0, 0.99, K)
    dampening = random.uniform(0, 1, K) if kind == "dampened" else np.zeros(K)
    limit = (2 + 2 * momentum) / (1 + 2 * momentum if kind == "nesterov" else 1 - 0.9 * dampening)
    x = random.uniform(0.5, 1, (3, K)) * np.array([[1e-9], [0.1], [1.0]]) * limit
    x[0, :3] = 0
    return x, momentum, dampening


@pytest.mark.parametrize("kind", ["plain", "heavy", "dampened", "nesterov"])
def test_factors_are_those_of_iteration(kind: str) -> None:
    """Of means from any state to any other, and of exponential averages: to 1e-13 of the largest state."""
    x, momentum, dampening = drawn(kind)
    random = np.random.default_rng(0)
    last = random.integers(1, 200, K).astype(np.float64)
    first: Floats = np.floor(random.uniform(0, 1, K) * (last - 1)) + 1.0
    decay = random.choice([0.0, 0.4, 0.9, 0.999], K)
    nesterov = kind == "nesterov"
    mean = mean_factors(x, momentum, dampening, first, last, nesterov=nesterov)
    ema = ema_factors(x, momentum, dampening, decay, last, nesterov=nesterov)
    with mpmath.workdps(60):
        for mode, trial in np.ndindex(x.shape):
            numbers = float(x[mode, trial]), float(momentum[trial]), float(dampening[trial])
            errors = literal(*numbers, int(last[trial]), nesterov)
            counted = errors[int(first[trial]) - 1 :]
            average, kept = errors[0], mpmath.mpf(float(decay[trial]))
            for error in errors[1:]:
                average = kept * average + (1 - kept) * error
            size = max(1, *map(abs, errors))
            assert abs(mean[mode, trial] - sum(counted) / len(counted)) <= 1e-13 * size
            assert abs(ema[mode, trial] - average) <= 1e-13 * size


def test_directions_that_hardly_move_keep_their_digits_over_a_billion_steps() -> None:
    """z^(s+1) (1 - z^(T-s)) / ((T-s) x) and its exponential kin, in 60 digits, to 1e-12."""
    x, none = np.array([[1e-18, 1e-12, 1e-9, 1e-6, 0.3, 1.7]]), np.zeros(6)
    first, last, decay = np.full(6, 1001.0), np.full(6, 1e9), np.full(6, 0.999)
    mean = mean_factors(x, none, none, first, last, nesterov=False)
    ema = ema_factors(x, none, none, decay, last, nesterov=False)
    with mpmath.workdps(60):
        for column, each in enumerate(map(mpmath.mpf, map(float, x[0]))):
            z, beta, s, steps = 1 - each, mpmath.mpf(0.999), 1000, 10**9
            exact = z ** (s + 1) * (1 - z ** (steps - s)) / ((steps - s) * each)
            assert abs(mean[0, column] / exact - 1) <= 1e-12 or abs(exact) < 1e-100
            tail = (1 - beta) * z**2 * (z ** (steps - 1) - beta ** (steps - 1)) / (z - beta)
            assert abs(ema[0, column] - (beta ** (steps - 1) * z + tail)) <= 1e-12


def test_a_trial_has_the_same_bits_alone() -> None:
    """Whatever the number of steps of its neighbours."""
    x, momentum, dampening = drawn("dampened")
    last = np.geomspace(1, 1e12, K).round()
    with np.errstate(over="ignore", invalid="ignore"):
        whole = mean_factors(x, momentum, dampening, np.ones(K), last, nesterov=False)
        for i in range(K):
            one = slice(i, i + 1)
            alone = mean_factors(
                x[:, one], momentum[one], dampening[one], np.ones(1), last[one], nesterov=False
            )
            assert np.array_equal(alone, whole[:, one], equal_nan=True)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["id"])
def test_reference(entry: dict[str, Any]) -> None:
    """By the formula of engines, step by step, and by the factors of the modes."""
    settings = entry["settings"]
    x, y = (np.array(FACTS["data"]["S1"]["inline"][key]) for key in ("x", "y"))
    a = np.hstack([x, np.ones((len(x), 1))])
    curvature, best = a.T @ a / len(a), np.linalg.lstsq(a, y)[0]
    rate, steps = settings["learning_rate"], settings["epochs"]
    text = settings["average"]
    start = steps // 2 if "T/2" in text else 0
    given = {"kind": "ema", "decay": 0.9} if "EMA" in text else {"kind": "mean", "from": start}
    table = weights(TypeAdapter[Any](Declared).validate_python(given), 1, steps, 1, {})
    theta, stepped = np.zeros_like(best), np.zeros_like(best)
    for weight in table:
        theta = theta - rate * curvature @ (theta - best)
        stepped = update(stepped, theta, weight)
    values, vectors = np.linalg.eigh(curvature)
    z, none = rate * values[:, None], np.zeros(1)
    last = np.full(1, float(steps))
    if "EMA" in text:
        factor = ema_factors(z, none, none, np.full(1, 0.9), last, nesterov=False)
    else:
        factor = mean_factors(z, none, none, np.full(1, start + 1.0), last, nesterov=False)
    for average in (stepped, best + vectors @ (factor * (vectors.T @ -best))):
        excess = float(np.mean((a @ (average - best)) ** 2))
        found = excess if entry["id"].endswith("/ex") else average[0, 0]
        assert found == pytest.approx(float(entry["value"]), rel=entry["tolerance"]["rel"])
