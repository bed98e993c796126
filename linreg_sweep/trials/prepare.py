"""From a declaration to an experiment: loads the data, and checks what only the data can tell."""

from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from linreg_sweep import data as datasets
from linreg_sweep.config import Config, Declaration, Sweep
from linreg_sweep.config.faults import MOST_COMPLAINTS, config_error
from linreg_sweep.config.parameters import OWN_WEIGHT, own_weight
from linreg_sweep.config.schema import OutcomeConfig
from linreg_sweep.data import Data
from linreg_sweep.engines import load_module
from linreg_sweep.errors import MOST_NAMED, Complaint, ConfigError, DataError, did_you_mean, listed, shorten
from linreg_sweep.theory.dependence import CONSTANT, dependent_columns
from linreg_sweep.theory.outcome import Criteria, stability_limit
from linreg_sweep.theory.problem import Problem, make_problem
from linreg_sweep.trials.experiment import Experiment, count_states, has_mini_batches, most_epochs
from linreg_sweep.trials.precision import faults_of_precision
from linreg_sweep.trials.space import Space, make_space

Arrays = tuple[Any, Any]
"""X (n,) or (n, F) and y (n,) or (n, O): anything that NumPy takes for numbers."""

MOST_STATES = 1_000_000
"""States that the history of one trial may hold."""


def load_data(declaration: Declaration, arrays: Arrays | None = None) -> Data:
    """Returns the data that a declaration names, or these arrays as it asks for them.

    Args:
        declaration: says what to read, whether to standardize it and whether a bias is fitted.
        arrays: x and y from Python, instead of what the declaration names.

    Raises:
        DataError: the data cannot be read or fitted.
    """
    block = declaration.config.data
    standardize, fit_bias = block.standardize, block.fit_bias
    if arrays is not None:
        if not (isinstance(arrays, tuple) and len(arrays) == 2):
            text = f"must be a pair (x, y) of arrays, got {type(arrays).__name__}"
            raise DataError(
                Complaint("data", text, "data=(x, y), such as data=(table[['size']], table['price'])")
            )
        return _noted(
            datasets.from_arrays(*arrays, standardize=standardize, fit_bias=fit_bias), fit_bias=fit_bias
        )
    path = data_path(declaration)
    if path is None:
        return datasets.tutorial(standardize=standardize, fit_bias=fit_bias)
    return _noted(datasets.from_file(path, block.x, block.y or (), standardize, fit_bias), fit_bias=fit_bias)


def _noted(data: Data, *, fit_bias: bool) -> Data:
    """Returns data with a note on columns that are combinations of others, if rows are enough to say."""
    n_rows, n_features = data.x.shape
    if n_rows < n_features + fit_bias:
        return data
    with threadpool_limits(limits=1):
        found = dependent_columns(data.x, data.x_names, fit_bias=fit_bias)
    told = [
        f"{shorten(name)} (on {listed(others)})" for name, others in found if others not in ((), (CONSTANT,))
    ]
    if not told:
        return data
    shown = ", ".join(told[:MOST_NAMED]) + (", ..." if len(told) > MOST_NAMED else "")
    note = f"some columns depend on others, so that many weights fit equally well: {shown}"
    return replace(data, notes=(*data.notes, note))


def data_path(declaration: Declaration) -> Path | None:
    """Returns the file that a declaration's data are in; None where they are built in."""
    path = declaration.config.data.path
    if path is None:
        return None
    full = declaration.folder / path
    return (
        full.relative_to(Path.cwd()) if full.is_relative_to(Path.cwd()) else full
    )  # as short as a person says it


def prepare(declaration: Declaration, data: Data) -> Experiment:
    """Returns the experiment that a declaration describes.

    Args:
        declaration: of a config (one trial, nothing varies) or of a sweep.
        data: its data.

    Raises:
        ConfigError: the declaration and the data do not fit together, all complaints at once.
        DataError: the squares of the data overflow or vanish.
    """
    config = declaration.config
    space = make_space(config)
    _check(declaration, data, space)
    with threadpool_limits(limits=1):  # the same bits however many cores there are
        problem = make_problem(
            data.inputs(),
            data.y,
            loss=config.training.loss,
            fit_bias=config.data.fit_bias,
            noise=data.noise(),
            names=(*data.x_names, *data.y_names),
        )
    rate = space.parameters.get("learning_rate")
    if rate is not None and rate.unit is not None and not problem.eigenvalues[-1]:
        text = "the data must have a stability limit, but no learning rate diverges on them: x is 0"
        raise declaration.error(("parameters", "learning_rate", "unit"), text, "leave the unit out")
    if rate is not None and rate.unit is not None and not _is_finite(config, space, problem):
        text = "the data's stability limit is so large that rates in it are no numbers any more"
        hint = "standardize the data or give them in another unit"
        raise declaration.error(("parameters", "learning_rate", "unit"), text, hint)
    _raise_all(faults_of_precision(declaration, data, space, problem))
    header = replace(data, x=data.x[:0], y=data.y[:0])
    return Experiment(config, header, data.digest(), problem, space, criteria_of(config.outcome))


def _is_finite(config: Config | Sweep, space: Space, problem: Problem) -> bool:
    """Returns whether every learning rate that is declared in stability limits is a finite number."""
    momentum = space.parameters.get("momentum")
    momenta = [config.training.momentum] if momentum is None else space.ends("momentum")
    with np.errstate(over="ignore"):
        limits = stability_limit(
            float(problem.eigenvalues[-1]), np.array(momenta), nesterov=config.training.nesterov
        )
        return bool(np.isfinite(space.largest("learning_rate") * limits).all())


def criteria_of(outcome: OutcomeConfig) -> Criteria:
    """Returns when a trial counts as converged, diverged or settled, as a config says."""
    return Criteria(outcome.tolerance, outcome.divergence, outcome.settle.epochs, outcome.settle.fraction)


def _check(declaration: Declaration, data: Data, space: Space) -> None:
    """Raises every complaint about a declaration that needs the data to be known."""
    _raise_all(
        chain(
            _faults_of_starts(declaration, data, space),
            _faults_of_engine(declaration, data, space),
            _faults_of_history(declaration, space),
        )
    )


def _raise_all(faults: Iterator[ConfigError]) -> None:
    """Raises the first complaints of all, if there are any."""
    errors = list(islice(faults, MOST_COMPLAINTS + 1))
    if errors:
        raise config_error(complaint for error in errors for complaint in error.complaints)


def _faults_of_starts(declaration: Declaration, data: Data, space: Space) -> Iterator[ConfigError]:
    """Yields what is wrong with initial weights and biases: for other features, or for none."""
    training, varied = declaration.config.training, space.parameters
    weights, features = training.initial_weight, data.x_names
    if isinstance(weights, tuple) and "initial_weight" not in varied and len(weights) != len(features):
        text = f"must have one number for each of the {len(features)} features ({', '.join(features)})"
        hint = "or give one number for all of them"
        yield declaration.error(("training", "initial_weight"), f"{text}, got {len(weights)}", hint)
    known = [own_weight(name) for name in features]
    for name in varied:
        if name.startswith(OWN_WEIGHT) and name not in known:
            text, hint = "must name a feature of the data", did_you_mean(name, known)
            yield declaration.error(("parameters", name), text, hint)
    if not declaration.config.data.fit_bias and "initial_bias" in varied:
        text, hint = "nothing to start: data.fit_bias is false", "leave initial_bias out, or fit a bias"
        yield declaration.error(("parameters", "initial_bias"), text, hint)
    elif not declaration.config.data.fit_bias and training.initial_bias:
        text = f"must be 0 where data.fit_bias is false, got {training.initial_bias:g}"
        yield declaration.error(("training", "initial_bias"), text, "leave it out, or fit a bias")


def _faults_of_engine(declaration: Declaration, data: Data, space: Space) -> Iterator[ConfigError]:
    """Yields what the engine lacks on this machine, or for these batches."""
    training = declaration.config.training
    if training.engine == "numba" and find_spec("numba") is None:
        hint = "pip install numba, or use engine: numpy"
        yield declaration.error(("training", "engine"), "numba is not installed", hint)
    if training.device == "cuda" and not load_module("torch").has_cuda():
        text = "cuda must be available, torch finds no such device"
        hint = "use cpu, or a build of torch with CUDA on a machine with an NVIDIA GPU"
        yield declaration.error(("training", "device"), text, hint)
    if training.engine == "closed_form" and has_mini_batches(training.batch_size, space, len(data.y)):
        swept = "batch_size" in space.parameters
        path = ("parameters", "batch_size") if swept else ("training", "batch_size")
        text = f"must be null or at least all {len(data.y):,} rows with engine closed_form"
        text += "" if swept else f", got {training.batch_size}"
        hint = "mini-batches have no closed form: use engine: numpy"
        yield declaration.error(path, text, hint)


def _faults_of_history(declaration: Declaration, space: Space) -> Iterator[ConfigError]:
    """Yields that a trial's history would hold too many states."""
    config = declaration.config
    states = count_states(config.history.every, most_epochs(config.training.epochs, space))
    if states > MOST_STATES:
        text = f"must keep at most {MOST_STATES:,} states of a trial, got {states:,}"
        yield declaration.error(("history", "every"), text, "keep fewer, or use every: log")
