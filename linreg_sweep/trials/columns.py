"""The columns of a run's tables, each one entry: what it is called, holds and means, and how it is computed.

To add a column is to add an entry to TRIALS. What parts hold, what metadata.json says of them, legends,
comparisons, reports and what a narrow terminal goes without follow from it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from linreg_sweep.array_types import Floats, Indices
from linreg_sweep.column_types import Array, ColumnType, Kind, Role
from linreg_sweep.theory.outcome import (
    MEASURED,
    OUTCOME_WORDS,
    OUTCOMES,
    REGIME_SOURCES,
    REGIMES,
    SPECTRUM,
    THEORY,
    Codes,
    judge_measured_regime,
    judge_regime,
)

if TYPE_CHECKING:
    from linreg_sweep.trials.experiment import Experiment
    from linreg_sweep.trials.groups import Kind as ProblemKind
    from linreg_sweep.trials.trained import Trained

COUNTED = ("batch_size", "epochs", "seed", "fold")
"""The hyperparameters that are whole numbers."""


@dataclass(frozen=True)
class Column:
    """A column of the trials table.

    Attributes:
        name: its own.
        kind: see column_types.Kind.
        meaning: half a sentence with its unit, for legends; empty: its name says it.
        compute: returns its values [K], in the dtype of its kind.
        words: what the codes of kind `words` stand for.
        role: see column_types.Role.
        applies: whether the trials of an experiment have it.
        stays: whether it is shown however narrow the terminal is.
    """

    name: str
    kind: Kind
    meaning: str
    compute: "Callable[[Trained], Array]"
    words: tuple[str, ...] = ()
    role: Role = "derived"
    applies: "Callable[[Experiment], bool]" = lambda experiment: True
    stays: bool = False

    @property
    def type(self) -> ColumnType:
        """What it holds."""
        return ColumnType(self.kind, self.words, self.role)


@dataclass(frozen=True)
class Family:
    """Columns of which an experiment decides how many there are, and what they are called.

    Attributes:
        types: what each of an experiment holds.
        compute: returns their values, [K] each.
    """

    types: "Callable[[Experiment], Mapping[str, ColumnType]]"
    compute: "Callable[[Trained], Mapping[str, Array]]"


def parameter_column(name: str) -> str:
    """Returns the column of a hyperparameter; `epochs` itself is the column of epochs done."""
    return "max_epochs" if name == "epochs" else name


def parameter_name(column: str) -> str:
    """Returns the hyperparameter that is in a column; undoes parameter_column."""
    return "epochs" if column == "max_epochs" else column


def _hyperparameter_types(experiment: "Experiment") -> dict[str, ColumnType]:
    labels = experiment.space.labels
    types: dict[str, ColumnType] = {}
    for name in experiment.fixed():
        kind: Kind = "words" if name in labels else "count" if name in COUNTED else "number"
        types[parameter_column(name)] = ColumnType(kind, labels.get(name, ()), "hyperparameter")
    return types


def as_stored(type_: ColumnType, values: Floats) -> Array:
    """Returns values [K] of a hyperparameter as its column holds them; NaN is missing."""
    return np.where(np.isnan(values), type_.missing, values).astype(type_.dtype)


def _hyperparameters(trials: "Trained") -> dict[str, Array]:
    types = _hyperparameter_types(trials.experiment)
    values = {parameter_column(name): value for name, value in trials.values.items()}
    return {name: as_stored(type_, values[name]) for name, type_ in types.items()}


def _state_types(experiment: "Experiment") -> dict[str, ColumnType]:
    return dict.fromkeys(state_names(experiment), ColumnType("number", role="state"))


def state_names(experiment: "Experiment") -> tuple[str, ...]:
    """Returns the columns of theta: in the scale of the descent and, where any has another, of the file."""
    names = experiment.parameter_names
    return (*names, *(f"{name}_unscaled" for name in names)) if experiment.is_scaled else names


def states(
    experiment: "Experiment", kinds: "Iterable[tuple[Indices, ProblemKind]]", theta: Floats
) -> dict[str, Array]:
    """Returns the columns of theta [K, P, O], which is on problems of these kinds; see state_names."""
    both = [theta]
    if experiment.is_scaled:
        unscaled = np.empty_like(theta)
        for chosen, kind in kinds:
            unscaled[chosen] = experiment.unscaled(theta[chosen], kind)
        both.append(unscaled)
    count = theta.shape[1] * theta.shape[2]
    columns = np.concatenate([each.reshape(len(theta), count).T for each in both])
    return dict(zip(state_names(experiment), columns, strict=True))


def _average_types(experiment: "Experiment") -> dict[str, ColumnType]:
    if not experiment.has_average:
        return {}
    names = [f"average_{name}" for name in experiment.parameter_names]
    return dict.fromkeys(names, ColumnType("number", role="measure"))


def _average(trials: "Trained") -> dict[str, Array]:
    types, results = _average_types(trials.experiment), trials.results
    average = np.full_like(results.theta, np.nan) if results.average is None else results.average
    columns: Any = average.reshape(len(average), average.shape[1] * average.shape[2]).T
    return dict(zip(types, columns, strict=True)) if types else {}


def _regime(trials: "Trained") -> Codes:
    """Returns the regime [K]: by the spectrum, and where theory covers no spectrum as it is measured."""
    criteria = trials.experiment.criteria
    by_spectrum = judge_regime(
        trials.of_each(lambda group: group.contraction(criteria.settle_epochs)), criteria
    )
    if trials.is_covered.all():
        return by_spectrum
    measured = judge_measured_regime(
        trials.results.contraction,
        trials.outcome,
        trials.cost,
        trials.start_cost,
        trials.scale,
        criteria,
    )
    return np.where(trials.is_covered, by_spectrum, measured)


def _regime_source(trials: "Trained") -> Codes:
    return np.where(trials.is_covered, SPECTRUM, MEASURED).astype(np.int8)


def _stability_ratio(trials: "Trained") -> Floats:
    with np.errstate(over="ignore"):  # the absurdest rates
        return trials.of_each(lambda group: group.trials.learning_rate / group.stability_limit())


TRIALS: tuple[Column | Family, ...] = (
    Column(
        "trial",
        "count",
        "",
        lambda trials: np.arange(trials.first, trials.first + trials.count, dtype=np.int64),
        role="key",
        stays=True,
    ),
    Family(_hyperparameter_types, _hyperparameters),
    Column(
        "outcome", "words", "", lambda trials: trials.outcome, words=OUTCOME_WORDS, role="ending", stays=True
    ),
    Column(
        "epochs",
        "count",
        "epochs done when the trial ended",
        lambda trials: trials.results.epochs,
        role="ending",
    ),
    Column(
        "converged_at",
        "epoch",
        "the first epoch within the tolerance of the optimum",
        lambda trials: trials.results.converged_at,
        role="ending",
        stays=True,
    ),
    Column(
        "diverged_at",
        "epoch",
        "the first epoch with a cost above the bound of divergence",
        lambda trials: trials.results.diverged_at,
        role="ending",
    ),
    Family(
        _state_types,
        lambda trials: states(
            trials.experiment,
            ((group.chosen, group.kind) for group in trials.groups),
            trials.results.theta,
        ),
    ),
    Column(
        "cost",
        "number",
        "mean squared error of the last state, in squared units of the target",
        lambda trials: trials.cost,
        role="measure",
    ),
    Column(
        "excess_cost", "number", "cost (with its penalty) above the optimum", lambda trials: trials.excess
    ),
    Column(
        "held_out_cost",
        "number",
        "mean squared error of the last state on the held-out rows, in squared units of the target",
        lambda trials: trials.held_out_cost,
        role="measure",
        applies=lambda experiment: experiment.holds_out,
    ),
    Column(
        "best_epoch",
        "epoch",
        "the epoch with the least cost on the held-out rows; the last one where it still falls there",
        lambda trials: trials.least.epoch,
        applies=lambda experiment: experiment.holds_out,
    ),
    Column(
        "best_held_out_cost",
        "number",
        "that cost; missing where it still falls at the end",
        lambda trials: trials.least.cost,
        applies=lambda experiment: experiment.holds_out,
    ),
    Column(
        "cost_at_optimum",
        "number",
        "mean squared error at the optimum of cost and penalty",
        lambda trials: trials.of_each(lambda group: group.trials.quadratic.cost_at_optimum),
        applies=lambda experiment: experiment.is_penalised,
    ),
    Family(_average_types, _average),
    Column(
        "average_cost",
        "number",
        "mean squared error of the averaged state",
        lambda trials: trials.average_cost,
        role="measure",
        applies=lambda experiment: experiment.has_average,
    ),
    Column(
        "contraction",
        "number",
        "how far the second epoch moved along the first, as a share of the first (below 0: back);"
        " comparable with the factor of the steepest direction only on full batches without momentum",
        lambda trials: trials.results.contraction,
    ),
    Column(
        "plateau",
        "number",
        "the excess cost at which the trial comes to rest, at an epoch's end; in the mean, if drawn",
        lambda trials: trials.of_each(lambda group: group.plateau()),
        applies=lambda experiment: any(example.has_plateau for example in experiment.examples),
    ),
    Column(
        "expected_excess_cost",
        "number",
        "the mean over all draws of the excess cost at the trial's last epoch, by theory",
        lambda trials: trials.of_each(lambda group: group.expected_excess(group.of(trials.results.epochs))),
        applies=lambda experiment: any(example.has_mean for example in experiment.examples),
    ),
    Column("regime", "words", "", _regime, words=REGIMES, stays=True),
    Column("regime_source", "words", "", _regime_source, words=REGIME_SOURCES),
    Column(
        "stability_ratio",
        "number",
        "learning rate / the rate above which descent diverges (1 is the edge)",
        _stability_ratio,
    ),
    Column(
        "predicted_outcome",
        "words",
        "by theory's closed form; missing where it predicts nothing (see theory)",
        lambda trials: trials.prediction.outcome,
        words=OUTCOMES,
    ),
    Column(
        "predicted_at",
        "epoch",
        "the epoch of that outcome's event, by theory; missing where rounding may move it",
        lambda trials: trials.prediction.at,
    ),
    Column(
        "theory",
        "words",
        "closed_form: it predicts the outcome; epoch_map: so does the map of an epoch in file order;"
        " lost_in_rounding: the steps' rounding may decide it; in_the_mean: the mean over draws is known;"
        " reshuffled, mini_batches (under most schedules), adaptive: nothing is predicted",
        lambda trials: trials.prediction.theory,
        words=THEORY,
    ),
)
"""The columns of the trials table, in their order."""

NAMED = {column.name: column for column in TRIALS if isinstance(column, Column)}
"""Those that every run calls the same."""

HISTORY: Mapping[str, ColumnType] = {
    "trial": ColumnType("count", role="key"),
    "epoch": ColumnType("count", role="key"),
}
"""The columns with which a row of the history begins; then come a state's numbers, and its cost."""


def trial_types(experiment: "Experiment") -> dict[str, ColumnType]:
    """Returns the columns of the trials table of an experiment, in their order."""
    types: dict[str, ColumnType] = {}
    for entry in TRIALS:
        if isinstance(entry, Family):
            types |= entry.types(experiment)
        elif entry.applies(experiment):
            types[entry.name] = entry.type
    return types


def history_types(experiment: "Experiment") -> dict[str, ColumnType]:
    """Returns the columns of the history of an experiment, likewise."""
    return {**HISTORY, **_state_types(experiment), "cost": NAMED["cost"].type}
