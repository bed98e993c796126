"""A declaration met with its data: everything that the result of a trial is a pure function of."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from linreg_sweep.config import Config, Sweep
from linreg_sweep.config.parameters import own_weight
from linreg_sweep.data import Data, parameter_names
from linreg_sweep.engines import load_engine
from linreg_sweep.engines.interface import Results, Schedule, Trials, merge
from linreg_sweep.samplers.range import ends
from linreg_sweep.theory.outcome import Criteria, stability_limit
from linreg_sweep.theory.problem import Problem
from linreg_sweep.trials.space import Space

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Experiment:
    """A sweep, or a single trial as a sweep of one, ready to be trained.

    Attributes:
        config: the resolved declaration.
        data: names and scales of the data; its rows are in the problem.
        digest: of the data's names, shapes and exact bytes.
        problem: what the trials descend on.
        space: what the trials vary.
        criteria: when a trial counts as converged, diverged or settled.
    """

    config: Config | Sweep
    data: Data
    digest: str
    problem: Problem
    space: Space
    criteria: Criteria

    @property
    def converged_excess(self) -> float:
        """The excess cost at or below which a trial has converged, in units of y squared."""
        return self.criteria.converged_excess(self.problem.scale)

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """What the entries of theta are called, in the order of its columns in a table."""
        return parameter_names(self.data.x_names, self.data.y_names, self.problem.fit_bias)

    @property
    def n_states(self) -> int:
        """How many states of a trial its history holds at most."""
        epochs = most_epochs(self.config.training.epochs, self.space)
        return count_states(self.config.history.every, epochs)

    def least_squares(self) -> dict[str, float]:
        """Returns the parameters of the optimum in the data's own units, by their names in a table."""
        theta = self.data.unscaled(self.problem.optimum[None], self.problem.fit_bias)
        return dict(zip(self.parameter_names, theta.ravel().tolist(), strict=True))

    def fixed(self) -> dict[str, float]:
        """Returns the set-up's value of every hyperparameter in the table, in the table's order.

        Those that the sweep varies are among them, with the value that the sweep replaces.
        """
        training, varied = self.config.training, self.space.parameters
        own = [own_weight(name) for name in self.data.x_names]
        weight = training.initial_weight
        values = {"learning_rate": training.learning_rate}
        if "initial_weight" in varied or (isinstance(weight, float) and not varied.keys() & set(own)):
            values["initial_weight"] = weight if isinstance(weight, float) else 0.0
        else:
            weights = [weight] * len(own) if isinstance(weight, float) else weight
            values |= dict(zip(own, weights, strict=True))
        values["initial_bias"] = training.initial_bias
        return values | {name: values.get(name, 0.0) for name in varied if name not in values}

    def values(self, start: int, stop: int) -> dict[str, Floats]:
        """Returns every hyperparameter [stop - start] of the trials from start to stop - 1."""
        return self._with_fixed(self.space.values(start, stop), stop - start)

    def sample(self, n_sampled: int) -> dict[str, Floats]:
        """Returns every hyperparameter [k] of at most so many trials taken at random; see Space.sample."""
        return self._with_fixed(self.space.sample(n_sampled), min(n_sampled, self.space.n_trials))

    def _with_fixed(self, varied: dict[str, Floats], count: int) -> dict[str, Floats]:
        """Returns what varies, [count] each, with what does not; learning rates in their own unit."""
        values = {
            name: varied[name] if name in varied else np.full(count, value)
            for name, value in self.fixed().items()
        }
        rate = self.space.parameters.get("learning_rate")
        if rate is not None and rate.unit is not None:
            training = self.config.training
            momentum = values.get("momentum", training.momentum)
            steepest = float(self.problem.eigenvalues[-1])
            limits = stability_limit(steepest, momentum, nesterov=training.nesterov)
            with np.errstate(over="ignore"):
                values["learning_rate"] = values["learning_rate"] * limits
        return values

    def trials(self, values: dict[str, Floats]) -> Trials:
        """Returns the trials with these hyperparameters, [K] each."""
        training = self.config.training
        n_parameters, n_targets = self.problem.shape
        count = len(values["learning_rate"])
        start = np.empty((count, n_parameters, n_targets))
        for row, name in enumerate(self.data.x_names):
            own = own_weight(name)
            start[:, row] = values[own if own in values else "initial_weight"][:, None]
        if self.problem.fit_bias:
            start[:, -1] = values["initial_bias"][:, None]
        epochs = values.get("epochs", np.full(count, training.epochs))
        momentum = values.get("momentum", training.momentum)
        return Trials(values["learning_rate"], start, epochs.astype(np.int64), momentum)

    @property
    def has_mini_batches(self) -> bool:
        """Whether any trial may see less than all rows in a step."""
        return has_mini_batches(self.config.training.batch_size, self.space, self.problem.n_rows)

    def batch_sizes(self, values: dict[str, Floats]) -> Integers:
        """Returns the rows a step [K] of trials; n where a step sees all n rows."""
        whole = self.problem.n_rows
        declared = self.config.training.batch_size or whole
        sizes = values.get("batch_size", np.full(len(values["learning_rate"]), declared))
        return np.minimum(sizes, whole).astype(np.int64)

    def schedule(self, start: Floats, batch_size: int) -> Schedule:
        """Returns how trials from these starts [K, P, O] are trained and when they have ended."""
        training, problem = self.config.training, self.problem
        return Schedule(
            converged_excess=self.converged_excess,
            diverged_excess=self.criteria.diverged_excess(
                problem.excess_cost(start), problem.cost_min, problem.scale
            ),
            early_stop=training.early_stop,
            batch_size=batch_size,
            shuffle=training.shuffle,
            seed=self.config.seed,
            nesterov=training.nesterov,
            dtype=training.dtype,
            device=training.device,
            history_epochs=history_epochs(
                self.config.history.every, most_epochs(training.epochs, self.space)
            ),
        )

    def train(self, values: dict[str, Floats], states_at: Integers | None = None) -> Results:
        """Trains trials, those of one batch size together.

        Linear algebra runs on one thread, so that the bits are the same in a worker and in process.

        Args:
            values: the hyperparameters of the trials, [K] each.
            states_at: the ascending epochs at which states are kept; None: as the config says.
        """
        train = load_engine(self.config.training.engine)
        trials, sizes = self.trials(values), self.batch_sizes(values)
        groups = [np.flatnonzero(sizes == size) for size in np.unique(sizes)]
        results = []
        with threadpool_limits(limits=1), np.errstate(over="ignore", invalid="ignore"):
            for group in groups:
                chosen = trials.take(group)
                schedule = self.schedule(chosen.start, int(sizes[group[0]]))
                if states_at is not None:
                    schedule = replace(schedule, history_epochs=states_at)
                results.append(train(self.problem, chosen, schedule))
        return merge(groups, results)


def common_stability_limit(experiment: Experiment) -> float | None:
    """Returns the learning rate above which every trial's descent grows; None: there is no one such rate.

    Momentum that varies moves it, mini-batches have none, and flat data know no limit.
    """
    training, (_, steepest) = experiment.config.training, experiment.problem.curvature
    if experiment.has_mini_batches or "momentum" in experiment.space.parameters or not steepest:
        return None
    return float(stability_limit(steepest, training.momentum, nesterov=training.nesterov))


def has_mini_batches(declared: int | None, space: Space, n_rows: int) -> bool:
    """Returns whether any trial may see less than all rows in a step; declared is the set-up's batch size."""
    return smallest_batch(declared, space, n_rows) < n_rows


def smallest_batch(declared: int | None, space: Space, n_rows: int) -> int:
    """Returns the fewest of all rows that a step of any trial sees; declared is the set-up's batch size."""
    varied = space.parameters.get("batch_size")
    return min(n_rows, (declared or n_rows) if varied is None else int(ends(varied)[0]))


def most_epochs(declared: int, space: Space) -> int:
    """Returns the most epochs that any trial may do; declared is the set-up's."""
    return int(ends(space.parameters["epochs"])[1]) if "epochs" in space.parameters else declared


def history_epochs(every: int | str, epochs: int) -> Integers:
    """Returns the epochs at which states are kept: none, every so many from 0, or 1, 2, 5, 10, ..."""
    if every == "log":
        decades = 10 ** np.arange(len(str(epochs)), dtype=np.int64)
        steps: Integers = (decades[:, None] * np.array([1, 2, 5])).ravel()
        return steps[steps <= epochs]
    return np.arange(0, epochs + 1, int(every), dtype=np.int64) if every else np.empty(0, np.int64)


def count_states(every: int | str, epochs: int) -> int:
    """Returns how many states of a trial of so many epochs its history holds."""
    if every == "log" or not every:
        return len(history_epochs(every, epochs))
    return epochs // int(every) + 1
