"""Trials trained by an engine of this project, none of which may end before its last epoch."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.config.schema import OutcomeConfig
from linreg_sweep.engines import load_engine
from linreg_sweep.engines.interface import TrainOptions, Trials
from linreg_sweep.method import Method
from linreg_sweep.theory.problem import Problem
from linreg_sweep.trials.prepare import criteria_of

PLAIN = Method()


def train(
    engine: str,
    problem: Problem,
    values: Mapping[str, NDArray[np.float64]],
    n_epochs: int,
    *,
    dtype: str = "float64",
    method: Method = PLAIN,
) -> None:
    """Trains trials from 0; values [K] each: learning rates, and what the method takes."""
    n_trials = len(values["learning_rate"])
    start, criteria = np.zeros((n_trials, *problem.shape)), criteria_of(OutcomeConfig(tolerance=1e-300))
    options = TrainOptions(
        criteria.converged_excess(problem.scale),
        criteria.diverged_excess(problem.excess_cost(start), problem.cost_min, problem.scale),
        method=method,
        dtype=dtype,
    )
    trials = Trials(start, np.full(n_trials, n_epochs), values, problem.quadratic)
    if (load_engine(engine)(problem, trials, options).epochs != n_epochs).any():
        raise RuntimeError("a trial ended early: the contestants would not do the same work")
