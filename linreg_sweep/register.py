"""Opens the directory of an experiment's run, and closes it once every part is there."""

import hashlib
import json
import math
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from linreg_sweep.columns import parameter_column, states
from linreg_sweep.config import as_mapping, to_yaml
from linreg_sweep.data import Data
from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.experiment import Experiment
from linreg_sweep.parquet import encode
from linreg_sweep.parts import default_part_size
from linreg_sweep.results import BINS, Run
from linreg_sweep.store import FORMAT_VERSION, Store, run_path

ARRAYS = "arrays"
"""The source of data that came from Python."""

LIBRARIES = ("linreg-sweep", "numpy", "torch", "pandas", "pyarrow", "joblib")


def digest(mapping: dict[str, Any], data_digest: str) -> str:
    """Returns the hash of a resolved config and its data: equal for the same sweep, anywhere.

    Where the data lie and how many trials are allowed are left out: they change no result.
    """
    left_out = {key: value for key, value in mapping["data"].items() if key != "path"}
    kept = {key: value for key, value in mapping.items() if key != "max_trials"} | {"data": left_out}
    text = json.dumps([FORMAT_VERSION, kept, data_digest])
    return hashlib.sha256(text.encode()).hexdigest()


def open_run(
    experiment: Experiment, data: Data, data_path: Path | None, out: Path, part_size: int | None
) -> Run:
    """Returns the experiment's run: the one that is there, or a new one without parts.

    Args:
        experiment: what will be trained, a sweep.
        data: its data, with the rows.
        data_path: the file they came from; None: they are built in, or arrays.
        out: the directory that holds the runs.
        part_size: trials a part, for a new run; None: by the sweep.

    Raises:
        ConfigError: the run is there with parts of another size.
        ResultsError: the directory cannot be read or written.
    """
    mapping = as_mapping(experiment.config)
    if data_path is not None or data.source == ARRAYS:
        mapping["data"] = _with_columns(mapping["data"], data)
    store = Store(run_path(out, mapping["name"], digest(mapping, experiment.digest)))
    if store.metadata.exists():
        run = Run(store)
        there = run.metadata["part_size"]
        if part_size not in (None, there):
            text = f"the run's parts have {there} trials each, got a part size of {part_size}"
            raise ConfigError(Complaint(str(store.path), text, "leave it out, or use another --out"))
        return run
    if data.source == ARRAYS:
        columns = zip(data.x_names + data.y_names, [*data.x.T, *data.y.T], strict=True)
        store.write(store.data, encode(dict(columns)))
        mapping["data"]["path"] = store.data.name
    elif data_path is not None:
        mapping["data"]["path"] = _relative(data_path, store.path)
    store.write(store.config, to_yaml(mapping).encode())
    store.write_metadata(_metadata(experiment, mapping, part_size or default_part_size(experiment)))
    return Run(store)


def _with_columns(block: dict[str, Any], data: Data) -> dict[str, Any]:
    """Returns a data block that names its columns, with nothing left to find out."""
    others = {key: value for key, value in block.items() if key not in ("name", "path", "x", "y")}
    return {"path": "", "x": list(data.x_names), "y": list(data.y_names)} | others


def _relative(path: Path, folder: Path) -> str:
    """Returns a path as seen from a folder; in full where there is no way from there."""
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive
        return path.resolve().as_posix()


def _metadata(experiment: Experiment, mapping: dict[str, Any], part_size: int) -> dict[str, Any]:
    n_trials = experiment.space.n_trials
    return {
        "format_version": FORMAT_VERSION,
        "name": mapping["name"],
        "created": _now(),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES},
        "data": {
            "source": experiment.data.source,
            "sha256": experiment.digest,
            "rows": experiment.problem.n_rows,
            "features": list(experiment.data.x_names),
            "targets": list(experiment.data.y_names),
            "notes": list(experiment.data.notes),
        },
        "engine": mapping["training"]["engine"],
        "loss": mapping["training"]["loss"],
        "method": mapping["method"],
        "varied": [parameter_column(name) for name in experiment.space.parameters],
        "log_scaled": [
            parameter_column(name)
            for name, parameter in experiment.space.parameters.items()
            if getattr(parameter, "scale", "linear") == "log"
        ],
        "history": experiment.n_states > 0,
        "regime_measured": experiment.has_mini_batches,
        "settle": {
            "epochs": experiment.criteria.settle_epochs,
            "fraction": experiment.criteria.settle_fraction,
        },
        "divergence": experiment.criteria.divergence,
        "hyperparameters": [parameter_column(name) for name in experiment.fixed()],
        "parameters": list(states(experiment, np.empty((0, *experiment.problem.shape)))),
        "n_trials": n_trials,
        "part_size": part_size,
        "n_parts": -(-n_trials // part_size),
    }


def finish_run(run: Run) -> Run:
    """Writes the summary of a run whose parts are all there, and its outcomes into metadata.json.

    Raises:
        ResultsError: a part is damaged, or the directory cannot be written.
    """
    if run.finished and run.store.summary.exists():
        return run
    summary = run.summary(bins=BINS if run.metadata["method"] == "random" else None)
    run.store.write(run.store.summary, summary.to_csv(index=False).encode())
    counts = summary[["converged", "unfinished", "diverged"]].sum()
    hyperparameters = run.metadata["hyperparameters"]
    columns = [
        "trial",
        *hyperparameters,
        "outcome",
        "epochs",
        "converged_at",
        "cost",
        *run.metadata["parameters"],
    ]
    best = run.best_of(columns, 1).iloc[0]
    run.store.write_metadata(
        run.metadata
        | {
            "finished": _now(),
            "outcomes": {str(name): int(count) for name, count in counts.items()},
            "best": {name: _plain(best[name]) for name in columns},
        }
    )
    return Run(run.store)


def _plain(value: Any) -> float | int | str | None:
    """Returns a cell of a table as JSON has it; a missing number, or one that is not finite, is null."""
    if isinstance(value, str):
        return value
    if pd.isna(value) or not math.isfinite(value):
        return None
    return int(value) if isinstance(value, int | np.integer) else float(value)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
