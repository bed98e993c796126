"""Opens the directory of an experiment's run, and closes it once every part is there."""

import hashlib
import json
import math
import os
import platform
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.columns import parameter_column, states
from linreg_sweep.config import as_mapping, to_yaml
from linreg_sweep.config.parameters import count
from linreg_sweep.data import Data
from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.experiment import Experiment, limit
from linreg_sweep.findings import READ, Findings
from linreg_sweep.formats import as_text
from linreg_sweep.outcome import CATEGORIES, EVENTS, MISSING
from linreg_sweep.parquet import encode, read_arrays
from linreg_sweep.parts import default_part_size
from linreg_sweep.results import BINS, MOST_ROWS, Run
from linreg_sweep.space import at
from linreg_sweep.store import FORMAT_VERSION, Store, run_path
from linreg_sweep.tally import SUMMARISED

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
        "spans": _spans(experiment),
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


def _spans(experiment: Experiment) -> dict[str, list[float]]:
    """Returns the values of each parameter of a grid; of many, some more than MOST_ROWS, with both ends.

    Rates in stability limits are left out: each momentum may have its own.
    """
    space, spans = experiment.space, {}
    if space.seed is not None:
        return {}
    for name, parameter in space.parameters.items():
        n_points = count(parameter)
        places = np.unique(np.linspace(0, n_points - 1, min(n_points, MOST_ROWS + 1)).astype(np.int64))
        spans[parameter_column(name)] = sorted(at(parameter, places).tolist())
    rate = space.parameters.get("learning_rate")
    if rate is not None and rate.unit is not None:
        del spans["learning_rate"]
    return spans


def finish_run(run: Run, experiment: Experiment) -> Run:
    """Writes the summary of a run whose parts are all there, and what it found into metadata.json.

    Raises:
        ResultsError: a part is damaged, or the directory cannot be written.
    """
    if run.finished and run.store.summary.exists():
        return run
    by = run.default_by()
    bins = BINS if run.has_more_values(by, MOST_ROWS) else None
    tallies = [run.tally(by, BINS if run.metadata["method"] == "random" else None), run.tally(by, bins)]
    findings = Findings(partial(_start_cost, experiment))
    for columns in run.parts(list(dict.fromkeys([*by, *SUMMARISED, *READ]))):
        for tally in tallies:
            tally.add(columns)
        findings.add(columns)
    whole, readable = (tally.table() for tally in tallies)
    run.store.write(run.store.summary, (as_text(whole, "csv") + "\n").encode())
    edge, agreement = findings.edge, findings.agreement
    run.store.write_metadata(
        run.metadata
        | {
            "finished": _now(),
            "outcomes": findings.outcomes,
            "best": _best(run, int(findings.best["trial"])),
            "edge": {
                "largest_stable": edge.largest_stable,
                "smallest_diverged": edge.smallest_diverged,
                "stability_limit": limit(experiment),
            },
            "agreement": dict(vars(agreement)),
        }
    )
    return Run(run.store, readable)


def _start_cost(experiment: Experiment, numbers: NDArray[np.intp]) -> NDArray[np.float64]:
    """Returns the cost at the start [k] of trials of one part, by their numbers [k]."""
    first = int(numbers[0])
    values = experiment.values(first, int(numbers[-1]) + 1)
    chosen = {name: value[numbers - first] for name, value in values.items()}
    return experiment.problem.cost(experiment.trials(chosen).start)


def _best(run: Run, number: int) -> dict[str, Any]:
    """Returns the cells of a trial that `list` and the end of a run tell."""
    part, row = divmod(number, int(run.metadata["part_size"]))
    hyperparameters, parameters = run.metadata["hyperparameters"], run.metadata["parameters"]
    names = ["trial", *hyperparameters, "outcome", "epochs", "converged_at", "cost", *parameters]
    columns = read_arrays(run.store.part(run.store.trials, part), names)
    return {name: _plain(name, columns[name][row].item()) for name in names}


def _plain(name: str, value: float) -> float | int | str | None:
    """Returns a cell as JSON has it; a missing number, or one that is not finite, is null."""
    if name in CATEGORIES:
        return CATEGORIES[name][int(value)]
    return None if not math.isfinite(value) or (name in EVENTS and value == MISSING) else value


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
