"""The closed form and the iterating engine against exact arithmetic, on random trials of every kind."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from linreg_sweep.engines import load_engine
from linreg_sweep.engines.interface import Results, TrainOptions, Trials
from linreg_sweep.method import Method
from linreg_sweep.theory.outcome import MISSING, Criteria, stability_limit
from linreg_sweep.theory.problem import Problem, loss_factor, make_problem
from tests import exactly

Floats = NDArray[np.float64]

STATE = 1e-12
"""Largest error of the closed form's states, relative to the largest parameter: lows of eigenvalues, optimum
and eigenvectors are each rounded once, and a power's logarithm is good to a few roundings."""

LEVEL = 1e-9
"""Relative distance from a level within which an event may fall on either side of it."""

EPOCHS = 120


@dataclass(frozen=True)
class Kind:
    """Random problems of one kind."""

    features: int
    targets: int = 1
    loss: str = "half_mse"
    bias: bool = True
    condition: float = 1e2
    momentum: float | None = None
    nesterov: bool = False
    seed: int = 0


KINDS = [
    *(Kind(features, condition=condition) for features in (1, 2, 4) for condition in (1e1, 1e8)),
    Kind(10, condition=1e8),
    Kind(3, 3, "mse", condition=1e4),
    Kind(2, 2, "sse", bias=False, condition=1e6),
    *(Kind(2, momentum=momentum, condition=1e3) for momentum in (0.3, 0.9, 0.99)),
    *(Kind(3, momentum=momentum, nesterov=True, condition=1e5) for momentum in (0.5, 0.95)),
]
TRIALS = 80


def problem_of(kind: Kind) -> tuple[Problem, Floats, Floats]:
    """Returns a problem whose H has about the condition number asked for, and its data."""
    generator = np.random.default_rng([kind.seed, kind.features, kind.targets, int(kind.condition)])
    n_rows = kind.features + 9
    left = np.linalg.qr(generator.normal(size=(n_rows, kind.features)))[0]
    right = np.linalg.qr(generator.normal(size=(kind.features, kind.features)))[0]
    sizes = np.geomspace(1, kind.condition**-0.5, kind.features) if kind.features > 1 else np.ones(1)
    x = 7 * left @ np.diag(sizes) @ right
    y = generator.normal(1, 3, (n_rows, kind.targets))
    return make_problem(x, y, loss=kind.loss, fit_bias=kind.bias), x, y


def trials_of(kind: Kind, problem: Problem) -> tuple[Trials, TrainOptions]:
    """Returns trials over all regimes, some exactly where something changes."""
    generator = np.random.default_rng([kind.seed, 1, kind.features])
    steepest = problem.eigenvalues[-1]
    multiples = generator.choice([0.02, 0.3, 0.9, 1.0, 1.05, 2.0], TRIALS) * generator.uniform(0.5, 1, TRIALS)
    rates = multiples * 2 / steepest
    rates[:4] = [1 / steepest, 2 / steepest, np.nextafter(2 / steepest, 1), 2 / (steepest * (1 + 1e-7))]
    spread = 10.0 ** generator.uniform(-6, 1, (TRIALS, 1, 1))
    start = problem.optimum + spread * generator.normal(size=(TRIALS, *problem.shape))
    momentum = np.zeros(TRIALS)
    if kind.momentum is not None:
        momentum = np.full(TRIALS, kind.momentum)
        momentum[::5] = generator.uniform(0.01, 0.99, len(momentum[::5]))
        # double roots, exactly and nearly: (1 - sqrt(momentum))**2 = rate * eigenvalue
        rates[5:9] = (1 - np.sqrt(momentum[5:9])) ** 2 / steepest * (1 + np.array([0, 1e-15, 1e-9, -1e-9]))
    criteria = Criteria(
        tolerance=10.0 ** float(generator.choice([-6, -3, -1])),
        divergence=float(generator.choice([1.5, 1e2, 1e6])),
        settle_epochs=10,
        settle_fraction=0.01,
    )
    high = criteria.diverged_excess(problem.excess_cost(start), problem.cost_min, problem.scale)
    epochs = generator.integers(0, EPOCHS, TRIALS)
    low = criteria.converged_excess(problem.scale)
    method = Method(
        flags=frozenset({"nesterov"} if kind.nesterov else ()),
        active=frozenset({"momentum"} if kind.momentum is not None else ()),
    )
    options = TrainOptions(low, high, method, early_stop=bool(generator.integers(2)))
    values = {"learning_rate": rates, "momentum": momentum}
    return Trials(start, epochs, values, problem.quadratic), options


def exact_course(
    kind: Kind, x: Floats, y: Floats, trials: Trials, k: int
) -> tuple[Any, list[list[list[int]]], list[float]]:
    """Returns the exact optimum, errors and excess costs of a trial at every epoch."""
    design = np.column_stack([x, np.ones(len(x))]).tolist() if kind.bias else x.tolist()
    factor = loss_factor(kind.loss, len(x), y.shape[1])
    hessian = exactly.products(design, design, factor)
    optimum = exactly.solve(hessian, exactly.products(design, y.tolist(), factor))
    start = trials.start[k].tolist()
    error = [
        [exactly.fixed(Fraction(theta) - best) for theta, best in zip(*rows, strict=True)]
        for rows in zip(start, optimum, strict=True)
    ]
    settled = [[exactly.fixed(value) for value in row] for row in hessian]
    errors = exactly.descend(
        settled,
        error,
        float(trials.learning_rate[k]),
        int(trials.epochs[k]),
        float(trials.values["momentum"][k]),
        nesterov=kind.nesterov,
    )
    share = 1 / (factor * y.size)
    return optimum, errors, [exactly.excess(settled, state, share) for state in errors]


def first(costs: list[float], level: float, *, above: bool) -> tuple[int, bool]:
    """Returns the first epoch at which costs are at most a level, or above it, and if that is clear."""
    for epoch, cost in enumerate(costs):
        if abs(cost - level) <= LEVEL * level:
            return epoch, False
        if (cost > level) if above else (cost <= level):
            return epoch, True
    return MISSING, True


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_closed_form_is_exact_arithmetic_rounded(kind: Kind) -> None:
    """States to 1e-12 of the largest parameter; events on the same epoch, but where costs meet levels."""
    problem, x, y = problem_of(kind)
    trials, options = trials_of(kind, problem)
    found = load_engine("closed_form")(problem, trials, options)
    at_odds = 0
    for k in range(0, TRIALS, 1 if kind.features < 4 else 4):
        optimum, errors, costs = exact_course(kind, x, y, trials, k)
        end = int(found.epochs[k])
        state = np.array(
            [
                [float(best + exactly.real(error)) for best, error in zip(*rows, strict=True)]
                for rows in zip(optimum, errors[end], strict=True)
            ]
        )
        gap = np.abs(found.theta[k] - state).max() / np.abs(state).max()
        assert gap <= STATE, k
        at_odds += check_events(found, options, costs, k)
    assert at_odds <= TRIALS // 20


def check_events(found: Results, options: TrainOptions, costs: list[float], k: int) -> int:
    """Asserts that a trial's events are the first by definition; returns 1 where a cost meets its level."""
    low, high = float(np.asarray(options.converged_excess)), float(options.diverged_excess[k])
    came, clear = first(costs, low, above=False)
    went, clear_too = first(costs, high, above=True)
    if not (clear and clear_too):
        return 1
    end = went if went != MISSING else len(costs) - 1
    if options.early_stop and came != MISSING:
        end = min(end, came)
    expected = (came if came <= end else MISSING, went if went <= end else MISSING, end)
    assert (found.converged_at[k], found.diverged_at[k], found.epochs[k]) == expected, k
    return 0


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_iterating_engine_follows_within_its_rounding(kind: Kind) -> None:
    """States of numpy and the closed form differ by at most 8 P (epochs + 1) roundings of what was passed.

    Each epoch rounds H theta - C, P products of up to lambda_max |theta|, and adds that to the state.
    """
    problem, _, _ = problem_of(kind)
    trials, options = trials_of(kind, problem)
    same = TrainOptions(-1.0, np.full(TRIALS, np.inf), options.method, early_stop=False)
    exact = load_engine("closed_form")(problem, trials, same).theta
    followed = load_engine("numpy")(problem, trials, same).theta
    sizes = np.maximum(np.abs(trials.start), np.abs(problem.optimum)).max(axis=(1, 2))
    momentum = trials.values["momentum"]
    roundings = 8 * problem.shape[0] * (trials.epochs + 1) / (1 - momentum) * np.finfo(float).eps / 2
    limits = stability_limit(float(problem.eigenvalues[-1]), momentum, nesterov=kind.nesterov)
    stable = trials.learning_rate <= limits  # else what was rounded grows as well
    assert stable.sum() > TRIALS / 3
    gaps = np.abs(exact - followed).max(axis=(1, 2)) / (roundings * sizes)
    assert gaps[stable].max() <= 1
    found = load_engine("numpy")(problem, trials, options)
    expected = load_engine("closed_form")(problem, trials, options)
    apart = (found.converged_at != expected.converged_at) | (found.diverged_at != expected.diverged_at)
    assert apart.sum() <= TRIALS // 20
