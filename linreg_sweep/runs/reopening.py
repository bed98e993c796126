"""The experiment of a run that is there: its declaration met with its data once more."""

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from linreg_sweep.column_types import ColumnType
from linreg_sweep.config import Declaration, Sweep, load_sweep_text
from linreg_sweep.data import Data, from_arrays
from linreg_sweep.errors import Complaint, ResultsError
from linreg_sweep.folds import Fold, folds_of
from linreg_sweep.holdout import TRAINED
from linreg_sweep.runs.stored import StoredRun
from linreg_sweep.storage import files
from linreg_sweep.storage.layout import Layout
from linreg_sweep.storage.parquet import read_arrays
from linreg_sweep.storage.store import damaged
from linreg_sweep.tabular.sources import is_there
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.groups import Group
from linreg_sweep.trials.loading import data_path, load_data, scalings
from linreg_sweep.trials.prepare import prepare


def declaration_of(run: StoredRun) -> Declaration[Sweep]:
    """Returns what a run's config.yaml declares.

    Raises:
        ResultsError: it is damaged or gone.
        ConfigError: it cannot be read.
    """
    place = run.store.config
    if not run.store.is_as_written(place, run.metadata):
        raise damaged(place)
    folder = run.path if files.is_local(run.path) else Path.cwd()
    return load_sweep_text(files.read(place), str(place), folder)


def reopen(run: StoredRun, max_memory: str | int | None = None) -> Experiment:
    """Returns what a run's trials are a pure function of; for max_memory see sweep.run.

    Raises:
        ResultsError: its declaration or its data are not those of the run.
        ConfigError: its config.yaml cannot be read.
        DataError: its data cannot be read.
    """
    declaration = declaration_of(run)
    return prepare(declaration, data_of(run, declaration, max_memory))


def fold_of(run: StoredRun, trial: int) -> tuple[Experiment, Group, Fold]:
    """Returns what a run's trials are a pure function of, one of them, and the rows that it was trained on.

    Raises:
        ResultsError, ConfigError, DataError: see reopen.
    """
    declaration = declaration_of(run)
    data = data_of(run, declaration)
    experiment = prepare(declaration, data)
    [group] = experiment.groups(experiment.values(trial, trial + 1))
    return experiment, group, next(islice(folds_of(data), group.kind.fold, None))


def data_of(run: StoredRun, declaration: Declaration[Sweep], max_memory: str | int | None = None) -> Data:
    """Returns the data of a run: those that it keeps, or those that its declaration names; see reopen.

    Raises:
        ResultsError: they are not where they were, or have changed.
        DataError: they cannot be read.
    """
    data = _own_data(run, declaration) or _data_elsewhere(run, declaration, max_memory)
    if data.digest != run.metadata["data"]["sha256"]:
        text = f"the data of the run have changed since ({data.source})"
        raise ResultsError(Complaint(str(run.path), text, "restore them, or run the sweep on the new data"))
    return data


def _own_data(run: StoredRun, declaration: Declaration[Sweep]) -> Data | None:
    """Returns the data that a run keeps; None: they are elsewhere."""
    store = run.store
    if store.data.name not in run.metadata.get("checksums", {}) and not files.exists(store.data):
        return None
    block = declaration.config.data
    x_names, y_names, holdout = block.x or (), block.y or (), block.holdout
    apart = () if holdout is None or holdout.column is None else (holdout.column,)
    layout = Layout(dict.fromkeys((*x_names, *y_names, *apart), ColumnType("number")))
    columns = read_arrays(store.data, None, layout)
    data = from_arrays(
        np.column_stack([columns[name] for name in x_names]),
        np.column_stack([columns[name] for name in y_names]),
        x_names,
        y_names,
        True in scalings(declaration.config),
        block.fit_bias,
    )
    data = replace(data, source=run.metadata["data"]["source"])
    for name in apart:
        return replace(data, held_out=np.where(columns[name] == 1, 0, TRAINED))
    return data if holdout is None else replace(data, held_out=holdout.rows(len(data.x)))


def _data_elsewhere(run: StoredRun, declaration: Declaration[Sweep], max_memory: str | int | None) -> Data:
    """Returns the data that a run does not keep.

    Raises:
        ResultsError: they are not where they were.
        DataError: they cannot be read.
    """
    path = data_path(declaration)
    if path is not None and files.is_local(path) and not is_there(path):
        text = f"its data are not kept in the run, and are not at {path} any more"
        hint = f"put them there, or `linreg-sweep run {run.store.config} --out {run.path.parent}"
        raise ResultsError(Complaint(str(run.path), text, f"{hint} --set data.path=FILE`"))
    return load_data(declaration, max_memory=max_memory)
