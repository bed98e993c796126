"""What a sweep would do, without training: its trials and axes, what theory expects, what it takes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linreg_sweep.config import load_sweep
from linreg_sweep.execution.parts import default_part_size
from linreg_sweep.theory.file_order import FileOrder
from linreg_sweep.theory.permuted import any_order_limit
from linreg_sweep.trials.advice import Advice, advise
from linreg_sweep.trials.axes import Axis, axes_of
from linreg_sweep.trials.costs import bytes_of_a_trial, memory
from linreg_sweep.trials.epochs import most_epochs
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.forecast import Forecast, forecast
from linreg_sweep.trials.groups import Group
from linreg_sweep.trials.limits import common_stability_limit, differing
from linreg_sweep.trials.loading import Arrays, load_data
from linreg_sweep.trials.prepare import prepare
from linreg_sweep.words import joined, rows_of


@dataclass(frozen=True)
class Plan:
    """What a sweep would do.

    Attributes:
        name: of the sweep.
        n_trials: exact, however many.
        what: the data, loss, engine and most epochs of the trials, in words.
        axes: what varies, in the declared order.
        n_parts: files of trials.
        memory: bytes that each worker holds at most beside the libraries it loads, the data included.
        disk: bytes on disk at most, before compression.
        stability_limit: the learning rate above which trials stop being stable; None: no one limit holds
            for all, since they differ in what moves it, such as momentum, or some have none.
        order: of the batches of which that is the limit; empty: steps see all rows.
        islands: ranges of rates above it that are stable again, of batches in file order.
        any_order_limit: the rate below which no step on batches makes an error grow; None: not known, as
            under a schedule, whose factors may be above 1, or there are several.
        has_schedule: whether that is the limit of a schedule's long run, for some trial.
        no_limit: why there is no limit for all, half a sentence each: none is known for some trials, or
            what moves it differs between trials.
        best_rate: the fixed learning rate that shrinks all errors fastest; None: there is no one limit, or
            descent is not plain.
        forecast: what theory expects of the trials.
        seconds: that one core trains them, to a factor of about three; None: not known.
        advice: what would make more of them converge; None: enough do.
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
    order: str
    islands: tuple[tuple[float, float], ...]
    any_order_limit: float | None
    has_schedule: bool
    no_limit: tuple[str, ...]
    best_rate: float | None
    condition_number: float
    forecast: Forecast
    seconds: float | None
    advice: Advice | None
    notes: tuple[str, ...]

    def _repr_html_(self) -> str:
        import pandas as pd

        from linreg_sweep.analysis.shown import as_html, bars

        found = {
            "trials": self.n_trials,
            **{f"expected {name}": count for name, count in self.forecast.outcomes.items()},
            "fewest epochs": self.forecast.fastest_epochs,
            "stability limit": self.stability_limit,
            "best fixed learning rate": self.best_rate,
            "condition number": self.condition_number,
            "seconds on one core": self.seconds,
        }
        known = {name: number for name, number in found.items() if number is not None}
        cells = [f"{each:,}" if isinstance(each, int) else f"{each:,.6g}" for each in known.values()]
        axes = pd.DataFrame([vars(axis) for axis in self.axes]).dropna(axis="columns", how="all")
        whole = as_html(f"{self.name}: {self.what}", pd.DataFrame({"": list(known), "value": cells}))
        expected = self.forecast.outcomes | {"not predicted": self.forecast.unknown}
        picture = bars(["expected"], {name: [count] for name, count in expected.items()}, "")
        return whole + picture + as_html("What varies", axes)


def plan(
    sweep: str | Path | Mapping[str, Any],
    *,
    overrides: Iterable[str] = (),
    data: Arrays | None = None,
    max_memory: str | int | None = None,
) -> Plan:
    """Returns what a sweep would do, without training anything.

    Args:
        sweep: a sweep file, or the same as a mapping.
        overrides: texts like `training.epochs=500`, as `--set` takes them.
        data: x and y, instead of what the declaration names.
        max_memory: a size such as `4GB`, beyond which the rows of a file are kept on disk; None: half of what
            is free.

    Raises:
        ConfigError: the declaration is invalid.
        DataError: the data cannot be read or fitted.
    """
    declaration = load_sweep(sweep, overrides, data_given=data is not None)
    table = load_data(declaration, data, max_memory)
    experiment = prepare(declaration, table)
    n_trials, size = experiment.space.n_trials, default_part_size(experiment)
    expected, limit = forecast(experiment), common_stability_limit(experiment)
    return Plan(
        name=declaration.config.name,
        n_trials=n_trials,
        what=_what(experiment),
        axes=axes_of(experiment.config.products),
        n_parts=-(-n_trials // size),
        memory=memory(experiment, min(size, n_trials)),
        disk=n_trials * bytes_of_a_trial(experiment),
        stability_limit=limit,
        order=experiment.example.options.method.order if experiment.has_batches else "",
        islands=_islands(experiment) if limit is not None else (),
        any_order_limit=_any_order_limit(experiment),
        has_schedule=any(each.options.method.schedule is not None for each in experiment.examples),
        no_limit=_no_limit(experiment),
        best_rate=None if limit is None else _best_rate(experiment),
        condition_number=_condition_number(experiment),
        forecast=expected,
        seconds=expected.seconds,
        advice=advise(experiment) if expected.is_mostly_wasted or experiment.regime_is_measured else None,
        notes=table.notes,
    )


def _what(experiment: Experiment) -> str:
    training = experiment.config.training
    losses = dict.fromkeys(loss for loss, _, _ in experiment.problems)
    epochs = most_epochs(training.epochs, experiment.space)
    rows = rows_of(experiment.most_rows, experiment.held_out_rows)
    return (
        f"{experiment.data.source}, {rows}, loss {', '.join(losses)},"
        f" engine {training.engine}, up to {epochs:,} epochs"
    )


def _no_limit(experiment: Experiment) -> tuple[str, ...]:
    reasons = dict.fromkeys(filter(None, map(Group.why_no_limit, experiment.examples)))
    space = experiment.space
    still = ("average",) if experiment.has_batches else ("average", "order")
    words = [name for name in space.choices if name not in still and len(space.labels[name]) > 1]
    several = [*differing(experiment), *words]
    return tuple(reasons) or ((f"it moves with {joined(several, 'and')}",) if several else ())


def _islands(experiment: Experiment) -> tuple[tuple[float, float], ...]:
    """Returns the ranges of rates above the limit of all trials at which they are stable again."""
    example = experiment.extreme_examples[0]
    if not isinstance(example.theory, FileOrder):
        return ()
    return tuple(example.theory.islands(example.trials.quadratic, example.trials.values))


def _any_order_limit(experiment: Experiment) -> float | None:
    """Returns the rate below which no step of any trial makes an error grow, where steps see batches."""
    found = set()
    for example in experiment.extreme_examples:
        method, decay = example.options.method, float(example.trials.values["weight_decay"][0])
        is_plain = method.optimizer == "sgd" and method.schedule is None and "momentum" not in method.active
        if method.batch_size is None or not is_plain:
            return None
        found.add(any_order_limit(example.problem, method.batch_size, decay, method.order))
    is_one = len(found) == 1 and not differing(experiment)
    return found.pop() if is_one else None


def _condition_number(experiment: Experiment) -> float:
    """Returns that of what trials descend, with their penalty where all have the same; else of the data."""
    found = {
        float(each.trials.quadratic.steepest[0] / each.trials.quadratic.flattest[0])
        for each in experiment.extreme_examples
        if each.options.method.is_penalised
    }
    return found.pop() if len(found) == 1 and experiment.is_penalised else experiment.problem.condition_number


def _best_rate(experiment: Experiment) -> float | None:
    method = experiment.example.options.method
    is_plain = not method.active and method.schedule is None and not experiment.has_batches
    return 2 / sum(experiment.problem.curvature) if is_plain and len(experiment.problems) == 1 else None
