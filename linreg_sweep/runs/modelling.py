"""The model that a trial of a run came to."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from linreg_sweep.blocks import ends
from linreg_sweep.data import Data
from linreg_sweep.errors import Complaint, ConfigError, ResultsError
from linreg_sweep.model import Model
from linreg_sweep.runs.quality import best_setting, cells_of
from linreg_sweep.runs.reopening import data_of, declaration_of, fold_of
from linreg_sweep.trials.prepare import prepare
from linreg_sweep.trials.tables import trial_columns

if TYPE_CHECKING:
    from linreg_sweep.runs.results import Run


ENDING = ("outcome", "epochs", "cost", "held_out_cost")
"""What is told of how a trial ended."""


def model_of(run: "Run", trial: int | None = None) -> Model:
    """Returns the model that a trial came to, in the data's own units; see Run.model.

    None: the best one. Where settings are compared over folds, that is the best setting, trained once more on
    all rows, as each fold's trial has not seen some of them.
    """
    if trial is None and run.n_folds > 1 and (found := best_setting(run)) is not None:
        return _on_all_rows(run, found[0].first // run.n_folds)
    number = int(run.best(1)["trial"].iloc[0]) if trial is None else trial
    if not 0 <= number < run.n_trials:
        text = f"must be a trial of the run, 0 to {run.n_trials - 1:,}, got {number}"
        raise ConfigError(Complaint("--trial", text))
    if number // run.part_size not in run.finished_parts():
        raise ResultsError(Complaint(str(run.path), f"trial {number} is not finished yet", "run the sweep"))
    experiment, _, fold = fold_of(run, number)
    names = experiment.parameter_names
    suffix = "_unscaled" if experiment.is_scaled else ""
    told = dict.fromkeys([*run.metadata["hyperparameters"], *(name for name in ENDING if name in run.types)])
    cells = cells_of(run, number, [*(f"{name}{suffix}" for name in names), *told])
    theta = [cells[f"{name}{suffix}"] for name in names]
    trained = {"trial": number, **{name: cells[name] for name in told}, "rows": len(fold.train.x)}
    return _model(run, fold.train, theta, trained, fit_bias=experiment.problem.fit_bias)


def _on_all_rows(run: "Run", number: int) -> Model:
    """Returns the model of a setting, by its number, trained on all rows."""
    declaration = declaration_of(run)
    config = declaration.config
    block = config.data.model_copy(update={"holdout": None})
    best = config.best.model_copy(update={"by": "converged_at"})
    whole = replace(declaration, config=config.model_copy(update={"data": block, "best": best}))
    data = replace(data_of(run, declaration), held_out=None)
    experiment = prepare(whole, data)
    values = experiment.values(number, number + 1)
    groups = experiment.groups(values)
    columns = trial_columns(experiment, number, values, groups, experiment.train_groups(groups))
    suffix = "_unscaled" if experiment.is_scaled else ""
    types = run.types
    cells = {name: types[name].cell(column[0].item()) for name, column in columns.items() if name in types}
    theta = [columns[f"{name}{suffix}"][0].item() for name in experiment.parameter_names]
    setting = {name: cells[name] for name in run.varied if name != "fold"}
    trained = {
        "best_of_folds": run.n_folds,
        **setting,
        **{name: cells[name] for name in ENDING if name in cells},
        "rows": len(data.x),
    }
    return _model(run, data, theta, trained, fit_bias=experiment.problem.fit_bias)


def _model(run: "Run", data: Data, theta: list[Any], trained: dict[str, Any], *, fit_bias: bool) -> Model:
    """Returns the model of these parameters [P * O], of the rows that it was trained on."""
    numbers = np.array([np.nan if value is None else value for value in theta], np.float64)
    if trained["outcome"] in ("diverged", "failed") or not np.isfinite(numbers).all():
        text = f"trial {trained.get('trial', '')} has no model: it {trained['outcome']}".replace("  ", " ")
        raise ConfigError(Complaint(str(run.path), text, "choose another with --trial"))
    table = numbers.reshape(-1, len(data.y_names))
    weights = table[: len(data.x_names)]
    told, (low, high) = run.metadata, ends(data.x)
    return Model(
        features=data.x_names,
        targets=data.y_names,
        weights=weights,
        bias=table[-1] if fit_bias else np.zeros(len(data.y_names)),
        low=low,
        high=high,
        fit_bias=fit_bias,
        trained={
            "run": run.path.name,
            **trained,
            "engine": told["engine"],
            "standardized": data.standardize,
            "data": {"source": told["data"]["source"], "sha256": told["data"]["sha256"]},
            "versions": dict(told["versions"]),
        },
    )
