"""Random declarations of linear rules, and a literal loop over rows that trains K of them at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.engines.interface import TrainOptions, Trials
from linreg_sweep.method import Method
from linreg_sweep.schedules import SCHEDULES
from linreg_sweep.schedules import declared as schedules
from linreg_sweep.schedules.base import Settings
from linreg_sweep.theory.outcome import CONVERGED, DIVERGED, UNFINISHED, Criteria
from linreg_sweep.theory.problem import Problem, make_problem

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
NEVER = -1


def method_of(numbers: Mapping[str, Floats], *flags: str, **others: Any) -> Method:
    """Returns the method of trials with these numbers, whose other keys are given."""
    names = ("momentum", "dampening", "weight_decay")
    active = frozenset(name for name in names if name in numbers and numbers[name].any())
    return Method(flags=frozenset(flags), active=active, **others)


def schedule(name: str, **keys: Any) -> Settings:
    """Returns a schedule as it is declared."""
    return SCHEDULES[name].settings.model_validate({"name": name} | keys)


@dataclass(frozen=True)
class Case:
    """K trials that share a problem and a method."""

    problem: Problem
    trials: Trials
    options: TrainOptions

    def rates(self, epoch: int) -> Floats:
        """Returns the learning rates [K] of an epoch."""
        trials, declared = self.trials, self.options.method.schedule
        if declared is None:
            return trials.learning_rate
        spectrum = trials.quadratic.flattest, trials.quadratic.steepest
        epochs = trials.epochs.astype(np.float64)
        factors = schedules.factors(declared, epoch, 1, epochs, *spectrum, trials.values)
        return np.asarray(factors[0] * trials.learning_rate)


@dataclass
class Done:
    """What became of K trials; see Results."""

    theta: Floats
    epochs: Integers
    converged_at: Integers
    diverged_at: Integers
    outcome: NDArray[np.int64]
    at: Integers
    mean: Floats
    """Of all states but the start [K, P, O]."""


def random_schedule(generator: np.random.Generator) -> Settings | None:
    """Returns a schedule of any kind, some with a warm-up, or none."""
    uniform, whole = generator.uniform, generator.integers
    factors = uniform(0.1, 2, int(whole(1, 8))).tolist()
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("step", {"every": int(whole(2, 30)), "gamma": float(uniform(0.1, 1))}),
        ("exponential", {"gamma": float(uniform(0.9, 1))}),
        ("inverse_time", {"t0": float(uniform(1, 100))}),
        ("power", {"power": float(uniform(0.1, 1))}),
        ("polynomial", {"power": float(uniform(0.5, 3))}),
        ("cosine", {"final": float(uniform(0, 0.5))}),
        ("one_cycle", {}),
        ("chebyshev", {"epochs": int(whole(2, 20))}),
        ("silver", {}),
        ("list", {"factors": factors, "then": "repeat"}),
        ("list", {"factors": factors}),
    ]
    warmup = {"warmup": {"epochs": int(whole(1, 10)), "start": float(uniform(0, 1))}}
    name, keys = kinds[whole(len(kinds))]
    if generator.random() < 0.2:
        return None
    return schedule(name, **keys, **(warmup if generator.random() < 0.3 else {}))


def random_case(seed: int, count: int = 50, epochs: int = 300) -> Case:
    """Returns trials over all regimes, of a random problem, rule, penalty, schedule and precision."""
    generator = np.random.default_rng(seed)
    choice, uniform, draw = generator.choice, generator.uniform, generator.random
    n_features = int(generator.integers(1, 5))
    shape = n_features + int(generator.integers(2, 12)), n_features
    x = generator.normal(size=shape) * 10.0 ** uniform(-1, 1, n_features)
    x += generator.normal(size=n_features) * choice([0, 3])
    y = generator.normal(1, 3, (shape[0], int(generator.integers(1, 3))))
    loss = str(choice(["half_mse", "mse", "sse"]))
    problem = make_problem(x, y, loss=loss, fit_bias=bool(draw() < 0.7))
    decay = problem.eigenvalues[-1] * 10.0 ** uniform(-4, 0, count) * (draw(count) < 0.8) * (draw() < 0.5)
    decay_bias, kind = bool(draw() < 0.5), int(generator.integers(4))
    quadratic = problem.penalised(decay, decay_bias)
    momentum, dampening = np.zeros(count), np.zeros(count)
    if kind:
        momentum = choice([0.0, 0.3, 0.9, 0.99], count)
    if kind == 3:
        dampening = choice([0, 0.3, 0.8, 1.0], count) * (momentum > 0)
    nesterov = kind == 2
    limit = ((2 + 2 * momentum) / (1 + 2 * momentum) if nesterov else 2 * (1 + momentum)) / quadratic.steepest
    rates = limit * choice([0.02, 0.3, 0.9, 1.0, 1.05, 2.0], count) * uniform(0.5, 1, count)
    optimum = np.moveaxis(quadratic.optimum, -1, 0)
    spread = 10.0 ** uniform(-3, 1, (count, 1, 1))
    start = optimum + spread * generator.normal(size=(count, *problem.shape))
    criteria = Criteria(float(choice([1e-6, 1e-3, 0.1])), float(choice([1.5, 100, 1e6])), 10, 0.01)
    high = criteria.diverged_excess(quadratic.excess(start), quadratic.least, problem.scale)
    flags = [*(["nesterov"] if nesterov else []), *(["decay_bias"] if decay_bias else [])]
    values = {
        "learning_rate": rates,
        "momentum": momentum,
        "dampening": dampening,
        "weight_decay": decay,
    }
    method = method_of(values, *flags, schedule=random_schedule(generator))
    options = TrainOptions(
        criteria.converged_excess(problem.scale),
        high,
        method,
        early_stop=bool(draw() < 0.6),
        dtype=str(choice(["float64", "float32"])),
    )
    trials = Trials(start, generator.integers(0, epochs, count), values, quadratic)
    return Case(problem, trials, options)


def train(case: Case) -> Done:
    """Trains the trials over the rows of the data, epoch by epoch, in the precision asked for."""
    problem, trials, options = case.problem, case.trials, case.options
    kind = np.dtype(options.dtype).type
    design, targets = problem.design.astype(kind), problem.targets.astype(kind)
    momentum, dampening, decay = (
        trials.values[name].astype(kind)[:, None, None] for name in ("momentum", "dampening", "weight_decay")
    )
    decayed = np.ones((problem.shape[0], 1), kind)
    decayed[-1] = not problem.fit_bias or options.method.decays_bias
    optimum = np.moveaxis(trials.quadratic.optimum + trials.quadratic.optimum_low, -1, 0)
    exact_decay = trials.values["weight_decay"][:, None, None] * decayed
    count = len(trials)
    theta, factor = trials.start.astype(kind), kind(problem.factor)
    velocity, total, mean = np.zeros_like(theta), np.zeros(theta.shape), np.full(theta.shape, np.nan)
    converged, diverged, ended = (np.full(count, NEVER) for _ in range(3))
    last, settled = np.empty(theta.shape), np.zeros(count, np.bool_)
    with np.errstate(all="ignore"):
        for epoch in range(int(trials.epochs.max()) + 1):
            error = theta.astype(np.float64) - optimum
            excess = ((problem.design @ error) ** 2).sum(axis=(1, 2)) / targets.size
            excess += (exact_decay * error**2).sum(axis=(1, 2)) / (problem.factor * targets.size)
            live, low = ended == NEVER, excess <= options.converged_excess
            converged[live & low & (converged == NEVER)] = epoch
            grown = live & ~(excess <= options.diverged_excess)
            diverged[grown] = epoch
            stops = live & ((epoch >= trials.epochs) | grown | (options.early_stop & (converged != NEVER)))
            ended[stops], last[stops], settled[stops] = epoch, theta[stops], low[stops]
            total += theta if epoch else 0
            mean[stops] = total[stops] / epoch if epoch else np.nan
            gradient = factor * (design.T @ (design @ theta - targets)) + decay * decayed * theta
            step = gradient
            if momentum.any():
                velocity = momentum * velocity + (gradient if epoch == 0 else (1 - dampening) * gradient)
                step = gradient + momentum * velocity if "nesterov" in options.method.flags else velocity
            theta = theta - case.rates(epoch).astype(kind)[:, None, None] * step
    good = converged != NEVER if options.early_stop else settled
    outcome = np.select([diverged != NEVER, good], [DIVERGED, CONVERGED], UNFINISHED)
    at = np.select([outcome == DIVERGED, outcome == CONVERGED], [diverged, converged], NEVER)
    return Done(last, ended, converged, diverged, outcome, at, mean)
