"""What a sweep would do, told without training: its trials and axes, what theory expects, what it takes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from linreg_sweep.columns import parameter_column
from linreg_sweep.config import load_sweep
from linreg_sweep.config.parameters import Normal, Parameter, Points, Steps, Uniform, Values, count
from linreg_sweep.data import parameter_names
from linreg_sweep.experiment import Experiment, curvature, limit, most_epochs
from linreg_sweep.forecast import Forecast, forecast
from linreg_sweep.parts import default_part_size
from linreg_sweep.prepare import Arrays, load_data, prepare
from linreg_sweep.space import ends

OTHER_COLUMNS = 10
"""Columns of the trials table beside hyperparameters and parameters."""

BYTES_A_NUMBER = 8

COPIES = 6
"""How often a worker holds a part's numbers at its busiest."""


@dataclass(frozen=True)
class Axis:
    """One parameter of a sweep, in words.

    Attributes:
        name: of the parameter.
        values: how many different values it takes; None: as many as there are trials.
        first: the smallest; None: there is none.
        last: the largest; None: there is none.
        how: in what way the values lie between the two.
    """

    name: str
    values: int | None
    first: float | None
    last: float | None
    how: str


@dataclass(frozen=True)
class Plan:
    """What a sweep would do.

    Attributes:
        name: of the sweep.
        n_trials: exact, however many.
        what: the data, loss, engine and most epochs of the trials, in words.
        axes: what varies, in the declared order.
        n_parts: files of trials.
        memory: bytes that each worker holds at most beside the libraries it loads.
        disk: bytes on disk at most, before compression.
        stability_limit: the learning rate above which descent on these data and loss diverges; None: no
            one limit holds for all trials, since momentum varies or steps see mini-batches.
        best_rate: the fixed learning rate that shrinks all errors fastest without momentum; None likewise.
        forecast: what theory expects of the trials.
        condition_number: largest over smallest curvature, apart from zero; 1 is the easiest.
        notes: what a person should know of the data.
    """

    name: str
    n_trials: int
    what: str
    axes: tuple[Axis, ...]
    n_parts: int
    memory: int
    disk: int
    stability_limit: float | None
    best_rate: float | None
    condition_number: float
    forecast: Forecast
    notes: tuple[str, ...]


def plan(
    sweep: str | Path | Mapping[str, Any], *, overrides: Iterable[str] = (), data: Arrays | None = None
) -> Plan:
    """Returns what a sweep would do, without training anything.

    Args:
        sweep: a sweep file, or the same as a mapping.
        overrides: texts like `training.epochs=500`, as `--set` takes them.
        data: x and y, instead of what the declaration names.

    Raises:
        ConfigError: the declaration cannot be meant.
        DataError: the data cannot be read or fitted.
    """
    declaration = load_sweep(sweep, overrides, data_given=data is not None)
    table = load_data(declaration, data)
    experiment = prepare(declaration, table)
    n_trials, size = experiment.space.n_trials, default_part_size(experiment)
    numbers = len(experiment.fixed()) + OTHER_COLUMNS + _state_numbers(experiment)
    kept = experiment.n_states * (3 + _state_numbers(experiment))
    return Plan(
        name=declaration.config.name,
        n_trials=n_trials,
        what=_what(experiment),
        axes=tuple(_axis(name, parameter) for name, parameter in experiment.space.parameters.items()),
        n_parts=-(-n_trials // size),
        memory=min(size, n_trials) * (numbers + kept) * BYTES_A_NUMBER * COPIES,
        disk=n_trials * (numbers + kept) * BYTES_A_NUMBER,
        stability_limit=limit(experiment),
        best_rate=_best_rate(experiment),
        condition_number=_condition_number(experiment),
        forecast=forecast(experiment),
        notes=table.notes,
    )


def _state_numbers(experiment: Experiment) -> int:
    data = experiment.data
    names = parameter_names(data.x_names, data.y_names, experiment.problem.fit_bias)
    return len(names) * (2 if data.standardize else 1)


def _what(experiment: Experiment) -> str:
    training, rows = experiment.config.training, experiment.problem.n_rows
    epochs = most_epochs(training.epochs, experiment.space)
    return (
        f"{experiment.data.source}, {rows:,} row{'s' * (rows != 1)}, loss {training.loss},"
        f" engine {training.engine}, up to {epochs:,} epochs"
    )


def _best_rate(experiment: Experiment) -> float | None:
    if limit(experiment) is None or experiment.config.training.momentum:
        return None
    return 2 / sum(curvature(experiment.problem))


def _condition_number(experiment: Experiment) -> float:
    flattest, steepest = curvature(experiment.problem)
    return steepest / flattest if steepest else 1.0


def _axis(name: str, parameter: Parameter) -> Axis:
    axis = _axis_in_its_unit(parameter_column(name), parameter)
    return axis if parameter.unit is None else replace(axis, how=f"{axis.how}, in stability limits")


def _axis_in_its_unit(column: str, parameter: Parameter) -> Axis:
    match parameter:
        case Values(values):
            how = "fixed" if len(values) == 1 else "the values given"
            return Axis(column, len(values), *ends(parameter), how)
        case Points(scale=scale):
            return Axis(column, count(parameter), *ends(parameter), f"evenly spaced, {scale} scale")
        case Steps(step=step):
            return Axis(column, count(parameter), *ends(parameter), f"in steps of {step:g}")
        case Uniform(scale=scale):
            return Axis(column, None, *ends(parameter), f"random, evenly over a {scale} scale")
        case Normal(mu, sigma, scale):
            kind = "log-normal" if scale == "log" else "normal"
            return Axis(column, None, None, None, f"random, {kind} with mu {mu:g} and sigma {sigma:g}")
