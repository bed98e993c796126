"""One trial, looked at epoch by epoch, as the tutorial prints it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.config import Config, Declaration, load_config
from linreg_sweep.engines.interface import Results
from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.theory.outcome import CONVERGED, MISSING, OUTCOMES, REGIMES
from linreg_sweep.trials.advice import Advice, advise
from linreg_sweep.trials.checks import MAX_STATES
from linreg_sweep.trials.columns import states
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.groups import Group
from linreg_sweep.trials.loading import Arrays, load_data
from linreg_sweep.trials.prepare import prepare
from linreg_sweep.trials.tables import trial_columns

if TYPE_CHECKING:
    import pandas as pd

    from linreg_sweep.engines.autograd_steps import Step

Column = NDArray[np.generic]

ROWS = 10
"""Epochs that are shown where nothing else is asked for."""


@dataclass(frozen=True)
class Training:
    """A trained trial.

    Attributes:
        experiment: what was trained.
        rows: `epoch`, then weights and biases after that epoch's update, then the `cost` before
            it (as a training loop prints them), [R] each.
        last: the trial's row of a trials table, [1] each; see columns.trial_columns.
        notes: what a person should know of the data.
        advice: what would make it converge; None: it did.
    """

    experiment: Experiment
    rows: dict[str, Column]
    last: dict[str, Column]
    notes: tuple[str, ...]
    advice: Advice | None

    @property
    def frame(self) -> "pd.DataFrame":
        """The rows as a DataFrame."""
        import pandas as pd

        return pd.DataFrame(self.rows)

    @property
    def outcome(self) -> str:
        """How the trial ended: converged, unfinished or diverged."""
        return OUTCOMES[int(self.last["outcome"][0])]

    @property
    def regime(self) -> str | None:
        """The regime of its learning rate; None: not known."""
        code = int(self.last["regime"][0])
        return None if code == MISSING else REGIMES[code]

    def epoch_of(self, event: str) -> int | None:
        """Returns `converged_at` or `diverged_at`; None where that never came."""
        epoch = int(self.last[event][0])
        return None if epoch == MISSING else epoch

    def __repr__(self) -> str:
        epochs = int(self.last["epochs"][0])
        return f"<Training on {self.experiment.data.source}: {self.outcome}, {epochs:,} epochs>"

    def _repr_html_(self) -> str:
        from linreg_sweep.analysis.shown import as_html, curve

        data = self.experiment.data
        picture = curve(self.rows["epoch"].tolist(), self.rows["cost"].tolist(), ", ".join(data.y_names))
        return as_html(f"{data.source}: {self.outcome}", self.frame) + picture


def train(
    config: str | Path | Mapping[str, Any],
    *,
    overrides: Iterable[str] = (),
    data: Arrays | None = None,
    every: int | None = None,
    max_memory: str | int | None = None,
    prepared: Callable[[Experiment], None] | None = None,
) -> Training:
    """Trains the one trial of a config through all its epochs, unless it diverges.

    Args:
        config: a config file, or the same as a mapping.
        overrides: texts like `training.epochs=500`, as `--set` takes them.
        data: x (n,) or (n, F) and y (n,) or (n, O), instead of what the config names.
        every: epochs between two rows; None: so that there are about ten. The last epoch has a row too.
        max_memory: a size such as `4GB`, beyond which the rows of a file are kept on disk; None: half of what
            is free.
        prepared: called with what is to be trained, before it is.

    Raises:
        ConfigError: the config is invalid.
        DataError: the data cannot be read or fitted.
    """
    declaration = _through_all_epochs(load_config(config, overrides, data_given=data is not None))
    table = load_data(declaration, data, max_memory)
    experiment = prepare(declaration, table)
    epochs = declaration.config.training.epochs
    if every is not None and every < 1:
        raise ConfigError(Complaint("--every", f"must be at least 1, got {every}"))
    if every is not None and 2 * (epochs // every) > MAX_STATES:
        text = f"must leave at most {MAX_STATES // 2:,} rows to print, got {epochs // every:,}"
        raise ConfigError(Complaint("--every", text, "print fewer"))
    if prepared is not None:
        prepared(experiment)
    values = experiment.values(0, 1)
    [group] = experiment.groups(values)
    results, rows = _train_and_look(experiment, group, every or max(1, epochs // ROWS), epochs)
    done = int(results.epochs[0])
    if done < epochs:  # it diverged: look at the epochs until then
        closer = max(1, done // ROWS)
        step = closer if every is None or every > done else every
        results, rows = _train_and_look(experiment, group, step, done)
    last = trial_columns(experiment, 0, values, [group], results)
    advice = None if last["outcome"][0] == CONVERGED else advise(experiment)
    return Training(experiment, rows, last, table.notes, advice)


def _through_all_epochs(declaration: Declaration[Config]) -> Declaration[Config]:
    """Returns the declaration without its early stop, so that its last state decides the outcome."""
    config = declaration.config
    training = config.training.model_copy(update={"early_stop": False})
    return replace(declaration, config=config.model_copy(update={"training": training}))


def _train_and_look(
    experiment: Experiment, group: Group, every: int, last: int
) -> tuple[Results, dict[str, Column]]:
    """Trains the one trial; returns what became of it, and the rows of every so many epochs and the last."""
    shown = np.union1d(np.arange(every, last + 1, every, dtype=np.int64), [last][: min(last, 1)])
    results = experiment.train_groups([group], states_at=np.union1d(shown - 1, shown))
    epoch, theta = results.history.epoch, results.history.theta
    shown = shown[np.isin(shown, epoch)]
    after, before = np.searchsorted(epoch, shown), np.searchsorted(epoch, shown - 1)
    cost = group.problem.cost(theta[before])
    fitted = states(experiment, [(np.arange(len(shown)), group.kind)], theta[after])
    return results, {"epoch": shown, **fitted, "cost": cost}


def autograd_steps(
    config: str | Path | Mapping[str, Any], n_epochs: int, *, overrides: Iterable[str] = ()
) -> tuple[tuple[str, ...], Iterator["Step"]]:
    """Trains the one trial of a config by torch's autograd, stopping at every moment of so many epochs.

    Its engine makes no difference. Returns the names of the entries of theta, and the moments.

    Raises:
        ConfigError: the config is invalid, or has mini-batches, of which this shows none.
        DataError: the data cannot be read or fitted.
    """
    from linreg_sweep.engines.autograd_steps import steps

    if n_epochs < 1:
        raise ConfigError(Complaint("--steps", f"must be at least 1, got {n_epochs}"))
    declaration = load_config(config, overrides)
    experiment = prepare(declaration, load_data(declaration))
    trial, method = experiment.example.trials, experiment.example.options.method
    if method.batch_size is not None and method.batch_size >= experiment.problem.n_rows:
        text = f"must not draw rows with --steps, got {method.order}"
        raise declaration.error(("training", "order"), text, "--set order=file")
    if method.batch_size is not None:
        text = f"must be null with --steps, got {method.batch_size}"
        raise declaration.error(("training", "batch_size"), text, "--set batch_size=null")
    if method.schedule is not None:
        text, hint = "must be constant with --steps", "--set schedule=constant"
        raise declaration.error(("training", "schedule"), text, hint)
    return experiment.parameter_names, steps(
        experiment.problem,
        {name: float(numbers[0]) for name, numbers in trial.values.items()},
        trial.start[0],
        n_epochs,
        optimizer=method.optimizer,
        flags=method.flags,
        dtype=declaration.config.training.dtype,
    )
