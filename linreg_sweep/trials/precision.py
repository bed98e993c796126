"""What the precision of a descent cannot hold is refused by name: data, starts and learning rates."""

from collections.abc import Iterator

import numpy as np

from linreg_sweep.config import Declaration
from linreg_sweep.config.parameters import OWN_WEIGHT
from linreg_sweep.data import Data
from linreg_sweep.errors import Complaint
from linreg_sweep.standardizing import moments
from linreg_sweep.theory.problem import Problem
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.space import RATIO
from linreg_sweep.words import shorten

FAR = 100
"""Spreads from 0 below which not the column's place is to blame, but a tolerance that no precision keeps."""


def faults_of_precision(declaration: Declaration, data: Data, experiment: Experiment) -> Iterator[Complaint]:
    """Yields what the precision that a declaration asks for cannot hold."""
    yield from _faults_of_numbers(declaration, experiment)
    for problem in experiment.problems.values():
        lost = [*_faults_of_squares(declaration, data, problem)]
        yield from lost or _faults_of_places(declaration, data, problem)


def _faults_of_numbers(declaration: Declaration, experiment: Experiment) -> Iterator[Complaint]:
    """Yields starts and learning rates that are infinite in the descent's precision."""
    training, space, place_of = declaration.config.training, experiment.space, declaration.config.place_of
    most, weights = float(np.finfo(training.dtype).max), training.initial_weight
    declared: dict[str, list[float]] = {
        "learning_rate": [training.learning_rate],
        "initial_weight": [weights] if isinstance(weights, float) else list(weights),
        "initial_bias": [training.initial_bias],
    }
    found = [(place_of(name), values) for name, values in declared.items() if name not in space.names]
    for name in space.names:
        if name in space.columns and (name in declared or name.startswith(OWN_WEIGHT)):
            found.append((place_of(name), [space.ends(name)[0], space.largest(name)]))
    if space.has_units:
        limits = [float(example.stability_limit()[0]) for example in experiment.examples_in_units]
        rates = [space.largest(RATIO) * limit for limit in limits]
        found.append((place_of("learning_rate", in_unit=True), rates))
    for path, values in found:
        furthest = max((value for value in values if np.isfinite(value) or value > 0), key=abs, default=0.0)
        if not abs(furthest) <= most:
            text = f"must be a number in {training.dtype}, which ends at {most:.3g}, got {furthest:.6g}"
            hint = "use dtype: float64" if training.dtype == "float32" else "choose a smaller number"
            yield declaration.complaint(path, text, hint)


def _faults_of_squares(declaration: Declaration, data: Data, problem: Problem) -> Iterator[Complaint]:
    """Yields columns whose squares, or products with y, are infinite or vanish in the descent's precision."""
    dtype = declaration.config.training.dtype
    least, most, n_features = float(np.finfo(dtype).tiny), float(np.finfo(dtype).max), len(data.x_names)
    squares = np.diagonal(problem.hessian)[:n_features]
    products = np.abs(problem.constant).max(axis=0)
    hint = "use dtype: float64, or another unit" + ("" if data.standardize else ", or standardize: true")
    for name, square in zip(data.x_names, squares.tolist(), strict=True):
        if square and not least <= square <= most:
            text = f"{dtype} must hold the squares of the data, those of column {shorten(name)!r} average"
            yield declaration.complaint(("training", "dtype"), f"{text} {square:.3g}", hint)
    for name, product in zip(data.y_names, products.tolist(), strict=True):
        if product > most:
            text = f"{dtype} must hold the products of x and y, those of column {shorten(name)!r} reach"
            yield declaration.complaint(("training", "dtype"), f"{text} {product:.3g}", hint)


def _faults_of_places(declaration: Declaration, data: Data, problem: Problem) -> Iterator[Complaint]:
    """Yields the column that lies so far from 0 that no trial can converge but by chance.

    To round the weights and the bias to the descent's precision moves the cost; where by as much as what
    counts as converged, and it would not if the column lay about 0, the column is the cause.
    """
    config = declaration.config
    dtype, n_features = config.training.dtype, len(data.x_names)
    level = config.outcome.tolerance * problem.scale
    unit = float(np.finfo(dtype).eps)
    with np.errstate(over="ignore"):
        moved = np.maximum(unit * np.abs(problem.optimum), float(np.finfo(dtype).smallest_subnormal))
        of_each = problem.cost_per_loss * (moved**2).sum(axis=1) * np.diagonal(problem.hessian)
        if float(of_each.sum()) <= level:
            return
        mean, _, of_x = moments(problem.x)
        level_of_y, _, of_y = moments(problem.y)
        weights = np.sqrt((problem.optimum[:n_features] ** 2).mean(axis=1))
        if float(unit**2 * np.mean(level_of_y**2)) > level:
            worst = int(np.argmax(np.abs(level_of_y)))
            name, place, width = data.y_names[worst], level_of_y[worst], of_y[worst]
            cure = "subtract a constant from it"
        elif float(unit**2 * (weights**2 @ of_x**2)) <= level:
            worst = int(np.argmax(weights * np.abs(mean)))
            name, place, width = data.x_names[worst], mean[worst], of_x[worst]
            cure = "write standardize: true in the config's data block, or subtract a constant from it"
        else:
            return
    if abs(place) < FAR * width:
        return
    if dtype == "float32":
        cure = f"use dtype: float64, or {cure}"
    text = (
        f"column {shorten(name)!r} must not lie so far from 0, at {place:.6g}, for its spread of {width:.3g}:"
        f" to round weights and bias to {dtype} moves the cost by as much as the tolerance, so that no trial"
        " can be seen to converge"
    )
    yield declaration.complaint(("data",), text, cure)
