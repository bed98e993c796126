"""Opens the directory of an experiment's run: the one that is there, mended, or a new one."""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from linreg_sweep.config import as_mapping, to_yaml
from linreg_sweep.config.parameters import count, each_alone
from linreg_sweep.data import Data
from linreg_sweep.errors import Complaint, ConfigError, ResultsError
from linreg_sweep.execution.parts import Facts, default_part_size
from linreg_sweep.execution.versions import installed, result_versions
from linreg_sweep.runs.inspection import facts_there, set_aside
from linreg_sweep.runs.quality import held_out_facts
from linreg_sweep.runs.reopening import declaration_of
from linreg_sweep.runs.results import MAX_ROWS, Run
from linreg_sweep.runs.status import now
from linreg_sweep.samplers.grid import at
from linreg_sweep.storage import files
from linreg_sweep.storage.checksum import checksum
from linreg_sweep.storage.files import AnyPath
from linreg_sweep.storage.metadata import Metadata, Tables
from linreg_sweep.storage.parquet import encode
from linreg_sweep.storage.store import FORMAT_VERSION, DamagedError, Store, damaged, run_path
from linreg_sweep.trials.columns import history_types, parameter_column, trial_types
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.loading import data_path
from linreg_sweep.trials.rounding import UNTOLD, arithmetic

ARRAYS = "arrays"
"""The source of data that came from Python."""

SMALL = 2**20
"""Bytes of data, as a file or as numbers, below which a run keeps them, so that they go where it goes."""

DECLARED = (
    *("name", "engine", "loss", "method", "varied", "log_scaled", "hyperparameters", "parameters", "columns"),
    *("history", "regime_measured", "settle", "divergence", "n_trials", "part_size", "n_parts"),
)
"""What metadata.json says and the declaration decides, whatever versions made the run."""


SOURCE = ("path", "format", "missing")
"""What a declaration says of where numbers come from, rather than which they are."""

HELD_OUT = "held_out"
"""The column of the data that a run keeps which says of rows whether they are held out: 1, or 0."""


def digest(mapping: dict[str, Any], experiment: Experiment) -> str:
    """Returns the hash of a resolved config, its data and columns: equal for the same sweep, anywhere.

    Where the data lie, how they are written and how many trials are allowed are left out: they change no
    result. So is how rows are held out: the data's own hash tells which. A version with another column
    makes a run of its own.
    """
    left_out = {
        block: {key: value for key, value in mapping[block].items() if key not in (*SOURCE, "holdout")}
        for block in ("data", "trials")
        if isinstance(mapping.get(block), dict)
    }
    kept = {key: value for key, value in mapping.items() if key != "max_trials"} | left_out
    text = json.dumps([FORMAT_VERSION, kept, experiment.digest, _columns(experiment)])
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Entry:
    """What a run's directory is to say of it.

    Attributes:
        experiment: what is trained, a sweep.
        data: its data, with the rows.
        data_path: the file they came from; None: they are built in, or arrays.
        out: the directory that holds the runs.
        lacks_data: whether the run is there, and was begun without data of its own, which it does not get.
    """

    experiment: Experiment
    data: Data
    data_path: Path | None
    out: AnyPath
    lacks_data: bool = False

    @cached_property
    def store(self) -> Store:
        """The files of the run: the same for the same declaration and data."""
        mapping = self._mapping
        return Store(run_path(self.out, mapping["name"], digest(mapping, self.experiment)))

    @cached_property
    def _mapping(self) -> dict[str, Any]:
        mapping = as_mapping(self.experiment.config)
        if self.data_path is not None or self.data.source == ARRAYS:
            mapping["data"] = _with_columns(mapping["data"], self.data)
        return mapping

    def declaration(self) -> dict[str, Any]:
        """Returns what config.yaml says: a declaration that runs by itself."""
        mapping, path = self._mapping, self.data_path
        if self.keeps_data:
            kept = {key: value for key, value in mapping["data"].items() if key not in SOURCE}
            if self.names_held_out:
                kept["holdout"] = {"column": self._held_out_column, "value": 1}
            return mapping | {"data": {"path": self.store.data.name, **kept}}
        if path is not None:
            block = mapping["data"] | {"path": _relative(path, self.store.path)}
            other = block["holdout"] and block["holdout"].get("path")
            if other:
                block["holdout"] = {"path": _relative(files.any_path(other), self.store.path)}
            return mapping | {"data": block}
        return mapping

    @property
    def names_held_out(self) -> bool:
        """Whether files say which rows are held out, rather than a rule."""
        holdout = self.experiment.config.data.holdout
        return holdout is not None and (holdout.path is not None or holdout.column is not None)

    @property
    def _held_out_column(self) -> str:
        names, name = (*self.data.x_names, *self.data.y_names), HELD_OUT
        while name in names:
            name += "_"
        return name

    @cached_property
    def keeps_data(self) -> bool:
        """Whether the run keeps its data: those from Python, and small ones."""
        data, path = self.data, self.data_path
        if path is None or self.lacks_data:
            return data.source == ARRAYS
        return 8 * (prod(data.x.shape) + prod(data.y.shape)) < SMALL or (
            files.is_local(path) and path.is_file() and path.stat().st_size < SMALL
        )

    def data_file(self) -> bytes | None:
        """Returns what data.parquet says; None where the run does not keep its data."""
        data = self.data
        if not self.keeps_data:
            return None
        columns = dict(zip(data.x_names + data.y_names, [*data.x[:].T, *data.y[:].T], strict=True))
        if self.names_held_out and data.held_out is not None:
            columns[self._held_out_column] = (data.held_out >= 0).astype(np.float64)
        return encode(columns)


def open_run(entry: Entry, part_size: int | None, report: Callable[[str], None]) -> Run:
    """Returns the run that is there, mended where it was damaged, or a new one without parts.

    A new one has parts of so many trials; None: by the sweep. `report` takes a sentence for each file that is
    set aside.

    Raises:
        ConfigError: the run is there with parts of another size.
        ResultsError: the directory cannot be read or written, or a newer version wrote it.
    """
    store = entry.store
    there = facts_there(store)
    metadata = _metadata_there(entry, there, report)
    if metadata is None:
        size = part_size or default_part_size(entry.experiment) if there is None else there.part_size
        metadata = _metadata(entry.experiment, entry.declaration(), size)
        metadata["versions"] |= {} if there is None else there.versions
    elif store.data.name not in metadata["checksums"]:
        entry = replace(entry, lacks_data=True)
    if part_size not in (None, metadata["part_size"]):
        text = f"the run was made with a part size of {metadata['part_size']:,}, got {part_size:,}"
        raise ConfigError(Complaint(str(store.path), text, "leave it out, or use another --out"))
    for folder in (store.trials, *([store.history] if metadata["history"] else [])):
        files.make_folder(folder)
    config, data = to_yaml(entry.declaration()).encode(), entry.data_file()
    for place, content in ((store.data, data), (store.config, config)):
        if content is not None and not store.is_as_written(place, metadata):
            if files.exists(place) and files.read(place) != content:
                set_aside(store, place, report)
            files.write(place, content)
            metadata["checksums"][place.name] = checksum(content)
        elif place == store.config and files.read(place) != content and _have_moved(Run(store)):
            files.write(place, config)
            metadata["checksums"][place.name] = checksum(config)
    run = Run(store)
    if not files.exists(store.metadata) or metadata != run.metadata:
        store.write_metadata(metadata)
    return Run(store)


def _have_moved(run: Run) -> bool:
    """Returns whether a run's data are no longer where its config.yaml says."""
    path = data_path(declaration_of(run))
    return path is not None and not path.exists()


def _metadata_there(entry: Entry, part: Facts | None, report: Callable[[str], None]) -> Metadata | None:
    """Returns what metadata.json says; None where there is none, or where it was damaged.

    Nor may it say otherwise than the declaration, or than a whole part of how large parts are.
    """
    store = entry.store
    if not files.exists(store.metadata):
        return None
    try:
        found = store.read_metadata()
        size = found["part_size"] if part is None else part.part_size
        due = _metadata(entry.experiment, entry.declaration(), size)
        if _declared(found) != _declared(due):
            raise damaged(store.metadata)
        return found
    except DamagedError:
        set_aside(store, store.metadata, report)
        return None


def _declared(metadata: Mapping[str, Any]) -> list[Any]:
    return [metadata["data"]["sha256"], *(metadata[key] for key in DECLARED)]


def refuse_other_versions(run: Run, experiment: Experiment) -> None:
    """Raises a ResultsError where this process would not give the bits of the parts that are there."""
    due = result_versions(run.metadata["engine"]) | arithmetic(experiment)
    made = UNTOLD | run.metadata["versions"]
    for name, here in due.items():
        if made.get(name) != here:
            text = f"the run was made with {name} {made.get(name)}, here it is {here}: bits could differ"
            those = "use a processor like that" if name in ("form", "blas") else "install that version"
            hint = f"{those} to finish it, or run the sweep with another --out"
            raise ResultsError(Complaint(str(run.path), text, hint))


def _with_columns(block: dict[str, Any], data: Data) -> dict[str, Any]:
    """Returns a data block that names its columns, with nothing left to find out."""
    others = {key: value for key, value in block.items() if key not in ("name", "path", "x", "y")}
    return {"path": "", "x": list(data.x_names), "y": list(data.y_names)} | others


def _relative(path: Path, folder: AnyPath) -> str:
    """Returns a path as seen from a folder; in full where there is no way from there, as to a URL."""
    if not files.is_local(path):
        return str(path)
    if not files.is_local(folder):
        return path.resolve().as_posix()
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive
        return path.resolve().as_posix()


def _metadata(experiment: Experiment, mapping: dict[str, Any], part_size: int) -> Metadata:
    n_trials = experiment.space.n_trials
    columns = _columns(experiment)
    of_role = {
        role: [column["name"] for column in columns["trials"] if column["role"] == role]
        for role in ("hyperparameter", "state")
    }
    by_ratio = {
        name
        for product in experiment.config.products
        for name, parameter in each_alone(product).items()
        if getattr(parameter, "scale", "linear") == "log"
    }
    return {
        "format_version": FORMAT_VERSION,
        "name": mapping["name"],
        "created": now("seconds"),
        "versions": installed() | arithmetic(experiment),
        "checksums": {},
        "data": {
            "source": experiment.data.source,
            "sha256": experiment.digest,
            "rows": experiment.most_rows,
            "features": list(experiment.data.x_names),
            "targets": list(experiment.data.y_names),
            "notes": list(experiment.data.notes),
            **held_out_facts(experiment),
        },
        "engine": mapping["training"]["engine"],
        "loss": mapping["training"]["loss"],
        "method": mapping["method"],
        "varied": [parameter_column(name) for name in experiment.space.names],
        "log_scaled": [parameter_column(name) for name in experiment.space.names if name in by_ratio],
        "spans": _spans(experiment),
        "history": experiment.n_states > 0,
        "best_by": experiment.config.best_by,
        "regime_measured": experiment.regime_is_measured,
        "settle": {
            "epochs": experiment.criteria.settle_epochs,
            "fraction": experiment.criteria.settle_fraction,
        },
        "divergence": experiment.criteria.divergence,
        "hyperparameters": of_role["hyperparameter"],
        "parameters": of_role["state"],
        "columns": columns,
        "n_trials": n_trials,
        "part_size": part_size,
        "n_parts": -(-n_trials // part_size),
    }


def _columns(experiment: Experiment) -> Tables:
    """Returns what metadata.json says of the columns of both tables."""
    trials, history = (
        [type_.as_json(name) for name, type_ in types.items()]
        for types in (trial_types(experiment), history_types(experiment))
    )
    return {"trials": trials, "history": history}


def _spans(experiment: Experiment) -> dict[str, list[float]]:
    """Returns the values of each number of a grid; of many, some more than MAX_ROWS, with both ends.

    Rates in stability limits are left out: each momentum may have its own. So is what a union or a list
    varies, whose trials are no combinations.
    """
    space, spans = experiment.space, {}
    if not space.is_ordered:
        return {}
    for name, parameter in space.parameters.items():
        if name in experiment.space.choices:
            spans[parameter_column(name)] = list(map(float, range(len(experiment.space.choices[name]))))
            continue
        n_points = count(parameter)
        places = np.unique(np.linspace(0, n_points - 1, min(n_points, MAX_ROWS + 1)).astype(np.int64))
        spans[parameter_column(name)] = sorted(at(parameter, places).tolist())
    if space.has_units:
        del spans["learning_rate"]
    return spans
