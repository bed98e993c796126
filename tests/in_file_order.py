"""Random trials of mini-batches in file order, and what theory says of them beside what they come to."""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from linreg_sweep.engines import load_engine
from linreg_sweep.engines.interface import TrainOptions, Trials
from linreg_sweep.theory.applies import theory_of
from linreg_sweep.theory.outcome import CONVERGED, DIVERGED, EPOCH_MAP, MINI_BATCHES, MISSING, judge
from linreg_sweep.theory.problem import Problem, make_problem
from linreg_sweep.trials.prediction import predict
from tests.cases import SCHEDULE
from tests.descents import judged, make_method, make_trials
from tests.random_sweeps import random_schedule


def random_trials(
    seed: int, count: int = 50, *, scheduled: bool = False, n_rows: tuple[int, int] = (3, 40), most: int = 40
) -> tuple[Problem, Trials, TrainOptions]:
    """Returns trials on random data: every loss, momentum and penalty, last batches that are smaller.

    Args:
        seed: of all that is drawn.
        count: of the trials.
        scheduled: whether their rates change from epoch to epoch.
        n_rows: between which the number of rows lies, the last not included.
        most: above which no number of rows a step lies.
    """
    draw = np.random.default_rng(seed)
    rows, features, targets = (int(draw.integers(*span)) for span in (n_rows, (1, 5), (1, 3)))
    x = draw.normal(size=(rows, features)) * 10.0 ** draw.uniform(-1, 1, features)
    x += draw.normal(size=features) * draw.choice([0, 3])
    y = draw.normal(1, 3, (rows, targets))
    if draw.random() < 0.3:
        y = x @ draw.normal(size=(features, targets)) + 1
    loss, fit_bias = str(draw.choice(["half_mse", "mse", "sse"])), bool(draw.random() < 0.8)
    problem = make_problem(x, y, loss=loss, fit_bias=fit_bias)
    steepest = problem.eigenvalues[-1]
    nesterov, has_momentum = draw.random() < 0.3, draw.random() < 0.6
    momentum = draw.choice([1e-3 if nesterov else 0, 0.5, 0.9, 0.99], count) * has_momentum
    dampening = draw.choice([0, 0.5, 0.9], count) * (momentum > 0) * (draw.random() < 0.5) * (not nesterov)
    decay = draw.choice([0, 1e-2, 0.5], count) * steepest * (draw.random() < 0.4)
    flags = ["nesterov"] * (nesterov and has_momentum) + ["decay_bias"] * bool(draw.random() < 0.3)
    trials = make_trials(
        problem,
        2 / steepest * 10 ** draw.uniform(-3, 0.5, count),
        draw.normal(0, 3, (count, *problem.shape)),
        int(draw.choice([20, 100, 1000] if scheduled else [20, 300, 2000])),
        "sgd",
        flags,
        momentum=momentum,
        dampening=dampening,
        weight_decay=decay,
    )
    method = make_method(trials, "sgd", flags, batch_size=int(draw.integers(1, min(rows, most))))
    if scheduled:
        method = replace(method, schedule=SCHEDULE.validate_python(random_schedule(draw)))
    tolerance, divergence = 10 ** draw.uniform(-6, -1), float(draw.choice([10, 1e6]))
    early_stop = bool(draw.random() < 0.5)
    return problem, trials, judged(problem, trials, method, tolerance, divergence, early_stop=early_stop)


def held_to_the_experiment(seed: int, **how: Any) -> Counter[str]:
    """Holds predictions of trials to what the NumPy engine makes of them; counts those of few maps.

    Args:
        seed: of the trials.
        how: else of them; see random_trials.
    """
    problem, trials, options = random_trials(seed, **how)
    told = predict(problem, trials, options, theory_of(options.method, problem))
    done = load_engine("numpy")(problem, trials, options)
    excess, early_stop = trials.quadratic.excess(done.theta), options.early_stop
    events = done.converged_at, done.diverged_at
    outcome = judge(*events, excess, options.converged_excess, early_stop=early_stop)
    at = np.select([outcome == CONVERGED, outcome == DIVERGED], events, MISSING)
    known = told.theory == EPOCH_MAP
    np.testing.assert_array_equal(told.outcome[known], outcome[known], err_msg=f"seed {seed}")
    exact = known & ((told.at != MISSING) | (told.about == MISSING))
    np.testing.assert_array_equal(told.at[exact], at[exact], err_msg=f"seed {seed}")
    plain = trials.values["momentum"] == 0
    return Counter(
        trials=(told.theory != MINI_BATCHES).sum(),
        known=known.sum(),
        exact=exact.sum(),
        plain=plain.sum(),
        told=(plain & known).sum(),
    )
