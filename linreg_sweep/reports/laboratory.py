"""What a page needs to show trials: H and C, the spectrum, when a trial has ended, and states that were kept.

By these it trains SGD at a constant rate on all rows itself, with momentum or without; of trials that descend
in another way it shows what the run found.
"""

import shlex
from typing import TYPE_CHECKING, Any

import numpy as np

from linreg_sweep.analysis.legend import Bounds
from linreg_sweep.array_types import Floats, Integers
from linreg_sweep.blocks import evenly
from linreg_sweep.config.parameters import own_weight
from linreg_sweep.errors import Complaint, ResultsError
from linreg_sweep.plots.style import REGIME_WORDS, parameter_words
from linreg_sweep.reports.payload import matrix, plain
from linreg_sweep.runs.results import Run
from linreg_sweep.storage.layout import HISTORY
from linreg_sweep.storage.parquet import read_arrays
from linreg_sweep.theory.outcome import REGIMES, SURPRISES
from linreg_sweep.theory.problem import Problem
from linreg_sweep.trials.columns import parameter_column, parameter_name
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.groups import Group

if TYPE_CHECKING:
    import pandas as pd


MAX_PARAMETERS = 40
"""Parameters above which a page would wait for each move of a slider."""

MAX_STATES = 20_000
"""Kept states of all trials of a page together, about."""

MAX_POINTS = 500
"""Rows of the data that are drawn."""

FURTHEST_RATE = 2.1
"""The end of the slider of learning rates, in stability limits without momentum: with it they reach 2."""


def laboratory(run: Run, experiment: Experiment, trials: "pd.DataFrame") -> dict[str, Any]:
    """Returns the problems of a run, what its sliders begin with, and what of it the listed trials need.

    Raises:
        ResultsError: the data have too many parameters.
    """
    training, size = experiment.config.training, experiment.problem.shape[0]
    if size > MAX_PARAMETERS:
        text = f"the run has {size} parameters per target, and a page trains at most {MAX_PARAMETERS}"
        raise ResultsError(Complaint("", text))
    groups = experiment.groups(_hyperparameters(run, experiment, trials))
    setups, setup = _setups(groups, len(trials))
    ways, way = _ways(groups, len(trials))
    criteria, bounds = experiment.criteria, Bounds.of(experiment.criteria)
    return {
        "setups": [_setup(experiment, group) for group in setups],
        "setup": setup,
        "ways": ways,
        "way": way,
        "converged_excess": experiment.converged_excess,
        "divergence": criteria.divergence,
        "settling": criteria.settling,
        "early_stop": training.early_stop,
        "single": training.dtype == "float32",
        "engine": training.engine,
        "show": shlex.join(["linreg-sweep", "show", str(run.path), "--where"]),
        "parameters": list(experiment.parameter_names),
        "features": list(experiment.data.x_names),
        "targets": list(experiment.data.y_names),
        "points": _points(experiment),
        "penalised": experiment.is_penalised,
        "inputs": _inputs(experiment, [group.problem for group in setups]),
        "kept": _kept_states(run, experiment, groups, trials, np.array(way)),
        "regime_words": {name: bounds.regime(name) for name in REGIMES},
        "measured_words": {name: bounds.regime(name, measured=True) for name in REGIMES},
        "surprises": SURPRISES,
        "regime_names": REGIME_WORDS,
    }


def _hyperparameters(run: Run, experiment: Experiment, trials: "pd.DataFrame") -> dict[str, Floats]:
    """Returns what some rows of a run's trials have as hyperparameters, as an experiment has them."""
    values = {}
    for column in map(parameter_column, experiment.fixed()):
        cells, type_ = trials[column], run.types[column]
        codes = cells.cat.codes if type_.is_words else cells
        values[parameter_name(column)] = type_.keys(codes.to_numpy(np.float64, na_value=np.nan))
    return values


def _setups(groups: list[Group], count: int) -> tuple[list[Group], list[int]]:
    """Returns groups that differ in their problem or in Nesterov's momentum, and which each trial is like."""
    found: dict[Any, Group] = {}
    places = np.zeros(count, np.int64)
    for group in groups:
        key = group.kind, _is_nesterov(group)
        found.setdefault(key, group)
        places[group.chosen] = list(found).index(key)
    return list(found.values()), places.tolist()


def _is_nesterov(group: Group) -> bool:
    return "nesterov" in group.options.method.flags


def _points(experiment: Experiment) -> dict[str, Any] | None:
    """Returns rows of the only feature and the first target, evenly spaced; None: there are several."""
    problem, data = experiment.problem, experiment.data
    if len(data.x_names) != 1:
        return None
    a, y = problem.rows(evenly(problem.n_rows, MAX_POINTS))
    seen = a[:, 0]
    x = seen * data.x_scale + data.x_mean if experiment.config.data.standardize else seen
    return {"x": plain(x), "y": plain(y[:, 0])}


def _setup(experiment: Experiment, group: Group) -> dict[str, Any]:
    problem, (loss, is_standardized, fold) = group.problem, group.kind
    header = experiment.headers[fold]
    data = header if is_standardized else header.as_given()
    words = [
        f"loss {loss}",
        "standardized x" * is_standardized,
        f"fold {fold}" * experiment.has_folds,
        "Nesterov's momentum" * _is_nesterov(group),
    ]
    low = problem.quadratic.visible_low
    visible = np.zeros_like(problem.optimum) if low is None else low[..., 0]
    return {
        "hessian": matrix(problem.hessian),
        "constant": matrix(problem.constant),
        "optimum": matrix(problem.optimum),
        "optimum_low": matrix(visible),
        "x_mean": plain(data.x_mean),
        "x_scale": plain(data.x_scale),
        "eigenvalues": plain(problem.eigenvalues),
        "eigenvectors": matrix(problem.eigenvectors.T),
        "cost_min": problem.cost_min,
        "scale": problem.scale,
        "converged_excess": float(np.max(group.options.converged_excess)),
        "cost_per_loss": problem.cost_per_loss,
        "nesterov": _is_nesterov(group),
        "words": " and ".join(filter(None, words)),
        "furthest_rate": FURTHEST_RATE * (2 / problem.curvature[1] if problem.curvature[1] else 1.0),
    }


def _ways(groups: list[Group], count: int) -> tuple[list[str], list[int]]:
    """Returns with what trials descend that a page does not know, in words, and which each has; -1: none."""
    ways: dict[str, int] = {}
    places = np.full(count, -1, np.int64)
    for group in groups:
        method, values = group.options.method, group.trials.values
        shared = [
            method.optimizer if method.optimizer != "sgd" else "",
            _schedule(method.schedule),
            "an average of states" if method.average is not None else "",
            "mini-batches" if method.batch_size is not None else "",
        ]
        for place, number in enumerate(group.chosen):
            own = [
                words
                for name, words in (("weight_decay", "weight decay"), ("dampening", "dampening"))
                if name in method.active and values[name][place]
            ]
            way = [words for words in [*shared, *own] if words]
            if way:
                places[number] = ways.setdefault(" and ".join(way), len(ways))
    return list(ways), places.tolist()


def _schedule(declared: Any) -> str:
    if declared is None:
        return ""
    return "a warm-up" if declared.word == "constant" else f"the schedule {declared.word}"


def _kept_states(
    run: Run, experiment: Experiment, groups: list[Group], trials: "pd.DataFrame", way: Integers
) -> dict[str, Any] | None:
    """Returns the states that a run kept of the trials that a page cannot train; None: none.

    Of many, each trial has fewer, so that there are no more than about MAX_STATES.
    """
    numbers = trials["trial"].to_numpy()
    listed = numbers[way >= 0]
    if not run.metadata["history"] or not len(listed):
        return None
    layout, shape = run.layout(HISTORY), experiment.problem.shape
    names = ["trial", "epoch", *run.metadata["parameters"][: shape[0] * shape[1]]]
    parts = [run.store.part(run.store.history, number) for number in run.finished_parts()]
    found = [_of(listed, read_arrays(part, names, layout)) for part in parts]
    columns = {name: np.concatenate([part[name] for part in found]) for name in names}
    step = -(-len(columns["trial"]) // MAX_STATES)
    place = np.arange(len(columns["trial"])) - np.searchsorted(columns["trial"], columns["trial"])
    last = np.append(columns["trial"][1:] != columns["trial"][:-1], True)
    columns = {name: values[(place % max(1, step) == 0) | last] for name, values in columns.items()}
    trial, epoch = columns["trial"], columns["epoch"]
    begun = np.setdiff1d(trial, trial[epoch == 0])  # kept states, but not their start
    trial, epoch = np.append(begun, trial), np.append(np.zeros_like(begun), epoch)
    kept = np.column_stack([columns[name] for name in names[2:]]).reshape(-1, *shape)
    theta = np.concatenate([np.empty((len(begun), *shape)), kept])
    row, excess = np.searchsorted(numbers, trial), np.empty(len(trial))
    for group in groups:
        mine = np.flatnonzero(np.isin(row, group.chosen))
        own = np.searchsorted(group.chosen, row[mine])
        starts = mine < len(begun)
        theta[mine[starts]] = group.trials.start[own[starts]]
        excess[mine] = group.trials.quadratic.take(own).excess(theta[mine])
    order = np.lexsort((epoch, trial))
    return {
        "trial": trial[order].tolist(),
        "epoch": epoch[order].tolist(),
        "excess": plain(excess[order]),
        "theta": matrix(theta[order].reshape(len(order), -1)),
    }


def _of(trials: Integers, columns: dict[str, Any]) -> dict[str, Any]:
    """Returns the rows of a history that are of these trials."""
    chosen = np.isin(columns["trial"], trials)
    return {name: values[chosen] for name, values in columns.items()}


def _inputs(experiment: Experiment, problems: list[Problem]) -> list[dict[str, Any]]:
    """Returns what can be set, each with the column that it is in, its words, its span and its beginning."""
    training = experiment.config.training
    fixed = experiment.fixed()
    inputs = [_input(experiment, "learning_rate", 0.0, 1.0, fixed["learning_rate"])]  # see furthest_rate
    for name, value in fixed.items():
        rows = _rows(experiment, name)
        if rows:
            at = np.concatenate([problem.optimum[rows, 0] for problem in problems])
            reach = 1.2 * max(float(np.abs(at - value).max()), float(np.abs(at).max()), 1.0)
            inputs.append(
                _input(experiment, name, float(at.mean()) - reach, float(at.mean()) + reach, value)
                | {"rows": rows}
            )
    inputs.append(_input(experiment, "momentum", 0.0, 0.99, training.momentum or 0.0))
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
