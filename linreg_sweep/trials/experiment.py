"""A declaration met with its data: everything that the result of a trial is a pure function of."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from linreg_sweep.array_types import Floats, Indices, Integers
from linreg_sweep.column_types import parameter_names
from linreg_sweep.config import Config, Sweep
from linreg_sweep.config.parameters import own_weight
from linreg_sweep.data import Data
from linreg_sweep.engines import ENGINES
from linreg_sweep.engines.interface import Results, TrainOptions, Trials
from linreg_sweep.method import Method
from linreg_sweep.optimizers import KEYS, OPTIMIZERS
from linreg_sweep.schedules.declared import is_constant
from linreg_sweep.theory.applies import theory_of
from linreg_sweep.theory.in_batches import alike
from linreg_sweep.theory.outcome import Criteria
from linreg_sweep.theory.problem import Problem
from linreg_sweep.trials.descending import train_groups
from linreg_sweep.trials.epochs import count_states, history_epochs, most_epochs
from linreg_sweep.trials.groups import GROUPED, MANY, Group, Kind
from linreg_sweep.trials.quadratics import Quadratics
from linreg_sweep.trials.set_up import SetUp, Values, filled
from linreg_sweep.trials.space import RATIO, Space


@dataclass(frozen=True)
class Experiment:
    """A sweep, or a single trial as a sweep of one, ready to be trained.

    Attributes:
        config: the resolved declaration.
        headers: names and scales of the data of each fold; their rows are in the problems.
        digest: of the data's names, shapes and exact bytes.
        problems: what trials descend on, for each loss, scaling and fold that the sweep has.
        space: what the trials vary.
        criteria: when a trial counts as converged, diverged or settled.
    """

    config: Config | Sweep
    headers: tuple[Data, ...]
    digest: str
    problems: Mapping[Kind, Problem]
    space: Space
    criteria: Criteria

    @property
    def data(self) -> Data:
        """Names of the data, and their scales in the first fold."""
        return self.headers[0]

    @property
    def problem(self) -> Problem:
        """The problem of the set-up's loss and scaling; of the first there is, where the sweep has others."""
        kind = Kind(self.config.training.loss, self.config.data.standardize)
        return self.problems.get(kind) or next(iter(self.problems.values()))

    @property
    def converged_excess(self) -> float:
        """The excess at or below which a trial on `problem` has converged, in units of y squared."""
        return self.criteria.converged_excess(self.problem.scale)

    @property
    def most_rows(self) -> int:
        """How many rows any trial is trained on at most; folds may differ by one."""
        return max(problem.n_rows for problem in self.problems.values())

    @property
    def held_out_rows(self) -> list[int]:
        """How many rows are held out, fold by fold; empty where none are."""
        held = {kind.fold: problem.held_out for kind, problem in self.problems.items()}
        return [each.n_rows for _, each in sorted(held.items()) if each is not None]

    @property
    def holds_out(self) -> bool:
        """Whether rows are held out of the training."""
        return self.problem.held_out is not None

    @property
    def has_folds(self) -> bool:
        """Whether rows are held out in several folds."""
        return len(self.headers) > 1

    @property
    def is_in_every_fold(self) -> bool:
        """Whether each setting is a trial in every fold, one after the other, not in those it names."""
        return self.has_folds and not self.config.says_folds

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """What the entries of theta are called, in the order of its columns in a table."""
        return parameter_names(self.data.x_names, self.data.y_names, self.problem.fit_bias)

    @property
    def n_states(self) -> int:
        """How many states of a trial its history holds at most."""
        epochs = most_epochs(self.config.training.epochs, self.space)
        return count_states(self.config.history.every, epochs)

    @property
    def is_scaled(self) -> bool:
        """Whether any trial sees standardized x."""
        return any(kind.standardize for kind in self.problems)

    @property
    def is_penalised(self) -> bool:
        """Whether any trial has a penalty."""
        return any(example.options.method.is_penalised for example in self.examples)

    @property
    def has_average(self) -> bool:
        """Whether an average of states is kept of any trial."""
        return any(example.options.method.average is not None for example in self.examples)

    @property
    def has_batches(self) -> bool:
        """Whether any trial's steps see some of the rows, or rows that are drawn."""
        return any(example.options.method.batch_size is not None for example in self.examples)

    @property
    def is_predicted_by_engine(self) -> bool:
        """Whether the engine's results are theory's own."""
        return ENGINES[self.config.training.engine].is_theory

    def unscaled(self, theta: Floats, kind: Kind) -> Floats:
        """Returns parameters [K, P, O] of trials on one problem, in the units of the file."""
        data = self.headers[kind.fold]
        return (data if kind.standardize else data.as_given()).unscaled(theta, self.problem.fit_bias)

    def least_squares(self) -> dict[str, float]:
        """Returns the parameters of the first fold's optimum in the data's own units, by their names."""
        kind, problem = next(iter(self.problems.items()))
        return self.named(problem.optimum, kind)

    def named(self, theta: Floats, kind: Kind) -> dict[str, float]:
        """Returns a state [P, O] on one problem in the data's own units, by the names in a table."""
        unscaled = self.unscaled(theta[None], kind)
        return dict(zip(self.parameter_names, unscaled.ravel().tolist(), strict=True))

    @cached_property
    def _set_up(self) -> SetUp:
        return SetUp(self.config, self.space, self.data.x_names, self.most_rows)

    def fixed(self) -> dict[str, float]:
        """Returns the set-up's value of every hyperparameter in the table; see SetUp.fixed."""
        return self._set_up.fixed()

    def values(self, start: int, stop: int) -> Values:
        """Returns every hyperparameter [stop - start] of the trials from start to stop - 1."""
        return self._with_fixed(self.space.values(start, stop), stop - start)

    def sample(self, n_sampled: int) -> Values:
        """Returns every hyperparameter [k] of at most so many trials taken at random; see Space.sample."""
        return self._with_fixed(self.space.sample(n_sampled), min(n_sampled, self.space.n_trials))

    def _with_fixed(self, varied: Values, count: int) -> Values:
        """Returns what varies, [count] each, with what does not; learning rates in their own unit."""
        values, shares = self._set_up.completed(varied, count), varied.get(RATIO)
        if shares is not None:
            limits = np.empty(count)
            for group in self.groups(values):
                limits[group.chosen] = group.stability_limit()
            with np.errstate(over="ignore"):
                values["learning_rate"] = np.where(np.isnan(shares), values["learning_rate"], shares * limits)
        return values

    def groups(self, values: Values) -> list[Group]:
        """Returns trials with these hyperparameters, [K] each, in groups that are trained together."""
        count, whole = len(values["learning_rate"]), self.most_rows
        shared = {name: value for name, value in values.items() if name in {*self.space.choices, *GROUPED}}
        sizes = np.minimum(shared.get("batch_size", self.config.training.batch_size or whole), whole)
        if "batch_size" in shared:
            shared["batch_size"] = sizes
        if not self._draws(sizes):
            shared.pop("seed", None)
        groups = alike([*shared.values()], count)
        if len(groups) == 1:
            return [self._group(values, groups[0])]
        return [
            self._group({name: value[chosen] for name, value in values.items()}, chosen) for chosen in groups
        ]

    def _draws(self, sizes: Floats | int) -> bool:
        """Returns whether any trial with batches of these sizes draws its rows."""
        orders = {*self.space.choices.get("order", ()), self.config.training.order}
        is_mini = bool(np.any(sizes < self.problem.n_rows))
        return "with_replacement" in orders or (is_mini and orders != {"file"})

    def _group(self, values: Values, chosen: Indices) -> Group:
        training, count = self.config.training, len(chosen)
        choices = {
            name: self._set_up.chosen(name, values[name]) for name in self.space.choices if name in values
        }
        optimizer = choices.get("optimizer", training.optimizer)
        settings = {**dict(training.of(optimizer)), **choices}
        kind = Kind(
            choices.get("loss", training.loss),
            choices.get("standardize", self.config.data.standardize),
            int(values["fold"][0]) if "fold" in values and count else 0,
        )
        problem = self.problems[kind]

        def numbers(name: str, declared: float) -> Floats:
            given = values.get(name)
            return np.full(count, declared, np.float64) if given is None else filled(given, declared)

        fields = OPTIMIZERS[optimizer].settings.model_fields
        flags = frozenset(name for name in fields if settings[name] is True)
        keys = [name for name in fields if not isinstance(settings[name], bool)]
        active = frozenset(name for name in keys if self._is_active(name, settings[name]))
        schedule, average = (choices.get(name, getattr(training, name)) for name in ("schedule", "average"))
        size = numbers("batch_size", training.batch_size or problem.n_rows)
        order = choices.get("order", training.order)
        draws_rows = order == "with_replacement"  # as many as there are, too: some twice, some never
        method = Method(
            optimizer=optimizer,
            flags=flags,
            active=active,
            schedule=None if is_constant(schedule) else schedule,
            average=None if average.kind == "none" else average,
            batch_size=int(size[0]) if count and (size[0] < problem.n_rows or draws_rows) else None,
            order=order,
            seed=int(values["seed"][0]) if "seed" in values and count else self.config.seed,
        )
        taken = OPTIMIZERS[optimizer].settled({name: numbers(name, settings[name]) for name in keys})
        taken["learning_rate"] = values["learning_rate"]
        taken |= {name: value for name, value in values.items() if "." in name}
        start = self._starts(values, problem.shape)
        quadratic = self._quadratics.of(problem, kind, method, taken["weight_decay"])
        epochs = numbers("epochs", training.epochs).astype(np.int64)
        theory = theory_of(method, problem, most_epochs(training.epochs, self.space))
        trials = Trials(start, epochs, taken, quadratic)
        options = self._options(problem, trials, method)
        return Group(chosen, kind, problem, trials, options, theory)

    @cached_property
    def _quadratics(self) -> Quadratics:
        return Quadratics()

    def __getstate__(self) -> dict[str, Any]:
        """Returns what workers need: not what can be worked out again, nor rows that no trial looks at."""
        state = {field.name: getattr(self, field.name) for field in fields(self)}
        if not self.reads_rows:
            state["problems"] = {kind: problem.without_rows() for kind, problem in self.problems.items()}
        return state

    @property
    def reads_rows(self) -> bool:
        """Whether any trial looks at rows of the data, and not only at what is gathered of all."""
        problem = self.problem
        return (
            ENGINES[self.config.training.engine].reads_rows
            or problem.n_rows < problem.shape[0]
            or self.has_batches
        )

    def _is_active(self, name: str, declared: float) -> bool:
        """Returns whether any trial has a key at another value than 0."""
        return bool(declared) or (name in self.space.names and any(self.space.ends(name)))

    def _starts(self, values: Values, shape: tuple[int, int]) -> Floats:
        start = np.empty((len(values["learning_rate"]), *shape))
        for row, name in enumerate(self.data.x_names):
            own = own_weight(name)
            start[:, row] = values[own if own in values else "initial_weight"][:, None]
        if self.problem.fit_bias:
            start[:, -1] = values["initial_bias"][:, None]
        return start

    def _options(self, problem: Problem, trials: Trials, method: Method) -> TrainOptions:
        """Returns how trials are trained and when they have ended."""
        training, quadratic = self.config.training, trials.quadratic
        high = self.criteria.diverged_excess(quadratic.excess(trials.start), quadratic.least, quadratic.scale)
        epochs = most_epochs(training.epochs, self.space)
        return TrainOptions(
            converged_excess=self.criteria.converged_excess(problem.scale),
            diverged_excess=high,
            method=method,
            early_stop=training.early_stop,
            dtype=training.dtype,
            device=training.device,
            history_epochs=history_epochs(self.config.history.every, epochs),
        )

    def train_groups(self, groups: list[Group], states_at: Integers | None = None) -> Results:
        """Trains groups of trials, one after the other; see descending.train_groups."""
        return train_groups(self.config.training.engine, groups, states_at)

    @cached_property
    def example(self) -> Group:
        """The set-up's own trial, as it is without what the sweep varies."""
        return self.example_with({})

    @cached_property
    def examples(self) -> tuple[Group, ...]:
        """A trial of each combination of what is no number; of the fewest rows a step, the rest as set up."""
        return tuple(group for group, _ in self._examples())

    @cached_property
    def extreme_examples(self) -> tuple[Group, ...]:
        """The same at both ends of all that moves a stability limit."""
        return tuple(group for group, _ in self._examples(self.moving))

    @cached_property
    def examples_in_units(self) -> tuple[Group, ...]:
        """Those of these whose learning rates are shares of a stability limit."""
        return tuple(group for group, is_in_units in self._examples(self.moving) if is_in_units)

    @cached_property
    def examples_of_sizes(self) -> tuple[Group, ...]:
        """The same with the smallest and the largest batches that there are."""
        every = self.space.combinations(("seed",), ("batch_size",))
        return tuple(
            self.example_with({name: of for name, of in each.items() if name != RATIO}) for each in every
        )

    def _examples(self, extreme: Sequence[str] = ()) -> Iterator[tuple[Group, bool]]:
        for chosen in self.space.combinations(MANY, extreme):
            is_in_units = chosen.pop(RATIO, None) is not None
            yield self.example_with(chosen), is_in_units

    @property
    def moving(self) -> list[str]:
        """The numbers that vary and may move a stability limit, but for batches and their seeds."""
        has_schedule = any(example.options.method.schedule is not None for example in self.examples)
        moves = ("fold", *(["epochs"] if has_schedule else []))
        return [
            name
            for name in self.space.names
            if name not in self.space.choices
            and (name in KEYS or name.startswith("schedule.") or name in moves)
        ]

    def example_with(self, values_of_its_own: Mapping[str, float]) -> Group:
        """Returns the set-up's own trial, but for some hyperparameters."""
        declared = self.fixed() | dict(values_of_its_own)
        values = {name: np.array([value]) for name, value in declared.items()}
        return self._group(values, np.zeros(1, np.intp))

    @property
    def regime_is_measured(self) -> bool:
        """Whether the regime of any trial is not read off a spectrum, but off what it did."""
        return not all(example.is_covered for example in self.examples)
