"""What a page needs to show trials: H and C, the spectrum, when a trial has ended, and states that were kept.

By these it trains full-batch trials itself; of mini-batch trials it shows what the run found.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.analysis.legend import Bounds
from linreg_sweep.config.parameters import own_weight
from linreg_sweep.errors import Complaint, ResultsError
from linreg_sweep.plots.style import REGIME_WORDS, parameter_words
from linreg_sweep.reports.payload import matrix, plain
from linreg_sweep.runs.results import Run
from linreg_sweep.storage.layout import HISTORY
from linreg_sweep.storage.parquet import read_arrays
from linreg_sweep.theory.outcome import REGIMES, SURPRISES, stability_limit
from linreg_sweep.theory.problem import Problem
from linreg_sweep.trials.columns import parameter_column
from linreg_sweep.trials.experiment import Experiment

if TYPE_CHECKING:
    import pandas as pd

MOST_PARAMETERS = 40
"""Parameters above which a page would wait for each move of a slider."""

MOST_STATES = 20_000
"""Kept states of all trials of a page together, about."""

FURTHEST_RATE = 2.1
"""The end of the slider of learning rates, in stability limits without momentum: with it they reach 2."""


def laboratory(run: Run, experiment: Experiment, trials: "pd.DataFrame") -> dict[str, Any]:
    """Returns the problem of a run and what its sliders begin with.

    Args:
        run: which run.
        experiment: what its trials are a function of.
        trials: those that the page lists.

    Raises:
        ResultsError: the data have too many parameters.
    """
    problem, training = experiment.problem, experiment.config.training
    if problem.shape[0] > MOST_PARAMETERS:
        text = f"has {problem.shape[0]} parameters a target, a page can train up to {MOST_PARAMETERS}"
        raise ResultsError(Complaint(str(run.path), text))
    words = [name for name in run.varied if run.types[name].is_words]
    optimizer = getattr(training, "optimizer", "sgd")
    if words or optimizer != "sgd":
        what = f"{words[0]} varies" if words else f"the optimizer is {optimizer}"
        text = f"{what}, and a page can train SGD with momentum alone"
        raise ResultsError(Complaint(str(run.path), text))
    criteria, bounds = experiment.criteria, Bounds.of(experiment.criteria)
    tail = problem.quadratic.visible_tail
    visible = np.zeros_like(problem.optimum) if tail is None else tail[..., 0]
    return {
        "hessian": matrix(problem.hessian),
        "constant": matrix(problem.constant),
        "optimum": matrix(problem.optimum),
        "optimum_tail": matrix(visible),
        "eigenvalues": plain(problem.eigenvalues),
        "eigenvectors": matrix(problem.eigenvectors.T),
        "cost_min": problem.cost_min,
        "scale": problem.scale,
        "cost_per_loss": problem.cost_per_loss,
        "converged_excess": experiment.converged_excess,
        "divergence": criteria.divergence,
        "settling": criteria.settling,
        "early_stop": training.early_stop,
        "nesterov": training.nesterov,
        "single": training.dtype == "float32",
        "engine": training.engine,
        "parameters": list(experiment.parameter_names),
        "targets": list(experiment.data.y_names),
        "n_rows": problem.n_rows,
        "batch_size": training.batch_size,
        "inputs": _inputs(experiment),
        "kept": _kept_states(run, problem, trials),
        "regime_words": {name: bounds.regime(name) for name in REGIMES},
        "measured_words": {name: bounds.regime(name, measured=True) for name in REGIMES},
        "surprises": SURPRISES,
        "regime_names": {name: REGIME_WORDS[name] for name in REGIMES},
    }


def _kept_states(run: Run, problem: Problem, trials: "pd.DataFrame") -> dict[str, Any] | None:
    """Returns the states that a run kept of its mini-batch trials, which a page cannot train; None: none.

    Of many, each trial has fewer, so that there are no more than about MOST_STATES.
    """
    listed = trials["trial"].to_numpy()[(trials["regime_source"] == "measured").to_numpy()]
    if not run.metadata["history"] or not len(listed):
        return None
    layout = run.layout(HISTORY)
    names = ["trial", "epoch", *run.metadata["parameters"][: problem.optimum.size]]
    parts = [run.store.part(run.store.history, number) for number in run.finished_parts()]
    found = [_of(listed, read_arrays(part, names, layout)) for part in parts]
    columns = {name: np.concatenate([part[name] for part in found]) for name in names}
    step = -(-len(columns["trial"]) // MOST_STATES)
    place = np.arange(len(columns["trial"])) - np.searchsorted(columns["trial"], columns["trial"])
    last = np.append(columns["trial"][1:] != columns["trial"][:-1], True)
    columns = {name: values[(place % max(1, step) == 0) | last] for name, values in columns.items()}
    theta = np.column_stack([columns[name] for name in names[2:]])
    return {
        "trial": columns["trial"].tolist(),
        "epoch": columns["epoch"].tolist(),
        "excess": plain(problem.excess_cost(theta.reshape(-1, *problem.shape))),
        "theta": matrix(theta),
    }


def _of(trials: NDArray[np.int64], columns: dict[str, Any]) -> dict[str, Any]:
    """Returns the rows of a history that are of these trials."""
    chosen = np.isin(columns["trial"], trials)
    return {name: values[chosen] for name, values in columns.items()}


def _inputs(experiment: Experiment) -> list[dict[str, Any]]:
    """Returns what can be set, each with the column that it is in, its words, its span and its beginning."""
    training, problem = experiment.config.training, experiment.problem
    fixed = experiment.fixed()
    _, steepest = problem.curvature
    limit = float(stability_limit(steepest)) if steepest else 1.0
    inputs = [_input(experiment, "learning_rate", 0.0, FURTHEST_RATE * limit, fixed["learning_rate"])]
    for name, value in fixed.items():
        rows = _rows(experiment, name)
        if rows:
            at = problem.optimum[rows, 0]
            reach = 1.2 * max(float(np.abs(at - value).max()), float(np.abs(at).max()), 1.0)
            inputs.append(
                _input(experiment, name, float(at.mean()) - reach, float(at.mean()) + reach, value)
                | {"rows": rows}
            )
    inputs.append(_input(experiment, "momentum", 0.0, 0.99, training.momentum))
    inputs.append(_input(experiment, "epochs", 1, max(1000, training.epochs), training.epochs))
    return inputs


def _input(experiment: Experiment, name: str, low: float, high: float, value: float) -> dict[str, Any]:
    column = parameter_column(name)
    low, high, value = plain([low, high, value])
    words = parameter_words(column, standardized=experiment.config.data.standardize)
    return {"name": column, "words": words, "low": low, "high": high, "value": value}


def _rows(experiment: Experiment, name: str) -> list[int]:
    """Returns the rows of theta that an initial weight or bias begins; none for other parameters."""
    x_names = experiment.data.x_names
    if name == "initial_weight":
        own = experiment.fixed()
        return [row for row, x in enumerate(x_names) if own_weight(x) not in own]
    if name == "initial_bias":
        return [len(x_names)] if experiment.problem.fit_bias else []
    return [row for row, x in enumerate(x_names) if name == own_weight(x)]
