"""What only the data can show to be wrong with a declaration."""

from collections.abc import Iterator
from importlib.util import find_spec
from itertools import chain, islice

import numpy as np

from linreg_sweep.config import Declaration
from linreg_sweep.config.faults import MAX_COMPLAINTS, config_error
from linreg_sweep.config.parameters import OWN_WEIGHT, own_weight
from linreg_sweep.data import Data
from linreg_sweep.engines import ENGINES
from linreg_sweep.errors import Complaint
from linreg_sweep.trials.epochs import count_states, most_epochs
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.precision import faults_of_precision
from linreg_sweep.trials.space import RATIO, Space
from linreg_sweep.words import did_you_mean

MAX_STATES = 1_000_000
"""States that the history of one trial may hold."""


def check_before(declaration: Declaration, data: Data, space: Space) -> None:
    """Raises every complaint about a declaration for which nothing needs to be computed.

    Raises:
        ConfigError: at most MAX_COMPLAINTS of them.
    """
    of_names, of_history = _faults_of_starts(declaration, data, space), _faults_of_history(declaration, space)
    _raise_all(
        chain(of_names, _faults_of_folds(declaration, space), _faults_of_machine(declaration), of_history)
    )


def check(declaration: Declaration, data: Data, experiment: Experiment) -> None:
    """Raises every complaint about a declaration that needs the data to be known, likewise."""
    _raise_all(chain(_faults_of_engine(declaration, experiment), _faults_of_best(declaration, experiment)))
    _raise_all(_faults_of_limits(declaration, experiment))
    _raise_all(faults_of_precision(declaration, data, experiment))


def _raise_all(faults: Iterator[Complaint]) -> None:
    found = list(islice(faults, MAX_COMPLAINTS + 1))
    if found:
        raise config_error(found)


def _faults_of_starts(declaration: Declaration, data: Data, space: Space) -> Iterator[Complaint]:
    """Yields what is wrong with initial weights and biases: for other features, or for none."""
    training, varied, place_of = declaration.config.training, space.parameters, declaration.config.place_of
    weights, features = training.initial_weight, data.x_names
    if isinstance(weights, tuple) and "initial_weight" not in varied and len(weights) != len(features):
        text = f"must have one number for each of the {len(features)} features ({', '.join(features)})"
        hint = "or give one number for all of them"
        yield declaration.complaint(place_of("initial_weight"), f"{text}, got {len(weights)}", hint)
    in_all = all("initial_weight" in names for names in space.products)
    if isinstance(weights, tuple) and "initial_weight" in varied and not in_all:
        text = "must be one number where some products vary it, got a list"
        hint = "give one number, or vary it in every product"
        yield declaration.complaint(("training", "initial_weight"), text, hint)
    known = [own_weight(name) for name in features]
    for name in varied:
        if name.startswith(OWN_WEIGHT) and name not in known:
            text, hint = "must name a feature of the data", did_you_mean(name, known)
            yield declaration.complaint(place_of(name), text, hint)
    if not declaration.config.data.fit_bias and "initial_bias" in varied:
        text, hint = "nothing to start: data.fit_bias is false", "leave initial_bias out, or fit a bias"
        yield declaration.complaint(place_of("initial_bias"), text, hint)
    elif not declaration.config.data.fit_bias and training.initial_bias:
        text = f"must be 0 where data.fit_bias is false, got {training.initial_bias:g}"
        yield declaration.complaint(place_of("initial_bias"), text, "leave it out, or fit a bias")


def _faults_of_folds(declaration: Declaration, space: Space) -> Iterator[Complaint]:
    """Yields that trials are to have folds that there are not."""
    if "fold" not in space.names:
        return
    n_folds, last = declaration.config.n_folds, int(space.ends("fold")[1])
    if last >= n_folds:
        there = f"from 0 to {n_folds - 1}" if n_folds > 1 else "0, for data.holdout makes no folds"
        hint = "leave it out: each trial is then one in every fold" if n_folds > 1 else "declare data.holdout"
        path = declaration.config.place_of("fold")
        yield declaration.complaint(path, f"must be {there}, got {last}", hint)


def _faults_of_machine(declaration: Declaration) -> Iterator[Complaint]:
    """Yields what the engine lacks on this machine."""
    training = declaration.config.training
    for package in ENGINES[training.engine].packages:
        if find_spec(package) is None:
            hint = f"pip install {package}, or use engine: numpy"
            yield declaration.complaint(("training", "engine"), f"{package} is not installed", hint)
            return
    if training.device != "cuda":
        return
    from linreg_sweep.engines.torch_engine import has_cuda

    if not has_cuda():
        text = "cuda must be available, torch finds no such device"
        hint = "use cpu, or a build of torch with CUDA on a machine with an NVIDIA GPU"
        yield declaration.complaint(("training", "device"), text, hint)


def _faults_of_engine(declaration: Declaration, experiment: Experiment) -> Iterator[Complaint]:
    """Yields that the engine works out what theory says, and theory says nothing of some trial."""
    training = declaration.config.training
    if experiment.is_predicted_by_engine:
        unknown = [each for each in experiment.examples if not each.is_covered]
        for example in unknown[:1]:
            text = f"must be one that iterates where {example.why_uncovered}, got {training.engine!r}"
            yield declaration.complaint(("training", "engine"), text, "use engine: numpy")
        methods = [each.options.method for each in experiment.examples]
        if not unknown and any(each.batch_size is not None and each.average is not None for each in methods):
            text = f"must be one that iterates where steps on batches are averaged, got {training.engine!r}"
            yield declaration.complaint(("training", "engine"), text, "use engine: numpy")


def _faults_of_best(declaration: Declaration, experiment: Experiment) -> Iterator[Complaint]:
    """Yields that the best trial is to be found by a cost that none has."""
    if declaration.config.best_by == "average_cost" and not experiment.has_average:
        hint = "declare training.average, such as {kind: mean, from: 0}"
        yield declaration.complaint(("best", "by"), "no average of states is kept, got average_cost", hint)
    by = declaration.config.best_by
    if by.endswith("held_out_cost") and not experiment.holds_out:
        hint = "declare data.holdout, such as {fraction: 0.2}"
        yield declaration.complaint(
            ("best", "by"), f"no rows are held out, got {declaration.config.best_by}", hint
        )


def _faults_of_limits(declaration: Declaration, experiment: Experiment) -> Iterator[Complaint]:
    """Yields that learning rates are declared in a stability limit that is not known, or no number."""
    if not experiment.space.has_units:
        return
    path = (*declaration.config.place_of("learning_rate", in_unit=True), "unit")
    for example in experiment.examples_in_units:
        limit, why = float(example.stability_limit()[0]), example.why_no_limit()
        if why is not None:
            text, hint = f"no stability limit is known where {why}", "leave the unit out"
            yield declaration.complaint(path, text, hint)
            return
        if np.isinf(limit):
            is_flat = not example.trials.quadratic.steepest.any()
            why = "on them: x is 0" if is_flat else "where every step is 0"
            text = f"the data must have a stability limit, but no learning rate diverges {why}"
            yield declaration.complaint(path, text, "leave the unit out")
            return
        with np.errstate(over="ignore"):
            is_finite = np.isfinite(experiment.space.largest(RATIO) * limit)
        if not is_finite:
            text = "the data's stability limit is so large that rates in it are no numbers any more"
            yield declaration.complaint(path, text, "standardize the data or give them in another unit")
            return


def _faults_of_history(declaration: Declaration, space: Space) -> Iterator[Complaint]:
    """Yields that a trial's history would hold too many states."""
    config = declaration.config
    states = count_states(config.history.every, most_epochs(config.training.epochs, space))
    if states > MAX_STATES:
        text = f"must keep at most {MAX_STATES:,} states of a trial, got {states:,}"
        yield declaration.complaint(("history", "every"), text, "keep fewer, or use every: log")
